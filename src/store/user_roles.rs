//! Roles that users hold directly.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::Changes;
use super::database::Connection;
use super::error::StoreError;
use super::row::{Columns, all};
use super::{rbac_users, roles};
use crate::domain::admin::RbacUser;
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
    all(&rows, |row| {
        Ok(AssignedRole {
            role: roles::read(row)?,
            role_source: source(&row.text("role_source")?),
            workspace: WorkspaceName::from_stored(row.text("workspace_name")?),
        })
    })
}

/// The users that hold a role directly, with how they came to it, by name.
///
/// # Errors
/// The database failed.
pub async fn list_users(connection: &mut Connection, role: RoleId) -> Result<Vec<(RbacUser, RoleSource)>, StoreError> {
    let rows = sqlx::query(
        "SELECT u.*, a.id AS admin_id, ur.role_source FROM rbac_user_roles ur JOIN rbac_users u ON u.id = ur.user_id
         LEFT JOIN admins a ON a.rbac_user_id = u.id WHERE ur.role_id = $1 ORDER BY u.name",
    )
    .bind(role.to_string())
    .fetch_all(connection)
    .await?;
    all(&rows, |row| Ok((rbac_users::read(row)?, source(&row.text("role_source")?))))
}

/// The source of its stored text.
pub(super) fn source(text: &str) -> RoleSource {
    if text == "idp" { RoleSource::Idp } else { RoleSource::Local }
}

/// Gives a user a role; a role that the user holds already keeps its source.
///
/// # Errors
/// [`StoreError::ForeignKey`] when user or role are gone.
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

/// Makes `wanted` the roles that the IdP gives a user (kong-manager.md 3.3). Roles given locally stay, and stay local
/// even when the IdP gives them too; with `overwrite_local` they become the IdP's, or go. Takes the user's row lock
/// first, so that two sign-ins never interleave.
///
/// # Errors
/// [`StoreError::NotFound`] when the user is gone, [`StoreError::ForeignKey`] when a role is.
pub async fn replace_idp_roles(
    connection: &mut Connection,
    user: RbacUserId,
    wanted: &[RoleId],
    overwrite_local: bool,
) -> Result<Changes<RoleId>, StoreError> {
    rbac_users::lock(connection, user).await?;
    let held = list_sources(connection, user).await?;
    let wanted: BTreeSet<RoleId> = wanted.iter().copied().collect();
    let is_kept =
        |role: &RoleId, source: RoleSource| wanted.contains(role) || source == RoleSource::Local && !overwrite_local;
    let kept = held.iter().filter(|(role, source)| is_kept(role, **source)).map(|(role, _)| *role);
    let after: BTreeSet<RoleId> = kept.chain(wanted.iter().copied()).collect();
    let changes = Changes::between(&held.keys().copied().collect(), &after);
    for role in &changes.removed {
        unassign(connection, user, *role).await?;
    }
    for role in &changes.added {
        assign(connection, user, *role, RoleSource::Idp).await?;
    }
    if overwrite_local {
        sqlx::query("UPDATE rbac_user_roles SET role_source = 'idp' WHERE user_id = $1")
            .bind(user.to_string())
            .execute(connection)
            .await?;
    }
    Ok(changes)
}

async fn list_sources(
    connection: &mut Connection,
    user: RbacUserId,
) -> Result<BTreeMap<RoleId, RoleSource>, StoreError> {
    let rows = sqlx::query("SELECT role_id, role_source FROM rbac_user_roles WHERE user_id = $1")
        .bind(user.to_string())
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok((row.parsed("role_id")?, source(&row.text("role_source")?)))).collect()
}
