//! Who has a role, directly or by a group.

use super::database::Connection;
use super::error::StoreError;
use super::row::{Columns, all};
use crate::domain::ids::{RbacUserId, RoleId};

/// The users that hold a role directly or by a group, by id.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut Connection, role: RoleId) -> Result<Vec<RbacUserId>, StoreError> {
    let rows = sqlx::query(
        "SELECT ur.user_id FROM rbac_user_roles ur WHERE ur.role_id = $1
         UNION SELECT ug.user_id FROM rbac_user_groups ug JOIN group_rbac_roles gr ON gr.group_id = ug.group_id
         WHERE gr.role_id = $1 ORDER BY user_id",
    )
    .bind(role.to_string())
    .fetch_all(connection)
    .await?;
    all(&rows, |row| row.parsed("user_id"))
}
