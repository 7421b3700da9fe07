//! Logouts that the provider tells of, through the door (openid-connect.md 6.3).

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::gateway;
use crate::support::op::{Draft, SignedBy};
use crate::support::op_keys::OpKey;
use crate::support::plugin_browser::{Site, site};

const PATH: &str = "/_sso/backchannel-logout";

async fn post(site: &Site, form: String) -> Response {
    let request = site.gateway.request(Method::POST, PATH);
    request.header("content-type", "application/x-www-form-urlencoded").body(form).send().await.unwrap()
}

async fn tell(site: &Site, token: &str) -> u16 {
    let answer = post(site, format!("logout_token={token}")).await;
    assert_eq!(answer.headers()["cache-control"], "no-store");
    answer.status().as_u16()
}

/// Lets what this node remembers of stored sessions pass.
async fn a_moment() {
    tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
}

#[actix_web::test]
async fn a_logout_token_ends_the_sessions_that_it_names_once() {
    let site = site(json!({ "session_storage": "database" })).await;
    let (mut first, mut second) = (site.browser(), site.browser());
    first.sign_in("/").await;
    second.sign_in("/").await;
    let token = site.op.logout_token(|_| {});
    assert_eq!(tell(&site, &token).await, 200);
    for browser in [&mut first, &mut second] {
        assert_eq!(browser.get("/").await.status(), 302);
    }

    first.sign_in("/").await;
    assert_eq!(tell(&site, &token).await, 400, "it counts once");
    a_moment().await;
    assert_eq!(first.get("/").await.status(), 200, "a token that is sent again ends no new session");
    let other = site.op.logout_token(|draft| draft.claims["sub"] = json!("somebody else"));
    assert_eq!(tell(&site, &other).await, 200, "nobody of that name is not a failure");
    assert_eq!(first.get("/").await.status(), 200);
}

#[actix_web::test]
async fn a_token_that_is_no_good_logout_token_ends_nothing() {
    // Not even where the plugin does without checks.
    let lax =
        json!({ "session_storage": "database", "verify_claims": false, "ignore_signature": ["authorization_code"] });
    let site = site(lax).await;
    let mut browser = site.browser();
    browser.sign_in("/").await;
    type Change = fn(&mut Draft);
    let changes: [(&str, Change); 11] = [
        ("another key", |draft| draft.by = SignedBy::Key(OpKey::ec("another"))),
        ("no signature", |draft| draft.by = SignedBy::Nobody),
        ("another kind of token", |draft| draft.header["typ"] = json!("at+jwt")),
        ("another client", |draft| draft.claims["aud"] = json!("another")),
        ("another issuer", |draft| draft.claims["iss"] = json!("https://another.test")),
        ("an old token", |draft| draft.claims["exp"] = json!(1_000_000_000)),
        ("no event", |draft| draft.claims["events"] = json!({})),
        ("an event of another form", |draft| draft.claims["events"] = json!(["backchannel-logout"])),
        ("a nonce", |draft| draft.claims["nonce"] = json!("n")),
        ("no jti", |draft| draft.claims["jti"] = Value::Null),
        ("nobody", |draft| draft.claims["sub"] = Value::Null),
    ];
    for (what, change) in changes {
        assert_eq!(tell(&site, &site.op.logout_token(change)).await, 400, "{what}");
    }
    for form in ["", "logout_token=", "logout_token=a.b.c", "logout_token=x&logout_token=y", "token=x"] {
        let answer = post(&site, form.to_owned()).await;
        assert_eq!((answer.status().as_u16(), answer.headers().contains_key("cache-control")), (400, true), "{form}");
        assert_eq!(gateway::json_of::<Value>(answer).await["error"], "invalid_request");
    }
    assert_eq!(site.gateway.get(PATH).send().await.unwrap().status(), 405);
    a_moment().await;
    assert_eq!(browser.get("/").await.status(), 200);
}

#[actix_web::test]
async fn no_logout_token_is_taken_until_the_path_is_configured() {
    let gateway = gateway::start_with(
        |upstream| gateway::one_route(upstream, &json!([]), &json!([])),
        |settings| settings.gateway.backchannel_logout_path = None,
    )
    .await;
    assert_eq!(gateway.echo(PATH).await.path, PATH, "it is a path like any other");
    gateway.stop().await;
}
