//! `/groups/{id}`: the roles that a group gives, and who is in it.

use actix_web::HttpResponse;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;
use serde_json::{Value, json};

use super::admin::ConfirmForm;
use super::doors::Change;
use super::extractors::{AdminSession, CsrfForm};
use super::flash::Flash;
use super::form::{Choice, Errors, RoleGroup, role_groups};
use super::frame::{PageError, PageResult};
use super::groups::{GroupFields, GroupForm, INPUTS, sees_link};
use super::shell::{Section, Shell};
use super::times::When;
use crate::domain::admin::Admin;
use crate::domain::group::GroupRole;
use crate::domain::rbac::Action;
use crate::domain::workspace::Workspace;
use crate::services::page_data::groups::{self, GroupDetail as Detail};
use crate::services::page_data::roles;
use crate::web::error::ApiError;
use crate::web::pages;

#[derive(Template)]
#[template(path = "group.html")]
struct GroupPage {
    shell: Shell,
    errors: Errors,
    can_update: bool,
    can_delete: bool,
    can_map: bool,
    url: String,
    group: GroupDetail,
    form: GroupForm,
    mappings: Vec<Mapping>,
    role_choices: Vec<RoleGroup>,
    workspace_choices: Vec<Choice>,
    members: Vec<Member>,
    member_count: u64,
}

struct GroupDetail {
    id: String,
    name: String,
    comment: String,
    created: When,
    updated: When,
}

struct Mapping {
    workspace: String,
    workspace_id: String,
    role: String,
    role_id: String,
    role_url: String,
    removable: bool,
}

struct Member {
    name: String,
    email: String,
    url: String,
    last_login: Option<When>,
}

/// What the forms about roles say.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct MappingFields {
    rbac_role_id: String,
    workspace_id: String,
}

/// A group at its page.
struct Shown<'v> {
    visitor: &'v AdminSession,
    detail: Detail,
}

/// What was typed into the page's forms.
#[derive(Default)]
struct Typed {
    group: Option<GroupFields>,
    mapping: MappingFields,
}

/// `GET /groups/{id}`
pub(super) async fn show(visitor: AdminSession, id: Path<String>) -> PageResult {
    find(&visitor, &id).await?.page(Typed::default(), Errors::default()).await
}

/// `POST /groups/{id}`
pub(super) async fn update(form: CsrfForm<GroupFields>, id: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let shown = find(&visitor, &id).await?;
    let outcome = shown.send("PATCH", fields.to_body()).await;
    shown.settle(outcome, Typed { group: Some(fields), ..Typed::default() }, "The group was saved.").await
}

/// `POST /groups/{id}/roles`; without a workspace the role counts in its own.
pub(super) async fn map(form: CsrfForm<MappingFields>, id: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let shown = find(&visitor, &id).await?;
    let workspace = match fields.workspace_id.as_str() {
        "" => home_of(&visitor, &fields.rbac_role_id).await?,
        id => id.to_owned(),
    };
    let members = json!({ "rbac_role_id": fields.rbac_role_id, "workspace_id": workspace });
    let outcome = shown.link("POST", &workspace, members).await;
    let typed = Typed { mapping: fields, ..Typed::default() };
    shown.settle(outcome, typed, "The role was added. It counts from the members' next request.").await
}

/// `POST /groups/{id}/roles/delete`
pub(super) async fn unmap(form: CsrfForm<MappingFields>, id: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let shown = find(&visitor, &id).await?;
    let members = json!({ "rbac_role_id": fields.rbac_role_id, "workspace_id": fields.workspace_id });
    let outcome = shown.link("DELETE", &fields.workspace_id, members).await;
    shown.settle(outcome, Typed::default(), "The role was removed.").await
}

/// `POST /groups/{id}/delete`
pub(super) async fn delete(form: CsrfForm<ConfirmForm>, id: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let shown = find(&visitor, &id).await?;
    let name = shown.detail.group.name.to_string();
    if fields.confirm != name {
        let errors = Errors::of_field("confirm", "", "type the name to confirm");
        return shown.page(Typed::default(), errors).await;
    }
    match shown.send("DELETE", Value::Null).await {
        Ok(_) => visitor.done(&visitor.url("/groups"), &Flash::ok(format!("Group {name} was deleted."))),
        Err(refusal) => shown.page(Typed::default(), Errors::of_refusal(refusal, &[])?).await,
    }
}

async fn find<'v>(visitor: &'v AdminSession, id: &str) -> Result<Shown<'v>, PageError> {
    visitor.require_place(&format!("/groups/{id}"), Action::Read)?;
    Ok(Shown { visitor, detail: groups::find(&visitor.services, id).await? })
}

/// The workspace a role belongs to.
async fn home_of(visitor: &AdminSession, role: &str) -> Result<String, ApiError> {
    Ok(roles::find(&visitor.services, role).await?.role.ws_id.to_string())
}

impl Shown<'_> {
    fn id(&self) -> String {
        self.detail.group.id.to_string()
    }

    fn url(&self) -> String {
        self.visitor.url(&format!("/groups/{}", self.id()))
    }

    /// A change of the group itself, which belongs to no workspace.
    async fn send(&self, method: &'static str, members: Value) -> Result<Value, ApiError> {
        let default = self.visitor.default_workspace()?;
        self.visitor.change(Change::new(default, method, &["groups", &self.id()], members)).await
    }

    /// A change of its roles, by the rights in the workspace where they count.
    async fn link(&self, method: &'static str, workspace: &str, members: Value) -> Result<Value, ApiError> {
        let place = self.visitor.find_workspace(workspace).ok_or_else(ApiError::not_found)?;
        self.visitor.change(Change::new(place, method, &["groups", &self.id(), "roles"], members)).await
    }

    /// The workspaces in which the visitor may give the group a role.
    fn mappable(&self) -> Vec<&Workspace> {
        let door = format!("/groups/{}/roles", self.id());
        let places = self.visitor.reachable().into_iter();
        places.filter(|one| self.visitor.may(one, &door, Action::Create)).collect()
    }

    /// Answers a change: back to the page, or the page with what is wrong.
    async fn settle<T>(self, outcome: Result<T, ApiError>, typed: Typed, message: &str) -> PageResult {
        match outcome {
            Ok(_) => self.visitor.done(&self.url(), &Flash::ok(message)),
            Err(refusal) => self.page(typed, Errors::of_refusal(refusal, INPUTS)?).await,
        }
    }

    async fn page(self, typed: Typed, errors: Errors) -> Result<HttpResponse, PageError> {
        let (visitor, group) = (self.visitor, &self.detail.group);
        let door = format!("/groups/{}", group.id);
        let default = visitor.default_workspace()?;
        let may = |endpoint: &str, action| visitor.may(default, endpoint, action);
        let is_seen = |admin: &&Admin| {
            visitor.workspace_of(admin.ws_id).is_ok_and(|home| visitor.may(home, "/admins", Action::Read))
        };
        let members = self.detail.members.items.iter().filter(is_seen);
        let seen = self.detail.roles.iter().filter(|link| sees_link(visitor, link));
        let mappable = self.mappable();
        let homes = if mappable.is_empty() { Vec::new() } else { homes_of_roles(visitor, &mappable)? };
        let choices = roles::choices(&visitor.services, homes).await?;
        let comment = group.comment.clone().unwrap_or_default();
        let stored = GroupFields { name: group.name.to_string(), comment: comment.clone() };
        let view = GroupPage {
            shell: visitor.shell(group.name.as_str(), Section::Groups)?,
            can_update: may(&door, Action::Update),
            can_delete: may(&door, Action::Delete),
            can_map: !mappable.is_empty(),
            url: self.url(),
            form: typed.group.unwrap_or(stored).to_form(&errors),
            mappings: seen.map(|link| mapping(visitor, link)).collect(),
            role_choices: role_groups(&choices, |_, role| role.id.to_string(), &typed.mapping.rbac_role_id),
            workspace_choices: workspace_choices(&mappable, &typed.mapping.workspace_id),
            members: members.map(|admin| member(visitor, admin)).collect(),
            member_count: self.detail.members.total,
            group: GroupDetail {
                id: group.id.to_string(),
                name: group.name.to_string(),
                comment,
                created: When::new(group.created_at, visitor.now()),
                updated: When::new(group.updated_at, visitor.now()),
            },
            errors,
        };
        Ok(pages::render(view.errors.status(), &view)?)
    }
}

/// Where roles to choose from live: in the workspaces themselves, and in `default`, whose roles may count anywhere.
fn homes_of_roles<'v>(visitor: &'v AdminSession, mappable: &[&'v Workspace]) -> Result<Vec<&'v Workspace>, ApiError> {
    let default = visitor.default_workspace()?;
    let others = mappable.iter().copied().filter(|one| one.id != default.id);
    Ok(std::iter::once(default).chain(others).collect())
}

fn workspace_choices(mappable: &[&Workspace], selected: &str) -> Vec<Choice> {
    mappable.iter().map(|one| Choice::new(one.id.to_string(), one.name.as_str(), selected)).collect()
}

fn mapping(visitor: &AdminSession, link: &GroupRole) -> Mapping {
    Mapping {
        workspace: link.workspace_name.to_string(),
        workspace_id: link.workspace_id.to_string(),
        role: link.role_name.to_string(),
        role_id: link.role_id.to_string(),
        role_url: visitor.url(&format!("/roles/{}", link.role_id)),
        removable: visitor
            .workspace_of(link.workspace_id)
            .is_ok_and(|one| visitor.may(one, &format!("/groups/{}/roles", link.group.id), Action::Delete)),
    }
}

fn member(visitor: &AdminSession, admin: &Admin) -> Member {
    Member {
        name: admin.username.to_string(),
        email: admin.email.clone().unwrap_or_default(),
        url: visitor.url(&format!("/admins/{}", admin.id)),
        last_login: admin.last_login_at.map(|at| When::new(at, visitor.now())),
    }
}
