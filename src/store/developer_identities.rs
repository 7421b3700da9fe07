//! Identities of developers (dev-portal.md 2.3): (issuer, subject) is one developer of a workspace.

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::row::{Columns, all, found, on_unique};
use crate::domain::developer::DeveloperIdentity;
use crate::domain::ids::{DeveloperId, DeveloperIdentityId, WorkspaceId};
use crate::domain::time::UnixSeconds;

fn read(row: &AnyRow) -> Result<DeveloperIdentity, StoreError> {
    Ok(DeveloperIdentity {
        id: row.parsed("id")?,
        ws_id: row.parsed("ws_id")?,
        developer_id: row.parsed("developer_id")?,
        issuer: row.text("issuer")?,
        subject: row.text("subject")?,
        email: row.maybe_text("email")?,
        created_at: row.time("created_at")?,
        last_login_at: row.maybe_time("last_login_at")?,
    })
}

/// Stores a new identity.
///
/// # Errors
/// [`StoreError::Unique`] when it belongs to somebody of this workspace already.
pub async fn create(connection: &mut Connection, identity: &DeveloperIdentity) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO developer_identities (id, ws_id, developer_id, issuer, subject, email, created_at, last_login_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(identity.id.to_string())
    .bind(identity.ws_id.to_string())
    .bind(identity.developer_id.to_string())
    .bind(&identity.issuer)
    .bind(&identity.subject)
    .bind(identity.email.as_deref())
    .bind(identity.created_at.0)
    .bind(identity.last_login_at.map(|time| time.0))
    .execute(connection)
    .await
    .map_err(|error| on_unique(error, "developer_identities", &[("subject", &identity.subject)]))?;
    Ok(())
}

/// Whose it is.
///
/// # Errors
/// The database failed.
pub async fn find(
    connection: &mut Connection,
    workspace: WorkspaceId,
    issuer: &str,
    subject: &str,
) -> Result<Option<DeveloperIdentity>, StoreError> {
    let row = sqlx::query("SELECT * FROM developer_identities WHERE ws_id = $1 AND issuer = $2 AND subject = $3")
        .bind(workspace.to_string())
        .bind(issuer)
        .bind(subject)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The identities of a developer, the oldest first.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut Connection, developer: DeveloperId) -> Result<Vec<DeveloperIdentity>, StoreError> {
    let rows = sqlx::query("SELECT * FROM developer_identities WHERE developer_id = $1 ORDER BY created_at, id")
        .bind(developer.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// The identities of every developer of a workspace.
///
/// # Errors
/// The database failed.
pub async fn list_of_workspace(
    connection: &mut Connection,
    workspace: WorkspaceId,
) -> Result<Vec<DeveloperIdentity>, StoreError> {
    let rows = sqlx::query("SELECT * FROM developer_identities WHERE ws_id = $1 ORDER BY created_at, id")
        .bind(workspace.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// Notes a sign-in, with the address that the provider told.
///
/// # Errors
/// The database failed.
pub async fn note_login(
    connection: &mut Connection,
    id: DeveloperIdentityId,
    email: Option<&str>,
    now: UnixSeconds,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE developer_identities SET email = $2, last_login_at = $3 WHERE id = $1")
        .bind(id.to_string())
        .bind(email)
        .bind(now.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Unlinks an identity.
///
/// # Errors
/// [`StoreError::NotFound`] when it is gone.
pub async fn delete(connection: &mut Connection, id: DeveloperIdentityId) -> Result<(), StoreError> {
    let done =
        sqlx::query("DELETE FROM developer_identities WHERE id = $1").bind(id.to_string()).execute(connection).await?;
    found(&done)
}
