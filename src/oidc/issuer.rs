//! Which `iss` is right (openid-connect.md 2.10, 3.1). Called by `verify` and `relying_party`.

use serde_json::{Map, Value};

/// The placeholder in the issuer of a multi-tenant provider.
const TENANT: &str = "{tenantid}";

/// The issuers that count: `issuers_allowed`, or else the discovered one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerRule {
    issuers: Vec<String>,
    is_configured: bool,
}

impl IssuerRule {
    /// The rule from the configured list and the discovered issuer.
    #[must_use]
    pub fn new(allowed: &[String], discovered: &str) -> Self {
        let issuers = if allowed.is_empty() { vec![discovered.to_owned()] } else { allowed.to_vec() };
        Self { issuers, is_configured: !allowed.is_empty() }
    }

    /// Whether `issuers_allowed` is configured: such a list holds even where claims are not verified.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        self.is_configured
    }

    /// The issuers, for messages.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.issuers
    }

    /// Whether a token with this `iss` and these claims comes from one of the issuers. Compared exactly; a template
    /// is filled with the token's own `tid`.
    #[must_use]
    pub fn accepts(&self, iss: &str, claims: &Map<String, Value>) -> bool {
        let tenant = claims.get("tid").and_then(Value::as_str).filter(|tenant| is_tenant(tenant));
        self.issuers.iter().any(|issuer| {
            if issuer.contains(TENANT) {
                tenant.is_some_and(|tenant| issuer.replace(TENANT, tenant) == iss)
            } else {
                issuer == iss
            }
        })
    }
}

/// Whether the `iss` parameter of an authorization response (RFC 9207) names the discovered issuer; of a template,
/// any tenant does, and the ID token is held against it later.
#[must_use]
pub fn is_response_issuer(discovered: &str, parameter: &str) -> bool {
    match discovered.split_once(TENANT) {
        None => discovered == parameter,
        Some((before, after)) => {
            parameter.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).is_some_and(is_tenant)
        }
    }
}

/// A tenant is a UUID or a domain name: it cannot bring a `/` or `?` into the issuer.
fn is_tenant(text: &str) -> bool {
    !text.is_empty() && text.len() <= 253 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    const ENTRA: &str = "https://login.example/{tenantid}/v2.0";

    fn accepts(rule: &IssuerRule, iss: &str, claims: Value) -> bool {
        rule.accepts(iss, claims.as_object().unwrap())
    }

    #[test]
    fn oidc_025_only_listed_issuers_count_when_a_list_is_configured() {
        let rule = IssuerRule::new(&["https://a".into(), "https://b".into()], "https://discovered");
        assert!(accepts(&rule, "https://a", json!({})));
        assert!(accepts(&rule, "https://b", json!({})));
        assert!(!accepts(&rule, "https://c", json!({})));
        assert!(!accepts(&rule, "https://discovered", json!({})));
        assert!(!accepts(&rule, "https://a/", json!({})));
    }

    #[test]
    fn a_template_is_filled_with_the_tenant_of_the_token() {
        let rule = IssuerRule::new(&[], ENTRA);
        assert!(accepts(&rule, "https://login.example/t-1/v2.0", json!({"tid": "t-1"})));
        assert!(!accepts(&rule, "https://login.example/t-2/v2.0", json!({"tid": "t-1"})));
        assert!(!accepts(&rule, "https://login.example/t-1/v2.0", json!({})));
        assert!(!accepts(&rule, ENTRA, json!({})));
        assert!(!accepts(&rule, "https://login.example/a/b/v2.0", json!({"tid": "a/b"})));
    }

    #[test]
    fn the_iss_parameter_is_held_against_the_discovered_issuer() {
        assert!(is_response_issuer("https://a", "https://a"));
        assert!(!is_response_issuer("https://a", "https://a/"));
        assert!(is_response_issuer(ENTRA, "https://login.example/t-1/v2.0"));
        assert!(!is_response_issuer(ENTRA, "https://login.example//v2.0"));
        assert!(!is_response_issuer(ENTRA, "https://evil.example/t-1/v2.0"));
    }
}
