//! Sessions through the door (openid-connect.md 5). What the storages must do is in `plugin_sessions`.

use std::sync::Arc;

use kong_sso::config::settings::TlsPair;
use kong_sso::domain::access::{Caller, Door, Principal, Proof};
use kong_sso::services::openid_connect::issuers;
use serde_json::{Value, json};

use crate::support::gateway::{self, Echo, json_of};
use crate::support::op::{Door as OpDoor, Op, RefreshMode};
use crate::support::op_keys::OpKey;
use crate::support::plugin_browser::{config, cookies, site};
use crate::support::redis::Redis;

#[actix_web::test]
async fn oidc_057_a_session_brings_the_access_token_to_the_upstream() {
    let site = site(json!({})).await;
    let mut browser = site.browser();
    let first = browser.sign_in("/").await;
    let line = cookies(&first).into_iter().find(|cookie| cookie.starts_with("session=")).unwrap();
    assert!(line.contains("; Path=/; SameSite=Lax; HttpOnly") && !line.contains("Max-Age"), "{line}");
    let token = json_of::<Echo>(first).await.header("authorization").unwrap().to_owned();
    assert!(token.starts_with("Bearer "));
    let echo: Echo = json_of(browser.get("/again").await).await;
    assert_eq!(echo.header("authorization"), Some(token.as_str()));
    assert_eq!(site.op.hits(OpDoor::Token), 1, "nobody was asked again");
}

#[actix_web::test]
async fn oidc_059_an_expired_token_is_refreshed_on_the_way() {
    let site = site(json!({})).await;
    let mut browser = site.browser();
    let token = json_of::<Echo>(browser.sign_in("/").await).await.header("authorization").unwrap().to_owned();
    site.gateway.later(301);
    let answer = browser.get("/").await;
    assert!(cookies(&answer).iter().any(|cookie| cookie.starts_with("session=")));
    assert_eq!(answer.headers()["cache-control"], "no-store", "no shared cache keeps the session");
    let fresh = json_of::<Echo>(answer).await.header("authorization").unwrap().to_owned();
    assert_ne!(fresh, token);
    assert_eq!(site.op.hits(OpDoor::Token), 2);
}

#[actix_web::test]
async fn oidc_059_a_refused_refresh_leads_to_a_new_login_or_to_401() {
    for (methods, status) in [(json!(["authorization_code", "session"]), 302), (json!(["session"]), 401)] {
        let site = site(json!({})).await;
        let mut browser = site.browser();
        browser.sign_in("/").await;
        let changed = config(&site.op, json!({ "auth_methods": methods }));
        let plugins = json!([{"name": "openid-connect", "config": changed}]);
        site.gateway.reload(|upstream| gateway::one_route(upstream, &plugins, &json!([])) + "\n").await;
        site.op.change(|b| b.refresh = RefreshMode::Reject("invalid_grant"));
        site.gateway.later(301);
        let answer = browser.get("/").await;
        assert_eq!(answer.status(), status);
        assert!(!browser.jar.0.contains_key("session"), "the session is over: {:?}", browser.jar);
    }
}

#[actix_web::test]
async fn oidc_057_a_route_that_takes_sessions_only_knows_those_of_the_login() {
    let site = site(json!({})).await;
    let mut browser = site.browser();
    browser.sign_in("/").await;
    for (methods, status) in [(json!(["session"]), 200), (json!(["session", "password"]), 401)] {
        let changed = config(&site.op, json!({ "auth_methods": methods, "unauthorized_destroy_session": false }));
        let plugins = json!([{"name": "openid-connect", "config": changed}]);
        site.gateway.reload(|upstream| gateway::one_route(upstream, &plugins, &json!([])) + "\n").await;
        assert_eq!(browser.get("/").await.status(), status, "{methods}");
    }
}

#[actix_web::test]
async fn oidc_060_fifty_requests_at_once_refresh_once() {
    for storage in ["cookie", "database"] {
        let site = site(json!({ "session_storage": storage })).await;
        let mut browser = site.browser();
        browser.sign_in("/").await;
        site.gateway.later(301);
        let visits = (0..50).map(|_| {
            let mut browser = browser.clone();
            async move { browser.get("/").await.status().as_u16() }
        });
        let all = futures_util::future::join_all(visits).await;
        assert!(all.iter().all(|status| *status == 200), "{storage}: {all:?}");
        assert_eq!(site.op.hits(OpDoor::Token), 2, "{storage}: one login, one refresh");
    }
}

#[actix_web::test]
async fn oidc_062_a_deleted_record_ends_its_session_and_an_outage_ends_none() {
    let mut redis = Redis::start().await;
    let site = site(json!({
        "session_storage": "redis", "auth_methods": ["authorization_code", "session"],
        "redis": { "host": "127.0.0.1", "port": redis.port },
    }))
    .await;
    let mut browser = site.browser();
    browser.sign_in("/").await;
    assert_eq!(browser.get("/").await.status(), 200);
    redis.stop();
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let answer = browser.get("/").await;
    assert_eq!(answer.status(), 500);
    assert_eq!(json_of::<Value>(answer).await["message"], "An unexpected error occurred");
    assert!(browser.jar.0.contains_key("session"), "nobody is logged out");
    redis.restart().await;
    assert_eq!(browser.get("/").await.status(), 200, "the session is still there");
    redis.command(&["flushall"]);
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert_eq!(browser.get("/").await.status(), 302);
}

#[actix_web::test]
async fn oidc_063_a_session_that_is_bound_is_not_found_elsewhere() {
    let site = site(json!({ "session_bind": ["user-agent"] })).await;
    let mut browser = site.browser();
    browser.sign_in("/").await;
    let mut thief = browser.clone();
    thief.agent = "another".to_owned();
    assert_eq!(thief.get("/").await.status(), 302);
    assert_eq!(browser.get("/").await.status(), 200);
}

#[actix_web::test]
async fn oidc_064_headers_tell_of_the_session() {
    let site = site(json!({
        "session_response_headers": ["id", "timeout"], "session_request_headers": ["subject", "audience"],
        "upstream_session_id_header": "x-session",
    }))
    .await;
    let mut browser = site.browser();
    browser.sign_in("/").await;
    let answer = browser.get("/").await;
    let id = answer.headers()["session-id"].to_str().unwrap().to_owned();
    let left: i64 = answer.headers()["session-timeout"].to_str().unwrap().parse().unwrap();
    assert!((890..=900).contains(&left), "{left}");
    let echo: Echo = json_of(answer).await;
    assert_eq!(echo.header("x-session"), Some(id.as_str()));
    assert_eq!((echo.header("session-subject"), echo.header("session-audience")), (Some("alice-id"), Some("default")));
}

#[actix_web::test]
async fn oidc_065_tokens_are_verified_again_when_that_is_wanted() {
    for (reverify, status) in [(true, 401), (false, 200)] {
        let site = site(json!({ "reverify": reverify, "rediscovery_lifetime": 0, "cache_ttl": 1 })).await;
        site.op.change(|b| b.jwt_access_tokens = true);
        let mut browser = site.browser();
        assert_eq!(browser.sign_in("/").await.status(), 200);
        site.op.rotate_key(OpKey::foreign_rsa("rsa-2"));
        site.gateway.later(2);
        // Old knowledge is refreshed behind the back of a request.
        browser.clone().get("/").await;
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        assert_eq!(browser.get("/").await.status(), status, "reverify = {reverify}");
    }
}

#[actix_web::test]
async fn oidc_066_the_cookie_is_secure_where_the_browser_speaks_tls() {
    let key = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let pair = TlsPair { certificate: key.cert.pem(), key: key.signing_key.serialize_pem().into() };
    let op = Op::start().await;
    let conf = config(&op, json!({ "auth_methods": ["bearer", "session"] }));
    let plugins = json!([{"name": "openid-connect", "config": conf}]);
    let declared = |upstream: &str| gateway::one_route(upstream, &plugins, &json!([]));
    let gateway = gateway::start_with(declared, |settings| settings.listeners.proxy_tls = vec![pair]).await;
    let token = op.access_token(|_| {});
    let cookie_of = async |request: reqwest::RequestBuilder| {
        let answer = request.bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        cookies(&answer).into_iter().find(|cookie| cookie.starts_with("session=")).unwrap()
    };
    let root = reqwest::Certificate::from_pem(key.cert.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([root]).build().unwrap();
    let secure = cookie_of(client.get(gateway.serve_tls())).await;
    assert!(secure.contains("; Secure") && secure.contains("; HttpOnly"), "{secure}");
    // Whoever is not trusted says nothing about the scheme.
    for request in [gateway.get("/"), gateway.get("/").header("x-forwarded-proto", "https")] {
        let plain = cookie_of(request).await;
        assert!(!plain.contains("Secure"), "{plain}");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn oidc_067_deleting_the_issuer_ends_the_sessions_of_its_generated_secret() {
    let site = site(json!({ "session_secret": null })).await;
    let mut browser = site.browser();
    browser.sign_in("/").await;
    assert_eq!(browser.get("/").await.status(), 200);
    let services = site.gateway.node.services();
    let known = issuers::list(services).await.unwrap();
    assert_eq!(known[0]["issuer"], json!(site.op.issuer()));
    issuers::delete(services, &caller(), &site.op.issuer()).await.unwrap();
    assert_eq!(browser.get("/").await.status(), 302, "at once on the node that deleted it");
    browser.sign_in("/").await;
    assert_eq!(browser.get("/").await.status(), 200);
}

/// Somebody who may.
fn caller() -> Caller {
    Caller {
        principal: Arc::new(Principal::anybody()),
        proof: Proof::Off,
        door: Door::AdminApi,
        request_id: "test".to_owned(),
        client: [127, 0, 0, 1].into(),
    }
}

#[actix_web::test]
async fn oidc_014_a_session_comes_before_a_bearer_token() {
    let site = site(json!({ "auth_methods": ["authorization_code", "session", "bearer"] })).await;
    let mut browser = site.browser();
    browser.sign_in("/").await;
    let cookies: Vec<String> = browser.jar.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let ask = |cookie: Option<String>| {
        let request = site.gateway.get("/").header("authorization", "Bearer no.good.token");
        cookie.into_iter().fold(request, |request, cookie| request.header("cookie", cookie)).send()
    };
    assert_eq!(ask(Some(cookies.join("; "))).await.unwrap().status(), 200);
    assert_eq!(ask(None).await.unwrap().status(), 401, "the token alone is refused");
}
