//! Teams of developers (dev-portal.md 4.2).

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::page::{Page, Paged};
use super::row::{Columns, all, found, on_unique};
use crate::domain::ids::{DeveloperId, TeamId, WorkspaceId};
use crate::domain::team::Team;

pub(super) fn read(row: &AnyRow) -> Result<Team, StoreError> {
    Ok(Team {
        id: row.parsed("id")?,
        ws_id: row.parsed("ws_id")?,
        name: row.text("name")?,
        description: row.maybe_text("description")?,
        can_own_applications: row.flag("can_own_applications")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

/// Stores a new one.
///
/// # Errors
/// [`StoreError::Unique`] when the name is taken in its workspace.
pub async fn create(connection: &mut Connection, team: &Team) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO teams (id, ws_id, name, description, can_own_applications, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(team.id.to_string())
    .bind(team.ws_id.to_string())
    .bind(&team.name)
    .bind(team.description.as_deref())
    .bind(i64::from(team.can_own_applications))
    .bind(team.created_at.0)
    .bind(team.updated_at.0)
    .execute(connection)
    .await
    .map_err(|error| on_unique(error, "teams", &[("name", &team.name)]))?;
    Ok(())
}

/// Stores name, description and whether it may own applications.
///
/// # Errors
/// [`StoreError::Unique`], [`StoreError::NotFound`].
pub async fn update(connection: &mut Connection, team: &Team) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE teams SET name = $2, description = $3, can_own_applications = $4, updated_at = $5 WHERE id = $1",
    )
    .bind(team.id.to_string())
    .bind(&team.name)
    .bind(team.description.as_deref())
    .bind(i64::from(team.can_own_applications))
    .bind(team.updated_at.0)
    .execute(connection)
    .await
    .map_err(|error| on_unique(error, "teams", &[("name", &team.name)]))?;
    found(&done)
}

/// The one of that id or name in a workspace. No name is an id.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut Connection, workspace: WorkspaceId, key: &str) -> Result<Option<Team>, StoreError> {
    let row = sqlx::query("SELECT * FROM teams WHERE ws_id = $1 AND (id = $2 OR name = $2)")
        .bind(workspace.to_string())
        .bind(key)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// A page of a workspace's, by id.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut Connection, workspace: WorkspaceId, page: &Page) -> Result<Paged<Team>, StoreError> {
    let rows = sqlx::query("SELECT * FROM teams WHERE ws_id = $1 AND id > $2 ORDER BY id LIMIT $3")
        .bind(workspace.to_string())
        .bind(&page.after)
        .bind(page.limit())
        .fetch_all(connection)
        .await?;
    Ok(Paged::from_rows(all(&rows, read)?, page, |team| team.id.to_string()))
}

/// All of a workspace, by name.
///
/// # Errors
/// The database failed.
pub async fn list_all(connection: &mut Connection, workspace: WorkspaceId) -> Result<Vec<Team>, StoreError> {
    let rows = sqlx::query("SELECT * FROM teams WHERE ws_id = $1 ORDER BY name, id")
        .bind(workspace.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// All that a developer is a member of, by name.
///
/// # Errors
/// The database failed.
pub async fn list_of(connection: &mut Connection, developer: DeveloperId) -> Result<Vec<Team>, StoreError> {
    let rows = sqlx::query(
        "SELECT t.* FROM teams t JOIN team_members m ON m.team_id = t.id WHERE m.developer_id = $1 ORDER BY t.name, t.id",
    )
    .bind(developer.to_string())
    .fetch_all(connection)
    .await?;
    all(&rows, read)
}

/// Deletes one with memberships, roles and mappings.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn delete(connection: &mut Connection, id: TeamId) -> Result<(), StoreError> {
    found(&sqlx::query("DELETE FROM teams WHERE id = $1").bind(id.to_string()).execute(connection).await?)
}
