//! The code flow through the door (openid-connect.md 2.9, 4.7 to 4.9).

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::support::gateway::{Echo, json_of};
use crate::support::op::{CLIENT_ID, Door, IssParameter};
use crate::support::plugin_browser::{cookies, location, parameter, site};

#[actix_web::test]
async fn oidc_041_a_browser_without_credentials_is_sent_to_the_provider() {
    let site = site(json!({})).await;
    let answer = site.browser().get("/?hello=world").await;
    assert_eq!(answer.status(), 302);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let url = Url::parse(location(&answer)).unwrap();
    assert_eq!((url.origin().ascii_serialization(), url.path()), (site.op.issuer(), "/authorize"));
    let told = |name: &str| parameter(&url, name);
    assert_eq!(told("client_id").as_deref(), Some(CLIENT_ID));
    assert_eq!(told("redirect_uri").as_deref(), Some(format!("{}/", site.gateway.url).as_str()));
    assert_eq!((told("response_type").as_deref(), told("scope").as_deref()), (Some("code"), Some("openid")));
    assert!(told("state").unwrap().len() >= 22 && told("nonce").unwrap().len() >= 22);
    let cookies = cookies(&answer);
    assert_eq!(cookies.len(), 1);
    assert!(cookies[0].starts_with("authorization=") && cookies[0].ends_with("; Path=/; HttpOnly"), "{cookies:?}");
}

#[actix_web::test]
async fn oidc_042_pkce_is_used_where_the_provider_offers_it() {
    for (offer, require, used) in [
        (json!(["S256"]), json!(null), true),
        (json!(null), json!(null), false),
        (json!(null), json!(true), true),
        (json!(["S256"]), json!(false), false),
    ] {
        let site = site(json!({ "require_proof_key_for_code_exchange": require })).await;
        let offered = offer.clone();
        site.op.edit_metadata(move |metadata| metadata["code_challenge_methods_supported"] = offered.clone());
        let mut browser = site.browser();
        let (url, _) = browser.start("/").await;
        let method = parameter(&url, "code_challenge_method");
        assert_eq!(method.as_deref(), used.then_some("S256"), "{offer} {require}");
        assert_eq!(site.browser().sign_in("/").await.status(), 200, "{offer} {require}: and the provider accepts it");
    }
}

#[actix_web::test]
async fn oidc_043_an_answer_with_another_state_is_never_redeemed() {
    let site = site(json!({})).await;
    let mut browser = site.browser();
    let (_, back) = browser.start("/").await;
    let state = back.split('&').find(|pair| pair.starts_with("state=")).unwrap();
    let forged = back.replace(state, "state=of-somebody-else");
    let answer = browser.get(&format!("/?{forged}")).await;
    assert_eq!(answer.status(), 302, "a new login");
    assert!(location(&answer).starts_with(&site.op.issuer()));
    assert_eq!(browser.get(&format!("/?{forged}")).await.status(), 401, "but not again and again");
    assert_eq!(site.op.hits(Door::Token), 0);
    let mut stranger = site.browser();
    assert_eq!(stranger.get(&format!("/?{back}")).await.status(), 302, "the answer of another browser's login");
    assert_eq!(site.op.hits(Door::Token), 0);
}

#[actix_web::test]
async fn oidc_044_a_posted_answer_becomes_a_clean_page() {
    let site = site(json!({
        "response_mode": "form_post", "preserve_query_args": true, "login_action": "redirect", "login_tokens": null,
    }))
    .await;
    let mut browser = site.browser();
    let answer = browser.sign_in("/?hello=world").await;
    assert_eq!((answer.status().as_u16(), location(&answer)), (302, "/?hello=world"));
    assert!(cookies(&answer).iter().any(|cookie| cookie.starts_with("session=")));
    assert!(!browser.jar.0.contains_key("authorization"), "the login is over");
    let echo: Echo = json_of(browser.get("/?hello=world").await).await;
    assert_eq!(echo.query.as_deref(), Some("hello=world"));
    assert_eq!(echo.header("cookie"), None, "the upstream sees no session");
}

#[actix_web::test]
async fn oidc_045_tokens_stand_behind_the_address() {
    for (mode, before) in [("fragment", "/page#id_token="), ("query", "/page?id_token=")] {
        let site = site(json!({ "login_action": "redirect", "login_redirect_mode": mode })).await;
        let answer = site.browser().sign_in("/page").await;
        assert_eq!(answer.status(), 302);
        assert!(location(&answer).starts_with(before), "{}", location(&answer));
    }
    let site = site(json!({ "login_action": "redirect", "login_redirect_uri": ["https://app.test/in?a=b"] })).await;
    let answer = site.browser().sign_in("/page").await;
    assert!(location(&answer).starts_with("https://app.test/in?a=b#id_token="), "{}", location(&answer));
}

#[actix_web::test]
async fn oidc_046_tokens_are_the_answer() {
    let all = site(json!({ "login_action": "response", "login_tokens": ["tokens"] })).await;
    let answer = all.browser().sign_in("/").await;
    assert_eq!((answer.status().as_u16(), answer.headers()["cache-control"].to_str().unwrap()), (200, "no-store"));
    let body: Value = json_of(answer).await;
    assert!(body["access_token"].is_string() && body["id_token"].is_string() && body["expires_in"].is_number());
    let two = site(json!({ "login_action": "response", "login_tokens": ["access_token", "refresh_token"] })).await;
    let body: Value = json_of(two.browser().sign_in("/").await).await;
    assert!(body["access_token"].is_string() && body["refresh_token"].is_string() && body.get("id_token").is_none());
    assert_eq!(all.gateway.upstream.hits() + two.gateway.upstream.hits(), 0);
}

#[actix_web::test]
async fn oidc_048_a_provider_that_refuses_is_believed() {
    let site = site(json!({})).await;
    site.op.change(|b| b.refuse_login = Some("access_denied".into()));
    let answer = site.browser().sign_in("/").await;
    assert_eq!(answer.status(), 401);
    assert_eq!(json_of::<Value>(answer).await["message"], "Unauthorized");
}

#[actix_web::test]
async fn oidc_049_the_nonce_is_that_of_the_login() {
    for (verify, status) in [(true, 401), (false, 200)] {
        let site = site(json!({ "verify_nonce": verify })).await;
        site.op.edit_id_token(|draft| draft.claims["nonce"] = json!("another"));
        assert_eq!(site.browser().sign_in("/").await.status(), status, "verify_nonce = {verify}");
    }
}

#[actix_web::test]
async fn oidc_051_a_path_with_spaces_is_redirected_to_as_it_came() {
    let site = site(json!({ "preserve_query_args": true })).await;
    let mut browser = site.browser();
    let (url, back) = browser.start("/my%20files/%C3%A9?a=1&b=%20").await;
    let redirect_uri = parameter(&url, "redirect_uri").unwrap();
    assert_eq!(redirect_uri, format!("{}/my%20files/%C3%A9", site.gateway.url));
    let echo: Echo = json_of(browser.get(&format!("/my%20files/%C3%A9?{back}")).await).await;
    assert_eq!((echo.path.as_str(), echo.query.as_deref()), ("/my%20files/%C3%A9", Some("a=1&b=%20")));
}

#[actix_web::test]
async fn a_callback_goes_upstream_without_what_the_provider_added() {
    let site = site(json!({})).await;
    let echo: Echo = json_of(site.browser().sign_in("/?a=1").await).await;
    assert_eq!(echo.query.as_deref().unwrap_or_default(), "");
}

#[actix_web::test]
async fn oidc_055_the_answer_comes_from_this_provider() {
    let site = site(json!({})).await;
    site.op.change(|b| b.iss_parameter = IssParameter::Other("https://other.test".into()));
    assert_eq!(site.browser().sign_in("/").await.status(), 401);
    assert_eq!(site.op.hits(Door::Token), 0);
}

#[actix_web::test]
async fn parallel_tabs_sign_in_side_by_side() {
    let site = site(json!({ "login_action": "redirect", "login_tokens": null })).await;
    let mut browser = site.browser();
    let (_, one) = browser.start("/one").await;
    let (_, two) = browser.start("/two").await;
    let answer = browser.get(&format!("/one?{one}")).await;
    assert_eq!(location(&answer), "/one");
    let answer = browser.get(&format!("/two?{two}")).await;
    assert_eq!(location(&answer), "/two");
    assert_eq!(browser.get("/").await.status(), 200);
}

#[actix_web::test]
async fn oidc_050_the_second_client_signs_in_with_its_own_secret() {
    let site = site(json!({
        "client_id": ["first", CLIENT_ID], "client_secret": ["wrong", crate::support::op::CLIENT_SECRET],
    }))
    .await;
    let mut browser = site.browser();
    let (url, back) = browser.start("/?client_id=2").await;
    assert_eq!(parameter(&url, "client_id").as_deref(), Some(CLIENT_ID));
    assert_eq!(browser.get(&format!("/?{back}")).await.status(), 200, "the login remembers its client");
}

#[actix_web::test]
async fn a_program_that_may_sign_in_is_redirected_too() {
    let site = site(json!({})).await;
    let answer = site.browser().send(Method::POST, "/", Some("a=b".into())).await;
    assert_eq!(answer.status(), 302);
}

#[actix_web::test]
async fn oidc_012_a_request_without_anything_is_sent_to_the_provider() {
    let site = site(json!({})).await;
    let answer = site.gateway.get("/").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), location(&answer).starts_with(site.op.url("").as_str())), (302, true));
}
