//! Roles.

use std::collections::HashMap;

use sqlx::any::AnyRow;

use super::ambiguity::{self, Named};
use super::database::Connection;
use super::error::StoreError;
use super::page::{Page, Paged};
use super::role_endpoints;
use super::row::{Columns, all, as_id, found, on_unique};
use crate::domain::admin::RbacUser;
use crate::domain::ids::{RbacUserId, RoleId, RoleName, WorkspaceId};
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

/// Stores a new visible role.
///
/// # Errors
/// [`StoreError::Unique`] when the workspace has a role of that name.
pub async fn create(connection: &mut Connection, role: &Role) -> Result<(), StoreError> {
    ambiguity::refuse(connection, Named::Roles, &role.id.to_string(), role.name.as_str()).await?;
    insert(connection, role, None).await
}

async fn insert(connection: &mut Connection, role: &Role, owner: Option<RbacUserId>) -> Result<(), StoreError> {
    let id = role.id.to_string();
    sqlx::query(
        "INSERT INTO rbac_roles (id, name, comment, is_default, owner_id, ws_id, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&id)
    .bind(role.name.as_str())
    .bind(role.comment.as_deref())
    .bind(i64::from(owner.is_some()))
    .bind(owner.map(|id| id.to_string()))
    .bind(role.ws_id.to_string())
    .bind(role.created_at.0)
    .bind(role.updated_at.0)
    .execute(connection)
    .await
    .map_err(|error| on_unique(error, "rbac_roles", &[("id", &id), ("name", role.name.as_str())]))?;
    Ok(())
}

/// Creates the hidden default role of a user that was just stored (kong-manager.md 4.1).
pub(super) async fn create_default(connection: &mut Connection, user: &RbacUser) -> Result<(), StoreError> {
    let role = Role {
        id: RoleId::generate(),
        name: RoleName::from_stored(user.name.to_string()),
        comment: Some(default_comment(user)),
        is_default: true,
        ws_id: user.ws_id,
        created_at: user.created_at,
        updated_at: user.created_at,
    };
    insert(connection, &role, Some(user.id)).await
}

/// Lets the hidden default role follow its user's name and workspace.
pub(super) async fn update_default(connection: &mut Connection, user: &RbacUser) -> Result<(), StoreError> {
    sqlx::query("UPDATE rbac_roles SET name = $2, comment = $3, ws_id = $4 WHERE owner_id = $1")
        .bind(user.id.to_string())
        .bind(user.name.as_str())
        .bind(default_comment(user))
        .bind(user.ws_id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

fn default_comment(user: &RbacUser) -> String {
    format!("Default user role generated for {}", user.name)
}

/// The hidden default role of a user.
///
/// # Errors
/// [`StoreError::NotFound`] when the user is gone.
pub async fn get_default(connection: &mut Connection, user: RbacUserId) -> Result<Role, StoreError> {
    let row = sqlx::query("SELECT * FROM rbac_roles WHERE owner_id = $1")
        .bind(user.to_string())
        .fetch_optional(connection)
        .await?;
    read(&row.ok_or(StoreError::NotFound)?)
}

/// The visible role of a workspace with that id, or else of that name.
///
/// # Errors
/// The database failed.
pub async fn find(
    connection: &mut Connection,
    workspace: WorkspaceId,
    name_or_id: &str,
) -> Result<Option<Role>, StoreError> {
    let id = as_id(name_or_id).unwrap_or_default();
    let rows = sqlx::query("SELECT * FROM rbac_roles WHERE ws_id = $1 AND (id = $2 OR name = $3) AND is_default = 0")
        .bind(workspace.to_string())
        .bind(&id)
        .bind(name_or_id)
        .fetch_all(connection)
        .await?;
    let roles = all(&rows, read)?;
    let by_id = roles.iter().find(|role| role.id.to_string() == id);
    Ok(by_id.or_else(|| roles.first()).cloned())
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
    Ok(Paged::from_rows(all(&rows, read)?, page, |role| role.id.to_string()))
}

/// Stores a new comment.
///
/// # Errors
/// [`StoreError::NotFound`] when the role is gone.
pub async fn update_comment(
    connection: &mut Connection,
    id: RoleId,
    comment: Option<&str>,
    now: UnixSeconds,
) -> Result<(), StoreError> {
    let done = sqlx::query("UPDATE rbac_roles SET comment = $2, updated_at = $3 WHERE id = $1")
        .bind(id.to_string())
        .bind(comment)
        .bind(now.0)
        .execute(connection)
        .await?;
    found(&done)
}

/// Deletes a role with its rules and assignments.
///
/// # Errors
/// The database failed.
pub async fn delete(connection: &mut Connection, id: RoleId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM rbac_roles WHERE id = $1").bind(id.to_string()).execute(connection).await?;
    Ok(())
}

/// How many users hold each visible role of a workspace directly; roles that nobody holds are absent.
///
/// # Errors
/// The database failed.
pub async fn count_users(
    connection: &mut Connection,
    workspace: WorkspaceId,
) -> Result<HashMap<RoleId, i64>, StoreError> {
    let rows = sqlx::query(
        "SELECT r.id, COUNT(*) AS users FROM rbac_roles r JOIN rbac_user_roles ur ON ur.role_id = r.id
         WHERE r.ws_id = $1 AND r.is_default = 0 GROUP BY r.id",
    )
    .bind(workspace.to_string())
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((row.parsed("id")?, row.number("users")?))).collect()
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
