//! Identities that were proven and are nobody's yet (dev-portal.md 2.3): kept until a form is sent, good once.

use super::database::Connection;
use super::error::StoreError;
use super::row::Columns;
use crate::domain::ids::WorkspaceId;
use crate::domain::time::UnixSeconds;

/// Keeps one under the hash of its key.
///
/// # Errors
/// The database failed.
pub async fn create(
    connection: &mut Connection,
    workspace: WorkspaceId,
    key_hash: &str,
    sealed: &str,
    expires_at: UnixSeconds,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO pending_identities (key_hash, ws_id, sealed, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(key_hash)
        .bind(workspace.to_string())
        .bind(sealed)
        .bind(expires_at.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// The one of a key, while it is good.
///
/// # Errors
/// The database failed.
pub async fn find(
    connection: &mut Connection,
    workspace: WorkspaceId,
    key_hash: &str,
    now: UnixSeconds,
) -> Result<Option<String>, StoreError> {
    let row =
        sqlx::query("SELECT sealed FROM pending_identities WHERE key_hash = $1 AND ws_id = $2 AND expires_at > $3")
            .bind(key_hash)
            .bind(workspace.to_string())
            .bind(now.0)
            .fetch_optional(connection)
            .await?;
    row.map(|row| row.text("sealed")).transpose()
}

/// Uses one up, while it is good: of several at once one succeeds.
///
/// # Errors
/// The database failed.
pub async fn take(
    connection: &mut Connection,
    workspace: WorkspaceId,
    key_hash: &str,
    now: UnixSeconds,
) -> Result<Option<String>, StoreError> {
    let row = sqlx::query(
        "DELETE FROM pending_identities WHERE key_hash = $1 AND ws_id = $2 AND expires_at > $3 RETURNING sealed",
    )
    .bind(key_hash)
    .bind(workspace.to_string())
    .bind(now.0)
    .fetch_optional(connection)
    .await?;
    row.map(|row| row.text("sealed")).transpose()
}

/// Forgets those that are over; returns how many.
///
/// # Errors
/// The database failed.
pub async fn purge_expired(connection: &mut Connection, now: UnixSeconds) -> Result<u64, StoreError> {
    let done =
        sqlx::query("DELETE FROM pending_identities WHERE expires_at <= $1").bind(now.0).execute(connection).await?;
    Ok(done.rows_affected())
}
