//! What kong-sso keeps for a workspace.

use crate::domain::workspace::Workspace;
use crate::services::Services;
use crate::services::error::ServiceError;
use crate::store::workspace_contents;
pub use crate::store::workspace_contents::WorkspaceContents;

/// Numbers of own entities in a workspace.
///
/// # Errors
/// The store failed.
pub async fn contents(services: &Services, workspace: &Workspace) -> Result<WorkspaceContents, ServiceError> {
    Ok(workspace_contents::count(&mut *services.store.read().await?, workspace.id).await?)
}
