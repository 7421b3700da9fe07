//! Everything that a decision needs to know about a user, in one query.

use std::collections::HashMap;
use std::sync::Arc;

use super::database::Connection;
use super::error::StoreError;
use super::role_endpoints::read_scope;
use super::row::Columns;
use super::user_roles;
use crate::domain::group::narrow_to_link;
use crate::domain::ids::{GroupName, RbacUserId, RoleName, WorkspaceName};
use crate::domain::rbac::{ActionSet, Grant, GrantSource, GrantedRule};
use crate::domain::role::SUPER_ADMIN;

/// All rules of a user: of its own roles, its hidden default role and the roles of its groups.
///
/// # Errors
/// The database failed.
pub async fn load_rules(connection: &mut Connection, user: RbacUserId) -> Result<Vec<GrantedRule>, StoreError> {
    let rows = sqlx::query(
        "SELECT e.workspace, e.endpoint, e.actions, e.negative, r.name AS role_name, r.is_default, rw.name AS role_workspace,
                ur.role_source AS source, NULL AS group_name, NULL AS link_workspace
         FROM rbac_user_roles ur JOIN rbac_roles r ON r.id = ur.role_id JOIN workspaces rw ON rw.id = r.ws_id
         JOIN rbac_role_endpoints e ON e.role_id = r.id WHERE ur.user_id = $1
         UNION ALL
         SELECT e.workspace, e.endpoint, e.actions, e.negative, r.name, r.is_default, rw.name, 'group', g.name, lw.name
         FROM rbac_user_groups ug JOIN idp_groups g ON g.id = ug.group_id
         JOIN group_rbac_roles gr ON gr.group_id = g.id JOIN rbac_roles r ON r.id = gr.role_id
         JOIN workspaces rw ON rw.id = r.ws_id JOIN workspaces lw ON lw.id = gr.workspace_id
         JOIN rbac_role_endpoints e ON e.role_id = r.id WHERE ug.user_id = $1",
    )
    .bind(user.to_string())
    .fetch_all(connection)
    .await?;
    let mut grants: HashMap<String, Arc<Grant>> = HashMap::new();
    let mut rules = Vec::with_capacity(rows.len());
    for row in &rows {
        let group = row.maybe_text("group_name")?;
        let source = match &group {
            Some(group) => GrantSource::Group(GroupName::from_stored(group.clone())),
            None if row.flag("is_default")? => GrantSource::DefaultRole,
            None => GrantSource::Own(user_roles::source(&row.text("source")?)),
        };
        let grant = Grant {
            role: RoleName::from_stored(row.text("role_name")?),
            role_workspace: WorkspaceName::from_stored(row.text("role_workspace")?),
            source,
        };
        let grant = Arc::clone(grants.entry(grant.to_string()).or_insert_with(|| Arc::new(grant)));
        let (mut workspace, endpoint) = read_scope(row)?;
        if let Some(link) = row.maybe_text("link_workspace")? {
            match narrow_to_link(workspace, &grant.role_workspace, &WorkspaceName::from_stored(link)) {
                Some(narrowed) => workspace = narrowed,
                None => continue,
            }
        }
        let actions = ActionSet::from_bits(row.number("actions")?);
        rules.push(GrantedRule { workspace, endpoint, actions, negative: row.flag("negative")?, grant });
    }
    Ok(rules)
}

const SUPER_ADMINS: &str = "
    SELECT ur.user_id AS id FROM rbac_user_roles ur JOIN rbac_roles r ON r.id = ur.role_id JOIN workspaces w ON w.id = r.ws_id
    WHERE r.name = $1 AND r.is_default = 0 AND w.name = 'default'
    UNION
    SELECT ug.user_id FROM rbac_user_groups ug JOIN group_rbac_roles gr ON gr.group_id = ug.group_id
    JOIN rbac_roles r ON r.id = gr.role_id JOIN workspaces w ON w.id = r.ws_id AND w.id = gr.workspace_id
    WHERE r.name = $1 AND r.is_default = 0 AND w.name = 'default'";

/// The super-admins that can act: enabled users whose admin, if they have one, is approved.
///
/// # Errors
/// The database failed.
pub async fn list_super_admins(connection: &mut Connection) -> Result<Vec<RbacUserId>, StoreError> {
    // Audited: the only dynamic part is a constant of this file.
    let sql = format!(
        "SELECT u.id FROM rbac_users u LEFT JOIN admins a ON a.rbac_user_id = u.id
         WHERE u.enabled = 1 AND COALESCE(a.status, 0) = 0 AND u.id IN ({SUPER_ADMINS})"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(SUPER_ADMIN).fetch_all(connection).await?;
    rows.iter().map(|row| row.parsed("id")).collect()
}
