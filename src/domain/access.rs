//! Who is calling, after authorization data was loaded: the input of every decision and of every audit record.

use std::sync::Arc;

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
    pub rbac_user_id: RbacUserId,
    /// Name shown in messages and audit records.
    pub name: UserName,
    /// The admin behind the RBAC user, if it is a person.
    pub admin_id: Option<AdminId>,
    /// Names of the groups the last login put the user in.
    pub groups: Arc<[String]>,
    /// The compiled rules.
    pub policy: Arc<Policy>,
    /// Whether the user holds `super-admin` of `default`, directly or by a group.
    pub is_super_admin: bool,
    /// How it authenticated.
    pub proof: Proof,
}
