//! Mails on their way (dev-portal.md 10.2): written together with the change that causes them, delivered by a worker.

use std::fmt;

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::row::{Columns, all};
use crate::domain::ids::WorkspaceId;
use crate::domain::time::UnixSeconds;

/// A mail that waits.
#[derive(Clone, PartialEq, Eq)]
pub struct QueuedMail {
    /// Key.
    pub id: String,
    /// The workspace whose portal sends it.
    pub ws_id: Option<WorkspaceId>,
    /// Name of its template.
    pub template: String,
    /// Who gets it.
    pub recipient: String,
    /// Everything else, sealed.
    pub sealed: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next; `None` = given up.
    pub due_at: Option<UnixSeconds>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was written.
    pub created_at: UnixSeconds,
}

impl fmt::Debug for QueuedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueuedMail").field("id", &self.id).field("template", &self.template).finish_non_exhaustive()
    }
}

fn read(row: &AnyRow) -> Result<QueuedMail, StoreError> {
    Ok(QueuedMail {
        id: row.text("id")?,
        ws_id: row.maybe_parsed("ws_id")?,
        template: row.text("template")?,
        recipient: row.text("recipient")?,
        sealed: row.text("sealed")?,
        attempts: row.number("attempts")?,
        due_at: row.maybe_time("due_at")?,
        last_error: row.maybe_text("last_error")?,
        created_at: row.time("created_at")?,
    })
}

/// Stores a mail.
///
/// # Errors
/// The database failed.
pub async fn create(connection: &mut Connection, mail: &QueuedMail) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO mails (id, ws_id, template, recipient, sealed, attempts, due_at, last_error, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(&mail.id)
    .bind(mail.ws_id.map(|id| id.to_string()))
    .bind(&mail.template)
    .bind(&mail.recipient)
    .bind(&mail.sealed)
    .bind(mail.attempts)
    .bind(mail.due_at.map(|time| time.0))
    .bind(mail.last_error.as_deref())
    .bind(mail.created_at.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// Mails whose time has come, the longest waiting first.
///
/// # Errors
/// The database failed.
pub async fn list_due(connection: &mut Connection, now: UnixSeconds, most: i64) -> Result<Vec<QueuedMail>, StoreError> {
    let rows = sqlx::query("SELECT * FROM mails WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2")
        .bind(now.0)
        .bind(most)
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// Takes a mail for one attempt, which counts at once; it is tried again at `next`, or never. `false` when another node
/// was faster.
///
/// # Errors
/// The database failed.
pub async fn claim(
    connection: &mut Connection,
    mail: &QueuedMail,
    next: Option<UnixSeconds>,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE mails SET attempts = attempts + 1, due_at = $3 WHERE id = $1 AND attempts = $2 AND due_at IS NOT NULL",
    )
    .bind(&mail.id)
    .bind(mail.attempts)
    .bind(next.map(|time| time.0))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes why an attempt failed.
///
/// # Errors
/// The database failed.
pub async fn note_failure(connection: &mut Connection, id: &str, error: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE mails SET last_error = $2 WHERE id = $1").bind(id).bind(error).execute(connection).await?;
    Ok(())
}

/// Removes a mail that was sent.
///
/// # Errors
/// The database failed.
pub async fn delete(connection: &mut Connection, id: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM mails WHERE id = $1").bind(id).execute(connection).await?;
    Ok(())
}

/// How many mails wait, and how many were given up.
///
/// # Errors
/// The database failed.
pub async fn count(connection: &mut Connection) -> Result<(i64, i64), StoreError> {
    let row =
        sqlx::query("SELECT COUNT(due_at) AS waiting, COUNT(*) AS total FROM mails").fetch_one(connection).await?;
    let (waiting, total) = (row.number("waiting")?, row.number("total")?);
    Ok((waiting, total - waiting))
}
