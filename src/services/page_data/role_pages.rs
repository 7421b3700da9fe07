//! Where the pages of roles are: rules and records know roles by name only.

use std::collections::HashMap;

use crate::domain::ids::{RoleId, RoleName, WorkspaceName};
use crate::domain::workspace::Workspace;
use crate::services::Services;
use crate::services::error::ServiceError;

use super::roles;

/// Ids of roles by workspace and name.
#[derive(Debug, Default)]
pub struct RolePages(HashMap<(WorkspaceName, RoleName), RoleId>);

impl RolePages {
    /// The roles of some workspaces.
    ///
    /// # Errors
    /// The store failed.
    pub async fn of<'w>(
        services: &Services,
        workspaces: impl IntoIterator<Item = &'w Workspace>,
    ) -> Result<Self, ServiceError> {
        let choices = roles::choices(services, workspaces).await?;
        let named = choices.into_iter().flat_map(|(workspace, roles)| {
            roles.into_iter().map(|role| ((workspace.name.clone(), role.name), role.id))
        });
        Ok(Self(named.collect()))
    }

    /// The path of a role's page below the admin pages; that of the list, for a role without a page.
    #[must_use]
    pub fn path(&self, workspace: &WorkspaceName, role: &RoleName) -> String {
        match self.0.get(&(workspace.clone(), role.clone())) {
            Some(id) => format!("/roles/{id}"),
            None => format!("/roles?workspace={workspace}"),
        }
    }
}
