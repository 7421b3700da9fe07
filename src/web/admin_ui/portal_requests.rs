//! `/portal/requests`: what applications ask for, and what was decided about it.

use actix_web::http::StatusCode;
use actix_web::web::Query as UrlQuery;
use askama::Template;
use serde::Deserialize;
use serde_json::json;

use super::doors::Change;
use super::extractors::{AdminSession, CsrfForm};
use super::flash::Flash;
use super::frame::PageResult;
use super::portal_apis::{Badge, badge};
use super::shell::{Section, Shell};
use super::times::When;
use crate::domain::contract::{ContractStatus, Ending};
use crate::domain::rbac::Action;
use crate::services::contracts::{self, Connected, Wanted};
use crate::services::gateway_sync::{self, Overview};
use crate::services::{Page, applications};
use crate::web::pages;

/// The door behind the page.
const DOOR: &str = "/portal/registrations";

#[derive(Template)]
#[template(path = "portal_requests.html")]
struct RequestsPage {
    shell: Shell,
    workspace: String,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    can_decide: bool,
    /// Whether the ones that wait are shown.
    is_queue: bool,
    status: &'static str,
}

struct Tab {
    url: String,
    label: &'static str,
    is_current: bool,
}

struct Row {
    id: String,
    application: String,
    owner: String,
    api: String,
    reason: String,
    comment: String,
    at: When,
    gateway: Badge,
    detail: String,
    is_suspended: bool,
    is_ending: bool,
    /// Events that fit, with the words of their buttons.
    events: Vec<Event>,
}

struct Event {
    status: i64,
    label: &'static str,
    class: &'static str,
}

/// Which of them.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Shown {
    status: String,
}

/// What is decided.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Decision {
    id: String,
    status: String,
    comment: String,
    shown: String,
}

/// `GET /portal/requests`
pub(super) async fn list(visitor: AdminSession, shown: UrlQuery<Shown>) -> PageResult {
    let workspace = visitor.workspace_to_show("", DOOR)?;
    let status = shown.status.parse().unwrap_or(ContractStatus::Pending);
    let wanted = Wanted { status: Some(status), ..Wanted::default() };
    let found =
        contracts::list(&visitor.services, workspace.id, wanted, &Page { size: 200, after: String::new() }).await?;
    let overview = gateway_sync::overview(&visitor.services, workspace.id).await?;
    let mut rows = Vec::new();
    for connected in &found.items {
        let owner = applications::owner_name(&visitor.services, workspace.id, connected.application.owner).await?;
        let owner = owner.unwrap_or_else(|| "deleted developer".to_owned());
        rows.push(row(&visitor, connected, owner, &overview));
    }
    let tab = |it: ContractStatus, label| Tab {
        url: visitor.url(&format!("/portal/requests?status={}", it.as_str())),
        label,
        is_current: it == status,
    };
    let page = RequestsPage {
        shell: visitor.shell("Access requests", Section::PortalRequests)?,
        workspace: workspace.name.to_string(),
        tabs: vec![
            tab(ContractStatus::Pending, "Waiting"),
            tab(ContractStatus::Approved, "Approved"),
            tab(ContractStatus::Rejected, "Rejected"),
            tab(ContractStatus::Revoked, "Revoked"),
        ],
        rows,
        can_decide: visitor.may(workspace, &format!("{DOOR}/x"), Action::Update),
        is_queue: status == ContractStatus::Pending,
        status: status.as_str(),
    };
    Ok(pages::render(StatusCode::OK, &page)?)
}

fn row(visitor: &AdminSession, it: &Connected, owner: String, overview: &Overview) -> Row {
    let (of_application, of_api) = (overview.of(it.application.id), overview.of(it.api.id));
    let view = of_application.worse(&of_api);
    let state = it.contract.state;
    Row {
        id: it.contract.id.to_string(),
        application: it.application.name.clone(),
        owner,
        api: it.api.name.clone(),
        reason: it.contract.reason.clone().unwrap_or_default(),
        comment: it.contract.comment.clone().unwrap_or_default(),
        at: When::new(it.contract.updated_at, visitor.now()),
        gateway: badge(view),
        detail: view.detail.clone().unwrap_or_default(),
        is_suspended: state.suspension.is_any(),
        is_ending: state.ending != Ending::None,
        events: if state.ending == Ending::None { events(state.status) } else { Vec::new() },
    }
}

fn events(status: ContractStatus) -> Vec<Event> {
    let event = |to: ContractStatus, label, class| Event { status: to.number(), label, class };
    match status {
        ContractStatus::Pending => vec![
            event(ContractStatus::Approved, "Approve", "btn-primary"),
            event(ContractStatus::Rejected, "Reject", ""),
        ],
        ContractStatus::Approved => vec![event(ContractStatus::Revoked, "Revoke", "btn-danger")],
        ContractStatus::Rejected | ContractStatus::Revoked => {
            vec![event(ContractStatus::Approved, "Approve after all", "")]
        }
    }
}

/// `POST /portal/requests`
pub(super) async fn decide(form: CsrfForm<Decision>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let workspace = visitor.workspace_to_show("", DOOR)?;
    let mut body = json!({ "status": fields.status, "expected_status": shown(&fields.shown) });
    if !fields.comment.is_empty()
        && let Some(members) = body.as_object_mut()
    {
        members.insert("comment".to_owned(), json!(fields.comment));
    }
    let back = visitor.url(&format!("/portal/requests?status={}", shown(&fields.shown)));
    let door = Change::new(workspace, "PATCH", &["portal", "registrations", &fields.id], body);
    let decided = match visitor.change(door).await {
        Ok(decided) => decided,
        Err(refusal) if refusal.status() == StatusCode::CONFLICT => {
            return visitor.done(&back, &Flash::warn("Somebody else has decided meanwhile."));
        }
        Err(refusal) => return Err(refusal.into()),
    };
    let is = |pointer: &str, what: serde_json::Value| decided.pointer(pointer) == Some(&what);
    let message = if is("/revoke_pending", json!(true)) {
        Flash::warn("The access is being revoked: not yet effective, Kong has not confirmed it. It is tried again.")
    } else if is("/status", json!(0)) && !is("/gateway/state", json!("in_sync")) {
        Flash::warn("The access was approved, but Kong does not know it yet. It is tried again.")
    } else {
        let status = fields.status.parse().map_or("changed", ContractStatus::as_str);
        Flash::ok(format!("The access was {status}."))
    };
    visitor.done(&back, &message)
}

fn shown(text: &str) -> &'static str {
    text.parse().unwrap_or(ContractStatus::Pending).as_str()
}
