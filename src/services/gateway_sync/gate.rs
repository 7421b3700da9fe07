//! What guards a published service in Kong, for each kind of strategy (dev-portal.md 6.5, 9.2): the plugin that lets only
//! holders of the group pass, and the one that identifies callers.

use serde_json::{Value, json};

use crate::domain::strategy::{
    Enforcer, JwtConfig, KeyAuthConfig, KongOauth2Config, OpenidConnectConfig, StrategyConfig,
};

/// The plugins of kong-sso that identify callers.
pub const AUTH_PLUGINS: [&str; 4] = ["key-auth", "oauth2", "jwt", "openid-connect"];

/// The plugin that identifies callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthPlugin {
    /// Its name.
    pub name: &'static str,
    /// The settings that kong-sso decides.
    pub config: Value,
}

/// How a service is guarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// The plugin that identifies callers; `None` where an admin makes one.
    pub auth: Option<AuthPlugin>,
}

impl Gate {
    /// The gate of a strategy. `enforcer` is that of the settings, which rules over the strategy's own.
    #[must_use]
    pub fn of(config: &StrategyConfig, enforcer: Option<Enforcer>) -> Self {
        let auth = match config {
            StrategyConfig::KeyAuth(config) => Some(key_auth(config)),
            StrategyConfig::KongOauth2(config) => Some(oauth2(config)),
            StrategyConfig::Jwt(config) => Some(jwt(config)),
            StrategyConfig::OpenidConnect(config) => external(config, effective(config, enforcer)),
        };
        Self { auth }
    }
}

/// What checks the tokens of a strategy's provider.
#[must_use]
pub fn effective(config: &OpenidConnectConfig, by_settings: Option<Enforcer>) -> Enforcer {
    by_settings.or(config.enforcer).unwrap_or(Enforcer::Jwt)
}

fn key_auth(config: &KeyAuthConfig) -> AuthPlugin {
    AuthPlugin {
        name: "key-auth",
        config: json!({
            "key_names": config.key_names, "hide_credentials": true, "key_in_header": true, "key_in_query": false,
            "key_in_body": false, "anonymous": null,
        }),
    }
}

/// `global_credentials` must be equal on all services of an application; `provision_key` is Kong's own and never named.
fn oauth2(config: &KongOauth2Config) -> AuthPlugin {
    AuthPlugin {
        name: "oauth2",
        config: json!({
            "scopes": config.scopes, "mandatory_scope": config.mandatory_scope, "global_credentials": true,
            "enable_client_credentials": config.enable_client_credentials,
            "enable_authorization_code": config.enable_authorization_code, "enable_implicit_grant": false,
            "enable_password_grant": false, "token_expiration": config.token_expiration, "hide_credentials": true,
            "accept_http_if_already_terminated": config.accept_http_if_already_terminated, "anonymous": null,
        }),
    }
}

fn jwt(config: &JwtConfig) -> AuthPlugin {
    AuthPlugin {
        name: "jwt",
        config: json!({
            "key_claim_name": config.key_claim_name, "claims_to_verify": ["exp"],
            "maximum_expiration": config.maximum_expiration, "run_on_preflight": false, "secret_is_base64": false,
            "header_names": ["authorization"], "uri_param_names": [], "cookie_names": [], "anonymous": null,
        }),
    }
}

fn external(config: &OpenidConnectConfig, enforcer: Enforcer) -> Option<AuthPlugin> {
    match enforcer {
        Enforcer::None => None,
        Enforcer::Jwt => Some(AuthPlugin {
            name: "jwt",
            config: json!({
                "key_claim_name": config.top_level_claim().unwrap_or_default(),
                "claims_to_verify": config.claims_to_verify, "maximum_expiration": 0, "run_on_preflight": false,
                "secret_is_base64": false, "header_names": ["authorization"], "uri_param_names": [], "cookie_names": [],
                "anonymous": null,
            }),
        }),
        Enforcer::OpenidConnect => Some(AuthPlugin {
            name: "openid-connect",
            config: json!({
                "issuer": config.issuer, "consumer_claim": config.credential_claim, "consumer_by": ["custom_id"],
                "scopes": config.scopes, "auth_methods": config.auth_methods, "verify_parameters": false,
                "hide_credentials": true, "anonymous": null,
            }),
        }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::domain::strategy::StrategyType;

    fn external_config(enforcer: Option<Enforcer>) -> StrategyConfig {
        let settings = json!({
            "issuer": "https://op.test", "credential_claim": ["azp"], "scopes": ["openid"], "auth_methods": ["bearer"],
            "enforcer": enforcer,
        });
        StrategyConfig::read(StrategyType::OpenidConnect, &settings).unwrap()
    }

    #[test]
    fn the_settings_choose_the_enforcer_before_the_strategy_does() {
        let name = |stored, by_settings| Gate::of(&external_config(stored), by_settings).auth.map(|plugin| plugin.name);
        assert_eq!(name(None, None), Some("jwt"));
        assert_eq!(name(Some(Enforcer::OpenidConnect), None), Some("openid-connect"));
        assert_eq!(name(Some(Enforcer::OpenidConnect), Some(Enforcer::Jwt)), Some("jwt"));
        assert_eq!(name(Some(Enforcer::Jwt), Some(Enforcer::None)), None);
    }

    #[test]
    fn the_openid_connect_plugin_finds_consumers_by_the_claim() {
        let plugin = Gate::of(&external_config(Some(Enforcer::OpenidConnect)), None).auth.unwrap();
        assert_eq!(
            (&plugin.config["consumer_claim"], &plugin.config["consumer_by"]),
            (&json!(["azp"]), &json!(["custom_id"]))
        );
    }

    #[test]
    fn no_gate_lets_strangers_through_as_somebody() {
        for config in [
            StrategyConfig::KeyAuth(KeyAuthConfig::default()),
            StrategyConfig::KongOauth2(KongOauth2Config::default()),
            StrategyConfig::Jwt(JwtConfig::default()),
            external_config(None),
            external_config(Some(Enforcer::OpenidConnect)),
        ] {
            let plugin = Gate::of(&config, None).auth.unwrap();
            assert!(AUTH_PLUGINS.contains(&plugin.name) && plugin.config["anonymous"].is_null(), "{plugin:?}");
            assert!(plugin.config.get("provision_key").is_none());
        }
    }
}
