//! What a browser's session cookie stands for: the state that actix-session keeps, by the hash of the key in the cookie
//! (kong-manager.md 2.6).

use std::fmt;

use super::database::Connection;
use super::error::StoreError;
use super::row::{Columns, on_unique};
use crate::domain::ids::SessionId;
use crate::domain::time::UnixSeconds;

/// One browser session.
#[derive(Clone, PartialEq, Eq)]
pub struct WebSession {
    /// SHA-256 of the key in the cookie, hexadecimal. The key itself is never stored.
    pub key_hash: String,
    /// JSON object.
    pub state: String,
    /// From this second on it does not exist.
    pub expires_at: UnixSeconds,
    /// The sign-in it belongs to; it ends with it.
    pub login_session_id: Option<SessionId>,
}

impl fmt::Debug for WebSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSession").field("login_session_id", &self.login_session_id).finish_non_exhaustive()
    }
}

/// The live session of a key.
///
/// # Errors
/// The database failed.
pub async fn find(
    connection: &mut Connection,
    key_hash: &str,
    now: UnixSeconds,
) -> Result<Option<WebSession>, StoreError> {
    let row = sqlx::query("SELECT * FROM web_sessions WHERE key_hash = $1 AND expires_at > $2")
        .bind(key_hash)
        .bind(now.0)
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        Ok(WebSession {
            key_hash: row.text("key_hash")?,
            state: row.text("state")?,
            expires_at: row.time("expires_at")?,
            login_session_id: row.maybe_parsed("login_session_id")?,
        })
    })
    .transpose()
}

/// Stores a new session.
///
/// # Errors
/// [`StoreError::Unique`] when the key is in use, [`StoreError::ForeignKey`] when the sign-in is over.
pub async fn create(connection: &mut Connection, session: &WebSession) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO web_sessions (key_hash, state, expires_at, login_session_id) VALUES ($1, $2, $3, $4)")
        .bind(&session.key_hash)
        .bind(&session.state)
        .bind(session.expires_at.0)
        .bind(session.login_session_id.map(|id| id.to_string()))
        .execute(connection)
        .await
        .map_err(|error| on_unique(error, "web_sessions", &[]))?;
    Ok(())
}

/// Stores state, end and sign-in of an existing session; `false` when it is gone.
///
/// # Errors
/// [`StoreError::ForeignKey`] when the sign-in is over.
pub async fn update(connection: &mut Connection, session: &WebSession) -> Result<bool, StoreError> {
    let done =
        sqlx::query("UPDATE web_sessions SET state = $2, expires_at = $3, login_session_id = $4 WHERE key_hash = $1")
            .bind(&session.key_hash)
            .bind(&session.state)
            .bind(session.expires_at.0)
            .bind(session.login_session_id.map(|id| id.to_string()))
            .execute(connection)
            .await?;
    Ok(done.rows_affected() > 0)
}

/// Moves the end of an existing session; `false` when it is gone.
///
/// # Errors
/// The database failed.
pub async fn update_ttl(
    connection: &mut Connection,
    key_hash: &str,
    expires_at: UnixSeconds,
) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE web_sessions SET expires_at = $2 WHERE key_hash = $1")
        .bind(key_hash)
        .bind(expires_at.0)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends a session.
///
/// # Errors
/// The database failed.
pub async fn delete(connection: &mut Connection, key_hash: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM web_sessions WHERE key_hash = $1").bind(key_hash).execute(connection).await?;
    Ok(())
}

/// Removes the sessions that are over; returns how many.
///
/// # Errors
/// The database failed.
pub async fn purge_expired(connection: &mut Connection, now: UnixSeconds) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM web_sessions WHERE expires_at <= $1").bind(now.0).execute(connection).await?;
    Ok(done.rows_affected())
}
