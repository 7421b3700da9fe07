//! `/workspaces/{name}`: the Kong behind a workspace, and what kong-sso keeps for it.

use actix_web::HttpResponse;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::admin::ConfirmForm;
use super::doors::Change;
use super::extractors::{AdminSession, CsrfForm};
use super::flash::Flash;
use super::form::{Errors, Field, optional};
use super::frame::{PageError, PageResult};
use super::grants::Badge;
use super::home::{Count, count_list, health_badge};
use super::shell::{Section, Shell};
use super::times::When;
use crate::domain::rbac::Action;
use crate::domain::workspace::Workspace;
use crate::services::page_data::workspaces::{WorkspaceContents, contents};
use crate::web::admin_api::own::Query;
use crate::web::error::ApiError;
use crate::web::pages;

/// Inputs of the form: ids and labels.
const INPUTS: &[(&str, &str)] = &[("comment", "Comment"), ("upstream_admin_url", "Admin API URL of its Kong")];

#[derive(Template)]
#[template(path = "workspace.html")]
struct WorkspacePage {
    shell: Shell,
    errors: Errors,
    url: String,
    can_update: bool,
    can_change_upstream: bool,
    can_delete: bool,
    workspace: WorkspaceDetail,
    form: WorkspaceEdit,
    counts: Vec<Count>,
    counted: When,
    kong: Badge,
    problem: Option<String>,
    owned: Vec<Count>,
    is_empty: bool,
}

struct WorkspaceDetail {
    id: String,
    name: String,
    comment: String,
    upstream: Option<String>,
    created: When,
    updated: When,
}

struct WorkspaceEdit {
    comment: Field,
    upstream_admin_url: Field,
}

/// What the form says; the address is there only for those who may change it.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Edit {
    comment: String,
    upstream_admin_url: Option<String>,
}

/// A workspace at its page, and where the visitor may read it.
struct Shown<'v> {
    visitor: &'v AdminSession,
    workspace: &'v Workspace,
}

/// `GET /workspaces/{name}`
pub(super) async fn show(visitor: AdminSession, name: Path<String>) -> PageResult {
    find(&visitor, &name)?.page(None, Errors::default()).await
}

/// `POST /workspaces/{name}`
pub(super) async fn update(form: CsrfForm<Edit>, name: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let shown = find(&visitor, &name)?;
    let mut members = Map::new();
    members.insert("comment".to_owned(), optional(&fields.comment));
    if let Some(address) = &fields.upstream_admin_url {
        members.insert("upstream_admin_url".to_owned(), optional(address));
    }
    match shown.send("PATCH", Value::Object(members), Query::default()).await {
        Ok(_) => visitor.done(&shown.url(), &Flash::ok("The workspace was saved.")),
        Err(refusal) => shown.page(Some(fields), Errors::of_refusal(refusal, INPUTS)?).await,
    }
}

/// `POST /workspaces/{name}/delete`
pub(super) async fn delete(form: CsrfForm<ConfirmForm>, name: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let shown = find(&visitor, &name)?;
    if fields.confirm != shown.workspace.name.as_str() {
        return shown.page(None, Errors::of_field("confirm", "", "type the name to confirm")).await;
    }
    let cascade = fields.cascade.map(|_| ("cascade".to_owned(), "true".to_owned()));
    match shown.send("DELETE", Value::Null, cascade.into_iter().collect()).await {
        Ok(_) => {
            let message = Flash::ok(format!("Workspace {} was deleted. Its Kong was not touched.", fields.confirm));
            visitor.done(&visitor.url("/workspaces"), &message)
        }
        Err(refusal) => shown.page(None, Errors::of_refusal(refusal, INPUTS)?).await,
    }
}

fn find<'v>(visitor: &'v AdminSession, name: &str) -> Result<Shown<'v>, PageError> {
    let workspace = visitor.reachable().into_iter().find(|one| one.name.as_str() == name);
    let workspace = workspace.ok_or_else(ApiError::not_found)?;
    let shown = Shown { visitor, workspace };
    visitor.require(workspace, &shown.door(), Action::Read)?;
    Ok(shown)
}

impl Shown<'_> {
    fn door(&self) -> String {
        format!("/workspaces/{}", self.workspace.name)
    }

    fn url(&self) -> String {
        self.visitor.url(&self.door())
    }

    /// The rights in the workspace itself count, wherever the request stands.
    fn may(&self, action: Action) -> bool {
        self.visitor.may(self.workspace, &self.door(), action)
    }

    async fn send(&self, method: &'static str, members: Value, query: Query) -> Result<Value, ApiError> {
        let segments = ["workspaces", self.workspace.name.as_str()];
        self.visitor.call(Change::new(self.workspace, method, &segments, members), query).await
    }

    async fn page(self, typed: Option<Edit>, errors: Errors) -> Result<HttpResponse, PageError> {
        let (visitor, workspace) = (self.visitor, self.workspace);
        let own_upstream = workspace.upstream_admin_url.as_deref();
        let watch = &visitor.services.kong_watch;
        let (health, counts) = futures_util::join!(watch.health(own_upstream), watch.counts(own_upstream));
        let owned = contents(&visitor.services, workspace).await?;
        let comment = workspace.comment.clone().unwrap_or_default();
        let typed = typed.unwrap_or_else(|| Edit { comment: comment.clone(), upstream_admin_url: None });
        let address = typed.upstream_admin_url.unwrap_or_else(|| own_upstream.unwrap_or_default().to_owned());
        let now = visitor.now();
        let view = WorkspacePage {
            shell: visitor.shell(workspace.name.as_str(), Section::Workspaces)?,
            url: self.url(),
            can_update: self.may(Action::Update),
            can_change_upstream: visitor.is_super_admin() && !workspace.name.is_default(),
            can_delete: visitor.may_everywhere(&self.door(), Action::Delete) && !workspace.name.is_default(),
            form: WorkspaceEdit {
                comment: Field::checked(typed.comment, &errors, "comment"),
                upstream_admin_url: Field::checked(address, &errors, "upstream_admin_url"),
            },
            counts: count_list(&counts),
            counted: When::new(counts.counted_at, now),
            kong: health_badge(&health),
            problem: counts.problem.clone().or_else(|| health.problem.clone()),
            is_empty: owned.rbac_users + owned.admins + owned.group_links == 0,
            owned: owned_list(owned),
            workspace: WorkspaceDetail {
                id: workspace.id.to_string(),
                name: workspace.name.to_string(),
                comment,
                upstream: visitor.is_super_admin().then(|| watch.address(own_upstream)),
                created: When::new(workspace.created_at, now),
                updated: When::new(workspace.updated_at, now),
            },
            errors,
        };
        Ok(pages::render(view.errors.status(), &view)?)
    }
}

/// Own entities, in words that fit their number.
fn owned_list(owned: WorkspaceContents) -> Vec<Count> {
    let words = [
        (owned.roles, "role", "roles"),
        (owned.rbac_users, "RBAC user", "RBAC users"),
        (owned.admins, "admin", "admins"),
        (owned.group_links, "group mapping", "group mappings"),
    ];
    let count =
        |(value, one, many): (u64, &str, &str)| Count { value, label: if value == 1 { one } else { many }.to_owned() };
    words.into_iter().map(count).collect()
}
