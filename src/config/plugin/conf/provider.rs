//! The provider of a plugin: where it is and what replaces what it says of itself.

use url::Url;

/// The provider (openid-connect.md 3).
#[derive(Clone, Debug)]
pub struct ProviderConf {
    /// `issuer` as it was written: the name of the discovery cache object.
    pub name: String,
    /// `issuer` as a URL.
    pub issuer: Url,
    /// `using_pseudo_issuer`: discovery is never asked.
    pub is_pseudo: bool,
    /// `issuers_allowed`; empty = the discovered issuer.
    pub issuers_allowed: Vec<String>,
    /// Explicit endpoints that replace discovered ones.
    pub endpoints: EndpointOverrides,
    /// `extra_jwks_uris`.
    pub extra_jwks: Vec<Url>,
    /// `rediscovery_lifetime`, seconds.
    pub rediscovery_lifetime: i64,
    /// `cache_ttl`, seconds: age at which what is known is refreshed in the background.
    pub cache_ttl: i64,
    /// `discovery_headers_names` and `_values`.
    pub discovery_headers: Vec<(String, String)>,
    /// `timeout`, milliseconds, of each request to the provider.
    pub timeout_ms: u64,
    /// `ssl_verify`.
    pub ssl_verify: bool,
    /// `keepalive`.
    pub keepalive: bool,
    /// `verify_parameters`.
    pub verify_parameters: bool,
}

impl ProviderConf {
    /// The provider at `issuer`, everything else at its default.
    #[must_use]
    pub fn at(issuer: Url) -> Self {
        Self {
            name: issuer.to_string(),
            issuer,
            is_pseudo: false,
            issuers_allowed: Vec::new(),
            endpoints: EndpointOverrides::default(),
            extra_jwks: Vec::new(),
            rediscovery_lifetime: 30,
            cache_ttl: 3600,
            discovery_headers: Vec::new(),
            timeout_ms: 10_000,
            ssl_verify: true,
            keepalive: true,
            verify_parameters: false,
        }
    }
}

/// `*_endpoint` overrides.
#[derive(Clone, Debug, Default)]
pub struct EndpointOverrides {
    /// `authorization_endpoint`.
    pub authorization: Option<Url>,
    /// `token_endpoint`.
    pub token: Option<Url>,
    /// `introspection_endpoint`.
    pub introspection: Option<Url>,
    /// `revocation_endpoint`.
    pub revocation: Option<Url>,
    /// `userinfo_endpoint`.
    pub userinfo: Option<Url>,
    /// `end_session_endpoint`.
    pub end_session: Option<Url>,
    /// `jwks_endpoint`.
    pub jwks: Option<Url>,
}
