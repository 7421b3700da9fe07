//! `/admins/:admin/roles` (kong-manager.md 5.2): as the door of RBAC users, but answers hold the roles alone, and only
//! those of the request's workspace unless all are asked for.

use serde_json::{Value, json};

use super::admins::asks_for_all;
use super::rbac_users::read_roles;
use super::{Answer, Call};
use crate::services::representation;
use crate::services::role_grants::{self, Held, Holder};
use crate::web::error::ApiError;

/// Answers a call of an admin's roles.
pub(super) async fn answer(call: &Call<'_>, admin: &str) -> Result<Answer, ApiError> {
    let (here, holder) = (call.here()?, Holder::Admin(admin));
    match call.method {
        "GET" => {
            let held = role_grants::of(call.services, call.caller, &here, holder).await?;
            Ok(Answer::ok(shown(call, &held, asks_for_all(call))))
        }
        "POST" => {
            let names = read_roles(&call.body)?;
            let held = role_grants::assign(call.services, call.caller, &here, holder, &names).await?;
            Ok(Answer::created(shown(call, &held, true)))
        }
        "DELETE" => {
            let names = read_roles(&call.body)?;
            role_grants::unassign(call.services, call.caller, &here, holder, &names).await?;
            Ok(Answer::no_content())
        }
        _ => Err(ApiError::method_not_allowed("DELETE, GET, HEAD, OPTIONS, POST")),
    }
}

fn shown(call: &Call<'_>, held: &Held, all: bool) -> Value {
    let here = &call.place.workspace.name;
    let roles = held.roles.iter().filter(|held| all || held.workspace == *here);
    json!({ "roles": roles.map(representation::assigned_role).collect::<Vec<_>>() })
}
