//! What decides who may get a session of a plugin instance. It is sealed into the session, so that an instance that is
//! stricter does not accept what a laxer one of the same issuer and secret has made. The method and the client of a session
//! stand in it themselves. Pure.

use serde_json::json;
use url::Url;

use crate::config::plugin::OpenIdConnectConf;
use crate::domain::method::Method;
use crate::sealing::sha256_hex;

/// The digest of the rules; equal for instances that demand the same.
pub(super) fn digest(conf: &OpenIdConnectConf) -> String {
    let (provider, verification, endpoints) = (&conf.provider, &conf.verification, &conf.provider.endpoints);
    let url = |url: &Option<Url>| url.as_ref().map(Url::to_string);
    let rules = json!([
        sorted(provider.issuers_allowed.iter().map(String::as_str)),
        sorted(provider.extra_jwks.iter().map(Url::as_str)),
        [url(&endpoints.jwks), url(&endpoints.token), url(&endpoints.introspection), url(&endpoints.userinfo)],
        [provider.is_pseudo, conf.introspection.check_active, verification.hs_signatures],
        [verification.claims, verification.signature, verification.nonce],
        sorted(verification.ignore_signature.iter().map(Method::name)),
        sorted(verification.domains.iter().map(String::as_str)),
    ]);
    sha256_hex(rules.to_string().as_bytes())
}

/// The order in which a list is written demands nothing.
fn sorted<'l>(list: impl Iterator<Item = &'l str>) -> Vec<&'l str> {
    let mut list: Vec<&str> = list.collect();
    list.sort_unstable();
    list
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::oidc::engine::tests_support::conf;

    #[test]
    fn what_decides_who_gets_a_session_changes_the_digest_and_nothing_else_does() {
        let of = |members: Value| digest(&conf(members));
        let usual = of(json!({}));
        for stricter in [
            json!({"issuers_allowed": ["https://a.test"]}),
            json!({"extra_jwks_uris": ["https://a.test/jwks"]}),
            json!({"jwks_endpoint": "https://a.test/jwks"}),
            json!({"verify_claims": false}),
            json!({"verify_signature": false}),
            json!({"verify_nonce": false}),
            json!({"ignore_signature": ["password"]}),
            json!({"domains": ["a.test"]}),
            json!({"enable_hs_signatures": true}),
        ] {
            assert_ne!(of(stricter.clone()), usual, "{stricter}");
        }
        assert_eq!(of(json!({"leeway": 3, "scopes_required": ["a"], "logout_methods": ["GET"]})), usual);
        assert_eq!(of(json!({"domains": ["a", "b"]})), of(json!({"domains": ["b", "a"]})));
    }
}
