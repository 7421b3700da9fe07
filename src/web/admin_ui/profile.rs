//! `/profile`: the visitor's own account, roles and session, and the RBAC token.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use serde::Deserialize;
use serde_json::{Value, json};

use super::admin::{IdpGroup, idp_groups};
use super::doors::Change;
use super::extractors::{AdminSession, CsrfForm};
use super::form::Errors;
use super::frame::{PageError, PageResult};
use super::grants::{RoleGrant, TokenOnce};
use super::rbac_users::once;
use super::shell::{Section, Shell};
use super::times::When;
use crate::domain::access::Proof;
use crate::services::page_data::accounts::{self, Account};
use crate::web::error::ApiError;
use crate::web::pages;

#[derive(Template)]
#[template(path = "profile.html")]
struct ProfilePage {
    shell: Shell,
    errors: Errors,
    token: Option<TokenOnce>,
    me: Me,
    roles: Vec<RoleGrant>,
    idp_groups: Vec<IdpGroup>,
    session: Option<SessionInfo>,
    token_enabled: bool,
    has_token: bool,
}

struct Me {
    id: String,
    username: String,
    email: String,
    issuer: String,
    last_login: Option<When>,
}

struct SessionInfo {
    started: When,
    idle: Option<When>,
    absolute: Option<When>,
}

/// What the form for a new token says.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ResetForm {
    confirm: String,
}

/// `GET /profile`
pub(super) async fn show(visitor: AdminSession) -> PageResult {
    let account = own_account(&visitor).await?;
    page(&visitor, account, None, Errors::default()).await
}

/// `POST /profile/token`: answers with the token instead of a redirect, since it is never shown again.
pub(super) async fn reset_token(form: CsrfForm<ResetForm>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let account = own_account(&visitor).await?;
    if fields.confirm != "yes" {
        let errors = Errors::of_field("confirm", "", "confirm that the present token may stop working");
        return page(&visitor, account, None, errors).await;
    }
    let place = visitor.default_workspace()?;
    match visitor.change(Change::new(place, "PATCH", &["admins", "self", "token"], json!({}))).await {
        Ok(body) => {
            let token = body.get("token").and_then(Value::as_str).unwrap_or_default().to_owned();
            let once = once(&visitor, account.admin.username.as_str(), token, account.has_token);
            page(&visitor, account, Some(once), Errors::default()).await
        }
        Err(refusal) => page(&visitor, account, None, Errors::of_refusal(refusal, &[])?).await,
    }
}

/// The visitor's account; there is none while nothing asks who calls.
async fn own_account(visitor: &AdminSession) -> Result<Account, PageError> {
    let admin = visitor.caller.principal.admin_id.ok_or_else(ApiError::not_found)?;
    Ok(accounts::find(&visitor.services, &admin.to_string()).await?)
}

async fn page(
    visitor: &AdminSession,
    account: Account,
    token: Option<TokenOnce>,
    errors: Errors,
) -> Result<HttpResponse, PageError> {
    let admin = &account.admin;
    let view = ProfilePage {
        shell: visitor.shell("Profile", Section::Profile)?,
        me: Me {
            id: admin.id.to_string(),
            username: admin.username.to_string(),
            email: admin.email.clone().unwrap_or_default(),
            issuer: admin.binding.as_ref().map(|bound| bound.issuer.clone()).unwrap_or_default(),
            last_login: admin.last_login_at.map(|at| When::new(at, visitor.now())),
        },
        roles: account.roles.iter().map(RoleGrant::own).collect(),
        idp_groups: idp_groups(visitor, &account),
        session: session(visitor).await?,
        token_enabled: admin.rbac_token_enabled,
        has_token: account.has_token || token.is_some(),
        token,
        errors,
    };
    let status = if view.errors.is_empty() { StatusCode::OK } else { view.errors.status() };
    Ok(pages::render(status, &view)?)
}

async fn session(visitor: &AdminSession) -> Result<Option<SessionInfo>, PageError> {
    let Proof::Session(id) = visitor.caller.proof else { return Ok(None) };
    let now = visitor.now();
    let remaining = match visitor.services.sessions.remaining(id).await {
        Ok(remaining) => remaining,
        // It was checked a moment ago and ends now: the next page says so.
        Err(_) => return Ok(None),
    };
    Ok(Some(SessionInfo {
        started: When::new(remaining.started_at, now),
        idle: remaining.idle_end.map(|end| When::new(end, now)),
        absolute: remaining.absolute_end.map(|end| When::new(end, now)),
    }))
}
