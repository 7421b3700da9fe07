//! Tokens that somebody else is asked about (openid-connect.md 2.3 to 2.5).

use serde_json::{Value, json};

use crate::support::op::{CLIENT_ID, Door, Fault, Op, User};
use crate::support::protected::{Protected, protected, protected_for};

async fn introspecting(mut config: Value) -> Protected {
    config["auth_methods"] = json!(["introspection"]);
    protected(config).await
}

#[actix_web::test]
async fn oidc_027_an_active_token_passes_and_the_question_is_complete() {
    let site = introspecting(json!({
        "introspection_post_args_names": ["resource"], "introspection_post_args_values": ["api"],
        "introspection_post_args_client": ["hint"], "introspection_post_args_client_headers": ["x-tenant"],
        "introspection_headers_client": ["x-trace"], "upstream_headers_claims": ["username"],
        "upstream_headers_names": ["x-user"],
    }))
    .await;
    let token = site.op.opaque_token(json!({"active": true, "username": "alice", "sub": "alice-id"}));
    let request = site.gateway.get("/?hint=h").header("x-tenant", "t").header("x-trace", "1");
    let echo = crate::support::gateway::echo_of(request.header("authorization", format!("Bearer {token}"))).await;
    assert_eq!(echo.header("x-user"), Some("alice"));
    let asked = site.op.asked().pop().unwrap();
    let field = |name: &str| asked.form.get(name).map(String::as_str);
    assert_eq!((field("token"), field("token_type_hint")), (Some(token.as_str()), Some("access_token")));
    assert_eq!((field("resource"), field("hint"), field("x-tenant")), (Some("api"), Some("h"), Some("t")));
    assert!(asked.authorization.unwrap().starts_with("Basic "));
    assert_eq!((asked.headers["x-trace"].as_str(), asked.headers["accept"].as_str()), ("1", "application/json"));
    site.stop().await;
}

#[actix_web::test]
async fn oidc_028_an_inactive_token_is_refused_unless_that_is_not_checked() {
    for (check, expected) in [(true, 401), (false, 200)] {
        let site = introspecting(json!({"introspection_check_active": check})).await;
        let token = site.op.opaque_token(json!({"active": false}));
        assert_eq!(site.bearer(&token).await, expected);
        let odd = site.op.opaque_token(json!({"active": "true"}));
        assert_eq!(site.bearer(&odd).await, expected, "only the boolean counts");
        site.stop().await;
    }
}

#[actix_web::test]
async fn oidc_029_a_signed_token_is_introspected_when_nobody_else_takes_it_or_when_told_so() {
    for (methods, also, questions) in [
        (json!(["introspection"]), false, 1),
        (json!(["bearer", "introspection"]), false, 0),
        (json!(["bearer", "introspection"]), true, 1),
    ] {
        let site = protected(json!({"auth_methods": methods, "introspect_jwt_tokens": also})).await;
        let token = site.op.access_token(|_| {});
        site.op.introspects(&token, json!({"active": true}));
        assert_eq!((site.bearer(&token).await, site.op.hits(Door::Introspection)), (200, questions));
        let revoked = site.op.access_token(|draft| draft.claims["jti"] = json!("revoked"));
        assert_eq!(site.bearer(&revoked).await, if questions == 0 { 200 } else { 401 });
        site.stop().await;
    }
}

#[actix_web::test]
async fn oidc_030_an_answer_is_remembered_as_long_as_it_may_be() {
    let site = introspecting(json!({})).await;
    let token = site.op.opaque_token(json!({"active": true, "expires_in": 60}));
    assert_eq!(site.bearer(&token).await, 200);
    site.op.introspects(&token, json!({"active": false}));
    site.gateway.later(59);
    assert_eq!((site.bearer(&token).await, site.op.hits(Door::Introspection)), (200, 1));
    site.gateway.later(1);
    assert_eq!(site.bearer(&token).await, 401);
    site.stop().await;
    let site = introspecting(json!({"cache_introspection": false})).await;
    let token = site.op.opaque_token(json!({"active": true, "expires_in": 60}));
    assert_eq!(site.bearer(&token).await, 200);
    site.op.introspects(&token, json!({"active": false}));
    assert_eq!(site.bearer(&token).await, 401);
    site.stop().await;
}

#[actix_web::test]
async fn an_answer_is_held_against_the_check_list_each_time() {
    let site = introspecting(json!({})).await;
    let now = site.op.change(|b| b.clock.now().0);
    for answer in [
        json!({"active": true, "exp": now - 1}),
        json!({"active": true, "nbf": now + 60}),
        json!({"active": true, "iat": now + 60}),
        json!({"active": true, "iss": "https://elsewhere"}),
    ] {
        let token = site.op.opaque_token(answer.clone());
        assert_eq!(site.bearer(&token).await, 401, "{answer}");
    }
    site.stop().await;
}

#[actix_web::test]
async fn a_signed_answer_counts_when_its_signature_does() {
    let site = introspecting(json!({})).await;
    site.op.change(|b| b.sign_introspection = true);
    let token = site.op.opaque_token(json!({"active": true, "sub": "alice-id"}));
    assert_eq!(site.bearer(&token).await, 200);
    site.op.change(|b| b.signing_key = crate::support::op_keys::OpKey::foreign_rsa("rsa-1"));
    let token = site.op.opaque_token(json!({"active": true, "sub": "alice-id"}));
    assert_eq!(site.bearer(&token).await, 401);
    site.stop().await;
}

#[actix_web::test]
async fn an_old_answer_stands_in_for_a_provider_that_is_down_and_for_no_longer_than_it_may() {
    let site = introspecting(json!({"cache_ttl_resurrect": 30})).await;
    let token = site.op.opaque_token(json!({"active": true, "expires_in": 60}));
    assert_eq!(site.bearer(&token).await, 200);
    site.op.break_door(Door::Introspection, Fault::Status(503));
    site.gateway.later(70);
    assert_eq!(site.bearer(&token).await, 200);
    site.gateway.later(30);
    assert_eq!(site.bearer(&token).await, 500);
    assert_eq!(site.bearer(&site.op.opaque_token(json!({"active": true}))).await, 500);
    site.stop().await;
}

#[actix_web::test]
async fn a_provider_that_refuses_our_client_or_has_no_endpoint_is_a_fault_of_ours() {
    let site = introspecting(json!({"client_secret": ["wrong"]})).await;
    assert_eq!(site.bearer("opaque").await, 500);
    site.stop().await;
    let op = Op::start().await;
    op.edit_metadata(|document| document["introspection_endpoint"] = Value::Null);
    let site = protected_for(op, json!({"auth_methods": ["introspection"]}), json!([])).await;
    assert_eq!(site.bearer("opaque").await, 500);
    site.stop().await;
}

#[actix_web::test]
async fn a_public_client_names_itself_and_a_configured_authorization_replaces_it() {
    let op = Op::start().await;
    op.change(|b| b.public_client = true);
    let config = json!({"auth_methods": ["introspection"], "client_secret": null});
    let site = protected_for(op, config, json!([])).await;
    let token = site.op.opaque_token(json!({"active": true}));
    assert_eq!(site.bearer(&token).await, 200);
    let asked = site.op.asked().pop().unwrap();
    assert_eq!((asked.authorization, asked.form["client_id"].as_str()), (None, CLIENT_ID));
    site.stop().await;
    let own = json!({
        "introspection_headers_names": ["Authorization"], "introspection_headers_values": ["Bearer of-the-api"],
    });
    let site = introspecting(own).await;
    let token = site.op.opaque_token(json!({"active": true}));
    assert_eq!(site.bearer(&token).await, 200);
    assert_eq!(site.op.asked().pop().unwrap().authorization.as_deref(), Some("Bearer of-the-api"));
    site.stop().await;
}

#[actix_web::test]
async fn oidc_032_user_info_judges_a_token() {
    let site = protected(json!({"auth_methods": ["userinfo"], "cache_user_info": false})).await;
    assert_eq!(site.bearer("opaque").await, 200);
    for (status, expected) in [(401, 401), (403, 401), (429, 500), (503, 500)] {
        site.op.change(|b| b.refuse_user_info = Some(status));
        assert_eq!(site.bearer("opaque").await, expected, "{status}");
    }
    site.stop().await;
    let site = protected(json!({"auth_methods": ["userinfo"]})).await;
    site.op.change(|b| b.sign_user_info = true);
    assert_eq!((site.bearer("opaque").await, site.bearer("opaque").await), (200, 200));
    assert_eq!(site.op.hits(Door::UserInfo), 1);
    site.stop().await;
}

#[actix_web::test]
async fn an_opaque_token_needs_an_accepted_domain_too() {
    let config = json!({"auth_methods": ["userinfo"], "cache_user_info": false, "domains": ["a.test"]});
    let site = protected(config).await;
    assert_eq!(site.bearer("opaque").await, 401, "UserInfo names no domain");
    for (domain, expected) in [("b.test", 401), ("a.test", 200)] {
        site.op.change(|b| b.user = User::new("bob", json!({ "hd": domain })));
        assert_eq!(site.bearer("opaque").await, expected, "{domain}");
    }
    site.stop().await;
}
