//! OAuth 2.0 by Kong's own `oauth2` plugin (dev-portal.md 6.5.3).

use serde::{Deserialize, Serialize};

use super::is_scope;

/// Settings of [`StrategyType::KongOauth2`](super::StrategyType::KongOauth2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KongOauth2Config {
    /// Scopes that tokens may have, at most 50.
    pub scopes: Vec<String>,
    /// Whether a token needs a scope.
    pub mandatory_scope: bool,
    /// The client credentials grant.
    pub enable_client_credentials: bool,
    /// The authorization code grant; needs a page of one's own that asks the user.
    pub enable_authorization_code: bool,
    /// Seconds for which a token lives.
    pub token_expiration: u32,
    /// Believe `X-Forwarded-Proto` of proxies that Kong trusts.
    pub accept_http_if_already_terminated: bool,
    /// Have Kong keep hashes of new secrets: what is lost there cannot be compared, only replaced.
    pub hash_secret: bool,
}

impl Default for KongOauth2Config {
    fn default() -> Self {
        Self {
            scopes: Vec::new(),
            mandatory_scope: false,
            enable_client_credentials: true,
            enable_authorization_code: false,
            token_expiration: 7200,
            accept_http_if_already_terminated: false,
            hash_secret: false,
        }
    }
}

impl KongOauth2Config {
    /// Checks the settings.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check(&self) -> Result<(), String> {
        if self.scopes.len() > 50 {
            return Err("scopes: at most 50".to_owned());
        }
        if let Some(bad) = self.scopes.iter().find(|scope| !is_scope(scope)) {
            return Err(format!("scopes: '{bad}' is no scope"));
        }
        if self.mandatory_scope && self.scopes.is_empty() {
            return Err("scopes: mandatory_scope needs at least one".to_owned());
        }
        if !self.enable_client_credentials && !self.enable_authorization_code {
            return Err(
                "at least one grant must be enabled: enable_client_credentials, enable_authorization_code".to_owned()
            );
        }
        // Kong takes 0 as "for ever": a token that no revocation of an IdP ever ends is not offered.
        if !(60..=31_536_000).contains(&self.token_expiration) {
            return Err("token_expiration: expected 60 to 31536000 seconds".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_checked() {
        assert!(KongOauth2Config::default().check().is_ok());
        let with = |edit: fn(&mut KongOauth2Config)| {
            let mut config = KongOauth2Config::default();
            edit(&mut config);
            config.check()
        };
        assert!(with(|it| it.scopes = vec!["orders:read".to_owned()]).is_ok());
        assert!(with(|it| it.scopes = vec!["a b".to_owned()]).is_err());
        assert!(with(|it| it.mandatory_scope = true).is_err());
        assert!(with(|it| it.enable_client_credentials = false).is_err());
        assert!(with(|it| it.token_expiration = 0).is_err());
    }
}
