//! How single providers differ (openid-connect.md 14). A new quirk is a row here and a case in the test provider.
//! Called by the services.
//!
//! | provider | difference | where |
//! |---|---|---|
//! | Entra ID | publishes the issuer `https://login.microsoftonline.com/{tenantid}/v2.0` for all tenants | `issuer` |
//! | Entra ID | above 200 groups a pointer instead of the list: `_claim_names`, or `hasgroups` in implicit flows | [`groups_overage`] |
//! | several | numeric claims as text, `expires_in` as text, `aud` as text or list | `verify`, `token_endpoint` |
//! | several | key sets with keys that are not for signatures or padded | `keys` |

use serde_json::Value;

use crate::domain::claims::ClaimPath;
use crate::domain::identity::Identity;

/// Whether the groups at `path` did not fit into the token and a pointer came instead (OpenID Connect Core 5.6.2).
/// Then an empty list does not mean "no groups", and nobody should lose roles because of it.
#[must_use]
pub fn groups_overage(identity: &Identity, path: &ClaimPath) -> bool {
    let Some(first) = path.members().first() else {
        return false;
    };
    let is_pointer = |claims: &Value| {
        let elsewhere = claims.get("_claim_names").and_then(|names| names.get(first)).is_some();
        elsewhere || first == "groups" && is_true(claims.get("hasgroups"))
    };
    identity.find_claim(path).is_none() && identity.sources().any(is_pointer)
}

fn is_true(value: Option<&Value>) -> bool {
    value.is_some_and(|value| *value == Value::Bool(true) || value == "true")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn overage(id_token_claims: Value, user_info: Option<Value>) -> bool {
        let identity = Identity {
            issuer: "https://op".into(),
            subject: "s".into(),
            idp_session: None,
            id_token_claims,
            user_info,
            access_token_claims: None,
        };
        groups_overage(&identity, &ClaimPath::new(vec!["groups".into()]).unwrap())
    }

    #[test]
    fn a_pointer_instead_of_groups_is_seen() {
        let pointer =
            json!({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://x"}}});
        assert!(overage(pointer.clone(), None));
        assert!(overage(json!({"hasgroups": true}), None));
        assert!(overage(json!({"hasgroups": "true"}), None));
        assert!(!overage(pointer, Some(json!({"groups": ["a"]}))));
        assert!(!overage(json!({"groups": []}), None));
        assert!(!overage(json!({"_claim_names": {"roles": "src1"}}), None));
        assert!(!overage(json!({}), None));
    }
}
