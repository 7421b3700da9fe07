//! RBAC users: service accounts and the pairs of admins.

use sqlx::any::AnyRow;

use super::ambiguity::{self, Named};
use super::database::Connection;
use super::error::StoreError;
use super::page::{Page, Paged};
use super::roles;
use super::row::{Columns, all, as_id, found, on_unique};
use crate::domain::admin::RbacUser;
use crate::domain::ids::{RbacUserId, UserName, WorkspaceId};

const SELECT: &str = "SELECT u.*, a.id AS admin_id FROM rbac_users u LEFT JOIN admins a ON a.rbac_user_id = u.id";

pub(super) fn read(row: &AnyRow) -> Result<RbacUser, StoreError> {
    Ok(RbacUser {
        id: row.parsed("id")?,
        name: UserName::from_stored(row.text("name")?),
        user_token: row.maybe_text("user_token")?,
        user_token_ident: row.maybe_text("user_token_ident")?,
        enabled: row.flag("enabled")?,
        comment: row.maybe_text("comment")?,
        ws_id: row.parsed("ws_id")?,
        admin_id: row.maybe_parsed("admin_id")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

pub(super) fn select(condition: &'static str) -> sqlx::AssertSqlSafe<String> {
    // Audited: both parts are constants of this crate.
    sqlx::AssertSqlSafe(format!("{SELECT} {condition}"))
}

/// Stores a new user together with its hidden default role. Which admin it belongs to is stored with the admin.
///
/// # Errors
/// [`StoreError::Unique`] when the name is taken by a user or an admin.
pub async fn create(connection: &mut Connection, user: &RbacUser) -> Result<(), StoreError> {
    refuse_name_of_other_admin(connection, user).await?;
    let id = user.id.to_string();
    ambiguity::refuse(connection, Named::RbacUsers, &id, user.name.as_str()).await?;
    sqlx::query(
        "INSERT INTO rbac_users (id, name, user_token, user_token_ident, enabled, comment, ws_id, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(&id)
    .bind(user.name.as_str())
    .bind(user.user_token.as_deref())
    .bind(user.user_token_ident.as_deref())
    .bind(i64::from(user.enabled))
    .bind(user.comment.as_deref())
    .bind(user.ws_id.to_string())
    .bind(user.created_at.0)
    .bind(user.updated_at.0)
    .execute(&mut *connection)
    .await
    .map_err(|error| on_unique(error, "rbac_users", &[("id", &id), ("name", user.name.as_str())]))?;
    roles::create_default(connection, user).await
}

/// An admin's name is also its paired user's, so the constraint on user names covers admins. This check holds even
/// for a pair whose names differ.
async fn refuse_name_of_other_admin(connection: &mut Connection, user: &RbacUser) -> Result<(), StoreError> {
    let taken = sqlx::query("SELECT 1 AS taken FROM admins WHERE username = $1 AND rbac_user_id <> $2")
        .bind(user.name.as_str())
        .bind(user.id.to_string())
        .fetch_optional(connection)
        .await?;
    match taken {
        None => Ok(()),
        Some(_) => {
            Err(StoreError::Unique { entity: "rbac_users", fields: vec![("name".to_owned(), user.name.to_string())] })
        }
    }
}

/// Waits until no other transaction changes this user, and keeps others waiting until the end of this one. On SQLite
/// a writing transaction is alone anyway.
///
/// # Errors
/// [`StoreError::NotFound`] when the user is gone.
pub async fn lock(connection: &mut Connection, id: RbacUserId) -> Result<(), StoreError> {
    let done = sqlx::query("UPDATE rbac_users SET enabled = enabled WHERE id = $1")
        .bind(id.to_string())
        .execute(connection)
        .await?;
    found(&done)
}

/// The user with that id.
///
/// # Errors
/// The database failed.
pub async fn find_by_id(connection: &mut Connection, id: RbacUserId) -> Result<Option<RbacUser>, StoreError> {
    let row = sqlx::query(select("WHERE u.id = $1")).bind(id.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(read).transpose()
}

/// The user with that name.
///
/// # Errors
/// The database failed.
pub async fn find_by_name(connection: &mut Connection, name: &str) -> Result<Option<RbacUser>, StoreError> {
    let row = sqlx::query(select("WHERE u.name = $1")).bind(name).fetch_optional(connection).await?;
    row.as_ref().map(read).transpose()
}

/// The user with that id, or else of that name.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut Connection, name_or_id: &str) -> Result<Option<RbacUser>, StoreError> {
    if let Some(id) = as_id(name_or_id) {
        let row = sqlx::query(select("WHERE u.id = $1")).bind(id).fetch_optional(&mut *connection).await?;
        if let Some(row) = row {
            return read(&row).map(Some);
        }
    }
    find_by_name(connection, name_or_id).await
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
    Ok(Paged::from_rows(all(&rows, read)?, page, |user| user.id.to_string()))
}

/// Stores the changeable members of an existing user; its hidden default role follows name and workspace.
///
/// # Errors
/// [`StoreError::Unique`] when a new name is taken, [`StoreError::NotFound`] when the user is gone.
pub async fn update(connection: &mut Connection, user: &RbacUser) -> Result<(), StoreError> {
    refuse_name_of_other_admin(connection, user).await?;
    ambiguity::refuse(connection, Named::RbacUsers, &user.id.to_string(), user.name.as_str()).await?;
    let done = sqlx::query(
        "UPDATE rbac_users SET name = $2, user_token = $3, user_token_ident = $4, enabled = $5, comment = $6,
                ws_id = $7, updated_at = $8 WHERE id = $1",
    )
    .bind(user.id.to_string())
    .bind(user.name.as_str())
    .bind(user.user_token.as_deref())
    .bind(user.user_token_ident.as_deref())
    .bind(i64::from(user.enabled))
    .bind(user.comment.as_deref())
    .bind(user.ws_id.to_string())
    .bind(user.updated_at.0)
    .execute(&mut *connection)
    .await
    .map_err(|error| on_unique(error, "rbac_users", &[("name", user.name.as_str())]))?;
    found(&done)?;
    roles::update_default(connection, user).await
}

/// Deletes a user with its hidden default role (by cascade), assignments and, for the pair of an admin, the admin and
/// its sessions. A visible role of the same name stays.
///
/// # Errors
/// The database failed.
pub async fn delete(connection: &mut Connection, id: RbacUserId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM rbac_users WHERE id = $1").bind(id.to_string()).execute(connection).await?;
    Ok(())
}

/// Replaces the hash of a token by a better one of the same token; `false` when it was changed in the meantime.
///
/// # Errors
/// The database failed.
pub async fn replace_hash(
    connection: &mut Connection,
    id: RbacUserId,
    old: &str,
    new: &str,
) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE rbac_users SET user_token = $3 WHERE id = $1 AND user_token = $2")
        .bind(id.to_string())
        .bind(old)
        .bind(new)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
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
    all(&rows, |row| Ok((read(row)?, row.flag("token_enabled")?)))
}

/// How many users there are: none means that nobody bootstrapped the store.
///
/// # Errors
/// The database failed.
pub async fn count(connection: &mut Connection) -> Result<i64, StoreError> {
    sqlx::query("SELECT COUNT(*) AS total FROM rbac_users").fetch_one(connection).await?.number("total")
}
