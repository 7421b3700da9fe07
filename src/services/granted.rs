//! The rules that roles and groups give, in the form that policies are compiled from.

use std::sync::Arc;

use super::error::ServiceError;
use crate::domain::group::narrow_to_link;
use crate::domain::ids::{GroupId, WorkspaceName};
use crate::domain::rbac::{Grant, GrantSource, GrantedRule};
use crate::domain::role::{Role, RoleSource, SUPER_ADMIN};
use crate::store::{Connection, group_roles, role_endpoints, roles, workspaces};

/// A role with the name of its workspace and its rules.
pub(super) struct RoleRules {
    pub(super) role: Role,
    pub(super) workspace: WorkspaceName,
    pub(super) rules: Vec<GrantedRule>,
}

impl RoleRules {
    /// Whether it is the role with full access.
    pub(super) fn is_super_admin(&self) -> bool {
        is_super_admin(&self.role, &self.workspace)
    }

    /// The rules as a group gives them that links the role under `link`.
    pub(super) fn narrowed(self, link: &WorkspaceName) -> Vec<GrantedRule> {
        let Self { workspace, rules, .. } = self;
        let narrow = |rule: GrantedRule| {
            let scope = narrow_to_link(rule.workspace, &workspace, link)?;
            Some(GrantedRule { workspace: scope, ..rule })
        };
        rules.into_iter().filter_map(narrow).collect()
    }
}

/// Whether a role of a workspace is the role with full access.
pub(super) fn is_super_admin(role: &Role, workspace: &WorkspaceName) -> bool {
    workspace.is_default() && role.name.as_str() == SUPER_ADMIN
}

/// The rules of a role.
pub(super) async fn of_role(connection: &mut Connection, role: Role) -> Result<RoleRules, ServiceError> {
    let home = workspaces::find_by_id(connection, role.ws_id).await?.ok_or(ServiceError::NotFound)?;
    let grant = Arc::new(Grant {
        role: role.name.clone(),
        role_workspace: home.name.clone(),
        source: GrantSource::Own(RoleSource::Local),
    });
    let stored = role_endpoints::list(connection, role.id).await?;
    let rules = stored.into_iter().map(|rule| GrantedRule {
        workspace: rule.workspace,
        endpoint: rule.endpoint,
        actions: rule.actions,
        negative: rule.negative,
        grant: Arc::clone(&grant),
    });
    let rules = rules.collect();
    Ok(RoleRules { role, workspace: home.name, rules })
}

/// The rules that the members of a group have by it.
pub(super) async fn of_group(connection: &mut Connection, group: GroupId) -> Result<Vec<GrantedRule>, ServiceError> {
    let mut rules = Vec::new();
    for link in group_roles::list(connection, group).await? {
        let Some(role) = roles::find_by_id(connection, link.role_id).await? else { continue };
        rules.extend(of_role(connection, role).await?.narrowed(&link.workspace_name));
    }
    Ok(rules)
}
