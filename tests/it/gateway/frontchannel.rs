//! Logouts that the provider tells of in the browser, through the door (openid-connect.md 6.3).

use reqwest::Response;
use serde_json::json;
use url::form_urlencoded;

use crate::support::gateway;
use crate::support::plugin_browser::{PluginBrowser, Site, site};

const PATH: &str = "/_sso/frontchannel-logout";
/// What the provider of the tests calls every session.
const SID: &str = "idp-session";

fn address(pairs: &[(&str, &str)]) -> String {
    format!("{PATH}?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}

async fn tell(site: &Site, browser: &mut PluginBrowser<'_>, sid: &str) -> Response {
    let answer = browser.get(&address(&[("iss", &site.op.issuer()), ("sid", sid)])).await;
    assert_eq!(answer.headers()["cache-control"], "no-store");
    answer
}

#[actix_web::test]
async fn a_provider_that_opens_the_path_ends_the_session_wherever_it_is_stored() {
    let site = site(json!({ "session_storage": "database" })).await;
    let (mut first, mut second) = (site.browser(), site.browser());
    first.sign_in("/").await;
    second.sign_in("/").await;
    assert_eq!(tell(&site, &mut site.browser(), "another").await.status(), 200, "a guess learns nothing");
    for browser in [&mut first, &mut second] {
        assert_eq!(browser.get("/").await.status(), 200);
    }
    // A frame of another site sends no `SameSite=Lax` cookies.
    let answer = tell(&site, &mut site.browser(), SID).await;
    assert_eq!(answer.status(), 200);
    let policy = answer.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.ends_with(&format!("frame-ancestors {}", site.op.issuer().trim_end_matches('/'))), "{policy}");
    assert!(!answer.headers().contains_key("x-frame-options"));
    for browser in [&mut first, &mut second] {
        assert_eq!(browser.get("/").await.status(), 302);
    }
}

#[actix_web::test]
async fn cookies_that_come_along_are_taken_out_of_the_browser() {
    for storage in ["cookie", "database"] {
        let site = site(json!({ "session_storage": storage, "session_cookie_same_site": "None" })).await;
        let mut browser = site.browser();
        browser.sign_in("/").await;
        tell(&site, &mut browser, "another").await;
        assert!(browser.jar.0.contains_key("session"), "{storage}: it is not this one");
        assert_eq!(browser.get("/").await.status(), 200, "{storage}");
        tell(&site, &mut browser, SID).await;
        assert!(browser.jar.0.is_empty(), "{storage}: {:?}", browser.jar);
    }
}

#[actix_web::test]
async fn a_logout_that_does_not_say_whose_ends_nothing() {
    let site = site(json!({ "session_storage": "database" })).await;
    let mut browser = site.browser();
    browser.sign_in("/").await;
    let issuer = site.op.issuer();
    for pairs in [
        vec![],
        vec![("iss", issuer.as_str())],
        vec![("sid", SID)],
        vec![("iss", &issuer), ("sid", "")],
        vec![("iss", &issuer), ("sid", SID), ("sid", "another")],
        vec![("iss", &issuer), ("iss", &issuer), ("sid", SID)],
        vec![("iss", "https://another.test"), ("sid", SID)],
        vec![("iss", &issuer), ("sid", &SID.repeat(200))],
    ] {
        let answer = browser.clone().get(&address(&pairs)).await;
        assert_eq!(answer.status(), 400, "{pairs:?}");
        assert!(answer.headers()["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"));
    }
    let posted = site.gateway.request(reqwest::Method::POST, &address(&[("iss", &issuer), ("sid", SID)]));
    assert_eq!(posted.send().await.unwrap().status(), 405);
    tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
    assert_eq!(browser.get("/").await.status(), 200);
}

#[actix_web::test]
async fn no_frame_ends_a_session_until_the_path_is_configured() {
    let gateway = gateway::start_with(
        |upstream| gateway::one_route(upstream, &json!([]), &json!([])),
        |settings| settings.gateway.frontchannel_logout_path = None,
    )
    .await;
    assert_eq!(gateway.echo(PATH).await.path, PATH, "it is a path like any other");
    gateway.stop().await;
}
