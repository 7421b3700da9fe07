//! Groups: names equal to the IdP's group values (kong-manager.md 3.2).

use sqlx::any::AnyRow;

use super::ambiguity::{self, Named};
use super::database::Connection;
use super::error::StoreError;
use super::page::{Page, Paged};
use super::row::{Columns, all, as_id, found, on_unique};
use super::statement::Statement;
use crate::domain::group::Group;
use crate::domain::ids::{GroupId, GroupName};

/// How many names go into one statement.
const NAMES_AT_ONCE: usize = 200;

pub(super) fn read(row: &AnyRow) -> Result<Group, StoreError> {
    Ok(Group {
        id: row.parsed("id")?,
        name: GroupName::from_stored(row.text("name")?),
        comment: row.maybe_text("comment")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

/// Stores a new group.
///
/// # Errors
/// [`StoreError::Unique`] when the name is taken.
pub async fn create(connection: &mut Connection, group: &Group) -> Result<(), StoreError> {
    let id = group.id.to_string();
    ambiguity::refuse(connection, Named::Groups, &id, group.name.as_str()).await?;
    sqlx::query("INSERT INTO idp_groups (id, name, comment, created_at, updated_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(&id)
        .bind(group.name.as_str())
        .bind(group.comment.as_deref())
        .bind(group.created_at.0)
        .bind(group.updated_at.0)
        .execute(connection)
        .await
        .map_err(|error| on_unique(error, "groups", &[("id", &id), ("name", group.name.as_str())]))?;
    Ok(())
}

/// The group with that id.
///
/// # Errors
/// The database failed.
pub async fn find_by_id(connection: &mut Connection, id: GroupId) -> Result<Option<Group>, StoreError> {
    let row =
        sqlx::query("SELECT * FROM idp_groups WHERE id = $1").bind(id.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(read).transpose()
}

/// The group with that id, or else of that name: IdPs like Entra ID send group ids that are UUIDs themselves, so a
/// group may be named by one.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut Connection, name_or_id: &str) -> Result<Option<Group>, StoreError> {
    let id = as_id(name_or_id).unwrap_or_default();
    let rows = sqlx::query("SELECT * FROM idp_groups WHERE id = $1 OR name = $2")
        .bind(&id)
        .bind(name_or_id)
        .fetch_all(connection)
        .await?;
    let groups = all(&rows, read)?;
    let by_id = groups.iter().find(|group| group.id.to_string() == id);
    Ok(by_id.or_else(|| groups.first()).cloned())
}

/// The groups that have one of these names, compared exactly.
///
/// # Errors
/// The database failed.
pub async fn find_by_names(connection: &mut Connection, names: &[String]) -> Result<Vec<Group>, StoreError> {
    let mut groups = Vec::new();
    // A name is never longer than 512 characters and has no control character: other values cannot match.
    let names: Vec<&str> = names.iter().filter(|name| GroupName::parse(name).is_ok()).map(String::as_str).collect();
    for some in names.chunks(NAMES_AT_ONCE) {
        let mut statement = Statement::new("SELECT * FROM idp_groups WHERE name IN ");
        statement.bind_list(some.iter().copied()).push(" ORDER BY id");
        groups.extend(all(&statement.fetch_all(connection).await?, read)?);
    }
    Ok(groups)
}

/// A page of all groups, by id.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut Connection, page: &Page) -> Result<Paged<Group>, StoreError> {
    let rows = sqlx::query("SELECT * FROM idp_groups WHERE id > $1 ORDER BY id LIMIT $2")
        .bind(&page.after)
        .bind(page.limit())
        .fetch_all(connection)
        .await?;
    Ok(Paged::from_rows(all(&rows, read)?, page, |group| group.id.to_string()))
}

/// Stores name and comment of an existing group. The users of a renamed group lose it at their next login.
///
/// # Errors
/// [`StoreError::Unique`] when the name is taken, [`StoreError::NotFound`] when the group is gone.
pub async fn update(connection: &mut Connection, group: &Group) -> Result<(), StoreError> {
    ambiguity::refuse(connection, Named::Groups, &group.id.to_string(), group.name.as_str()).await?;
    let done = sqlx::query("UPDATE idp_groups SET name = $2, comment = $3, updated_at = $4 WHERE id = $1")
        .bind(group.id.to_string())
        .bind(group.name.as_str())
        .bind(group.comment.as_deref())
        .bind(group.updated_at.0)
        .execute(connection)
        .await
        .map_err(|error| on_unique(error, "groups", &[("name", group.name.as_str())]))?;
    found(&done)
}

/// Deletes a group with its role links and memberships.
///
/// # Errors
/// The database failed.
pub async fn delete(connection: &mut Connection, id: GroupId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM idp_groups WHERE id = $1").bind(id.to_string()).execute(connection).await?;
    Ok(())
}
