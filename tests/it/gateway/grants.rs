//! Credentials that are traded for tokens (openid-connect.md 2.6 to 2.8).

use serde_json::{Value, json};

use crate::support::gateway::{Echo, echo_of};
use crate::support::op::{ACCESS_TOKEN_LIFETIME, Door, Fault};
use crate::support::op_grants::{MACHINE_ID, MACHINE_SECRET, PASSWORD, USERNAME};
use crate::support::protected::{Protected, protected, status};

async fn with_password(mut config: Value) -> Protected {
    config["auth_methods"] = json!(["password"]);
    protected(config).await
}

impl Protected {
    fn signed_in(&self, path: &str) -> reqwest::RequestBuilder {
        self.gateway.get(path).basic_auth(USERNAME, Some(PASSWORD))
    }

    async fn sign_in(&self, path: &str) -> Echo {
        echo_of(self.signed_in(path)).await
    }
}

#[actix_web::test]
async fn oidc_034_a_password_becomes_an_access_token() {
    let site = with_password(json!({"audience": ["api"]})).await;
    let echo = site.sign_in("/").await;
    assert!(echo.header("authorization").unwrap().starts_with("Bearer opaque-"), "{echo:?}");
    let asked = site.op.token_requests().pop().unwrap();
    let field = |name: &str| asked.form.get(name).map(String::as_str);
    assert_eq!((field("grant_type"), field("username")), (Some("password"), Some(USERNAME)));
    assert_eq!((field("scope"), field("audience"), field("redirect_uri")), (Some("openid"), Some("api"), None));
    assert!(asked.authorization.is_some(), "the plugin's own client");
    for request in [
        site.gateway.get("/?username=alice&password=pa:ss+%26+w%C3%B6rd"),
        site.gateway.request(reqwest::Method::POST, "/").form(&[("username", USERNAME), ("password", PASSWORD)]),
    ] {
        let echo = echo_of(request).await;
        assert_eq!((echo.query.unwrap_or_default(), echo.body), (String::new(), String::new()));
    }
    assert_eq!(site.op.hits(Door::Token), 1, "remembered wherever it stood");
    site.stop().await;
}

#[actix_web::test]
async fn oidc_035_a_wrong_password_is_refused() {
    let site = with_password(json!({})).await;
    assert_eq!(status(site.gateway.get("/").basic_auth(USERNAME, Some("wrong"))).await, 401);
    site.op.break_door(Door::Token, Fault::Status(401));
    assert_eq!(status(site.gateway.get("/").basic_auth(USERNAME, Some("other"))).await, 401);
    for fault in [Fault::Status(503), Fault::Html, Fault::Truncated] {
        site.op.break_door(Door::Token, fault);
        assert_eq!(status(site.gateway.get("/").basic_auth(USERNAME, Some("third"))).await, 500);
    }
    site.stop().await;
}

#[actix_web::test]
async fn oidc_036_tokens_without_a_lifetime_are_fetched_each_time() {
    for lifetime in [json!(0), json!(-5), json!("0")] {
        let site = with_password(json!({"cache_ttl_min": 60})).await;
        site.op.edit_token_answer(move |answer| answer["expires_in"] = lifetime.clone());
        let (first, second) = (site.sign_in("/").await, site.sign_in("/").await);
        assert_ne!(first.header("authorization"), second.header("authorization"));
        assert_eq!(site.op.hits(Door::Token), 2);
        site.stop().await;
    }
}

#[actix_web::test]
async fn ending_tokens_are_refreshed_before_they_are_fetched_anew() {
    let site = with_password(json!({"leeway": 10})).await;
    let first = site.sign_in("/").await;
    site.gateway.later(ACCESS_TOKEN_LIFETIME - 11);
    assert_eq!(site.sign_in("/").await.header("authorization"), first.header("authorization"));
    site.gateway.later(2);
    assert_ne!(site.sign_in("/").await.header("authorization"), first.header("authorization"));
    assert_eq!(site.op.token_requests().pop().unwrap().form["grant_type"], "refresh_token");
    site.stop().await;
}

#[actix_web::test]
async fn oidc_037_scopes_may_be_part_of_what_is_remembered() {
    for (included, questions) in [(true, 2), (false, 1)] {
        let site = with_password(json!({
            "token_cache_key_include_scope": included, "token_post_args_client": ["scope"],
        }))
        .await;
        site.sign_in("/?scope=a").await;
        assert_eq!(site.op.token_requests().pop().unwrap().form["scope"], "a");
        site.sign_in("/?scope=b").await;
        assert_eq!(site.op.hits(Door::Token), questions);
        site.stop().await;
    }
}

#[actix_web::test]
async fn oidc_038_client_credentials_are_the_callers() {
    let site = protected(json!({
        "auth_methods": ["client_credentials"], "audience": ["api"], "client_id": null, "client_secret": null,
        "token_post_args_names": ["tenant"], "token_post_args_values": ["t1"],
        "token_headers_names": ["x-gateway"], "token_headers_values": ["kong"],
    }))
    .await;
    let form = [("client_id", MACHINE_ID), ("client_secret", MACHINE_SECRET)];
    assert_eq!(status(site.gateway.request(reqwest::Method::POST, "/").form(&form)).await, 200);
    let asked = site.op.token_requests().pop().unwrap();
    assert_eq!((asked.form["audience"].as_str(), asked.form["tenant"].as_str()), ("api", "t1"));
    assert!(asked.authorization.is_some() && !asked.form.contains_key("redirect_uri"));
    assert_eq!(status(site.gateway.get("/").basic_auth(MACHINE_ID, Some("wrong"))).await, 401);
    site.stop().await;
}

#[actix_web::test]
async fn oidc_039_a_refresh_token_is_taken_by_the_name_that_is_configured() {
    let site = protected(json!({"auth_methods": ["refresh_token"], "refresh_token_param_name": "refresh_token"})).await;
    site.op.change(|b| b.offer_refresh_token("good"));
    let send = |site: &Protected, token: &'static str| site.gateway.get("/").header("refresh-token", token);
    let echo = echo_of(send(&site, "good")).await;
    assert!(echo.header("authorization").unwrap().starts_with("Bearer ") && echo.header("refresh-token").is_none());
    assert_eq!(status(send(&site, "good")).await, 200, "remembered, although it was rotated");
    assert_eq!(status(send(&site, "bad")).await, 401);
    site.stop().await;
    let site = protected(json!({"auth_methods": ["refresh_token"]})).await;
    site.op.change(|b| b.offer_refresh_token("good"));
    assert_eq!(status(send(&site, "good")).await, 401);
    site.stop().await;
}

#[actix_web::test]
async fn oidc_040_the_upstream_may_get_the_refresh_token() {
    let site = with_password(json!({"upstream_refresh_token_header": "refresh_token"})).await;
    assert!(site.sign_in("/").await.header("refresh-token").unwrap().starts_with("refresh-"));
    site.stop().await;
}

#[actix_web::test]
async fn many_who_bring_the_same_password_cost_one_question() {
    let site = with_password(json!({})).await;
    let all = (0..20).map(|_| site.signed_in("/").send());
    let replies = futures_util::future::join_all(all).await;
    assert!(replies.into_iter().all(|reply| reply.unwrap().status() == 200));
    assert_eq!(site.op.hits(Door::Token), 1);
    site.stop().await;
}

#[actix_web::test]
async fn oidc_047_what_follows_a_login_concerns_login_methods_only() {
    let site = with_password(json!({"login_action": "redirect"})).await;
    assert_eq!(site.sign_in("/a").await.path, "/a");
    site.stop().await;
    let all = with_password(json!({"login_action": "redirect", "login_methods": ["password"]})).await;
    assert_eq!(status(all.signed_in("/a")).await, 302);
    all.stop().await;
}
