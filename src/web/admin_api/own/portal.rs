//! `/portal`: published APIs, the queue of requests, teams, and the comparison with Kong (dev-portal.md 4, 5, 6.4, 6.7).

use serde_json::{Value, json};

use super::{Answer, Call, applications, catalogue, contracts, teams};
use crate::domain::sync::SyncState;
use crate::services::gateway_sync::{self, View};
use crate::services::portal_representation as shown;
use crate::web::error::ApiError;

/// Answers a call below `/portal`; `path` is what follows.
pub(super) async fn answer(call: &Call<'_>, path: &[&str]) -> Result<Answer, ApiError> {
    match (path, call.method) {
        (["apis", path @ ..], _) => catalogue::answer(call, path).await,
        (["teams", path @ ..], _) => teams::answer(call, path).await,
        (["applications", application, "transfer"], "POST") => applications::transfer(call, application).await,
        (["applications", _, "transfer"], _) => Err(ApiError::method_not_allowed("OPTIONS, POST")),
        (["portal-roles"], "GET") => Ok(teams::portal_roles()),
        (["developers", developer, "teams"], "GET") => teams::of_developer(call, developer).await,
        (["portal-roles"] | ["developers", _, "teams"], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS")),
        (["team-group-mappings"], _) => teams::answer_replacing(call).await,
        (["identity-provider", "team-group-mappings", path @ ..], _) => teams::answer_mappings(call, path).await,
        (["services"], "GET") => catalogue::unpublished(call).await,
        (["services"], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS")),
        (["registrations", "bulk"], "POST") => contracts::bulk(call).await,
        (["registrations", "bulk"], _) => Err(ApiError::method_not_allowed("OPTIONS, POST")),
        (["registrations", path @ ..], _) => contracts::answer(call, None, path).await,
        (["sync"], "GET") => sync_state(call).await,
        (["sync"], "POST") => sync(call).await,
        (["sync"], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS, POST")),
        _ => Err(ApiError::not_found()),
    }
}

async fn sync_state(call: &Call<'_>) -> Result<Answer, ApiError> {
    let overview = gateway_sync::overview(call.services, call.place.workspace.id).await?;
    let subjects = overview.subjects();
    let count = |state: SyncState| subjects.iter().filter(|(_, _, view)| view.state == state).count();
    let is_told = |view: &View| view.state != SyncState::InSync || view.detail.is_some();
    let open: Vec<Value> = subjects
        .iter()
        .filter(|(_, _, view)| is_told(view))
        .map(|(kind, id, view)| json!({ "kind": kind, "id": id, "gateway": shown::gateway(view) }))
        .collect();
    let scan = overview.scan.as_ref();
    Ok(Answer::ok(json!({
        "counts": {
            "in_sync": count(SyncState::InSync), "pending": count(SyncState::Pending), "error": count(SyncState::Error),
            "conflict": count(SyncState::Conflict),
        },
        "last_scan": scan.and_then(|scan| scan.finished_at),
        "last_scan_problem": scan.and_then(|scan| scan.problem.as_deref()),
        "lag": overview.lag(call.services.clock.now()),
        "data": open,
    })))
}

/// Compares now; with `dry_run=true` nothing is written, neither here nor in Kong.
async fn sync(call: &Call<'_>) -> Result<Answer, ApiError> {
    let is_dry = match call.query.get("dry_run").map(String::as_str) {
        None | Some("false") => false,
        Some("true" | "") => true,
        Some(_) => return Err(ApiError::bad_request("bad_dry_run", "dry_run must be true or false")),
    };
    let workspace = call.place.workspace.id;
    if is_dry {
        return Ok(Answer::ok(shown::report(&gateway_sync::dry_run(call.services, workspace).await?)));
    }
    let report = gateway_sync::scan_now(call.services, workspace).await?;
    gateway_sync::run_due(call.services).await;
    Ok(Answer::ok(shown::report(&report)))
}
