//! Who may own applications, and what happens to them when something happens to their owner (dev-portal.md 3.2). What a
//! team owns goes on whatever happens to its members. Called in the transaction that changes the developer; Kong follows
//! within a second of its commit.

use super::begin_removal;
use crate::domain::application::{Application, ApplicationStatus};
use crate::domain::contract::Cause;
use crate::domain::developer::DeveloperStatus;
use crate::domain::ids::{DeveloperId, WorkspaceId};
use crate::domain::team::Owner;
use crate::services::change::{Actor, Change, Operation};
use crate::services::error::ServiceError;
use crate::services::{Services, gateway_sync, portal_representation as shown};
use crate::store::{applications, contracts, developers, team_members, teams};

/// What people call an owner: an address, or the name of a team. `None` when it is gone.
///
/// # Errors
/// The store failed.
pub async fn owner_name(
    services: &Services,
    workspace: WorkspaceId,
    owner: Owner,
) -> Result<Option<String>, ServiceError> {
    let mut connection = services.store.read().await?;
    Ok(match owner {
        Owner::Developer(id) => {
            developers::find_by_id(&mut connection, id).await?.map(|developer| developer.email.as_str().to_owned())
        }
        Owner::Team(id) => teams::find(&mut connection, workspace, &id.to_string()).await?.map(|team| team.name),
    })
}

/// Whether somebody may be given another application, and the life that it has there. A team is taken from its members and
/// from admins.
///
/// # Errors
/// [`ServiceError::NotFound`] for an unknown developer, [`ServiceError::Schema`] for a team that is unknown or, to a
/// developer, not its own; [`ServiceError::Forbidden`] for a team that may own none, and beyond the limit.
pub(super) async fn admit(
    services: &Services,
    change: &mut Change<'_>,
    actor: &Actor<'_>,
    workspace: WorkspaceId,
    owner: Owner,
) -> Result<ApplicationStatus, ServiceError> {
    let (status, kind) = match owner {
        Owner::Developer(id) => {
            let found = developers::find_by_id(change.connection(), id).await?;
            let found = found.filter(|developer| developer.ws_id == workspace).ok_or(ServiceError::NotFound)?;
            let is_approved = found.status == DeveloperStatus::Approved;
            (if is_approved { ApplicationStatus::Active } else { ApplicationStatus::Suspended }, "developer")
        }
        Owner::Team(id) => {
            let unknown = || ServiceError::field("team_id", "no such team");
            let team = teams::find(change.connection(), workspace, &id.to_string()).await?.ok_or_else(unknown)?;
            if let Actor::Developer { id, .. } = *actor
                && !team_members::has(change.connection(), team.id, id).await?
            {
                return Err(unknown());
            }
            if !team.can_own_applications {
                return Err(ServiceError::Forbidden(format!("{} may not own applications", team.name)));
            }
            (ApplicationStatus::Active, "team")
        }
    };
    let most = services.settings.portal_gateway.max_applications;
    if applications::count_of(change.connection(), owner).await? >= most {
        return Err(ServiceError::Forbidden(format!("a {kind} may have at most {most} applications")));
    }
    Ok(status)
}

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
    for application in applications::list_all_of(change.connection(), Owner::Developer(developer)).await? {
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
    for mut application in applications::list_all_of(change.connection(), Owner::Developer(developer)).await? {
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

pub(super) async fn suspend_contracts(
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
