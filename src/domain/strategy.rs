//! Strategies: how callers of a published API prove who they are, and how that is enforced (dev-portal.md 5.5).

mod jwt;
mod key_auth;
mod kong_oauth2;
mod openid_connect;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ids::{StrategyId, WorkspaceId};
use super::time::UnixSeconds;
pub use jwt::{JwtAlgorithm, JwtConfig};
pub use key_auth::{KeyAuthConfig, Ttl, TtlUnit};
pub use kong_oauth2::KongOauth2Config;
pub use openid_connect::{Enforcer, OpenidConnectConfig, SigningKey};

/// The kind of a strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrategyType {
    /// API keys that kong-sso makes.
    KeyAuth,
    /// OAuth 2.0 by Kong itself.
    KongOauth2,
    /// Tokens that applications sign.
    Jwt,
    /// Clients of an identity provider.
    OpenidConnect,
}

impl StrategyType {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::KeyAuth, Self::KongOauth2, Self::Jwt, Self::OpenidConnect];

    /// Its name in requests and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KeyAuth => "key_auth",
            Self::KongOauth2 => "kong_oauth2",
            Self::Jwt => "jwt",
            Self::OpenidConnect => "openid_connect",
        }
    }

    /// The member of `configs` that holds its settings.
    #[must_use]
    pub const fn member(self) -> &'static str {
        match self {
            Self::KeyAuth => "key-auth",
            Self::KongOauth2 => "kong-oauth2",
            Self::Jwt => "jwt",
            Self::OpenidConnect => "openid-connect",
        }
    }

    /// Whether credentials come from an identity provider: kong-sso makes none.
    #[must_use]
    pub const fn is_external(self) -> bool {
        matches!(self, Self::OpenidConnect)
    }
}

impl std::str::FromStr for StrategyType {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or("expected one of: key_auth, kong_oauth2, jwt, openid_connect")
    }
}

/// The settings of a strategy, and with them its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StrategyConfig {
    /// See [`StrategyType::KeyAuth`].
    KeyAuth(KeyAuthConfig),
    /// See [`StrategyType::KongOauth2`].
    KongOauth2(KongOauth2Config),
    /// See [`StrategyType::Jwt`].
    Jwt(JwtConfig),
    /// See [`StrategyType::OpenidConnect`].
    OpenidConnect(OpenidConnectConfig),
}

impl StrategyConfig {
    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> StrategyType {
        match self {
            Self::KeyAuth(_) => StrategyType::KeyAuth,
            Self::KongOauth2(_) => StrategyType::KongOauth2,
            Self::Jwt(_) => StrategyType::Jwt,
            Self::OpenidConnect(_) => StrategyType::OpenidConnect,
        }
    }

    /// Reads the settings of a kind. They are not checked yet.
    ///
    /// # Errors
    /// The member that cannot be read.
    pub fn read(kind: StrategyType, settings: &Value) -> Result<Self, String> {
        fn read<T: DeserializeOwned>(settings: &Value) -> Result<T, String> {
            T::deserialize(settings).map_err(|error| error.to_string())
        }
        Ok(match kind {
            StrategyType::KeyAuth => Self::KeyAuth(read(settings)?),
            StrategyType::KongOauth2 => Self::KongOauth2(read(settings)?),
            StrategyType::Jwt => Self::Jwt(read(settings)?),
            StrategyType::OpenidConnect => Self::OpenidConnect(read(settings)?),
        })
    }

    /// As it is stored and shown; no settings are secret.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let value = match self {
            Self::KeyAuth(config) => serde_json::to_value(config),
            Self::KongOauth2(config) => serde_json::to_value(config),
            Self::Jwt(config) => serde_json::to_value(config),
            Self::OpenidConnect(config) => serde_json::to_value(config),
        };
        value.unwrap_or_default()
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::KeyAuth(config) => config.check(),
            Self::KongOauth2(config) => config.check(),
            Self::Jwt(config) => config.check(),
            Self::OpenidConnect(config) => config.check(),
        }
    }
}

/// A strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strategy {
    /// Key.
    pub id: StrategyId,
    /// Workspace.
    pub ws_id: WorkspaceId,
    /// Name for admins; unique in its workspace.
    pub name: String,
    /// Name for developers.
    pub display_name: String,
    /// Its settings, with them its kind.
    pub config: StrategyConfig,
    /// When it was made.
    pub created_at: UnixSeconds,
    /// When it was last changed.
    pub updated_at: UnixSeconds,
}

impl Strategy {
    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> StrategyType {
        self.config.kind()
    }
}

/// Name of the strategy that every workspace has.
pub const BUILT_IN: &str = "key-auth";

/// A word of a list such as scopes: printable ASCII without space, quote and backslash (RFC 6749 3.3).
fn is_scope(word: &str) -> bool {
    (1..=255).contains(&word.len()) && word.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_come_back_as_they_were_stored() {
        for (kind, settings) in [
            (StrategyType::KeyAuth, json!({})),
            (StrategyType::KongOauth2, json!({ "scopes": ["read"] })),
            (StrategyType::Jwt, json!({ "maximum_expiration": 60 })),
            (
                StrategyType::OpenidConnect,
                json!({ "issuer": "https://op.test", "credential_claim": ["azp"], "scopes": ["openid"], "auth_methods": ["bearer"] }),
            ),
        ] {
            let config = StrategyConfig::read(kind, &settings).unwrap();
            config.check().unwrap();
            assert_eq!((config.kind(), kind.as_str().parse()), (kind, Ok(kind)));
            assert_eq!(StrategyConfig::read(kind, &config.to_value()).unwrap(), config);
            assert!(StrategyConfig::read(kind, &json!({ "colour": "red" })).is_err());
        }
        assert!("okta".parse::<StrategyType>().is_err());
    }
}
