//! What a team may do with which APIs.

use serde_json::{Value, json};

use super::{find, named};
use crate::domain::ids::{AssignedRoleId, WorkspaceId};
use crate::domain::team::{ApiRole, ApiScope, AssignedRole, Team};
use crate::services::Services;
use crate::services::change::{Actor, Change, Operation};
use crate::services::error::ServiceError;
use crate::services::portal_representation as shown;
use crate::store::{Page, Paged, published_apis, team_roles as store};

/// A page of a team's roles, by id.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn list(
    services: &Services,
    workspace: WorkspaceId,
    team: &str,
    page: &Page,
) -> Result<Paged<AssignedRole>, ServiceError> {
    let mut connection = services.store.read().await?;
    let team = find(&mut connection, workspace, team).await?;
    Ok(store::list(&mut connection, team.id, page).await?)
}

/// Every role of a workspace's teams, for pages that count.
///
/// # Errors
/// The store failed.
pub async fn list_all(services: &Services, workspace: WorkspaceId) -> Result<Vec<AssignedRole>, ServiceError> {
    Ok(store::list_all(&mut *services.store.read().await?, workspace).await?)
}

/// Gives a team a role.
///
/// # Errors
/// [`ServiceError::NotFound`] for an unknown team, [`ServiceError::Schema`] for an API that is not of this workspace,
/// [`ServiceError::Unique`] when the team has it already.
pub async fn assign(
    services: &Services,
    actor: &Actor<'_>,
    workspace: WorkspaceId,
    team: &str,
    role: ApiRole,
    scope: ApiScope,
) -> Result<AssignedRole, ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let team = find(change.connection(), workspace, team).await?;
    if let ApiScope::One(id) = scope {
        let api = published_apis::find_by_id(change.connection(), id).await?;
        api.filter(|api| api.ws_id == workspace).ok_or_else(|| ServiceError::field("entity_id", "no such API"))?;
    }
    let now = change.now();
    let assigned = AssignedRole { id: AssignedRoleId::generate(), team_id: team.id, role, scope, created_at: now };
    store::create(change.connection(), &assigned).await?;
    change.record(Operation::Create, "team_roles", assigned.id, audited(&team, &assigned));
    change.commit().await?;
    Ok(assigned)
}

/// Takes a role from its team.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn withdraw(
    services: &Services,
    actor: &Actor<'_>,
    workspace: WorkspaceId,
    team: &str,
    id: &str,
) -> Result<(), ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let team = find(change.connection(), workspace, team).await?;
    let roles = store::list_of_team(change.connection(), team.id).await?;
    let assigned = roles.into_iter().find(|assigned| assigned.id.to_string() == id).ok_or(ServiceError::NotFound)?;
    store::delete(change.connection(), assigned.id).await?;
    change.record(Operation::Delete, "team_roles", assigned.id, audited(&team, &assigned));
    change.commit().await
}

fn audited(team: &Team, assigned: &AssignedRole) -> Value {
    let mut entity = shown::assigned_role(assigned);
    if let Some(members) = entity.as_object_mut() {
        members.insert("team".to_owned(), json!(named(team)));
    }
    entity
}
