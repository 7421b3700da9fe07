//! What kong-sso itself keeps for a workspace: what a deletion would take along.

use super::database::Connection;
use super::error::StoreError;
use super::row::Columns;
use crate::domain::ids::WorkspaceId;

/// Numbers of own entities in a workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkspaceContents {
    /// Visible roles, built-in ones included.
    pub roles: u64,
    /// Service accounts.
    pub rbac_users: u64,
    /// Admins whose home it is.
    pub admins: u64,
    /// Links of groups that count there.
    pub group_links: u64,
}

/// Counts them.
///
/// # Errors
/// The database failed.
pub async fn count(connection: &mut Connection, workspace: WorkspaceId) -> Result<WorkspaceContents, StoreError> {
    let row = sqlx::query(
        "SELECT (SELECT COUNT(*) FROM rbac_roles r WHERE r.ws_id = $1 AND r.is_default = 0) AS roles,
                (SELECT COUNT(*) FROM rbac_users u WHERE u.ws_id = $1
                 AND NOT EXISTS (SELECT 1 FROM admins a WHERE a.rbac_user_id = u.id)) AS rbac_users,
                (SELECT COUNT(*) FROM admins a WHERE a.ws_id = $1) AS admins,
                (SELECT COUNT(*) FROM group_rbac_roles gr WHERE gr.workspace_id = $1) AS group_links",
    )
    .bind(workspace.to_string())
    .fetch_one(connection)
    .await?;
    let number = |column| Ok::<_, StoreError>(u64::try_from(row.number(column)?).unwrap_or_default());
    Ok(WorkspaceContents {
        roles: number("roles")?,
        rbac_users: number("rbac_users")?,
        admins: number("admins")?,
        group_links: number("group_links")?,
    })
}
