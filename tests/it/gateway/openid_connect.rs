//! The engine behind both doors: what it says is carried out.

use kong_sso::config::settings::TrustedProxies;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::gateway::{self, Gateway, echo_of, json_of, trust_loopback};
use crate::support::op::{Door, Op};

/// A signed access token of the provider.
fn token(op: &Op, claims: Value) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let mut all = json!({"iss": op.issuer(), "sub": "alice", "aud": "api", "iat": now, "exp": now + 300});
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    op.change(|b| {
        let algorithm = format!("{:?}", b.signing_key.algorithm);
        b.signing_key.sign(&json!({"alg": algorithm, "kid": b.signing_key.kid, "typ": "at+jwt"}), &all)
    })
}

fn plugins(op: &Op, more: Value) -> Value {
    let mut config = json!({"issuer": op.issuer(), "auth_methods": ["bearer"], "hide_credentials": true});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!([{"name": "openid-connect", "config": config}])
}

async fn start(op: &Op, more: Value, consumers: Value) -> Gateway {
    let plugins = plugins(op, more);
    gateway::start_with(
        |upstream| gateway::one_route(upstream, &plugins, &consumers),
        |settings| {
            let networks = vec!["127.0.0.0/8".parse().unwrap()];
            settings.trusted_proxies = TrustedProxies { networks, ..TrustedProxies::default() };
        },
    )
    .await
}

#[actix_web::test]
async fn oidc_001_a_request_without_a_credential_is_refused_in_the_plugin_s_words() {
    let op = Op::start().await;
    let gateway = start(&op, json!({}), json!([])).await;
    let reply = gateway.get("/x").send().await.unwrap();
    let challenge = reply.headers()["www-authenticate"].to_str().unwrap().to_owned();
    assert!(challenge.starts_with("Bearer realm=") && !challenge.contains("error"), "{challenge}");
    assert_eq!((reply.status().as_u16(), reply.headers()["cache-control"].to_str().unwrap()), (401, "no-store"));
    assert!(reply.headers().contains_key("x-kong-request-id"));
    let body: Value = json_of(reply).await;
    assert_eq!(body["message"], "Unauthorized");
    assert_eq!(gateway.upstream.hits(), 0);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_token_lets_a_request_pass_from_wherever_it_may_stand() {
    let op = Op::start().await;
    let gateway = start(&op, json!({"upstream_access_token_header": ""}), json!([])).await;
    let token = token(&op, json!({}));
    let echo = echo_of(gateway.get("/x?a=1").bearer_auth(&token)).await;
    assert_eq!((echo.header("authorization"), echo.query.as_deref()), (None, Some("a=1")));
    let echo = echo_of(gateway.get(&format!("/x?access_token={token}&a=1"))).await;
    assert_eq!(echo.query.as_deref(), Some("a=1"));
    let form = format!("a=%20&access_token={token}&b=2");
    let post = |kind: &str, body: String| gateway.request(Method::POST, "/x").header("content-type", kind).body(body);
    let echo = echo_of(post("application/x-www-form-urlencoded", form)).await;
    assert_eq!((echo.body.as_str(), echo.header("content-length")), ("a=%20&b=2", Some("9")));
    let echo = echo_of(post("application/json", format!(r#"{{"a": 1.0,"access_token":"{token}"}}"#))).await;
    assert_eq!(echo.body, r#"{"a":1.0}"#);
    let null = post("application/json", "null".to_owned()).send().await.unwrap();
    assert_eq!(null.status().as_u16(), 401);
    // What is too large to be searched holds no credential, and streams through with another.
    let large = format!("access_token={token}&x={}", "y".repeat(80 * 1024));
    let unseen = post("application/x-www-form-urlencoded", large.clone()).send().await.unwrap();
    assert_eq!(unseen.status().as_u16(), 401);
    let echo = echo_of(post("application/x-www-form-urlencoded", large.clone()).header("x-access-token", &token)).await;
    assert_eq!(echo.body, large);
    gateway.stop().await;
}

#[actix_web::test]
async fn forward_auth_asks_the_same_engine() {
    let op = Op::start().await;
    let gateway = start(&op, json!({}), json!([])).await;
    let ask = || gateway.get("/_sso/auth").header("x-original-uri", "/x").header("x-original-method", "GET");
    let refused = ask().send().await.unwrap();
    assert!(refused.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer realm="));
    assert_eq!(refused.status().as_u16(), 401);
    let passed = ask().bearer_auth(token(&op, json!({}))).send().await.unwrap();
    assert_eq!(passed.status().as_u16(), 200);
    assert_eq!((gateway.upstream.hits(), op.hits(Door::Discovery)), (0, 1));
    gateway.stop().await;
}

#[actix_web::test]
async fn a_reload_keeps_the_engines_that_did_not_change() {
    let op = Op::start().await;
    let gateway = start(&op, json!({}), json!([])).await;
    let status = async || gateway.get("/x").bearer_auth(token(&op, json!({}))).send().await.unwrap().status().as_u16();
    assert_eq!(status().await, 200);
    let same = plugins(&op, json!({}));
    gateway.reload(|upstream| gateway::one_route(upstream, &same, &json!([{"username": "new"}]))).await;
    assert_eq!((status().await, op.hits(Door::Discovery)), (200, 1));
    let other = plugins(&op, json!({"leeway": 1}));
    gateway.reload(|upstream| gateway::one_route(upstream, &other, &json!([]))).await;
    assert_eq!((status().await, op.hits(Door::Discovery)), (200, 2));
    gateway.stop().await;
}

#[actix_web::test]
async fn oidc_009_the_engine_stands_aside_where_a_key_let_somebody_in() {
    let op = Op::start().await;
    let mut all = plugins(&op, json!({"anonymous": "anon"}));
    all.as_array_mut().unwrap().push(json!({"name": "key-auth", "config": {"anonymous": "anon"}}));
    let consumers = json!([{"username": "anon"}, {"username": "app", "keyauth_credentials": [{"key": "k"}]}]);
    let gateway = gateway::start(|upstream| gateway::one_route(upstream, &all, &consumers)).await;
    let keyed = echo_of(gateway.get("/x").header("apikey", "k")).await;
    assert_eq!((keyed.header("x-consumer-username"), keyed.header("x-anonymous-consumer")), (Some("app"), None));
    assert_eq!(op.hits(Door::Discovery), 0);
    let nobody = echo_of(gateway.get("/x")).await;
    assert_eq!(
        (nobody.header("x-consumer-username"), nobody.header("x-anonymous-consumer")),
        (Some("anon"), Some("true"))
    );
    gateway.stop().await;
}

#[actix_web::test]
async fn what_a_plugin_tells_an_upstream_cannot_be_forged_where_it_stands_aside() {
    let op = Op::start().await;
    let told = json!({"anonymous": "anon", "upstream_headers_claims": ["sub"], "upstream_headers_names": ["x-user"],
        "upstream_user_info_header": "x-info"});
    let mut all = plugins(&op, told);
    all.as_array_mut()
        .unwrap()
        .push(json!({"name": "key-auth", "config": {"run_on_preflight": false, "anonymous": "anon"}}));
    let consumers = json!([{"username": "anon"}, {"username": "app", "keyauth_credentials": [{"key": "k"}]}]);
    let gateway = gateway::start_with(|upstream| gateway::one_route(upstream, &all, &consumers), trust_loopback).await;
    let forged = ["x-user", "x_user", "x.user", "x-info", "session-id", "session_subject", "x-consumer-custom-id"];
    let with_forged =
        |request: reqwest::RequestBuilder| forged.iter().fold(request, |it, name| it.header(*name, "root"));
    for request in [gateway.get("/x").header("apikey", "k"), gateway.request(Method::OPTIONS, "/x")] {
        let echo = echo_of(with_forged(request)).await;
        assert!(forged.iter().all(|name| echo.header(name).is_none()), "{:?}", echo.headers);
    }
    let ask = gateway.get("/_sso/auth").header("x-original-uri", "/x").header("x-original-method", "GET");
    let reply = with_forged(ask.header("apikey", "k")).send().await.unwrap();
    let header = |name: &str| reply.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!((reply.status().as_u16(), header("x-consumer-username").as_deref()), (200, Some("app")));
    for removed in ["x-user", "x-info", "session-id", "session-subject"] {
        assert_eq!(header(removed).as_deref(), Some(""), "{removed}");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn consumers_and_groups_of_claims_reach_the_acl_and_the_upstream() {
    let op = Op::start().await;
    let more = json!({"consumer_claims": [["azp"]], "consumer_by": ["custom_id"], "consumer_optional": true,
        "authenticated_groups_claim": ["groups"]});
    let consumers = json!([{"username": "app", "custom_id": "client-1", "acls": [{"group": "partners"}]}]);
    let mut all = plugins(&op, more);
    all.as_array_mut().unwrap().push(json!({"name": "acl", "config": {"allow": ["partners"]}}));
    let gateway = gateway::start(|upstream| gateway::one_route(upstream, &all, &consumers)).await;
    let spoofed = |token: &str| gateway.get("/x").bearer_auth(token).header("x-consumer-username", "root");
    let mapped = echo_of(spoofed(&token(&op, json!({"azp": "client-1"})))).await;
    assert_eq!(
        (mapped.header("x-consumer-username"), mapped.header("x-consumer-groups")),
        (Some("app"), Some("partners"))
    );
    let claimed = echo_of(spoofed(&token(&op, json!({"azp": "x", "groups": ["partners", "b"]})))).await;
    assert_eq!(
        (claimed.header("x-consumer-username"), claimed.header("x-authenticated-groups")),
        (None, Some("partners, b"))
    );
    let refused = spoofed(&token(&op, json!({"azp": "x", "groups": ["b"]}))).send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 403);
    let body: Value = json_of(refused).await;
    assert_eq!(body["message"], "You cannot consume this service");
    gateway.stop().await;
}

#[actix_web::test]
async fn forward_auth_and_the_reverse_proxy_decide_alike() {
    let op = Op::start().await;
    let gateway =
        start(&op, json!({"consumer_claims": [["azp"]], "consumer_by": ["username"]}), json!([{"username": "app"}]))
            .await;
    let ask = |claims: Value| {
        let request = gateway.get("/_sso/auth").bearer_auth(token(&op, claims));
        request.header("x-original-uri", "/x").header("x-original-method", "GET")
    };
    let reply = ask(json!({"azp": "app"})).send().await.unwrap();
    assert_eq!((reply.status().as_u16(), reply.headers()["x-consumer-username"].to_str().unwrap()), (200, "app"));
    assert!(reply.headers()["authorization"].to_str().unwrap().starts_with("Bearer "));
    assert_eq!(ask(json!({"azp": "other"})).send().await.unwrap().status().as_u16(), 403);
    let beside = gateway.get("/x").bearer_auth(token(&op, json!({"azp": "other"}))).send().await.unwrap();
    assert_eq!(beside.status().as_u16(), 403);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_reload_keeps_engines_and_follows_consumers() {
    let op = Op::start().await;
    let more = json!({"consumer_claims": [["azp"]], "consumer_by": ["username"]});
    let gateway = start(&op, more.clone(), json!([])).await;
    let token = token(&op, json!({"azp": "app"}));
    let status = async || gateway.get("/x").bearer_auth(&token).send().await.unwrap().status().as_u16();
    assert_eq!(status().await, 403);
    let plugins = plugins(&op, more);
    gateway.reload(|upstream| gateway::one_route(upstream, &plugins, &json!([{"username": "app"}]))).await;
    assert_eq!((status().await, op.hits(Door::Discovery)), (200, 1));
    gateway.stop().await;
}
