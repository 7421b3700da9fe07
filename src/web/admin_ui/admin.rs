//! `/admins/{id}`: one person's account, roles, identity and sessions.

use std::future::Future;

use actix_web::HttpResponse;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;
use serde_json::{Value, json};

use super::admins::{AdminForm, INPUTS, NewAdmin, scope};
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
use crate::domain::audit::Verdict;
use crate::domain::rbac::Action;
use crate::services::admin_sessions;
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
    let outcome = patch(&visitor, &account, fields.to_body()).await;
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
    let (place, _) = scope(&visitor, &door(&id), Action::Delete)?;
    let account = account(&visitor, &id, Action::Delete).await?;
    if fields.confirm != account.admin.username.as_str() {
        return page(&visitor, account, None, Errors::of_field("confirm", "", "type the username to confirm")).await;
    }
    let key = account.admin.id.to_string();
    match visitor.change(Change::new(place, "DELETE", &["admins", &key], Value::Null)).await {
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
    visitor.require_super_admin(Action::Update)?;
    let done = admin_sessions::clear_binding(&visitor.services, &visitor.caller, &account.admin);
    let outcome = directly(&visitor, done).await;
    settle(&visitor, account, outcome, None, "The identity was cleared. The next sign-in binds the account anew.").await
}

/// `POST /admins/{id}/sessions/end`
pub(super) async fn end_sessions(form: CsrfForm<ButtonForm>, id: Path<String>) -> PageResult {
    let visitor = form.visitor;
    let account = account(&visitor, &id, Action::Update).await?;
    let done = admin_sessions::end_all(&visitor.services, &visitor.caller, &account.admin);
    let outcome = directly(&visitor, done).await;
    let message = match &outcome {
        Ok(1) => "1 session was ended.".to_owned(),
        Ok(count) => format!("{count} sessions were ended."),
        Err(_) => String::new(),
    };
    settle(&visitor, account, outcome, None, &message).await
}

fn door(id: &str) -> String {
    format!("/admins/{id}")
}

/// The account, when the visitor may do `action` to it: those whose rights end at a workspace see its own admins only.
async fn account(visitor: &AdminSession, id: &str, action: Action) -> Result<Account, PageError> {
    let (_, home) = scope(visitor, &door(id), action)?;
    let account = accounts::find(&visitor.services, id).await?;
    if home.is_some_and(|home| home != account.admin.ws_id) {
        return Err(ApiError::not_found().into());
    }
    Ok(account)
}

async fn patch(visitor: &AdminSession, account: &Account, body: Value) -> Result<Value, ApiError> {
    let key = account.admin.id.to_string();
    let place = visitor.require_place(&door(&key), Action::Update)?;
    visitor.change(Change::new(place, "PATCH", &["admins", &key], body)).await
}

async fn set_status(visitor: &AdminSession, account: &Account, status: AdminStatus) -> Result<Value, ApiError> {
    patch(visitor, account, json!({ "status": status.code() })).await
}

/// A change that no door offers: allowed by the rule for updates of the account, refused like every change while the
/// audit log takes no records.
async fn directly<T>(
    visitor: &AdminSession,
    change: impl Future<Output = Result<T, crate::services::error::ServiceError>>,
) -> Result<T, ApiError> {
    visitor.services.audit.admit(Action::Update)?;
    visitor.trail.note(|trail| {
        trail.verdict = Verdict::Allowed;
        trail.rule = Some("may update the account".to_owned());
    });
    Ok(change.await?)
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
    let may = |endpoint: &str, action| visitor.place(endpoint, action).is_some();
    let choices = assignable(visitor, &format!("/admins/{id}/roles")).await?;
    let can_update = may(&door(&id), Action::Update);
    let view = AdminPage {
        shell: visitor.shell(account.admin.username.as_str(), Section::Admins)?,
        url: visitor.url(&door(&id)),
        can_update,
        can_delete: may(&door(&id), Action::Delete) && !is_self,
        can_clear: can_update && visitor.is_super_admin(),
        is_self,
        is_last_super_admin: account.is_last_super_admin,
        form: typed.cloned().unwrap_or_else(|| stored(&account)).to_form(&errors),
        roles: role_grants(&account.roles),
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
