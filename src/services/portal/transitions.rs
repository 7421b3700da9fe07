//! Applies the status machine to a stored developer: the one place where a status changes.

use super::{Portal, notices};
use crate::domain::developer::{Developer, Event};
use crate::services::change::{Change, Operation};
use crate::services::error::ServiceError;
use crate::services::{Services, applications, representation};
use crate::store::{developers, portal_sessions, portal_tokens};

/// Lets `event` happen to a developer, with everything that follows from it, and stores it.
///
/// # Errors
/// [`ServiceError::Conflict`] when the status does not allow it.
pub(super) async fn apply(
    services: &Services,
    portal: &Portal,
    change: &mut Change<'_>,
    developer: &mut Developer,
    event: Event,
) -> Result<(), ServiceError> {
    let from = developer.status;
    let done = from
        .after(event, developer.must_verify, portal.settings.rules)
        .map_err(|refused| ServiceError::Conflict(refused.to_string()))?;
    developer.status = done.to;
    developer.must_verify = done.must_verify;
    if done.to != from {
        developer.purge_at = None;
    }
    store(change, developer, word(&done.to)).await?;
    if done.ends_sessions {
        portal_sessions::delete_of_developer(change.connection(), developer.id, None).await?;
        portal_tokens::delete_of_developer(change.connection(), developer.id).await?;
    }
    match done.suspends_contracts {
        Some(true) => applications::owner_lost_access(change, developer.id).await?,
        Some(false) => applications::owner_regained_access(change, developer.id).await?,
        None => {}
    }
    notices::of_status(services, portal, change, developer, done.mails).await
}

/// What a status is called in records of its coming.
const fn word(status: &crate::domain::developer::DeveloperStatus) -> &'static str {
    use crate::domain::developer::DeveloperStatus as S;
    match status {
        S::Approved => "developer.approved",
        S::Pending => "developer.pending",
        S::Rejected => "developer.rejected",
        S::Revoked => "developer.revoked",
        S::Invited => "developer.invited",
        S::Unverified => "developer.unverified",
    }
}

/// Stores a developer and records what happened.
pub(super) async fn store(
    change: &mut Change<'_>,
    developer: &mut Developer,
    event: &'static str,
) -> Result<(), ServiceError> {
    developer.updated_at = change.now();
    developers::update(change.connection(), developer).await?;
    record(change, Operation::Update, developer, event);
    Ok(())
}

/// Records what happened to a developer.
pub(super) fn record(change: &mut Change<'_>, operation: Operation, developer: &Developer, event: &'static str) {
    change.record(operation, "developers", developer.id, representation::audited_developer(developer, event));
}
