//! Endpoint rules of roles.

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::row::{Columns, all, found, on_unique};
use crate::domain::ids::RoleId;
use crate::domain::rbac::{ActionSet, EndpointPattern, WorkspaceScope};
use crate::domain::role::RoleEndpoint;

fn read(row: &AnyRow) -> Result<RoleEndpoint, StoreError> {
    let (workspace, endpoint) = read_scope(row)?;
    Ok(RoleEndpoint {
        role_id: row.parsed("role_id")?,
        workspace,
        endpoint,
        actions: ActionSet::from_bits(row.number("actions")?),
        negative: row.flag("negative")?,
        comment: row.maybe_text("comment")?,
        created_at: row.time("created_at")?,
    })
}

/// Scope and pattern of a rule row.
pub(super) fn read_scope(row: &AnyRow) -> Result<(WorkspaceScope, EndpointPattern), StoreError> {
    Ok((
        WorkspaceScope::parse(&row.text("workspace")?).map_err(|_| StoreError::Corrupt("workspace"))?,
        EndpointPattern::parse(&row.text("endpoint")?).map_err(|_| StoreError::Corrupt("endpoint"))?,
    ))
}

/// Stores a new rule.
///
/// # Errors
/// [`StoreError::Unique`] when the role has a rule for that workspace and endpoint.
pub async fn create(connection: &mut Connection, rule: &RoleEndpoint) -> Result<(), StoreError> {
    let (role, workspace, endpoint) = (rule.role_id.to_string(), rule.workspace.to_string(), rule.endpoint.to_string());
    sqlx::query(
        "INSERT INTO rbac_role_endpoints (role_id, workspace, endpoint, actions, negative, comment, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&role)
    .bind(&workspace)
    .bind(&endpoint)
    .bind(rule.actions.bits())
    .bind(i64::from(rule.negative))
    .bind(rule.comment.as_deref())
    .bind(rule.created_at.0)
    .execute(connection)
    .await
    .map_err(|error| {
        on_unique(error, "rbac_role_endpoints", &[("role", &role), ("workspace", &workspace), ("endpoint", &endpoint)])
    })?;
    Ok(())
}

/// The rule of a role for a workspace and endpoint.
///
/// # Errors
/// The database failed.
pub async fn find(
    connection: &mut Connection,
    role: RoleId,
    workspace: &WorkspaceScope,
    endpoint: &EndpointPattern,
) -> Result<Option<RoleEndpoint>, StoreError> {
    let row = sqlx::query("SELECT * FROM rbac_role_endpoints WHERE role_id = $1 AND workspace = $2 AND endpoint = $3")
        .bind(role.to_string())
        .bind(workspace.to_string())
        .bind(endpoint.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Every rule of a role.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut Connection, role: RoleId) -> Result<Vec<RoleEndpoint>, StoreError> {
    let rows = sqlx::query("SELECT * FROM rbac_role_endpoints WHERE role_id = $1 ORDER BY workspace, endpoint")
        .bind(role.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// Stores actions, sign and comment of an existing rule.
///
/// # Errors
/// [`StoreError::NotFound`] when the rule is gone.
pub async fn update(connection: &mut Connection, rule: &RoleEndpoint) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE rbac_role_endpoints SET actions = $4, negative = $5, comment = $6
         WHERE role_id = $1 AND workspace = $2 AND endpoint = $3",
    )
    .bind(rule.role_id.to_string())
    .bind(rule.workspace.to_string())
    .bind(rule.endpoint.to_string())
    .bind(rule.actions.bits())
    .bind(i64::from(rule.negative))
    .bind(rule.comment.as_deref())
    .execute(connection)
    .await?;
    found(&done)
}

/// Deletes a rule.
///
/// # Errors
/// The database failed.
pub async fn delete(connection: &mut Connection, rule: &RoleEndpoint) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM rbac_role_endpoints WHERE role_id = $1 AND workspace = $2 AND endpoint = $3")
        .bind(rule.role_id.to_string())
        .bind(rule.workspace.to_string())
        .bind(rule.endpoint.to_string())
        .execute(connection)
        .await?;
    Ok(())
}
