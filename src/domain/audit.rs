//! Audit records: one per decision of the proxy (requests) and one per change of kong-sso's own entities (objects),
//! kong-manager.md 7.2 and 7.3.

use serde::Serialize;

use super::time::UnixSeconds;

/// What was decided about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Let through.
    Allowed,
    /// Identified, but no permission.
    Denied,
    /// No or bad credentials.
    Unauthenticated,
    /// Answered by kong-sso without a decision (login, logout).
    None,
}

impl Verdict {
    /// The text stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Unauthenticated => "unauthenticated",
            Self::None => "none",
        }
    }

    /// The verdict of its stored text; unknown text reads as `None`.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        match text {
            "allowed" => Self::Allowed,
            "denied" => Self::Denied,
            "unauthenticated" => Self::Unauthenticated,
            _ => Self::None,
        }
    }
}

/// One handled Admin API request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RequestRecord {
    /// 32 characters, equal to the response header `X-Kong-Admin-Request-ID`.
    pub request_id: String,
    /// Address of the client after `trusted_ips`.
    pub client_ip: String,
    /// HTTP method.
    pub method: String,
    /// Path with query; secrets in the query are masked.
    pub path: String,
    /// The RBAC user's id.
    pub rbac_user_id: Option<String>,
    /// The RBAC user's name.
    pub rbac_user_name: Option<String>,
    /// `kong-manager` for sessions, `sso-ui` for the own UI, absent for tokens.
    pub request_source: Option<String>,
    /// When it was handled.
    pub request_timestamp: UnixSeconds,
    /// Response status.
    pub status: u16,
    /// Id of the workspace, when the request named an existing one.
    pub workspace: Option<String>,
    /// The decision.
    pub verdict: Verdict,
    /// The rule that made it, or why there was none.
    pub rule: Option<String>,
}

/// One change of an entity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ObjectRecord {
    /// Key.
    pub id: String,
    /// The request that did it; a login's id for changes made by the IdP's groups.
    pub request_id: String,
    /// When.
    pub request_timestamp: UnixSeconds,
    /// Kind of entity: `admins`, `rbac_users`, `rbac_roles`, `rbac_role_endpoints`, `rbac_user_roles`, `groups`,
    /// `group_rbac_roles`, `rbac_user_groups`, `workspaces`.
    pub dao_name: String,
    /// Id of the entity, or its composite key joined by `:`.
    pub entity_key: String,
    /// The entity after the change (before it for `delete`), secrets left out.
    pub entity: serde_json::Value,
    /// `create`, `update` or `delete`.
    pub operation: String,
    /// Who did it; absent for the system.
    pub rbac_user_id: Option<String>,
}
