//! Workspaces: a name, and the Kong cluster behind it (mode U of kong-manager.md 6.3).

use serde::Serialize;
use serde_json::{Map, Value};

use super::ids::{WorkspaceId, WorkspaceName};
use super::time::UnixSeconds;

/// A workspace.
#[derive(Clone, Debug, Serialize)]
pub struct Workspace {
    /// Key.
    pub id: WorkspaceId,
    /// Unique, case-sensitive, immutable name.
    pub name: WorkspaceName,
    /// Free text.
    pub comment: Option<String>,
    /// Members that Kong keeps under `config`.
    pub config: Map<String, Value>,
    /// `color` and `thumbnail`.
    pub meta: Map<String, Value>,
    /// Base URL of the Kong Admin API that serves this workspace; `None` means the server's own upstream.
    pub upstream_admin_url: Option<String>,
    /// When it was created.
    pub created_at: UnixSeconds,
    /// When it was last changed.
    pub updated_at: UnixSeconds,
}

impl Workspace {
    /// Whether a part of a path or a body means this workspace: by name or id.
    #[must_use]
    pub fn is_called(&self, name_or_id: &str) -> bool {
        self.name.as_str() == name_or_id || name_or_id.parse::<WorkspaceId>().is_ok_and(|id| id == self.id)
    }
}
