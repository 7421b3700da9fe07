//! Logging out through the door (openid-connect.md 6.1, 6.2).

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::support::gateway::{Echo, json_of};
use crate::support::op::{CLIENT_ID, Door, Fault};
use crate::support::plugin_browser::{Site, location, parameter, site};

async fn with_logout(more: Value) -> Site {
    let mut conf = json!({
        "logout_uri_suffix": "/logout", "logout_methods": ["POST"], "logout_redirect_uri": ["https://app.test/bye"],
        "session_storage": "database",
    });
    for (name, value) in more.as_object().unwrap() {
        conf[name] = value.clone();
    }
    site(conf).await
}

#[actix_web::test]
async fn oidc_068_logout_ends_the_session_here_and_at_the_provider() {
    let site = with_logout(json!({})).await;
    let mut browser = site.browser();
    browser.sign_in("/").await;
    let kept = browser.clone();
    assert_eq!(json_of::<Echo>(browser.get("/a/logout").await).await.path, "/a/logout", "GET is an ordinary request");
    let answer = browser.send(Method::POST, "/a/logout?x=1", None).await;
    assert_eq!(answer.status(), 302);
    let url = Url::parse(location(&answer)).unwrap();
    assert_eq!(url.path(), "/end-session");
    assert_eq!(parameter(&url, "client_id").as_deref(), Some(CLIENT_ID));
    assert_eq!(parameter(&url, "post_logout_redirect_uri").as_deref(), Some("https://app.test/bye"));
    assert_eq!(parameter(&url, "id_token_hint").unwrap().split('.').count(), 3);
    assert!(browser.jar.0.is_empty(), "{:?}", browser.jar);
    assert_eq!(kept.clone().get("/").await.status(), 302, "the old cookies lead nowhere");
    assert_eq!(site.op.hits(Door::Revocation), 0);
}

#[actix_web::test]
async fn oidc_069_tokens_are_revoked_with_the_right_hints() {
    for (refresh_too, hints) in [(true, vec!["refresh_token", "access_token"]), (false, vec!["access_token"])] {
        let site = with_logout(json!({ "logout_revoke": true, "logout_revoke_refresh_token": refresh_too })).await;
        let mut browser = site.browser();
        browser.sign_in("/").await;
        browser.send(Method::POST, "/logout", None).await;
        let sent = site.op.change(|b| b.revocations.clone());
        assert_eq!(sent.iter().map(|form| form["token_type_hint"].as_str()).collect::<Vec<_>>(), hints);
        for form in &sent {
            let wanted = if form["token_type_hint"] == "refresh_token" { "refresh-" } else { "opaque-" };
            assert!(form["token"].starts_with(wanted), "{form:?}");
        }
    }
}

#[actix_web::test]
async fn a_provider_that_does_not_revoke_stops_no_logout() {
    let site = with_logout(json!({ "logout_revoke": true })).await;
    site.op.break_door(Door::Revocation, Fault::Status(503));
    let mut browser = site.browser();
    browser.sign_in("/").await;
    assert_eq!(browser.send(Method::POST, "/logout", None).await.status(), 302);
    assert!(browser.jar.0.is_empty());
}

#[actix_web::test]
async fn oidc_070_a_logout_without_a_session_ends_it_at_the_provider_all_the_same() {
    let site = with_logout(json!({})).await;
    let answer = site.browser().send(Method::POST, "/logout", None).await;
    let url = Url::parse(location(&answer)).unwrap();
    assert_eq!((answer.status().as_u16(), url.path()), (302, "/end-session"));
    assert_eq!(parameter(&url, "client_id").as_deref(), Some(CLIENT_ID));
    assert_eq!(parameter(&url, "id_token_hint"), None);
}

#[actix_web::test]
async fn oidc_071_after_a_logout_only_a_session_helps_nobody() {
    let site = with_logout(json!({ "logout_query_arg": "logout", "logout_methods": ["GET"] })).await;
    let mut browser = site.browser();
    browser.sign_in("/").await;
    assert_eq!(browser.get("/anything?logout=").await.status(), 302);
    assert_eq!(browser.get("/").await.status(), 302, "a new login");
}

#[actix_web::test]
async fn a_form_may_ask_for_the_logout() {
    let site = with_logout(json!({ "logout_uri_suffix": null, "logout_post_arg": "bye" })).await;
    let mut browser = site.browser();
    browser.sign_in("/").await;
    assert_eq!(browser.send(Method::POST, "/", Some("stay=1".into())).await.status(), 200);
    assert_eq!(browser.send(Method::POST, "/", Some("bye=1".into())).await.status(), 302);
}

#[actix_web::test]
async fn after_a_logout_nothing_is_remembered_of_its_tokens() {
    for (method, door) in [("introspection", Door::Introspection), ("userinfo", Door::UserInfo)] {
        let methods = json!(["authorization_code", "session", method]);
        let site = with_logout(json!({ "auth_methods": methods, "disable_session": [method] })).await;
        let mut browser = site.browser();
        let echo = json_of::<Echo>(browser.sign_in("/").await).await;
        let token = echo.header("authorization").unwrap().to_owned();
        let active = json!({ "active": true, "sub": "alice-id" });
        site.op.introspects(token.strip_prefix("Bearer ").unwrap(), active);
        let ask = async || site.gateway.get("/").header("authorization", &token).send().await.unwrap().status();
        let asked = site.op.hits(door);
        for _ in 0..3 {
            assert_eq!(ask().await, 200, "{method}");
        }
        assert_eq!(site.op.hits(door), asked + 1, "{method}");
        assert_eq!(browser.send(Method::POST, "/logout", None).await.status(), 302);
        site.op.introspects(token.strip_prefix("Bearer ").unwrap(), json!({ "active": false }));
        assert_eq!(ask().await == 401, method == "introspection", "{method}");
        assert_eq!(site.op.hits(door), asked + 2, "{method}");
    }
}
