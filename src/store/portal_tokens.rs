//! Tokens of links in mails: only hashes are kept, each works once, and the newest of a purpose is the only one
//! (dev-portal.md 2.8).

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::row::Columns;
use crate::domain::developer::EmailAddress;
use crate::domain::ids::DeveloperId;
use crate::domain::portal_token::Purpose;
use crate::domain::time::UnixSeconds;

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalToken {
    /// Whose.
    pub developer_id: DeveloperId,
    /// What for.
    pub purpose: Purpose,
    /// The address that a change of address confirms.
    pub email: Option<EmailAddress>,
    /// When it was made.
    pub created_at: UnixSeconds,
    /// From this second on it does not exist.
    pub expires_at: UnixSeconds,
}

fn read(row: &AnyRow) -> Result<PortalToken, StoreError> {
    Ok(PortalToken {
        developer_id: row.parsed("developer_id")?,
        purpose: row.text("purpose")?.parse().map_err(|()| StoreError::Corrupt("purpose"))?,
        email: row.maybe_parsed("email")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
    })
}

/// Stores a token in place of the former one of its purpose.
///
/// # Errors
/// [`StoreError::ForeignKey`] when the developer is gone.
pub async fn put(connection: &mut Connection, token: &PortalToken, token_hash: &str) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO portal_tokens (token_hash, developer_id, purpose, email, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (developer_id, purpose) DO UPDATE SET token_hash = excluded.token_hash, email = excluded.email,
            created_at = excluded.created_at, expires_at = excluded.expires_at",
    )
    .bind(token_hash)
    .bind(token.developer_id.to_string())
    .bind(token.purpose.as_str())
    .bind(token.email.as_ref().map(EmailAddress::as_str))
    .bind(token.created_at.0)
    .bind(token.expires_at.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// A live token of that purpose.
///
/// # Errors
/// The database failed.
pub async fn find(
    connection: &mut Connection,
    purpose: Purpose,
    token_hash: &str,
    now: UnixSeconds,
) -> Result<Option<PortalToken>, StoreError> {
    let row = sqlx::query("SELECT * FROM portal_tokens WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3")
        .bind(token_hash)
        .bind(purpose.as_str())
        .bind(now.0)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Whether a developer has a live token of that purpose.
///
/// # Errors
/// The database failed.
pub async fn is_live(
    connection: &mut Connection,
    developer: DeveloperId,
    purpose: Purpose,
    now: UnixSeconds,
) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT 1 FROM portal_tokens WHERE developer_id = $1 AND purpose = $2 AND expires_at > $3")
        .bind(developer.to_string())
        .bind(purpose.as_str())
        .bind(now.0)
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

/// Uses up a live token: of several at once one succeeds.
///
/// # Errors
/// The database failed.
pub async fn take(
    connection: &mut Connection,
    purpose: Purpose,
    token_hash: &str,
    now: UnixSeconds,
) -> Result<Option<PortalToken>, StoreError> {
    let row = sqlx::query(
        "DELETE FROM portal_tokens WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3
         RETURNING developer_id, purpose, email, created_at, expires_at",
    )
    .bind(token_hash)
    .bind(purpose.as_str())
    .bind(now.0)
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(read).transpose()
}

/// Makes every token of a developer worthless.
///
/// # Errors
/// The database failed.
pub async fn delete_of_developer(connection: &mut Connection, developer: DeveloperId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM portal_tokens WHERE developer_id = $1")
        .bind(developer.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes expired tokens; returns how many.
///
/// # Errors
/// The database failed.
pub async fn purge_expired(connection: &mut Connection, now: UnixSeconds) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM portal_tokens WHERE expires_at <= $1").bind(now.0).execute(connection).await?;
    Ok(done.rows_affected())
}
