//! What became of stored plugin sessions, for the nodes that remember them: each end and each replacement has a number.
//! The counter's row is held from the change to the end of its transaction, so numbers are committed in their order and a
//! reader never finds one that was jumped over.

use super::database::Connection;
use super::error::StoreError;
use super::row::Columns;
use crate::domain::time::UnixSeconds;

/// Changes that one reading takes at most; who is further behind forgets everything instead.
const MOST: i64 = 5000;
/// Seconds for which changes are kept: much longer than any node goes without reading them.
const KEPT_FOR: i64 = 600;

/// What a reader has missed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missed {
    /// The number of the last change.
    pub last: i64,
    /// Keys of the sessions that have changed.
    pub key_hashes: Vec<String>,
}

/// Numbers the change of a session; call it last in the transaction that makes it.
///
/// # Errors
/// The database failed.
pub async fn note(connection: &mut Connection, key_hash: &str, now: UnixSeconds) -> Result<(), StoreError> {
    sqlx::query("UPDATE epochs SET value = value + 1 WHERE name = 'plugin_sessions'").execute(&mut *connection).await?;
    sqlx::query(
        "INSERT INTO plugin_session_changes (number, key_hash, changed_at)
         SELECT value, $1, $2 FROM epochs WHERE name = 'plugin_sessions'",
    )
    .bind(key_hash)
    .bind(now.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// What has changed after `number`, in one look.
///
/// # Errors
/// The database failed.
pub async fn after(connection: &mut Connection, number: i64) -> Result<Missed, StoreError> {
    let rows = sqlx::query(
        "SELECT e.value, c.key_hash FROM epochs e
         LEFT JOIN plugin_session_changes c ON c.number > $1
         WHERE e.name = 'plugin_sessions' ORDER BY c.number LIMIT $2",
    )
    .bind(number)
    .bind(MOST)
    .fetch_all(connection)
    .await?;
    let mut missed = Missed::default();
    for row in &rows {
        missed.last = row.number("value")?;
        missed.key_hashes.extend(row.maybe_text("key_hash")?);
    }
    Ok(missed)
}

/// Removes changes that every node has read.
///
/// # Errors
/// The database failed.
pub async fn purge(connection: &mut Connection, now: UnixSeconds) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM plugin_session_changes WHERE changed_at < $1")
        .bind(now.plus(-KEPT_FOR).0)
        .execute(connection)
        .await?;
    Ok(())
}
