//! Which groups of the identity provider fill which teams (dev-portal.md 2.4). A mapping counts from the next login on.

use super::find;
use crate::domain::ids::{GroupName, TeamGroupId, WorkspaceId};
use crate::domain::team::{Team, TeamGroup};
use crate::services::Services;
use crate::services::change::{Actor, Change, Operation};
use crate::services::error::ServiceError;
use crate::services::portal_representation as shown;
use crate::store::{Page, Paged, team_groups as store};

/// A page of a workspace's mappings, by id.
///
/// # Errors
/// The store failed.
pub async fn list(services: &Services, workspace: WorkspaceId, page: &Page) -> Result<Paged<TeamGroup>, ServiceError> {
    Ok(store::list(&mut *services.store.read().await?, workspace, page).await?)
}

/// All of a team, by group.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn list_of(services: &Services, workspace: WorkspaceId, team: &str) -> Result<Vec<TeamGroup>, ServiceError> {
    let mut connection = services.store.read().await?;
    let team = find(&mut connection, workspace, team).await?;
    Ok(store::list_of(&mut connection, team.id).await?)
}

/// Maps a group to a team.
///
/// # Errors
/// [`ServiceError::Schema`] for an unknown team, [`ServiceError::Unique`] when it is mapped already.
pub async fn add(
    services: &Services,
    actor: &Actor<'_>,
    workspace: WorkspaceId,
    team: &str,
    group: GroupName,
) -> Result<TeamGroup, ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let team = known(&mut change, workspace, team).await?;
    let mapping = map(&mut change, &team, group).await?;
    change.commit().await?;
    Ok(mapping)
}

/// Ends a mapping.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn remove(
    services: &Services,
    actor: &Actor<'_>,
    workspace: WorkspaceId,
    id: &str,
) -> Result<(), ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let id: TeamGroupId = id.parse().map_err(|_| ServiceError::NotFound)?;
    let mapping = store::find(change.connection(), workspace, id).await?.ok_or(ServiceError::NotFound)?;
    unmap(&mut change, &mapping).await?;
    change.commit().await
}

/// Makes the groups of the teams that are listed these ones; other teams keep theirs. All or nothing.
///
/// # Errors
/// [`ServiceError::Schema`] for an unknown team.
pub async fn replace(
    services: &Services,
    actor: &Actor<'_>,
    workspace: WorkspaceId,
    wanted: Vec<(String, Vec<GroupName>)>,
) -> Result<(), ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    for (team, mut groups) in wanted {
        let team = known(&mut change, workspace, &team).await?;
        groups.sort();
        groups.dedup();
        for mapping in store::list_of(change.connection(), team.id).await? {
            match groups.iter().position(|group| *group == mapping.group) {
                Some(at) => drop(groups.remove(at)),
                None => unmap(&mut change, &mapping).await?,
            }
        }
        for group in groups {
            map(&mut change, &team, group).await?;
        }
    }
    change.commit().await
}

async fn known(change: &mut Change<'_>, workspace: WorkspaceId, team: &str) -> Result<Team, ServiceError> {
    match find(change.connection(), workspace, team).await {
        Err(ServiceError::NotFound) => Err(ServiceError::field("team_id", format!("there is no team '{team}'"))),
        other => other,
    }
}

async fn map(change: &mut Change<'_>, team: &Team, group: GroupName) -> Result<TeamGroup, ServiceError> {
    let now = change.now();
    let mapping =
        TeamGroup { id: TeamGroupId::generate(), ws_id: team.ws_id, team_id: team.id, group, created_at: now };
    store::create(change.connection(), &mapping).await?;
    change.record(Operation::Create, "team_groups", mapping.id, shown::team_group(&mapping));
    Ok(mapping)
}

async fn unmap(change: &mut Change<'_>, mapping: &TeamGroup) -> Result<(), ServiceError> {
    store::delete(change.connection(), mapping.id).await?;
    change.record(Operation::Delete, "team_groups", mapping.id, shown::team_group(mapping));
    Ok(())
}
