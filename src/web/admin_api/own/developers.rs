//! `/developers` (dev-portal.md 3.3): the accounts of the workspace's portal. Plugins, credentials and applications of
//! developers have doors of their own, or none. `roles` are the names of the teams that a developer is in.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::{Map, Value, json};

use super::input::{self, Input};
use super::{Answer, Call, listing, may};
use crate::domain::developer::{Developer, DeveloperStatus, EmailAddress};
use crate::domain::rbac::Action;
use crate::kong::body::Members;
use crate::services::portal::developers::{self, BulkAction, DeveloperEdit, DeveloperSearch, NewDeveloper};
use crate::services::portal::{invitations, sso, teams};
use crate::services::representation;
use crate::web::error::ApiError;

/// Members of answers that requests may repeat.
const READ_ONLY: &[&str] = &[
    "id",
    "full_name",
    "consumer",
    "rbac_user",
    "workspace",
    "status_reason",
    "must_verify",
    "failed_logins",
    "last_login_at",
    "identities",
    "created_at",
    "updated_at",
];
/// Most developers of one bulk action.
const MOST_AT_ONCE: usize = 500;
/// Filters that Kong has and this door lacks: to ignore one would show more than was asked for.
const NO_FILTERS: [&str; 2] = ["sort_by", "sort_desc"];

/// Answers a call of `/developers` and below; `path` is what follows.
pub(super) async fn answer(call: &Call<'_>, path: &[&str]) -> Result<Answer, ApiError> {
    match (path, call.method) {
        ([], "GET") => list(call).await,
        ([], "POST") => create(call).await,
        ([], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS, POST")),
        (["invite"], "POST") => invite(call).await,
        (["bulk"], "POST") => bulk(call).await,
        (["invite" | "bulk"], _) => Err(ApiError::method_not_allowed("OPTIONS, POST")),
        (["export"], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS")),
        ([developer], "GET") => {
            let developer = developers::get(call.services, call.place.workspace, developer).await?;
            let identities = sso::list(call.services, &developer).await?;
            let view = with_roles(call, &developer).await?;
            Ok(Answer::ok(representation::with_identities(view, &developer, &identities)))
        }
        ([developer], "PATCH") => update(call, developer).await,
        ([developer], "DELETE") => {
            developers::delete(call.services, call.caller, call.place.workspace, developer).await?;
            Ok(Answer::no_content())
        }
        ([_], _) => Err(ApiError::method_not_allowed("DELETE, GET, HEAD, OPTIONS, PATCH")),
        ([developer, "identities"], "GET") => {
            let developer = developers::get(call.services, call.place.workspace, developer).await?;
            let identities = sso::list(call.services, &developer).await?;
            let data: Vec<Value> = identities.iter().map(representation::identity).collect();
            Ok(Answer::ok(json!({ "data": data, "next": null })))
        }
        ([_, "identities"], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS")),
        ([developer, "identities", identity], "DELETE") => {
            sso::unlink(call.services, call.caller, call.place.workspace, developer, identity).await?;
            Ok(Answer::no_content())
        }
        ([_, "identities", _], _) => Err(ApiError::method_not_allowed("DELETE, OPTIONS")),
        _ => Err(ApiError::not_found()),
    }
}

/// `GET /developers/export`; `None` for other calls.
///
/// # Errors
/// The store failed.
pub(super) async fn export(call: &Call<'_>) -> Result<Option<HttpResponse>, ApiError> {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    if segments != ["developers", "export"] || call.method != "GET" {
        return Ok(None);
    }
    let lines = developers::export(call.services, call.place.workspace).await?;
    let response = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"developers.csv\""))
        .body(lines);
    Ok(Some(response))
}

fn status(text: &str) -> Option<DeveloperStatus> {
    text.parse().ok().and_then(DeveloperStatus::from_code).or_else(|| DeveloperStatus::from_word(text))
}

async fn list(call: &Call<'_>) -> Result<Answer, ApiError> {
    if let Some(name) = NO_FILTERS.iter().find(|name| call.query.contains_key(**name)) {
        return Err(ApiError::bad_request("bad_filter", format!("{name} is not available in this release")));
    }
    let wanted = match call.query.get("status").filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => {
            let refused = || ApiError::bad_request("bad_filter", "status must be an integer from 0 to 5");
            Some(status(text).ok_or_else(refused)?)
        }
    };
    let text = call.query.get("q").map(|text| text.trim().to_owned()).unwrap_or_default();
    let team = match call.query.get("role").filter(|text| !text.is_empty()) {
        None => None,
        Some(role) => Some(teams::get(call.services, call.place.workspace.id, role).await?.id),
    };
    let search = DeveloperSearch { text, status: wanted, team };
    let page = listing::page(call)?;
    let roles = teams::members::names(call.services, call.place.workspace.id).await?;
    let (paged, total) = developers::list(call.services, call.place.workspace, &search, &page).await?;
    let identities = sso::list_of_workspace(call.services, call.place.workspace).await?;
    let mut answer = listing::paged(call, "/developers", &paged, |developer| {
        let names: &[String] = roles.get(&developer.id).map_or(&[], Vec::as_slice);
        let view = representation::developer_in_teams(developer, names);
        representation::with_identities(view, developer, &identities)
    });
    if let Some(members) = answer.body.as_mut().and_then(Value::as_object_mut) {
        members.insert("total".to_owned(), total.into());
    }
    Ok(answer)
}

async fn with_roles(call: &Call<'_>, developer: &Developer) -> Result<Value, ApiError> {
    let teams = teams::members::teams_of(call.services, developer.id).await?;
    let names: Vec<String> = teams.into_iter().map(|team| team.name).collect();
    Ok(representation::developer_in_teams(developer, &names))
}

/// Names of teams: an array, or the comma separated text of a form.
/// The right to change a developer is not the right to put somebody into a team or to take them out: teams have doors of
/// their own, and rules about them.
async fn require_memberships(call: &Call<'_>, developer: Option<&Developer>, roles: &[String]) -> Result<(), ApiError> {
    let workspace = call.place.workspace;
    let held = match developer {
        Some(developer) => teams::members::teams_of(call.services, developer.id).await?,
        None => Vec::new(),
    };
    for team in teams::list_all(call.services, workspace.id).await? {
        let is_member = held.iter().any(|it| it.id == team.id);
        let door = format!("/portal/teams/{}/developers", team.id);
        let (door, action) = match (roles.contains(&team.name), is_member, developer) {
            (true, false, _) => (door, Action::Create),
            (false, true, Some(developer)) => (format!("{door}/{}", developer.id), Action::Delete),
            _ => continue,
        };
        if !may(call.services, call.caller, workspace, &door, action) {
            return Err(ApiError::no_permission(call.caller.principal.name.as_str(), action));
        }
    }
    Ok(())
}

fn read_roles(value: &Value) -> Result<Vec<String>, &'static str> {
    let trimmed = |text: &str| text.trim().to_owned();
    match value {
        Value::Array(items) => {
            items.iter().map(|item| item.as_str().map(trimmed)).collect::<Option<_>>().ok_or("expected strings")
        }
        Value::String(text) => Ok(text.split(',').map(trimmed).filter(|name| !name.is_empty()).collect()),
        _ => Err("expected an array of strings"),
    }
}

fn email(text: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(text).map_err(|error| error.to_string())
}

fn password(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

fn of_code(code: i64) -> Result<DeveloperStatus, &'static str> {
    DeveloperStatus::from_code(code).ok_or("expected an integer from 0 to 5")
}

/// `meta` as an object, or as Kong's JSON text of one. The reader of bodies is told of it as of a text.
fn take_meta(body: &Members) -> Result<(Members, Option<Map<String, Value>>), ApiError> {
    let mut rest = body.clone();
    let wrong = || ApiError::schema(vec![("meta".to_owned(), "expected a JSON string of an object".to_owned())]);
    let meta = match rest.remove("meta") {
        None | Some(Value::Null) => None,
        Some(Value::Object(members)) => Some(members),
        Some(Value::String(text)) => Some(serde_json::from_str(&text).map_err(|_| wrong())?),
        Some(_) => return Err(wrong()),
    };
    Ok((rest, meta))
}

async fn create(call: &Call<'_>) -> Result<Answer, ApiError> {
    let (body, meta) = take_meta(&call.body)?;
    let mut input = Input::of(&body, &[]);
    let email = input.required("email", email);
    let id = input.optional("id", input::id);
    let custom_id = input.optional("custom_id", input::short_text);
    let password = input.optional("password", password);
    let status = input.number("status", of_code);
    let invite = input.flag("send_invitation_email");
    let roles = input.value("roles", read_roles);
    if let (Some(Some(_)), Some(Some(true))) = (&status, &invite) {
        input.refuse::<()>("status", "cannot be given with send_invitation_email: an invited developer has status 4");
    }
    let new = input.finish(|| {
        let invite = invite?.unwrap_or(false);
        let (id, custom_id, password, status) = (id?, custom_id?, password?, status?);
        let (email, meta, roles) = (email?, meta.unwrap_or_default(), roles?.unwrap_or_default());
        Some(NewDeveloper { id, email, custom_id, meta, password, status, invite, roles })
    })?;
    require_memberships(call, None, &new.roles).await?;
    let developer = developers::create(call.services, call.caller, call.place.workspace, new).await;
    let developer = developer.map_err(ApiError::of_portal)?;
    Ok(Answer::ok(with_roles(call, &developer).await?))
}

async fn update(call: &Call<'_>, developer: &str) -> Result<Answer, ApiError> {
    let (body, meta) = take_meta(&call.body)?;
    let mut input = Input::of(&body, READ_ONLY);
    let email = input.optional("email", email);
    let custom_id = input.edit("custom_id", input::short_text);
    let status = input.number("status", of_code);
    let reason = input.optional("reason", input::free_text);
    let roles = input.value("roles", read_roles);
    let force = call.query.get("force").is_some_and(|text| text == "true");
    let edit = input.finish(|| {
        let (email, custom_id, status, reason) = (email?, custom_id?, status?, reason?);
        Some(DeveloperEdit { email, custom_id, meta, roles: roles?, status, reason, force })
    })?;
    if let Some(roles) = &edit.roles {
        let found =
            developers::get(call.services, call.place.workspace, developer).await.map_err(ApiError::of_portal)?;
        require_memberships(call, Some(&found), roles).await?;
    }
    let updated = developers::update(call.services, call.caller, call.place.workspace, developer, edit).await;
    let updated = updated.map_err(ApiError::of_portal)?;
    Ok(Answer::ok(json!({ "developer": with_roles(call, &updated).await? })))
}

async fn invite(call: &Call<'_>) -> Result<Answer, ApiError> {
    let mut input = Input::of(&call.body, &[]);
    let emails = input.required_words("emails");
    let emails = input.finish(|| emails)?;
    let invited = invitations::invite(call.services, call.caller, call.place.workspace, &emails).await?;
    let sent: Map<String, Value> = invited.sent.into_iter().map(|email| (email, true.into())).collect();
    let refused: Map<String, Value> = invited.refused.into_iter().map(|(email, why)| (email, why.into())).collect();
    Ok(Answer::ok(json!({
        "sent": { "count": sent.len(), "emails": sent },
        "error": { "count": refused.len(), "emails": refused },
        "smtp_mock": call.services.mail.is_mock(),
    })))
}

fn action(word: &str) -> Result<BulkAction, &'static str> {
    match word {
        "approve" => Ok(BulkAction::Set(DeveloperStatus::Approved)),
        "reject" => Ok(BulkAction::Set(DeveloperStatus::Rejected)),
        "revoke" => Ok(BulkAction::Set(DeveloperStatus::Revoked)),
        "delete" => Ok(BulkAction::Delete),
        _ => Err("expected one of: approve, reject, revoke, delete"),
    }
}

async fn bulk(call: &Call<'_>) -> Result<Answer, ApiError> {
    let mut input = Input::of(&call.body, &[]);
    let ids = input.required_words("ids");
    let action = input.required("action", action);
    let reason = input.optional("reason", input::free_text);
    if ids.as_ref().is_some_and(|ids| ids.len() > MOST_AT_ONCE) {
        input.refuse::<()>("ids", format!("must be at most {MOST_AT_ONCE}"));
    }
    let (ids, action, reason) = input.finish(|| Some((ids?, action?, reason?)))?;
    // The right to call this door is not the right to change each of them.
    let right = if action == BulkAction::Delete { Action::Delete } else { Action::Update };
    let (ids, forbidden): (Vec<_>, Vec<_>) = ids
        .into_iter()
        .partition(|id| may(call.services, call.caller, call.place.workspace, &format!("/developers/{id}"), right));
    let (services, caller, workspace) = (call.services, call.caller, call.place.workspace);
    let (done, mut failed) = developers::bulk(services, caller, workspace, &ids, action, reason.as_deref()).await?;
    failed.extend(forbidden.into_iter().map(|id| (id, "no permission".to_owned())));
    let failed: Vec<Value> = failed.into_iter().map(|(id, message)| json!({ "id": id, "message": message })).collect();
    Ok(Answer::ok(json!({ "ok": done, "failed": failed })))
}
