//! Contracts for admins: `/application_instances`, `/portal/registrations`, and those of one application
//! (dev-portal.md 6.2, 6.4).

use serde_json::{Value, json};

use super::input::{self, Input};
use super::{Answer, Call, listing};
use crate::domain::contract::{ContractEvent, ContractStatus};
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
    let actor = Actor::Admin(call.caller);
    let made =
        contracts::request(call.services, &actor, call.place.workspace, reach(call), application, &key, reason).await?;
    let id = made.contract.id.to_string();
    let is_pending = made.contract.state.status == ContractStatus::Pending;
    let made = if status == Some(ContractStatus::Approved) && is_pending {
        let approval = Decision { event: Some(ContractEvent::Approve), ..Decision::default() };
        contracts::decide(call.services, &actor, reach(call), Some(application), &id, approval).await?
    } else {
        made
    };
    Ok(Answer::created(show(call, &made).await?))
}

async fn decide(call: &Call<'_>, application: Option<&str>, id: &str) -> Result<Answer, ApiError> {
    let mut input = Input::of(&call.body, READ_ONLY);
    let status = input.value("status", |value| match value {
        Value::Number(number) => number.to_string().parse::<ContractStatus>(),
        Value::String(text) => text.parse(),
        _ => Err("expected a number"),
    });
    let suspended = input.flag("suspended");
    let comment = input.optional("comment", input::free_text);
    // Kong's own description shows this member here; it cannot change.
    let _ = input.reference("service");
    let (status, suspended, comment) = input.finish(|| Some((status?, suspended?, comment?)))?;
    let held = contracts::get(call.services, reach(call), application, id).await?;
    let event = match status {
        Some(status) if status != held.contract.state.status => {
            let event = ContractEvent::towards(status);
            Some(event.ok_or_else(|| ApiError::conflict("invalid status transition"))?)
        }
        _ => None,
    };
    let decision = Decision { event, suspended, comment };
    let actor = Actor::Admin(call.caller);
    let decided = contracts::decide(call.services, &actor, reach(call), application, id, decision).await?;
    Ok(Answer::ok(show(call, &decided).await?))
}

/// `POST /portal/registrations/bulk {ids, action, reason}`: each by itself, so that one that is stale stops no other.
pub(super) async fn bulk(call: &Call<'_>) -> Result<Answer, ApiError> {
    let mut input = Input::of(&call.body, &[]);
    let ids = input.required_words("ids");
    let action = input.required("action", |text| match text {
        "approve" => Ok(Some(ContractEvent::Approve)),
        "reject" => Ok(Some(ContractEvent::Reject)),
        "revoke" => Ok(Some(ContractEvent::Revoke)),
        "delete" => Ok(None),
        _ => Err("expected one of: approve, reject, revoke, delete"),
    });
    let comment = input.optional("reason", input::free_text);
    if ids.as_ref().is_some_and(|ids| ids.len() > MOST_AT_ONCE) {
        input.refuse::<()>("ids", format!("at most {MOST_AT_ONCE} items"));
    }
    let (ids, event, comment) = input.finish(|| Some((ids?, action?, comment?)))?;
    let (mut ok, mut failed) = (Vec::new(), Vec::new());
    let actor = Actor::Admin(call.caller);
    for id in ids {
        let done = match event {
            Some(event) => {
                let decision = Decision { event: Some(event), suspended: None, comment: comment.clone() };
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
