//! The roles of users for people to read: direct ones and those of groups, in one query for a whole list.

use std::collections::HashMap;

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::row::Columns;
use super::statement::Statement;
use super::user_roles;
use crate::domain::ids::{GroupName, RbacUserId, RoleName, WorkspaceName};
use crate::domain::rbac::GrantSource;
use crate::domain::role::HeldRole;

const DIRECT: &str = "
    SELECT ur.user_id, r.id AS role_id, r.name AS role_name, w.name AS workspace_name, ur.role_source AS source,
           CAST(NULL AS TEXT) AS group_name
    FROM rbac_user_roles ur JOIN rbac_roles r ON r.id = ur.role_id JOIN workspaces w ON w.id = r.ws_id
    WHERE r.is_default = 0 AND ur.user_id IN ";
const BY_GROUP: &str = "
    UNION ALL
    SELECT ug.user_id, r.id, r.name, w.name, 'group', g.name
    FROM rbac_user_groups ug JOIN idp_groups g ON g.id = ug.group_id JOIN group_rbac_roles gr ON gr.group_id = g.id
    JOIN workspaces w ON w.id = gr.workspace_id JOIN rbac_roles r ON r.id = gr.role_id
    WHERE ug.user_id IN ";

/// The visible roles of each user, by workspace and role. A user without any is absent.
///
/// # Errors
/// The database failed.
pub async fn list(
    connection: &mut Connection,
    users: &[RbacUserId],
) -> Result<HashMap<RbacUserId, Vec<HeldRole>>, StoreError> {
    let ids: Vec<String> = users.iter().map(ToString::to_string).collect();
    let mut held: HashMap<RbacUserId, Vec<HeldRole>> = HashMap::new();
    if ids.is_empty() {
        return Ok(held);
    }
    let mut statement = Statement::new(DIRECT);
    statement.bind_list(ids.iter().map(String::as_str));
    statement.push(BY_GROUP).bind_list(ids.iter().map(String::as_str));
    statement.push(" ORDER BY workspace_name, role_name, source, group_name");
    for row in statement.fetch_all(connection).await? {
        held.entry(row.parsed("user_id")?).or_default().push(read(&row)?);
    }
    Ok(held)
}

fn read(row: &AnyRow) -> Result<HeldRole, StoreError> {
    let source = match row.text("source")?.as_str() {
        "group" => GrantSource::Group(GroupName::from_stored(row.text("group_name")?)),
        own => GrantSource::Own(user_roles::source(own)),
    };
    Ok(HeldRole {
        role_id: row.parsed("role_id")?,
        role: RoleName::from_stored(row.text("role_name")?),
        workspace: WorkspaceName::from_stored(row.text("workspace_name")?),
        source,
    })
}
