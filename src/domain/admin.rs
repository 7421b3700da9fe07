//! Admins (people) and RBAC users (the paired or stand-alone API identities), kong-manager.md 4.1 and 5.1.

use serde::Serialize;

use super::ids::{AdminId, RbacUserId, UserName, WorkspaceId};
use super::time::UnixSeconds;

/// Life cycle of an admin, as Kong's integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AdminStatus {
    /// 0: may sign in.
    Approved,
    /// 1.
    Pending,
    /// 2: refused.
    Rejected,
    /// 3: rights withdrawn.
    Revoked,
    /// 4: invited; the first IdP login approves.
    Invited,
    /// 5: e-mail not verified.
    Unverified,
}

impl AdminStatus {
    /// Kong's integer.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Approved => 0,
            Self::Pending => 1,
            Self::Rejected => 2,
            Self::Revoked => 3,
            Self::Invited => 4,
            Self::Unverified => 5,
        }
    }

    /// The status of Kong's integer, if it is one.
    #[must_use]
    pub const fn from_code(code: i64) -> Option<Self> {
        Some(match code {
            0 => Self::Approved,
            1 => Self::Pending,
            2 => Self::Rejected,
            3 => Self::Revoked,
            4 => Self::Invited,
            5 => Self::Unverified,
            _ => return None,
        })
    }

    /// A word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Pending => "pending",
            Self::Rejected => "rejected",
            Self::Revoked => "revoked",
            Self::Invited => "invited",
            Self::Unverified => "unverified",
        }
    }
}

impl Serialize for AdminStatus {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.code())
    }
}

/// The IdP identity an admin is bound to since the first login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdpBinding {
    /// `iss` of the ID token.
    pub issuer: String,
    /// `sub` of the ID token.
    pub subject: String,
}

/// A person who may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// Key.
    pub id: AdminId,
    /// Unique name; ties to the IdP's claim value.
    pub username: UserName,
    /// Unique second name.
    pub custom_id: Option<String>,
    /// Unique address; only for mail.
    pub email: Option<String>,
    /// Life cycle.
    pub status: AdminStatus,
    /// Whether the paired RBAC user's token may be used.
    pub rbac_token_enabled: bool,
    /// The paired RBAC user.
    pub rbac_user_id: RbacUserId,
    /// Home workspace.
    pub ws_id: WorkspaceId,
    /// Bound identity; `None` until the first IdP login.
    pub binding: Option<IdpBinding>,
    /// Last successful sign-in.
    pub last_login_at: Option<UnixSeconds>,
    /// When it was created.
    pub created_at: UnixSeconds,
    /// When it was last changed.
    pub updated_at: UnixSeconds,
}

/// An API identity: a service account, or the pair of an admin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RbacUser {
    /// Key.
    pub id: RbacUserId,
    /// Unique over all workspaces.
    pub name: UserName,
    /// Hash of the token in PHC or bcrypt form; `None` when no token was ever set.
    pub user_token: Option<String>,
    /// First five hex characters of SHA-256 of the token: finds candidates before the slow compare.
    pub user_token_ident: Option<String>,
    /// A disabled user's credentials are refused.
    pub enabled: bool,
    /// Free text.
    pub comment: Option<String>,
    /// The workspace it was created in.
    pub ws_id: WorkspaceId,
    /// The admin it belongs to, if any.
    pub admin_id: Option<AdminId>,
    /// When it was created.
    pub created_at: UnixSeconds,
    /// When it was last changed.
    pub updated_at: UnixSeconds,
}
