//! Where a request stands: its workspace, endpoint and action. Entities are named over workspaces (an admin of `default`
//! may be asked for through `/payments/admins/..`), so whoever reaches for one that lives elsewhere must have the same
//! right there.

use super::Services;
use super::error::ServiceError;
use crate::domain::access::Caller;
use crate::domain::ids::{WorkspaceId, WorkspaceName};
use crate::domain::rbac::{Action, Endpoint};
use crate::domain::workspace::Workspace;
use crate::store::{Connection, workspaces};

/// Workspace, endpoint and action of a request that was judged for them.
#[derive(Clone, Debug)]
pub struct Here<'h> {
    /// The workspace.
    pub workspace: &'h Workspace,
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The action.
    pub action: Action,
}

impl Here<'_> {
    /// Whether the caller may do the same in `workspace`.
    #[must_use]
    pub fn may_in(&self, services: &Services, caller: &Caller, workspace: &WorkspaceName) -> bool {
        *workspace == self.workspace.name
            || services.access.decide(&caller.principal, workspace, &self.endpoint, self.action).is_allowed
    }

    /// Refuses what concerns people wherever they are to callers who may not do the same in `default`.
    ///
    /// # Errors
    /// [`ServiceError::NoPermission`].
    pub(super) fn require_in_default(&self, services: &Services, caller: &Caller) -> Result<(), ServiceError> {
        let may = self.may_in(services, caller, &WorkspaceName::default_workspace());
        if may { Ok(()) } else { Err(ServiceError::no_permission(caller, self.action)) }
    }

    /// Whether the caller may do this to an entity that lives in `home`.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn reaches(
        &self,
        services: &Services,
        caller: &Caller,
        connection: &mut Connection,
        home: WorkspaceId,
    ) -> Result<bool, ServiceError> {
        if home == self.workspace.id {
            return Ok(true);
        }
        let home = workspaces::find_by_id(connection, home).await?;
        Ok(home.is_some_and(|home| self.may_in(services, caller, &home.name)))
    }
}
