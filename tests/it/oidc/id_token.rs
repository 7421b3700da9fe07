//! The ID token, one changed field at a time.

use super::*;

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
    assert!(login(&op, &op.relying_party(|conf| conf.verification.nonce = false)).await.is_ok());
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
    let rp = op.relying_party(|conf| conf.verification.leeway = 30);
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
    let rp = op.relying_party(|conf| conf.request.max_age = Some(100));
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
