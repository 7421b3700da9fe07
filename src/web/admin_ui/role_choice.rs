//! Giving and taking roles: the value of a choice is `workspace:role`, and the door of that workspace decides.

use serde_json::json;

use super::doors::Change;
use super::extractors::AdminSession;
use crate::domain::rbac::Action;
use crate::domain::role::Role;
use crate::domain::workspace::Workspace;
use crate::services::error::ServiceError;
use crate::services::page_data::roles;
use crate::web::error::ApiError;

/// A chosen role.
pub(super) struct RoleChoice<'c> {
    workspace: &'c Workspace,
    role: &'c str,
}

impl<'c> RoleChoice<'c> {
    /// Reads a choice; workspace names hold no colon, role names may. `None` when nothing was chosen.
    pub(super) fn parse(visitor: &'c AdminSession, value: &'c str) -> Option<Self> {
        let (workspace, role) = value.split_once(':')?;
        Some(Self { workspace: visitor.find_workspace(workspace)?, role })
    }

    /// Gives the role by the door with these segments.
    ///
    /// # Errors
    /// What the door refuses.
    pub(super) async fn give(&self, visitor: &AdminSession, door: &[&str]) -> Result<(), ApiError> {
        self.send(visitor, "POST", door).await
    }

    /// Takes it away.
    ///
    /// # Errors
    /// What the door refuses.
    pub(super) async fn take(&self, visitor: &AdminSession, door: &[&str]) -> Result<(), ApiError> {
        self.send(visitor, "DELETE", door).await
    }

    async fn send(&self, visitor: &AdminSession, method: &'static str, door: &[&str]) -> Result<(), ApiError> {
        visitor.change(Change::new(self.workspace, method, door, json!({ "roles": [self.role] }))).await.map(drop)
    }
}

/// Roles of the workspaces in which the visitor may give one by `endpoint`.
///
/// # Errors
/// The store failed.
pub(super) async fn assignable<'v>(
    visitor: &'v AdminSession,
    endpoint: &str,
) -> Result<Vec<(&'v Workspace, Vec<Role>)>, ServiceError> {
    let places = visitor.reachable().into_iter().filter(|one| visitor.may(one, endpoint, Action::Create));
    roles::choices(&visitor.services, places).await
}
