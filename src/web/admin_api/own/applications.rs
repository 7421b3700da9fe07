//! Applications for admins: `/applications` and `/developers/{d}/applications` (dev-portal.md 6.4). Values of keys are never
//! shown here: only a developer makes and sees them.

use serde_json::Value;

use super::input::{self, Input};
use super::{Answer, Call, clients, contracts, listing};
use crate::domain::application::{Application, parse_line};
use crate::domain::ids::{DeveloperId, TeamId};
use crate::domain::strategy::JwtAlgorithm;
use crate::domain::team::Owner;
use crate::kong::body::Members;
use crate::services::applications::{self, ApplicationEdit, NewApplication, NewCredential, Reach, credentials};
use crate::services::change::Actor;
use crate::services::edit::Edit;
use crate::services::gateway_sync;
use crate::services::portal_representation as shown;
use crate::web::error::ApiError;

/// Members of answers that requests may repeat.
pub(in crate::web) const READ_ONLY: &[&str] =
    &["id", "consumer", "gateway", "owner", "developer", "status", "created_at", "updated_at"];

/// Answers a call; `developer` is whom the path names, `path` what follows.
pub(super) async fn answer(call: &Call<'_>, developer: Option<&str>, path: &[&str]) -> Result<Answer, ApiError> {
    let owner = match developer {
        Some(key) => Some(applications::owner_of(call.services, call.place.workspace.id, key).await?.id),
        None => None,
    };
    let workspace = call.place.workspace.id;
    let reach = owner.map_or(Reach::workspace(workspace), |owner| Reach::own(workspace, owner));
    match (path, call.method) {
        ([], "GET") => list(call, reach).await,
        ([], "POST") => create(call, owner).await,
        ([], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS, POST")),
        ([id], "GET") => show(call, &applications::get(call.services, reach, id).await?).await.map(Answer::ok),
        ([id], "PATCH") => update(call, reach, id).await,
        ([id], "DELETE") => {
            let actor = Actor::Admin(call.caller);
            Ok(contracts::gone(applications::delete(call.services, &actor, reach, id).await?))
        }
        ([_], _) => Err(ApiError::method_not_allowed("DELETE, GET, HEAD, OPTIONS, PATCH")),
        ([id, "application_instances", path @ ..], _) => {
            applications::get(call.services, reach, id).await?;
            contracts::answer(call, Some(id), path).await
        }
        ([id, "credentials", "oauth2", path @ ..], _) => clients::answer(call, reach, id, path).await,
        ([id, "credentials"], "GET") => {
            let now = call.services.clock.now();
            let keys = credentials::list(call.services, reach, id).await?;
            Ok(listing::complete(&keys, |key| shown::credential(key, now)))
        }
        ([_, "credentials"], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS")),
        ([id, "credentials", key], "DELETE") => {
            let actor = Actor::Admin(call.caller);
            Ok(contracts::gone(credentials::revoke(call.services, &actor, reach, id, key).await?))
        }
        ([_, "credentials", _], _) => Err(ApiError::method_not_allowed("DELETE, OPTIONS")),
        _ => Err(ApiError::not_found()),
    }
}

async fn show(call: &Call<'_>, application: &Application) -> Result<Value, ApiError> {
    let overview = gateway_sync::overview(call.services, call.place.workspace.id).await?;
    Ok(shown::application_with_state(application, call.place.workspace, &overview))
}

async fn list(call: &Call<'_>, reach: Reach) -> Result<Answer, ApiError> {
    let found = applications::list(call.services, reach, &listing::page(call)?).await?;
    let overview = gateway_sync::overview(call.services, call.place.workspace.id).await?;
    let path: String = call.segments.iter().map(|segment| format!("/{segment}")).collect();
    Ok(listing::paged(call, &path, &found, |it| shown::application_with_state(it, call.place.workspace, &overview)))
}

/// The members of a new application, and the team that is to own it.
///
/// # Errors
/// 400 with every wrong member.
pub(in crate::web) fn read_new(body: &Members) -> Result<(NewApplication, Option<TeamId>), ApiError> {
    let mut input = Input::of(body, READ_ONLY);
    let name = input.required("name", parse_line);
    let description = input.optional("description", parse_line);
    let uris = input.redirect_uris();
    let custom_id = read_reference_id(&mut input);
    let strategy = input.optional("auth_strategy_id", input::short_text);
    let team = input.optional("team_id", input::id::<TeamId>);
    input.finish(|| {
        let new = NewApplication {
            name: name?,
            description: description?,
            redirect_uris: uris?.unwrap_or_default(),
            custom_id: match custom_id? {
                Edit::To(given) => given,
                Edit::Keep => None,
            },
            strategy: strategy?,
        };
        Some((new, team?))
    })
}

/// The team that is to own something.
///
/// # Errors
/// 400 with every wrong member.
pub(in crate::web) fn read_team(body: &Members) -> Result<TeamId, ApiError> {
    let mut input = Input::of(body, &[]);
    let team = input.required("team_id", input::id::<TeamId>);
    input.finish(|| team)
}

/// The members that change of an application.
///
/// # Errors
/// 400 with every wrong member.
pub(in crate::web) fn read_edit(body: &Members) -> Result<ApplicationEdit, ApiError> {
    let mut input = Input::of(body, READ_ONLY);
    let name = input.optional("name", parse_line);
    let description = input.edit("description", parse_line);
    let uris = input.redirect_uris();
    let custom_id = read_reference_id(&mut input);
    input.refuse_if_present("auth_strategy_id", "immutable");
    input.finish(|| {
        Some(ApplicationEdit {
            name: name?.map_or(Edit::Keep, Edit::To),
            description: description?,
            redirect_uris: uris?.map_or(Edit::Keep, Edit::To),
            custom_id: custom_id?,
        })
    })
}

/// The reference id; `client_id` is its name where credentials come from an identity provider.
fn read_reference_id(input: &mut Input<'_>) -> Option<Edit<Option<String>>> {
    let custom_id = input.edit("custom_id", parse_line);
    let client_id = input.edit("client_id", parse_line);
    match (custom_id?, client_id?) {
        (Edit::Keep, given) | (given, Edit::Keep) => Some(given),
        (one, other) if one == other => Some(one),
        _ => input.refuse("client_id", "is another name of custom_id, which says something else"),
    }
}

/// The API of a request for access, and its reason.
///
/// # Errors
/// 400 with every wrong member.
pub(in crate::web) fn read_request(body: &Members) -> Result<(String, Option<String>), ApiError> {
    let mut input = Input::of(body, &[]);
    let (service, api) = (input.reference("service"), input.reference("api"));
    let reason = input.optional("reason", input::free_text);
    let key = match (service, api) {
        (Some(None), Some(None)) => input.refuse("service", "required field missing"),
        (Some(service), Some(api)) => service.or(api),
        _ => None,
    };
    input.finish(|| Some((key?, reason?)))
}

/// A new credential, as a developer may describe it.
///
/// # Errors
/// 400 with every wrong member.
pub(in crate::web) fn read_credential(body: &Members) -> Result<NewCredential, ApiError> {
    let mut input = Input::of(body, &[]);
    let new = credential_members(&mut input);
    input.finish(|| new)
}

fn credential_members(input: &mut Input<'_>) -> Option<NewCredential> {
    let display_name = input.optional("display_name", parse_line);
    let algorithm = input.optional("algorithm", str::parse::<JwtAlgorithm>);
    let public_key = input.optional("public_key", input::document);
    Some(NewCredential {
        display_name: display_name?,
        algorithm: algorithm?,
        public_key: public_key?,
        ..NewCredential::default()
    })
}

/// The seconds for which an old credential goes on, none when nothing is said, and what is different of the new one.
///
/// # Errors
/// 400 with every wrong member.
pub(in crate::web) fn read_rotation(body: &Members) -> Result<(i64, NewCredential), ApiError> {
    let mut input = Input::of(body, &[]);
    let grace = input.number("grace_seconds", Ok::<i64, String>);
    let new = credential_members(&mut input);
    input.finish(|| Some((grace?.unwrap_or(0), new?)))
}

/// The owner in a body: `owner` with `type` and `id`, or `developer`.
async fn read_owner(call: &Call<'_>, body: &mut Members) -> Result<Owner, ApiError> {
    let wrong = |sentence: &str| ApiError::schema(vec![("owner".to_owned(), sentence.to_owned())]);
    let given = body.remove("owner").or_else(|| body.remove("developer")).unwrap_or_default();
    let key = given.get("id").unwrap_or(&given).as_str().ok_or_else(|| wrong("required field missing"))?;
    match given.get("type").map_or(Some("developer"), Value::as_str) {
        Some("developer") => {
            let developer = applications::owner_of(call.services, call.place.workspace.id, key).await?;
            Ok(Owner::Developer(developer.id))
        }
        Some("team") => Ok(Owner::Team(key.parse().map_err(|_| wrong("expected the id of a team"))?)),
        _ => Err(wrong("expected the type developer or team")),
    }
}

/// `POST /portal/applications/{a}/transfer {owner}`
pub(super) async fn transfer(call: &Call<'_>, id: &str) -> Result<Answer, ApiError> {
    let mut body = call.body.clone();
    let to = read_owner(call, &mut body).await?;
    Input::of(&body, &[]).finish(|| Some(()))?;
    let (actor, workspace) = (Actor::Admin(call.caller), call.place.workspace);
    let reach = Reach::workspace(workspace.id);
    let given = applications::transfer(call.services, &actor, workspace, reach, id, to).await?;
    Ok(Answer::ok(show(call, &given).await?))
}

async fn create(call: &Call<'_>, owner: Option<DeveloperId>) -> Result<Answer, ApiError> {
    let mut body = call.body.clone();
    let owner = match owner {
        Some(owner) => Some(Owner::Developer(owner)),
        None if body.contains_key("team_id") => None,
        None => Some(read_owner(call, &mut body).await?),
    };
    let (new, team) = read_new(&body)?;
    let owner = match (owner, team) {
        (Some(owner), None) => owner,
        (None, Some(team)) => Owner::Team(team),
        _ => return Err(ApiError::schema(vec![("team_id".to_owned(), "an application has one owner".to_owned())])),
    };
    let actor = Actor::Admin(call.caller);
    let made = applications::create(call.services, &actor, call.place.workspace.id, owner, new).await?;
    Ok(Answer::created(show(call, &made).await?))
}

async fn update(call: &Call<'_>, reach: Reach, id: &str) -> Result<Answer, ApiError> {
    let edit = read_edit(&call.body)?;
    let changed = applications::update(call.services, &Actor::Admin(call.caller), reach, id, edit).await?;
    Ok(Answer::ok(show(call, &changed).await?))
}
