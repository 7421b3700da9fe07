//! The pipeline and what refused callers are told (openid-connect.md 1.2, 1.5, 1.7).

use serde_json::json;

use crate::support::gateway::{echo_of, with_plugins};
use crate::support::op::{Door, Fault, Op};
use crate::support::op_keys::OpKey;
use crate::support::protected::{location, plugin, protected, protected_for, status, told};

#[actix_web::test]
async fn oidc_001_without_a_credential_the_challenge_names_no_error() {
    let site = protected(json!({"auth_methods": ["bearer"]})).await;
    let (status, body, challenge) = told(site.gateway.get("/")).await;
    assert_eq!((status, &body["message"]), (401, &json!("Unauthorized")));
    assert!(challenge.starts_with("Bearer realm=\"127.0.0.1:") && !challenge.contains("error"), "{challenge}");
    assert_eq!(site.gateway.upstream.hits(), 0);
    site.stop().await;
}

#[actix_web::test]
async fn oidc_002_003_an_expired_token_is_told_so_unless_codes_are_hidden() {
    for (exposed, expected) in [(true, true), (false, false)] {
        let site = protected(json!({"auth_methods": ["bearer"], "expose_error_code": exposed})).await;
        let token = site.op.access_token(|draft| draft.claims["exp"] = json!(1_700_000_000));
        let (status, _, challenge) = told(site.with_bearer(&token)).await;
        assert_eq!((status, challenge.contains("error=\"invalid_token\"")), (401, expected), "{challenge}");
        site.stop().await;
    }
}

#[actix_web::test]
async fn oidc_004_the_reason_stands_in_the_body_only_when_errors_are_displayed() {
    for shown in [true, false] {
        let site = protected(json!({"auth_methods": ["bearer"], "display_errors": shown})).await;
        let token = OpKey::foreign_rsa("rsa-1").sign(
            &json!({"alg": "RS256", "kid": "rsa-1"}),
            &json!({"iss": site.op.issuer(), "exp": 4_000_000_000_i64}),
        );
        let (status, body, _) = told(site.with_bearer(&token)).await;
        assert_eq!((status, body.to_string().contains("invalid signature")), (401, shown), "{body}");
        site.stop().await;
    }
}

#[actix_web::test]
async fn oidc_005_006_refused_callers_are_redirected_by_class() {
    let config = json!({
        "auth_methods": ["bearer"], "unauthorized_redirect_uri": ["https://x/login"],
        "forbidden_redirect_uri": ["https://x/no"], "scopes_required": ["admin"],
    });
    let site = protected(config).await;
    let unauthorized = site.get("/").await;
    assert_eq!((unauthorized.status().as_u16(), location(&unauthorized)), (302, Some("https://x/login")));
    let token = site.op.access_token(|_| {});
    let forbidden = site.with_bearer(&token).send().await.unwrap();
    assert_eq!((forbidden.status().as_u16(), location(&forbidden)), (302, Some("https://x/no")));
    site.stop().await;
}

#[actix_web::test]
async fn oidc_007_an_unreachable_provider_is_unexpected_and_recovers_by_itself() {
    let op = Op::start().await;
    op.break_door(Door::Discovery, Fault::Status(503));
    let site = protected_for(op, json!({"auth_methods": ["bearer"]}), json!([])).await;
    let token = site.op.access_token(|_| {});
    let (status, body, challenge) = told(site.with_bearer(&token)).await;
    assert_eq!((status, &body["message"], challenge.as_str()), (500, &json!("An unexpected error occurred"), ""));
    site.op.mend_door(Door::Discovery);
    assert_eq!(site.bearer(&token).await, 500, "not asked again at once");
    assert_eq!(site.op.hits(Door::Discovery), 1);
    site.gateway.later(5);
    assert_eq!(site.bearer(&token).await, 200);
    site.stop().await;
}

#[actix_web::test]
async fn oidc_007_unexpected_failures_may_be_redirected() {
    let op = Op::start().await;
    op.break_door(Door::Discovery, Fault::Status(503));
    let config = json!({"auth_methods": ["bearer"], "unexpected_redirect_uri": ["https://x/sorry"]});
    let site = protected_for(op, config, json!([])).await;
    let token = site.op.access_token(|_| {});
    let reply = site.with_bearer(&token).send().await.unwrap();
    assert_eq!((reply.status().as_u16(), location(&reply)), (302, Some("https://x/sorry")));
    site.stop().await;
}

#[actix_web::test]
async fn oidc_008_preflights_pass_untouched_when_they_may() {
    for (run, expected) in [(false, 200), (true, 401)] {
        let site = protected(json!({"auth_methods": ["bearer"], "run_on_preflight": run})).await;
        assert_eq!(status(site.gateway.request(reqwest::Method::OPTIONS, "/")).await, expected);
        site.stop().await;
    }
}

#[actix_web::test]
async fn oidc_009_the_plugin_stands_aside_for_a_caller_whom_another_has_let_in() {
    let op = Op::start().await;
    let key_auth = json!({"name": "key-auth", "config": {"anonymous": "anon"}});
    let plugins = json!([key_auth, plugin(&op, json!({"auth_methods": ["bearer"], "anonymous": "anon"}))]);
    let consumers = json!([{"username": "anon"}, {"username": "app", "keyauth_credentials": [{"key": "good"}]}]);
    let gateway = with_plugins(plugins, consumers).await;
    let echo = echo_of(gateway.get("/").header("apikey", "good").header("authorization", "Bearer nonsense")).await;
    assert_eq!(echo.header("x-consumer-username"), Some("app"));
    assert_eq!((op.hits(Door::Discovery), echo.header("authorization")), (0, Some("Bearer nonsense")));
    gateway.stop().await;
}

#[actix_web::test]
async fn oidc_010_011_the_anonymous_consumer_stands_in_as_long_as_it_is_there() {
    let config = json!({"auth_methods": ["bearer"], "anonymous": "anon"});
    let site = protected_for(Op::start().await, config, json!([{"username": "anon"}])).await;
    for request in [site.gateway.get("/"), site.with_bearer("a.b.c")] {
        let echo = echo_of(request.header("x-consumer-username", "root")).await;
        assert_eq!(echo.header("x-anonymous-consumer"), Some("true"));
        assert_eq!(echo.header("x-consumer-username"), Some("anon"));
    }
    let plugins = json!([plugin(&site.op, json!({"auth_methods": ["bearer"], "anonymous": "gone"}))]);
    site.gateway.reload(|upstream| crate::support::gateway::one_route(upstream, &plugins, &json!([]))).await;
    assert_eq!(told(site.gateway.get("/")).await.0, 401);
    site.stop().await;
}

#[actix_web::test]
async fn a_rejected_credential_of_an_anonymous_caller_goes_nowhere() {
    let config = json!({
        "auth_methods": ["bearer"], "anonymous": "anon", "hide_credentials": false,
        "bearer_token_param_type": ["header", "query", "body", "cookie"], "bearer_token_cookie_name": "at",
    });
    let site = protected_for(Op::start().await, config, json!([{"username": "anon"}])).await;
    for token in ["not a token", "a.b.c"] {
        let request = site.gateway.request(reqwest::Method::POST, "/p?access_token=q.q.q&kept=1");
        let request = request.header("authorization", format!("Bearer {token}")).header("cookie", "at=c.c.c; kept=2");
        let echo = echo_of(request.form(&[("access_token", "b.b.b"), ("kept", "3")])).await;
        assert_eq!(echo.header("x-consumer-username"), Some("anon"));
        assert_eq!((echo.header("authorization"), echo.query.as_deref()), (None, Some("kept=1")), "{token}");
        assert_eq!(echo.header("cookie"), Some("kept=2"), "{token}");
        // A body is read where the search would come to it: not behind a token that is well-formed.
        let body = if token == "a.b.c" { "access_token=b.b.b&kept=3" } else { "kept=3" };
        assert_eq!(echo.body, body, "{token}");
    }
    site.stop().await;
}

#[actix_web::test]
async fn oidc_013_a_body_that_is_null_carries_no_credential() {
    let site = protected(json!({"auth_methods": ["bearer", "password", "client_credentials"]})).await;
    for body in ["null", "[1]", "7", "\"access_token\"", "{", "", "{\"access_token\":null}", "{\"access_token\":{}}"] {
        let request = site.gateway.request(reqwest::Method::POST, "/").header("content-type", "application/json");
        assert_eq!(status(request.body(body)).await, 401, "{body}");
    }
    site.stop().await;
}
