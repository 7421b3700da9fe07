//! Audit records of requests (kong-manager.md 7.2).

use serde_json::json;
use sqlx::any::AnyRow;
use uuid::Uuid;

use super::audit::{Kept, Span, count, equals, keep, list};
use super::database::Connection;
use super::error::StoreError;
use super::page::{Page, Paged};
use super::row::Columns;
use super::statement::Statement;
use crate::domain::audit::{RequestRecord, Verdict};
use crate::domain::time::UnixSeconds;

const INSERT: &str =
    "INSERT INTO audit_requests (id, request_id, client_ip, method, path, rbac_user_id, rbac_user_name,
    request_source, request_timestamp, status, workspace, verdict, rule, expires_at) ";
/// To PostgreSQL records travel as one JSON array: its protocol takes 65,535 parameters, and each of them costs more than
/// the value that it is.
const FROM_JSON: &str =
    "SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
    value ->> 7, CAST(value ->> 8 AS BIGINT), CAST(value ->> 9 AS BIGINT), value ->> 10, value ->> 11, value ->> 12,
    CAST(value ->> 13 AS BIGINT) FROM jsonb_array_elements(CAST(";
const ROW: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const UNLESS_THERE: &str = " ON CONFLICT (id) DO NOTHING";
/// Rows of one statement for SQLite, where parsing JSON would cost more than storing it. Few lengths, so that each is
/// prepared once.
const LENGTHS: [usize; 3] = [64, 8, 1];

/// Which records are wanted; every given field must be equal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// Response status.
    pub status: Option<u16>,
    /// HTTP method.
    pub method: Option<String>,
    /// Path with query.
    pub path: Option<String>,
    /// Address of the client.
    pub client_ip: Option<String>,
    /// Name of the RBAC user.
    pub rbac_user_name: Option<String>,
    /// Id of the request.
    pub request_id: Option<String>,
    /// Where it came from.
    pub request_source: Option<String>,
    /// Id of the workspace.
    pub workspace: Option<String>,
    /// The decision.
    pub verdict: Option<Verdict>,
    /// Bounds of time.
    pub span: Span,
}

impl RequestFilter {
    fn push(&self, statement: &mut Statement) {
        if let Some(status) = self.status {
            statement.push(" AND status = ").bind(i64::from(status));
        }
        equals(statement, " AND method = ", self.method.as_deref());
        equals(statement, " AND path = ", self.path.as_deref());
        equals(statement, " AND client_ip = ", self.client_ip.as_deref());
        equals(statement, " AND rbac_user_name = ", self.rbac_user_name.as_deref());
        equals(statement, " AND request_id = ", self.request_id.as_deref());
        equals(statement, " AND request_source = ", self.request_source.as_deref());
        equals(statement, " AND workspace = ", self.workspace.as_deref());
        equals(statement, " AND verdict = ", self.verdict.map(Verdict::as_str));
        self.span.push(statement);
    }
}

fn read(row: &AnyRow) -> Result<RequestRecord, StoreError> {
    Ok(RequestRecord {
        request_id: row.text("request_id")?,
        client_ip: row.text("client_ip")?,
        method: row.text("method")?,
        path: row.text("path")?,
        rbac_user_id: row.maybe_text("rbac_user_id")?,
        rbac_user_name: row.maybe_text("rbac_user_name")?,
        request_source: row.maybe_text("request_source")?,
        request_timestamp: row.time("request_timestamp")?,
        status: u16::try_from(row.number("status")?).map_err(|_| StoreError::Corrupt("status"))?,
        workspace: row.maybe_text("workspace")?,
        verdict: Verdict::from_stored(&row.text("verdict")?),
        rule: row.maybe_text("rule")?,
    })
}

/// A record with the key it is going to have, so that a batch whose commit was not confirmed can be stored again.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRecord {
    id: Uuid,
    record: RequestRecord,
}

impl NewRecord {
    /// The record under a version 7 key: those of one process grow, so records of one second stay in order.
    #[must_use]
    pub fn of(record: RequestRecord) -> Self {
        Self { id: Uuid::now_v7(), record }
    }
}

/// Stores a batch of records that expire `ttl` seconds after their request; those that are stored already stay as they
/// are. The caller's transaction makes it all or nothing.
///
/// # Errors
/// The database failed.
pub async fn create_all(connection: &mut Connection, records: &[NewRecord], ttl: i64) -> Result<(), StoreError> {
    if records.is_empty() {
        return Ok(());
    }
    match connection.backend_name() {
        "SQLite" => create_by_rows(connection, records, ttl).await,
        _ => create_by_json(connection, records, ttl).await,
    }
}

async fn create_by_rows(connection: &mut Connection, records: &[NewRecord], ttl: i64) -> Result<(), StoreError> {
    let mut left = records;
    for length in LENGTHS {
        while let Some((rows, later)) = left.split_at_checked(length) {
            let mut statement = Statement::new(INSERT);
            for (index, record) in rows.iter().enumerate() {
                statement.push(if index == 0 { "VALUES " } else { ", " }).push(ROW);
                add_values(&mut statement, record, ttl);
            }
            statement.push(UNLESS_THERE);
            statement.execute_kept(connection).await?;
            left = later;
        }
    }
    Ok(())
}

fn add_values(statement: &mut Statement, NewRecord { id, record }: &NewRecord, ttl: i64) {
    let maybe = |text: &Option<String>| text.as_deref().map(storable);
    statement
        .add(id.to_string())
        .add(storable(&record.request_id))
        .add(storable(&record.client_ip))
        .add(storable(&record.method))
        .add(storable(&record.path))
        .add(maybe(&record.rbac_user_id))
        .add(maybe(&record.rbac_user_name))
        .add(maybe(&record.request_source))
        .add(record.request_timestamp.0)
        .add(i64::from(record.status))
        .add(maybe(&record.workspace))
        .add(record.verdict.as_str())
        .add(maybe(&record.rule))
        .add(record.request_timestamp.plus(ttl).0);
}

async fn create_by_json(connection: &mut Connection, records: &[NewRecord], ttl: i64) -> Result<(), StoreError> {
    let rows: Vec<_> = records.iter().map(|record| values(record, ttl)).collect();
    let mut statement = Statement::new(INSERT);
    statement.push(FROM_JSON).bind(serde_json::Value::from(rows).to_string()).push(" AS jsonb))").push(UNLESS_THERE);
    statement.execute_kept(connection).await?;
    Ok(())
}

fn values(NewRecord { id, record }: &NewRecord, ttl: i64) -> serde_json::Value {
    let maybe = |text: &Option<String>| text.as_deref().map(storable);
    json!([
        id.to_string(),
        storable(&record.request_id),
        storable(&record.client_ip),
        storable(&record.method),
        storable(&record.path),
        maybe(&record.rbac_user_id),
        maybe(&record.rbac_user_name),
        maybe(&record.request_source),
        record.request_timestamp.0,
        record.status,
        maybe(&record.workspace),
        record.verdict.as_str(),
        maybe(&record.rule),
        record.request_timestamp.plus(ttl).0,
    ])
}

/// One odd character must not cost a whole batch of records: NUL, which PostgreSQL refuses, becomes U+FFFD.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A page of the records that match and have not expired, newest first.
///
/// # Errors
/// [`StoreError::Offset`] when the page's offset is not of this list.
pub async fn list_requests(
    connection: &mut Connection,
    filter: &RequestFilter,
    page: &Page,
    now: UnixSeconds,
) -> Result<Paged<Kept<RequestRecord>>, StoreError> {
    const SQL: &str = "SELECT * FROM audit_requests WHERE expires_at > ";
    list(connection, SQL, |statement| filter.push(statement), page, now, read).await
}

/// How many records match and have not expired.
///
/// # Errors
/// The database failed.
pub async fn count_requests(
    connection: &mut Connection,
    filter: &RequestFilter,
    now: UnixSeconds,
) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) AS total FROM audit_requests WHERE expires_at > ";
    count(connection, SQL, |statement| filter.push(statement), now).await
}

/// The record of one request.
///
/// # Errors
/// The database failed.
pub async fn find_request(
    connection: &mut Connection,
    request_id: &str,
    now: UnixSeconds,
) -> Result<Option<Kept<RequestRecord>>, StoreError> {
    let row = sqlx::query("SELECT * FROM audit_requests WHERE request_id = $1 AND expires_at > $2 ORDER BY id LIMIT 1")
        .bind(request_id)
        .bind(now.0)
        .fetch_optional(connection)
        .await?;
    row.map(|row| keep(&row, read(&row)?, now)).transpose()
}
