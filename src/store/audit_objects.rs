//! Audit records of changed entities (kong-manager.md 7.3).

use sqlx::any::AnyRow;

use super::audit::{Kept, Span, count, equals, keep, list};
use super::database::Connection;
use super::error::StoreError;
use super::page::{Page, Paged};
use super::row::{Columns, all};
use super::statement::Statement;
use crate::domain::audit::ObjectRecord;
use crate::domain::time::UnixSeconds;

/// Which records are wanted; every given field must be equal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectFilter {
    /// The request that did it.
    pub request_id: Option<String>,
    /// Kind of entity.
    pub dao_name: Option<String>,
    /// Key of the entity.
    pub entity_key: Option<String>,
    /// `create`, `update` or `delete`.
    pub operation: Option<String>,
    /// Who did it.
    pub rbac_user_id: Option<String>,
    /// Id of the workspace whose recorded requests did it.
    pub workspace: Option<String>,
    /// Bounds of time.
    pub span: Span,
}

impl ObjectFilter {
    fn push(&self, statement: &mut Statement) {
        equals(statement, " AND request_id = ", self.request_id.as_deref());
        equals(statement, " AND dao_name = ", self.dao_name.as_deref());
        equals(statement, " AND entity_key = ", self.entity_key.as_deref());
        equals(statement, " AND operation = ", self.operation.as_deref());
        equals(statement, " AND rbac_user_id = ", self.rbac_user_id.as_deref());
        if let Some(workspace) = &self.workspace {
            statement.push(
                " AND EXISTS (SELECT 1 FROM audit_requests r WHERE r.request_id = audit_objects.request_id AND r.workspace = ",
            );
            statement.bind(workspace.as_str()).push(")");
        }
        self.span.push(statement);
    }
}

fn read(row: &AnyRow) -> Result<ObjectRecord, StoreError> {
    Ok(ObjectRecord {
        id: row.text("id")?,
        request_id: row.text("request_id")?,
        request_timestamp: row.time("request_timestamp")?,
        dao_name: row.text("dao_name")?,
        entity_key: row.text("entity_key")?,
        entity: serde_json::from_str(&row.text("entity")?).map_err(|_| StoreError::Corrupt("entity"))?,
        operation: row.text("operation")?,
        rbac_user_id: row.maybe_text("rbac_user_id")?,
    })
}

/// Stores a record that expires `ttl` seconds after its change. Its id is a version 7 UUID, so that records of one
/// second stay in order.
///
/// # Errors
/// The database failed.
pub async fn create(connection: &mut Connection, record: &ObjectRecord, ttl: i64) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit_objects (id, request_id, request_timestamp, dao_name, entity_key, entity, operation,
                                    rbac_user_id, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(&record.id)
    .bind(&record.request_id)
    .bind(record.request_timestamp.0)
    .bind(&record.dao_name)
    .bind(&record.entity_key)
    .bind(record.entity.to_string())
    .bind(&record.operation)
    .bind(record.rbac_user_id.as_deref())
    .bind(record.request_timestamp.plus(ttl).0)
    .execute(connection)
    .await?;
    Ok(())
}

/// A page of the records that match and have not expired, newest first.
///
/// # Errors
/// [`StoreError::Offset`] when the page's offset is not of this list.
pub async fn list_objects(
    connection: &mut Connection,
    filter: &ObjectFilter,
    page: &Page,
    now: UnixSeconds,
) -> Result<Paged<Kept<ObjectRecord>>, StoreError> {
    const SQL: &str = "SELECT * FROM audit_objects WHERE expires_at > ";
    list(connection, SQL, |statement| filter.push(statement), page, now, read).await
}

/// How many records match and have not expired.
///
/// # Errors
/// The database failed.
pub async fn count_objects(
    connection: &mut Connection,
    filter: &ObjectFilter,
    now: UnixSeconds,
) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) AS total FROM audit_objects WHERE expires_at > ";
    count(connection, SQL, |statement| filter.push(statement), now).await
}

/// The changes that one request made, in their order.
///
/// # Errors
/// The database failed.
pub async fn list_of_request(
    connection: &mut Connection,
    request_id: &str,
    now: UnixSeconds,
) -> Result<Vec<Kept<ObjectRecord>>, StoreError> {
    let rows = sqlx::query("SELECT * FROM audit_objects WHERE request_id = $1 AND expires_at > $2 ORDER BY id")
        .bind(request_id)
        .bind(now.0)
        .fetch_all(connection)
        .await?;
    all(&rows, |row| keep(row, read(row)?, now))
}
