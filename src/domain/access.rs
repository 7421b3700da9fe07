//! Who is calling, after authorization data was loaded: the input of every decision and of every audit record.

use std::net::IpAddr;
use std::sync::Arc;

use super::admin::AdminStatus;
use super::ids::{AdminId, RbacUserId, SessionId, UserName};
use super::rbac::Policy;

/// How the caller proved who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The RBAC token header.
    Token,
    /// A session cookie of the sign-in.
    Session(SessionId),
    /// Nothing: RBAC and authentication are off (pass-through).
    Off,
}

/// A caller with its rights.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The RBAC user; absent only in pass-through mode.
    pub rbac_user_id: Option<RbacUserId>,
    /// Name shown in messages and audit records.
    pub name: UserName,
    /// The admin behind the RBAC user, if it is a person.
    pub admin_id: Option<AdminId>,
    /// The compiled rules.
    pub policy: Arc<Policy>,
    /// Whether the user holds `super-admin` of `default`, directly or by a group; always in pass-through mode.
    pub is_super_admin: bool,
}

impl Principal {
    /// Anybody, while nothing asks who calls.
    #[must_use]
    pub fn anybody() -> Self {
        Self {
            rbac_user_id: None,
            name: UserName::from_stored("anonymous".to_owned()),
            admin_id: None,
            policy: Arc::new(Policy::default()),
            is_super_admin: true,
        }
    }
}

/// Which door of kong-sso a request came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The Admin API, called with a token or without credentials.
    AdminApi,
    /// The Admin API, called by a browser with a session.
    KongManager,
    /// kong-sso's own pages.
    OwnPages,
    /// The developer portal: its pages and its JSON API.
    Portal,
}

impl Door {
    /// `request_source` of audit records (kong-manager.md 7.2).
    #[must_use]
    pub const fn as_source(self) -> Option<&'static str> {
        match self {
            Self::AdminApi => None,
            Self::KongManager => Some("kong-manager"),
            Self::OwnPages => Some("sso-ui"),
            Self::Portal => Some("dev-portal"),
        }
    }
}

/// One authenticated request: who, how proven, from where. Services take it to guard and to record changes.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub principal: Arc<Principal>,
    /// How proven.
    pub proof: Proof,
    /// Through which door.
    pub door: Door,
    /// 32 hexadecimal characters, equal to `X-Kong-Admin-Request-ID`.
    pub request_id: String,
    /// Address of the client.
    pub client: IpAddr,
}

impl Caller {
    /// Whether `user` is the caller.
    #[must_use]
    pub fn is_user(&self, user: RbacUserId) -> bool {
        self.principal.rbac_user_id == Some(user)
    }
}

/// Whether an admin of this status may act.
#[must_use]
pub const fn may_act(status: AdminStatus) -> bool {
    matches!(status, AdminStatus::Approved)
}
