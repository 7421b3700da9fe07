//! Groups: an IdP group value mapped to (workspace, role) pairs (kong-manager.md 3.2).

use serde::Serialize;

use super::ids::{GroupId, GroupName, RoleId, RoleName, WorkspaceId, WorkspaceName};
use super::rbac::WorkspaceScope;
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

/// A group value of one admin's last login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedValue {
    /// The value as the IdP sent it.
    pub value: String,
    /// When that login was.
    pub seen_at: UnixSeconds,
    /// The group of that name, if there is one.
    pub group: Option<GroupId>,
}

/// Where a rule of a group's role applies. A role linked under its own workspace acts as it is written; a role of
/// `default` linked under another workspace acts in that one only, and its rules for third workspaces do not count.
/// Any other link has no effect.
#[must_use]
pub fn narrow_to_link(
    rule: WorkspaceScope,
    role_workspace: &WorkspaceName,
    link: &WorkspaceName,
) -> Option<WorkspaceScope> {
    match rule {
        rule if role_workspace == link => Some(rule),
        _ if !role_workspace.is_default() => None,
        WorkspaceScope::Named(name) if name != *link => None,
        _ => Some(WorkspaceScope::Named(link.clone())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_role_of_default_linked_elsewhere_counts_there_only() {
        let name = |text: &str| WorkspaceName::parse(text).unwrap();
        let scope = |text: &str| WorkspaceScope::parse(text).unwrap();
        assert_eq!(narrow_to_link(scope("*"), &name("default"), &name("default")), Some(scope("*")));
        assert_eq!(narrow_to_link(scope("*"), &name("default"), &name("payments")), Some(scope("payments")));
        assert_eq!(narrow_to_link(scope("payments"), &name("default"), &name("payments")), Some(scope("payments")));
        assert_eq!(narrow_to_link(scope("other"), &name("default"), &name("payments")), None);
    }

    #[test]
    fn a_role_of_another_workspace_never_acts_outside_it() {
        let name = |text: &str| WorkspaceName::parse(text).unwrap();
        assert_eq!(narrow_to_link(WorkspaceScope::Any, &name("teams"), &name("payments")), None);
        let own = WorkspaceScope::Named(name("teams"));
        assert_eq!(narrow_to_link(own.clone(), &name("teams"), &name("teams")), Some(own));
    }
}
