//! `/workspaces`: the workspaces that the visitor sees, and the form for a new one.

use actix_web::HttpResponse;
use askama::Template;
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::json;

use super::doors::Change;
use super::extractors::{AdminSession, CsrfForm};
use super::flash::Flash;
use super::form::{Errors, Field, optional};
use super::frame::{PageError, PageResult};
use super::home::{Count, count_list};
use super::shell::{Section, Shell};
use crate::domain::rbac::Action;
use crate::domain::workspace::Workspace;
use crate::services::kong_watch::KongCounts;
use crate::web::pages;

/// Inputs of the form: ids and labels.
const INPUTS: &[(&str, &str)] =
    &[("name", "Name"), ("comment", "Comment"), ("upstream_admin_url", "Admin API URL of its Kong")];

#[derive(Template)]
#[template(path = "workspaces.html")]
struct WorkspacesPage {
    shell: Shell,
    errors: Errors,
    can_create: bool,
    sees_upstreams: bool,
    form: WorkspaceForm,
    workspaces: Vec<WorkspaceRow>,
}

struct WorkspaceForm {
    name: Field,
    comment: Field,
    upstream_admin_url: Field,
}

struct WorkspaceRow {
    url: Option<String>,
    name: String,
    comment: String,
    upstream: String,
    counts: Vec<Count>,
}

/// What the form for a new workspace says.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct NewWorkspace {
    name: String,
    comment: String,
    upstream_admin_url: String,
}

/// `GET /workspaces`
pub(super) async fn list(visitor: AdminSession) -> PageResult {
    page(&visitor, &NewWorkspace::default(), Errors::default()).await
}

/// `POST /workspaces`
pub(super) async fn create(form: CsrfForm<NewWorkspace>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let members = json!({
        "name": fields.name,
        "comment": optional(&fields.comment),
        "upstream_admin_url": optional(&fields.upstream_admin_url),
    });
    let place = visitor.default_workspace()?;
    match visitor.change(Change::new(place, "POST", &["workspaces"], members)).await {
        Ok(_) => {
            let message = Flash::ok(format!("Workspace {} was created with its roles.", fields.name));
            visitor.done(&visitor.url(&format!("/workspaces/{}", fields.name)), &message)
        }
        Err(refusal) => page(&visitor, &fields, Errors::of_refusal(refusal, INPUTS)?).await,
    }
}

async fn page(visitor: &AdminSession, typed: &NewWorkspace, errors: Errors) -> Result<HttpResponse, PageError> {
    let watch = &visitor.services.kong_watch;
    let seen = visitor.reachable();
    if seen.is_empty() {
        visitor.require_place("/workspaces", Action::Read)?;
    }
    let counts = join_all(seen.iter().map(|one| watch.counts(one.upstream_admin_url.as_deref()))).await;
    let view = WorkspacesPage {
        shell: visitor.shell("Workspaces", Section::Workspaces)?,
        can_create: visitor.may_everywhere("/workspaces", Action::Create),
        sees_upstreams: visitor.is_super_admin(),
        form: WorkspaceForm {
            name: Field::checked(&typed.name, &errors, "name"),
            comment: Field::checked(&typed.comment, &errors, "comment"),
            upstream_admin_url: Field::checked(&typed.upstream_admin_url, &errors, "upstream_admin_url"),
        },
        workspaces: seen.iter().zip(&counts).map(|(one, counts)| row(visitor, one, counts)).collect(),
        errors,
    };
    Ok(pages::render(view.errors.status(), &view)?)
}

fn row(visitor: &AdminSession, workspace: &Workspace, counts: &KongCounts) -> WorkspaceRow {
    let door = format!("/workspaces/{}", workspace.name);
    WorkspaceRow {
        url: visitor.may(workspace, &door, Action::Read).then(|| visitor.url(&door)),
        name: workspace.name.to_string(),
        comment: workspace.comment.clone().unwrap_or_default(),
        upstream: visitor.services.kong_watch.address(workspace.upstream_admin_url.as_deref()),
        counts: count_list(counts),
    }
}
