//! What developers change of their own account (dev-portal.md 3.4).

use serde_json::{Map, Value};

use super::sessions::LiveSession;
use super::{Portal, Visit, notices, recovery, sessions, sso, tokens, transitions};
use crate::domain::developer::{Developer, EmailAddress};
use crate::domain::portal_token::Purpose;
use crate::domain::team::Owner;
use crate::services::change::{Change, Operation};
use crate::services::error::ServiceError;
use crate::services::mail::{Link, Message};
use crate::services::{Services, applications};
use crate::store::{developers, portal_sessions, portal_tokens};

/// Seconds for which a sign-in through the provider stands for the person at the browser.
const FRESH: i64 = 300;

async fn current(change: &mut Change<'_>, live: &LiveSession) -> Result<Developer, ServiceError> {
    developers::find_by_id(change.connection(), live.developer.id).await?.ok_or(ServiceError::NotFound)
}

/// Sets what the form asks for.
///
/// # Errors
/// [`ServiceError::Schema`] with `meta.title` members.
pub async fn set_meta(
    services: &Services,
    portal: &Portal,
    visit: &Visit,
    live: &LiveSession,
    meta: &Map<String, Value>,
) -> Result<Developer, ServiceError> {
    let named = |(title, sentence): (String, String)| (format!("meta.{title}"), sentence);
    let checked = portal.settings.meta_fields.check(meta);
    let meta = checked.map_err(|wrong| ServiceError::Schema(wrong.into_iter().map(named).collect()))?;
    let mut change = Change::begin_portal(services, &visit.request_id).await?;
    let mut developer = current(&mut change, live).await?;
    developer.meta = meta;
    transitions::store(&mut change, &mut developer, "developer.updated").await?;
    change.commit().await?;
    Ok(developer)
}

/// Sets another password, ends every session and starts a new one; returns its key.
///
/// # Errors
/// [`ServiceError::NotFound`] where there are no passwords, [`ServiceError::BadRequest`] for a wrong old one, [`ServiceError::Schema`] for a new one that breaks the rules,
/// [`ServiceError::TooManyTokens`] for a client that guesses.
pub async fn set_password(
    services: &Services,
    portal: &Portal,
    visit: &Visit,
    live: &LiveSession,
    [old, new]: [&str; 2],
) -> Result<String, ServiceError> {
    if !portal.settings.has_passwords() {
        return Err(ServiceError::NotFound);
    }
    require_password(services, visit, live, old).await?;
    recovery::check_password(portal, new)?;
    let password_hash = services.portal.passwords.hash(new).await?;
    let mut change = Change::begin_portal(services, &visit.request_id).await?;
    let mut developer = current(&mut change, live).await?;
    developer.password_hash = Some(password_hash);
    transitions::store(&mut change, &mut developer, "developer.password_changed").await?;
    portal_tokens::delete_of_developer(change.connection(), developer.id).await?;
    portal_sessions::delete_of_developer(change.connection(), developer.id, None).await?;
    let now = change.now();
    let key = sessions::start(change.connection(), portal, &developer, visit, None, now).await?;
    change.commit().await?;
    Ok(key)
}

async fn require_password(
    services: &Services,
    visit: &Visit,
    live: &LiveSession,
    password: &str,
) -> Result<(), ServiceError> {
    if !services.portal.pace.admit_password(visit.client).await {
        return Err(ServiceError::TooManyTokens);
    }
    if !services.portal.passwords.verify(live.developer.password_hash.as_deref(), password).await? {
        return Err(ServiceError::BadRequest("Old password is invalid".to_owned()));
    }
    services.portal.pace.forgive_password(visit.client).await;
    Ok(())
}

/// Whether a developer may ask for another address: not where an identity provider tells it.
///
/// # Errors
/// The store failed.
pub async fn may_change_email(
    services: &Services,
    portal: &Portal,
    developer: &Developer,
) -> Result<bool, ServiceError> {
    Ok(portal.settings.has_passwords() && sso::list(services, developer).await?.is_empty())
}

/// Asks for another address, with the password again: it counts once a link that is sent there was followed. The present
/// address is told, because a stolen session could ask too.
///
/// # Errors
/// [`ServiceError::Forbidden`] where [`may_change_email`] says no, [`ServiceError::Schema`] for what is no address, [`ServiceError::BadRequest`] for a wrong password,
/// [`ServiceError::Unique`] for a taken address, [`ServiceError::TooManyTokens`] for a client that asks for many.
pub async fn ask_email(
    services: &Services,
    portal: &Portal,
    visit: &Visit,
    live: &LiveSession,
    [email, password]: [&str; 2],
) -> Result<(), ServiceError> {
    if !may_change_email(services, portal, &live.developer).await? {
        return Err(ServiceError::Forbidden("The identity provider decides about your e-mail address".to_owned()));
    }
    let email = EmailAddress::parse(email).map_err(|error| ServiceError::field("email", error.to_string()))?;
    require_password(services, visit, live, password).await?;
    if email == live.developer.email {
        return Ok(());
    }
    if !services.portal.pace.admit_mail(visit.client).await {
        return Err(ServiceError::TooManyTokens);
    }
    let mut change = Change::begin_portal(services, &visit.request_id).await?;
    if developers::find_by_email(change.connection(), portal.workspace.id, &email).await?.is_some() {
        return Err(ServiceError::Unique(vec![("email".to_owned(), email.to_string())]));
    }
    let (now, address) = (change.now(), Some(email.clone()));
    let (connection, developer) = (change.connection(), &live.developer);
    let token = tokens::issue(connection, portal, developer, Purpose::EmailChange, address, now).await?;
    let messages = [confirmation(portal, developer, &email, &token), warning(portal, developer, &email)];
    notices::send(services, portal, &mut change, messages).await?;
    change.commit().await
}

fn confirmation(portal: &Portal, developer: &Developer, email: &EmailAddress, token: &str) -> Message {
    let mut message = portal.message("confirm-email-address", email, "Confirm your new e-mail address");
    message.paragraphs = vec![format!(
        "The account {} of the {} shall have this address from now on. Confirm it to make the change.",
        developer.email,
        portal.name()
    )];
    message.links = vec![Link { label: "Confirm this address", url: portal.token_url("/account/verify", token) }];
    message.footnote = format!("The link is good for {}.", portal.expiry());
    message
}

/// To the address that is to be replaced.
fn warning(portal: &Portal, developer: &Developer, email: &EmailAddress) -> Message {
    let subject = "Another address was asked for your account";
    let mut message = portal.message("email-change-asked", &developer.email, subject);
    message.paragraphs = vec![format!(
        "Somebody with your password asked that your account of the {} get the address {email}. If it was not you, set \
         another password now: the request is worth nothing then.",
        portal.name()
    )];
    if portal.settings.mails.reset {
        let url = format!("{}/forgot-password", portal.url());
        message.links = vec![Link { label: "Set another password", url }];
    }
    message
}

/// Whether a session came through the provider so lately that nobody else sits at the browser.
#[must_use]
pub fn is_fresh(services: &Services, live: &LiveSession) -> bool {
    let age = services.clock.now().since(live.session.times.created_at);
    live.session.sealed_id_token.is_some() && age < FRESH
}

/// Deletes the own account. The password is asked for again, or a fresh sign-in through the provider.
///
/// # Errors
/// [`ServiceError::BadRequest`] for a wrong password, and for a sign-in that is not fresh; [`ServiceError::Conflict`] while an
/// admin's refusal stands.
pub async fn delete(
    services: &Services,
    visit: &Visit,
    live: &LiveSession,
    password: &str,
) -> Result<(), ServiceError> {
    if live.session.sealed_id_token.is_none() {
        require_password(services, visit, live, password).await.map_err(|error| match error {
            ServiceError::BadRequest(_) => ServiceError::BadRequest("Password is invalid".to_owned()),
            other => other,
        })?;
    } else if !is_fresh(services, live) {
        return Err(ServiceError::BadRequest("Sign in again, then delete within five minutes".to_owned()));
    }
    let mut change = Change::begin_portal(services, &visit.request_id).await?;
    let developer = current(&mut change, live).await?;
    // Else a new account would ask anew for what an admin took away.
    applications::refuse_barred_of(&mut change, Owner::Developer(developer.id)).await?;
    portal_tokens::delete_of_developer(change.connection(), developer.id).await?;
    applications::owner_deleted(&mut change, developer.id).await?;
    developers::delete(change.connection(), developer.id).await?;
    transitions::record(&mut change, Operation::Delete, &developer, "developer.deleted");
    change.commit().await
}
