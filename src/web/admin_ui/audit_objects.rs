//! `/audit/objects`: what was changed in kong-sso's own entities, and how.

use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;

use super::audit_query::{AuditPager, AuditQuery, scope};
use super::extractors::AdminSession;
use super::form::Choice;
use super::frame::PageResult;
use super::grants::Badge;
use super::lists::address;
use super::shell::{Section, Shell};
use super::times::When;
use crate::domain::audit::ObjectRecord;
use crate::services::audit::list_objects;
use crate::services::page_data::history::{self, Names, ObjectChange};
use crate::web::pages;

/// Kinds of entities that are recorded.
const KINDS: &[&str] = &[
    "admins",
    "group_rbac_roles",
    "groups",
    "rbac_role_endpoints",
    "rbac_roles",
    "rbac_user_groups",
    "rbac_user_roles",
    "rbac_users",
    "workspaces",
];

#[derive(Template)]
#[template(path = "audit_objects.html")]
struct ObjectsPage {
    shell: Shell,
    enabled: bool,
    query: AuditQuery,
    kind_choices: Vec<Choice>,
    operation_choices: Vec<Choice>,
    active: bool,
    records: Vec<ObjectRow>,
    pager: AuditPager,
}

struct ObjectRow {
    at: When,
    who: String,
    operation: Badge,
    kind: String,
    name: String,
    key: String,
    history_url: String,
    request_url: String,
    request_id: String,
}

/// A change on the page of its request.
pub(super) struct Changed {
    pub(super) operation: Badge,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) key: String,
    pub(super) history_url: String,
    pub(super) members: Vec<ChangedMember>,
}

/// A member that is not as it was.
pub(super) struct ChangedMember {
    pub(super) name: String,
    pub(super) before: String,
    pub(super) after: String,
}

/// `GET /audit/objects`
pub(super) async fn list(visitor: AdminSession, query: Query<AuditQuery>) -> PageResult {
    let scope = scope(&visitor, "/audit/objects")?;
    let query = query.into_inner();
    let listing = list_objects(&visitor.services, &query.objects(scope)?, &query.page()?).await?;
    let items = &listing.page.items;
    let names = Names::of(&visitor.services, items.iter().map(|kept| &kept.record)).await?;
    let choices = |values: &[&str], selected: &str| -> Vec<Choice> {
        let any = Choice::new("", "any", selected);
        std::iter::once(any).chain(values.iter().map(|it| Choice::new(*it, *it, selected))).collect()
    };
    let view = ObjectsPage {
        shell: visitor.shell("Audit log: changes", Section::Audit)?,
        enabled: visitor.services.audit.is_on(),
        kind_choices: choices(KINDS, &query.kind),
        operation_choices: choices(&["create", "update", "delete"], &query.operation),
        active: query.is_filtered(),
        records: items.iter().map(|kept| row(&visitor, &kept.record, &names)).collect(),
        pager: query.pager(&visitor.url("/audit/objects"), items.len(), listing.total, listing.page.offset.as_deref()),
        query,
    };
    Ok(pages::render(StatusCode::OK, &view)?)
}

fn row(visitor: &AdminSession, record: &ObjectRecord, names: &Names) -> ObjectRow {
    ObjectRow {
        at: When::new(record.request_timestamp, visitor.now()),
        who: names.actor(record),
        operation: operation_badge(&record.operation),
        kind: record.dao_name.clone(),
        name: history::name_of(&record.entity, names),
        key: record.entity_key.clone(),
        history_url: history_url(visitor, record),
        request_url: visitor.url(&format!("/audit/requests/{}", record.request_id)),
        request_id: record.request_id.clone(),
    }
}

fn operation_badge(operation: &str) -> Badge {
    let tone = match operation {
        "create" => "ok",
        "delete" => "bad",
        _ => "info",
    };
    Badge::new(tone, operation)
}

fn history_url(visitor: &AdminSession, record: &ObjectRecord) -> String {
    address(&visitor.url("/audit/objects"), &[("kind", &record.dao_name), ("key", &record.entity_key)])
}

/// A change with what is different.
pub(super) fn changed(visitor: &AdminSession, change: &ObjectChange, names: &Names) -> Changed {
    let member = |(name, before, after): (String, String, String)| ChangedMember { name, before, after };
    Changed {
        operation: operation_badge(&change.record.operation),
        kind: change.record.dao_name.clone(),
        name: history::name_of(&change.record.entity, names),
        key: change.record.entity_key.clone(),
        history_url: history_url(visitor, &change.record),
        members: history::differences(change).into_iter().map(member).collect(),
    }
}
