//! `/roles/{id}`: the rules of a role, who has it, its comment.

use actix_web::HttpResponse;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;
use serde_json::{Value, json};

use super::admin::ConfirmForm;
use super::doors::Change;
use super::extractors::{AdminSession, CsrfForm};
use super::flash::Flash;
use super::form::{Choice, Errors, Field, optional};
use super::frame::{PageError, PageResult};
use super::groups::sees_link;
use super::lists::address;
use super::role_rules::RuleForm;
use super::shell::{Section, Shell};
use super::times::When;
use crate::domain::admin::RbacUser;
use crate::domain::rbac::Action;
use crate::domain::role::{RoleEndpoint, RoleSource, is_built_in};
use crate::domain::workspace::Workspace;
use crate::services::page_data::roles::{self, RoleDetail as Detail};
use crate::web::error::ApiError;
use crate::web::pages;

/// Inputs of the forms: ids and labels.
pub(super) const INPUTS: &[(&str, &str)] = &[("comment", "Comment")];

#[derive(Template)]
#[template(path = "role.html")]
struct RolePage {
    shell: Shell,
    errors: Errors,
    url: String,
    can_update: bool,
    can_delete: bool,
    can_add_rules: bool,
    can_remove_rules: bool,
    role: RoleDetail,
    comment: Field,
    rules: Vec<RuleRow>,
    drafts: Vec<RuleForm>,
    workspace_choices: Vec<Choice>,
    endpoints: Vec<String>,
    users: Vec<Holder>,
    groups: Vec<Holder>,
    explain_url: String,
}

struct RoleDetail {
    id: String,
    name: String,
    workspace: String,
    comment: String,
    built_in: bool,
    created: When,
    updated: When,
}

struct RuleRow {
    workspace: String,
    endpoint: String,
    read: bool,
    create: bool,
    update: bool,
    delete: bool,
    negative: bool,
    comment: String,
}

impl From<&RoleEndpoint> for RuleRow {
    fn from(rule: &RoleEndpoint) -> Self {
        Self {
            workspace: rule.workspace.to_string(),
            endpoint: rule.endpoint.to_string(),
            read: rule.actions.has(Action::Read),
            create: rule.actions.has(Action::Create),
            update: rule.actions.has(Action::Update),
            delete: rule.actions.has(Action::Delete),
            negative: rule.negative,
            comment: rule.comment.clone().unwrap_or_default(),
        }
    }
}

/// Somebody who has the role.
struct Holder {
    name: String,
    url: String,
    note: String,
}

/// What the form with the comment says.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CommentForm {
    comment: String,
}

/// A role at its page.
pub(super) struct Shown<'v> {
    pub(super) visitor: &'v AdminSession,
    pub(super) detail: Detail,
    pub(super) workspace: &'v Workspace,
}

/// What was typed into the page's forms.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) comment: Option<String>,
    pub(super) drafts: Vec<RuleForm>,
}

/// `GET /roles/{id}`
pub(super) async fn show(visitor: AdminSession, id: Path<String>) -> PageResult {
    find(&visitor, &id).await?.page(Typed::default(), Errors::default()).await
}

/// `POST /roles/{id}`
pub(super) async fn update(form: CsrfForm<CommentForm>, id: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let shown = find(&visitor, &id).await?;
    match shown.send("PATCH", &[], json!({ "comment": optional(&fields.comment) })).await {
        Ok(_) => visitor.done(&shown.url(), &Flash::ok("The comment was saved.")),
        Err(refusal) => {
            let typed = Typed { comment: Some(fields.comment), ..Typed::default() };
            shown.page(typed, Errors::of_refusal(refusal, INPUTS)?).await
        }
    }
}

/// `POST /roles/{id}/delete`
pub(super) async fn delete(form: CsrfForm<ConfirmForm>, id: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let shown = find(&visitor, &id).await?;
    let name = shown.detail.role.name.to_string();
    if fields.confirm != name {
        return shown.page(Typed::default(), Errors::of_field("confirm", "", "type the name to confirm")).await;
    }
    match shown.send("DELETE", &[], Value::Null).await {
        Ok(_) => {
            let list = address(&visitor.url("/roles"), &[("workspace", shown.workspace.name.as_str())]);
            visitor.done(&list, &Flash::ok(format!("Role {name} was deleted.")))
        }
        Err(refusal) => shown.page(Typed::default(), Errors::of_refusal(refusal, INPUTS)?).await,
    }
}

/// The role, when the visitor may read it in its workspace.
pub(super) async fn find<'v>(visitor: &'v AdminSession, id: &str) -> Result<Shown<'v>, PageError> {
    let detail = roles::find(&visitor.services, id).await;
    let home = detail.as_ref().ok().and_then(|detail| visitor.workspace_of(detail.role.ws_id).ok());
    let workspace = home.map_or_else(|| visitor.chosen_workspace(), Ok)?;
    visitor.require(workspace, &format!("/rbac/roles/{id}"), Action::Read)?;
    Ok(Shown { visitor, detail: detail?, workspace })
}

impl Shown<'_> {
    /// The page's address.
    pub(super) fn url(&self) -> String {
        self.visitor.url(&format!("/roles/{}", self.detail.role.id))
    }

    /// A change by the role's door, or one below it.
    pub(super) async fn send(&self, method: &'static str, below: &[String], members: Value) -> Result<Value, ApiError> {
        let mut segments = vec!["rbac".to_owned(), "roles".to_owned(), self.detail.role.id.to_string()];
        segments.extend_from_slice(below);
        self.visitor.change(Change { workspace: self.workspace, method, segments, body: members }).await
    }

    /// The page.
    pub(super) async fn page(self, typed: Typed, errors: Errors) -> Result<HttpResponse, PageError> {
        let (visitor, role) = (self.visitor, &self.detail.role);
        let door = format!("/rbac/roles/{}", role.id);
        let may = |endpoint: &str, action| visitor.may(self.workspace, endpoint, action);
        let comment = role.comment.clone().unwrap_or_default();
        let drafts = if typed.drafts.is_empty() { vec![RuleForm::blank(0)] } else { typed.drafts };
        let view = RolePage {
            shell: visitor.shell(role.name.as_str(), Section::Roles)?,
            url: self.url(),
            can_update: may(&door, Action::Update),
            can_delete: may(&door, Action::Delete),
            can_add_rules: may(&format!("{door}/endpoints"), Action::Create),
            can_remove_rules: may(&format!("{door}/endpoints/*/*"), Action::Delete),
            comment: Field::checked(typed.comment.unwrap_or_else(|| comment.clone()), &errors, "comment"),
            rules: self.detail.rules.iter().map(RuleRow::from).collect(),
            workspace_choices: self.workspace_choices(),
            endpoints: super::endpoint_names::suggestions(visitor).await,
            users: self.users(),
            groups: self.groups(),
            explain_url: visitor.url("/roles/explain"),
            role: RoleDetail {
                id: role.id.to_string(),
                name: role.name.to_string(),
                workspace: self.workspace.name.to_string(),
                comment,
                built_in: is_built_in(&self.workspace.name, &role.name),
                created: When::new(role.created_at, visitor.now()),
                updated: When::new(role.updated_at, visitor.now()),
            },
            drafts,
            errors,
        };
        Ok(pages::render(view.errors.status(), &view)?)
    }

    /// Where a new rule may apply: in the role's workspace; for roles of `default`, also elsewhere and everywhere.
    fn workspace_choices(&self) -> Vec<Choice> {
        let own = self.workspace.name.as_str();
        let mut choices = vec![Choice::new(own, own, own)];
        if self.workspace.name.is_default() {
            let others = self.visitor.reachable().into_iter().filter(|one| one.id != self.workspace.id);
            choices.extend(others.map(|one| Choice::new(one.name.as_str(), one.name.as_str(), own)));
            choices.push(Choice::new("*", "* (every workspace)", own));
        }
        choices
    }

    /// Direct holders whose pages the visitor may read.
    fn users(&self) -> Vec<Holder> {
        let visitor = self.visitor;
        let is_seen = |(user, _): &&(RbacUser, RoleSource)| {
            let list = if user.admin_id.is_some() { "/admins" } else { "/rbac/users" };
            visitor.workspace_of(user.ws_id).is_ok_and(|home| visitor.may(home, list, Action::Read))
        };
        let seen = self.detail.users.iter().filter(is_seen);
        seen.map(|(user, source)| holder(visitor, user, *source)).collect()
    }

    /// Groups that give it, where the visitor may read such links.
    fn groups(&self) -> Vec<Holder> {
        let link = |link: &crate::domain::group::GroupRole| Holder {
            name: link.group.name.to_string(),
            url: self.visitor.url(&format!("/groups/{}", link.group.id)),
            note: link.workspace_name.to_string(),
        };
        self.detail.groups.iter().filter(|link| sees_link(self.visitor, link)).map(link).collect()
    }
}

fn holder(visitor: &AdminSession, user: &RbacUser, source: RoleSource) -> Holder {
    let url = match user.admin_id {
        Some(admin) => format!("/admins/{admin}"),
        None => format!("/rbac-users/{}", user.id),
    };
    Holder { name: user.name.to_string(), url: visitor.url(&url), note: source.as_str().to_owned() }
}
