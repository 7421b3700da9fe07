//! Who is in a team.

use std::collections::HashMap;

use serde_json::json;

use super::{find, named};
use crate::domain::developer::Developer;
use crate::domain::ids::{DeveloperId, TeamId, WorkspaceId};
use crate::domain::team::{GroupMode, Team, follow_groups};
use crate::services::Services;
use crate::services::change::{Actor, Change, Operation};
use crate::services::error::ServiceError;
use crate::store::{Page, Paged, StoreError, developers, team_groups, team_members as store, teams};

/// A page of the members of a team, by id.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn list(
    services: &Services,
    workspace: WorkspaceId,
    team: &str,
    page: &Page,
) -> Result<Paged<Developer>, ServiceError> {
    let mut connection = services.store.read().await?;
    let team = find(&mut connection, workspace, team).await?;
    Ok(store::list(&mut connection, team.id, page).await?)
}

/// Every membership of a workspace, for pages that count.
///
/// # Errors
/// The store failed.
pub async fn list_all(services: &Services, workspace: WorkspaceId) -> Result<Vec<(TeamId, DeveloperId)>, ServiceError> {
    Ok(store::list_all(&mut *services.store.read().await?, workspace).await?)
}

/// The names of the teams of everybody of a workspace who is in one.
///
/// # Errors
/// The store failed.
pub async fn names(
    services: &Services,
    workspace: WorkspaceId,
) -> Result<HashMap<DeveloperId, Vec<String>>, ServiceError> {
    let mut connection = services.store.read().await?;
    let mut members: HashMap<TeamId, Vec<DeveloperId>> = HashMap::new();
    for (team, developer) in store::list_all(&mut connection, workspace).await? {
        members.entry(team).or_default().push(developer);
    }
    let mut names: HashMap<DeveloperId, Vec<String>> = HashMap::new();
    for team in teams::list_all(&mut connection, workspace).await? {
        for developer in members.remove(&team.id).unwrap_or_default() {
            names.entry(developer).or_default().push(team.name.clone());
        }
    }
    Ok(names)
}

/// The teams of a developer, by name.
///
/// # Errors
/// The store failed.
pub async fn teams_of(services: &Services, developer: DeveloperId) -> Result<Vec<Team>, ServiceError> {
    Ok(teams::list_of(&mut *services.store.read().await?, developer).await?)
}

/// Makes the developer of that id or address a member.
///
/// # Errors
/// [`ServiceError::NotFound`] for an unknown team, [`ServiceError::Schema`] for an unknown developer,
/// [`ServiceError::Unique`] when it is a member already.
pub async fn add(
    services: &Services,
    actor: &Actor<'_>,
    workspace: WorkspaceId,
    team: &str,
    developer: &str,
) -> Result<Developer, ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let team = find(change.connection(), workspace, team).await?;
    let found = developers::find(change.connection(), workspace, developer).await?;
    let developer = found.ok_or_else(|| ServiceError::field("id", "no such developer"))?;
    join(&mut change, &team, developer.id, "admin").await?;
    change.commit().await?;
    Ok(developer)
}

/// Ends a membership.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn remove(
    services: &Services,
    actor: &Actor<'_>,
    workspace: WorkspaceId,
    team: &str,
    developer: &str,
) -> Result<(), ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let team = find(change.connection(), workspace, team).await?;
    let found = developers::find(change.connection(), workspace, developer).await?;
    leave(&mut change, &team, found.ok_or(ServiceError::NotFound)?.id, "admin").await?;
    change.commit().await
}

/// Makes a developer a member of exactly the teams of these names.
///
/// # Errors
/// [`ServiceError::Schema`] for a name that no team has.
pub(in crate::services) async fn set(
    change: &mut Change<'_>,
    developer: &Developer,
    names: &[String],
) -> Result<(), ServiceError> {
    let all = teams::list_all(change.connection(), developer.ws_id).await?;
    if let Some(unknown) = names.iter().find(|name| all.iter().all(|team| team.name != **name)) {
        return Err(ServiceError::field("roles", format!("there is no role '{unknown}'")));
    }
    let held = teams::list_of(change.connection(), developer.id).await?;
    for team in all {
        let is_member = held.iter().any(|it| it.id == team.id);
        match (names.contains(&team.name), is_member) {
            (true, false) => join(change, &team, developer.id, "admin").await?,
            (false, true) => leave(change, &team, developer.id, "admin").await?,
            _ => {}
        }
    }
    Ok(())
}

/// Lets the groups of a login decide about the teams that are mapped to groups (dev-portal.md 2.4). `groups` is `None` when
/// the claim was missing: nothing changes then. Teams without a mapping are never touched.
///
/// # Errors
/// The store failed.
pub async fn set_memberships_from_groups(
    change: &mut Change<'_>,
    developer: &Developer,
    groups: Option<&[String]>,
    mode: GroupMode,
) -> Result<(), ServiceError> {
    if groups.is_none() {
        return Ok(());
    }
    let mapped = team_groups::list_all(change.connection(), developer.ws_id).await?;
    let mapped: Vec<_> = mapped.into_iter().map(|mapping| (mapping.team_id, mapping.group)).collect();
    let held: Vec<_> =
        teams::list_of(change.connection(), developer.id).await?.into_iter().map(|team| team.id).collect();
    let (to_join, to_leave) = follow_groups(&mapped, groups, &held, mode);
    for team in teams::list_all(change.connection(), developer.ws_id).await? {
        if to_join.contains(&team.id) {
            join(change, &team, developer.id, "groups").await?;
        } else if to_leave.contains(&team.id) {
            leave(change, &team, developer.id, "groups").await?;
        }
    }
    Ok(())
}

async fn join(
    change: &mut Change<'_>,
    team: &Team,
    developer: DeveloperId,
    cause: &'static str,
) -> Result<(), ServiceError> {
    let now = change.now();
    store::add(change.connection(), team.id, developer, now).await?;
    record(change, Operation::Create, team, developer, cause);
    Ok(())
}

async fn leave(
    change: &mut Change<'_>,
    team: &Team,
    developer: DeveloperId,
    cause: &'static str,
) -> Result<(), ServiceError> {
    match store::remove(change.connection(), team.id, developer).await {
        Ok(()) => record(change, Operation::Delete, team, developer, cause),
        Err(StoreError::NotFound) => return Err(ServiceError::NotFound),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// `cause` is who decided: `admin` or the `groups` of a login.
fn record(change: &mut Change<'_>, operation: Operation, team: &Team, developer: DeveloperId, cause: &'static str) {
    let entity = json!({ "team": named(team), "developer": { "id": developer }, "cause": cause });
    change.record(operation, "team_members", developer, entity);
}
