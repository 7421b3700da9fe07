//! Identifiers: UUID keys and checked names. A value of one of these types has been parsed; the inside trusts it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id that sorts by creation time (UUID version 7, RFC 9562).
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            /// Only the hyphenated form in lower case: other spellings of the same id would be judged as another text.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let is_usual = text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
                Uuid::try_parse(if is_usual { text } else { "" }).map(Self)
            }
        }
    };
}

uuid_id!(
    /// Key of an [`Admin`](super::admin::Admin).
    AdminId
);
uuid_id!(
    /// Key of an [`RbacUser`](super::admin::RbacUser).
    RbacUserId
);
uuid_id!(
    /// Key of a [`Role`](super::role::Role).
    RoleId
);
uuid_id!(
    /// Key of a [`Group`](super::group::Group).
    GroupId
);
uuid_id!(
    /// Key of a [`Workspace`](super::workspace::Workspace).
    WorkspaceId
);
uuid_id!(
    /// Key of a login session. Not the secret in the cookie.
    SessionId
);
uuid_id!(
    /// Key of a [`PublishedApi`](super::catalogue::PublishedApi).
    ApiId
);
uuid_id!(
    /// Key of a [`Strategy`](super::strategy::Strategy).
    StrategyId
);
uuid_id!(
    /// Key of an [`Application`](super::application::Application).
    ApplicationId
);
uuid_id!(
    /// Key of a [`Contract`](super::contract::Contract).
    ContractId
);
uuid_id!(
    /// Key of a [`Credential`](super::credential::Credential), and of what stands for it in Kong.
    CredentialId
);
uuid_id!(
    /// Key of a service in Kong.
    ServiceId
);
uuid_id!(
    /// Key of a [`Developer`](super::developer::Developer).
    DeveloperId
);
uuid_id!(
    /// Key of a [`DeveloperIdentity`](super::developer::DeveloperIdentity).
    DeveloperIdentityId
);
uuid_id!(
    /// Key of a [`Team`](super::team::Team).
    TeamId
);
uuid_id!(
    /// Key of an [`AssignedRole`](super::team::AssignedRole).
    AssignedRoleId
);
uuid_id!(
    /// Key of a [`TeamGroup`](super::team::TeamGroup).
    TeamGroupId
);
uuid_id!(
    /// Key of a developer's session. Not the secret in the cookie.
    PortalSessionId
);

/// Why a name was refused. The text is meant for the person who sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The name is empty after trimming.
    #[error("must not be empty")]
    Empty,
    /// The name is longer than allowed.
    #[error("must be at most {0} characters long")]
    TooLong(usize),
    /// The name has a character outside the allowed set.
    #[error("invalid value '{0}': the only accepted ascii characters are alphanumerics or ., -, _, and ~")]
    Characters(String),
    /// The name is taken by Kong or kong-sso itself.
    #[error("the name '{0}' is reserved")]
    Reserved(String),
    /// The name has a control character.
    #[error("must not contain control characters")]
    Control,
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Wraps a name that was checked when it was stored.
            #[must_use]
            pub fn from_stored(name: String) -> Self {
                Self(name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

name_type!(
    /// Name of a workspace: `^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$`, no UUID, not reserved (kong-manager.md 6.1).
    WorkspaceName
);
name_type!(
    /// Name of a role: 1 to 128 printable characters without `,` and `/`, because role lists are comma separated and
    /// names stand in paths.
    RoleName
);
name_type!(
    /// Name of a group: equal to the IdP's group value, compared exactly; 1 to 512 characters, no control characters.
    GroupName
);
name_type!(
    /// Name of an admin or RBAC user: 1 to 256 characters, no control characters.
    UserName
);

/// The workspace that always exists.
pub const DEFAULT_WORKSPACE: &str = "default";

/// First path segments that can never name a workspace: entities of Kong and doors of kong-sso.
pub const RESERVED_WORKSPACE_NAMES: &[&str] = &[
    "_api",
    "_sso",
    "acls",
    "acme",
    "acme_storage",
    "admins",
    "applications",
    "application-auth-strategies",
    "application_instances",
    "audit",
    "audit_objects",
    "audit_requests",
    "auth",
    "basic-auths",
    "basicauth_credentials",
    "ca_certificates",
    "cache",
    "certificates",
    "clustering",
    "config",
    "consumer_groups",
    "consumers",
    "credentials",
    "debug",
    "developers",
    "document_objects",
    "endpoints",
    "entities",
    "event-hooks",
    "event_hooks",
    "files",
    "filter-chains",
    "filter_chains",
    "groups",
    "hmac-auths",
    "hmacauth_credentials",
    "jwt_secrets",
    "jwts",
    "key-auths",
    "key-sets",
    "key_sets",
    "keyauth_credentials",
    "keyring",
    "keys",
    "license",
    "licenses",
    "login_attempts",
    "metrics",
    "oauth2",
    "oauth2_credentials",
    "oauth2_tokens",
    "openid-connect",
    "parameters",
    "plugins",
    "portal",
    "portal-api",
    "proxy-cache",
    "rbac",
    "rbac_role_endpoints",
    "rbac_role_entities",
    "rbac_roles",
    "rbac_users",
    "routes",
    "schemas",
    "services",
    "sessions",
    "snis",
    "status",
    "tags",
    "targets",
    "timers",
    "upstreams",
    "userinfo",
    "vaults",
    "workspaces",
];

impl WorkspaceName {
    /// Parses a workspace name by the rules of kong-manager.md 6.1. `default` is accepted: callers that create
    /// workspaces meet the unique constraint instead.
    ///
    /// # Errors
    /// The first rule that `text` breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let mut characters = text.chars();
        let Some(first) = characters.next() else {
            return Err(NameError::Empty);
        };
        if text.len() > 64 {
            return Err(NameError::TooLong(64));
        }
        let follows = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '~' | '-');
        if !first.is_ascii_alphanumeric() && !RESERVED_WORKSPACE_NAMES.contains(&text) || !characters.all(follows) {
            return Err(NameError::Characters(text.to_owned()));
        }
        if RESERVED_WORKSPACE_NAMES.contains(&text) || Uuid::try_parse(text).is_ok() {
            return Err(NameError::Reserved(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The workspace `default`.
    #[must_use]
    pub fn default_workspace() -> Self {
        Self(DEFAULT_WORKSPACE.to_owned())
    }

    /// Whether this is the workspace `default`.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.0 == DEFAULT_WORKSPACE
    }
}

fn printable(text: &str, longest: usize) -> Result<&str, NameError> {
    let text = text.trim();
    if text.is_empty() {
        Err(NameError::Empty)
    } else if text.chars().count() > longest {
        Err(NameError::TooLong(longest))
    } else if text.chars().any(char::is_control) {
        Err(NameError::Control)
    } else {
        Ok(text)
    }
}

impl RoleName {
    /// Parses a role name.
    ///
    /// # Errors
    /// Empty, too long, control characters, `,` or `/`.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = printable(text, 128)?;
        if text.contains([',', '/']) {
            return Err(NameError::Characters(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl GroupName {
    /// Parses a group name.
    ///
    /// # Errors
    /// Empty, longer than 512 characters, or control characters.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        printable(text, 512).map(|name| Self(name.to_owned()))
    }
}

impl UserName {
    /// Parses the name of an admin or RBAC user.
    ///
    /// # Errors
    /// Empty, longer than 256 characters, or control characters.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        printable(text, 256).map(|name| Self(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let id = "0190b6f5-1c2d-7e3f-8a4b-5c6d7e8f9a0b";
        assert_eq!(id.parse::<WorkspaceId>().unwrap().to_string(), id);
        let others = [id.to_uppercase(), id.replace('-', ""), format!("{{{id}}}"), format!("urn:uuid:{id}")];
        assert!(others.iter().all(|other| other.parse::<WorkspaceId>().is_err()));
    }

    #[test]
    fn workspace_names_follow_the_rules() {
        for good in ["payments", "default", "team.A-1_~", "9"] {
            assert_eq!(WorkspaceName::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "services", "auth", "_api", "_sso", "a b", "ä", "-x", "6c1be0a2-3d3c-4a2e-9d3e-0d6a5c8b9f00"] {
            assert!(WorkspaceName::parse(bad).is_err(), "{bad} was accepted");
        }
        assert!(WorkspaceName::parse(&"a".repeat(65)).is_err());
    }

    #[test]
    fn role_names_stand_in_lists_and_paths() {
        assert!(RoleName::parse("workspace-admin").is_ok());
        assert!(RoleName::parse("a,b").is_err());
        assert!(RoleName::parse("a/b").is_err());
    }
}
