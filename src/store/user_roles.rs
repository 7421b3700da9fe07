//! Roles that users hold directly.

use super::database::Connection;
use super::error::StoreError;
use super::roles;
use super::row::Columns;
use crate::domain::ids::{RbacUserId, RoleId, WorkspaceName};
use crate::domain::role::{AssignedRole, RoleSource};

/// The visible roles of a user, by workspace and name.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut Connection, user: RbacUserId) -> Result<Vec<AssignedRole>, StoreError> {
    let rows = sqlx::query(
        "SELECT r.*, ur.role_source, w.name AS workspace_name FROM rbac_user_roles ur
         JOIN rbac_roles r ON r.id = ur.role_id JOIN workspaces w ON w.id = r.ws_id
         WHERE ur.user_id = $1 AND r.is_default = 0 ORDER BY w.name, r.name",
    )
    .bind(user.to_string())
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(AssignedRole {
                role: roles::read(row)?,
                role_source: source(&row.text("role_source")?),
                workspace: WorkspaceName::from_stored(row.text("workspace_name")?),
            })
        })
        .collect()
}

/// The source of its stored text.
pub(super) fn source(text: &str) -> RoleSource {
    if text == "idp" { RoleSource::Idp } else { RoleSource::Local }
}

/// Gives a user a role; a role that the user holds already keeps its source.
///
/// # Errors
/// The database failed.
pub async fn assign(
    connection: &mut Connection,
    user: RbacUserId,
    role: RoleId,
    source: RoleSource,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO rbac_user_roles (user_id, role_id, role_source) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(user.to_string())
    .bind(role.to_string())
    .bind(source.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes a role from a user.
///
/// # Errors
/// The database failed.
pub async fn unassign(connection: &mut Connection, user: RbacUserId, role: RoleId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM rbac_user_roles WHERE user_id = $1 AND role_id = $2")
        .bind(user.to_string())
        .bind(role.to_string())
        .execute(connection)
        .await?;
    Ok(())
}
