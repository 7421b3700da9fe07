//! What the operator decides for all plugin instances (openid-connect.md 1.5, 1.6, 8.1).

use kong_sso::config::settings::EngineSettings;
use serde_json::{Value, json};

use crate::support::gateway::{self, Gateway};
use crate::support::op::Op;
use crate::support::plugin_browser;

async fn gateway_with(op: &Op, change: Value, switches: EngineSettings) -> Gateway {
    let plugins = json!([{"name": "openid-connect", "config": plugin_browser::config(op, change)}]);
    let config = |upstream: &str| gateway::one_route(upstream, &plugins, &json!([]));
    gateway::start_with(config, |settings| settings.gateway.engine = switches).await
}

#[actix_web::test]
async fn a_sign_in_begins_for_whoever_asks_or_for_navigating_browsers_only() {
    let op = Op::start().await;
    type Ask = (&'static str, &'static [(&'static str, &'static str)], bool);
    let asks: [Ask; 6] = [
        ("GET", &[], true),
        ("GET", &[("sec-fetch-mode", "navigate")], true),
        ("GET", &[("sec-fetch-mode", "cors")], false),
        ("GET", &[("x-requested-with", "XMLHttpRequest")], false),
        ("HEAD", &[], true),
        ("POST", &[], false),
    ];
    for refuse_non_navigation in [false, true] {
        let switches = EngineSettings { refuse_non_navigation, ..EngineSettings::default() };
        let gateway = gateway_with(&op, json!({}), switches).await;
        for (method, headers, is_navigation) in asks {
            let mut request = gateway.request(method.parse().unwrap(), "/");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = request.send().await.unwrap();
            let begins = is_navigation || !refuse_non_navigation;
            let told = (answer.status().as_u16(), answer.headers().contains_key("www-authenticate"));
            assert_eq!(told, if begins { (302, false) } else { (401, true) }, "{method} {headers:?}");
        }
        gateway.stop().await;
    }
}

#[actix_web::test]
async fn documents_stand_in_headers_as_base64_or_as_they_are() {
    let op = Op::start().await;
    let token = op.access_token(|_| {});
    for plain_json in [false, true] {
        let switches = EngineSettings { plain_json, ..EngineSettings::default() };
        let change = json!({"auth_methods": ["bearer"], "upstream_access_token_jwk_header": "x-jwk"});
        let gateway = gateway_with(&op, change, switches).await;
        let answer = gateway.get("/").bearer_auth(&token).send().await.unwrap();
        let echo: gateway::Echo = gateway::json_of(answer).await;
        let sent = echo.header("x-jwk").unwrap();
        assert_eq!(serde_json::from_str::<Value>(sent).is_ok_and(|jwk| jwk["kty"].is_string()), plain_json, "{sent}");
        gateway.stop().await;
    }
}

#[actix_web::test]
async fn a_grpc_client_finds_the_status_where_it_looks() {
    let op = Op::start().await;
    let change = json!({"auth_methods": ["bearer", "authorization_code"], "scopes_required": ["nobody has it"]});
    let gateway = gateway_with(&op, change, EngineSettings::default()).await;
    let ask = |token: Option<String>| {
        let call = gateway.request(reqwest::Method::POST, "/").header("content-type", "application/grpc+proto");
        match token {
            Some(token) => call.bearer_auth(token),
            None => call,
        }
    };
    for (token, status, message) in [
        (None, "16", "Unauthorized"),
        (Some("a.b.c".to_owned()), "16", "Unauthorized"),
        (Some(op.access_token(|_| {})), "7", "Forbidden"),
    ] {
        let answer = ask(token).send().await.unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        let told = (answer.status().as_u16(), header("content-type"), header("grpc-status"), header("grpc-message"));
        assert_eq!(told, (200, "application/grpc".into(), status.into(), message.into()));
        assert!(!answer.headers().contains_key("location"));
    }
    let asked = gateway.get("/_sso/auth").header("content-type", "application/grpc");
    let asked = asked.header("x-forwarded-method", "POST").header("x-forwarded-uri", "/").send().await.unwrap();
    assert_ne!(asked.status(), 200, "for a proxy that asks, 200 is consent");
    gateway.stop().await;
}
