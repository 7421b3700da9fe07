//! Whether a proved caller may pass (openid-connect.md 7.1, 7.2): four required claims, and claims that must not be there.
//! Called by the pipeline after a credential was proved. Pure.

use serde_json::Value;

use crate::config::plugin::{AccessConf, RequiredClaim, VerificationConf};

use super::claim_values::words;
use super::proof::ClaimSources;
use super::refusal::{ChallengeError, Refusal};

/// Holds what a credential says against what is demanded. The refusal's reason names the parameter that was not met.
///
/// # Errors
/// A claim is missing or there that must not be.
pub fn check(conf: &AccessConf, claims: &ClaimSources) -> Result<(), Refusal> {
    let sources = sources(claims);
    let required = [
        ("scopes_required", &conf.scopes),
        ("audience_required", &conf.audience),
        ("groups_required", &conf.groups),
        ("roles_required", &conf.roles),
    ];
    if let Some((parameter, claim)) = required.into_iter().find(|(_, claim)| !is_met(claim, &sources)) {
        return Err(not_met(parameter, claim));
    }
    let is_there = |name: &&String| verified(claims).any(|claims| claims.get(name.as_str()).is_some());
    match conf.forbidden.iter().find(is_there) {
        Some(name) => Err(Refusal::forbidden("claims_forbidden", format!("the claim {name} must not be there"))),
        None => Ok(()),
    }
}

/// Holds `domains` against all that was verified: an opaque token says nothing itself, and the check list of signed tokens
/// does not see it.
///
/// # Errors
/// No source names an accepted domain.
pub fn check_domain(conf: &VerificationConf, claims: &ClaimSources) -> Result<(), Refusal> {
    let is_accepted = |claims: &Value| {
        let domain = claims.get("hd").and_then(Value::as_str);
        domain.is_some_and(|domain| conf.domains.iter().any(|accepted| accepted == domain))
    };
    if !conf.claims || conf.domains.is_empty() || verified(claims).any(is_accepted) {
        return Ok(());
    }
    let detail = "nothing that was verified names an accepted domain (hd)";
    Err(Refusal::unauthorized(ChallengeError::InvalidToken, "domain", detail))
}

/// All that was verified.
fn verified(claims: &ClaimSources) -> impl Iterator<Item = &Value> {
    let sources = [&claims.access_token, &claims.id_token, &claims.introspection, &claims.user_info];
    sources.into_iter().flatten().map(AsRef::as_ref)
}

/// The access token and its introspection; `UserInfo` only where neither says anything, so for opaque tokens.
fn sources(claims: &ClaimSources) -> Vec<&Value> {
    let of_token: Vec<&Value> =
        [&claims.access_token, &claims.introspection].into_iter().flatten().map(AsRef::as_ref).collect();
    if of_token.is_empty() { claims.user_info.iter().map(AsRef::as_ref).collect() } else { of_token }
}

/// Whether one alternative has all of its words among the claim's; none is demanded when there are no alternatives.
fn is_met(required: &RequiredClaim, sources: &[&Value]) -> bool {
    if required.alternatives.is_empty() {
        return true;
    }
    let found = sources.iter().find_map(|claims| required.claim.find(claims).filter(|value| !value.is_null()));
    let had = found.map(words).unwrap_or_default();
    required.alternatives.iter().any(|alternative| alternative.iter().all(|word| had.iter().any(|have| have == word)))
}

fn not_met(parameter: &'static str, required: &RequiredClaim) -> Refusal {
    let refusal = Refusal::forbidden(parameter, format!("the claim {} does not have what is required", required.claim));
    if parameter != "scopes_required" {
        return refusal;
    }
    let scope = required.alternatives.first().map(|words| words.join(" "));
    Refusal { error: Some(ChallengeError::InsufficientScope), scope, ..refusal }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::domain::claims::ClaimPath;

    fn path(members: &[&str]) -> ClaimPath {
        ClaimPath::new(members.iter().map(|it| (*it).to_owned()).collect()).unwrap()
    }

    fn required(claim: &[&str], elements: &[&str]) -> RequiredClaim {
        let words = |element: &&str| element.split(' ').map(str::to_owned).collect();
        RequiredClaim { claim: path(claim), alternatives: elements.iter().map(words).collect() }
    }

    /// Nothing is demanded but what `change` adds.
    fn conf(change: impl FnOnce(&mut AccessConf)) -> AccessConf {
        let mut conf = AccessConf {
            scopes: required(&["scope"], &[]),
            audience: required(&["aud"], &[]),
            groups: required(&["groups"], &[]),
            roles: required(&["roles"], &[]),
            forbidden: Vec::new(),
        };
        change(&mut conf);
        conf
    }

    fn token(claims: Value) -> ClaimSources {
        ClaimSources { access_token: Some(Arc::new(claims)), ..ClaimSources::default() }
    }

    fn reason(conf: &AccessConf, claims: &ClaimSources) -> Option<&'static str> {
        check(conf, claims).err().map(|refusal| refusal.reason)
    }

    #[test]
    fn oidc_072_alternatives_of_words() {
        let conf = conf(|conf| conf.scopes = required(&["scope"], &["a b", "c"]));
        let refusal = check(&conf, &token(json!({"scope": "a"}))).unwrap_err();
        assert_eq!((refusal.error, refusal.scope.as_deref()), (Some(ChallengeError::InsufficientScope), Some("a b")));
        for passing in [json!("b a x"), json!("c"), json!(["b", "a"]), json!(["c"])] {
            assert!(check(&conf, &token(json!({"scope": passing}))).is_ok(), "{passing}");
        }
        for failing in [json!("A B"), json!("ab"), json!(["a b"]), json!(null), json!({"a": 1, "b": 1})] {
            assert!(check(&conf, &token(json!({"scope": failing}))).is_err(), "{failing}");
        }
        assert!(check(&conf, &token(json!({}))).is_err() && check(&conf, &ClaimSources::default()).is_err());
    }

    #[test]
    fn oidc_073_a_nested_path_is_followed() {
        let conf = conf(|conf| conf.groups = required(&["user", "groups"], &["employee"]));
        assert_eq!(reason(&conf, &token(json!({"user": {"groups": ["employee"]}}))), None);
        assert_eq!(reason(&conf, &token(json!({"groups": ["employee"]}))), Some("groups_required"));
    }

    #[test]
    fn oidc_074_all_four_claims_must_be_met() {
        let conf = conf(|conf| {
            conf.scopes = required(&["scope"], &["a"]);
            conf.audience = required(&["aud"], &["api"]);
            conf.roles = required(&["roles"], &["7"]);
        });
        assert_eq!(reason(&conf, &token(json!({"scope": "a", "aud": "other", "roles": 7}))), Some("audience_required"));
        assert_eq!(reason(&conf, &token(json!({"scope": "a", "aud": ["x", "api"], "roles": 7}))), None);
        assert_eq!(reason(&conf, &token(json!({"scope": "a", "aud": ["api"]}))), Some("roles_required"));
    }

    #[test]
    fn oidc_075_another_audience_is_refused_without_a_scope_error() {
        let conf = conf(|conf| conf.audience = required(&["aud"], &["httpbin"]));
        let refusal = check(&conf, &token(json!({"aud": "account"}))).unwrap_err();
        assert_eq!((refusal.error, refusal.scope), (None, None));
    }

    #[test]
    fn oidc_076_a_forbidden_claim_is_refused_whatever_its_value() {
        let conf = conf(|conf| conf.forbidden = vec!["act".to_owned()]);
        for value in [json!({"sub": "x"}), json!(null), json!("")] {
            assert_eq!(reason(&conf, &token(json!({"act": value}))), Some("claims_forbidden"));
        }
        assert_eq!(reason(&conf, &token(json!({"acts": 1, "nested": {"act": 1}}))), None);
    }

    #[test]
    fn a_forbidden_claim_is_refused_wherever_it_was_verified() {
        let conf = conf(|conf| conf.forbidden = vec!["act".to_owned()]);
        let says = || Some(Arc::new(json!({"act": 1})));
        let of_id_token = ClaimSources { id_token: says(), ..ClaimSources::default() };
        let of_user_info = ClaimSources { user_info: says(), ..token(json!({})) };
        assert_eq!(reason(&conf, &of_id_token), Some("claims_forbidden"));
        assert_eq!(reason(&conf, &of_user_info), Some("claims_forbidden"));
    }

    #[test]
    fn introspection_counts_and_user_info_only_for_opaque_tokens() {
        let conf = conf(|conf| conf.scopes = required(&["scope"], &["a"]));
        let says = || Some(Arc::new(json!({"scope": "a"})));
        let silent = || Some(Arc::new(json!({"sub": "x"})));
        let introspected = ClaimSources { access_token: silent(), introspection: says(), ..ClaimSources::default() };
        let opaque = ClaimSources { user_info: says(), ..ClaimSources::default() };
        let signed = ClaimSources { access_token: silent(), user_info: says(), ..ClaimSources::default() };
        let of_id_token = ClaimSources { id_token: says(), ..ClaimSources::default() };
        assert!(check(&conf, &introspected).is_ok() && check(&conf, &opaque).is_ok());
        assert!(check(&conf, &signed).is_err() && check(&conf, &of_id_token).is_err());
    }

    proptest! {
        /// The rule, written as the specification has it.
        #[test]
        fn or_of_ands_holds_for_any_words(
            alternatives in prop::collection::vec(prop::collection::vec("[a-c]", 1..3), 0..3),
            had in prop::collection::vec("[a-c]", 0..4),
            as_text in any::<bool>(),
        ) {
            let claim = if as_text { json!(had.join(" ")) } else { json!(had) };
            let expected = alternatives.is_empty() || alternatives.iter().any(|all| all.iter().all(|it| had.contains(it)));
            let conf = conf(|conf| conf.roles = RequiredClaim { claim: path(&["roles"]), alternatives });
            prop_assert_eq!(check(&conf, &token(json!({"roles": claim}))).is_ok(), expected);
        }
    }
}
