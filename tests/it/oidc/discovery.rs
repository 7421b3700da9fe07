//! Finding the provider.

use super::*;

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
    let rp = op.relying_party(|conf| conf.provider.cache_ttl = 100);
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
        let error = op.relying_party(|conf| conf.provider.timeout_ms = 700).start_login(0, None).await.unwrap_err();
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
    assert!(login(&op, &op.relying_party(|conf| conf.provider.issuer = whole)).await.is_ok());
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
    let strict = op.relying_party(|conf| conf.provider.issuers_allowed = vec!["https://other.test".into()]);
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
