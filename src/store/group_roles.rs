//! Links from groups to roles, each counted in one workspace.

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::groups;
use super::row::{Columns, all, found, on_unique};
use super::statement::Statement;
use crate::domain::group::GroupRole;
use crate::domain::ids::{GroupId, RoleId, RoleName, WorkspaceId, WorkspaceName};

const SELECT: &str = "SELECT g.*, r.id AS role_id, r.name AS role_name, w.id AS workspace_id, w.name AS workspace_name
    FROM group_rbac_roles gr JOIN idp_groups g ON g.id = gr.group_id
    JOIN rbac_roles r ON r.id = gr.role_id JOIN workspaces w ON w.id = gr.workspace_id";

fn read(row: &AnyRow) -> Result<GroupRole, StoreError> {
    Ok(GroupRole {
        group: groups::read(row)?,
        role_id: row.parsed("role_id")?,
        role_name: RoleName::from_stored(row.text("role_name")?),
        workspace_id: row.parsed("workspace_id")?,
        workspace_name: WorkspaceName::from_stored(row.text("workspace_name")?),
    })
}

fn select(condition: &'static str) -> sqlx::AssertSqlSafe<String> {
    // Audited: both parts are constants of this file.
    sqlx::AssertSqlSafe(format!("{SELECT} {condition}"))
}

/// The roles of one group, by workspace and role.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut Connection, group: GroupId) -> Result<Vec<GroupRole>, StoreError> {
    let rows = sqlx::query(select("WHERE gr.group_id = $1 ORDER BY w.name, r.name, r.id"))
        .bind(group.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// The roles of several groups, by group, workspace and role.
///
/// # Errors
/// The database failed.
pub async fn list_of_groups(connection: &mut Connection, groups: &[GroupId]) -> Result<Vec<GroupRole>, StoreError> {
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = groups.iter().map(ToString::to_string).collect();
    let mut statement = Statement::new(SELECT);
    statement.push(" WHERE gr.group_id IN ").bind_list(ids.iter().map(String::as_str));
    statement.push(" ORDER BY g.name, w.name, r.name");
    all(&statement.fetch_all(connection).await?, read)
}

/// The links of one role, by group and workspace.
///
/// # Errors
/// The database failed.
pub async fn list_of_role(connection: &mut Connection, role: RoleId) -> Result<Vec<GroupRole>, StoreError> {
    let rows = sqlx::query(select("WHERE gr.role_id = $1 ORDER BY g.name, w.name"))
        .bind(role.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// The roles of every group, by group, workspace and role.
///
/// # Errors
/// The database failed.
pub async fn list_all(connection: &mut Connection) -> Result<Vec<GroupRole>, StoreError> {
    let rows = sqlx::query(select("ORDER BY g.name, w.name, r.name, r.id")).fetch_all(connection).await?;
    all(&rows, read)
}

/// Links a role to a group. A role may be linked under its own workspace; a role of `default` under any.
///
/// # Errors
/// [`StoreError::NotFound`] when role and workspace do not fit, or the role is hidden or gone;
/// [`StoreError::Unique`] when the link exists; [`StoreError::ForeignKey`] when group or workspace are gone.
pub async fn create(
    connection: &mut Connection,
    group: GroupId,
    role: RoleId,
    workspace: WorkspaceId,
) -> Result<(), StoreError> {
    let (group, role, workspace) = (group.to_string(), role.to_string(), workspace.to_string());
    let done = sqlx::query(
        "INSERT INTO group_rbac_roles (group_id, role_id, workspace_id)
         SELECT $1, r.id, $3 FROM rbac_roles r JOIN workspaces w ON w.id = r.ws_id
         WHERE r.id = $2 AND r.is_default = 0 AND (r.ws_id = $3 OR w.name = 'default')",
    )
    .bind(&group)
    .bind(&role)
    .bind(&workspace)
    .execute(connection)
    .await
    .map_err(|error| {
        on_unique(error, "group_rbac_roles", &[("group", &group), ("role", &role), ("workspace", &workspace)])
    })?;
    found(&done)
}

/// Removes a link.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none.
pub async fn delete(
    connection: &mut Connection,
    group: GroupId,
    role: RoleId,
    workspace: WorkspaceId,
) -> Result<(), StoreError> {
    let done = sqlx::query("DELETE FROM group_rbac_roles WHERE group_id = $1 AND role_id = $2 AND workspace_id = $3")
        .bind(group.to_string())
        .bind(role.to_string())
        .bind(workspace.to_string())
        .execute(connection)
        .await?;
    found(&done)
}
