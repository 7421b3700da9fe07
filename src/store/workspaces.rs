//! Workspaces.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::roles;
use super::row::{Columns, all, found, on_unique};
use crate::domain::ids::{WorkspaceId, WorkspaceName};
use crate::domain::time::UnixSeconds;
use crate::domain::workspace::Workspace;

fn read(row: &AnyRow) -> Result<Workspace, StoreError> {
    Ok(Workspace {
        id: row.parsed("id")?,
        name: WorkspaceName::from_stored(row.text("name")?),
        comment: row.maybe_text("comment")?,
        config: object(&row.text("config")?)?,
        meta: object(&row.text("meta")?)?,
        upstream_admin_url: row.maybe_text("upstream_admin_url")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

fn object(text: &str) -> Result<Map<String, Value>, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt("workspace"))
}

fn text(members: &Map<String, Value>) -> String {
    Value::Object(members.clone()).to_string()
}

/// Stores a new workspace.
///
/// # Errors
/// [`StoreError::Unique`] when the name is taken.
pub async fn create(connection: &mut Connection, workspace: &Workspace) -> Result<(), StoreError> {
    let id = workspace.id.to_string();
    sqlx::query(
        "INSERT INTO workspaces (id, name, comment, config, meta, upstream_admin_url, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&id)
    .bind(workspace.name.as_str())
    .bind(workspace.comment.as_deref())
    .bind(text(&workspace.config))
    .bind(text(&workspace.meta))
    .bind(workspace.upstream_admin_url.as_deref())
    .bind(workspace.created_at.0)
    .bind(workspace.updated_at.0)
    .execute(connection)
    .await
    .map_err(|error| on_unique(error, "workspaces", &[("id", &id), ("name", workspace.name.as_str())]))?;
    Ok(())
}

/// The workspace `default`, made with the built-in cluster roles if it is missing. Several nodes may call it at once.
///
/// # Errors
/// The database failed.
pub async fn ensure_default(connection: &mut Connection, now: UnixSeconds) -> Result<Workspace, StoreError> {
    let name = WorkspaceName::default_workspace();
    let fresh = new(name.clone(), now);
    let done = sqlx::query(
        "INSERT INTO workspaces (id, name, config, meta, created_at, updated_at) VALUES ($1, $2, '{}', '{}', $3, $3)
         ON CONFLICT (name) DO NOTHING",
    )
    .bind(fresh.id.to_string())
    .bind(name.as_str())
    .bind(now.0)
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 0 {
        return find_by_name(connection, &name).await?.ok_or(StoreError::NotFound);
    }
    roles::install_built_ins(connection, &fresh, now).await?;
    Ok(fresh)
}

/// The workspace of that name.
///
/// # Errors
/// The database failed.
pub async fn find_by_name(connection: &mut Connection, name: &WorkspaceName) -> Result<Option<Workspace>, StoreError> {
    let row =
        sqlx::query("SELECT * FROM workspaces WHERE name = $1").bind(name.as_str()).fetch_optional(connection).await?;
    row.as_ref().map(read).transpose()
}

/// The workspace with that id.
///
/// # Errors
/// The database failed.
pub async fn find_by_id(connection: &mut Connection, id: WorkspaceId) -> Result<Option<Workspace>, StoreError> {
    let row =
        sqlx::query("SELECT * FROM workspaces WHERE id = $1").bind(id.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(read).transpose()
}

/// Every workspace, by name.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut Connection) -> Result<Vec<Workspace>, StoreError> {
    let rows = sqlx::query("SELECT * FROM workspaces ORDER BY name").fetch_all(connection).await?;
    all(&rows, read)
}

/// Stores comment, config, meta and upstream of an existing workspace.
///
/// # Errors
/// [`StoreError::NotFound`] when it is gone.
pub async fn update(connection: &mut Connection, workspace: &Workspace) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE workspaces SET comment = $2, config = $3, meta = $4, upstream_admin_url = $5, updated_at = $6 WHERE id = $1",
    )
    .bind(workspace.id.to_string())
    .bind(workspace.comment.as_deref())
    .bind(text(&workspace.config))
    .bind(text(&workspace.meta))
    .bind(workspace.upstream_admin_url.as_deref())
    .bind(workspace.updated_at.0)
    .execute(connection)
    .await?;
    found(&done)
}

/// Deletes a workspace with its roles, users, admins and links, and the rules elsewhere that name it: a later workspace
/// of the same name must not inherit them.
///
/// # Errors
/// The database failed.
pub async fn delete(connection: &mut Connection, workspace: &Workspace) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM rbac_role_endpoints WHERE workspace = $1")
        .bind(workspace.name.as_str())
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM workspaces WHERE id = $1").bind(workspace.id.to_string()).execute(connection).await?;
    Ok(())
}

/// How many RBAC users live in a workspace, pairs of admins included.
///
/// # Errors
/// The database failed.
pub async fn count_users(connection: &mut Connection, id: WorkspaceId) -> Result<i64, StoreError> {
    let row = sqlx::query("SELECT COUNT(*) AS total FROM rbac_users WHERE ws_id = $1")
        .bind(id.to_string())
        .fetch_one(connection)
        .await?;
    row.number("total")
}

/// How many of kong-sso's own entities live in a workspace: `admins`, `rbac_users` (without pairs of admins) and
/// `rbac_roles` (without hidden ones).
///
/// # Errors
/// The database failed.
pub async fn count_entities(connection: &mut Connection, id: WorkspaceId) -> Result<BTreeMap<String, i64>, StoreError> {
    let rows = sqlx::query(
        "SELECT 'admins' AS entity, COUNT(*) AS total FROM admins WHERE ws_id = $1
         UNION ALL SELECT 'rbac_users', COUNT(*) FROM rbac_users u WHERE u.ws_id = $1
            AND NOT EXISTS (SELECT 1 FROM admins a WHERE a.rbac_user_id = u.id)
         UNION ALL SELECT 'rbac_roles', COUNT(*) FROM rbac_roles WHERE ws_id = $1 AND is_default = 0",
    )
    .bind(id.to_string())
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((row.text("entity")?, row.number("total")?))).collect()
}

/// A workspace that was just made up.
#[must_use]
pub fn new(name: WorkspaceName, now: UnixSeconds) -> Workspace {
    Workspace {
        id: WorkspaceId::generate(),
        name,
        comment: None,
        config: Map::new(),
        meta: Map::new(),
        upstream_admin_url: None,
        created_at: now,
        updated_at: now,
    }
}
