//! Which groups of the identity provider fill which teams (dev-portal.md 2.4).

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::page::{Page, Paged};
use super::row::{Columns, all, found, on_unique};
use crate::domain::ids::{GroupName, TeamGroupId, TeamId, WorkspaceId};
use crate::domain::team::TeamGroup;

fn read(row: &AnyRow) -> Result<TeamGroup, StoreError> {
    Ok(TeamGroup {
        id: row.parsed("id")?,
        ws_id: row.parsed("ws_id")?,
        team_id: row.parsed("team_id")?,
        group: GroupName::from_stored(row.text("group_name")?),
        created_at: row.time("created_at")?,
    })
}

/// Stores a new one.
///
/// # Errors
/// [`StoreError::Unique`] when the team has that group already.
pub async fn create(connection: &mut Connection, mapping: &TeamGroup) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO team_groups (id, ws_id, team_id, group_name, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(mapping.id.to_string())
        .bind(mapping.ws_id.to_string())
        .bind(mapping.team_id.to_string())
        .bind(mapping.group.as_str())
        .bind(mapping.created_at.0)
        .execute(connection)
        .await
        .map_err(|error| on_unique(error, "team_groups", &[("group_name", mapping.group.as_str())]))?;
    Ok(())
}

/// The one with that id in a workspace.
///
/// # Errors
/// The database failed.
pub async fn find(
    connection: &mut Connection,
    workspace: WorkspaceId,
    id: TeamGroupId,
) -> Result<Option<TeamGroup>, StoreError> {
    let row = sqlx::query("SELECT * FROM team_groups WHERE ws_id = $1 AND id = $2")
        .bind(workspace.to_string())
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// A page of a workspace's, by id.
///
/// # Errors
/// The database failed.
pub async fn list(
    connection: &mut Connection,
    workspace: WorkspaceId,
    page: &Page,
) -> Result<Paged<TeamGroup>, StoreError> {
    let rows = sqlx::query("SELECT * FROM team_groups WHERE ws_id = $1 AND id > $2 ORDER BY id LIMIT $3")
        .bind(workspace.to_string())
        .bind(&page.after)
        .bind(page.limit())
        .fetch_all(connection)
        .await?;
    Ok(Paged::from_rows(all(&rows, read)?, page, |mapping| mapping.id.to_string()))
}

/// All of a workspace, by group.
///
/// # Errors
/// The database failed.
pub async fn list_all(connection: &mut Connection, workspace: WorkspaceId) -> Result<Vec<TeamGroup>, StoreError> {
    let rows = sqlx::query("SELECT * FROM team_groups WHERE ws_id = $1 ORDER BY group_name, id")
        .bind(workspace.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// All of a team, by group.
///
/// # Errors
/// The database failed.
pub async fn list_of(connection: &mut Connection, team: TeamId) -> Result<Vec<TeamGroup>, StoreError> {
    let rows = sqlx::query("SELECT * FROM team_groups WHERE team_id = $1 ORDER BY group_name, id")
        .bind(team.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// Deletes one.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn delete(connection: &mut Connection, id: TeamGroupId) -> Result<(), StoreError> {
    found(&sqlx::query("DELETE FROM team_groups WHERE id = $1").bind(id.to_string()).execute(connection).await?)
}
