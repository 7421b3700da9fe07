//! `/rbac/users` (kong-manager.md 4.11).

use serde_json::json;

use super::input::{self, Input};
use super::{Answer, Call, listing};
use crate::domain::ids::UserName;
use crate::kong::body::Members;
use crate::services::edit::Edit;
use crate::services::rbac_users::{self, NewRbacUser, RbacUserEdit};
use crate::services::role_grants::{self, Holder};
use crate::services::token::PlainToken;
use crate::services::{permissions, representation};
use crate::web::error::ApiError;

/// Members of answers that requests may repeat.
const READ_ONLY: &[&str] = &["id", "ws_id", "user_token_ident", "created_at", "updated_at"];

/// Answers a call of `/rbac/users` and below; `path` is what follows.
pub(super) async fn answer(call: &Call<'_>, path: &[&str]) -> Result<Answer, ApiError> {
    match (path, call.method) {
        ([], "GET") => list(call).await,
        ([], "POST") => create(call).await,
        ([], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS, POST")),
        ([user], "GET") => get(call, user).await,
        ([user], "PATCH") => update(call, user).await,
        ([user], "PUT") => put(call, user).await,
        ([user], "DELETE") => delete(call, user).await,
        ([_], _) => Err(ApiError::method_not_allowed("DELETE, GET, HEAD, OPTIONS, PATCH, PUT")),
        ([user, "roles"], _) => roles(call, user).await,
        ([user, "permissions"], "GET") => permissions(call, user).await,
        ([_, "permissions"], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS")),
        ([user, "token"], "PATCH") => reset_token(call, user).await,
        ([_, "token"], _) => Err(ApiError::method_not_allowed("OPTIONS, PATCH")),
        _ => Err(ApiError::not_found()),
    }
}

async fn list(call: &Call<'_>) -> Result<Answer, ApiError> {
    let page = listing::page(call)?;
    let users = rbac_users::list(call.services, call.place.workspace.id, &page).await?;
    Ok(listing::paged(call, "/rbac/users", &users, representation::rbac_user))
}

async fn create(call: &Call<'_>) -> Result<Answer, ApiError> {
    let new = read_new(&call.body)?;
    let issued = rbac_users::create(call.services, call.caller, &call.here()?, new).await?;
    Ok(Answer::created(representation::issued(&issued)))
}

fn read_new(body: &Members) -> Result<NewRbacUser, ApiError> {
    let mut input = Input::of(body, READ_ONLY);
    let id = input.optional("id", input::id);
    let name = input.required("name", UserName::parse);
    let token = input.optional("user_token", PlainToken::parse);
    let enabled = input.flag("enabled");
    let comment = input.optional("comment", input::free_text);
    input.finish(|| {
        Some(NewRbacUser { id: id?, name: name?, token: token?, enabled: enabled?.unwrap_or(true), comment: comment? })
    })
}

async fn get(call: &Call<'_>, user: &str) -> Result<Answer, ApiError> {
    let user = rbac_users::get(call.services, call.caller, &call.here()?, user).await?;
    Ok(Answer::ok(representation::rbac_user(&user)))
}

async fn update(call: &Call<'_>, user: &str) -> Result<Answer, ApiError> {
    let edit = read_edit(&call.body)?;
    let user = rbac_users::update(call.services, call.caller, &call.here()?, user, edit).await?;
    Ok(Answer::ok(representation::rbac_user(&user)))
}

fn read_edit(body: &Members) -> Result<RbacUserEdit, ApiError> {
    let mut input = Input::of(body, READ_ONLY);
    let name = input.optional("name", UserName::parse);
    let token = input.optional("user_token", PlainToken::parse);
    let enabled = input.flag("enabled");
    let comment = input.edit("comment", input::free_text);
    input.finish(|| Some(RbacUserEdit { name: name?, token: token?, enabled: enabled?, comment: comment? }))
}

async fn put(call: &Call<'_>, user: &str) -> Result<Answer, ApiError> {
    let mut edit = read_edit(&call.body)?;
    edit.enabled = Some(edit.enabled.unwrap_or(true));
    if edit.comment == Edit::Keep {
        edit.comment = Edit::To(None);
    }
    let (issued, is_new) = rbac_users::put(call.services, call.caller, &call.here()?, user, edit).await?;
    Ok(Answer::put(representation::issued(&issued), is_new))
}

async fn delete(call: &Call<'_>, user: &str) -> Result<Answer, ApiError> {
    rbac_users::delete(call.services, call.caller, &call.here()?, user).await?;
    Ok(Answer::no_content())
}

async fn reset_token(call: &Call<'_>, user: &str) -> Result<Answer, ApiError> {
    let token = read_token(&call.body)?;
    let token = rbac_users::reset_token(call.services, call.caller, &call.here()?, user, token).await?;
    Ok(shown_once(&token))
}

/// The token of a body, if it names one.
pub(super) fn read_token(body: &Members) -> Result<Option<PlainToken>, ApiError> {
    let mut input = Input::of(body, &[]);
    let token = input.optional("token", PlainToken::parse);
    input.finish(|| token)
}

/// A new token, in clear this once.
pub(super) fn shown_once(token: &PlainToken) -> Answer {
    Answer::ok(json!({ "token": token.expose(), "message": "Token reset successfully" }))
}

async fn permissions(call: &Call<'_>, user: &str) -> Result<Answer, ApiError> {
    let user = rbac_users::get(call.services, call.caller, &call.here()?, user).await?;
    let policy = permissions::of_user(call.services, user.id).await?;
    Ok(Answer::ok(representation::permissions(&policy)))
}

async fn roles(call: &Call<'_>, user: &str) -> Result<Answer, ApiError> {
    let (here, holder) = (call.here()?, Holder::User(user));
    match call.method {
        "GET" => {
            let held = role_grants::of(call.services, call.caller, &here, holder).await?;
            Ok(Answer::ok(representation::held(&held)))
        }
        "POST" => {
            let names = read_roles(&call.body)?;
            let held = role_grants::assign(call.services, call.caller, &here, holder, &names).await?;
            Ok(Answer::created(representation::held(&held)))
        }
        "DELETE" => {
            let names = read_roles(&call.body)?;
            role_grants::unassign(call.services, call.caller, &here, holder, &names).await?;
            Ok(Answer::no_content())
        }
        _ => Err(ApiError::method_not_allowed("DELETE, GET, HEAD, OPTIONS, POST")),
    }
}

/// The roles that a body names.
pub(super) fn read_roles(body: &Members) -> Result<Vec<String>, ApiError> {
    let mut input = Input::of(body, &[]);
    let roles = input.required_words("roles");
    input.finish(|| roles)
}
