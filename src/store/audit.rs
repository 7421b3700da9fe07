//! What both kinds of audit record share: retention, and pages in order of time (kong-manager.md 7.5 and 7.7).

use serde::Serialize;
use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::page::{Page, Paged};
use super::row::Columns;
use super::statement::Statement;
use crate::domain::time::UnixSeconds;

/// A stored record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kept<T> {
    /// The record.
    #[serde(flatten)]
    pub record: T,
    /// Seconds until it expires.
    pub ttl: i64,
    /// When that is.
    #[serde(skip)]
    pub expires_at: UnixSeconds,
    /// Where it stands in the order of time.
    #[serde(skip)]
    pub(super) key: String,
}

/// Reads a row of either table.
pub(super) fn keep<T>(row: &AnyRow, record: T, now: UnixSeconds) -> Result<Kept<T>, StoreError> {
    let key = format!("{}:{}", row.number("request_timestamp")?, row.text("id")?);
    let expires_at = row.time("expires_at")?;
    Ok(Kept { record, ttl: expires_at.since(now), expires_at, key })
}

/// Continues a listing after the key of the page before.
fn push_page(statement: &mut Statement, page: &Page) -> Result<(), StoreError> {
    if !page.after.is_empty() {
        let key = page.after.split_once(':').and_then(|(time, id)| Some((time.parse::<i64>().ok()?, id)));
        let (time, id) = key.ok_or_else(|| StoreError::Offset(page.after.clone()))?;
        statement.push(" AND (request_timestamp < ").bind(time);
        statement.push(" OR (request_timestamp = ").bind(time).push(" AND id < ").bind(id).push("))");
    }
    statement.push(" ORDER BY request_timestamp DESC, id DESC LIMIT ").bind(page.limit());
    Ok(())
}

/// Lists a table. `filter` adds conditions that begin with ` AND `; `read` reads a row.
pub(super) async fn list<T>(
    connection: &mut Connection,
    select: &'static str,
    filter: impl Fn(&mut Statement),
    page: &Page,
    now: UnixSeconds,
    read: impl Fn(&AnyRow) -> Result<T, StoreError>,
) -> Result<Paged<Kept<T>>, StoreError> {
    let mut listing = Statement::new(select);
    listing.bind(now.0);
    filter(&mut listing);
    push_page(&mut listing, page)?;
    let rows = listing.fetch_all(connection).await?;
    let items = super::row::all(&rows, |row| keep(row, read(row)?, now))?;
    Ok(Paged::from_rows(items, page, |item| item.key.clone()))
}

/// Counts what [`list`] would list on all pages.
pub(super) async fn count(
    connection: &mut Connection,
    select: &'static str,
    filter: impl Fn(&mut Statement),
    now: UnixSeconds,
) -> Result<i64, StoreError> {
    let mut counting = Statement::new(select);
    counting.bind(now.0);
    filter(&mut counting);
    let counted = counting.fetch_all(connection).await?;
    counted.first().map_or(Ok(0), |row| row.number("total"))
}

/// Adds ` AND column = value` when there is a value. `condition` ends with the comparison.
pub(super) fn equals(statement: &mut Statement, condition: &'static str, value: Option<&str>) {
    if let Some(value) = value {
        statement.push(condition).bind(value);
    }
}

/// Bounds of time, both exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Only records later than this second.
    pub after: Option<UnixSeconds>,
    /// Only records earlier than this second.
    pub before: Option<UnixSeconds>,
}

impl Span {
    pub(super) fn push(&self, statement: &mut Statement) {
        if let Some(after) = self.after {
            statement.push(" AND request_timestamp > ").bind(after.0);
        }
        if let Some(before) = self.before {
            statement.push(" AND request_timestamp < ").bind(before.0);
        }
    }
}

/// Removes the records of both kinds that have expired; returns how many.
///
/// # Errors
/// The database failed.
pub async fn purge_expired(connection: &mut Connection, now: UnixSeconds) -> Result<u64, StoreError> {
    let requests =
        sqlx::query("DELETE FROM audit_requests WHERE expires_at <= $1").bind(now.0).execute(&mut *connection).await?;
    let objects =
        sqlx::query("DELETE FROM audit_objects WHERE expires_at <= $1").bind(now.0).execute(connection).await?;
    Ok(requests.rows_affected() + objects.rows_affected())
}
