//! Login states and logout tokens that were used up, so that an authorization response (openid-connect.md 2.9.4) and a logout
//! token (6.3) count once over all nodes.

use super::database::Connection;
use super::error::StoreError;
use crate::domain::time::UnixSeconds;

/// Uses up a state: `true` for exactly one caller, however many try at once. `expires_at` is when the state would have
/// expired anyway and may be forgotten.
///
/// # Errors
/// The database failed.
pub async fn consume(
    connection: &mut Connection,
    state_hash: &str,
    expires_at: UnixSeconds,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO consumed_states (state_hash, expires_at) VALUES ($1, $2) ON CONFLICT (state_hash) DO NOTHING",
    )
    .bind(state_hash)
    .bind(expires_at.0)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a use back: what it was for did not happen.
///
/// # Errors
/// The database failed.
pub async fn release(connection: &mut Connection, state_hash: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM consumed_states WHERE state_hash = $1").bind(state_hash).execute(connection).await?;
    Ok(())
}

/// Forgets the states that have expired anyway; returns how many.
///
/// # Errors
/// The database failed.
pub async fn purge_expired(connection: &mut Connection, now: UnixSeconds) -> Result<u64, StoreError> {
    let done =
        sqlx::query("DELETE FROM consumed_states WHERE expires_at <= $1").bind(now.0).execute(connection).await?;
    Ok(done.rows_affected())
}
