//! Rotation of keys.

use super::*;
use kong_sso::config::plugin::ProviderConf;
use kong_sso::config::settings::EgressSettings;
use kong_sso::http_client::HttpClient;
use kong_sso::oidc::provider::Provider;

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

#[tokio::test]
async fn a_failed_rediscovery_may_be_repeated_after_five_seconds() {
    let (clock, by) = moving_clock();
    let op = Op::start_with(clock).await;
    let rp = op.relying_party(|_| {});
    assert!(login(&op, &rp).await.is_ok());
    op.rotate_key(OpKey::ec("ec-2"));
    op.break_door(Door::Jwks, Fault::Status(502));
    for _ in 0..2 {
        assert!(matches!(login(&op, &rp).await, Err(OidcError::IdToken(TokenError::UnknownKey))));
    }
    assert_eq!((op.hits(Door::Jwks), rp.status().keys.len()), (2, 1), "one attempt, the old keys stay");
    op.mend_door(Door::Jwks);
    later(&by, 5);
    assert!(login(&op, &rp).await.is_ok());
}

#[tokio::test]
async fn keys_that_did_not_change_stay_the_same_object_and_verified_tokens_with_them() {
    let op = Op::start().await;
    let conf = op.conf().provider;
    let http = HttpClient::new(&EgressSettings::default(), true, Duration::from_secs(5)).unwrap();
    let provider = Provider::new(&ProviderConf { rediscovery_lifetime: 0, ..conf }, http, Clock::System);
    let first = provider.snapshot().await.unwrap();
    assert!(provider.rediscover(&first).await.is_none(), "nothing new");
    assert_eq!(op.hits(Door::Jwks), 2, "though it was asked for");
    assert!(Arc::ptr_eq(&provider.known().unwrap(), &first));
    op.rotate_key(OpKey::ec("ec-2"));
    let newer = provider.rediscover(&first).await.unwrap();
    assert!(Arc::ptr_eq(&provider.known().unwrap(), &newer) && !Arc::ptr_eq(&newer, &first));
}
