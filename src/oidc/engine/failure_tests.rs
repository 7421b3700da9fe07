#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::{Value, json};

use super::*;
use crate::oidc::engine::tests_support::conf;

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn expired() -> Refusal {
    Refusal::unauthorized(ChallengeError::InvalidToken, "token_expired", "exp \"17\" is over\r\n")
}

fn refused(members: Value, refusal: &Refusal) -> Answer {
    answer(&conf(members), refusal, 0, Some(Method::Bearer))
}

#[test]
fn oidc_001_without_a_credential_the_challenge_names_no_error() {
    let answer = refused(json!({}), &Refusal::no_credential());
    assert_eq!((answer.status, answer.body.clone()), (401, Some(json!({"message": "Unauthorized"}))));
    assert_eq!(header(&answer, "www-authenticate"), Some("Bearer realm=\"idp.example.com:8443\""));
    assert_eq!(header(&answer, "cache-control"), Some("no-store"));
}

#[test]
fn oidc_002_a_bad_token_is_named() {
    let answer = refused(json!({}), &expired());
    let challenge = header(&answer, "www-authenticate").unwrap();
    let expected = ", error=\"invalid_token\", error_description=\"The credential is not acceptable\"";
    assert!(challenge.ends_with(expected), "{challenge}");
    assert!(!answer.body.unwrap().to_string().contains("exp"));
}

#[test]
fn oidc_003_the_error_code_can_be_hidden() {
    let answer = refused(json!({"expose_error_code": false}), &expired());
    assert_eq!(header(&answer, "www-authenticate"), Some("Bearer realm=\"idp.example.com:8443\""));
}

#[test]
fn oidc_004_the_reason_is_shown_when_it_may_be() {
    let answer = refused(json!({"display_errors": true}), &expired());
    let body = answer.body.clone().unwrap();
    assert_eq!((&body["message"], &body["error"]), (&json!("Unauthorized"), &json!("invalid_token")));
    assert_eq!(body["error_description"], "exp \"17\" is over\r\n");
    let challenge = header(&answer, "www-authenticate").unwrap();
    assert!(challenge.ends_with("error_description=\"exp '17' is over\""), "{challenge}");
}

#[test]
fn oidc_005_a_refused_caller_may_be_sent_elsewhere_by_client() {
    let members = json!({"unauthorized_redirect_uri": ["https://x/login", "https://x/other"]});
    let conf = conf(members);
    let redirect = answer(&conf, &Refusal::no_credential(), 0, None);
    assert_eq!((redirect.status, header(&redirect, "location")), (302, Some("https://x/login")));
    assert_eq!(redirect.body, None);
    let of_second = answer(&conf, &Refusal::no_credential(), 1, None);
    assert_eq!(header(&of_second, "location"), Some("https://x/other"));
    assert_eq!(header(&of_second, "www-authenticate"), None);
}

#[test]
fn oidc_006_a_forbidden_caller_is_sent_to_the_forbidden_target() {
    let both = json!({"unauthorized_redirect_uri": ["https://x/u"], "forbidden_redirect_uri": ["https://x/f"]});
    assert_eq!(header(&refused(both, &Refusal::forbidden("roles_required", "")), "location"), Some("https://x/f"));
    let only_unauthorized = json!({"unauthorized_redirect_uri": ["https://x/u"]});
    assert_eq!(refused(only_unauthorized, &Refusal::forbidden("roles_required", "")).status, 403);
}

#[test]
fn oidc_007_a_failing_provider_is_no_fault_of_the_caller() {
    let refusal = Refusal::unexpected("discovery_failed", "503");
    let answer = refused(json!({}), &refusal);
    assert_eq!((answer.status, answer.body.clone()), (500, Some(json!({"message": "An unexpected error occurred"}))));
    assert_eq!(header(&answer, "www-authenticate"), None);
    let redirect = refused(json!({"unexpected_redirect_uri": ["https://x/e"]}), &refusal);
    assert_eq!((redirect.status, header(&redirect, "location")), (302, Some("https://x/e")));
}

#[test]
fn oidc_072_the_challenge_names_the_missing_scope() {
    let refusal = Refusal {
        error: Some(ChallengeError::InsufficientScope),
        scope: Some("a b".to_owned()),
        ..Refusal::forbidden("scopes_required", "")
    };
    let answer_to = |method| answer(&conf(json!({})), &refusal, 0, method);
    let answer = answer_to(Some(Method::Bearer));
    assert_eq!((answer.status, answer.body.clone()), (403, Some(json!({"message": "Forbidden"}))));
    let challenge = header(&answer, "www-authenticate").unwrap();
    assert!(
        challenge.contains("error=\"insufficient_scope\"") && challenge.ends_with(", scope=\"a b\""),
        "{challenge}"
    );
    assert_eq!(header(&answer_to(Some(Method::Session)), "www-authenticate"), None);
}

#[test]
fn messages_and_the_end_of_sessions_are_configured() {
    let custom = json!({"unauthorized_error_message": "Who?", "unauthorized_destroy_session": false});
    assert_eq!(refused(custom.clone(), &expired()).body, Some(json!({"message": "Who?"})));
    let conf = conf(custom).failure;
    assert!(!ends_session(&conf, RefusalClass::Unauthorized) && ends_session(&conf, RefusalClass::Forbidden));
    assert!(!ends_session(&conf, RefusalClass::Unexpected));
}
