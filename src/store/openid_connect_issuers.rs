//! The discovery cache of the `openid-connect` plugin (openid-connect.md 11.1): by the issuer as it was configured.

use std::fmt;

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::row::{Columns, all};
use crate::domain::time::UnixSeconds;

/// What is kept of a provider.
#[derive(Clone, PartialEq, Eq)]
pub struct CachedIssuer {
    /// UUID.
    pub id: String,
    /// `issuer` as it was configured.
    pub issuer: String,
    /// The discovery document, JSON; `None` before the first discovery.
    pub configuration: Option<String>,
    /// List of JWKs, JSON.
    pub jwks: String,
    /// The sealed secret of its sessions.
    pub sealed_secret: String,
    /// When the document was fetched; 0 before.
    pub discovered_at: UnixSeconds,
    /// When the row was made.
    pub created_at: UnixSeconds,
}

impl fmt::Debug for CachedIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedIssuer").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// All, the oldest first.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut Connection) -> Result<Vec<CachedIssuer>, StoreError> {
    let rows =
        sqlx::query("SELECT * FROM openid_connect_issuers ORDER BY created_at, id").fetch_all(connection).await?;
    all(&rows, read)
}

/// The row of an issuer.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut Connection, issuer: &str) -> Result<Option<CachedIssuer>, StoreError> {
    let row = sqlx::query("SELECT * FROM openid_connect_issuers WHERE issuer = $1")
        .bind(issuer)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &AnyRow) -> Result<CachedIssuer, StoreError> {
    Ok(CachedIssuer {
        id: row.text("id")?,
        issuer: row.text("issuer")?,
        configuration: row.maybe_text("configuration")?,
        jwks: row.text("jwks")?,
        sealed_secret: row.text("sealed_secret")?,
        discovered_at: row.time("discovered_at")?,
        created_at: row.time("created_at")?,
    })
}

/// Stores a row unless the issuer has one; returns the one that counts from now on.
///
/// # Errors
/// The database failed.
pub async fn insert_if_absent(connection: &mut Connection, new: &CachedIssuer) -> Result<CachedIssuer, StoreError> {
    sqlx::query(
        "INSERT INTO openid_connect_issuers (id, issuer, configuration, jwks, sealed_secret, discovered_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (issuer) DO NOTHING",
    )
    .bind(&new.id)
    .bind(&new.issuer)
    .bind(new.configuration.as_deref())
    .bind(&new.jwks)
    .bind(&new.sealed_secret)
    .bind(new.discovered_at.0)
    .bind(new.created_at.0)
    .execute(&mut *connection)
    .await?;
    find(connection, &new.issuer).await?.ok_or(StoreError::NotFound)
}

/// Stores what was discovered, unless something newer is there or the row is gone.
///
/// # Errors
/// The database failed.
pub async fn update_discovery(
    connection: &mut Connection,
    issuer: &str,
    configuration: &str,
    jwks: &str,
    discovered_at: UnixSeconds,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE openid_connect_issuers SET configuration = $2, jwks = $3, discovered_at = $4
         WHERE issuer = $1 AND discovered_at <= $4",
    )
    .bind(issuer)
    .bind(configuration)
    .bind(jwks)
    .bind(discovered_at.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes one by its issuer, or else by its id; `false` when there is none.
///
/// # Errors
/// The database failed.
pub async fn delete(connection: &mut Connection, issuer_or_id: &str) -> Result<bool, StoreError> {
    for sql in
        ["DELETE FROM openid_connect_issuers WHERE issuer = $1", "DELETE FROM openid_connect_issuers WHERE id = $1"]
    {
        let done = sqlx::query(sql).bind(issuer_or_id).execute(&mut *connection).await?;
        if done.rows_affected() > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Removes all.
///
/// # Errors
/// The database failed.
pub async fn delete_all(connection: &mut Connection) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM openid_connect_issuers").execute(connection).await?;
    Ok(())
}
