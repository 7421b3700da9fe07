//! `/admins/{id}`: one person's account, roles, identity and sessions.

use actix_web::HttpResponse;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;
use serde_json::{Value, json};

use super::admins::{AdminForm, INPUTS, NewAdmin};
use super::doors::Change;
use super::extractors::{AdminSession, CsrfForm};
use super::flash::Flash;
use super::form::{Errors, RoleGroup, role_groups};
use super::frame::{PageError, PageResult};
use super::grants::{Badge, RoleGrant, role_grants};
use super::lists::address;
use super::role_choice::{RoleChoice, assignable};
use super::shell::{Section, Shell};
use super::times::When;
use crate::domain::admin::AdminStatus;
use crate::domain::rbac::Action;
use crate::services::page_data::accounts::{self, Account};
use crate::web::error::ApiError;
use crate::web::pages;

#[derive(Template)]
#[template(path = "admin.html")]
struct AdminPage {
    shell: Shell,
    errors: Errors,
    url: String,
    can_update: bool,
    can_delete: bool,
    can_clear: bool,
    can_end_sessions: bool,
    is_self: bool,
    is_last_super_admin: bool,
    admin: AdminDetail,
    form: AdminForm,
    roles: Vec<RoleGrant>,
    role_choices: Vec<RoleGroup>,
    can_change_roles: bool,
    idp_groups: Vec<IdpGroup>,
    synced: Option<When>,
    binding: Option<Binding>,
    sessions: u64,
    explain_url: Option<String>,
    audit_url: Option<String>,
}

struct AdminDetail {
    id: String,
    username: String,
    status: Badge,
    revoked: bool,
    created: When,
    last_login: Option<When>,
    home_workspace: String,
}

/// A group value of the provider, with the page of the group that maps it.
pub(super) struct IdpGroup {
    pub(super) name: String,
    pub(super) url: Option<String>,
}

struct Binding {
    issuer: String,
    subject: String,
}

/// A form with one role.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RoleForm {
    pub(super) role: String,
}

/// A form with a name to confirm.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ConfirmForm {
    pub(super) confirm: String,
    pub(super) cascade: Option<String>,
}

/// A form with nothing but its button.
#[derive(Deserialize)]
pub(super) struct ButtonForm {}

/// `GET /admins/{id}`
pub(super) async fn show(visitor: AdminSession, id: Path<String>) -> PageResult {
    let account = account(&visitor, &id, Action::Read).await?;
    page(&visitor, account, None, Errors::default()).await
}

/// `POST /admins/{id}`
pub(super) async fn update(form: CsrfForm<NewAdmin>, id: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let account = account(&visitor, &id, Action::Update).await?;
    let outcome = send(&visitor, &account, "PATCH", &[], fields.to_body()).await;
    settle(&visitor, account, outcome, Some(&fields), "The account was saved.").await
}

/// `POST /admins/{id}/roles`
pub(super) async fn add_role(form: CsrfForm<RoleForm>, id: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let account = account(&visitor, &id, Action::Read).await?;
    let key = account.admin.id.to_string();
    let outcome = match RoleChoice::parse(&visitor, &fields.role) {
        Some(role) => role.give(&visitor, &["admins", &key, "roles"]).await,
        None => Err(ApiError::bad_request("role", "choose a role")),
    };
    settle(&visitor, account, outcome, None, &format!("The role {} was added.", fields.role)).await
}

/// `POST /admins/{id}/roles/delete`
pub(super) async fn remove_role(form: CsrfForm<RoleForm>, id: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let account = account(&visitor, &id, Action::Read).await?;
    let key = account.admin.id.to_string();
    let outcome = match RoleChoice::parse(&visitor, &fields.role) {
        Some(role) => role.take(&visitor, &["admins", &key, "roles"]).await,
        None => Err(ApiError::bad_request("role", "choose a role")),
    };
    settle(&visitor, account, outcome, None, &format!("The role {} was removed.", fields.role)).await
}

/// `POST /admins/{id}/revoke`
pub(super) async fn revoke(form: CsrfForm<ButtonForm>, id: Path<String>) -> PageResult {
    let visitor = form.visitor;
    let account = account(&visitor, &id, Action::Update).await?;
    let outcome = set_status(&visitor, &account, AdminStatus::Revoked).await;
    let message = format!("{} was revoked: sessions, token and sign-in are refused.", account.admin.username);
    settle(&visitor, account, outcome, None, &message).await
}

/// `POST /admins/{id}/restore`
pub(super) async fn restore(form: CsrfForm<ButtonForm>, id: Path<String>) -> PageResult {
    let visitor = form.visitor;
    let account = account(&visitor, &id, Action::Update).await?;
    let outcome = set_status(&visitor, &account, AdminStatus::Approved).await;
    let message = format!("{} may sign in again.", account.admin.username);
    settle(&visitor, account, outcome, None, &message).await
}

/// `POST /admins/{id}/delete`
pub(super) async fn delete(form: CsrfForm<ConfirmForm>, id: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let account = account(&visitor, &id, Action::Delete).await?;
    if fields.confirm != account.admin.username.as_str() {
        return page(&visitor, account, None, Errors::of_field("confirm", "", "type the username to confirm")).await;
    }
    match send(&visitor, &account, "DELETE", &[], Value::Null).await {
        Ok(_) => {
            let message = Flash::ok(format!("Admin {} was deleted.", account.admin.username));
            visitor.done(&visitor.url("/admins"), &message)
        }
        Err(refusal) => page(&visitor, account, None, Errors::of_refusal(refusal, &[])?).await,
    }
}

/// `POST /admins/{id}/binding/clear`
pub(super) async fn clear_binding(form: CsrfForm<ButtonForm>, id: Path<String>) -> PageResult {
    let visitor = form.visitor;
    let account = account(&visitor, &id, Action::Update).await?;
    let outcome = send(&visitor, &account, "DELETE", &["binding"], Value::Null).await;
    settle(&visitor, account, outcome, None, "The identity was cleared. The next sign-in binds the account anew.").await
}

/// `POST /admins/{id}/sessions/end`
pub(super) async fn end_sessions(form: CsrfForm<ButtonForm>, id: Path<String>) -> PageResult {
    let visitor = form.visitor;
    let account = account(&visitor, &id, Action::Update).await?;
    let outcome = send(&visitor, &account, "DELETE", &["sessions"], Value::Null).await;
    settle(&visitor, account, outcome, None, "All sessions were ended.").await
}

fn door(id: &str) -> String {
    format!("/admins/{id}")
}

/// The account, when the visitor may do `action` to admins of its home.
async fn account(visitor: &AdminSession, id: &str, action: Action) -> Result<Account, PageError> {
    let account = accounts::find(&visitor.services, id).await;
    let home = match &account {
        Ok(account) => visitor.workspace_of(account.admin.ws_id)?,
        Err(_) => visitor.chosen_workspace()?,
    };
    visitor.require(home, &door(id), action)?;
    Ok(account?)
}

/// A change by the account's door, or one below it.
async fn send(
    visitor: &AdminSession,
    account: &Account,
    method: &'static str,
    below: &[&str],
    members: Value,
) -> Result<Value, ApiError> {
    let (id, home) = (account.admin.id.to_string(), visitor.workspace_of(account.admin.ws_id)?);
    let segments: Vec<&str> = ["admins", &id].into_iter().chain(below.iter().copied()).collect();
    visitor.change(Change::new(home, method, &segments, members)).await
}

async fn set_status(visitor: &AdminSession, account: &Account, status: AdminStatus) -> Result<Value, ApiError> {
    send(visitor, account, "PATCH", &[], json!({ "status": status.code() })).await
}

/// Answers a change: back to the page, or the page with what is wrong.
async fn settle<T>(
    visitor: &AdminSession,
    account: Account,
    outcome: Result<T, ApiError>,
    typed: Option<&NewAdmin>,
    message: &str,
) -> PageResult {
    match outcome {
        Ok(_) => visitor.done(&visitor.url(&door(&account.admin.id.to_string())), &Flash::ok(message)),
        Err(refusal) => page(visitor, account, typed, Errors::of_refusal(refusal, INPUTS)?).await,
    }
}

async fn page(
    visitor: &AdminSession,
    account: Account,
    typed: Option<&NewAdmin>,
    errors: Errors,
) -> Result<HttpResponse, PageError> {
    let id = account.admin.id.to_string();
    let is_self = visitor.caller.is_user(account.admin.rbac_user_id);
    let home = visitor.workspace_of(account.admin.ws_id)?;
    let may = |below: &str, action| visitor.may(home, &format!("/admins/{id}{below}"), action);
    let roles_door = format!("/admins/{id}/roles");
    let choices = assignable(visitor, &roles_door).await?;
    let view = AdminPage {
        shell: visitor.shell(account.admin.username.as_str(), Section::Admins)?,
        url: visitor.url(&door(&id)),
        can_update: may("", Action::Update),
        can_delete: may("", Action::Delete) && !is_self,
        can_clear: may("/binding", Action::Delete) && visitor.is_super_admin(),
        can_end_sessions: may("/sessions", Action::Delete),
        is_self,
        is_last_super_admin: account.is_last_super_admin,
        form: typed.cloned().unwrap_or_else(|| stored(&account)).to_form(&errors),
        roles: role_grants(visitor, &account.roles, &roles_door),
        can_change_roles: !choices.is_empty() && !is_self,
        role_choices: role_groups(&choices, |workspace, role| format!("{workspace}:{}", role.name), ""),
        idp_groups: idp_groups(visitor, &account),
        synced: account.values.first().map(|value| When::new(value.seen_at, visitor.now())),
        binding: account.admin.binding.clone().map(|bound| Binding { issuer: bound.issuer, subject: bound.subject }),
        sessions: account.sessions,
        explain_url: explain_url(visitor, account.admin.username.as_str()),
        audit_url: audit_url(visitor, account.admin.username.as_str()),
        admin: detail(visitor, &account),
        errors,
    };
    Ok(pages::render(view.errors.status(), &view)?)
}

/// What is stored, as if it had been typed.
fn stored(account: &Account) -> NewAdmin {
    let admin = &account.admin;
    NewAdmin {
        username: admin.username.to_string(),
        email: admin.email.clone().unwrap_or_default(),
        custom_id: admin.custom_id.clone().unwrap_or_default(),
        rbac_token_enabled: admin.rbac_token_enabled.then(String::new),
        role: String::new(),
    }
}

fn detail(visitor: &AdminSession, account: &Account) -> AdminDetail {
    let admin = &account.admin;
    let home = visitor.workspace_of(admin.ws_id);
    AdminDetail {
        id: admin.id.to_string(),
        username: admin.username.to_string(),
        status: Badge::of_status(admin.status),
        revoked: matches!(admin.status, AdminStatus::Revoked | AdminStatus::Rejected),
        created: When::new(admin.created_at, visitor.now()),
        last_login: admin.last_login_at.map(|at| When::new(at, visitor.now())),
        home_workspace: home.map_or_else(|_| String::new(), |home| home.name.to_string()),
    }
}

/// The group values of the last sign-in.
pub(super) fn idp_groups(visitor: &AdminSession, account: &Account) -> Vec<IdpGroup> {
    let sees_groups = visitor.place("/groups", Action::Read).is_some();
    let url = |id| visitor.url(&format!("/groups/{id}"));
    let group = |value: &crate::domain::group::ReceivedValue| IdpGroup {
        name: value.value.clone(),
        url: value.group.filter(|_| sees_groups).map(url),
    };
    account.values.iter().map(group).collect()
}

/// Where somebody's rights are explained, for those who may see roles.
pub(super) fn explain_url(visitor: &AdminSession, name: &str) -> Option<String> {
    let sees = visitor.place("/rbac/roles", Action::Read).is_some();
    sees.then(|| address(&visitor.url("/roles/explain"), &[("user", name)]))
}

/// Somebody's requests in the audit log, for those who may read it.
pub(super) fn audit_url(visitor: &AdminSession, name: &str) -> Option<String> {
    let sees = visitor.place("/audit/requests", Action::Read).is_some();
    sees.then(|| address(&visitor.url("/audit"), &[("user", name)]))
}
