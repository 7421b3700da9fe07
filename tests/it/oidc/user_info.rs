//! UserInfo and the claims of access tokens.

use super::*;

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
