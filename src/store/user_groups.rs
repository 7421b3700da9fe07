//! The groups that the last sign-in put a user in.

use std::collections::BTreeSet;

use super::changes::Changes;
use super::database::Connection;
use super::error::StoreError;
use super::row::{Columns, all};
use super::{groups, rbac_users};
use crate::domain::admin::RbacUser;
use crate::domain::group::Group;
use crate::domain::ids::{GroupId, RbacUserId};

/// The groups of a user, by name.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut Connection, user: RbacUserId) -> Result<Vec<Group>, StoreError> {
    let rows = sqlx::query(
        "SELECT g.* FROM rbac_user_groups ug JOIN idp_groups g ON g.id = ug.group_id WHERE ug.user_id = $1 ORDER BY g.name",
    )
    .bind(user.to_string())
    .fetch_all(connection)
    .await?;
    all(&rows, groups::read)
}

/// The users in a group, by name.
///
/// # Errors
/// The database failed.
pub async fn list_users(connection: &mut Connection, group: GroupId) -> Result<Vec<RbacUser>, StoreError> {
    let sql =
        rbac_users::select("JOIN rbac_user_groups ug ON ug.user_id = u.id WHERE ug.group_id = $1 ORDER BY u.name");
    let rows = sqlx::query(sql).bind(group.to_string()).fetch_all(connection).await?;
    all(&rows, rbac_users::read)
}

/// Makes `wanted` the groups of a user. Takes the user's row lock first, so that two sign-ins never interleave.
///
/// # Errors
/// [`StoreError::NotFound`] when the user is gone, [`StoreError::ForeignKey`] when a group is.
pub async fn replace(
    connection: &mut Connection,
    user: RbacUserId,
    wanted: &[GroupId],
) -> Result<Changes<GroupId>, StoreError> {
    rbac_users::lock(connection, user).await?;
    let user = user.to_string();
    let rows = sqlx::query("SELECT group_id FROM rbac_user_groups WHERE user_id = $1")
        .bind(&user)
        .fetch_all(&mut *connection)
        .await?;
    let before: BTreeSet<GroupId> = rows.iter().map(|row| row.parsed("group_id")).collect::<Result<_, _>>()?;
    let changes = Changes::between(&before, &wanted.iter().copied().collect());
    for group in &changes.removed {
        sqlx::query("DELETE FROM rbac_user_groups WHERE user_id = $1 AND group_id = $2")
            .bind(&user)
            .bind(group.to_string())
            .execute(&mut *connection)
            .await?;
    }
    for group in &changes.added {
        sqlx::query("INSERT INTO rbac_user_groups (user_id, group_id) VALUES ($1, $2)")
            .bind(&user)
            .bind(group.to_string())
            .execute(&mut *connection)
            .await?;
    }
    Ok(changes)
}
