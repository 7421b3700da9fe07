//! Roles, their endpoint rules and the built-in ones (kong-manager.md 4.1 and 4.7).

use serde::Serialize;

use super::ids::{RoleId, RoleName, WorkspaceId, WorkspaceName};
use super::rbac::{ActionSet, EndpointPattern, GrantSource, WorkspaceScope};
use super::time::UnixSeconds;

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Role {
    /// Key.
    pub id: RoleId,
    /// Unique within its workspace.
    pub name: RoleName,
    /// Free text.
    pub comment: Option<String>,
    /// Whether it is the hidden role of one user.
    pub is_default: bool,
    /// The workspace it belongs to.
    pub ws_id: WorkspaceId,
    /// When it was created.
    pub created_at: UnixSeconds,
    /// When it was last changed.
    pub updated_at: UnixSeconds,
}

/// One endpoint rule of a role; its key is (role, workspace, endpoint).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleEndpoint {
    /// The role.
    pub role_id: RoleId,
    /// Where it applies.
    pub workspace: WorkspaceScope,
    /// What it matches.
    pub endpoint: EndpointPattern,
    /// The actions it speaks of.
    pub actions: ActionSet,
    /// Whether it denies them.
    pub negative: bool,
    /// Free text.
    pub comment: Option<String>,
    /// When it was created.
    pub created_at: UnixSeconds,
}

/// Who gave a user a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RoleSource {
    /// A person or the API.
    Local,
    /// The groups claim at the last login.
    Idp,
}

impl RoleSource {
    /// The text stored and shown: `local` or `idp`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Idp => "idp",
        }
    }
}

/// A role that a user holds directly.
#[derive(Clone, Debug, Serialize)]
pub struct AssignedRole {
    /// The role.
    #[serde(flatten)]
    pub role: Role,
    /// Who gave it.
    pub role_source: RoleSource,
    /// Name of the role's workspace.
    pub workspace: WorkspaceName,
}

/// A role that a user has, directly or by a group: what people are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRole {
    /// The role's key.
    pub role_id: RoleId,
    /// The role's name.
    pub role: RoleName,
    /// The workspace it counts in: its own, or the one a group links it under.
    pub workspace: WorkspaceName,
    /// How the user came to it.
    pub source: GrantSource,
}

/// A built-in role before it is stored: name, comment, rules.
#[derive(Clone, Debug)]
pub struct BuiltInRole {
    /// Name.
    pub name: &'static str,
    /// Kong's comment.
    pub comment: &'static str,
    /// Rules as (pattern, actions, negative), all of the scope that the caller stores.
    pub rules: Vec<(EndpointPattern, ActionSet, bool)>,
}

/// Name of the role with full access.
pub const SUPER_ADMIN: &str = "super-admin";

/// Whether a name is one of the roles that come with a workspace.
#[must_use]
pub fn is_built_in(workspace: &WorkspaceName, name: &RoleName) -> bool {
    let templates = if workspace.is_default() { cluster_roles() } else { workspace_roles() };
    templates.iter().any(|template| template.name == name.as_str())
}

fn pattern(text: &str) -> EndpointPattern {
    EndpointPattern::parse(text).unwrap_or(EndpointPattern::Every)
}

/// The negative rules of `admin` and `workspace-admin`: RBAC itself, groups, and the roles of admins.
fn rbac_denials() -> impl Iterator<Item = (EndpointPattern, ActionSet, bool)> {
    const DENIED: &[&str] = &[
        "/rbac/*",
        "/rbac/*/*",
        "/rbac/*/*/*",
        "/rbac/*/*/*/*",
        "/rbac/*/*/*/*/*",
        "/*/rbac/*",
        "/*/rbac/*/*",
        "/*/rbac/*/*/*",
        "/*/rbac/*/*/*/*",
        "/*/rbac/*/*/*/*/*",
        "/groups",
        "/groups/*",
        "/groups/*/roles",
        "/admins/*/roles",
    ];
    DENIED.iter().map(|text| (pattern(text), ActionSet::ALL, true))
}

/// The roles of workspace `default`; their rules apply in every workspace.
#[must_use]
pub fn cluster_roles() -> Vec<BuiltInRole> {
    let every = |actions| (EndpointPattern::Every, actions, false);
    vec![
        BuiltInRole {
            name: SUPER_ADMIN,
            comment: "Full access to all endpoints, across all workspaces",
            rules: vec![every(ActionSet::ALL)],
        },
        BuiltInRole {
            name: "admin",
            comment: "Full access to all endpoints, across all workspaces—except RBAC Admin API",
            rules: std::iter::once(every(ActionSet::ALL)).chain(rbac_denials()).collect(),
        },
        BuiltInRole {
            name: "read-only",
            comment: "Read access to all endpoints, across all workspaces",
            rules: vec![every(ActionSet::READ)],
        },
    ]
}

/// The roles created together with another workspace; their rules apply in that workspace.
#[must_use]
pub fn workspace_roles() -> Vec<BuiltInRole> {
    let every = |actions| (EndpointPattern::Every, actions, false);
    let portal = [
        "/developers",
        "/developers/*",
        "/developers/*/*",
        "/files",
        "/files/*",
        "/applications",
        "/applications/*",
        "/applications/*/*",
        "/applications/*/*/*",
        "/application_instances",
        "/application_instances/*",
        "/application-auth-strategies",
        "/application-auth-strategies/*",
        "/developers/*/*/*",
        "/developers/*/*/*/*",
        "/developers/*/*/*/*/*",
        "/portal/*",
        "/portal/*/*",
        "/portal/*/*/*",
        "/portal/*/*/*/*",
    ];
    vec![
        BuiltInRole {
            name: "workspace-super-admin",
            comment: "Full access to all endpoints in the workspace",
            rules: vec![every(ActionSet::ALL)],
        },
        BuiltInRole {
            name: "workspace-admin",
            comment: "Full access to all endpoints in the workspace—except RBAC Admin API",
            rules: std::iter::once(every(ActionSet::ALL)).chain(rbac_denials()).collect(),
        },
        BuiltInRole {
            name: "workspace-read-only",
            comment: "Read access to all endpoints in the workspace",
            rules: vec![every(ActionSet::READ)],
        },
        BuiltInRole {
            name: "workspace-portal-admin",
            comment: "Full access to Dev Portal related endpoints in the workspace",
            rules: portal.iter().map(|text| (pattern(text), ActionSet::ALL, false)).collect(),
        },
    ]
}
