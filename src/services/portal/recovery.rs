//! A forgotten password (dev-portal.md 2.8). Whether an address has an account is told to its owner only.

use super::sso::identities::unlink_all;
use super::{Portal, Visit, notices, pace, tokens, transitions, verification};
use crate::domain::developer::{Developer, DeveloperStatus, EmailAddress};
use crate::domain::portal_token::Purpose;
use crate::services::Services;
use crate::services::change::Change;
use crate::services::error::ServiceError;
use crate::services::mail::Link;
use crate::store::{developers, portal_sessions, portal_tokens};

/// Sends a link that resets the password, to an approved or pending developer.
///
/// # Errors
/// [`ServiceError::NotFound`] where `portal_reset_email` is off or there are no passwords, [`ServiceError::TooManyTokens`] for a client that asks
/// for many.
pub async fn forgot(services: &Services, portal: &Portal, visit: &Visit, email: &str) -> Result<(), ServiceError> {
    require_switched_on(portal)?;
    if !services.portal.pace.admit_mail(visit.client).await {
        return Err(ServiceError::TooManyTokens);
    }
    pace::evenly(send_link(services, portal, visit, email)).await
}

fn require_switched_on(portal: &Portal) -> Result<(), ServiceError> {
    if portal.settings.mails.reset && portal.settings.has_passwords() { Ok(()) } else { Err(ServiceError::NotFound) }
}

async fn send_link(services: &Services, portal: &Portal, visit: &Visit, email: &str) -> Result<(), ServiceError> {
    let Ok(email) = EmailAddress::parse(email) else { return Ok(()) };
    let mut change = Change::begin_portal(services, &visit.request_id).await?;
    let known = developers::find_by_email(change.connection(), portal.workspace.id, &email).await?;
    let may = |it: &Developer| matches!(it.status, DeveloperStatus::Approved | DeveloperStatus::Pending);
    let Some(developer) = known.filter(may) else { return Ok(()) };
    if !services.portal.pace.admit_mail_to(developer.id).await {
        return Ok(());
    }
    let now = change.now();
    let token = tokens::issue(change.connection(), portal, &developer, Purpose::Reset, None, now).await?;
    let mut message = portal.message("password-reset", &developer.email, "Set another password");
    message.paragraphs =
        vec![format!("Somebody asked to set another password for your account of the {}.", portal.name())];
    message.links = vec![Link { label: "Set another password", url: portal.token_url("/reset-password", &token) }];
    message.footnote =
        format!("The link is good once, for {}. If you did not ask for it, nothing has to be done.", portal.expiry());
    notices::send(services, portal, &mut change, [message]).await?;
    change.commit().await
}

/// Whether a reset link would work.
///
/// # Errors
/// [`ServiceError::NotFound`] where resets are off, [`ServiceError::BadRequest`] without a token.
pub async fn is_good(services: &Services, portal: &Portal, token: &str) -> Result<bool, ServiceError> {
    require_switched_on(portal)?;
    verification::is_good(services, Purpose::Reset, tokens::given(token)?).await
}

/// Sets another password by a link, ends every session, makes every other link worthless, unlinks every identity and lets the account try again.
/// The status stays; `false` for a token that is worth nothing.
///
/// # Errors
/// [`ServiceError::NotFound`] where resets are off, [`ServiceError::BadRequest`] without a token,
/// [`ServiceError::Schema`] for a password that breaks the rules.
pub async fn reset(
    services: &Services,
    portal: &Portal,
    visit: &Visit,
    token: &str,
    password: &str,
) -> Result<bool, ServiceError> {
    require_switched_on(portal)?;
    let token = tokens::given(token)?;
    check_password(portal, password)?;
    if !verification::is_good(services, Purpose::Reset, token).await? {
        return Ok(false);
    }
    let password_hash = services.portal.passwords.hash(password).await?;
    let mut change = Change::begin_portal(services, &visit.request_id).await?;
    let now = change.now();
    let taken = portal_tokens::take(change.connection(), Purpose::Reset, &tokens::hash(token), now).await?;
    let Some(token) = taken else { return Ok(false) };
    let developer = developers::find_by_id(change.connection(), token.developer_id).await?;
    let Some(mut developer) = developer.filter(|it| it.ws_id == portal.workspace.id) else { return Ok(false) };
    developer.password_hash = Some(password_hash);
    transitions::store(&mut change, &mut developer, "developer.password_reset").await?;
    developers::forget_failures(change.connection(), developer.id).await?;
    portal_sessions::delete_of_developer(change.connection(), developer.id, None).await?;
    portal_tokens::delete_of_developer(change.connection(), developer.id).await?;
    unlink_all(&mut change, developer.id).await?;
    if portal.settings.mails.reset_success {
        let mut message = portal.message("password-reset-success", &developer.email, "Your password was changed");
        message.paragraphs = vec![format!(
            "The password of your account of the {} was set anew, and every session was ended. If it was not you, reset \
             it again and tell the administrators.",
            portal.name()
        )];
        message.links = vec![Link { label: "Sign in", url: format!("{}/login", portal.url()) }];
        notices::send(services, portal, &mut change, [message]).await?;
    }
    change.commit().await?;
    Ok(true)
}

/// Holds a password against the rules.
pub(super) fn check_password(portal: &Portal, password: &str) -> Result<(), ServiceError> {
    if password.is_empty() {
        return Err(ServiceError::field("password", "password is required"));
    }
    portal.settings.passwords.check(password).map_err(|error| ServiceError::field("password", error.to_string()))
}
