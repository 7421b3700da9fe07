//! The authorization request (openid-connect.md 2.9.1, 4.7), for the admin login and the engine.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::config::auth_conf::ResponseMode;
use crate::config::plugin::AuthorizationRequestConf;

use super::pending_login::PendingLogin;

/// Parameters of the authorization request that configured and relayed arguments may not replace.
const OWN_PARAMETERS: &[&str] = &[
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "max_age",
    "request",
    "request_uri",
];

/// How the verifier is shown to the provider beforehand (RFC 7636 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// Its SHA-256.
    S256,
    /// Itself, for providers that know no better.
    Plain,
}

impl Challenge {
    /// By the configuration, else by what the provider says: silence means no PKCE (openid-connect.md 4.7).
    pub(super) fn resolve(configured: Option<bool>, offered: Option<&[String]>) -> Option<Self> {
        let offers = |name: &str| offered.is_some_and(|offered| offered.iter().any(|one| one == name));
        match configured {
            Some(true) => Some(Self::S256),
            Some(false) => None,
            None if offers("S256") => Some(Self::S256),
            None if offers("plain") => Some(Self::Plain),
            None => None,
        }
    }

    fn of(self, verifier: &SecretString) -> (String, &'static str) {
        let verifier = verifier.expose_secret();
        match self {
            Self::S256 => (URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes())), "S256"),
            Self::Plain => (verifier.to_owned(), "plain"),
        }
    }
}

/// Says at start which configured arguments will not be sent.
pub(super) fn warn_about_own_parameters(conf: &AuthorizationRequestConf) {
    let names = conf.args.iter().map(|(name, _)| name).chain(&conf.relayed_args);
    for name in names.filter(|name| is_own_parameter(name)) {
        tracing::warn!(name, "authorization_query_args_*: this parameter is set by the login itself; ignored");
    }
}

/// An authorization request.
pub(super) struct AuthorizationRequest<'r> {
    /// `authorization_endpoint`.
    pub(super) endpoint: Url,
    /// `client_id`.
    pub(super) client_id: &'r str,
    /// What is asked for.
    pub(super) conf: &'r AuthorizationRequestConf,
    /// `redirect_uri`.
    pub(super) redirect_uri: &'r str,
    /// The login that it starts.
    pub(super) pending: &'r PendingLogin,
    /// How its verifier is shown, if it has one.
    pub(super) challenge: Challenge,
    /// Arguments that the caller's request lends.
    pub(super) relayed: Vec<(String, String)>,
}

impl AuthorizationRequest<'_> {
    /// The URL to send the browser to.
    pub(super) fn url(self) -> Url {
        let mut url = self.endpoint.clone();
        url.query_pairs_mut().extend_pairs(self.parameters());
        url
    }

    fn parameters(&self) -> Vec<(String, String)> {
        let mut parameters = Vec::new();
        let mut set = |name: &str, value: &str| parameters.push((name.to_owned(), value.to_owned()));
        set("response_type", "code");
        set("client_id", self.client_id);
        set("redirect_uri", self.redirect_uri);
        if !self.conf.scopes.is_empty() {
            set("scope", &self.conf.scopes.join(" "));
        }
        set("state", &self.pending.state);
        set("nonce", &self.pending.nonce);
        if let Some(verifier) = &self.pending.code_verifier {
            let (challenge, method) = self.challenge.of(verifier);
            set("code_challenge", &challenge);
            set("code_challenge_method", method);
        }
        match self.conf.response_mode {
            ResponseMode::Query => {}
            ResponseMode::FormPost => set("response_mode", "form_post"),
            ResponseMode::Fragment => set("response_mode", "fragment"),
        }
        if let Some(max_age) = self.conf.max_age {
            set("max_age", &max_age.to_string());
        }
        if !self.conf.audience.is_empty() {
            set("audience", &self.conf.audience.join(" "));
        }
        let more = self.conf.args.iter().chain(&self.relayed);
        parameters.extend(more.filter(|(name, _)| !is_own_parameter(name)).cloned());
        parameters
    }
}

fn is_own_parameter(name: &str) -> bool {
    OWN_PARAMETERS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oidc_042_pkce_follows_the_configuration_and_then_the_provider() {
        let offer = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let resolve =
            |configured, offered: Option<&[&str]>| Challenge::resolve(configured, offered.map(offer).as_deref());
        assert_eq!(resolve(None, Some(&["plain", "S256"])), Some(Challenge::S256));
        assert_eq!(resolve(None, Some(&["plain"])), Some(Challenge::Plain));
        assert_eq!(resolve(None, Some(&[])), None);
        assert_eq!(resolve(None, None), None);
        assert_eq!(resolve(Some(true), None), Some(Challenge::S256));
        assert_eq!(resolve(Some(false), Some(&["S256"])), None);
    }
}
