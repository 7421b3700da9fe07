//! RBAC users: service accounts and the pairs of admins.

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::page::{Page, Paged};
use super::row::{Columns, on_unique};
use crate::domain::admin::RbacUser;
use crate::domain::ids::{RbacUserId, UserName, WorkspaceId};

const SELECT: &str = "SELECT u.*, a.id AS admin_id FROM rbac_users u LEFT JOIN admins a ON a.rbac_user_id = u.id";

fn read(row: &AnyRow) -> Result<RbacUser, StoreError> {
    let admin_id = row.maybe_text("admin_id")?;
    Ok(RbacUser {
        id: row.parsed("id")?,
        name: UserName::from_stored(row.text("name")?),
        user_token: row.maybe_text("user_token")?,
        user_token_ident: row.maybe_text("user_token_ident")?,
        enabled: row.flag("enabled")?,
        comment: row.maybe_text("comment")?,
        ws_id: row.parsed("ws_id")?,
        admin_id: admin_id.map(|id| id.parse().map_err(|_| StoreError::Corrupt("admin_id"))).transpose()?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

fn select(condition: &str) -> sqlx::AssertSqlSafe<String> {
    // Audited: both parts are constants of this file.
    sqlx::AssertSqlSafe(format!("{SELECT} {condition}"))
}

/// Stores a new user.
///
/// # Errors
/// [`StoreError::Unique`] when the name is taken.
pub async fn create(connection: &mut Connection, user: &RbacUser) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO rbac_users (id, name, user_token, user_token_ident, enabled, comment, ws_id, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(user.id.to_string())
    .bind(user.name.as_str())
    .bind(user.user_token.as_deref())
    .bind(user.user_token_ident.as_deref())
    .bind(i64::from(user.enabled))
    .bind(user.comment.as_deref())
    .bind(user.ws_id.to_string())
    .bind(user.created_at.0)
    .bind(user.updated_at.0)
    .execute(connection)
    .await
    .map_err(|error| on_unique(error, "rbac_users", &[("name", user.name.as_str())]))?;
    Ok(())
}

/// The user with that id.
///
/// # Errors
/// The database failed.
pub async fn find_by_id(connection: &mut Connection, id: RbacUserId) -> Result<Option<RbacUser>, StoreError> {
    let row = sqlx::query(select("WHERE u.id = $1")).bind(id.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(read).transpose()
}

/// The user with that name or id.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut Connection, name_or_id: &str) -> Result<Option<RbacUser>, StoreError> {
    let row = sqlx::query(select("WHERE u.name = $1 OR u.id = $1")).bind(name_or_id).fetch_optional(connection).await?;
    row.as_ref().map(read).transpose()
}

/// Users of a workspace that belong to no admin, by id.
///
/// # Errors
/// The database failed.
pub async fn list(
    connection: &mut Connection,
    workspace: WorkspaceId,
    page: &Page,
) -> Result<Paged<RbacUser>, StoreError> {
    let rows = sqlx::query(select("WHERE u.ws_id = $1 AND a.id IS NULL AND u.id > $2 ORDER BY u.id LIMIT $3"))
        .bind(workspace.to_string())
        .bind(&page.after)
        .bind(page.limit())
        .fetch_all(connection)
        .await?;
    let users: Vec<RbacUser> = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Paged::from_rows(users, page, |user| user.id.to_string()))
}

/// Stores the changeable members of an existing user.
///
/// # Errors
/// [`StoreError::Unique`] when a new name is taken.
pub async fn update(connection: &mut Connection, user: &RbacUser) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE rbac_users SET name = $2, user_token = $3, user_token_ident = $4, enabled = $5, comment = $6, updated_at = $7
         WHERE id = $1",
    )
    .bind(user.id.to_string())
    .bind(user.name.as_str())
    .bind(user.user_token.as_deref())
    .bind(user.user_token_ident.as_deref())
    .bind(i64::from(user.enabled))
    .bind(user.comment.as_deref())
    .bind(user.updated_at.0)
    .execute(connection)
    .await
    .map_err(|error| on_unique(error, "rbac_users", &[("name", user.name.as_str())]))?;
    Ok(())
}

/// Deletes a user with its hidden default role; a visible role of the same name stays.
///
/// # Errors
/// The database failed.
pub async fn delete(connection: &mut Connection, id: RbacUserId) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM rbac_roles WHERE is_default = 1 AND id IN (SELECT role_id FROM rbac_user_roles WHERE user_id = $1)",
    )
    .bind(id.to_string())
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM rbac_users WHERE id = $1").bind(id.to_string()).execute(connection).await?;
    Ok(())
}

/// Users whose token may be the one with this ident: the slow comparison runs on these only. With each, whether its
/// token may be used at all.
///
/// # Errors
/// The database failed.
pub async fn list_token_candidates(
    connection: &mut Connection,
    ident: &str,
) -> Result<Vec<(RbacUser, bool)>, StoreError> {
    let rows = sqlx::query(
        "SELECT u.*, a.id AS admin_id, COALESCE(a.rbac_token_enabled, 1) AS token_enabled
         FROM rbac_users u LEFT JOIN admins a ON a.rbac_user_id = u.id WHERE u.user_token_ident = $1",
    )
    .bind(ident)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((read(row)?, row.flag("token_enabled")?))).collect()
}

/// How many users there are: none means that nobody bootstrapped the store.
///
/// # Errors
/// The database failed.
pub async fn count(connection: &mut Connection) -> Result<i64, StoreError> {
    sqlx::query("SELECT COUNT(*) AS total FROM rbac_users").fetch_one(connection).await?.number("total")
}
