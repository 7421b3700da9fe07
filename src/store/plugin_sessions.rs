//! Sessions of the `openid-connect` plugin (openid-connect.md 5.5). Keys are hashes of ids and contents are sealed: whoever
//! reads this table can use no session.

use std::fmt;

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::plugin_session_changes;
use super::row::{Columns, on_unique};
use crate::domain::time::UnixSeconds;

/// A row.
#[derive(Clone, PartialEq, Eq)]
pub struct PluginSession {
    /// SHA-256 of the session's id, hexadecimal.
    pub key_hash: String,
    /// The sealed content, or the sealed id of the successor.
    pub sealed: String,
    /// Whether a successor took its place.
    pub is_replaced: bool,
    /// `iss`.
    pub issuer: Option<String>,
    /// `sub`.
    pub subject: Option<String>,
    /// `sid`.
    pub idp_session: Option<String>,
    /// Last recorded use.
    pub last_seen_at: UnixSeconds,
    /// From this second on it does not exist.
    pub expires_at: UnixSeconds,
}

impl fmt::Debug for PluginSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PluginSession").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// The row of a key, unless it is over.
///
/// # Errors
/// The database failed.
pub async fn find(
    connection: &mut Connection,
    key_hash: &str,
    now: UnixSeconds,
) -> Result<Option<PluginSession>, StoreError> {
    let row = sqlx::query("SELECT * FROM plugin_sessions WHERE key_hash = $1 AND expires_at > $2")
        .bind(key_hash)
        .bind(now.0)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &AnyRow) -> Result<PluginSession, StoreError> {
    Ok(PluginSession {
        key_hash: row.text("key_hash")?,
        sealed: row.text("sealed")?,
        is_replaced: row.flag("is_replaced")?,
        issuer: row.maybe_text("issuer")?,
        subject: row.maybe_text("subject")?,
        idp_session: row.maybe_text("idp_session")?,
        last_seen_at: row.time("last_seen_at")?,
        expires_at: row.time("expires_at")?,
    })
}

/// Stores a new session.
///
/// # Errors
/// [`StoreError::Unique`] when the key is in use; the database failed.
pub async fn create(connection: &mut Connection, session: &PluginSession) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO plugin_sessions (key_hash, sealed, is_replaced, issuer, subject, idp_session, last_seen_at,
                                      expires_at, lease_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)",
    )
    .bind(&session.key_hash)
    .bind(&session.sealed)
    .bind(i64::from(session.is_replaced))
    .bind(session.issuer.as_deref())
    .bind(session.subject.as_deref())
    .bind(session.idp_session.as_deref())
    .bind(session.last_seen_at.0)
    .bind(session.expires_at.0)
    .execute(connection)
    .await
    .map_err(|error| on_unique(error, "plugin_sessions", &[]))?;
    Ok(())
}

/// Makes a session lead to its successor; `false` when it is gone or was replaced already. Other writers of the row wait
/// until the transaction ends, and it keeps its names: by them [`delete_named`] notices what it waited for.
///
/// # Errors
/// The database failed.
pub async fn replace(
    connection: &mut Connection,
    pointer: &PluginSession,
    now: UnixSeconds,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE plugin_sessions SET sealed = $2, is_replaced = 1, expires_at = $3, lease_owner = NULL, lease_until = 0
         WHERE key_hash = $1 AND is_replaced = 0 AND expires_at > $4",
    )
    .bind(&pointer.key_hash)
    .bind(&pointer.sealed)
    .bind(pointer.expires_at.0)
    .bind(now.0)
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    plugin_session_changes::note(connection, &pointer.key_hash, now).await?;
    Ok(true)
}

/// Records a use. Never moves the time back; a session that is gone or replaced is no error.
///
/// # Errors
/// The database failed.
pub async fn touch(
    connection: &mut Connection,
    key_hash: &str,
    seen: UnixSeconds,
    expires_at: UnixSeconds,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE plugin_sessions SET last_seen_at = $2, expires_at = $3
         WHERE key_hash = $1 AND is_replaced = 0 AND last_seen_at < $2",
    )
    .bind(key_hash)
    .bind(seen.0)
    .bind(expires_at.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a session; `false`, and nothing is changed, when it was replaced. One that is being replaced is waited for.
///
/// # Errors
/// The database failed.
pub async fn end(connection: &mut Connection, key_hash: &str, now: UnixSeconds) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM plugin_sessions WHERE key_hash = $1 AND is_replaced = 0")
        .bind(key_hash)
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() == 1 {
        plugin_session_changes::note(connection, key_hash, now).await?;
        return Ok(true);
    }
    let pointer = sqlx::query("SELECT key_hash FROM plugin_sessions WHERE key_hash = $1");
    Ok(pointer.bind(key_hash).fetch_optional(connection).await?.is_none())
}

/// Ends the sessions that a logout names: by subject, by the provider's session, or by both together. Without either,
/// none. Returns how many.
///
/// # Errors
/// The database failed.
pub async fn delete_named(
    connection: &mut Connection,
    issuer: &str,
    subject: Option<&str>,
    idp_session: Option<&str>,
    now: UnixSeconds,
) -> Result<u64, StoreError> {
    let mut ended = Vec::new();
    if subject.is_none() && idp_session.is_none() {
        return Ok(0);
    }
    loop {
        let pass = delete_seen(connection, issuer, subject, idp_session, now).await?;
        ended.extend(pass.sessions);
        // A statement sees nothing that begins after it: the successor of a session that it waited for is for the next one.
        if pass.pointers == 0 {
            break;
        }
    }
    for key_hash in &ended {
        plugin_session_changes::note(connection, key_hash, now).await?;
    }
    Ok(ended.len() as u64)
}

/// What one statement has removed.
struct Pass {
    /// Keys of sessions.
    sessions: Vec<String>,
    pointers: u64,
}

/// Leaves what is over to [`purge_expired`], which would take the same rows in another order.
async fn delete_seen(
    connection: &mut Connection,
    issuer: &str,
    subject: Option<&str>,
    idp_session: Option<&str>,
    now: UnixSeconds,
) -> Result<Pass, StoreError> {
    let rows = sqlx::query(
        "DELETE FROM plugin_sessions WHERE issuer = $1 AND ($2 IS NULL OR subject = $2)
         AND ($3 IS NULL OR idp_session = $3) AND expires_at > $4 RETURNING key_hash, is_replaced",
    )
    .bind(issuer)
    .bind(subject)
    .bind(idp_session)
    .bind(now.0)
    .fetch_all(connection)
    .await?;
    let mut pass = Pass { sessions: Vec::new(), pointers: 0 };
    for row in &rows {
        if row.flag("is_replaced")? { pass.pointers += 1 } else { pass.sessions.push(row.text("key_hash")?) }
    }
    Ok(pass)
}

/// Tries to become the one who refreshes the session's tokens until `until`. `owner` is unique for each attempt, over all
/// nodes. `false` when another holds the lease, or the session is gone or replaced.
///
/// # Errors
/// The database failed.
pub async fn try_lease(
    connection: &mut Connection,
    key_hash: &str,
    owner: &str,
    now: UnixSeconds,
    until: UnixSeconds,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE plugin_sessions SET lease_owner = $2, lease_until = $3
         WHERE key_hash = $1 AND is_replaced = 0 AND expires_at > $4 AND lease_until <= $4",
    )
    .bind(key_hash)
    .bind(owner)
    .bind(until.0)
    .bind(now.0)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives the lease back; without effect when `owner` lost it.
///
/// # Errors
/// The database failed.
pub async fn release_lease(connection: &mut Connection, key_hash: &str, owner: &str) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE plugin_sessions SET lease_owner = NULL, lease_until = 0 WHERE key_hash = $1 AND lease_owner = $2",
    )
    .bind(key_hash)
    .bind(owner)
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes what is over; returns how many.
///
/// # Errors
/// The database failed.
pub async fn purge_expired(connection: &mut Connection, now: UnixSeconds) -> Result<u64, StoreError> {
    let done =
        sqlx::query("DELETE FROM plugin_sessions WHERE expires_at <= $1").bind(now.0).execute(connection).await?;
    Ok(done.rows_affected())
}
