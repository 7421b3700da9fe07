//! Entities that are found by id or name: names may be UUIDs, and clients may choose ids, so neither may be what finds
//! another entity already.

use uuid::Uuid;

use super::database::Connection;
use super::error::StoreError;
use super::row::{Columns, as_id};

/// The kinds of such entities.
#[derive(Clone, Copy)]
pub(super) enum Named {
    Groups,
    RbacUsers,
    Roles,
}

impl Named {
    /// The name that clients know, and where the rows are.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Groups => ("groups", "idp_groups WHERE 1 = 1"),
            Self::RbacUsers => ("rbac_users", "rbac_users WHERE 1 = 1"),
            Self::Roles => ("rbac_roles", "rbac_roles WHERE is_default = 0"),
        }
    }
}

/// Refuses an id that is another entity's name in any spelling, and a name that is another entity's id.
pub(super) async fn refuse(connection: &mut Connection, kind: Named, id: &str, name: &str) -> Result<(), StoreError> {
    let (entity, rows) = kind.names();
    // Audited: the only dynamic part is a constant of this file.
    let sql = format!("SELECT id FROM {rows} AND id <> $1 AND (id = $2 OR LOWER(name) IN ($1, $3, $4, $5))");
    let uuid = Uuid::try_parse(id).map_err(|_| StoreError::Corrupt("id"))?;
    let as_id = as_id(name).unwrap_or_default();
    let found = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .bind(&as_id)
        .bind(uuid.simple().to_string())
        .bind(uuid.braced().to_string())
        .bind(uuid.urn().to_string())
        .fetch_optional(connection)
        .await?;
    let Some(row) = found else { return Ok(()) };
    let (field, value) = if row.text("id")? == as_id { ("name", name) } else { ("id", id) };
    Err(StoreError::Unique { entity, fields: vec![(field.to_owned(), value.to_owned())] })
}
