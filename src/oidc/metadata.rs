//! Provider metadata (OpenID Connect Discovery 1.0, RFC 8414): only the members that are used, each lenient in its
//! form, because real documents leave out what the standards require. Called by `provider`.

use serde::Serialize;
use serde_json::{Map, Value};
use url::Url;

use crate::config::plugin::EndpointOverrides;

use super::error::{Endpoint, OidcError};

const OPENID: &str = "/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server";

/// Endpoints after overrides; what the status page shows too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Endpoints {
    /// `authorization_endpoint`.
    pub authorization: Option<Url>,
    /// `token_endpoint`.
    pub token: Option<Url>,
    /// `userinfo_endpoint`.
    pub userinfo: Option<Url>,
    /// `end_session_endpoint`.
    pub end_session: Option<Url>,
    /// `jwks_uri`.
    pub jwks: Option<Url>,
    /// `introspection_endpoint`.
    pub introspection: Option<Url>,
    /// `revocation_endpoint`.
    pub revocation: Option<Url>,
}

/// What the provider says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderMetadata {
    /// `issuer`, exactly as published.
    pub issuer: String,
    /// Endpoints, with the configured ones in place of the published.
    pub endpoints: Endpoints,
    /// `token_endpoint_auth_methods_supported`; `None` when it is not published.
    pub token_auth_methods: Option<Vec<String>>,
    /// `introspection_endpoint_auth_methods_supported`.
    pub introspection_auth_methods: Option<Vec<String>>,
    /// `revocation_endpoint_auth_methods_supported`.
    pub revocation_auth_methods: Option<Vec<String>>,
    /// `code_challenge_methods_supported`.
    pub code_challenge_methods: Option<Vec<String>>,
    /// `scopes_supported`.
    pub scopes: Option<Vec<String>>,
    /// `authorization_response_iss_parameter_supported` (RFC 9207).
    pub promises_iss_parameter: bool,
}

impl ProviderMetadata {
    /// Reads a discovery document that came from `source`.
    ///
    /// # Errors
    /// Not a JSON object, no `issuer`, an endpoint that is no URL, or one that gives up https.
    pub fn parse(document: &[u8], source: &Url, overrides: &EndpointOverrides) -> Result<Self, OidcError> {
        let bad = |reason: &str| OidcError::BadAnswer(Endpoint::Discovery, reason.to_owned());
        let document: Map<String, Value> = serde_json::from_slice(document).map_err(|_| bad("not a JSON object"))?;
        let issuer = document.get("issuer").and_then(Value::as_str).ok_or_else(|| bad("no issuer"))?;
        let endpoint = |configured: &Option<Url>, name, which| match configured {
            Some(url) => Ok(Some(url.clone())),
            None => published(&document, name, which, source),
        };
        Ok(Self {
            issuer: issuer.to_owned(),
            endpoints: Endpoints {
                authorization: endpoint(&overrides.authorization, "authorization_endpoint", Endpoint::Authorization)?,
                token: endpoint(&overrides.token, "token_endpoint", Endpoint::Token)?,
                userinfo: endpoint(&overrides.userinfo, "userinfo_endpoint", Endpoint::UserInfo)?,
                end_session: endpoint(&overrides.end_session, "end_session_endpoint", Endpoint::EndSession)?,
                jwks: endpoint(&overrides.jwks, "jwks_uri", Endpoint::Jwks)?,
                introspection: endpoint(&overrides.introspection, "introspection_endpoint", Endpoint::Introspection)?,
                revocation: endpoint(&overrides.revocation, "revocation_endpoint", Endpoint::Revocation)?,
            },
            token_auth_methods: strings(document.get("token_endpoint_auth_methods_supported")),
            introspection_auth_methods: strings(document.get("introspection_endpoint_auth_methods_supported")),
            revocation_auth_methods: strings(document.get("revocation_endpoint_auth_methods_supported")),
            code_challenge_methods: strings(document.get("code_challenge_methods_supported")),
            scopes: strings(document.get("scopes_supported")),
            promises_iss_parameter: document.get("authorization_response_iss_parameter_supported")
                == Some(&Value::Bool(true)),
        })
    }
}

impl ProviderMetadata {
    /// What the configuration alone says: `using_pseudo_issuer` (openid-connect.md 3.2).
    #[must_use]
    pub fn configured(issuer: &str, endpoints: &EndpointOverrides) -> Self {
        let endpoints = endpoints.clone();
        Self {
            issuer: issuer.to_owned(),
            endpoints: Endpoints {
                authorization: endpoints.authorization,
                token: endpoints.token,
                userinfo: endpoints.userinfo,
                end_session: endpoints.end_session,
                jwks: endpoints.jwks,
                introspection: endpoints.introspection,
                revocation: endpoints.revocation,
            },
            token_auth_methods: None,
            introspection_auth_methods: None,
            revocation_auth_methods: None,
            code_challenge_methods: None,
            scopes: None,
            promises_iss_parameter: false,
        }
    }
}

fn published(
    document: &Map<String, Value>,
    name: &str,
    which: Endpoint,
    source: &Url,
) -> Result<Option<Url>, OidcError> {
    let Some(text) = document.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let url = Url::parse(text).map_err(|_| OidcError::BadAnswer(Endpoint::Discovery, format!("{name} is no URL")))?;
    match (source.scheme(), url.scheme()) {
        (_, "https") | ("http", "http") => Ok(Some(url)),
        (_, "http") => Err(OidcError::InsecureEndpoint(which)),
        _ => Err(OidcError::BadAnswer(Endpoint::Discovery, format!("{name} is no web address"))),
    }
}

fn strings(value: Option<&Value>) -> Option<Vec<String>> {
    let list = value?.as_array()?;
    Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// Where to look for the metadata of a configured issuer, in order; the later ones after a 404
/// (openid-connect.md 3.1). A discovery URL is taken as it is.
#[must_use]
pub fn discovery_urls(issuer: &Url) -> Vec<Url> {
    let path = issuer.path().trim_end_matches('/');
    if path.ends_with(OPENID) || path.contains(OAUTH) {
        return vec![issuer.clone()];
    }
    let with_path = |path: String| {
        let mut url = issuer.clone();
        url.set_path(&path);
        url
    };
    let mut urls = vec![with_path(format!("{path}{OPENID}")), with_path(format!("{OAUTH}{path}"))];
    if !path.is_empty() {
        urls.push(with_path(format!("{path}{OAUTH}")));
    }
    urls
}

/// Whether the published issuer is the configured one, which may be a discovery URL and may end in a slash.
#[must_use]
pub fn is_same_issuer(configured: &Url, published: &str) -> bool {
    let without = |text: &str| {
        let text = text.trim_end_matches('/');
        text.strip_suffix(OPENID).unwrap_or(text).replacen(OAUTH, "", 1).trim_end_matches('/').to_owned()
    };
    without(configured.as_str()) == without(published)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn parse(document: &Value, source: &str) -> Result<ProviderMetadata, OidcError> {
        ProviderMetadata::parse(document.to_string().as_bytes(), &url(source), &EndpointOverrides::default())
    }

    #[test]
    fn the_document_is_sought_below_the_issuer() {
        let sought = |issuer: &str| discovery_urls(&url(issuer)).iter().map(Url::to_string).collect::<Vec<_>>();
        assert_eq!(
            sought("https://op"),
            ["https://op/.well-known/openid-configuration", "https://op/.well-known/oauth-authorization-server"]
        );
        assert_eq!(
            sought("https://op/realms/a/"),
            [
                "https://op/realms/a/.well-known/openid-configuration",
                "https://op/.well-known/oauth-authorization-server/realms/a",
                "https://op/realms/a/.well-known/oauth-authorization-server"
            ]
        );
        for whole in
            ["https://op/a/.well-known/openid-configuration", "https://op/.well-known/oauth-authorization-server/a"]
        {
            assert_eq!(sought(whole), [whole]);
        }
    }

    #[test]
    fn issuers_are_compared_without_what_discovery_adds() {
        assert!(is_same_issuer(&url("https://op"), "https://op"));
        assert!(is_same_issuer(&url("https://op/a/.well-known/openid-configuration"), "https://op/a"));
        assert!(is_same_issuer(&url("https://op/.well-known/oauth-authorization-server/a"), "https://op/a"));
        assert!(!is_same_issuer(&url("https://op/a"), "https://op/b"));
    }

    #[test]
    fn a_bare_document_is_enough_and_https_is_not_given_up() {
        let bare = parse(&json!({"issuer": "https://op"}), "https://op").unwrap();
        assert_eq!(bare.endpoints, Endpoints::default());
        assert!(!bare.promises_iss_parameter);
        let insecure = json!({"issuer": "https://op", "token_endpoint": "http://op/token"});
        assert!(matches!(parse(&insecure, "https://op"), Err(OidcError::InsecureEndpoint(Endpoint::Token))));
        assert!(parse(&insecure, "http://op").is_ok());
        for bad in [
            json!([]),
            json!({}),
            json!({"issuer": "x", "jwks_uri": "file:///etc/passwd"}),
            json!({"issuer": "x", "jwks_uri": "y"}),
        ] {
            assert!(matches!(parse(&bad, "http://op"), Err(OidcError::BadAnswer(..))), "{bad}");
        }
    }

    #[test]
    fn a_configured_endpoint_replaces_the_published_one() {
        let overrides = EndpointOverrides { token: Some(url("https://inside/token")), ..EndpointOverrides::default() };
        let document =
            json!({"issuer": "https://op", "token_endpoint": "https://op/token", "jwks_uri": "https://op/jwks"});
        let source = url("https://op");
        let metadata = ProviderMetadata::parse(document.to_string().as_bytes(), &source, &overrides).unwrap();
        assert_eq!(metadata.endpoints.token, Some(url("https://inside/token")));
        assert_eq!(metadata.endpoints.jwks, Some(url("https://op/jwks")));
    }
}
