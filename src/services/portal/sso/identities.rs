//! What admins see and do of identities.

use crate::domain::access::Caller;
use crate::domain::developer::{Developer, DeveloperIdentity};
use crate::domain::ids::DeveloperId;
use crate::domain::workspace::Workspace;
use crate::services::change::{Change, Operation};
use crate::services::error::ServiceError;
use crate::services::{Services, representation};
use crate::store::{developer_identities, developers, portal_sessions};

/// The identities of a developer.
///
/// # Errors
/// The store failed.
pub async fn list(services: &Services, developer: &Developer) -> Result<Vec<DeveloperIdentity>, ServiceError> {
    Ok(developer_identities::list(&mut *services.store.read().await?, developer.id).await?)
}

/// The identities of all developers of a workspace.
///
/// # Errors
/// The store failed.
pub async fn list_of_workspace(
    services: &Services,
    workspace: &Workspace,
) -> Result<Vec<DeveloperIdentity>, ServiceError> {
    Ok(developer_identities::list_of_workspace(&mut *services.store.read().await?, workspace.id).await?)
}

/// Unlinks an identity and ends the developer's sessions: one of them may be by it.
///
/// # Errors
/// [`ServiceError::NotFound`], also for an identity of another developer.
pub async fn unlink(
    services: &Services,
    caller: &Caller,
    workspace: &Workspace,
    developer: &str,
    identity: &str,
) -> Result<(), ServiceError> {
    let mut change = Change::begin_portal_by(services, caller).await?;
    let developer = developers::find(change.connection(), workspace.id, developer).await?;
    let developer = developer.ok_or(ServiceError::NotFound)?;
    let all = developer_identities::list(change.connection(), developer.id).await?;
    let found = all.into_iter().find(|it| it.id.to_string() == identity).ok_or(ServiceError::NotFound)?;
    portal_sessions::delete_of_developer(change.connection(), developer.id, None).await?;
    drop_one(&mut change, &found).await?;
    change.commit().await
}

/// Unlinks every identity of an account that somebody else has proven to be theirs: whoever was linked before may only have
/// claimed its address.
pub(in crate::services::portal) async fn unlink_all(
    change: &mut Change<'_>,
    developer: DeveloperId,
) -> Result<(), ServiceError> {
    for identity in developer_identities::list(change.connection(), developer).await? {
        drop_one(change, &identity).await?;
    }
    Ok(())
}

async fn drop_one(change: &mut Change<'_>, identity: &DeveloperIdentity) -> Result<(), ServiceError> {
    developer_identities::delete(change.connection(), identity.id).await?;
    let entity = representation::audited_identity(identity, "identity.unlinked");
    change.record(Operation::Delete, "developer_identities", identity.id, entity);
    Ok(())
}
