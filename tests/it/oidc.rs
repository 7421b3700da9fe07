//! The relying party against a provider with real keys: one changed field, one test.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use kong_sso::config::auth_conf::{ClientAuth, ResponseMode};
use kong_sso::domain::time::Clock;
use kong_sso::oidc::error::Endpoint;
use kong_sso::oidc::{
    AuthorizationResponse, ErrorClass, LoginOutcome, OidcError, RefreshError, RelyingParty, TokenError, TokenSet,
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use url::Url;

use super::support::op::{
    ACCESS_TOKEN_LIFETIME, CLIENT_ID, CLIENT_SECRET, Door, Draft, Fault, ID_TOKEN_LIFETIME, IssParameter, Op,
    RefreshMode, SignedBy,
};
use super::support::op_keys::OpKey;

async fn login(op: &Op, rp: &RelyingParty) -> Result<LoginOutcome, OidcError> {
    let (url, pending) = rp.start_login(0, None).await?;
    rp.finish_login(&pending, answer(&op.sign_in(&url).await)).await
}

fn answer(urlencoded: &str) -> AuthorizationResponse {
    AuthorizationResponse::parse(urlencoded.as_bytes()).unwrap()
}

async fn login_with_id_token(edit: impl Fn(&mut Draft) + Send + Sync + 'static) -> Result<LoginOutcome, OidcError> {
    let op = Op::start().await;
    op.edit_id_token(edit);
    login(&op, &op.relying_party(|_| {})).await
}

async fn id_token_failure(edit: impl Fn(&mut Draft) + Send + Sync + 'static) -> TokenError {
    let error = login_with_id_token(edit).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Unauthorized);
    match error {
        OidcError::IdToken(error) => error,
        other => panic!("not an ID token failure: {other}"),
    }
}

fn query(url: &Url) -> HashMap<String, String> {
    url.query_pairs().into_owned().collect()
}

/// A clock that the test moves.
fn moving_clock() -> (Clock, Arc<AtomicI64>) {
    let by = Arc::new(AtomicI64::new(0));
    (Clock::Shifted(Arc::clone(&by)), by)
}

fn later(by: &AtomicI64, seconds: i64) {
    by.fetch_add(seconds, Ordering::Relaxed);
}

// The authorization request.

#[tokio::test]
async fn km_023_the_authorization_request_has_state_nonce_pkce_and_the_scopes() {
    let op = Op::start().await;
    let rp = op.relying_party(|_| {});
    let (url, pending) = rp.start_login(0, Some("/x".into())).await.unwrap();
    let sent = query(&url);
    assert_eq!(&url[..url::Position::AfterPath], op.url("authorize").as_str());
    assert_eq!(sent["response_type"], "code");
    assert_eq!(sent["client_id"], CLIENT_ID);
    assert_eq!(sent["redirect_uri"], "https://kong.test/_api/auth");
    assert_eq!(sent["scope"], "openid email offline_access");
    assert_eq!((&sent["state"], &sent["nonce"]), (&pending.state, &pending.nonce));
    assert_eq!(sent["code_challenge_method"], "S256");
    assert_eq!(sent["code_challenge"].len(), 43);
    assert!(!sent.contains_key("response_mode"));
    assert_eq!(sent.len(), 8, "{sent:?}");
    assert_eq!(pending.return_to.as_deref(), Some("/x"));
    let (_, another) = rp.start_login(0, None).await.unwrap();
    assert_ne!((&pending.state, &pending.nonce), (&another.state, &another.nonce));
}

#[tokio::test]
async fn oidc_042_pkce_is_always_sent_unless_switched_off() {
    let op = Op::start().await;
    op.edit_metadata(|document| {
        document.as_object_mut().unwrap().remove("code_challenge_methods_supported");
    });
    let (url, _) = op.relying_party(|_| {}).start_login(0, None).await.unwrap();
    assert_eq!(query(&url)["code_challenge_method"], "S256");
    let without = op.relying_party(|conf| conf.pkce = false);
    let (url, pending) = without.start_login(0, None).await.unwrap();
    assert!(!query(&url).contains_key("code_challenge") && pending.code_verifier.is_none());
    assert!(login(&op, &without).await.is_ok());
}

#[tokio::test]
async fn configured_extras_are_sent_and_cannot_replace_what_the_login_sets() {
    let op = Op::start().await;
    let rp = op.relying_party(|conf| {
        conf.response_mode = ResponseMode::FormPost;
        conf.max_age = Some(100);
        conf.audience = vec!["a".into(), "b".into()];
        conf.authorization_args =
            [("prompt", "login"), ("state", "fixed"), ("redirect_uri", "https://evil.test")].map(pair).to_vec();
    });
    let (url, pending) = rp.start_login(1, None).await.unwrap();
    let names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    let sent = query(&url);
    assert_eq!(names.len(), sent.len(), "no parameter twice");
    assert_eq!(sent["prompt"], "login");
    assert_eq!(sent["state"], pending.state);
    assert_eq!(sent["redirect_uri"], "https://kong.test/two/auth");
    assert_eq!((sent["response_mode"].as_str(), sent["max_age"].as_str()), ("form_post", "100"));
    assert_eq!(sent["audience"], "a b");
    let outcome = rp.finish_login(&pending, answer(&op.sign_in(&url).await)).await.unwrap();
    assert_eq!(outcome.identity.subject, "alice-id");
}

fn pair((name, value): (&str, &str)) -> (String, String) {
    (name.into(), value.into())
}

#[tokio::test]
async fn an_unknown_redirect_index_is_a_configuration_error() {
    let op = Op::start().await;
    let error = op.relying_party(|_| {}).start_login(2, None).await.unwrap_err();
    assert_eq!((error.code(), error.class()), ("redirect_uri_missing", ErrorClass::Misconfigured));
}

// The answer.

#[tokio::test]
async fn a_login_gives_identity_and_tokens() {
    let op = Op::start().await;
    let before = Clock::System.now();
    let LoginOutcome { identity, tokens } = login(&op, &op.relying_party(|_| {})).await.unwrap();
    assert_eq!((identity.issuer, identity.subject), (op.issuer(), "alice-id".to_owned()));
    assert_eq!(identity.idp_session.as_deref(), Some("idp-session"));
    assert_eq!(identity.id_token_claims["groups"], json!(["platform-admins"]));
    assert_eq!((identity.user_info, identity.access_token_claims), (None, None));
    assert!(tokens.refresh_token.is_some());
    assert!(tokens.expires_at.unwrap().since(before) - ACCESS_TOKEN_LIFETIME <= 2);
    assert_eq!(op.hits(Door::UserInfo), 0);
    assert_eq!((op.hits(Door::Discovery), op.hits(Door::Jwks)), (1, 1));
}

#[tokio::test]
async fn oidc_043_a_wrong_state_redeems_no_code() {
    let op = Op::start().await;
    let rp = op.relying_party(|_| {});
    let (url, _) = rp.start_login(0, None).await.unwrap();
    let (_, other) = rp.start_login(0, None).await.unwrap();
    let error = rp.finish_login(&other, answer(&op.sign_in(&url).await)).await.unwrap_err();
    assert_eq!((error.code(), error.class()), ("state_mismatch", ErrorClass::Unauthorized));
    assert_eq!(op.hits(Door::Token), 0);
}

#[tokio::test]
async fn a_code_is_good_once_and_for_its_own_login() {
    let op = Op::start().await;
    let rp = op.relying_party(|_| {});
    let (url, pending) = rp.start_login(0, None).await.unwrap();
    let sent_back = op.sign_in(&url).await;
    assert!(rp.finish_login(&pending, answer(&sent_back)).await.is_ok());
    let again = rp.finish_login(&pending, answer(&sent_back)).await.unwrap_err();
    assert_eq!((again.code(), again.class()), ("code_refused", ErrorClass::Unauthorized));
    let code = answer_code(&sent_back);
    assert!(!format!("{again} {again:?}").contains(&code));
    // Somebody else's code, put into this browser: the verifier does not fit.
    let (foreign, _) = rp.start_login(0, None).await.unwrap();
    let (_, mine) = rp.start_login(0, None).await.unwrap();
    let injected = format!("state={}&code={}", mine.state, answer_code(&op.sign_in(&foreign).await));
    assert_eq!(rp.finish_login(&mine, answer(&injected)).await.unwrap_err().code(), "code_refused");
}

fn answer_code(urlencoded: &str) -> String {
    url::form_urlencoded::parse(urlencoded.as_bytes()).find(|(name, _)| name == "code").unwrap().1.into_owned()
}

#[tokio::test]
async fn oidc_048_an_error_of_the_provider_refuses_the_login() {
    let op = Op::start().await;
    op.change(|b| b.refuse_login = Some("access_denied".into()));
    let error = login(&op, &op.relying_party(|_| {})).await.unwrap_err();
    assert_eq!((error.code(), error.class()), ("login_refused", ErrorClass::Unauthorized));
    assert!(error.to_string().contains("access_denied"));
    assert_eq!(op.hits(Door::Token), 0);
}

#[tokio::test]
async fn oidc_055_the_iss_parameter_must_be_right_and_there_when_promised() {
    let op = Op::start().await;
    op.change(|b| b.iss_parameter = IssParameter::Right);
    let rp = op.relying_party(|_| {});
    assert!(login(&op, &rp).await.is_ok());
    let redeemed = op.hits(Door::Token);
    op.change(|b| b.iss_parameter = IssParameter::Other("https://evil.test".into()));
    assert_eq!(login(&op, &rp).await.unwrap_err().code(), "iss_parameter_mismatch");
    // The metadata that rp knows still promise it.
    op.change(|b| b.iss_parameter = IssParameter::Omit);
    assert_eq!(login(&op, &rp).await.unwrap_err().code(), "iss_parameter_missing");
    assert_eq!(op.hits(Door::Token), redeemed, "no code went out to anybody");
}

// The ID token.

#[tokio::test]
async fn km_028_an_id_token_for_another_audience_is_refused() {
    assert_eq!(id_token_failure(|draft| draft.claims["aud"] = json!("other")).await, TokenError::Audience);
}

#[tokio::test]
async fn km_028_an_id_token_with_another_nonce_is_refused() {
    assert_eq!(id_token_failure(|draft| draft.claims["nonce"] = json!("other")).await, TokenError::Nonce);
}

#[tokio::test]
async fn oidc_049_with_verify_nonce_off_another_nonce_is_accepted() {
    let op = Op::start().await;
    op.edit_id_token(|draft| draft.claims["nonce"] = json!("other"));
    assert!(login(&op, &op.relying_party(|conf| conf.verify_nonce = false)).await.is_ok());
    assert!(login(&op, &op.relying_party(|_| {})).await.is_err());
}

#[tokio::test]
async fn km_028_an_id_token_of_another_issuer_is_refused() {
    let failure = id_token_failure(|draft| draft.claims["iss"] = json!("https://evil.test")).await;
    assert_eq!(failure, TokenError::Issuer("https://evil.test".into()));
}

#[tokio::test]
async fn km_028_an_id_token_with_alg_none_is_refused() {
    let failure = id_token_failure(|draft| {
        draft.header["alg"] = json!("none");
        draft.by = SignedBy::Nobody;
    });
    assert_eq!(failure.await, TokenError::Algorithm);
}

#[tokio::test]
async fn km_028_an_expired_id_token_is_refused_beyond_leeway() {
    let op = Op::start().await;
    let ago = |seconds: i64| {
        let exp = Clock::System.now().plus(-seconds).0;
        move |draft: &mut Draft| draft.claims["exp"] = json!(exp)
    };
    let rp = op.relying_party(|conf| conf.leeway = 30);
    op.edit_id_token(ago(20));
    assert!(login(&op, &rp).await.is_ok());
    op.edit_id_token(ago(40));
    assert!(matches!(login(&op, &rp).await, Err(OidcError::IdToken(TokenError::Expired))));
}

#[tokio::test]
async fn oidc_022_hmac_with_the_public_key_is_refused() {
    let failure = id_token_failure(|draft| {
        draft.header["alg"] = json!("HS256");
        draft.by = SignedBy::PublicKeyAsSecret(OpKey::rsa("rsa-1"));
    });
    assert_eq!(failure.await, TokenError::Algorithm);
}

#[tokio::test]
async fn a_token_signed_by_a_foreign_key_is_refused() {
    let failure = id_token_failure(|draft| draft.by = SignedBy::Key(OpKey::foreign_rsa("rsa-1")));
    assert_eq!(failure.await, TokenError::Signature);
}

#[tokio::test]
async fn a_key_that_the_token_brings_along_is_not_used() {
    let failure = id_token_failure(|draft| {
        let foreign = OpKey::foreign_rsa("rsa-1");
        draft.header["jwk"] = foreign.jwk();
        draft.by = SignedBy::Key(foreign);
    });
    assert_eq!(failure.await, TokenError::Signature);
}

#[tokio::test]
async fn oidc_024_times_as_text_are_accepted_when_they_parse() {
    let exp = Clock::System.now().plus(60).0.to_string();
    assert!(login_with_id_token(move |draft| draft.claims["exp"] = json!(exp)).await.is_ok());
    assert_eq!(id_token_failure(|draft| draft.claims["exp"] = json!("soon")).await, TokenError::Claim("exp"));
}

#[tokio::test]
async fn each_other_wrong_field_of_an_id_token_has_its_own_failure() {
    type Change = fn(&mut Draft);
    let table: Vec<(Change, TokenError)> = vec![
        (|draft| draft.claims["exp"] = json!(Clock::System.now().0), TokenError::Expired),
        (|draft| draft.claims["nbf"] = json!(Clock::System.now().plus(60).0), TokenError::NotYetValid),
        (|draft| draft.claims["iat"] = json!(Clock::System.now().plus(60).0), TokenError::IssuedInFuture),
        (|draft| draft.claims["azp"] = json!("other"), TokenError::AuthorizedParty),
        (|draft| draft.claims["aud"] = json!([CLIENT_ID, "other"]), TokenError::AuthorizedParty),
        (|draft| draft.claims["at_hash"] = json!("AAAAAAAAAAAAAAAAAAAAAA"), TokenError::AccessTokenHash),
        (|draft| draft.claims["sub"] = json!(""), TokenError::Claim("sub")),
        (|draft| draft.header["crit"] = json!(["exp"]), TokenError::Critical),
        (|draft| draft.header["typ"] = json!("at+jwt"), TokenError::Type),
        (|draft| draft.claims["padding"] = json!("x".repeat(70_000)), TokenError::TooLong),
    ];
    for (change, wanted) in table {
        assert_eq!(id_token_failure(change).await, wanted);
    }
}

#[tokio::test]
async fn an_id_token_must_come() {
    let op = Op::start().await;
    op.edit_token_answer(|answer| {
        answer.as_object_mut().unwrap().remove("id_token");
    });
    let error = login(&op, &op.relying_party(|_| {})).await.unwrap_err();
    assert_eq!((error.code(), error.class()), ("id_token_missing", ErrorClass::Unauthorized));
}

#[tokio::test]
async fn max_age_is_held_against_auth_time() {
    let op = Op::start().await;
    let rp = op.relying_party(|conf| conf.max_age = Some(100));
    assert!(login(&op, &rp).await.is_ok());
    op.edit_id_token(|draft| draft.claims["auth_time"] = json!(Clock::System.now().plus(-200).0));
    let error = login(&op, &rp).await.unwrap_err();
    assert!(matches!(error, OidcError::IdToken(TokenError::AuthenticationTooOld)));
}

#[tokio::test]
async fn a_tenant_template_is_filled_from_the_token() {
    let op = Op::start().await;
    let base = op.issuer();
    let template = format!("{base}/{{tenantid}}/v2.0");
    op.edit_metadata(move |document| document["issuer"] = json!(template));
    let mine = format!("{base}/t-1/v2.0");
    let issuer = mine.clone();
    op.edit_id_token(move |draft| {
        draft.claims["iss"] = json!(issuer);
        draft.claims["tid"] = json!("t-1");
    });
    let rp = op.relying_party(|_| {});
    assert_eq!(login(&op, &rp).await.unwrap().identity.issuer, mine);
    op.edit_id_token(move |draft| {
        draft.claims["iss"] = json!(mine);
        draft.claims["tid"] = json!("t-2");
    });
    assert!(matches!(login(&op, &rp).await, Err(OidcError::IdToken(TokenError::Issuer(_)))));
}

// Keys.

#[tokio::test]
async fn oidc_021_a_new_key_is_fetched_once_and_a_second_unknown_one_is_not() {
    let (clock, by) = moving_clock();
    let op = Op::start_with(clock).await;
    let rp = op.relying_party(|_| {});
    assert!(login(&op, &rp).await.is_ok());
    op.rotate_key(OpKey::ec("ec-2"));
    assert!(login(&op, &rp).await.is_ok());
    assert_eq!((op.hits(Door::Discovery), op.hits(Door::Jwks)), (2, 2));
    op.edit_id_token(|draft| draft.header["kid"] = json!("never-published"));
    for _ in 0..2 {
        assert!(matches!(login(&op, &rp).await, Err(OidcError::IdToken(TokenError::UnknownKey))));
    }
    assert_eq!(op.hits(Door::Jwks), 2);
    later(&by, 30);
    assert!(login(&op, &rp).await.is_err());
    assert_eq!(op.hits(Door::Jwks), 3);
}

#[tokio::test]
async fn a_wrong_signature_of_a_known_key_causes_no_fetch() {
    let op = Op::start().await;
    let rp = op.relying_party(|_| {});
    op.edit_id_token(|draft| draft.by = SignedBy::Key(OpKey::foreign_rsa("rsa-1")));
    assert!(login(&op, &rp).await.is_err());
    assert_eq!(op.hits(Door::Jwks), 1);
}

#[tokio::test]
async fn many_logins_with_a_new_key_cause_one_fetch() {
    let op = Op::start().await;
    let rp = op.relying_party(|_| {});
    assert!(login(&op, &rp).await.is_ok());
    op.rotate_key(OpKey::ec("ec-2"));
    let logins = (0..10).map(|_| login(&op, &rp));
    assert!(futures_util::future::join_all(logins).await.iter().all(Result::is_ok));
    assert_eq!(op.hits(Door::Jwks), 2);
}

// Discovery.

#[tokio::test]
async fn oidc_007_the_provider_may_be_down_at_start_and_is_found_within_five_seconds() {
    let (clock, by) = moving_clock();
    let op = Op::start_with(clock).await;
    op.break_door(Door::Discovery, Fault::Status(503));
    let rp = op.relying_party(|_| {});
    let error = rp.start_login(0, None).await.unwrap_err();
    assert_eq!((error.code(), error.class()), ("provider_status", ErrorClass::ProviderUnreachable));
    op.mend_door(Door::Discovery);
    let error = rp.start_login(0, None).await.unwrap_err();
    assert_eq!((error.code(), error.class()), ("provider_backoff", ErrorClass::ProviderUnreachable));
    assert_eq!(op.hits(Door::Discovery), 1);
    let status = rp.status();
    assert!(status.last_error.unwrap().contains("503") && status.discovered_at.is_none());
    later(&by, 5);
    assert!(login(&op, &rp).await.is_ok());
    let status = rp.status();
    assert_eq!((status.issuer, status.keys.len()), (op.issuer(), 1));
    assert!(status.last_error_at.is_some() && status.endpoints.token == Some(op.url("token")));
}

#[tokio::test]
async fn many_first_logins_cause_one_discovery() {
    let op = Op::start().await;
    op.break_door(Door::Discovery, Fault::Slow(Duration::from_millis(200)));
    let rp = op.relying_party(|_| {});
    let starts = (0..20).map(|_| rp.start_login(0, None));
    assert!(futures_util::future::join_all(starts).await.iter().all(Result::is_ok));
    assert_eq!((op.hits(Door::Discovery), op.hits(Door::Jwks)), (1, 1));
}

#[tokio::test]
async fn old_metadata_serve_while_they_are_refreshed_and_survive_a_failure() {
    let (clock, by) = moving_clock();
    let op = Op::start_with(clock).await;
    let rp = op.relying_party(|conf| conf.cache_ttl = 100);
    assert!(login(&op, &rp).await.is_ok());
    op.break_door(Door::Discovery, Fault::Status(500));
    later(&by, 100);
    assert!(login(&op, &rp).await.is_ok());
    eventually(|| op.hits(Door::Discovery) == 2 && rp.status().last_error.is_some()).await;
    assert!(login(&op, &rp).await.is_ok());
    assert_eq!(op.hits(Door::Discovery), 2, "not again within five seconds");
    op.mend_door(Door::Discovery);
    let first = rp.status().discovered_at.unwrap();
    later(&by, 5);
    assert!(login(&op, &rp).await.is_ok());
    eventually(|| rp.status().discovered_at.unwrap() > first).await;
}

async fn eventually(holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(5), "it did not happen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn what_is_no_discovery_document_is_refused() {
    let huge = OidcError::Unreachable(Endpoint::Discovery, kong_sso::http_client::HttpError::TooLarge);
    for (fault, wanted) in [
        (Fault::Html, "provider_answer"),
        (Fault::Truncated, "provider_answer"),
        (Fault::Huge, huge.code()),
        (Fault::Slow(Duration::from_secs(3)), "provider_unreachable"),
        (Fault::Status(500), "provider_status"),
        (Fault::Status(403), "provider_status"),
    ] {
        let op = Op::start().await;
        op.break_door(Door::Discovery, fault.clone());
        let started = Instant::now();
        let error = op.relying_party(|conf| conf.timeout_ms = 700).start_login(0, None).await.unwrap_err();
        assert_eq!((error.code(), error.class()), (wanted, ErrorClass::ProviderUnreachable), "{fault:?}");
        assert!(started.elapsed() < Duration::from_millis(2500), "{fault:?}");
    }
}

#[tokio::test]
async fn a_broken_key_set_is_refused_as_a_whole() {
    let op = Op::start().await;
    op.break_door(Door::Jwks, Fault::Html);
    let error = op.relying_party(|_| {}).start_login(0, None).await.unwrap_err();
    assert_eq!((error.code(), error.class()), ("provider_keys", ErrorClass::ProviderUnreachable));
}

#[tokio::test]
async fn the_issuer_may_be_the_discovery_url_and_the_document_that_of_oauth() {
    let op = Op::start().await;
    let whole = op.url(".well-known/openid-configuration");
    assert!(login(&op, &op.relying_party(|conf| conf.issuer = whole)).await.is_ok());
    op.break_door(Door::Discovery, Fault::Status(404));
    assert!(login(&op, &op.relying_party(|_| {})).await.is_ok());
    assert_eq!(op.hits(Door::OauthDiscovery), 1);
}

#[tokio::test]
async fn another_discovered_issuer_is_the_one_that_tokens_are_held_against() {
    let op = Op::start().await;
    op.edit_metadata(|document| document["issuer"] = json!("https://public.test"));
    let rp = op.relying_party(|_| {});
    assert!(matches!(login(&op, &rp).await, Err(OidcError::IdToken(TokenError::Issuer(_)))));
    op.edit_id_token(|draft| draft.claims["iss"] = json!("https://public.test"));
    assert_eq!(login(&op, &rp).await.unwrap().identity.issuer, "https://public.test");
    let strict = op.relying_party(|conf| conf.issuers_allowed = vec!["https://other.test".into()]);
    assert!(matches!(login(&op, &strict).await, Err(OidcError::IdToken(TokenError::Issuer(_)))));
}

#[tokio::test]
async fn discovery_follows_a_few_redirects_to_the_same_scheme() {
    let op = Op::start().await;
    let real = op.url(".well-known/oauth-authorization-server").to_string();
    op.break_door(Door::Discovery, Fault::Redirect(real));
    assert!(op.relying_party(|_| {}).start_login(0, None).await.is_ok());
    let elsewhere = op.url("/").as_str().replace("http:", "https:");
    for bad in ["/.well-known/openid-configuration", &elsewhere, "file:///etc/passwd"] {
        op.break_door(Door::Discovery, Fault::Redirect(bad.to_owned()));
        let error = op.relying_party(|_| {}).start_login(0, None).await.unwrap_err();
        assert_eq!(error.code(), "provider_unreachable", "{bad}");
        assert!(error.to_string().contains("redirect"), "{error}");
    }
    assert_eq!(op.hits(Door::Discovery), 1 + 4 + 1 + 1);
}

// The token endpoint.

#[tokio::test]
async fn the_client_proves_itself_as_configured_or_as_the_provider_offers() {
    let op = Op::start().await;
    let last = |op: &Op| op.token_requests().pop().unwrap();
    assert!(login(&op, &op.relying_party(|_| {})).await.is_ok());
    assert!(last(&op).authorization.is_some(), "basic is preferred");
    assert!(!last(&op).form.contains_key("client_secret"));
    assert!(login(&op, &op.relying_party(|conf| conf.client_auth = Some(ClientAuth::SecretPost))).await.is_ok());
    assert_eq!(last(&op).form["client_secret"], CLIENT_SECRET);
    assert_eq!(last(&op).authorization, None);
    op.edit_metadata(|document| document["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]));
    assert!(login(&op, &op.relying_party(|_| {})).await.is_ok());
    assert_eq!(last(&op).authorization, None);
    op.edit_metadata(|document| {
        document.as_object_mut().unwrap().remove("token_endpoint_auth_methods_supported");
    });
    assert!(login(&op, &op.relying_party(|_| {})).await.is_ok());
    assert!(last(&op).authorization.is_some());
    op.change(|b| b.public_client = true);
    assert!(login(&op, &op.relying_party(|conf| conf.client_secret = None)).await.is_ok());
    assert_eq!((last(&op).authorization, last(&op).form.get("client_secret")), (None, None));
    assert_eq!(last(&op).form["client_id"], CLIENT_ID);
}

#[tokio::test]
async fn a_client_that_does_not_fit_is_a_configuration_error() {
    let op = Op::start().await;
    let wrong = op.relying_party(|conf| conf.client_secret = Some("wrong-secret".into()));
    let error = login(&op, &wrong).await.unwrap_err();
    assert_eq!((error.code(), error.class()), ("client_refused", ErrorClass::Misconfigured));
    assert!(!error.to_string().contains("wrong-secret"));
    let none = op.relying_party(|conf| {
        conf.client_secret = None;
        conf.client_auth = Some(ClientAuth::SecretBasic);
    });
    assert_eq!(login(&op, &none).await.unwrap_err().code(), "client_secret_missing");
    op.edit_metadata(|document| document["token_endpoint_auth_methods_supported"] = json!(["private_key_jwt"]));
    let error = login(&op, &op.relying_party(|_| {})).await.unwrap_err();
    assert_eq!((error.code(), error.class()), ("client_auth_unsupported", ErrorClass::Misconfigured));
}

#[tokio::test]
async fn a_broken_token_endpoint_is_the_providers_problem() {
    for (fault, wanted) in [
        (Fault::Html, "provider_answer"),
        (Fault::Truncated, "provider_answer"),
        (Fault::Huge, "provider_unreachable"),
        (Fault::Slow(Duration::from_secs(3)), "provider_unreachable"),
        (Fault::Status(503), "provider_status"),
        (Fault::Status(429), "provider_status"),
        (Fault::Redirect("/jwks".into()), "provider_status"),
    ] {
        let op = Op::start().await;
        op.break_door(Door::Token, fault.clone());
        let error = login(&op, &op.relying_party(|conf| conf.timeout_ms = 700)).await.unwrap_err();
        assert_eq!((error.code(), error.class()), (wanted, ErrorClass::ProviderUnreachable), "{fault:?}");
    }
}

#[tokio::test]
async fn endpoints_may_be_configured_and_must_exist() {
    let op = Op::start().await;
    let real = op.url("token");
    op.edit_metadata(|document| document["token_endpoint"] = Value::Null);
    let error = login(&op, &op.relying_party(|_| {})).await.unwrap_err();
    assert_eq!((error.code(), error.class()), ("endpoint_missing", ErrorClass::Misconfigured));
    assert!(login(&op, &op.relying_party(|conf| conf.endpoints.token = Some(real))).await.is_ok());
}

// UserInfo and the access token.

#[tokio::test]
async fn user_info_is_read_as_json_or_as_a_signed_token() {
    let op = Op::start().await;
    let rp = op.relying_party(|conf| conf.search_user_info = true);
    op.edit_user_info(|claims| claims["extra"] = json!("from user info"));
    let identity = login(&op, &rp).await.unwrap().identity;
    assert_eq!(identity.user_info.unwrap()["extra"], "from user info");
    op.change(|b| b.sign_user_info = true);
    let identity = login(&op, &rp).await.unwrap().identity;
    assert_eq!(identity.user_info.unwrap()["extra"], "from user info");
    op.change(|b| b.signing_key = OpKey::foreign_rsa("rsa-1"));
    op.edit_id_token(|draft| draft.by = SignedBy::Key(OpKey::rsa("rsa-1")));
    let error = login(&op, &rp).await.unwrap_err();
    assert!(matches!(error, OidcError::UserInfoToken(TokenError::Signature)), "{error}");
}

#[tokio::test]
async fn user_info_about_somebody_else_is_refused() {
    for sub in [json!("mallory"), json!(null), json!(["alice-id"])] {
        let op = Op::start().await;
        op.edit_user_info(move |claims| claims["sub"] = sub.clone());
        let error = login(&op, &op.relying_party(|conf| conf.search_user_info = true)).await.unwrap_err();
        assert_eq!((error.code(), error.class()), ("userinfo_sub_mismatch", ErrorClass::Unauthorized));
    }
}

#[tokio::test]
async fn a_broken_user_info_fails_the_login() {
    for (fault, code, class) in [
        (Fault::Status(401), "userinfo_refused", ErrorClass::Unauthorized),
        (Fault::Status(500), "provider_status", ErrorClass::ProviderUnreachable),
        (Fault::Html, "provider_answer", ErrorClass::ProviderUnreachable),
        (Fault::Redirect("/jwks".into()), "provider_status", ErrorClass::ProviderUnreachable),
    ] {
        let op = Op::start().await;
        op.break_door(Door::UserInfo, fault.clone());
        let error = login(&op, &op.relying_party(|conf| conf.search_user_info = true)).await.unwrap_err();
        assert_eq!((error.code(), error.class()), (code, class), "{fault:?}");
    }
}

#[tokio::test]
async fn a_signed_access_token_of_the_issuer_gives_claims_and_another_none() {
    let op = Op::start().await;
    op.change(|b| b.jwt_access_tokens = true);
    let rp = op.relying_party(|_| {});
    let claims = login(&op, &rp).await.unwrap().identity.access_token_claims.unwrap();
    assert_eq!(claims["scope"], "openid email");
    let foreign = OpKey::foreign_rsa("rsa-1");
    op.change(|b| b.signing_key = foreign);
    op.edit_id_token(|draft| draft.by = SignedBy::Key(OpKey::rsa("rsa-1")));
    assert_eq!(login(&op, &rp).await.unwrap().identity.access_token_claims, None);
    assert_eq!(op.hits(Door::Jwks), 1, "an access token for others causes no fetch");
}

// Refresh.

async fn logged_in(op: &Op) -> (RelyingParty, TokenSet) {
    let rp = op.relying_party(|_| {});
    let tokens = login(op, &rp).await.unwrap().tokens;
    (rp, tokens)
}

fn secret(token: Option<&secrecy::SecretString>) -> String {
    token.unwrap().expose_secret().to_owned()
}

#[tokio::test]
async fn oidc_059_a_refresh_gives_new_tokens_and_rotates_the_refresh_token() {
    let (clock, by) = moving_clock();
    let op = Op::start_with(clock.clone()).await;
    let (rp, old) = logged_in(&op).await;
    assert!(!old.needs_refresh(clock.now(), 0));
    later(&by, ID_TOKEN_LIFETIME + 1);
    assert!(old.needs_refresh(clock.now(), 0));
    let new = rp.refresh(&old).await.unwrap();
    assert_ne!(new.access_token.expose_secret(), old.access_token.expose_secret());
    assert_ne!(new.id_token.expose_secret(), old.id_token.expose_secret());
    assert_ne!(secret(new.refresh_token.as_ref()), secret(old.refresh_token.as_ref()));
    assert!(!new.needs_refresh(clock.now(), 0));
    let form = op.token_requests().pop().unwrap().form;
    assert_eq!(form["grant_type"], "refresh_token");
    assert!(!form.contains_key("redirect_uri"));
    assert!(rp.refresh(&new).await.is_ok());
    assert!(matches!(rp.refresh(&old).await, Err(RefreshError::Rejected(_))), "the old one is dead");
}

#[tokio::test]
async fn without_new_ones_the_old_refresh_token_and_id_token_stay() {
    let op = Op::start().await;
    op.change(|b| {
        b.refresh = RefreshMode::Keep;
        b.id_token_on_refresh = false;
    });
    let (rp, old) = logged_in(&op).await;
    // The OP returns a refresh token at login also when it keeps them.
    let new = rp.refresh(&old).await.unwrap();
    assert_eq!(secret(new.refresh_token.as_ref()), secret(old.refresh_token.as_ref()));
    assert_eq!(new.id_token.expose_secret(), old.id_token.expose_secret());
}

#[tokio::test]
async fn oidc_059_a_rejected_refresh_ends_the_session_and_an_unreachable_provider_does_not() {
    let op = Op::start().await;
    let (rp, tokens) = logged_in(&op).await;
    for (error, ends) in [("invalid_grant", true), ("invalid_client", true), ("temporarily_unavailable", false)] {
        op.change(|b| b.refresh = RefreshMode::Reject(error));
        let failure = rp.refresh(&tokens).await.unwrap_err();
        assert_eq!(failure.ends_session(), ends, "{error}");
        assert!(!failure.to_string().contains(&secret(tokens.refresh_token.as_ref())));
    }
    op.change(|b| b.refresh = RefreshMode::Rotate);
    for fault in [Fault::Status(500), Fault::Html, Fault::Status(400), Fault::Slow(Duration::from_secs(6))] {
        op.break_door(Door::Token, fault.clone());
        let failure = rp.refresh(&tokens).await.unwrap_err();
        assert!(matches!(failure, RefreshError::Transport(_)) && !failure.ends_session(), "{fault:?}: {failure}");
    }
    let without = TokenSet { refresh_token: None, ..tokens };
    assert!(matches!(rp.refresh(&without).await, Err(RefreshError::NoRefreshToken)));
}

#[tokio::test]
async fn a_refreshed_id_token_must_be_right_and_of_the_same_login() {
    type Change = fn(&mut Draft);
    let table: Vec<(Change, &str)> = vec![
        (|draft| draft.claims["sub"] = json!("mallory"), "refreshed_id_token_mismatch"),
        (|draft| draft.claims["aud"] = json!([CLIENT_ID, "x"]), "token_azp"),
        (
            |draft| {
                draft.claims["aud"] = json!([CLIENT_ID, "x"]);
                draft.claims["azp"] = json!(CLIENT_ID);
            },
            "refreshed_id_token_mismatch",
        ),
        (|draft| draft.claims["iss"] = json!("https://evil.test"), "token_iss"),
        (|draft| draft.claims["exp"] = json!(0), "token_expired"),
        (|draft| draft.by = SignedBy::Key(OpKey::foreign_rsa("rsa-1")), "token_signature"),
        (|draft| draft.claims["at_hash"] = json!("AAAA"), "token_at_hash"),
    ];
    for (change, wanted) in table {
        let op = Op::start().await;
        let (rp, tokens) = logged_in(&op).await;
        op.edit_id_token(change);
        let failure = rp.refresh(&tokens).await.unwrap_err();
        assert_eq!((failure.code(), failure.ends_session()), (wanted, true));
    }
    let op = Op::start().await;
    let (rp, tokens) = logged_in(&op).await;
    op.edit_id_token(|draft| draft.claims["aud"] = json!([CLIENT_ID]));
    assert!(rp.refresh(&tokens).await.is_ok(), "a list of one is the same audience");
}

// Logout.

#[tokio::test]
async fn the_logout_url_names_client_hint_state_and_way_back() {
    let op = Op::start().await;
    let (rp, tokens) = logged_in(&op).await;
    let url = rp.end_session_url(Some(&tokens.id_token), 0, "s-1").await.unwrap();
    let sent = query(&url);
    assert_eq!(&url[..url::Position::AfterPath], op.url("end-session").as_str());
    assert_eq!(sent["id_token_hint"], tokens.id_token.expose_secret());
    assert_eq!(sent["post_logout_redirect_uri"], "https://kong.test/bye");
    assert_eq!((sent["client_id"].as_str(), sent["state"].as_str()), (CLIENT_ID, "s-1"));
    let bare = rp.end_session_url(None, 0, "s").await.unwrap();
    assert!(!query(&bare).contains_key("id_token_hint"));
    op.edit_metadata(|document| document["end_session_endpoint"] = Value::Null);
    assert_eq!(op.relying_party(|_| {}).end_session_url(None, 0, "s").await, None);
}

#[tokio::test]
async fn nothing_that_is_logged_or_shown_holds_a_secret() {
    let op = Op::start().await;
    let (rp, tokens) = logged_in(&op).await;
    let (url, pending) = rp.start_login(0, None).await.unwrap();
    let response = answer(&op.sign_in(&url).await);
    let shown = format!("{rp:?} {tokens:?} {pending:?} {response:?}");
    for secret in [
        CLIENT_SECRET,
        tokens.access_token.expose_secret(),
        tokens.id_token.expose_secret(),
        pending.code_verifier.as_ref().unwrap().expose_secret(),
        &pending.nonce,
    ] {
        assert!(!shown.contains(secret));
    }
}
