//! Which developers are members of which teams.

use super::database::Connection;
use super::developers;
use super::error::StoreError;
use super::page::{Page, Paged};
use super::row::{Columns, all, found, on_unique};
use crate::domain::developer::Developer;
use crate::domain::ids::{DeveloperId, TeamId, WorkspaceId};
use crate::domain::time::UnixSeconds;

/// Makes a developer a member.
///
/// # Errors
/// [`StoreError::Unique`] when it is one already.
pub async fn add(
    connection: &mut Connection,
    team: TeamId,
    developer: DeveloperId,
    now: UnixSeconds,
) -> Result<(), StoreError> {
    let id = developer.to_string();
    sqlx::query("INSERT INTO team_members (team_id, developer_id, created_at) VALUES ($1, $2, $3)")
        .bind(team.to_string())
        .bind(&id)
        .bind(now.0)
        .execute(connection)
        .await
        .map_err(|error| on_unique(error, "team_members", &[("developer", &id)]))?;
    Ok(())
}

/// Ends a membership.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none.
pub async fn remove(connection: &mut Connection, team: TeamId, developer: DeveloperId) -> Result<(), StoreError> {
    let done = sqlx::query("DELETE FROM team_members WHERE team_id = $1 AND developer_id = $2")
        .bind(team.to_string())
        .bind(developer.to_string())
        .execute(connection)
        .await?;
    found(&done)
}

/// Whether a developer is a member.
///
/// # Errors
/// The database failed.
pub async fn has(connection: &mut Connection, team: TeamId, developer: DeveloperId) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT COUNT(*) AS total FROM team_members WHERE team_id = $1 AND developer_id = $2")
        .bind(team.to_string())
        .bind(developer.to_string())
        .fetch_one(connection)
        .await?;
    row.flag("total")
}

/// A page of the members of a team, by id.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut Connection, team: TeamId, page: &Page) -> Result<Paged<Developer>, StoreError> {
    let rows = sqlx::query(
        "SELECT d.* FROM developers d JOIN team_members m ON m.developer_id = d.id
         WHERE m.team_id = $1 AND d.id > $2 ORDER BY d.id LIMIT $3",
    )
    .bind(team.to_string())
    .bind(&page.after)
    .bind(page.limit())
    .fetch_all(connection)
    .await?;
    Ok(Paged::from_rows(all(&rows, developers::read)?, page, |developer| developer.id.to_string()))
}

/// Every membership of a workspace.
///
/// # Errors
/// The database failed.
pub async fn list_all(
    connection: &mut Connection,
    workspace: WorkspaceId,
) -> Result<Vec<(TeamId, DeveloperId)>, StoreError> {
    let rows = sqlx::query(
        "SELECT m.team_id, m.developer_id FROM team_members m JOIN teams t ON t.id = m.team_id WHERE t.ws_id = $1",
    )
    .bind(workspace.to_string())
    .fetch_all(connection)
    .await?;
    all(&rows, |row| Ok((row.parsed("team_id")?, row.parsed("developer_id")?)))
}
