//! Roles.

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::page::{Page, Paged};
use super::role_endpoints;
use super::row::{Columns, on_unique};
use crate::domain::ids::{RoleId, RoleName, WorkspaceId};
use crate::domain::rbac::WorkspaceScope;
use crate::domain::role::{Role, RoleEndpoint, cluster_roles, workspace_roles};
use crate::domain::time::UnixSeconds;
use crate::domain::workspace::Workspace;

pub(super) fn read(row: &AnyRow) -> Result<Role, StoreError> {
    Ok(Role {
        id: row.parsed("id")?,
        name: RoleName::from_stored(row.text("name")?),
        comment: row.maybe_text("comment")?,
        is_default: row.flag("is_default")?,
        ws_id: row.parsed("ws_id")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

/// Stores a new role.
///
/// # Errors
/// [`StoreError::Unique`] when the workspace has a role of that name.
pub async fn create(connection: &mut Connection, role: &Role) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO rbac_roles (id, name, comment, is_default, ws_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(role.id.to_string())
    .bind(role.name.as_str())
    .bind(role.comment.as_deref())
    .bind(i64::from(role.is_default))
    .bind(role.ws_id.to_string())
    .bind(role.created_at.0)
    .bind(role.updated_at.0)
    .execute(connection)
    .await
    .map_err(|error| on_unique(error, "rbac_roles", &[("name", role.name.as_str())]))?;
    Ok(())
}

/// The visible role of that name or id in a workspace.
///
/// # Errors
/// The database failed.
pub async fn find(
    connection: &mut Connection,
    workspace: WorkspaceId,
    name_or_id: &str,
) -> Result<Option<Role>, StoreError> {
    let row = sqlx::query("SELECT * FROM rbac_roles WHERE ws_id = $1 AND (name = $2 OR id = $2) AND is_default = 0")
        .bind(workspace.to_string())
        .bind(name_or_id)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The role with that id, wherever it lives.
///
/// # Errors
/// The database failed.
pub async fn find_by_id(connection: &mut Connection, id: RoleId) -> Result<Option<Role>, StoreError> {
    let row =
        sqlx::query("SELECT * FROM rbac_roles WHERE id = $1").bind(id.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(read).transpose()
}

/// Visible roles of a workspace, by id.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut Connection, workspace: WorkspaceId, page: &Page) -> Result<Paged<Role>, StoreError> {
    let rows =
        sqlx::query("SELECT * FROM rbac_roles WHERE ws_id = $1 AND is_default = 0 AND id > $2 ORDER BY id LIMIT $3")
            .bind(workspace.to_string())
            .bind(&page.after)
            .bind(page.limit())
            .fetch_all(connection)
            .await?;
    let roles: Vec<Role> = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Paged::from_rows(roles, page, |role| role.id.to_string()))
}

/// Stores a new comment.
///
/// # Errors
/// The database failed.
pub async fn update_comment(
    connection: &mut Connection,
    id: RoleId,
    comment: Option<&str>,
    now: UnixSeconds,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE rbac_roles SET comment = $2, updated_at = $3 WHERE id = $1")
        .bind(id.to_string())
        .bind(comment)
        .bind(now.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes a role with its rules and assignments.
///
/// # Errors
/// The database failed.
pub async fn delete(connection: &mut Connection, id: RoleId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM rbac_roles WHERE id = $1").bind(id.to_string()).execute(connection).await?;
    Ok(())
}

/// Creates the built-in roles of a workspace that was just stored.
///
/// # Errors
/// The database failed.
pub async fn install_built_ins(
    connection: &mut Connection,
    workspace: &Workspace,
    now: UnixSeconds,
) -> Result<(), StoreError> {
    let (templates, scope) = if workspace.name.is_default() {
        (cluster_roles(), WorkspaceScope::Any)
    } else {
        (workspace_roles(), WorkspaceScope::Named(workspace.name.clone()))
    };
    for template in templates {
        let role = Role {
            id: RoleId::generate(),
            name: RoleName::from_stored(template.name.to_owned()),
            comment: Some(template.comment.to_owned()),
            is_default: false,
            ws_id: workspace.id,
            created_at: now,
            updated_at: now,
        };
        create(connection, &role).await?;
        for (endpoint, actions, negative) in template.rules {
            let rule = RoleEndpoint {
                role_id: role.id,
                workspace: scope.clone(),
                endpoint,
                actions,
                negative,
                comment: None,
                created_at: now,
            };
            role_endpoints::create(connection, &rule).await?;
        }
    }
    Ok(())
}
