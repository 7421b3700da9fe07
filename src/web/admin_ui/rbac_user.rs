//! `/rbac-users/{id}`: one service account.

use actix_web::HttpResponse;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;
use serde_json::{Value, json};

use super::admin::{ButtonForm, ConfirmForm, RoleForm, audit_url, explain_url};
use super::doors::Change;
use super::extractors::{AdminSession, CsrfForm};
use super::flash::Flash;
use super::form::{Errors, Field, RoleGroup, optional, role_groups};
use super::frame::{PageError, PageResult};
use super::grants::{RoleGrant, TokenOnce, role_grants};
use super::rbac_users::once;
use super::role_choice::{RoleChoice, assignable};
use super::shell::{Section, Shell};
use super::times::When;
use crate::domain::rbac::Action;
use crate::domain::workspace::Workspace;
use crate::services::page_data::service_accounts::{self, ServiceAccount};
use crate::web::error::ApiError;
use crate::web::pages;

/// Inputs of the form: ids and labels.
const INPUTS: &[(&str, &str)] = &[("comment", "Comment"), ("enabled", "Enabled")];

#[derive(Template)]
#[template(path = "rbac_user.html")]
struct RbacUserPage {
    shell: Shell,
    errors: Errors,
    url: String,
    can_update: bool,
    can_reset: bool,
    can_delete: bool,
    can_change_roles: bool,
    token: Option<TokenOnce>,
    user: RbacUserDetail,
    form: RbacUserEdit,
    roles: Vec<RoleGrant>,
    role_choices: Vec<RoleGroup>,
    explain_url: Option<String>,
    audit_url: Option<String>,
}

struct RbacUserDetail {
    id: String,
    name: String,
    workspace: String,
    enabled: bool,
    created: When,
    updated: When,
}

struct RbacUserEdit {
    comment: Field,
    enabled: bool,
}

/// What the form says.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Edit {
    comment: String,
    enabled: Option<String>,
}

/// A service account at its page.
struct Shown<'v> {
    visitor: &'v AdminSession,
    account: ServiceAccount,
    workspace: &'v Workspace,
}

/// `GET /rbac-users/{id}`
pub(super) async fn show(visitor: AdminSession, id: Path<String>) -> PageResult {
    find(&visitor, &id).await?.page(None, Errors::default(), None).await
}

/// `POST /rbac-users/{id}`
pub(super) async fn update(form: CsrfForm<Edit>, id: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let shown = find(&visitor, &id).await?;
    let members = json!({ "comment": optional(&fields.comment), "enabled": fields.enabled.is_some() });
    let outcome = shown.send("PATCH", &[], members).await;
    shown.settle(outcome, Some(&fields), "The RBAC user was saved.").await
}

/// `POST /rbac-users/{id}/token`: answers with the token instead of a redirect, since it is never shown again.
pub(super) async fn reset_token(form: CsrfForm<ButtonForm>, id: Path<String>) -> PageResult {
    let visitor = form.visitor;
    let shown = find(&visitor, &id).await?;
    match shown.send("PATCH", &["token"], json!({})).await {
        Ok(body) => {
            let token = body.get("token").and_then(Value::as_str).unwrap_or_default().to_owned();
            let once = once(&visitor, shown.account.user.name.as_str(), token, shown.account.user.user_token.is_some());
            shown.page(None, Errors::default(), Some(once)).await
        }
        Err(refusal) => shown.page(None, Errors::of_refusal(refusal, &[])?, None).await,
    }
}

/// `POST /rbac-users/{id}/roles`
pub(super) async fn add_role(form: CsrfForm<RoleForm>, id: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let shown = find(&visitor, &id).await?;
    let outcome = match RoleChoice::parse(&visitor, &fields.role) {
        Some(role) => role.give(&visitor, &["rbac", "users", &shown.id(), "roles"]).await,
        None => Err(ApiError::bad_request("role", "choose a role")),
    };
    shown.settle(outcome, None, &format!("The role {} was added.", fields.role)).await
}

/// `POST /rbac-users/{id}/roles/delete`
pub(super) async fn remove_role(form: CsrfForm<RoleForm>, id: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let shown = find(&visitor, &id).await?;
    let outcome = match RoleChoice::parse(&visitor, &fields.role) {
        Some(role) => role.take(&visitor, &["rbac", "users", &shown.id(), "roles"]).await,
        None => Err(ApiError::bad_request("role", "choose a role")),
    };
    shown.settle(outcome, None, &format!("The role {} was removed.", fields.role)).await
}

/// `POST /rbac-users/{id}/delete`
pub(super) async fn delete(form: CsrfForm<ConfirmForm>, id: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let shown = find(&visitor, &id).await?;
    let name = shown.account.user.name.to_string();
    if fields.confirm != name {
        return shown.page(None, Errors::of_field("confirm", "", "type the name to confirm"), None).await;
    }
    match shown.send("DELETE", &[], Value::Null).await {
        Ok(_) => visitor.done(&visitor.url("/rbac-users"), &Flash::ok(format!("RBAC user {name} was deleted."))),
        Err(refusal) => shown.page(None, Errors::of_refusal(refusal, &[])?, None).await,
    }
}

async fn find<'v>(visitor: &'v AdminSession, id: &str) -> Result<Shown<'v>, PageError> {
    let account = service_accounts::find(&visitor.services, id).await;
    let home = account.as_ref().ok().and_then(|account| visitor.workspace_of(account.user.ws_id).ok());
    let workspace = home.map_or_else(|| visitor.chosen_workspace(), Ok)?;
    visitor.require(workspace, &format!("/rbac/users/{id}"), Action::Read)?;
    Ok(Shown { visitor, account: account?, workspace })
}

impl Shown<'_> {
    fn id(&self) -> String {
        self.account.user.id.to_string()
    }

    fn url(&self) -> String {
        self.visitor.url(&format!("/rbac-users/{}", self.id()))
    }

    /// A change by the account's door, or one below it.
    async fn send(&self, method: &'static str, below: &[&str], members: Value) -> Result<Value, ApiError> {
        let id = self.id();
        let segments: Vec<&str> = ["rbac", "users", &id].into_iter().chain(below.iter().copied()).collect();
        self.visitor.change(Change::new(self.workspace, method, &segments, members)).await
    }

    /// Answers a change: back to the page, or the page with what is wrong.
    async fn settle<T>(self, outcome: Result<T, ApiError>, typed: Option<&Edit>, message: &str) -> PageResult {
        match outcome {
            Ok(_) => self.visitor.done(&self.url(), &Flash::ok(message)),
            Err(refusal) => self.page(typed, Errors::of_refusal(refusal, INPUTS)?, None).await,
        }
    }

    async fn page(
        self,
        typed: Option<&Edit>,
        errors: Errors,
        token: Option<TokenOnce>,
    ) -> Result<HttpResponse, PageError> {
        let (visitor, user) = (self.visitor, &self.account.user);
        let door = format!("/rbac/users/{}", user.id);
        let choices = assignable(visitor, &format!("{door}/roles")).await?;
        let stored =
            Edit { comment: user.comment.clone().unwrap_or_default(), enabled: user.enabled.then(String::new) };
        let typed = typed.unwrap_or(&stored);
        let view = RbacUserPage {
            shell: visitor.shell(user.name.as_str(), Section::RbacUsers)?,
            url: self.url(),
            can_update: visitor.may(self.workspace, &door, Action::Update),
            can_reset: visitor.may(self.workspace, &format!("{door}/token"), Action::Update),
            can_delete: visitor.may(self.workspace, &door, Action::Delete),
            can_change_roles: !choices.is_empty(),
            form: RbacUserEdit {
                comment: Field::checked(&typed.comment, &errors, "comment"),
                enabled: typed.enabled.is_some(),
            },
            roles: role_grants(visitor, &self.account.roles, &format!("{door}/roles")),
            role_choices: role_groups(&choices, |workspace, role| format!("{workspace}:{}", role.name), ""),
            explain_url: explain_url(visitor, user.name.as_str()),
            audit_url: audit_url(visitor, user.name.as_str()),
            user: self.detail(),
            token,
            errors,
        };
        Ok(pages::render(view.errors.status(), &view)?)
    }

    fn detail(&self) -> RbacUserDetail {
        let user = &self.account.user;
        RbacUserDetail {
            id: user.id.to_string(),
            name: user.name.to_string(),
            workspace: self.workspace.name.to_string(),
            enabled: user.enabled,
            created: When::new(user.created_at, self.visitor.now()),
            updated: When::new(user.updated_at, self.visitor.now()),
        }
    }
}
