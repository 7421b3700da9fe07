//! What happens to applications when something happens to their owner (dev-portal.md 3.2). Called in the transaction that
//! changes the developer; Kong follows within a second of its commit.

use super::begin_removal;
use crate::domain::application::{Application, ApplicationStatus};
use crate::domain::contract::Cause;
use crate::domain::ids::DeveloperId;
use crate::services::change::{Change, Operation};
use crate::services::error::ServiceError;
use crate::services::{gateway_sync, portal_representation as shown};
use crate::store::{applications, contracts};

/// The owner may not use the portal any more: keys and grants of its applications leave Kong, statuses stay.
///
/// # Errors
/// The store failed.
pub async fn owner_lost_access(change: &mut Change<'_>, developer: DeveloperId) -> Result<(), ServiceError> {
    set_access(change, developer, false).await
}

/// The owner may use the portal again: what left Kong comes back, with the same keys.
///
/// # Errors
/// The store failed.
pub async fn owner_regained_access(change: &mut Change<'_>, developer: DeveloperId) -> Result<(), ServiceError> {
    set_access(change, developer, true).await
}

/// The owner is gone: its applications go too, as soon as Kong has confirmed that nothing of them is left there.
///
/// # Errors
/// The store failed.
pub async fn owner_deleted(change: &mut Change<'_>, developer: DeveloperId) -> Result<(), ServiceError> {
    change.hold().await?;
    for application in applications::list_all_of(change.connection(), developer).await? {
        begin_removal(change, application).await?;
    }
    Ok(())
}

async fn set_access(change: &mut Change<'_>, developer: DeveloperId, has_access: bool) -> Result<(), ServiceError> {
    let (from, to) = match has_access {
        true => (ApplicationStatus::Suspended, ApplicationStatus::Active),
        false => (ApplicationStatus::Active, ApplicationStatus::Suspended),
    };
    // An application that is being made at this moment must not be missed.
    change.hold().await?;
    for mut application in applications::list_all_of(change.connection(), developer).await? {
        if application.status != from {
            continue;
        }
        application.status = to;
        application.updated_at = change.now();
        applications::update(change.connection(), &application).await?;
        change.record(Operation::Update, "applications", application.id, shown::application(&application));
        suspend_contracts(change, &application, !has_access).await?;
        gateway_sync::enqueue(change, application.ws_id, application.id).await?;
    }
    Ok(())
}

async fn suspend_contracts(
    change: &mut Change<'_>,
    application: &Application,
    is_suspended: bool,
) -> Result<(), ServiceError> {
    for mut contract in contracts::list_of(change.connection(), application.id).await? {
        contract.state.suspension = contract.state.suspension.with(Cause::Owner, is_suspended);
        contract.updated_at = change.now();
        contracts::update(change.connection(), &contract).await?;
        change.record(Operation::Update, "contracts", contract.id, shown::contract(&contract));
    }
    Ok(())
}
