//! `/portal/teams` (dev-portal.md 4.3) and the groups of the identity provider that fill them (2.4). A team is named by its
//! id alone here, so that a rule about one team is not passed by its name.

use serde_json::{Value, json};

use super::input::{self, Input};
use super::{Answer, Call, listing};
use crate::domain::ids::{GroupName, TeamId};
use crate::domain::team::{ApiRole, ApiScope, parse_team_description, parse_team_name};
use crate::kong::body::Members;
use crate::services::change::Actor;
use crate::services::edit::Edit;
use crate::services::portal::developers;
use crate::services::portal::teams::{self, NewTeam, TeamEdit, groups, members, roles};
use crate::services::{portal_representation as shown, representation};
use crate::web::error::ApiError;

/// Members of answers that requests may repeat.
const READ_ONLY: &[&str] = &["id", "created_at", "updated_at"];
/// Most teams whose groups one request replaces.
const MOST_AT_ONCE: usize = 500;

/// Answers a call of `/portal/teams` and below; `path` is what follows.
pub(super) async fn answer(call: &Call<'_>, path: &[&str]) -> Result<Answer, ApiError> {
    let workspace = call.place.workspace.id;
    let actor = Actor::Admin(call.caller);
    if path.first().is_some_and(|team| team.parse::<TeamId>().is_err()) {
        return Err(ApiError::not_found());
    }
    match (path, call.method) {
        ([], "GET") => {
            let found = teams::list(call.services, workspace, &listing::page(call)?).await?;
            Ok(listing::paged(call, "/portal/teams", &found, shown::team))
        }
        ([], "POST") => create(call).await,
        ([], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS, POST")),
        ([team], "GET") => Ok(Answer::ok(shown::team(&teams::get(call.services, workspace, team).await?))),
        ([team], "PATCH") => {
            let edit = read_edit(&call.body)?;
            let changed = teams::update(call.services, &actor, workspace, team, edit).await?;
            Ok(Answer::ok(shown::team(&changed)))
        }
        ([team], "DELETE") => {
            teams::delete(call.services, &actor, workspace, team).await?;
            Ok(Answer::no_content())
        }
        ([_], _) => Err(ApiError::method_not_allowed("DELETE, GET, HEAD, OPTIONS, PATCH")),
        ([team, "developers", path @ ..], _) => answer_members(call, team, path).await,
        ([team, "assigned-roles", path @ ..], _) => answer_roles(call, team, path).await,
        _ => Err(ApiError::not_found()),
    }
}

fn flag_of(input: &mut Input<'_>) -> Option<Option<bool>> {
    input.flag("can_own_applications")
}

async fn create(call: &Call<'_>) -> Result<Answer, ApiError> {
    let mut input = Input::of(&call.body, READ_ONLY);
    let name = input.required("name", parse_team_name);
    let description = input.optional("description", parse_team_description);
    let flag = flag_of(&mut input);
    let new = input.finish(|| {
        Some(NewTeam { name: name?, description: description?, can_own_applications: flag?.unwrap_or(false) })
    })?;
    let team = teams::create(call.services, &Actor::Admin(call.caller), call.place.workspace.id, new).await?;
    Ok(Answer::created(shown::team(&team)))
}

fn read_edit(body: &Members) -> Result<TeamEdit, ApiError> {
    let mut input = Input::of(body, READ_ONLY);
    let name = input.optional("name", parse_team_name);
    let description = input.edit("description", parse_team_description);
    let flag = flag_of(&mut input);
    input.finish(|| {
        Some(TeamEdit {
            name: name?.map_or(Edit::Keep, Edit::To),
            description: description?,
            can_own_applications: flag?.map_or(Edit::Keep, Edit::To),
        })
    })
}

async fn answer_members(call: &Call<'_>, team: &str, path: &[&str]) -> Result<Answer, ApiError> {
    let workspace = call.place.workspace.id;
    let actor = Actor::Admin(call.caller);
    match (path, call.method) {
        ([], "GET") => {
            let found = members::list(call.services, workspace, team, &listing::page(call)?).await?;
            Ok(listing::paged(call, &format!("/portal/teams/{team}/developers"), &found, representation::developer))
        }
        ([], "POST") => {
            let mut input = Input::of(&call.body, &[]);
            let id = input.required("id", input::short_text);
            let id = input.finish(|| id)?;
            let added = members::add(call.services, &actor, workspace, team, &id).await?;
            Ok(Answer::created(representation::developer(&added)))
        }
        ([], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS, POST")),
        ([developer], "DELETE") => {
            members::remove(call.services, &actor, workspace, team, developer).await?;
            Ok(Answer::no_content())
        }
        ([_], _) => Err(ApiError::method_not_allowed("DELETE, OPTIONS")),
        _ => Err(ApiError::not_found()),
    }
}

async fn answer_roles(call: &Call<'_>, team: &str, path: &[&str]) -> Result<Answer, ApiError> {
    let workspace = call.place.workspace.id;
    let actor = Actor::Admin(call.caller);
    match (path, call.method) {
        ([], "GET") => {
            let found = roles::list(call.services, workspace, team, &listing::page(call)?).await?;
            Ok(listing::paged(call, &format!("/portal/teams/{team}/assigned-roles"), &found, shown::assigned_role))
        }
        ([], "POST") => {
            let mut input = Input::of(&call.body, &["id", "entity_type_name", "entity_region"]);
            let role = input.required("role_name", str::parse::<ApiRole>);
            let scope = input.required("entity_id", str::parse::<ApiScope>);
            let (role, scope) = input.finish(|| Some((role?, scope?)))?;
            let assigned = roles::assign(call.services, &actor, workspace, team, role, scope).await?;
            Ok(Answer::created(shown::assigned_role(&assigned)))
        }
        ([], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS, POST")),
        ([role], "DELETE") => {
            roles::withdraw(call.services, &actor, workspace, team, role).await?;
            Ok(Answer::no_content())
        }
        ([_], _) => Err(ApiError::method_not_allowed("DELETE, OPTIONS")),
        _ => Err(ApiError::not_found()),
    }
}

/// `GET /portal/portal-roles`: what a team can be given.
pub(super) fn portal_roles() -> Answer {
    listing::complete(&ApiRole::ALL, |role| json!({ "name": role.as_str(), "description": role.label() }))
}

/// `GET /portal/developers/{id}/teams`
pub(super) async fn of_developer(call: &Call<'_>, developer: &str) -> Result<Answer, ApiError> {
    let developer = developers::get(call.services, call.place.workspace, developer).await?;
    let found = members::teams_of(call.services, developer.id).await?;
    Ok(listing::complete(&found, shown::team))
}

/// `/portal/identity-provider/team-group-mappings`
pub(super) async fn answer_mappings(call: &Call<'_>, path: &[&str]) -> Result<Answer, ApiError> {
    let workspace = call.place.workspace.id;
    let actor = Actor::Admin(call.caller);
    match (path, call.method) {
        ([], "GET") => list_mappings(call, "/portal/identity-provider/team-group-mappings").await,
        ([], "POST") => {
            let mut input = Input::of(&call.body, &["id", "created_at"]);
            let team = input.required("team_id", input::id::<TeamId>);
            let group = input.required("group", GroupName::parse);
            let (team, group) = input.finish(|| Some((team?, group?)))?;
            let mapping = groups::add(call.services, &actor, workspace, &team.to_string(), group).await?;
            Ok(Answer::created(shown::team_group(&mapping)))
        }
        ([], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS, POST")),
        ([id], "DELETE") => {
            groups::remove(call.services, &actor, workspace, id).await?;
            Ok(Answer::no_content())
        }
        ([_], _) => Err(ApiError::method_not_allowed("DELETE, OPTIONS")),
        _ => Err(ApiError::not_found()),
    }
}

async fn list_mappings(call: &Call<'_>, path: &str) -> Result<Answer, ApiError> {
    let found = groups::list(call.services, call.place.workspace.id, &listing::page(call)?).await?;
    Ok(listing::paged(call, path, &found, shown::team_group))
}

/// `/portal/team-group-mappings`: replaces the groups of the teams that the body lists, and of no other.
pub(super) async fn answer_replacing(call: &Call<'_>) -> Result<Answer, ApiError> {
    match call.method {
        "GET" => {}
        "PATCH" => {
            let mut input = Input::of(&call.body, &[]);
            let wanted = input.value("data", read_mappings);
            let wanted = input.finish(|| Some(wanted?.unwrap_or_default()))?;
            groups::replace(call.services, &Actor::Admin(call.caller), call.place.workspace.id, wanted).await?;
        }
        _ => return Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS, PATCH")),
    }
    list_mappings(call, "/portal/team-group-mappings").await
}

/// `[{"team_id": "..", "groups": ["..", ..]}]`
fn read_mappings(value: &Value) -> Result<Vec<(String, Vec<GroupName>)>, String> {
    let items = value.as_array().ok_or("expected an array")?;
    if items.len() > MOST_AT_ONCE {
        return Err(format!("at most {MOST_AT_ONCE} items"));
    }
    items.iter().map(read_mapping).collect()
}

fn read_mapping(item: &Value) -> Result<(String, Vec<GroupName>), String> {
    let team = item.get("team_id").and_then(Value::as_str).ok_or("expected team_id in each item")?;
    let team: TeamId = team.parse().map_err(|_| format!("'{team}' is no id of a team"))?;
    let groups = item.get("groups").and_then(Value::as_array).ok_or("expected an array groups in each item")?;
    let parse = |group: &Value| {
        let name = group.as_str().ok_or("expected names of groups")?;
        GroupName::parse(name).map_err(|error| error.to_string())
    };
    Ok((team.to_string(), groups.iter().map(parse).collect::<Result<_, String>>()?))
}
