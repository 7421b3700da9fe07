//! `/developers/{id}`: one account of the portal: what is known, and the decisions about it.

use actix_web::HttpResponse;
use actix_web::web::{Path, Query};
use askama::Template;
use serde::Deserialize;
use serde_json::{Value, json};

use super::developers::{badge, list_url};
use super::doors::Change;
use super::extractors::{AdminSession, CsrfForm};
use super::flash::Flash;
use super::form::Errors;
use super::frame::{PageError, PageResult};
use super::grants::Badge;
use super::lists::{ListQuery, address};
use super::shell::{Section, Shell};
use super::times::When;
use crate::domain::developer::{Developer, DeveloperIdentity, DeveloperStatus, Event};
use crate::domain::ids::TeamId;
use crate::domain::rbac::Action;
use crate::domain::workspace::Workspace;
use crate::services::portal::developers::{self, portal_of};
use crate::services::portal::sso;
use crate::services::portal::teams::members;
use crate::web::error::ApiError;
use crate::web::pages;

#[derive(Template)]
#[template(path = "developer.html")]
struct DeveloperPage {
    shell: Shell,
    errors: Errors,
    url: String,
    list_url: String,
    workspace: String,
    name: String,
    email: String,
    id: String,
    custom_id: String,
    status: Badge,
    reason: String,
    must_verify: bool,
    meta: Vec<(String, String)>,
    registered: When,
    last_login: Option<When>,
    failed_logins: i64,
    identities: Vec<IdentityRow>,
    decisions: Vec<Decision>,
    can_delete: bool,
    typed_reason: String,
    /// Teams that the visitor may see: name and page.
    teams: Vec<(String, String)>,
}

/// Somebody at an identity provider who signs in as this developer.
struct IdentityRow {
    id: String,
    issuer: String,
    subject: String,
    email: String,
    linked: When,
    last_login: Option<When>,
    can_unlink: bool,
}

/// A decision that the present status allows.
struct Decision {
    status: i64,
    label: &'static str,
    class: &'static str,
}

/// What an admin decided.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Decided {
    workspace: String,
    status: String,
    reason: String,
    /// Whether the browser came from the list.
    from_list: Option<String>,
}

/// A deletion that was confirmed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Confirmed {
    workspace: String,
    confirm: String,
}

/// `GET /developers/{id}`
pub(super) async fn show(visitor: AdminSession, id: Path<String>, query: Query<ListQuery>) -> PageResult {
    let workspace = visitor.workspace_to_show(&query.workspace, "/developers")?;
    page(&visitor, workspace, &id, "", Errors::default()).await
}

fn url(visitor: &AdminSession, workspace: &Workspace, id: &str) -> String {
    address(&visitor.url(&format!("/developers/{id}")), &[("workspace", workspace.name.as_str())])
}

/// `POST /developers/{id}`: approves, rejects or revokes.
pub(super) async fn decide(form: CsrfForm<Decided>, id: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let workspace = visitor.workspace_to_show(&fields.workspace, "/developers")?;
    let status: i64 = fields.status.parse().map_err(|_| ApiError::bad_request("bad_form", "Cannot parse form body"))?;
    let body = json!({ "status": status, "reason": fields.reason });
    let door = ["developers", id.as_str()];
    match visitor.change(Change::new(workspace, "PATCH", &door, body)).await {
        Ok(answer) => {
            let email = answer.pointer("/developer/email").and_then(Value::as_str).unwrap_or_default();
            let word = DeveloperStatus::from_code(status).map_or("changed", DeveloperStatus::word);
            let to = match fields.from_list {
                Some(_) => list_url(&visitor, workspace, &DeveloperStatus::Pending.code().to_string()),
                None => url(&visitor, workspace, &id),
            };
            visitor.done(&to, &Flash::ok(format!("{email} is {word} now.")))
        }
        Err(refusal) => {
            let errors = Errors::of_refusal(refusal, &[("reason", "Reason")])?;
            page(&visitor, workspace, &id, &fields.reason, errors).await
        }
    }
}

/// `POST /developers/{id}/delete`
pub(super) async fn delete(form: CsrfForm<Confirmed>, id: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let workspace = visitor.workspace_to_show(&fields.workspace, "/developers")?;
    let developer = developers::get(&visitor.services, workspace, &id).await?;
    if fields.confirm != developer.email.as_str() {
        let errors = Errors::of_field("confirm", "", "the address you typed is not the one of this developer");
        return page(&visitor, workspace, &id, "", errors).await;
    }
    visitor.change(Change::new(workspace, "DELETE", &["developers", id.as_str()], Value::Null)).await?;
    let message = Flash::ok(format!("{} was deleted and may register again.", developer.email));
    visitor.done(&list_url(&visitor, workspace, ""), &message)
}

/// `POST /developers/{id}/identities/{identity}/unlink`
pub(super) async fn unlink(form: CsrfForm<Confirmed>, path: Path<(String, String)>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let (id, identity) = path.into_inner();
    let workspace = visitor.workspace_to_show(&fields.workspace, "/developers")?;
    let door = ["developers", id.as_str(), "identities", identity.as_str()];
    visitor.change(Change::new(workspace, "DELETE", &door, Value::Null)).await?;
    let message = Flash::ok("The identity was unlinked, and every session of the developer was ended.");
    visitor.done(&url(&visitor, workspace, &id), &message)
}

async fn page(
    visitor: &AdminSession,
    workspace: &Workspace,
    id: &str,
    typed_reason: &str,
    errors: Errors,
) -> Result<HttpResponse, PageError> {
    let door = format!("/developers/{id}");
    visitor.require(workspace, &door, Action::Read)?;
    let developer = developers::get(&visitor.services, workspace, id).await?;
    let can_update = visitor.may(workspace, &door, Action::Update);
    let identities = sso::list(&visitor.services, &developer).await?;
    let view = DeveloperPage {
        shell: visitor.shell(developer.display_name(), Section::Developers)?,
        url: visitor.url(&door),
        list_url: list_url(visitor, workspace, ""),
        workspace: workspace.name.to_string(),
        name: developer.display_name().to_owned(),
        email: developer.email.to_string(),
        id: developer.id.to_string(),
        custom_id: developer.custom_id.clone().unwrap_or_default(),
        status: badge(developer.status),
        reason: developer.status_reason.clone().unwrap_or_default(),
        must_verify: developer.must_verify,
        meta: meta(visitor, workspace, &developer)?,
        registered: When::new(developer.created_at, visitor.now()),
        last_login: developer.last_login_at.map(|at| When::new(at, visitor.now())),
        failed_logins: developer.failed_logins,
        identities: identities.iter().map(|it| identity_row(visitor, workspace, it)).collect(),
        decisions: if can_update { decisions(visitor, workspace, &developer)? } else { Vec::new() },
        can_delete: visitor.may(workspace, &door, Action::Delete),
        typed_reason: typed_reason.to_owned(),
        teams: teams_of(visitor, workspace, &developer).await?,
        errors,
    };
    Ok(pages::render(view.errors.status(), &view)?)
}

fn identity_row(visitor: &AdminSession, workspace: &Workspace, identity: &DeveloperIdentity) -> IdentityRow {
    let (now, door) = (visitor.now(), format!("/developers/{}/identities/{}", identity.developer_id, identity.id));
    IdentityRow {
        can_unlink: visitor.may(workspace, &door, Action::Delete),
        id: identity.id.to_string(),
        issuer: identity.issuer.clone(),
        subject: identity.subject.clone(),
        email: identity.email.clone().unwrap_or_default(),
        linked: When::new(identity.created_at, now),
        last_login: identity.last_login_at.map(|at| When::new(at, now)),
    }
}

async fn teams_of(
    visitor: &AdminSession,
    workspace: &Workspace,
    developer: &Developer,
) -> Result<Vec<(String, String)>, PageError> {
    let found = members::teams_of(&visitor.services, developer.id).await?;
    let door = |id: TeamId| format!("/portal/teams/{id}");
    let seen = found.into_iter().filter(|team| visitor.may(workspace, &door(team.id), Action::Read));
    Ok(seen.map(|team| (team.name, visitor.url(&door(team.id)))).collect())
}

/// What the developer filled in, by the headings of the form; members that no field names any more keep their key.
fn meta(
    visitor: &AdminSession,
    workspace: &Workspace,
    developer: &Developer,
) -> Result<Vec<(String, String)>, PageError> {
    let portal = portal_of(&visitor.services, workspace)?;
    let label = |title: &str| {
        let field = portal.settings.meta_fields.iter().find(|field| field.title == title);
        field.map_or_else(|| title.to_owned(), |field| field.label.clone())
    };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(developer.meta.iter().map(|(title, value)| (label(title), text(value))).collect())
}

/// The decisions that the table of transitions has for the present status.
fn decisions(visitor: &AdminSession, workspace: &Workspace, developer: &Developer) -> Result<Vec<Decision>, PageError> {
    let rules = portal_of(&visitor.services, workspace)?.settings.rules;
    let all = [
        (DeveloperStatus::Approved, "Approve", "btn-primary"),
        (DeveloperStatus::Rejected, "Reject", "btn-danger"),
        (DeveloperStatus::Revoked, "Revoke access", "btn-danger"),
    ];
    let is_open = |(status, ..): &(DeveloperStatus, &str, &str)| {
        *status != developer.status && developer.status.after(Event::Set(*status), developer.must_verify, rules).is_ok()
    };
    let open = all.into_iter().filter(is_open);
    Ok(open.map(|(status, label, class)| Decision { status: status.code(), label, class }).collect())
}
