//! `/audit`: records of requests. Reading them is recorded too.

use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;

use super::audit_query::{AuditPager, AuditQuery, scope};
use super::extractors::AdminSession;
use super::form::Choice;
use super::frame::PageResult;
use super::grants::Badge;
use super::shell::{Section, Shell};
use super::times::When;
use crate::domain::audit::{RequestRecord, Verdict};
use crate::services::audit::list_requests;
use crate::web::pages;

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    shell: Shell,
    enabled: bool,
    filter: AuditFilter,
    records: Vec<AuditRow>,
    pager: AuditPager,
    export_url: String,
}

struct AuditFilter {
    query: AuditQuery,
    method_choices: Vec<Choice>,
    verdict_choices: Vec<Choice>,
    source_choices: Vec<Choice>,
    workspace_choices: Vec<Choice>,
    active: bool,
    more: bool,
}

struct AuditRow {
    url: String,
    at: When,
    user: String,
    source: String,
    method: String,
    path: String,
    status: u16,
    verdict: Badge,
    rule: String,
    client_ip: String,
    request_id: String,
}

/// `GET /audit`
pub(super) async fn list(visitor: AdminSession, query: Query<AuditQuery>) -> PageResult {
    let scope = scope(&visitor, "/audit/requests")?;
    let query = query.into_inner();
    let listing = list_requests(&visitor.services, &query.requests(scope)?, &query.page()?).await?;
    let items = &listing.page.items;
    let view = AuditPage {
        shell: visitor.shell("Audit log", Section::Audit)?,
        enabled: visitor.services.audit.is_on(),
        records: items.iter().map(|kept| row(&visitor, &kept.record)).collect(),
        pager: query.pager(&visitor.url("/audit"), items.len(), listing.total, listing.page.offset.as_deref()),
        export_url: query.link(&visitor.url("/audit/export")),
        filter: filter(&visitor, query),
    };
    Ok(pages::render(StatusCode::OK, &view)?)
}

fn filter(visitor: &AdminSession, query: AuditQuery) -> AuditFilter {
    let choices = |values: &[(&str, &str)], selected: &str| {
        let choice = |(value, label): &(&str, &str)| Choice::new(*value, *label, selected);
        std::iter::once(("", "any")).collect::<Vec<_>>().iter().chain(values).map(choice).collect()
    };
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].map(|method| (method, method));
    let verdicts = [Verdict::Allowed, Verdict::Denied, Verdict::Unauthenticated, Verdict::None];
    let verdicts = verdicts.map(|verdict| (verdict.as_str(), verdict_words(verdict)));
    let seen = visitor.reachable();
    let ids: Vec<(String, &str)> = seen.iter().map(|one| (one.id.to_string(), one.name.as_str())).collect();
    let workspaces: Vec<(&str, &str)> = ids.iter().map(|(id, name)| (id.as_str(), *name)).collect();
    AuditFilter {
        method_choices: choices(&methods, &query.method),
        verdict_choices: choices(&verdicts, &query.verdict),
        source_choices: choices(&[("kong-manager", "Kong Manager"), ("sso-ui", "these pages")], &query.source),
        workspace_choices: choices(&workspaces, &query.workspace),
        active: query.is_filtered(),
        more: query.has_more(),
        query,
    }
}

fn row(visitor: &AdminSession, record: &RequestRecord) -> AuditRow {
    AuditRow {
        url: visitor.url(&format!("/audit/requests/{}", record.request_id)),
        at: When::new(record.request_timestamp, visitor.now()),
        user: record.rbac_user_name.clone().unwrap_or_default(),
        source: source_words(record.request_source.as_deref()).to_owned(),
        method: record.method.clone(),
        path: record.path.clone(),
        status: record.status,
        verdict: verdict_badge(record.verdict),
        rule: record.rule.clone().unwrap_or_default(),
        client_ip: record.client_ip.clone(),
        request_id: record.request_id.clone(),
    }
}

/// Which door a request came through; machines are the normal case.
pub(super) fn source_words(source: Option<&str>) -> &str {
    match source {
        Some("kong-manager") => "Kong Manager",
        Some("sso-ui") => "these pages",
        other => other.unwrap_or_default(),
    }
}

const fn verdict_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "allowed",
        Verdict::Denied => "denied",
        Verdict::Unauthenticated => "not signed in",
        Verdict::None => "no decision",
    }
}

/// The decision about a request.
pub(super) fn verdict_badge(verdict: Verdict) -> Badge {
    let tone = match verdict {
        Verdict::Allowed => "ok",
        Verdict::Denied => "bad",
        Verdict::Unauthenticated => "warn",
        Verdict::None => "plain",
    };
    Badge::new(tone, verdict_words(verdict))
}
