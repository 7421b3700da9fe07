//! Login with e-mail and password (dev-portal.md 2.1, 2.8). An unknown address, a wrong password and a locked account are
//! one answer after the same work; only the right password learns the state of its account.

use super::{Portal, Visit, sessions};
use crate::domain::developer::{Developer, DeveloperStatus, EmailAddress};
use crate::domain::ids::DeveloperId;
use crate::services::Services;
use crate::services::error::ServiceError;
use crate::services::token;
use crate::store::developers;

/// How a login ended.
#[derive(Debug)]
pub enum Login {
    /// The right password.
    Known {
        /// Who.
        developer: Box<Developer>,
        /// The key for the cookie; of a limited session when the account may not be used.
        key: Option<String>,
    },
    /// Unknown, wrong or locked.
    Refused,
    /// The client tries too much.
    TooMany,
}

/// What a login with the right password and an unusable account gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// Nothing.
    NoSession,
    /// A session that shows the state of the account.
    LimitedSession,
}

/// Checks a password and starts a session.
///
/// # Errors
/// The store failed, or no hash could be computed.
pub async fn login(
    services: &Services,
    portal: &Portal,
    visit: &Visit,
    [email, password]: [&str; 2],
    unusable: Unusable,
) -> Result<Login, ServiceError> {
    if !portal.settings.has_passwords() {
        return Ok(Login::Refused);
    }
    if !services.portal.pace.admit_password(visit.client).await {
        return Ok(Login::TooMany);
    }
    let Some(developer) = proven(services, portal, email, password).await? else { return Ok(Login::Refused) };
    services.portal.pace.forgive_password(visit.client).await;
    let now = services.clock.now();
    let mut transaction = services.store.write().await?;
    let key = match (developer.may_act(), unusable) {
        (false, Unusable::NoSession) => None,
        _ => Some(sessions::start(&mut transaction, portal, &developer, visit, None, now).await?),
    };
    if developer.may_act() {
        developers::note_login(&mut transaction, developer.id, now).await?;
    } else {
        developers::forget_failures(&mut transaction, developer.id).await?;
    }
    transaction.commit().await?;
    Ok(Login::Known { developer: Box::new(developer), key })
}

/// The developer whose password it is.
async fn proven(
    services: &Services,
    portal: &Portal,
    email: &str,
    password: &str,
) -> Result<Option<Developer>, ServiceError> {
    let developer = find(services, portal, email).await?;
    // Counted beforehand, so that many at once find the same limit; a right one is taken out again. Nobody's attempt is
    // counted too, in no row, because it must take as long.
    let counted = developer.as_ref().map_or_else(DeveloperId::generate, |developer| developer.id);
    let is_admitted = admit(services, portal, counted).await?;
    let stored = developer.as_ref().and_then(|developer| developer.password_hash.as_deref());
    let is_right = services.portal.passwords.verify(stored, password).await?;
    match developer.filter(|_| is_admitted && is_right) {
        Some(developer) => {
            rehash(services, &developer, password).await?;
            Ok(Some(developer))
        }
        None => Ok(None),
    }
}

async fn find(services: &Services, portal: &Portal, email: &str) -> Result<Option<Developer>, ServiceError> {
    let Ok(email) = EmailAddress::parse(email) else { return Ok(None) };
    let mut connection = services.store.read().await?;
    let found = developers::find_by_email(&mut connection, portal.workspace.id, &email).await?;
    Ok(found.filter(|developer| developer.status != DeveloperStatus::Invited))
}

async fn admit(services: &Services, portal: &Portal, developer: DeveloperId) -> Result<bool, ServiceError> {
    let mut transaction = services.store.write().await?;
    let limit = portal.settings.login_attempts;
    let is_admitted = developers::admit_attempt(&mut transaction, developer, limit).await?;
    transaction.commit().await?;
    Ok(is_admitted)
}

/// Replaces an imported hash by one of today's making. Nothing else is written: what was read before the hash was computed
/// may be out of date.
async fn rehash(services: &Services, developer: &Developer, password: &str) -> Result<(), ServiceError> {
    let Some(old) = developer.password_hash.as_deref().filter(|hash| token::is_dated(hash)) else { return Ok(()) };
    let new = services.portal.passwords.hash(password).await?;
    let mut transaction = services.store.write().await?;
    developers::rehash(&mut transaction, developer.id, old, &new).await?;
    transaction.commit().await?;
    Ok(())
}
