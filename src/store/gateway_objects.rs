//! What is known of Kong's side of APIs and applications, and of what was found there without owner (dev-portal.md 6.7).

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::row::{Columns, all};
use crate::domain::ids::WorkspaceId;
use crate::domain::sync::{Subject, SyncState};
use crate::domain::time::UnixSeconds;

/// The state of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownState {
    /// `api`, `application` or `orphan`.
    pub kind: String,
    /// Its id, or the path of an orphan in Kong.
    pub subject_id: String,
    /// State.
    pub state: SyncState,
    /// What is wrong, for people.
    pub detail: Option<String>,
    /// When that was found.
    pub checked_at: UnixSeconds,
}

fn read(row: &AnyRow) -> Result<KnownState, StoreError> {
    Ok(KnownState {
        kind: row.text("kind")?,
        subject_id: row.text("subject_id")?,
        state: row.parsed("sync_state")?,
        detail: row.maybe_text("detail")?,
        checked_at: row.time("checked_at")?,
    })
}

/// Stores the state of a subject.
///
/// # Errors
/// The database failed.
pub async fn put(connection: &mut Connection, workspace: WorkspaceId, known: &KnownState) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO gateway_objects (kind, subject_id, ws_id, sync_state, detail, checked_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (kind, subject_id) DO UPDATE SET sync_state = $4, detail = $5, checked_at = $6",
    )
    .bind(&known.kind)
    .bind(&known.subject_id)
    .bind(workspace.to_string())
    .bind(known.state.as_str())
    .bind(known.detail.as_deref())
    .bind(known.checked_at.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// The state of a subject.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut Connection, subject: Subject) -> Result<Option<KnownState>, StoreError> {
    let row = sqlx::query("SELECT * FROM gateway_objects WHERE kind = $1 AND subject_id = $2")
        .bind(subject.kind.as_str())
        .bind(subject.id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// All states of a workspace.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut Connection, workspace: WorkspaceId) -> Result<Vec<KnownState>, StoreError> {
    let rows = sqlx::query("SELECT * FROM gateway_objects WHERE ws_id = $1 ORDER BY kind, subject_id")
        .bind(workspace.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// Forgets a subject.
///
/// # Errors
/// The database failed.
pub async fn delete(connection: &mut Connection, subject: Subject) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM gateway_objects WHERE kind = $1 AND subject_id = $2")
        .bind(subject.kind.as_str())
        .bind(subject.id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets every orphan of a workspace.
///
/// # Errors
/// The database failed.
pub async fn delete_orphans(connection: &mut Connection, workspace: WorkspaceId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM gateway_objects WHERE kind = 'orphan' AND ws_id = $1")
        .bind(workspace.to_string())
        .execute(connection)
        .await?;
    Ok(())
}
