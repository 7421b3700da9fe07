#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::*;
use crate::domain::consumer::Consumer;
use crate::oidc::engine::proof::{ClaimSources, ProvedTokens};
use crate::oidc::engine::tests_support::{conf, proof};

/// [`super::upstream`] with what an engine prepares once.
fn upstream(conf: &OpenIdConnectConf, proof: &Proof, caller: &Caller, spots: &[Spot], plain_json: bool) -> Changes {
    super::upstream(conf, &clean_request(conf), proof, caller, spots, plain_json)
}

fn token(claims: Value) -> Proof {
    proof(ClaimSources { access_token: Some(Arc::new(claims)), ..ClaimSources::default() })
}

/// What the upstream gets under `name`: the last one wins, as it replaces the others.
fn set<'c>(changes: &'c Changes, name: &str) -> Option<&'c str> {
    let found = changes.set_headers.iter().rev().find(|(known, _)| known == name)?;
    Some(std::str::from_utf8(&found.1).unwrap())
}

fn sent(members: Value, proof: &Proof) -> Changes {
    upstream(&conf(members), proof, &Caller::default(), &[], false)
}

fn removes(changes: &Changes, name: &str) -> bool {
    changes.remove_headers.iter().any(|removed| match removed.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => removed == name,
    })
}

#[test]
fn oidc_084_a_claim_is_sent_under_a_name_in_header_form() {
    let members = json!({
        "upstream_headers_claims": ["preferred_username"],
        "upstream_headers_names": ["authenticated_user"],
    });
    let changes = sent(members, &token(json!({"preferred_username": "demo"})));
    assert_eq!(set(&changes, "authenticated-user"), Some("demo"));
}

#[test]
fn oidc_085_a_callers_header_does_not_survive_a_missing_claim() {
    let members = json!({
        "upstream_headers_claims": ["preferred_username"],
        "upstream_headers_names": ["authenticated_user"],
        "upstream_headers": [{"header": "x_org", "path": ["org"]}],
        "upstream_user_info_header": "x-user-info",
        "upstream_session_id_header": "x_sid",
        "upstream_refresh_token_header": "refresh_token",
    });
    let changes = sent(members, &token(json!({"preferred_username": null})));
    assert_eq!(set(&changes, "authenticated-user"), None);
    let forged = ["authenticated-user", "x-org", "x-user-info", "x-sid", "refresh-token"];
    let identity = ["x-consumer-id", "x-consumer-groups", "x-credential-identifier", "x-authenticated-groups"];
    let others = ["x-anonymous-consumer", "session-subject", "x-authenticated-userid"];
    for name in forged.into_iter().chain(identity).chain(others) {
        assert!(removes(&changes, name), "{name}");
    }
    assert!(!removes(&changes, "authorization") && !removes(&changes, "session-token"));
    let nobody = anonymous(&conf(json!({})), &Caller::default(), &[]);
    assert!(removes(&nobody, "x-consumer-id") && removes(&nobody, "authorization"));
}

#[test]
fn oidc_086_a_nested_claim_is_sent() {
    let members = json!({"upstream_headers": [{"header": "X-Org-Id", "path": ["org", "id"]}]});
    let changes = sent(members, &token(json!({"org": {"id": 7}})));
    assert_eq!(set(&changes, "x-org-id"), Some("7"));
}

#[test]
fn oidc_087_the_credential_is_replaced_by_the_token_or_by_nothing() {
    let basic = [Spot::Header("authorization".to_owned())];
    let sent = |members: Value| upstream(&conf(members), &token(json!({})), &Caller::default(), &basic, false);
    let replaced = sent(json!({}));
    assert!(removes(&replaced, "authorization"));
    assert_eq!(set(&replaced, "authorization"), Some("Bearer at"));
    let nothing = sent(json!({"upstream_access_token_header": ""}));
    assert!(removes(&nothing, "authorization") && set(&nothing, "authorization").is_none());
    let kept = sent(json!({"upstream_access_token_header": "", "hide_credentials": false}));
    assert!(!removes(&kept, "authorization"));
}

#[test]
fn only_what_was_used_is_hidden() {
    let spots =
        [Spot::Query("access_token".to_owned()), Spot::Body("access_token".to_owned()), Spot::Cookie("at".into())];
    let changes = upstream(&conf(json!({})), &token(json!({})), &Caller::default(), &spots, false);
    assert_eq!((changes.remove_query.len(), changes.remove_body.len()), (1, 1));
    assert_eq!(changes.remove_cookies, ["authorization", "at"]);
    let session = Proof { method: Method::Session, ..token(json!({})) };
    let hidden = sent(json!({"session_remember": true}), &session).remove_cookies;
    for name in ["session", "session2", "session9", "remember", "authorization"] {
        assert!(hidden.iter().any(|it| it == name), "{name}");
    }
    assert_eq!(sent(json!({"hide_credentials": false}), &session).remove_cookies, ["authorization"]);
}

#[test]
fn oidc_088_documents_are_sent_as_json_in_base64() {
    let claims = ClaimSources {
        user_info: Some(Arc::new(json!({"name": "Müller"}))),
        introspection: Some(Arc::new(json!({"active": true}))),
        ..ClaimSources::default()
    };
    let proof = Proof { access_token_jwk: Some(Arc::new(json!({"kty": "EC"}))), ..proof(claims) };
    let members = json!({
        "upstream_user_info_header": "x-u",
        "upstream_introspection_header": "x-i",
        "upstream_access_token_jwk_header": "x-k",
        "upstream_id_token_jwk_header": "x-none",
    });
    let changes = sent(members, &proof);
    let document = |name: &str| -> Value {
        serde_json::from_slice(&STANDARD.decode(set(&changes, name).unwrap()).unwrap()).unwrap()
    };
    assert_eq!(document("x-u"), json!({"name": "Müller"}));
    assert_eq!((document("x-i"), document("x-k")), (json!({"active": true}), json!({"kty": "EC"})));
    assert_eq!(set(&changes, "x-none"), None);
}

#[test]
fn oidc_040_a_refresh_token_is_sent_as_it_is() {
    let tokens = ProvedTokens { refresh_token: Some("rt".to_owned().into()), ..ProvedTokens::default() };
    let proof = Proof { tokens, ..token(json!({})) };
    let members = json!({"upstream_refresh_token_header": "refresh_token"});
    assert_eq!(set(&sent(members, &proof), "refresh-token"), Some("rt"));
}

#[test]
fn a_later_header_of_the_same_name_wins() {
    let members = json!({"upstream_headers": [{"header": "X-A", "path": ["a"]}, {"header": "x_a", "path": ["b"]}]});
    assert_eq!(set(&sent(members, &token(json!({"a": 1, "b": 2}))), "x-a"), Some("2"));
}

#[test]
fn oidc_077_080_the_upstream_learns_who_the_caller_is() {
    let consumer = Consumer { id: "1".into(), username: Some("a\r\nb".into()), ..Consumer::default() };
    let caller = Caller {
        consumer: Some(Arc::new(consumer)),
        groups: Some(vec!["openid".into(), "email".into(), "profile".into()]),
        ..Caller::default()
    };
    let changes = upstream(&conf(json!({})), &token(json!({})), &caller, &[], false);
    assert_eq!((set(&changes, "x-consumer-id"), set(&changes, "x-consumer-username")), (Some("1"), Some("ab")));
    assert_eq!(set(&changes, "x-consumer-custom-id"), None);
    assert_eq!(set(&changes, "x-authenticated-groups"), Some("openid, email, profile"));
    let unmapped = Caller { credential: Some("sub".into()), groups: Some(Vec::new()), ..Caller::default() };
    let changes = upstream(&conf(json!({})), &token(json!({})), &unmapped, &[], false);
    assert_eq!(set(&changes, "x-credential-identifier"), Some("sub"));
    assert_eq!((set(&changes, "x-consumer-id"), set(&changes, "x-authenticated-groups")), (None, None));
}

#[test]
fn oidc_010_the_anonymous_consumer_is_marked() {
    let consumer = Consumer { id: "1".into(), username: Some("anon".into()), ..Consumer::default() };
    let caller = Caller { consumer: Some(Arc::new(consumer)), is_anonymous: true, ..Caller::default() };
    let changes = anonymous(&conf(json!({})), &caller, &[]);
    assert_eq!(
        (set(&changes, "x-anonymous-consumer"), set(&changes, "x-consumer-username")),
        (Some("true"), Some("anon"))
    );
    assert_eq!(set(&changes, "authorization"), None);
}

#[test]
fn the_client_gets_what_is_configured_for_it() {
    let members = json!({
        "downstream_access_token_header": "authorization:bearer",
        "downstream_headers": [{"header": "x-sub", "path": ["sub"]}],
    });
    let headers = downstream(&conf(members), &token(json!({"sub": "s"})), false);
    assert_eq!(headers, [("authorization".into(), "Bearer at".into()), ("x-sub".to_owned(), "s".to_owned())]);
    assert!(downstream(&conf(json!({})), &token(json!({"sub": "s"})), false).is_empty());
}

#[test]
fn an_anonymous_caller_keeps_no_credential_that_was_rejected() {
    let spots = [Spot::Header("x-token".to_owned()), Spot::Query("access_token".to_owned())];
    let changes = anonymous(&conf(json!({})), &Caller::default(), &spots);
    assert!(removes(&changes, "x-token") && changes.remove_query == ["access_token"]);
    assert!(removes(&changes, "authorization"), "the upstream's access token stands there");
    let elsewhere = conf(json!({"upstream_access_token_header": "x-access-token"}));
    assert!(!removes(&anonymous(&elsewhere, &Caller::default(), &[]), "authorization"), "it is no token of ours");
}
