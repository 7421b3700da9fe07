//! What comes back from it.

use super::*;

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
