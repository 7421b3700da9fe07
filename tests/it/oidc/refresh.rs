//! Refreshing tokens.

use super::*;

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
