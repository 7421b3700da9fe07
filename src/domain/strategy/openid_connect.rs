//! Clients of an identity provider, recognised at the gateway by a claim of its tokens (dev-portal.md 9).

use serde::{Deserialize, Serialize};
use url::Url;

use super::JwtAlgorithm;
use crate::domain::time::UnixSeconds;

/// What checks tokens at the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Enforcer {
    /// Kong's `jwt` plugin with the provider's signing key.
    Jwt,
    /// The `openid-connect` plugin, where Kong has it.
    OpenidConnect,
    /// A plugin of an admin.
    None,
}

impl Enforcer {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::OpenidConnect => "openid-connect",
            Self::None => "none",
        }
    }
}

/// Settings of [`StrategyType::OpenidConnect`](super::StrategyType::OpenidConnect).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenidConnectConfig {
    /// The issuer, without the path of its discovery document.
    pub issuer: String,
    /// The claim that names the client: a path of at most 10 names.
    pub credential_claim: Vec<String>,
    /// Scopes to ask for, at most 50.
    pub scopes: Vec<String>,
    /// How clients get tokens, at most 10.
    pub auth_methods: Vec<String>,
    /// Times that a token must have, for the `jwt` enforcer: `exp`, `nbf`. Kong refuses tokens that lack one of them.
    #[serde(default = "default_times")]
    pub claims_to_verify: Vec<String>,
    /// What checks tokens where the settings leave it to Kong's abilities; kong-sso fills it in.
    #[serde(default)]
    pub enforcer: Option<Enforcer>,
}

/// Many providers (Keycloak, Okta, Auth0) issue access tokens without `nbf`.
fn default_times() -> Vec<String> {
    vec!["exp".to_owned()]
}

const METHODS: &[&str] = &[
    "client_credentials",
    "bearer",
    "session",
    "authorization_code",
    "introspection",
    "kong_oauth2",
    "password",
    "refresh_token",
];
const DISCOVERY: &str = "/.well-known/openid-configuration";

impl OpenidConnectConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check(&self) -> Result<(), String> {
        self.issuer_url()?;
        let is_claim = |name: &String| (1..=255).contains(&name.len()) && !name.chars().any(char::is_control);
        if !(1..=10).contains(&self.credential_claim.len()) || !self.credential_claim.iter().all(is_claim) {
            return Err("credential_claim: expected a path of 1 to 10 names".to_owned());
        }
        if self.scopes.len() > 50 || !self.scopes.iter().all(|scope| super::is_scope(scope)) {
            return Err("scopes: expected at most 50 scopes".to_owned());
        }
        let methods = self.auth_methods.as_slice();
        if !(1..=10).contains(&methods.len()) || !methods.iter().all(|method| METHODS.contains(&method.as_str())) {
            return Err(format!("auth_methods: expected some of: {}", METHODS.join(", ")));
        }
        let times = self.claims_to_verify.as_slice();
        let has_end = times.iter().any(|time| time == "exp");
        if !has_end || times.len() > 2 || !times.iter().all(|time| matches!(time.as_str(), "exp" | "nbf")) {
            return Err("claims_to_verify: expected exp, or exp and nbf".to_owned());
        }
        Ok(())
    }

    /// The issuer as a URL.
    ///
    /// # Errors
    /// It is none of `https` or `http` with a host.
    pub fn issuer_url(&self) -> Result<Url, String> {
        let url = Url::parse(&self.issuer).map_err(|_| "issuer: expected an absolute URL".to_owned())?;
        let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let is_web = matches!(url.scheme(), "https" | "http") && url.host_str().is_some();
        if is_web && is_plain && url.query().is_none() && self.issuer.len() <= 256 {
            Ok(url)
        } else {
            Err("issuer: expected an https URL of at most 256 characters, without user, query and fragment".to_owned())
        }
    }

    /// The same with the issuer as tokens have it: people paste the address of the discovery document.
    #[must_use]
    pub fn normalized(mut self) -> Self {
        let trimmed = self.issuer.trim();
        self.issuer = trimmed.strip_suffix(DISCOVERY).unwrap_or(trimmed).trim_end_matches('/').to_owned();
        self
    }

    /// The claim, when it is a member of the token itself: Kong's `jwt` plugin sees no others.
    #[must_use]
    pub fn top_level_claim(&self) -> Option<&str> {
        match self.credential_claim.as_slice() {
            [name] => Some(name),
            _ => None,
        }
    }

    /// A client id as the provider writes it: trimmed, and in lower case where the provider is Entra ID and the id a GUID.
    #[must_use]
    pub fn client_id(&self, text: &str) -> String {
        let host =
            self.issuer_url().ok().and_then(|url| url.host_str().map(str::to_ascii_lowercase)).unwrap_or_default();
        let is_entra = [
            "login.microsoftonline.com",
            "login.microsoftonline.us",
            "login.partner.microsoftonline.cn",
            "sts.windows.net",
        ]
        .contains(&host.as_str());
        let text = text.trim();
        if is_entra && uuid::Uuid::try_parse(text).is_ok() { text.to_ascii_lowercase() } else { text.to_owned() }
    }
}

/// The key with which a provider signs at present, as the gateway holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// Its name at the provider.
    pub kid: Option<String>,
    /// Its algorithm: the gateway takes no other.
    pub algorithm: JwtAlgorithm,
    /// The public key in PEM form.
    pub public_key: String,
    /// When it was taken.
    pub chosen_at: UnixSeconds,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(issuer: &str) -> OpenidConnectConfig {
        OpenidConnectConfig {
            issuer: issuer.to_owned(),
            credential_claim: vec!["azp".to_owned()],
            scopes: vec![],
            auth_methods: vec!["bearer".to_owned()],
            claims_to_verify: default_times(),
            enforcer: None,
        }
    }

    #[test]
    fn settings_are_checked() {
        assert!(config("https://op.test/realms/a").check().is_ok());
        for bad in ["", "op.test", "ftp://op.test", "https://u@op.test", "https://op.test/?x=1", "https://op.test/#a"] {
            assert!(config(bad).check().is_err(), "{bad}");
        }
        let fine = config("https://op.test");
        for bad in [
            OpenidConnectConfig { credential_claim: vec![], ..fine.clone() },
            OpenidConnectConfig { credential_claim: vec!["a".to_owned(); 11], ..fine.clone() },
            OpenidConnectConfig { auth_methods: vec!["magic".to_owned()], ..fine.clone() },
            OpenidConnectConfig { scopes: vec!["a b".to_owned()], ..fine.clone() },
            OpenidConnectConfig { claims_to_verify: vec!["nbf".to_owned()], ..fine.clone() },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_issuer_is_cut_to_what_tokens_say() {
        for text in ["https://op.test/a", " https://op.test/a/ ", "https://op.test/a/.well-known/openid-configuration"]
        {
            assert_eq!(config(text).normalized().issuer, "https://op.test/a");
        }
    }

    #[test]
    fn dp_057_guids_of_entra_are_lower_case_and_nothing_else_is_changed() {
        let guid = "0A1B2C3D-0000-4000-8000-00000000ABCD";
        let entra = config("https://login.microsoftonline.com/tenant/v2.0");
        assert_eq!(entra.client_id(&format!(" {guid} ")), guid.to_lowercase());
        assert_eq!(entra.client_id("My-Client"), "My-Client");
        assert_eq!(config("https://op.test").client_id(guid), guid);
    }
}
