//! `/roles`: the roles of a workspace, and the form for a new one.

use actix_web::HttpResponse;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;
use serde_json::{Value, json};

use super::doors::Change;
use super::extractors::{AdminSession, CsrfForm};
use super::flash::Flash;
use super::form::{Errors, Field, optional};
use super::frame::{PageError, PageResult};
use super::lists::{ListQuery, Pager, address};
use super::shell::{Section, Shell};
use crate::domain::rbac::Action;
use crate::domain::role::is_built_in;
use crate::domain::workspace::Workspace;
use crate::services::page_data::roles::{self, CountedRole};
use crate::web::pages;

/// Inputs of the form: ids and labels.
const INPUTS: &[(&str, &str)] = &[("name", "Name"), ("comment", "Comment")];

#[derive(Template)]
#[template(path = "roles.html")]
struct RolesPage {
    shell: Shell,
    errors: Errors,
    workspace: String,
    tabs: Vec<Tab>,
    can_create: bool,
    form: RoleForm,
    roles: Vec<RoleRow>,
    pager: Pager,
}

struct Tab {
    label: String,
    url: String,
    current: bool,
}

struct RoleForm {
    name: Field,
    comment: Field,
}

struct RoleRow {
    url: String,
    name: String,
    comment: String,
    built_in: bool,
    rules: u64,
    users: u64,
    groups: u64,
}

/// What the form for a new role says.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct NewRole {
    workspace: String,
    name: String,
    comment: String,
}

/// `GET /roles`
pub(super) async fn list(visitor: AdminSession, query: Query<ListQuery>) -> PageResult {
    let workspace = visitor.workspace_to_show(&query.workspace, "/rbac/roles")?;
    page(&visitor, workspace, &query, &NewRole::default(), Errors::default()).await
}

/// `POST /roles`
pub(super) async fn create(form: CsrfForm<NewRole>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let workspace = visitor.workspace_to_show(&fields.workspace, "/rbac/roles")?;
    let members = json!({ "name": fields.name, "comment": optional(&fields.comment) });
    match visitor.change(Change::new(workspace, "POST", &["rbac", "roles"], members)).await {
        Ok(body) => {
            let id = body.get("id").and_then(Value::as_str).unwrap_or_default();
            let message = Flash::ok(format!("Role {} was created. Now add what it permits.", fields.name));
            visitor.done(&visitor.url(&format!("/roles/{id}")), &message)
        }
        Err(refusal) => {
            let errors = Errors::of_refusal(refusal, INPUTS)?;
            page(&visitor, workspace, &ListQuery::default(), &fields, errors).await
        }
    }
}

async fn page(
    visitor: &AdminSession,
    workspace: &Workspace,
    query: &ListQuery,
    typed: &NewRole,
    errors: Errors,
) -> Result<HttpResponse, PageError> {
    let found = roles::list(&visitor.services, workspace, query.window()).await?;
    let url = visitor.url("/roles");
    let readable = visitor.reachable().into_iter().filter(|one| visitor.may(one, "/rbac/roles", Action::Read));
    let tab = |one: &Workspace| Tab {
        label: one.name.to_string(),
        url: address(&url, &[("workspace", one.name.as_str())]),
        current: one.id == workspace.id,
    };
    let view = RolesPage {
        shell: visitor.shell("Roles", Section::Roles)?,
        workspace: workspace.name.to_string(),
        tabs: readable.map(tab).collect(),
        can_create: visitor.may(workspace, "/rbac/roles", Action::Create),
        form: RoleForm {
            name: Field::checked(&typed.name, &errors, "name"),
            comment: Field::checked(&typed.comment, &errors, "comment"),
        },
        pager: Pager::new(query, &url, found.items.len(), found.total),
        roles: found.items.iter().map(|counted| row(visitor, workspace, counted)).collect(),
        errors,
    };
    Ok(pages::render(view.errors.status(), &view)?)
}

fn row(visitor: &AdminSession, workspace: &Workspace, counted: &CountedRole) -> RoleRow {
    let role = &counted.role;
    RoleRow {
        url: visitor.url(&format!("/roles/{}", role.id)),
        name: role.name.to_string(),
        comment: role.comment.clone().unwrap_or_default(),
        built_in: is_built_in(&workspace.name, &role.name),
        rules: counted.rules,
        users: counted.users,
        groups: counted.groups,
    }
}
