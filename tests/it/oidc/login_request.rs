//! What is sent to the authorization endpoint.

use super::*;

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
    let without = op.relying_party(|conf| conf.request.pkce = Some(false));
    let (url, pending) = without.start_login(0, None).await.unwrap();
    assert!(!query(&url).contains_key("code_challenge") && pending.code_verifier.is_none());
    assert!(login(&op, &without).await.is_ok());
}

#[tokio::test]
async fn configured_extras_are_sent_and_cannot_replace_what_the_login_sets() {
    let op = Op::start().await;
    let rp = op.relying_party(|conf| {
        conf.request.response_mode = ResponseMode::FormPost;
        conf.request.max_age = Some(100);
        conf.request.audience = vec!["a".into(), "b".into()];
        conf.request.args =
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
