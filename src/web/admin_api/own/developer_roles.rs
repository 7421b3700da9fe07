//! `/developers/roles` (dev-portal.md 3.3): teams under the name that Kong Enterprise gives them.

use super::input::Input;
use super::{Answer, Call, listing, may};
use crate::domain::rbac::Action;
use crate::domain::team::{parse_team_description, parse_team_name};
use crate::services::change::Actor;
use crate::services::edit::Edit;
use crate::services::portal::teams::{self, NewTeam, TeamEdit};
use crate::services::portal_representation as shown;
use crate::web::error::ApiError;

/// Members of answers that requests may repeat.
const READ_ONLY: &[&str] = &["id", "permissions", "created_at"];

/// Answers a call of `/developers/roles` and below; `path` is what follows.
pub(super) async fn answer(call: &Call<'_>, path: &[&str]) -> Result<Answer, ApiError> {
    let workspace = call.place.workspace.id;
    let actor = Actor::Admin(call.caller);
    match (path, call.method) {
        ([], "GET") => {
            let found = teams::list(call.services, workspace, &listing::page(call)?).await?;
            Ok(listing::paged(call, "/developers/roles", &found, shown::developer_role))
        }
        ([], "POST") => {
            let mut input = Input::of(&call.body, READ_ONLY);
            let name = input.required("name", parse_team_name);
            let comment = input.optional("comment", parse_team_description);
            let new =
                input.finish(|| Some(NewTeam { name: name?, description: comment?, can_own_applications: false }))?;
            let made = teams::create(call.services, &actor, workspace, new).await?;
            Ok(Answer::created(shown::developer_role(&made)))
        }
        ([], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS, POST")),
        ([role], "GET") => Ok(Answer::ok(shown::developer_role(&teams::get(call.services, workspace, role).await?))),
        ([role], "PATCH") => {
            let mut input = Input::of(&call.body, READ_ONLY);
            let name = input.optional("name", parse_team_name);
            let comment = input.edit("comment", parse_team_description);
            let edit = input.finish(|| {
                let name = name?.map_or(Edit::Keep, Edit::To);
                Some(TeamEdit { name, description: comment?, can_own_applications: Edit::Keep })
            })?;
            require(call, role, Action::Update).await?;
            let changed = teams::update(call.services, &actor, workspace, role, edit).await?;
            Ok(Answer::ok(shown::developer_role(&changed)))
        }
        ([role], "DELETE") => {
            require(call, role, Action::Delete).await?;
            teams::delete(call.services, &actor, workspace, role).await?;
            Ok(Answer::no_content())
        }
        ([_], _) => Err(ApiError::method_not_allowed("DELETE, GET, HEAD, OPTIONS, PATCH")),
        _ => Err(ApiError::not_found()),
    }
}

/// A role is a team: rules about the team's own door count too, however the role is named here.
async fn require(call: &Call<'_>, role: &str, action: Action) -> Result<(), ApiError> {
    let team = teams::get(call.services, call.place.workspace.id, role).await?;
    match may(call.services, call.caller, call.place.workspace, &format!("/portal/teams/{}", team.id), action) {
        true => Ok(()),
        false => Err(ApiError::no_permission(call.caller.principal.name.as_str(), action)),
    }
}
