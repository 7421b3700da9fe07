//! Home: the visitor's workspaces, whether Kong answers, and what is still to be done.

use actix_web::http::StatusCode;
use askama::Template;
use futures_util::future::join_all;

use super::extractors::AdminSession;
use super::frame::PageResult;
use super::grants::Badge;
use super::shell::{Section, Shell};
use super::times::When;
use crate::domain::rbac::Action;
use crate::domain::role::HeldRole;
use crate::domain::workspace::Workspace;
use crate::services::kong_watch::{KongCounts, KongHealth};
use crate::services::page_data::{accounts, groups};
use crate::web::error::ApiError;
use crate::web::pages;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    shell: Shell,
    kong: KongStatus,
    workspaces: Vec<WorkspaceCard>,
    steps: Vec<Step>,
    enforcing: bool,
}

struct KongStatus {
    badge: Badge,
    version: Option<String>,
    address: Option<String>,
    checked: When,
    problem: Option<String>,
}

struct WorkspaceCard {
    name: String,
    comment: String,
    detail_url: Option<String>,
    counts: Vec<Count>,
    roles: Vec<String>,
    problem: Option<String>,
}

/// A number with its name.
pub(super) struct Count {
    pub(super) label: String,
    pub(super) value: u64,
}

struct Step {
    done: bool,
    title: &'static str,
    text: &'static str,
    link: Option<(String, &'static str)>,
}

impl Step {
    const fn new(done: bool, title: &'static str, text: &'static str, link: Option<(String, &'static str)>) -> Self {
        Self { done, title, text, link }
    }
}

/// `GET /`
pub(super) async fn show(visitor: AdminSession) -> PageResult {
    let watch = &visitor.services.kong_watch;
    let reachable = visitor.reachable();
    let own_roles = match visitor.caller.principal.rbac_user_id {
        Some(user) => accounts::roles_of(&visitor.services, user).await?,
        None => Vec::new(),
    };
    let counts = join_all(reachable.iter().map(|one| watch.counts(one.upstream_admin_url.as_deref()))).await;
    let workspaces = reachable.iter().zip(&counts).map(|(one, counts)| card(&visitor, one, counts, &own_roles));
    let page = HomePage {
        kong: kong_status(&visitor, &*watch.health(None).await),
        workspaces: workspaces.collect(),
        steps: if visitor.is_super_admin() { steps(&visitor).await? } else { Vec::new() },
        enforcing: visitor.services.access.is_enforced(),
        shell: visitor.shell("Home", Section::Home)?,
    };
    Ok(pages::render(StatusCode::OK, &page)?)
}

fn kong_status(visitor: &AdminSession, health: &KongHealth) -> KongStatus {
    KongStatus {
        badge: health_badge(health),
        version: health.version.clone(),
        // It tells about the network.
        address: visitor.is_super_admin().then(|| visitor.services.kong_watch.address(None)),
        checked: When::new(health.checked_at, visitor.now()),
        problem: health.problem.clone(),
    }
}

/// Whether a Kong answers.
pub(super) fn health_badge(health: &KongHealth) -> Badge {
    if health.problem.is_none() { Badge::new("ok", "reachable") } else { Badge::new("bad", "not reachable") }
}

/// Numbers of a Kong, with their names.
pub(super) fn count_list(counts: &KongCounts) -> Vec<Count> {
    counts.counts.iter().map(|(label, value)| Count { label: (*label).to_owned(), value: *value }).collect()
}

fn card(visitor: &AdminSession, workspace: &Workspace, counts: &KongCounts, own: &[HeldRole]) -> WorkspaceCard {
    let detail = format!("/workspaces/{}", workspace.name);
    let counts_here = |held: &&HeldRole| held.workspace == workspace.name || held.workspace.is_default();
    let name = |held: &HeldRole| match held.workspace == workspace.name {
        true => held.role.to_string(),
        false => format!("{} of {}", held.role, held.workspace),
    };
    let sees_detail = visitor.may(workspace, &detail, Action::Read);
    WorkspaceCard {
        name: workspace.name.to_string(),
        comment: workspace.comment.clone().unwrap_or_default(),
        detail_url: sees_detail.then(|| visitor.url(&detail)),
        counts: count_list(counts),
        roles: own.iter().filter(counts_here).map(name).collect(),
        problem: counts.problem.clone(),
    }
}

/// What leads from an open Admin API to roles by sign-in; empty once all of it is done.
async fn steps(visitor: &AdminSession) -> Result<Vec<Step>, ApiError> {
    let services = &visitor.services;
    let link = |path: &str, label: &'static str| Some((visitor.url(path), label));
    let is_provider_known = services.login.as_ref().is_some_and(|login| login.provider().discovered_at.is_some());
    let steps = vec![
        Step::new(
            is_provider_known,
            "Connect the identity provider",
            "Set admin_gui_auth and admin_gui_auth_conf, then try a login without effect on the SSO status page.",
            services.login.as_ref().and_then(|_| link("/sso", "SSO status")),
        ),
        Step::new(
            groups::is_any_mapped(services).await?,
            "Map a group to a role",
            "Roles that come with a group at the provider need no upkeep here.",
            link("/groups", "Groups"),
        ),
        Step::new(
            services.access.is_enforced(),
            "Enforce RBAC",
            "Set enforce_rbac = on: until then everybody who comes here may do everything.",
            None,
        ),
        Step::new(
            services.audit.is_on(),
            "Switch the audit log on",
            "Set audit_log = on to know who did what, and why it was allowed.",
            None,
        ),
        Step::new(
            accounts::count_super_admins(services).await? > 1,
            "Have a second super admin",
            "One person who leaves, or one address that changes, must not lock you out.",
            link("/admins", "Admins"),
        ),
    ];
    Ok(if steps.iter().all(|step| step.done) { Vec::new() } else { steps })
}
