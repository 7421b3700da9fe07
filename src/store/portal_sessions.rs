//! Sign-ins of developers (dev-portal.md 2.6).

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::row::{Columns, all};
use crate::domain::ids::{DeveloperId, PortalSessionId};
use crate::domain::session::{SessionLimits, SessionTimes};
use crate::domain::time::UnixSeconds;

/// One sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalSession {
    /// Key, which pages may show.
    pub id: PortalSessionId,
    /// Who signed in.
    pub developer_id: DeveloperId,
    /// Whether it shows the state of the account only.
    pub is_limited: bool,
    /// Address of the browser.
    pub client: String,
    /// What the browser calls itself, cut.
    pub user_agent: String,
    /// The ID token of a sign-in through a provider, sealed.
    pub sealed_id_token: Option<String>,
    /// Sign-in, last recorded use, last renewal.
    pub times: SessionTimes,
}

fn read(row: &AnyRow) -> Result<PortalSession, StoreError> {
    Ok(PortalSession {
        id: row.parsed("id")?,
        developer_id: row.parsed("developer_id")?,
        is_limited: row.flag("is_limited")?,
        client: row.text("client")?,
        user_agent: row.text("user_agent")?,
        sealed_id_token: row.maybe_text("sealed_id_token")?,
        times: SessionTimes {
            created_at: row.time("created_at")?,
            last_seen_at: row.time("last_seen_at")?,
            renewed_at: row.time("renewed_at")?,
        },
    })
}

/// Stores a new session under the hash of its key.
///
/// # Errors
/// [`StoreError::ForeignKey`] when the developer is gone.
pub async fn create(connection: &mut Connection, session: &PortalSession, key_hash: &str) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO portal_sessions (id, key_hash, developer_id, is_limited, client, user_agent, created_at,
                                      last_seen_at, renewed_at, sealed_id_token)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(session.id.to_string())
    .bind(key_hash)
    .bind(session.developer_id.to_string())
    .bind(i64::from(session.is_limited))
    .bind(&session.client)
    .bind(&session.user_agent)
    .bind(session.times.created_at.0)
    .bind(session.times.last_seen_at.0)
    .bind(session.times.renewed_at.0)
    .bind(session.sealed_id_token.as_deref())
    .execute(connection)
    .await?;
    Ok(())
}

/// The session of a key, live or over.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut Connection, key_hash: &str) -> Result<Option<PortalSession>, StoreError> {
    let row = sqlx::query("SELECT * FROM portal_sessions WHERE key_hash = $1")
        .bind(key_hash)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The sessions of a developer, the latest first.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut Connection, developer: DeveloperId) -> Result<Vec<PortalSession>, StoreError> {
    let rows = sqlx::query("SELECT * FROM portal_sessions WHERE developer_id = $1 ORDER BY last_seen_at DESC, id")
        .bind(developer.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// Records a use, and a renewal if it is one.
///
/// # Errors
/// The database failed.
pub async fn touch(
    connection: &mut Connection,
    id: PortalSessionId,
    now: UnixSeconds,
    is_renewal: bool,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE portal_sessions SET last_seen_at = $2, renewed_at = CASE WHEN $3 = 1 THEN $2 ELSE renewed_at END
         WHERE id = $1 AND last_seen_at <= $2",
    )
    .bind(id.to_string())
    .bind(now.0)
    .bind(i64::from(is_renewal))
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a session.
///
/// # Errors
/// The database failed.
pub async fn delete(connection: &mut Connection, id: PortalSessionId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM portal_sessions WHERE id = $1").bind(id.to_string()).execute(connection).await?;
    Ok(())
}

/// Ends every session of a developer, but for `except`; returns how many.
///
/// # Errors
/// The database failed.
pub async fn delete_of_developer(
    connection: &mut Connection,
    developer: DeveloperId,
    except: Option<PortalSessionId>,
) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM portal_sessions WHERE developer_id = $1 AND id <> $2")
        .bind(developer.to_string())
        .bind(except.map_or_else(String::new, |id| id.to_string()))
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// Removes every session that is over by its limits; returns how many.
///
/// # Errors
/// The database failed.
pub async fn purge_expired(
    connection: &mut Connection,
    now: UnixSeconds,
    limits: &SessionLimits,
) -> Result<u64, StoreError> {
    let over = limits.latest_over(now);
    let done =
        sqlx::query("DELETE FROM portal_sessions WHERE last_seen_at <= $1 OR renewed_at <= $2 OR created_at <= $3")
            .bind(over.last_seen_at.0)
            .bind(over.renewed_at.0)
            .bind(over.created_at.0)
            .execute(connection)
            .await?;
    Ok(done.rows_affected())
}
