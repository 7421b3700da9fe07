//! Developers of the portal (dev-portal.md 3.1). Every function names the workspace: an account of one portal does not
//! exist in another.

use serde_json::{Map, Value};
use sqlx::any::AnyRow;

use super::admins::contains_pattern;
use super::database::Connection;
use super::directory::{Found, Window, total};
use super::error::StoreError;
use super::page::{Page, Paged};
use super::row::{Columns, all, as_id, found, on_unique};
use super::statement::Statement;
use crate::domain::developer::{Developer, DeveloperStatus, EmailAddress};
use crate::domain::ids::{DeveloperId, TeamId, WorkspaceId};
use crate::domain::time::UnixSeconds;

pub(super) fn read(row: &AnyRow) -> Result<Developer, StoreError> {
    Ok(Developer {
        id: row.parsed("id")?,
        ws_id: row.parsed("ws_id")?,
        email: row.parsed("email")?,
        custom_id: row.maybe_text("custom_id")?,
        status: DeveloperStatus::from_code(row.number("status")?).ok_or(StoreError::Corrupt("status"))?,
        status_reason: row.maybe_text("status_reason")?,
        must_verify: row.flag("must_verify")?,
        meta: meta(&row.text("meta")?)?,
        password_hash: row.maybe_text("password_hash")?,
        failed_logins: row.number("failed_logins")?,
        consumer_id: row.text("consumer_id")?,
        last_login_at: row.maybe_time("last_login_at")?,
        purge_at: row.maybe_time("purge_at")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

fn meta(text: &str) -> Result<Map<String, Value>, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt("meta"))
}

fn conflict(error: sqlx::Error, developer: &Developer) -> StoreError {
    let id = developer.id.to_string();
    let mut fields = vec![("id", id.as_str()), ("email", developer.email.as_str())];
    fields.extend(developer.custom_id.as_deref().map(|value| ("custom_id", value)));
    on_unique(error, "developers", &fields)
}

/// Stores a new developer.
///
/// # Errors
/// [`StoreError::Unique`] when id, e-mail or custom id are taken.
pub async fn create(connection: &mut Connection, developer: &Developer) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO developers (id, ws_id, email, custom_id, status, status_reason, must_verify, meta, password_hash,
                                 failed_logins, consumer_id, last_login_at, purge_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(developer.id.to_string())
    .bind(developer.ws_id.to_string())
    .bind(developer.email.as_str())
    .bind(developer.custom_id.as_deref())
    .bind(developer.status.code())
    .bind(developer.status_reason.as_deref())
    .bind(i64::from(developer.must_verify))
    .bind(Value::Object(developer.meta.clone()).to_string())
    .bind(developer.password_hash.as_deref())
    .bind(developer.failed_logins)
    .bind(&developer.consumer_id)
    .bind(developer.last_login_at.map(|time| time.0))
    .bind(developer.purge_at.map(|time| time.0))
    .bind(developer.created_at.0)
    .bind(developer.updated_at.0)
    .execute(connection)
    .await
    .map_err(|error| conflict(error, developer))?;
    Ok(())
}

/// Stores everything of an existing developer but the times of logins and the count of failures.
///
/// # Errors
/// [`StoreError::NotFound`] when it is gone, [`StoreError::Unique`] when e-mail or custom id are taken.
pub async fn update(connection: &mut Connection, developer: &Developer) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE developers SET email = $2, custom_id = $3, status = $4, status_reason = $5, must_verify = $6, meta = $7,
                password_hash = $8, purge_at = $9, updated_at = $10
         WHERE id = $1",
    )
    .bind(developer.id.to_string())
    .bind(developer.email.as_str())
    .bind(developer.custom_id.as_deref())
    .bind(developer.status.code())
    .bind(developer.status_reason.as_deref())
    .bind(i64::from(developer.must_verify))
    .bind(Value::Object(developer.meta.clone()).to_string())
    .bind(developer.password_hash.as_deref())
    .bind(developer.purge_at.map(|time| time.0))
    .bind(developer.updated_at.0)
    .execute(connection)
    .await
    .map_err(|error| conflict(error, developer))?;
    found(&done)
}

/// Replaces a hash by another one of the same password, where it still stands; `false` when it was replaced meanwhile.
///
/// # Errors
/// The database failed.
pub async fn rehash(connection: &mut Connection, id: DeveloperId, old: &str, new: &str) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE developers SET password_hash = $3 WHERE id = $1 AND password_hash = $2")
        .bind(id.to_string())
        .bind(old)
        .bind(new)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Counts an attempt to log in before it is known to be wrong; `false` when `limit` wrong ones were made (0 = no limit).
///
/// # Errors
/// The database failed.
pub async fn admit_attempt(connection: &mut Connection, id: DeveloperId, limit: i64) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE developers SET failed_logins = failed_logins + 1 WHERE id = $1 AND ($2 = 0 OR failed_logins < $2)",
    )
    .bind(id.to_string())
    .bind(limit)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Notes a right password.
///
/// # Errors
/// The database failed.
pub async fn note_login(connection: &mut Connection, id: DeveloperId, now: UnixSeconds) -> Result<(), StoreError> {
    sqlx::query("UPDATE developers SET failed_logins = 0, last_login_at = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(now.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets the wrong passwords.
///
/// # Errors
/// The database failed.
pub async fn forget_failures(connection: &mut Connection, id: DeveloperId) -> Result<(), StoreError> {
    sqlx::query("UPDATE developers SET failed_logins = 0 WHERE id = $1")
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// The developer with that id, in whichever workspace.
///
/// # Errors
/// The database failed.
pub async fn find_by_id(connection: &mut Connection, id: DeveloperId) -> Result<Option<Developer>, StoreError> {
    let row =
        sqlx::query("SELECT * FROM developers WHERE id = $1").bind(id.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(read).transpose()
}

/// The developer with that address.
///
/// # Errors
/// The database failed.
pub async fn find_by_email(
    connection: &mut Connection,
    workspace: WorkspaceId,
    email: &EmailAddress,
) -> Result<Option<Developer>, StoreError> {
    let row = sqlx::query("SELECT * FROM developers WHERE ws_id = $1 AND email = $2")
        .bind(workspace.to_string())
        .bind(email.as_str())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The developer with that second key.
///
/// # Errors
/// The database failed.
pub async fn find_by_custom_id(
    connection: &mut Connection,
    workspace: WorkspaceId,
    custom_id: &str,
) -> Result<Option<Developer>, StoreError> {
    let row = sqlx::query("SELECT * FROM developers WHERE ws_id = $1 AND custom_id = $2")
        .bind(workspace.to_string())
        .bind(custom_id)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The developer that a path names by id or address.
///
/// # Errors
/// The database failed.
pub async fn find(
    connection: &mut Connection,
    workspace: WorkspaceId,
    email_or_id: &str,
) -> Result<Option<Developer>, StoreError> {
    let Some(id) = as_id(email_or_id) else {
        let Ok(email) = EmailAddress::parse(email_or_id) else { return Ok(None) };
        return find_by_email(connection, workspace, &email).await;
    };
    let row = sqlx::query("SELECT * FROM developers WHERE ws_id = $1 AND id = $2")
        .bind(workspace.to_string())
        .bind(id)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Which developers.
#[derive(Clone, Debug, Default)]
pub struct DeveloperSearch {
    /// A part of e-mail or `meta`, without regard to case; empty = all.
    pub text: String,
    /// Only of this status.
    pub status: Option<DeveloperStatus>,
    /// Only members of this team.
    pub team: Option<TeamId>,
}

impl DeveloperSearch {
    fn push(&self, statement: &mut Statement, workspace: WorkspaceId) {
        statement.bind(workspace.to_string());
        if let Some(status) = self.status {
            statement.push(" AND status = ").bind(status.code());
        }
        if let Some(team) = self.team {
            statement.push(" AND id IN (SELECT developer_id FROM team_members WHERE team_id = ");
            statement.bind(team.to_string()).push(")");
        }
        if !self.text.is_empty() {
            let pattern = contains_pattern(&self.text);
            statement.push(" AND (email LIKE ").bind(pattern.as_str()).push(" ESCAPE '!'");
            statement.push(" OR lower(meta) LIKE ").bind(pattern.as_str()).push(" ESCAPE '!')");
        }
    }
}

/// A page of a workspace's developers by id, as the Admin API pages.
///
/// # Errors
/// The database failed.
pub async fn list(
    connection: &mut Connection,
    workspace: WorkspaceId,
    search: &DeveloperSearch,
    page: &Page,
) -> Result<Paged<Developer>, StoreError> {
    let mut statement = Statement::new("SELECT * FROM developers WHERE ws_id = ");
    search.push(&mut statement, workspace);
    statement.push(" AND id > ").bind(page.after.as_str()).push(" ORDER BY id LIMIT ").bind(page.limit());
    let rows = statement.fetch_all(connection).await?;
    Ok(Paged::from_rows(all(&rows, read)?, page, |developer| developer.id.to_string()))
}

/// A part of a workspace's developers, the latest first, as people page.
///
/// # Errors
/// The database failed.
pub async fn list_window(
    connection: &mut Connection,
    workspace: WorkspaceId,
    search: &DeveloperSearch,
    window: Window,
) -> Result<Found<Developer>, StoreError> {
    let mut statement = Statement::new("SELECT * FROM developers WHERE ws_id = ");
    search.push(&mut statement, workspace);
    statement.push(" ORDER BY created_at DESC, id DESC");
    window.push(&mut statement);
    let rows = statement.fetch_all(&mut *connection).await?;
    Ok(Found { items: all(&rows, read)?, total: count(connection, workspace, search).await? })
}

/// How many match.
///
/// # Errors
/// The database failed.
pub async fn count(
    connection: &mut Connection,
    workspace: WorkspaceId,
    search: &DeveloperSearch,
) -> Result<u64, StoreError> {
    let mut statement = Statement::new("SELECT COUNT(*) AS total FROM developers WHERE ws_id = ");
    search.push(&mut statement, workspace);
    total(statement, connection).await
}

/// How many developers of each status a workspace has.
///
/// # Errors
/// The database failed.
pub async fn count_by_status(
    connection: &mut Connection,
    workspace: WorkspaceId,
) -> Result<Vec<(DeveloperStatus, u64)>, StoreError> {
    let rows = sqlx::query("SELECT status, COUNT(*) AS total FROM developers WHERE ws_id = $1 GROUP BY status")
        .bind(workspace.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, |row| {
        let status = DeveloperStatus::from_code(row.number("status")?).ok_or(StoreError::Corrupt("status"))?;
        Ok((status, u64::try_from(row.number("total")?).unwrap_or_default()))
    })
}

/// Deletes a developer with sessions and tokens.
///
/// # Errors
/// [`StoreError::NotFound`] when it is gone.
pub async fn delete(connection: &mut Connection, id: DeveloperId) -> Result<(), StoreError> {
    found(&sqlx::query("DELETE FROM developers WHERE id = $1").bind(id.to_string()).execute(connection).await?)
}

/// Removes disowned accounts whose time has come; returns how many.
///
/// # Errors
/// The database failed.
pub async fn purge_disowned(connection: &mut Connection, now: UnixSeconds) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM developers WHERE purge_at <= $1 AND status = $2")
        .bind(now.0)
        .bind(DeveloperStatus::Unverified.code())
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}
