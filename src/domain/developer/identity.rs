//! Identities of developers at identity providers (dev-portal.md 2.3).

use crate::domain::ids::{DeveloperId, DeveloperIdentityId, WorkspaceId};
use crate::domain::time::UnixSeconds;

/// Somebody at an identity provider who is a developer here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeveloperIdentity {
    /// Key.
    pub id: DeveloperIdentityId,
    /// The workspace whose portal it is.
    pub ws_id: WorkspaceId,
    /// Who it is.
    pub developer_id: DeveloperId,
    /// `iss`.
    pub issuer: String,
    /// `sub`.
    pub subject: String,
    /// The address that the provider told last.
    pub email: Option<String>,
    /// When it was linked.
    pub created_at: UnixSeconds,
    /// Last sign-in through it.
    pub last_login_at: Option<UnixSeconds>,
}
