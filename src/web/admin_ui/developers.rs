//! `/developers`: the accounts of a workspace's portal, those who wait first at hand, and the form that invites.

use actix_web::HttpResponse;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;
use serde_json::{Value, json};

use super::doors::Change;
use super::extractors::{AdminSession, CsrfForm};
use super::flash::Flash;
use super::form::{Errors, Field};
use super::frame::{PageError, PageResult};
use super::grants::Badge;
use super::lists::{ListQuery, Pager, address};
use super::shell::{Section, Shell};
use super::times::When;
use crate::domain::developer::{Developer, DeveloperStatus};
use crate::domain::rbac::Action;
use crate::domain::workspace::Workspace;
use crate::services::portal::developers::{self, DeveloperSearch, portal_of};
use crate::web::pages;

#[derive(Template)]
#[template(path = "developers.html")]
struct DevelopersPage {
    shell: Shell,
    errors: Errors,
    workspace: String,
    portal: PortalState,
    tabs: Vec<Tab>,
    status: String,
    query: String,
    developers: Vec<DeveloperRow>,
    can_invite: bool,
    emails: Field,
    pager: Pager,
    export_url: String,
}

/// How the portal of the workspace is.
struct PortalState {
    is_on: bool,
    has_accounts: bool,
    url: String,
}

struct Tab {
    url: String,
    label: &'static str,
    count: u64,
    is_current: bool,
}

struct DeveloperRow {
    url: String,
    action: String,
    name: String,
    email: String,
    status: Badge,
    reason: String,
    must_verify: bool,
    registered: When,
    last_login: Option<When>,
    can_approve: bool,
}

/// The address list of an invitation.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Invitation {
    workspace: String,
    emails: String,
}

/// `GET /developers`
pub(super) async fn list(visitor: AdminSession, query: Query<ListQuery>) -> PageResult {
    let workspace = visitor.workspace_to_show(&query.workspace, "/developers")?;
    page(&visitor, workspace, &query, "", Errors::default()).await
}

/// `POST /developers/invite`
pub(super) async fn invite(form: CsrfForm<Invitation>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let workspace = visitor.workspace_to_show(&fields.workspace, "/developers")?;
    let emails: Vec<&str> =
        fields.emails.split([',', ';', '\n', ' ']).map(str::trim).filter(|it| !it.is_empty()).collect();
    let body = json!({ "emails": emails });
    let answer = match visitor.change(Change::new(workspace, "POST", &["developers", "invite"], body)).await {
        Ok(answer) => answer,
        Err(refusal) => {
            let errors = Errors::of_refusal(refusal, &[("emails", "Addresses")])?;
            return page(&visitor, workspace, &ListQuery::default(), &fields.emails, errors).await;
        }
    };
    let count = answer.pointer("/sent/count").and_then(Value::as_u64).unwrap_or_default();
    let refused = answer.pointer("/error/emails").and_then(Value::as_object).cloned().unwrap_or_default();
    let sent = format!("{count} invitation{} on the way.", if count == 1 { " is" } else { "s are" });
    let message = if refused.is_empty() {
        Flash::ok(sent)
    } else {
        let reasons = refused.iter().map(|(email, why)| format!("{email} {}", why.as_str().unwrap_or_default()));
        Flash::warn(format!("{sent} Not invited: {}.", reasons.collect::<Vec<_>>().join("; ")))
    };
    visitor.done(&list_url(&visitor, workspace, ""), &message)
}

/// The list of a workspace, of one status or all.
pub(super) fn list_url(visitor: &AdminSession, workspace: &Workspace, status: &str) -> String {
    address(&visitor.url("/developers"), &[("workspace", workspace.name.as_str()), ("status", status)])
}

async fn page(
    visitor: &AdminSession,
    workspace: &Workspace,
    query: &ListQuery,
    emails: &str,
    errors: Errors,
) -> Result<HttpResponse, PageError> {
    let status = query.status.parse().ok().and_then(DeveloperStatus::from_code);
    let search = DeveloperSearch { text: query.text().to_owned(), status, team: None };
    let (found, counts) = developers::look(&visitor.services, workspace, &search, query.window()).await?;
    let can_update = visitor.may(workspace, "/developers/*", Action::Update);
    let shown = ListQuery { workspace: workspace.name.to_string(), q: query.q.clone(), ..query.clone() };
    let view = DevelopersPage {
        shell: visitor.shell("Developers", Section::Developers)?,
        workspace: workspace.name.to_string(),
        portal: portal_state(visitor, workspace)?,
        tabs: tabs(visitor, workspace, status, &counts),
        status: status.map(|status| status.code().to_string()).unwrap_or_default(),
        query: query.q.clone(),
        pager: Pager::new(&shown, &visitor.url("/developers"), found.items.len(), found.total),
        developers: found.items.iter().map(|it| row(visitor, workspace, it, can_update)).collect(),
        can_invite: visitor.may(workspace, "/developers/invite", Action::Create),
        emails: Field::checked(emails, &errors, "emails"),
        export_url: address(&visitor.url("/developers/export"), &[("workspace", workspace.name.as_str())]),
        errors,
    };
    Ok(pages::render(view.errors.status(), &view)?)
}

fn portal_state(visitor: &AdminSession, workspace: &Workspace) -> Result<PortalState, PageError> {
    let portal = portal_of(&visitor.services, workspace)?;
    Ok(PortalState {
        is_on: portal.settings.enabled,
        has_accounts: portal.settings.auth.is_some(),
        url: format!("{}/", portal.url()),
    })
}

fn tabs(
    visitor: &AdminSession,
    workspace: &Workspace,
    current: Option<DeveloperStatus>,
    counts: &[(DeveloperStatus, u64)],
) -> Vec<Tab> {
    let count = |wanted: DeveloperStatus| counts.iter().find(|(it, _)| *it == wanted).map_or(0, |(_, count)| *count);
    let all = Tab {
        url: list_url(visitor, workspace, ""),
        label: "All",
        count: counts.iter().map(|(_, count)| count).sum(),
        is_current: current.is_none(),
    };
    let tab = |(status, label): (DeveloperStatus, &'static str)| Tab {
        url: list_url(visitor, workspace, &status.code().to_string()),
        label,
        count: count(status),
        is_current: current == Some(status),
    };
    let known = [
        (DeveloperStatus::Pending, "Requested access"),
        (DeveloperStatus::Approved, "Approved"),
        (DeveloperStatus::Rejected, "Rejected"),
        (DeveloperStatus::Revoked, "Revoked"),
        (DeveloperStatus::Invited, "Invited"),
        (DeveloperStatus::Unverified, "Unverified"),
    ];
    std::iter::once(all).chain(known.into_iter().map(tab)).collect()
}

/// A status as a badge.
pub(super) fn badge(status: DeveloperStatus) -> Badge {
    let (tone, words) = match status {
        DeveloperStatus::Approved => ("ok", "approved"),
        DeveloperStatus::Pending => ("warn", "requested access"),
        DeveloperStatus::Rejected => ("bad", "rejected"),
        DeveloperStatus::Revoked => ("bad", "revoked"),
        DeveloperStatus::Invited => ("info", "invited"),
        DeveloperStatus::Unverified => ("plain", "unverified"),
    };
    Badge::new(tone, words)
}

fn row(visitor: &AdminSession, workspace: &Workspace, developer: &Developer, can_update: bool) -> DeveloperRow {
    let name = developer.display_name();
    let is_waiting = developer.status == DeveloperStatus::Pending;
    let action = visitor.url(&format!("/developers/{}", developer.id));
    DeveloperRow {
        url: address(&action, &[("workspace", workspace.name.as_str())]),
        action,
        name: name.to_owned(),
        email: if name == developer.email.as_str() { String::new() } else { developer.email.to_string() },
        status: badge(developer.status),
        reason: developer.status_reason.clone().unwrap_or_default(),
        must_verify: developer.must_verify,
        registered: When::new(developer.created_at, visitor.now()),
        last_login: developer.last_login_at.map(|at| When::new(at, visitor.now())),
        can_approve: is_waiting && can_update,
    }
}

/// `GET /developers/export`
pub(super) async fn export(visitor: AdminSession, query: Query<ListQuery>) -> PageResult {
    let workspace = visitor.workspace_to_show(&query.workspace, "/developers")?;
    visitor.require(workspace, "/developers/export", Action::Read)?;
    let lines = developers::export(&visitor.services, workspace).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header(("content-disposition", "attachment; filename=\"developers.csv\""))
        .insert_header(("cache-control", "no-store"))
        .body(lines))
}
