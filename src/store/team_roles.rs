//! Roles that teams have on published APIs.

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::page::{Page, Paged};
use super::row::{Columns, all, found, on_unique};
use crate::domain::ids::{AssignedRoleId, DeveloperId, TeamId, WorkspaceId};
use crate::domain::team::{ApiScope, AssignedRole};

fn read(row: &AnyRow) -> Result<AssignedRole, StoreError> {
    Ok(AssignedRole {
        id: row.parsed("id")?,
        team_id: row.parsed("team_id")?,
        role: row.parsed("role_name")?,
        scope: row.parsed("entity_id")?,
        created_at: row.time("created_at")?,
    })
}

/// Stores a new one.
///
/// # Errors
/// [`StoreError::Unique`] when the team has it already, [`StoreError::ForeignKey`] for an API that is gone.
pub async fn create(connection: &mut Connection, assigned: &AssignedRole) -> Result<(), StoreError> {
    let entity = assigned.scope.to_string();
    let api = match assigned.scope {
        ApiScope::All => None,
        ApiScope::One(api) => Some(api.to_string()),
    };
    sqlx::query(
        "INSERT INTO team_roles (id, team_id, role_name, entity_id, api_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(assigned.id.to_string())
    .bind(assigned.team_id.to_string())
    .bind(assigned.role.as_str())
    .bind(&entity)
    .bind(api)
    .bind(assigned.created_at.0)
    .execute(connection)
    .await
    .map_err(|error| {
        on_unique(error, "team_roles", &[("role_name", assigned.role.as_str()), ("entity_id", &entity)])
    })?;
    Ok(())
}

/// A page of a team's, by id.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut Connection, team: TeamId, page: &Page) -> Result<Paged<AssignedRole>, StoreError> {
    let rows = sqlx::query("SELECT * FROM team_roles WHERE team_id = $1 AND id > $2 ORDER BY id LIMIT $3")
        .bind(team.to_string())
        .bind(&page.after)
        .bind(page.limit())
        .fetch_all(connection)
        .await?;
    Ok(Paged::from_rows(all(&rows, read)?, page, |assigned| assigned.id.to_string()))
}

/// All of a team.
///
/// # Errors
/// The database failed.
pub async fn list_of_team(connection: &mut Connection, team: TeamId) -> Result<Vec<AssignedRole>, StoreError> {
    let rows = sqlx::query("SELECT * FROM team_roles WHERE team_id = $1 ORDER BY id")
        .bind(team.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// All that a developer has through its teams.
///
/// # Errors
/// The database failed.
pub async fn list_of_developer(
    connection: &mut Connection,
    developer: DeveloperId,
) -> Result<Vec<AssignedRole>, StoreError> {
    let rows = sqlx::query(
        "SELECT r.* FROM team_roles r JOIN team_members m ON m.team_id = r.team_id WHERE m.developer_id = $1",
    )
    .bind(developer.to_string())
    .fetch_all(connection)
    .await?;
    all(&rows, read)
}

/// All of a workspace.
///
/// # Errors
/// The database failed.
pub async fn list_all(connection: &mut Connection, workspace: WorkspaceId) -> Result<Vec<AssignedRole>, StoreError> {
    let rows = sqlx::query("SELECT r.* FROM team_roles r JOIN teams t ON t.id = r.team_id WHERE t.ws_id = $1")
        .bind(workspace.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// Takes a role from its team.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn delete(connection: &mut Connection, id: AssignedRoleId) -> Result<(), StoreError> {
    found(&sqlx::query("DELETE FROM team_roles WHERE id = $1").bind(id.to_string()).execute(connection).await?)
}
