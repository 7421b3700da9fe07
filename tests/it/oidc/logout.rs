//! Logout, and what is shown.

use super::*;

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
