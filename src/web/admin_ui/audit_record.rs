//! `/audit/requests/{id}`: one request, the rule that decided it, and what it changed.

use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;

use super::audit::{source_words, verdict_badge};
use super::audit_objects::{Changed, changed};
use super::audit_query::scope;
use super::extractors::AdminSession;
use super::frame::PageResult;
use super::grants::Badge;
use super::lists::address;
use super::shell::{Section, Shell};
use super::times::When;
use crate::domain::audit::{RequestRecord, Verdict};
use crate::domain::rbac::Action;
use crate::services::audit::{Kept, find_request};
use crate::services::page_data::accounts;
use crate::services::page_data::history::{self, Names};
use crate::web::error::ApiError;
use crate::web::pages;

#[derive(Template)]
#[template(path = "audit_record.html")]
struct RecordPage {
    shell: Shell,
    record: AuditDetail,
    explain_url: Option<String>,
    objects: Vec<Changed>,
}

struct AuditDetail {
    request_id: String,
    at: When,
    user: String,
    user_url: Option<String>,
    source: String,
    method: String,
    path: String,
    workspace: String,
    status: u16,
    verdict: Badge,
    rule: String,
    client_ip: String,
    expires: When,
}

/// `GET /audit/requests/{id}`
pub(super) async fn show(visitor: AdminSession, id: Path<String>) -> PageResult {
    let scope = scope(&visitor, "/audit/requests")?;
    let found = find_request(&visitor.services, &id).await?;
    let is_seen = |kept: &Kept<RequestRecord>| {
        scope.is_none_or(|own| kept.record.workspace.as_deref() == Some(own.to_string().as_str()))
    };
    let kept = found.filter(is_seen).ok_or_else(ApiError::not_found)?;
    let sees_changes = visitor.place("/audit/objects", Action::Read).is_some();
    let objects = if sees_changes { history::changes_of(&visitor.services, &id).await? } else { Vec::new() };
    let names = Names::of(&visitor.services, objects.iter().map(|change| &change.record)).await?;
    let user_url = user_url(&visitor, &kept.record).await?;
    let view = RecordPage {
        shell: visitor.shell("Audit record", Section::Audit)?,
        explain_url: explain_url(&visitor, &kept.record),
        objects: objects.iter().map(|change| changed(&visitor, change, &names)).collect(),
        record: detail(&visitor, &kept, user_url),
    };
    Ok(pages::render(StatusCode::OK, &view)?)
}

fn detail(visitor: &AdminSession, kept: &Kept<RequestRecord>, user_url: Option<String>) -> AuditDetail {
    let (record, now) = (&kept.record, visitor.now());
    AuditDetail {
        request_id: record.request_id.clone(),
        at: When::new(record.request_timestamp, now),
        user: record.rbac_user_name.clone().unwrap_or_default(),
        user_url,
        source: source_words(record.request_source.as_deref()).to_owned(),
        method: record.method.clone(),
        path: record.path.clone(),
        workspace: workspace_name(visitor, record).unwrap_or_default(),
        status: record.status,
        verdict: verdict_badge(record.verdict),
        rule: record.rule.clone().unwrap_or_default(),
        client_ip: record.client_ip.clone(),
        expires: When::new(now.plus(kept.ttl), now),
    }
}

fn workspace_name(visitor: &AdminSession, record: &RequestRecord) -> Option<String> {
    let id = record.workspace.as_deref()?;
    Some(visitor.find_workspace(id).map_or_else(|| format!("{id} (deleted)"), |one| one.name.to_string()))
}

/// The page of whoever sent the request, if there still is one.
async fn user_url(visitor: &AdminSession, record: &RequestRecord) -> Result<Option<String>, ApiError> {
    let Some(id) = record.rbac_user_id.as_deref().and_then(|id| id.parse().ok()) else { return Ok(None) };
    let page = accounts::page_of(&visitor.services, id).await?;
    Ok(page.map(|page| visitor.url(&page)))
}

/// The same question to today's rules: for decisions about the Admin API.
fn explain_url(visitor: &AdminSession, record: &RequestRecord) -> Option<String> {
    let was_judged = matches!(record.verdict, Verdict::Allowed | Verdict::Denied);
    let is_of_api = record.request_source.as_deref() != Some("sso-ui");
    let sees = visitor.place("/rbac/roles", Action::Read).is_some();
    let user = record.rbac_user_name.as_deref().filter(|_| was_judged && is_of_api && sees)?;
    let workspace = workspace_name(visitor, record)?;
    let path = record.path_only();
    let path = path.strip_prefix(&format!("/{workspace}")).filter(|rest| rest.starts_with('/')).unwrap_or(path);
    let pairs = [("user", user), ("workspace", workspace.as_str()), ("method", &record.method), ("path", path)];
    Some(address(&visitor.url("/roles/explain"), &pairs))
}
