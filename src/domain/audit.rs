//! Audit records: one per decision of the proxy (requests) and one per change of kong-sso's own entities (objects),
//! kong-manager.md 7.2 and 7.3.

use serde::Serialize;

use super::access::Door;
use super::ids::RESERVED_WORKSPACE_NAMES;
use super::rbac::Action;
use super::time::UnixSeconds;

/// First segments behind which rights are kept: a change there is a change of rights.
const RIGHTS: &[&str] = &["admins", "groups", "rbac", "workspaces"];

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

impl RequestRecord {
    /// The path without its query: what ignore patterns are compared with.
    #[must_use]
    pub fn path_only(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// Whether it is a sign-in, a sign-out or a change of rights: such a record is kept whatever patterns say, unless
    /// `sso_audit_always` is off (kong-manager.md 7.4). The own pages change nothing else than rights.
    #[must_use]
    pub fn is_essential(&self) -> bool {
        let mut segments = self.path_only().split('/').filter(|segment| !segment.is_empty());
        let first = segments.next().unwrap_or_default();
        // A reserved first segment never names a workspace, so what follows it is not a door.
        let door = if RESERVED_WORKSPACE_NAMES.contains(&first) { first } else { segments.next().unwrap_or(first) };
        let is_of_own_pages = self.request_source.as_deref() == Door::OwnPages.as_source();
        door == "auth" || self.is_change() && (RIGHTS.contains(&door) || is_of_own_pages)
    }

    /// Whether the method is one that changes something.
    #[must_use]
    pub fn is_change(&self) -> bool {
        Action::of_method(&self.method) != Some(Action::Read)
    }

    /// Whether the request was refused, so that nothing came of it.
    #[must_use]
    pub const fn is_refused(&self) -> bool {
        matches!(self.verdict, Verdict::Denied | Verdict::Unauthenticated)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn record(method: &str, path: &str, source: Option<&str>) -> RequestRecord {
        RequestRecord {
            request_id: String::new(),
            client_ip: String::new(),
            method: method.to_owned(),
            path: path.to_owned(),
            rbac_user_id: None,
            rbac_user_name: None,
            request_source: source.map(str::to_owned),
            request_timestamp: UnixSeconds(0),
            status: 200,
            workspace: None,
            verdict: Verdict::Allowed,
            rule: None,
        }
    }

    #[test]
    fn km_097_sign_ins_and_changes_of_rights_are_essential() {
        for (method, path, source) in [
            ("GET", "/auth?code=***", Some("kong-manager")),
            ("DELETE", "/auth?session_logout=true", Some("kong-manager")),
            ("POST", "/rbac/users", None),
            ("PATCH", "/payments/rbac/roles/x/endpoints/*/*", None),
            ("DELETE", "/admins/x/", None),
            ("POST", "/groups/x/roles?y=z", None),
            ("POST", "/workspaces", None),
            ("POST", "/anything", Some("sso-ui")),
        ] {
            assert!(record(method, path, source).is_essential(), "{method} {path}");
        }
        for (method, path, source) in [
            ("GET", "/rbac/users", None),
            ("GET", "/payments/rbac/users", None),
            ("POST", "/services/rbac/plugins", None),
            ("POST", "/services", Some("kong-manager")),
            ("PATCH", "/authors", None),
            ("GET", "/anything", Some("sso-ui")),
            ("GET", "/", None),
        ] {
            assert!(!record(method, path, source).is_essential(), "{method} {path}");
        }
    }
}
