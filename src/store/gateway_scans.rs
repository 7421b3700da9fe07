//! Whole comparisons with Kong: which node does the next one, and how the last one ended.

use super::database::Connection;
use super::error::StoreError;
use super::row::{Columns, all};
use crate::domain::ids::WorkspaceId;
use crate::domain::time::UnixSeconds;

/// The last comparison of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// When it began.
    pub started_at: UnixSeconds,
    /// When the last one that ended did.
    pub finished_at: Option<UnixSeconds>,
    /// Why it failed.
    pub problem: Option<String>,
}

/// Workspaces that have something in Kong and were not compared since `before`.
///
/// # Errors
/// The database failed.
pub async fn list_due(connection: &mut Connection, before: UnixSeconds) -> Result<Vec<WorkspaceId>, StoreError> {
    let rows = sqlx::query(
        "SELECT w.ws_id FROM (SELECT ws_id FROM published_apis UNION SELECT ws_id FROM applications) w
         LEFT JOIN gateway_scans s ON s.ws_id = w.ws_id WHERE s.started_at IS NULL OR s.started_at <= $1",
    )
    .bind(before.0)
    .fetch_all(connection)
    .await?;
    all(&rows, |row| row.parsed("ws_id"))
}

/// Takes the turn of the next comparison; `false` when another node did since `before`.
///
/// # Errors
/// The database failed.
pub async fn claim(
    connection: &mut Connection,
    workspace: WorkspaceId,
    before: UnixSeconds,
    now: UnixSeconds,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO gateway_scans (ws_id, started_at) VALUES ($1, $3)
         ON CONFLICT (ws_id) DO UPDATE SET started_at = $3 WHERE gateway_scans.started_at <= $2",
    )
    .bind(workspace.to_string())
    .bind(before.0)
    .bind(now.0)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Notes how a comparison ended.
///
/// # Errors
/// The database failed.
pub async fn finish(
    connection: &mut Connection,
    workspace: WorkspaceId,
    problem: Option<&str>,
    now: UnixSeconds,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE gateway_scans SET finished_at = $2, problem = $3 WHERE ws_id = $1")
        .bind(workspace.to_string())
        .bind(now.0)
        .bind(problem)
        .execute(connection)
        .await?;
    Ok(())
}

/// The last comparison.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut Connection, workspace: WorkspaceId) -> Result<Option<Scan>, StoreError> {
    let row = sqlx::query("SELECT * FROM gateway_scans WHERE ws_id = $1")
        .bind(workspace.to_string())
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Scan {
        started_at: row.time("started_at")?,
        finished_at: row.maybe_time("finished_at")?,
        problem: row.maybe_text("problem")?,
    }))
}
