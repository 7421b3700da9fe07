//! Scenarios 22 to 28, 33, 39 and 40: from a document to the provider and back.

use std::collections::HashMap;

use kong_sso::config::auth_conf::{ResponseMode, SameSite};
use serde_json::json;
use url::Url;

use super::{auth, with_site};
use crate::support::op::{Door, Fault, SignedBy};

fn query(url: &str) -> HashMap<String, String> {
    Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

#[actix_web::test]
async fn km_022_a_document_without_session_leads_to_the_sign_in_and_back() {
    with_site(
        |_| {},
        async |site| {
            let mut browser = site.browser();
            let reply = browser.navigate("/services?x=1").await;
            assert_eq!((reply.status, reply.location()), (302, "/_api/auth?return_to=%2Fservices%3Fx%3D1"));
            let answer = site.answer(&mut browser, "?return_to=%2Fservices%3Fx%3D1").await;
            let landed = browser.navigate(&answer).await;
            assert_eq!((landed.status, landed.location()), (302, &*format!("{}/services?x=1", site.running.gui)));
            let page = browser.navigate("/services?x=1").await;
            assert_eq!((page.status, page.text.contains("Kong Manager")), (200, true));
        },
    )
    .await;
}

#[actix_web::test]
async fn km_023_the_provider_is_asked_with_pkce_state_and_nonce() {
    with_site(
        |_| {},
        async |site| {
            let reply = site.browser().navigate("/_api/auth").await;
            let asked = query(reply.location());
            assert_eq!(reply.status, 302);
            assert_eq!(asked["response_type"], "code");
            assert_eq!(asked["scope"], "openid email offline_access");
            assert_eq!(asked["code_challenge_method"], "S256");
            assert_eq!(asked["redirect_uri"], format!("{}/_api/auth", site.running.gui));
            assert!(asked["state"].len() == 43 && asked["nonce"].len() == 43 && asked["code_challenge"].len() == 43);
            let cookie = reply.set_cookie("authorization").unwrap();
            for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"] {
                assert!(cookie.contains(part), "{cookie}");
            }
            assert_eq!(reply.header("cache-control"), "no-store");
        },
    )
    .await;
}

#[actix_web::test]
async fn km_024_a_good_answer_gives_a_session_cookie_and_clears_the_login_state() {
    with_site(
        |_| {},
        async |site| {
            let mut browser = site.browser();
            let reply = site.sign_in(&mut browser).await;
            assert_eq!((reply.status, reply.location()), (302, &*format!("{}/", site.running.gui)));
            let cookie = reply.set_cookie("kong_sso_session").unwrap();
            assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
            assert!(reply.set_cookie("authorization").unwrap().contains("Max-Age=0"));
            let services = browser.fetch("GET", "/_api/services", "").await;
            assert_eq!((services.status, &services.json()["target"]), (200, &json!("/services")));
        },
    )
    .await;
}

#[actix_web::test]
async fn km_024_a_session_key_planted_before_the_sign_in_is_worth_nothing_afterwards() {
    with_site(
        |_| {},
        async |site| {
            let first = site.signed_in().await;
            let mut again = first.clone();
            // Somebody signs in over an existing session: the old key must not come along.
            again.cookies.remove("authorization");
            let mut fresh = site.browser();
            fresh.cookies = first.cookies.clone();
            let started = fresh.send("GET", "/_api/auth?return_to=%2F", &[], "").await;
            assert_eq!(started.status, 302);
            assert_eq!(started.location(), format!("{}/", site.running.gui), "a live session goes straight on");
            let old = first.cookies["kong_sso_session"].clone();
            let mut browser = site.browser();
            let answer = site.answer(&mut browser, "").await;
            browser.cookies.insert("kong_sso_session".to_owned(), old.clone());
            let reply = browser.navigate(&answer).await;
            assert_eq!(reply.status, 302);
            assert_ne!(browser.cookies["kong_sso_session"], old);
            let mut planted = site.browser();
            planted.cookies.insert("kong_sso_session".to_owned(), old);
            assert_eq!(planted.fetch("GET", "/_api/services", "").await.status, 401);
            assert_eq!(browser.fetch("GET", "/_api/services", "").await.status, 200);
        },
    )
    .await;
}

#[actix_web::test]
async fn km_025_an_answer_counts_once() {
    with_site(
        |_| {},
        async |site| {
            let mut browser = site.browser();
            let answer = site.answer(&mut browser, "").await;
            let mut copy = browser.clone();
            assert_eq!(browser.navigate(&answer).await.status, 302);
            let replayed = copy.navigate(&answer).await;
            assert_eq!(replayed.status, 401, "the cookie was copied, but the state was used");
            assert!(replayed.text.contains("cannot be finished") && replayed.text.contains("Try again"));
            assert!(replayed.set_cookie("kong_sso_session").is_none());
            let mut stranger = site.browser();
            assert_eq!(stranger.navigate(&answer).await.status, 401, "another browser has no login state");
        },
    )
    .await;
}

#[actix_web::test]
async fn km_025_a_login_that_took_too_long_is_refused() {
    with_site(
        |_| {},
        async |site| {
            let mut browser = site.browser();
            let answer = site.answer(&mut browser, "").await;
            site.later(601);
            assert_eq!(browser.navigate(&answer).await.status, 401);
        },
    )
    .await;
}

#[actix_web::test]
async fn km_026_a_foreign_place_is_not_returned_to() {
    with_site(
        |_| {},
        async |site| {
            for evil in ["%2F%2Fevil.example", "https%3A%2F%2Fevil.example%2F", "%2F%5Cevil.example", "%09%2F%2Fevil"] {
                let mut browser = site.browser();
                let answer = site.answer(&mut browser, &format!("?return_to={evil}")).await;
                let reply = browser.navigate(&answer).await;
                assert_eq!((reply.status, reply.location()), (302, &*format!("{}/", site.running.gui)), "{evil}");
            }
        },
    )
    .await;
}

#[actix_web::test]
async fn km_027_the_provider_may_post_its_answer() {
    with_site(
        |settings| auth(settings).relying_party.request.response_mode = ResponseMode::FormPost,
        async |site| {
            let mut browser = site.browser();
            let answer = site.answer(&mut browser, "").await;
            let form = answer.split_once('?').unwrap().1;
            let headers = [
                ("content-type", "application/x-www-form-urlencoded"),
                ("origin", &site.op.issuer()),
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "navigate"),
            ];
            let reply = browser.send("POST", "/_api/auth", &headers, form).await;
            assert_eq!((reply.status, reply.location()), (302, &*format!("{}/", site.running.gui)), "{}", reply.text);
            assert_eq!(browser.fetch("GET", "/_api/services", "").await.status, 200);
        },
    )
    .await;
}

#[actix_web::test]
async fn km_028_a_wrong_id_token_gives_no_session() {
    with_site(
        |_| {},
        async |site| {
            type Edit = fn(&mut crate::support::op::Draft);
            let edits: [(&str, Edit); 5] = [
                ("aud", |draft| draft.claims["aud"] = json!("another-client")),
                ("nonce", |draft| draft.claims["nonce"] = json!("another-login")),
                ("iss", |draft| draft.claims["iss"] = json!("https://another.example")),
                ("exp", |draft| draft.claims["exp"] = json!(1)),
                ("none", |draft| {
                    draft.header["alg"] = json!("none");
                    draft.by = SignedBy::Nobody;
                }),
            ];
            for (name, edit) in edits {
                site.op.edit_id_token(edit);
                let mut browser = site.browser();
                let reply = site.sign_in(&mut browser).await;
                assert_eq!((reply.status, reply.text.contains("Sign-in failed")), (401, true), "{name}");
                assert!(!browser.cookies.contains_key("kong_sso_session"), "{name}");
            }
        },
    )
    .await;
}

#[actix_web::test]
async fn km_033_the_admin_claim_may_come_from_user_info() {
    with_site(
        |settings| auth(settings).relying_party.search_user_info = true,
        async |site| {
            site.op.edit_id_token(|draft| {
                draft.claims.as_object_mut().unwrap().remove("email");
            });
            let mut browser = site.signed_in().await;
            assert_eq!(browser.fetch("GET", "/_api/services", "").await.status, 200);
        },
    )
    .await;
}

#[actix_web::test]
async fn a_missing_admin_claim_is_401_for_people_and_machines() {
    with_site(
        |_| {},
        async |site| {
            site.person("x", json!({"groups": ["platform-admins"]}));
            let mut browser = site.browser();
            assert_eq!(site.sign_in(&mut browser).await.status, 401);
            let answer = site.answer(&mut browser, "").await;
            let reply = browser.fetch("GET", &answer, "").await;
            assert_eq!((reply.status, reply.json()), (401, json!({"message": "Unauthorized"})));
            assert_eq!(reply.header("x-kong-sso-error"), "admin_claim_missing");
        },
    )
    .await;
}

#[actix_web::test]
async fn km_039_a_strict_cookie_is_followed_by_a_page_that_leads_on() {
    with_site(
        |settings| auth(settings).session.cookie_same_site = SameSite::Strict,
        async |site| {
            let mut browser = site.browser();
            let reply = site.sign_in(&mut browser).await;
            assert_eq!(reply.status, 200);
            assert!(reply.set_cookie("kong_sso_session").unwrap().contains("SameSite=Strict"));
            assert!(reply.text.contains(&format!("0;url={}/", site.running.gui)) && reply.text.contains("continue."));
            assert!(!reply.text.contains("<script>"), "no inline script");
            assert_eq!(browser.navigate("/").await.status, 200);
        },
    )
    .await;
}

#[actix_web::test]
async fn km_040_without_the_provider_the_sign_in_is_502_and_tokens_work() {
    with_site(
        |_| {},
        async |site| {
            for door in [Door::Discovery, Door::OauthDiscovery] {
                site.op.break_door(door, Fault::Status(503));
            }
            let other = site.another_node().await;
            let mut browser = crate::support::browser::Browser::at(&other.gui);
            let reply = browser.navigate("/_api/auth").await;
            assert_eq!(reply.status, 502);
            assert!(reply.text.contains("The identity provider could not be reached"), "{}", reply.text);
            assert_eq!(reply.header("retry-after"), "5");
            let json = browser.fetch("GET", "/_api/auth", "").await;
            assert_eq!(json.json(), json!({"message": "The identity provider could not be reached"}));
            site.op.mend_door(Door::Discovery);
            site.op.mend_door(Door::OauthDiscovery);
            site.later(6);
            assert_eq!(browser.navigate("/_api/auth").await.status, 302, "it recovers by itself");
            other.stop().await;
        },
    )
    .await;
}

#[actix_web::test]
async fn several_tabs_sign_in_at_once() {
    with_site(
        |_| {},
        async |site| {
            let mut browser = site.browser();
            let answers = [
                site.answer(&mut browser, "?return_to=%2Fa").await,
                site.answer(&mut browser, "?return_to=%2Fb").await,
            ];
            for (answer, place) in answers.iter().zip(["/a", "/b"]) {
                let reply = browser.navigate(answer).await;
                assert_eq!((reply.status, reply.location()), (302, &*format!("{}{place}", site.running.gui)));
            }
        },
    )
    .await;
}

#[actix_web::test]
async fn odd_requests_to_auth_are_refused_clearly() {
    with_site(
        |_| {},
        async |site| {
            let mut browser = site.browser();
            for (path, status) in [
                ("/_api/auth?code=a&code=b&state=s", 401),
                ("/_api/auth?code=a", 401),
                ("/_api/auth?error=access_denied&state=unknown", 401),
            ] {
                assert_eq!(browser.fetch("GET", path, "").await.status, status, "{path}");
            }
            assert_eq!(browser.fetch("PUT", "/_api/auth", "").await.status, 405);
            assert_eq!(browser.fetch("POST", "/_api/auth", "").await.status, 400);
            assert_eq!(browser.fetch("DELETE", "/_api/auth?session_logout=true", "").await.status, 401);
        },
    )
    .await;
}
