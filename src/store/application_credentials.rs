//! Credentials of applications, sealed (dev-portal.md 6.3).

use std::fmt;

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::row::{Columns, all, found, on_unique};
use crate::domain::credential::Credential;
use crate::domain::ids::{ApplicationId, CredentialId};
use crate::domain::time::UnixSeconds;

/// A credential with its sealed value.
#[derive(Clone)]
pub struct Sealed {
    /// What is known of it.
    pub credential: Credential,
    /// Its value, for whoever has the key.
    pub value: String,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed").field("credential", &self.credential).finish_non_exhaustive()
    }
}

fn read(row: &AnyRow) -> Result<Sealed, StoreError> {
    let credential = Credential {
        id: row.parsed("id")?,
        ws_id: row.parsed("ws_id")?,
        application_id: row.parsed("application_id")?,
        kind: row.parsed("kind")?,
        identifier: row.maybe_text("identifier")?,
        algorithm: row.maybe_parsed("algorithm")?,
        is_hashed: row.flag("is_hashed")?,
        display_name: row.text("display_name")?,
        status: row.parsed("status")?,
        expires_at: row.maybe_time("expires_at")?,
        created_at: row.time("created_at")?,
    };
    Ok(Sealed { credential, value: row.text("sealed_value")? })
}

/// Stores a new one.
///
/// # Errors
/// [`StoreError::Unique`] when its identifier is taken.
pub async fn create(connection: &mut Connection, new: &Sealed, value_hash: &str) -> Result<(), StoreError> {
    let credential = &new.credential;
    sqlx::query(
        "INSERT INTO application_credentials (id, ws_id, application_id, display_name, value_hash, sealed_value, status,
            expires_at, created_at, kind, identifier, algorithm, is_hashed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(credential.id.to_string())
    .bind(credential.ws_id.to_string())
    .bind(credential.application_id.to_string())
    .bind(&credential.display_name)
    .bind(value_hash)
    .bind(&new.value)
    .bind(credential.status.as_str())
    .bind(credential.expires_at.map(|end| end.0))
    .bind(credential.created_at.0)
    .bind(credential.kind.as_str())
    .bind(credential.identifier.as_deref())
    .bind(credential.algorithm.map(crate::domain::strategy::JwtAlgorithm::as_str))
    .bind(i64::from(credential.is_hashed))
    .execute(connection)
    .await
    .map_err(|error| {
        let identifier = credential.identifier.as_deref().unwrap_or_default();
        on_unique(error, "application_credentials", &[("identifier", identifier)])
    })?;
    Ok(())
}

/// Stores name, status and end of an existing one.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn update(connection: &mut Connection, credential: &Credential) -> Result<(), StoreError> {
    let done =
        sqlx::query("UPDATE application_credentials SET display_name = $2, status = $3, expires_at = $4 WHERE id = $1")
            .bind(credential.id.to_string())
            .bind(&credential.display_name)
            .bind(credential.status.as_str())
            .bind(credential.expires_at.map(|end| end.0))
            .execute(connection)
            .await?;
    found(&done)
}

/// All of an application, the oldest first.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut Connection, application: ApplicationId) -> Result<Vec<Sealed>, StoreError> {
    let rows = sqlx::query("SELECT * FROM application_credentials WHERE application_id = $1 ORDER BY id")
        .bind(application.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// Active ones of kinds without an end of their own in Kong whose end has come.
///
/// # Errors
/// The database failed.
pub async fn list_over(connection: &mut Connection, now: UnixSeconds) -> Result<Vec<CredentialId>, StoreError> {
    let rows = sqlx::query(
        "SELECT id FROM application_credentials WHERE kind <> 'api_key' AND status = 'active' AND expires_at <= $1",
    )
    .bind(now.0)
    .fetch_all(connection)
    .await?;
    all(&rows, |row| row.parsed("id"))
}

/// The one with that id.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut Connection, id: CredentialId) -> Result<Option<Sealed>, StoreError> {
    let row = sqlx::query("SELECT * FROM application_credentials WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}
