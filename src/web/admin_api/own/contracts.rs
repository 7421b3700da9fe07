//! Contracts for admins: `/application_instances`, `/portal/registrations`, and those of one application
//! (dev-portal.md 6.2, 6.4).

use serde_json::{Value, json};

use super::input::{self, Input};
use super::{Answer, Call, listing, may};
use crate::domain::contract::ContractStatus;
use crate::domain::rbac::Action;
use crate::services::applications::{Effect, Reach};
use crate::services::change::Actor;
use crate::services::contracts::{self, Connected, Decision, Wanted};
use crate::services::gateway_sync;
use crate::services::portal_representation as shown;
use crate::web::error::ApiError;

/// Members of answers that requests may repeat.
const READ_ONLY: &[&str] = &[
    "id",
    "application",
    "api",
    "composite_id",
    "gateway",
    "revoke_pending",
    "delete_pending",
    "reason",
    "created_at",
    "updated_at",
];
/// Contracts that one request decides at most.
const MOST_AT_ONCE: usize = 500;

/// Answers a call; `application` is the one that the path names, `path` what follows.
pub(super) async fn answer(call: &Call<'_>, application: Option<&str>, path: &[&str]) -> Result<Answer, ApiError> {
    match (path, call.method) {
        ([], "GET") => list(call, application).await,
        ([], "POST") if application.is_some() => create(call, application.unwrap_or_default()).await,
        ([], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS")),
        ([id], "GET") => {
            let found = contracts::get(call.services, reach(call), application, id).await?;
            Ok(Answer::ok(show(call, &found).await?))
        }
        ([id], "PATCH") => decide(call, application, id).await,
        ([id], "DELETE") => {
            let actor = Actor::Admin(call.caller);
            let effect = contracts::delete(call.services, &actor, reach(call), application, id).await?;
            Ok(gone(effect))
        }
        ([_], _) => Err(ApiError::method_not_allowed("DELETE, GET, HEAD, OPTIONS, PATCH")),
        _ => Err(ApiError::not_found()),
    }
}

/// Everything of the workspace.
pub(super) const fn reach(call: &Call<'_>) -> Reach {
    Reach::workspace(call.place.workspace.id)
}

/// 204 when it is done, 202 when Kong has not confirmed it.
pub(super) fn gone(effect: Effect) -> Answer {
    match effect {
        Effect::Done => Answer::no_content(),
        Effect::NotYet => {
            Answer { status: 202, body: Some(json!({ "message": "not yet effective: Kong has not confirmed it" })) }
        }
    }
}

async fn show(call: &Call<'_>, connected: &Connected) -> Result<Value, ApiError> {
    let overview = gateway_sync::overview(call.services, call.place.workspace.id).await?;
    Ok(shown::connected(connected, &overview))
}

fn path_of_list(application: Option<&str>) -> String {
    application.map_or_else(
        || "/application_instances".to_owned(),
        |application| format!("/applications/{application}/application_instances"),
    )
}

async fn list(call: &Call<'_>, application: Option<&str>) -> Result<Answer, ApiError> {
    let workspace = call.place.workspace.id;
    let status = call.query.get("status").map(|text| text.parse::<ContractStatus>()).transpose();
    let status = status.map_err(|sentence| ApiError::schema(vec![("status".to_owned(), sentence.to_owned())]))?;
    let api = call.query.get("api").or_else(|| call.query.get("service")).cloned();
    let application_id = application.map(|id| id.parse().map_err(|_| ApiError::not_found())).transpose()?;
    let wanted = Wanted { application: application_id, api, status };
    let found = contracts::list(call.services, workspace, wanted, &listing::page(call)?).await?;
    let overview = gateway_sync::overview(call.services, workspace).await?;
    let path = if call.segments.first().is_some_and(|first| first == "portal") {
        "/portal/registrations".to_owned()
    } else {
        path_of_list(application)
    };
    Ok(listing::paged(call, &path, &found, |it| shown::connected(it, &overview)))
}

async fn create(call: &Call<'_>, application: &str) -> Result<Answer, ApiError> {
    let mut input = Input::of(&call.body, &["id", "suspended"]);
    let service = input.reference("service");
    let api = input.reference("api");
    let status = input.optional("status", |text| match text.parse::<ContractStatus>() {
        Ok(status @ (ContractStatus::Approved | ContractStatus::Pending)) => Ok(status),
        _ => Err("expected one of: approved (0), pending (1)"),
    });
    let reason = input.optional("reason", input::free_text);
    let key = match (service, api) {
        (Some(None), Some(None)) => input.refuse("service", "required field missing"),
        (Some(service), Some(api)) => service.or(api),
        _ => None,
    };
    let (key, status, reason) = input.finish(|| Some((key?, status?, reason?)))?;
    // To ask is one right, to decide another. No rule names the one that is still to be made.
    if status == Some(ContractStatus::Approved) && !may_change(call, "new", Action::Update) {
        let right = format!("update on /application_instances/* in workspace {}", call.place.workspace.name);
        return Err(ApiError::no_permission(call.caller.principal.name.as_str(), Action::Update).missing(right));
    }
    let actor = Actor::Admin(call.caller);
    let made =
        contracts::request(call.services, &actor, call.place.workspace, reach(call), application, &key, reason).await?;
    let id = made.contract.id.to_string();
    let is_pending = made.contract.state.status == ContractStatus::Pending;
    let made = if status == Some(ContractStatus::Approved) && is_pending {
        let (status, expected) = (Some(ContractStatus::Approved), Some(ContractStatus::Pending));
        let approval = Decision { status, expected, ..Decision::default() };
        contracts::decide(call.services, &actor, reach(call), Some(application), &id, approval).await?
    } else {
        made
    };
    Ok(Answer::created(show(call, &made).await?))
}

/// Whether the caller may do that to a contract by its own door.
fn may_change(call: &Call<'_>, id: &str, action: Action) -> bool {
    may(call.services, call.caller, call.place.workspace, &format!("/application_instances/{id}"), action)
}

fn status_of(value: &Value) -> Result<ContractStatus, &'static str> {
    match value {
        Value::Number(number) => number.to_string().parse(),
        Value::String(text) => text.parse(),
        _ => Err("expected a number"),
    }
}

async fn decide(call: &Call<'_>, application: Option<&str>, id: &str) -> Result<Answer, ApiError> {
    let mut input = Input::of(&call.body, READ_ONLY);
    let status = input.value("status", status_of);
    let expected = input.value("expected_status", status_of);
    let suspended = input.flag("suspended");
    let comment = input.optional("comment", input::free_text);
    // Kong's own description shows this member here; it cannot change.
    let _ = input.reference("service");
    let decision = input
        .finish(|| Some(Decision { status: status?, expected: expected?, suspended: suspended?, comment: comment? }))?;
    let actor = Actor::Admin(call.caller);
    let decided = contracts::decide(call.services, &actor, reach(call), application, id, decision).await?;
    Ok(Answer::ok(show(call, &decided).await?))
}

/// `POST /portal/registrations/bulk {ids, action, reason}`: each by itself, so that one that is stale stops no other. Only
/// what waits is approved or rejected, only what is approved is revoked.
pub(super) async fn bulk(call: &Call<'_>) -> Result<Answer, ApiError> {
    let mut input = Input::of(&call.body, &[]);
    let ids = input.required_words("ids");
    let action = input.required("action", |text| match text {
        "approve" => Ok(Some((ContractStatus::Approved, ContractStatus::Pending))),
        "reject" => Ok(Some((ContractStatus::Rejected, ContractStatus::Pending))),
        "revoke" => Ok(Some((ContractStatus::Revoked, ContractStatus::Approved))),
        "delete" => Ok(None),
        _ => Err("expected one of: approve, reject, revoke, delete"),
    });
    let comment = input.optional("reason", input::free_text);
    if ids.as_ref().is_some_and(|ids| ids.len() > MOST_AT_ONCE) {
        input.refuse::<()>("ids", format!("at most {MOST_AT_ONCE} items"));
    }
    let (ids, step, comment) = input.finish(|| Some((ids?, action?, comment?)))?;
    let (mut ok, mut failed) = (Vec::new(), Vec::new());
    let actor = Actor::Admin(call.caller);
    // The right to call this door is not the right to change each of them.
    let right = if step.is_none() { Action::Delete } else { Action::Update };
    for id in ids {
        if !may_change(call, &id, right) {
            failed.push(json!({ "id": id, "message": "no permission" }));
            continue;
        }
        let done = match step {
            Some((to, from)) => {
                let comment = comment.clone();
                let decision = Decision { status: Some(to), expected: Some(from), suspended: None, comment };
                contracts::decide(call.services, &actor, reach(call), None, &id, decision).await.map(drop)
            }
            None => contracts::delete(call.services, &actor, reach(call), None, &id).await.map(drop),
        };
        match done {
            Ok(()) => ok.push(id),
            Err(error) => {
                let error = ApiError::from(error);
                failed.push(json!({ "id": id, "message": error.sentence() }));
            }
        }
    }
    Ok(Answer::ok(json!({ "ok": ok, "failed": failed })))
}
