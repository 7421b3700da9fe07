//! Proving an address (dev-portal.md 2.8, 3.4): of a new account, or another one of an account that exists.

use super::{Portal, Visit, notices, pace, tokens, transitions};
use crate::domain::developer::{Developer, DeveloperStatus, EmailAddress, Event};
use crate::domain::portal_token::Purpose;
use crate::services::Services;
use crate::services::change::Change;
use crate::services::error::ServiceError;
use crate::store::{developers, portal_tokens};

/// Seconds after which an account that its owner disowned is removed.
const PURGE_AFTER: i64 = 7 * 86_400;

/// Uses a verification link; `None` for a token that is worth nothing.
///
/// # Errors
/// [`ServiceError::BadRequest`] without a token, [`ServiceError::Unique`] when the new address was taken meanwhile.
pub async fn verify(
    services: &Services,
    portal: &Portal,
    visit: &Visit,
    token: &str,
) -> Result<Option<Developer>, ServiceError> {
    let hash = tokens::hash(tokens::given(token)?);
    let mut change = Change::begin_portal(services, &visit.request_id).await?;
    let now = change.now();
    if let Some(token) = portal_tokens::take(change.connection(), Purpose::Verify, &hash, now).await? {
        let Some(mut developer) = owner(&mut change, portal, token.developer_id).await? else { return Ok(None) };
        return match transitions::apply(services, portal, &mut change, &mut developer, Event::Verify).await {
            Ok(()) => change.commit().await.map(|()| Some(developer)),
            Err(ServiceError::Conflict(_)) => Ok(None),
            Err(error) => Err(error),
        };
    }
    let Some(token) = portal_tokens::take(change.connection(), Purpose::EmailChange, &hash, now).await? else {
        return Ok(None);
    };
    let Some(mut developer) = owner(&mut change, portal, token.developer_id).await? else { return Ok(None) };
    let Some(email) = token.email else { return Ok(None) };
    developer.email = email;
    transitions::store(&mut change, &mut developer, "developer.email_changed").await?;
    // Links that are on their way to the former address.
    portal_tokens::delete_of_developer(change.connection(), developer.id).await?;
    change.commit().await?;
    Ok(Some(developer))
}

async fn owner(
    change: &mut Change<'_>,
    portal: &Portal,
    id: crate::domain::ids::DeveloperId,
) -> Result<Option<Developer>, ServiceError> {
    let developer = developers::find_by_id(change.connection(), id).await?;
    Ok(developer.filter(|developer| developer.ws_id == portal.workspace.id))
}

/// Sends the verification link again, if there is something to verify; tells nobody whether there is.
///
/// # Errors
/// The store failed.
pub async fn resend(services: &Services, portal: &Portal, visit: &Visit, email: &str) -> Result<(), ServiceError> {
    if !services.portal.pace.admit_mail(visit.client).await {
        return Err(ServiceError::TooManyTokens);
    }
    pace::evenly(send_again(services, portal, visit, email)).await
}

async fn send_again(services: &Services, portal: &Portal, visit: &Visit, email: &str) -> Result<(), ServiceError> {
    let Ok(email) = EmailAddress::parse(email) else { return Ok(()) };
    let mut change = Change::begin_portal(services, &visit.request_id).await?;
    let known = developers::find_by_email(change.connection(), portal.workspace.id, &email).await?;
    let Some(developer) = known.filter(|it| it.shown_status() == DeveloperStatus::Unverified) else { return Ok(()) };
    if !services.portal.pace.admit_mail_to(developer.id).await {
        return Ok(());
    }
    let message = notices::verification(portal, &mut change, &developer).await?;
    notices::send(services, portal, &mut change, [message]).await?;
    change.commit().await
}

/// The "it was not me" link: the token is worth nothing any more, and an account that stays unverified is removed after
/// a week. `false` for a token that is worth nothing already.
///
/// # Errors
/// [`ServiceError::BadRequest`] without a token.
pub async fn invalidate(
    services: &Services,
    portal: &Portal,
    visit: &Visit,
    token: &str,
) -> Result<bool, ServiceError> {
    let hash = tokens::hash(tokens::given(token)?);
    let mut change = Change::begin_portal(services, &visit.request_id).await?;
    let now = change.now();
    let taken = portal_tokens::take(change.connection(), Purpose::Verify, &hash, now).await?;
    let Some(token) = taken else { return Ok(false) };
    let Some(mut developer) = owner(&mut change, portal, token.developer_id).await? else { return Ok(false) };
    developer.purge_at = Some(now.plus(PURGE_AFTER));
    transitions::store(&mut change, &mut developer, "developer.disowned").await?;
    change.commit().await?;
    Ok(true)
}

/// Whether a token is of a link that would work, without using it.
///
/// # Errors
/// The store failed.
pub async fn is_good(services: &Services, purpose: Purpose, token: &str) -> Result<bool, ServiceError> {
    let mut connection = services.store.read().await?;
    let now = services.clock.now();
    Ok(portal_tokens::find(&mut connection, purpose, &tokens::hash(token.trim()), now).await?.is_some())
}
