//! Another owner for an application (dev-portal.md 4.3). Its keys and contracts stay what they are.

use super::{find_kept, owner, refuse_barred};
use crate::domain::application::{Application, ApplicationStatus};
use crate::domain::contract::{ContractStatus, Ending};
use crate::domain::team::Owner;
use crate::domain::visibility::ApiRight;
use crate::domain::workspace::Workspace;
use crate::services::applications::Reach;
use crate::services::change::{Actor, Change, Operation};
use crate::services::contracts::is_barred_for;
use crate::services::error::ServiceError;
use crate::services::portal::sight;
use crate::services::{Services, gateway_sync, portal_representation as shown};
use crate::store::{applications, contracts, published_apis};

/// Gives an application to a team or, by an admin alone, to a developer. A team must be allowed to consume every API that
/// the application uses or waits for: a member's rights through other teams do not count.
///
/// # Errors
/// [`ServiceError::NotFound`]; [`ServiceError::Conflict`] for a team without those rights, for an application that is being
/// deleted, and for a developer whose access an admin took away; [`ServiceError::Forbidden`] for a developer as receiver and
/// for a team that may own none; [`ServiceError::Unique`] when the receiver has one of that name.
pub async fn transfer(
    services: &Services,
    actor: &Actor<'_>,
    workspace: &Workspace,
    reach: Reach,
    id: &str,
    to: Owner,
) -> Result<Application, ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let mut application = find_kept(change.connection(), reach, id).await?;
    if matches!(actor, Actor::Developer { .. }) {
        refuse_barred(change.connection(), application.id).await?;
        if matches!(to, Owner::Developer(_)) {
            return Err(ServiceError::Forbidden("only an admin gives an application to a person".to_owned()));
        }
        // Else a member who is about to leave could take it along.
        if matches!(application.owner, Owner::Team(_)) && application.owner != to {
            return Err(ServiceError::Forbidden("only an admin takes an application away from its team".to_owned()));
        }
    }
    if application.owner == to {
        return Ok(application);
    }
    let status = owner::admit(services, &mut change, actor, workspace.id, to).await?;
    check_rights(services, &mut change, workspace, &application, to).await?;
    if matches!(actor, Actor::Developer { .. }) {
        refuse_return(&mut change, &application, to).await?;
    }
    application.owner = to;
    if application.status != status {
        application.status = status;
        owner::suspend_contracts(&mut change, &application, status == ApplicationStatus::Suspended).await?;
    }
    application.updated_at = change.now();
    applications::update(change.connection(), &application).await?;
    change.record(Operation::Update, "applications", application.id, shown::application(&application));
    gateway_sync::enqueue(&mut change, application.ws_id, application.id).await?;
    change.commit().await?;
    gateway_sync::settle(services, application.id).await;
    Ok(application)
}

/// A team must have of itself what its new application uses.
async fn check_rights(
    services: &Services,
    change: &mut Change<'_>,
    workspace: &Workspace,
    application: &Application,
    to: Owner,
) -> Result<(), ServiceError> {
    let Owner::Team(_) = to else { return Ok(()) };
    let sight = sight::of_owner(change.connection(), sight::has_teams(services, workspace), to).await?;
    let mut lacking = Vec::new();
    for contract in contracts::list_of(change.connection(), application.id).await? {
        let is_open = matches!(contract.state.status, ContractStatus::Approved | ContractStatus::Pending);
        if !is_open || contract.state.ending != Ending::None {
            continue;
        }
        let api = published_apis::find_by_id(change.connection(), contract.api_id).await?;
        lacking.extend(api.filter(|api| sight.entitlement(api) < ApiRight::Register).map(|api| api.name));
    }
    if lacking.is_empty() {
        return Ok(());
    }
    Err(ServiceError::Conflict(format!("the team may not consume {}", lacking.join(", "))))
}

/// A developer must not bring back to a team what an admin took away from it.
async fn refuse_return(change: &mut Change<'_>, application: &Application, to: Owner) -> Result<(), ServiceError> {
    for contract in contracts::list_of(change.connection(), application.id).await? {
        if is_barred_for(change.connection(), &[to], contract.api_id).await? {
            let message = "an admin has decided about access of this team: only an admin can give it this application";
            return Err(ServiceError::Conflict(message.to_owned()));
        }
    }
    Ok(())
}
