//! What attackers and broken providers send: a clear refusal, and soon.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::gateway::client;
use crate::support::op::{Door, Fault, Op};
use crate::support::op_keys::OpKey;
use crate::support::protected::{Protected, protected, protected_for, status};

async fn bearer() -> Protected {
    protected(json!({"auth_methods": ["bearer"]})).await
}

/// A token whose parts are just these texts, signed by the provider.
fn signed_text(header: &str, payload: &str) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    OpKey::rsa("rsa-1").sign_text(&input)
}

#[actix_web::test]
async fn tokens_that_two_readers_may_read_differently_are_refused() {
    let site = bearer().await;
    let issuer = site.op.issuer();
    let header = r#"{"alg":"RS256","kid":"rsa-1"}"#;
    let right = format!(r#"{{"iss":"{issuer}","exp":4000000000,"sub":"a"}}"#);
    assert_eq!(site.bearer(&signed_text(header, &right)).await, 200, "the forgeries below are near misses");
    let deep = format!(r#"{{"iss":"{issuer}","exp":4000000000,"x":{}1{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
    let forgeries = [
        (header, format!(r#"{{"iss":"{issuer}","exp":4000000000,"sub":"a","sub":"b"}}"#)),
        (header, format!(r#"{{"iss":"{issuer}","exp":4000000000,"exp":1}}"#)),
        (header, deep),
        (header, right.replace("4000000000", "1e400")),
        (r#"{"alg":"RS256","kid":"rsa-1","alg":"none"}"#, right.clone()),
        (r#"{"alg":"RS256","kid":"rsa-1","crit":["b64"],"b64":false}"#, right.clone()),
        (r#"{"alg":"RS256","kid":"rsa-1","typ":"dpop+jwt"}"#, right.clone()),
        (r#"{"alg":"RS256","kid":"rsa-1","typ":"id_token+jwt"}"#, right.clone()),
        (r#"{"alg":"PS256","kid":"rsa-1"}"#, right.clone()),
        (r#"{"alg":"rs256","kid":"rsa-1"}"#, right.clone()),
        (r#"{"alg":["RS256"],"kid":"rsa-1"}"#, right.clone()),
    ];
    for (header, payload) in forgeries {
        let short: String = payload.chars().take(80).collect();
        assert_eq!(site.bearer(&signed_text(header, &payload)).await, 401, "{header} {short}");
    }
    site.stop().await;
}

#[actix_web::test]
async fn what_is_no_token_at_all_is_refused_without_asking_anybody_twice() {
    let site = bearer().await;
    let long = format!("a.{}.c", "b".repeat(70_000));
    for token in ["a.b.c", "..", "a..", "%%%.%%%.%%%", "a.b.c.d.e", "null", "e30.e30.", "ЖЖ.ЖЖ.ЖЖ", long.as_str()]
    {
        let reply = site.gateway.get("/").header("access-token", token.as_bytes()).send().await.unwrap();
        // The HTTP layer may refuse a header that long by itself.
        assert!(matches!(reply.status().as_u16(), 400 | 401 | 431), "{}", reply.status());
    }
    assert!(site.op.hits(Door::Jwks) <= 2 && site.op.hits(Door::Introspection) == 0);
    site.stop().await;
}

#[actix_web::test]
async fn a_credential_that_comes_twice_is_refused() {
    let site = bearer().await;
    let token = site.op.access_token(|_| {});
    let twice = site.with_bearer(&token).header("authorization", format!("Bearer {token}"));
    assert_eq!(status(twice).await, 401);
    assert_eq!(status(site.gateway.get(&format!("/?access_token={token}&access_token={token}"))).await, 401);
    site.stop().await;
}

#[actix_web::test]
async fn a_hundred_kilobytes_of_cookies_are_refused() {
    let config =
        json!({"auth_methods": ["bearer"], "bearer_token_param_type": ["cookie"], "bearer_token_cookie_name": "at"});
    let site = protected(config).await;
    let request = site.gateway.get("/").header("cookie", format!("at={}", "a".repeat(100_000)));
    if let Ok(reply) = request.send().await {
        assert!(matches!(reply.status().as_u16(), 400 | 401 | 431), "{}", reply.status());
    }
    assert_eq!(status(client().get(&site.gateway.url)).await, 401, "and the server lives");
    site.stop().await;
}

#[actix_web::test]
async fn a_key_set_of_thousands_is_bounded_and_the_right_key_still_counts() {
    let op = Op::start().await;
    let token = op.access_token(|_| {});
    let foreign = OpKey::foreign_rsa("x").jwk();
    let mut keys: Vec<Value> = vec![OpKey::rsa("rsa-1").jwk()];
    keys.extend((0..1500).map(|index| {
        let mut jwk = foreign.clone();
        jwk["kid"] = json!(format!("k{index}"));
        jwk
    }));
    op.change(|b| b.key_set = Some(json!({ "keys": keys })));
    let site = protected_for(op, json!({"auth_methods": ["bearer"]}), json!([])).await;
    assert_eq!(site.bearer(&token).await, 200);
    let nameless = site.op.access_token(|draft| {
        draft.header.as_object_mut().unwrap().remove("kid");
        draft.by = crate::support::op::SignedBy::Key(OpKey::foreign_rsa("other"));
        draft.claims["iss"] = json!("https://elsewhere");
    });
    let begin = Instant::now();
    assert_eq!(site.bearer(&nameless).await, 401);
    assert!(begin.elapsed() < Duration::from_secs(3));
    site.stop().await;
}

#[actix_web::test]
async fn a_provider_that_answers_slowly_hugely_or_in_html_is_unexpected_within_the_time_out() {
    for door in [Door::Discovery, Door::Jwks] {
        for fault in [
            Fault::Slow(Duration::from_secs(5)),
            Fault::Huge,
            Fault::Html,
            Fault::Truncated,
            Fault::Status(500),
            Fault::Redirect("https://127.0.0.1:1/".into()),
        ] {
            let op = Op::start().await;
            op.break_door(door, fault.clone());
            let site = protected_for(op, json!({"auth_methods": ["bearer"], "timeout": 600}), json!([])).await;
            let token = site.op.access_token(|_| {});
            let begin = Instant::now();
            assert_eq!(site.bearer(&token).await, 500, "{door:?} {fault:?}");
            assert!(begin.elapsed() < Duration::from_secs(4), "{door:?} {fault:?}");
            site.stop().await;
        }
    }
}

#[actix_web::test]
async fn broken_answers_about_a_token_let_nobody_in() {
    for (methods, door) in [("introspection", Door::Introspection), ("userinfo", Door::UserInfo)] {
        let site = protected(json!({"auth_methods": [methods], "timeout": 600})).await;
        let token = site.op.opaque_token(json!({"active": true}));
        for fault in [
            Fault::Slow(Duration::from_secs(5)),
            Fault::Huge,
            Fault::Html,
            Fault::Truncated,
            Fault::Status(500),
            Fault::Redirect("/jwks".into()),
        ] {
            site.op.break_door(door, fault.clone());
            assert_eq!(site.bearer(&token).await, 500, "{door:?} {fault:?}");
        }
        site.op.mend_door(door);
        assert_eq!(site.bearer(&token).await, 200);
        site.stop().await;
    }
}
