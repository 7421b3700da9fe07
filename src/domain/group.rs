//! Groups: an IdP group value mapped to (workspace, role) pairs (kong-manager.md 3.2).

use serde::Serialize;

use super::ids::{GroupId, GroupName, RoleId, RoleName, WorkspaceId, WorkspaceName};
use super::time::UnixSeconds;

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Key.
    pub id: GroupId,
    /// Equal to the IdP's group value.
    pub name: GroupName,
    /// Free text.
    pub comment: Option<String>,
    /// When it was created.
    pub created_at: UnixSeconds,
    /// When it was last changed.
    pub updated_at: UnixSeconds,
}

/// A role that a group gives its members, counted in one workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRole {
    /// The group.
    pub group: Group,
    /// The role's key.
    pub role_id: RoleId,
    /// The role's name.
    pub role_name: RoleName,
    /// Key of the workspace the link counts in.
    pub workspace_id: WorkspaceId,
    /// Its name.
    pub workspace_name: WorkspaceName,
}

/// A group value that came with logins, for the "not mapped yet" list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenGroupValue {
    /// The value as the IdP sent it.
    pub value: String,
    /// How many admins carried it at their last login.
    pub admins: u64,
    /// The last such login.
    pub last_seen: UnixSeconds,
}
