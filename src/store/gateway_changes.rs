//! The outbox of changes for Kong (dev-portal.md 6.7): one row for each API or application that may differ there. A worker
//! holds a row under a lease; whoever changes the subject meanwhile counts the generation up, and the row stays.

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::row::{Columns, all};
use super::statement::Statement;
use crate::domain::ids::WorkspaceId;
use crate::domain::sync::{Subject, SubjectKind};
use crate::domain::time::UnixSeconds;

/// A row.
#[derive(Clone, Debug)]
pub struct GatewayChange {
    /// What differs.
    pub subject: Subject,
    /// Its workspace.
    pub ws_id: WorkspaceId,
    /// How often it was changed since the row was made.
    pub generation: i64,
    /// Why, such as `change` or `drift`.
    pub cause: String,
    /// The request that changed it last.
    pub request_id: String,
    /// The RBAC user who did.
    pub actor: Option<String>,
    /// How often it was tried in vain.
    pub attempts: i64,
    /// Not to be tried before.
    pub next_attempt_at: UnixSeconds,
    /// Until then a write without an answer may still take effect in Kong; long past when there was none.
    pub uncertain_until: UnixSeconds,
    /// When the row was made.
    pub created_at: UnixSeconds,
    /// Whose lease it is.
    pub lease_owner: String,
}

fn read(row: &AnyRow) -> Result<GatewayChange, StoreError> {
    let kind: SubjectKind = row.parsed("kind")?;
    Ok(GatewayChange {
        subject: Subject { kind, id: row.parsed("subject_id")? },
        ws_id: row.parsed("ws_id")?,
        generation: row.number("generation")?,
        cause: row.text("cause")?,
        request_id: row.text("request_id")?,
        actor: row.maybe_text("actor")?,
        attempts: row.number("attempts")?,
        next_attempt_at: row.time("next_attempt_at")?,
        uncertain_until: row.time("uncertain_until")?,
        created_at: row.time("created_at")?,
        lease_owner: row.maybe_text("lease_owner")?.unwrap_or_default(),
    })
}

/// Who changed a subject, and why.
#[derive(Clone, Copy, Debug)]
pub struct Cause<'c> {
    /// `change`, `drift` or `asked`.
    pub cause: &'c str,
    /// The request.
    pub request_id: &'c str,
    /// The RBAC user.
    pub actor: Option<&'c str>,
}

/// Notes that a subject may differ in Kong from now on; it is due at once.
///
/// # Errors
/// The database failed.
pub async fn enqueue(
    connection: &mut Connection,
    workspace: WorkspaceId,
    subject: Subject,
    cause: Cause<'_>,
    now: UnixSeconds,
) -> Result<(), StoreError> {
    insert(
        connection,
        (workspace, subject, cause, now),
        "DO UPDATE SET generation = gateway_changes.generation + 1, cause = $4, request_id = $5, actor = $6,
            attempts = 0, next_attempt_at = $7",
    )
    .await
}

/// Notes a difference that a scan found, unless the subject is noted already.
///
/// # Errors
/// The database failed.
pub async fn enqueue_if_absent(
    connection: &mut Connection,
    workspace: WorkspaceId,
    subject: Subject,
    cause: Cause<'_>,
    now: UnixSeconds,
) -> Result<(), StoreError> {
    insert(connection, (workspace, subject, cause, now), "DO NOTHING").await
}

/// `noted` is what happens where the subject is noted already.
async fn insert(
    connection: &mut Connection,
    (workspace, subject, cause, now): (WorkspaceId, Subject, Cause<'_>, UnixSeconds),
    noted: &'static str,
) -> Result<(), StoreError> {
    let mut statement = Statement::new(
        "INSERT INTO gateway_changes (kind, subject_id, ws_id, generation, cause, request_id, actor, attempts,
            next_attempt_at, lease_until, uncertain_until, created_at)
         VALUES ($1, $2, $3, 1, $4, $5, $6, 0, $7, 0, 0, $7) ON CONFLICT (kind, subject_id) ",
    );
    statement
        .push(noted)
        .add(subject.kind.as_str())
        .add(subject.id.to_string())
        .add(workspace.to_string())
        .add(cause.cause)
        .add(cause.request_id)
        .add(cause.actor)
        .add(now.0);
    statement.execute_kept(connection).await?;
    Ok(())
}

/// Subjects that are due and free, the longest waiting first.
///
/// # Errors
/// The database failed.
pub async fn list_due(connection: &mut Connection, now: UnixSeconds, most: i64) -> Result<Vec<Subject>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM gateway_changes WHERE next_attempt_at <= $1 AND lease_until <= $1
         ORDER BY next_attempt_at, kind, subject_id LIMIT $2",
    )
    .bind(now.0)
    .bind(most)
    .fetch_all(connection)
    .await?;
    Ok(all(&rows, read)?.into_iter().map(|change| change.subject).collect())
}

/// Takes the lease of a subject that nobody holds; `None` when there is no row or somebody holds it.
///
/// # Errors
/// The database failed.
pub async fn claim(
    connection: &mut Connection,
    subject: Subject,
    owner: &str,
    now: UnixSeconds,
    until: UnixSeconds,
) -> Result<Option<GatewayChange>, StoreError> {
    let row = sqlx::query(
        "UPDATE gateway_changes SET lease_owner = $3, lease_until = $5
         WHERE kind = $1 AND subject_id = $2 AND lease_until <= $4 RETURNING *",
    )
    .bind(subject.kind.as_str())
    .bind(subject.id.to_string())
    .bind(owner)
    .bind(now.0)
    .bind(until.0)
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(read).transpose()
}

/// Keeps a lease for longer; `false` when it is somebody else's meanwhile, or the subject was changed: what is left of a plan
/// that is no longer wanted must not be done. `uncertain_until` is stored before the write that it is about is sent, so that
/// a node that dies over it leaves word.
///
/// # Errors
/// The database failed.
pub async fn renew(
    connection: &mut Connection,
    change: &GatewayChange,
    owner: &str,
    until: UnixSeconds,
    uncertain_until: UnixSeconds,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE gateway_changes SET lease_until = $5, uncertain_until = $6
         WHERE kind = $1 AND subject_id = $2 AND lease_owner = $3 AND generation = $4",
    )
    .bind(change.subject.kind.as_str())
    .bind(change.subject.id.to_string())
    .bind(owner)
    .bind(change.generation)
    .bind(until.0)
    .bind(uncertain_until.0)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends a lease after success: the row goes, unless the subject was changed meanwhile.
///
/// # Errors
/// The database failed.
pub async fn finish(connection: &mut Connection, change: &GatewayChange, owner: &str) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "DELETE FROM gateway_changes WHERE kind = $1 AND subject_id = $2 AND lease_owner = $3 AND generation = $4",
    )
    .bind(change.subject.kind.as_str())
    .bind(change.subject.id.to_string())
    .bind(owner)
    .bind(change.generation)
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() > 0 {
        return Ok(true);
    }
    release(connection, change, owner).await?;
    Ok(false)
}

/// Ends a lease: the row is free again at once, with what is known of writes without an answer.
///
/// # Errors
/// The database failed.
pub async fn release(connection: &mut Connection, change: &GatewayChange, owner: &str) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE gateway_changes SET lease_owner = NULL, lease_until = 0, uncertain_until = $4
         WHERE kind = $1 AND subject_id = $2 AND lease_owner = $3",
    )
    .bind(change.subject.kind.as_str())
    .bind(change.subject.id.to_string())
    .bind(owner)
    .bind(change.uncertain_until.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a lease while there is more to do: the row is due again at `next`, or at once if the subject was changed meanwhile.
/// `has_failed` counts an attempt in vain.
///
/// # Errors
/// The database failed.
pub async fn postpone(
    connection: &mut Connection,
    change: &GatewayChange,
    owner: &str,
    next: UnixSeconds,
    has_failed: bool,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE gateway_changes SET lease_owner = NULL, lease_until = 0, uncertain_until = $6,
            attempts = CASE WHEN generation = $4 THEN attempts + $7 ELSE attempts END,
            next_attempt_at = CASE WHEN generation = $4 THEN $5 ELSE next_attempt_at END
         WHERE kind = $1 AND subject_id = $2 AND lease_owner = $3",
    )
    .bind(change.subject.kind.as_str())
    .bind(change.subject.id.to_string())
    .bind(owner)
    .bind(change.generation)
    .bind(next.0)
    .bind(change.uncertain_until.0)
    .bind(i64::from(has_failed))
    .execute(connection)
    .await?;
    Ok(())
}

/// All rows of a workspace.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut Connection, workspace: WorkspaceId) -> Result<Vec<GatewayChange>, StoreError> {
    let rows = sqlx::query("SELECT * FROM gateway_changes WHERE ws_id = $1 ORDER BY created_at, subject_id")
        .bind(workspace.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// The row of a subject.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut Connection, subject: Subject) -> Result<Option<GatewayChange>, StoreError> {
    let row = sqlx::query("SELECT * FROM gateway_changes WHERE kind = $1 AND subject_id = $2")
        .bind(subject.kind.as_str())
        .bind(subject.id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}
