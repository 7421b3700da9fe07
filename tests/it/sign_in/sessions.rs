//! Scenarios 35 to 38: how a session ends, and how it goes on.

use std::time::Duration;

use kong_sso::domain::admin::AdminStatus;
use kong_sso::store::epochs::{self, Epoch};
use kong_sso::store::{admins, login_sessions};
use serde_json::json;

use super::with_site;
use crate::store::NOW;
use crate::support::browser::Browser;
use crate::support::op::{ACCESS_TOKEN_LIFETIME, Door, Fault, RefreshMode};

async fn status(browser: &mut Browser) -> u16 {
    browser.fetch("GET", "/_api/services", "").await.status
}

/// Tries until the answer is `wanted`, within two seconds.
async fn becomes(browser: &mut Browser, wanted: u16) -> bool {
    for _ in 0..40 {
        if status(browser).await == wanted {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

#[actix_web::test]
async fn km_035_an_idle_session_is_401_with_the_way_to_the_sign_in() {
    with_site(
        |_| {},
        async |site| {
            let mut browser = site.signed_in().await;
            site.later(899);
            assert_eq!(status(&mut browser).await, 200);
            site.later(900);
            let reply = browser.fetch("GET", "/_api/services", "").await;
            assert_eq!((reply.status, reply.json()), (401, json!({"message": "Unauthorized"})));
            assert_eq!(reply.header("x-kong-sso-login"), "/_api/auth");
            assert!(reply.location().is_empty(), "never a redirect for a script");
            assert_eq!(browser.navigate("/services").await.status, 302, "a document leads to the sign-in");
        },
    )
    .await;
}

#[actix_web::test]
async fn km_036_use_renews_a_session_until_its_absolute_end() {
    with_site(
        |_| {},
        async |site| {
            let mut browser = site.signed_in().await;
            let mut renewals = 0;
            for _ in 0..107 {
                site.later(800);
                let reply = browser.fetch("GET", "/_api/services", "").await;
                assert_eq!(reply.status, 200);
                renewals += usize::from(reply.set_cookie("kong_sso_session").is_some());
            }
            assert!((20..40).contains(&renewals), "renewed {renewals} times in 24 hours");
            site.later(801);
            assert_eq!(status(&mut browser).await, 401, "older than the absolute limit");
        },
    )
    .await;
}

#[actix_web::test]
async fn km_037_signing_out_ends_the_session_and_names_the_providers_door() {
    with_site(
        |_| {},
        async |site| {
            let mut browser = site.signed_in().await;
            let mut copy = browser.clone();
            let reply = browser.fetch("DELETE", "/_api/auth?session_logout=true", "").await;
            assert_eq!(reply.status, 200);
            let url = url::Url::parse(reply.json()["logout_url"].as_str().unwrap()).unwrap();
            let query: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
            assert!(query["id_token_hint"].split('.').count() == 3);
            assert_eq!(query["post_logout_redirect_uri"], format!("{}/", site.running.gui));
            assert!(reply.set_cookie("kong_sso_session").unwrap().contains("Max-Age=0"));
            assert_eq!(status(&mut copy).await, 401, "the old cookie is dead");
        },
    )
    .await;
}

#[actix_web::test]
async fn km_037_another_site_cannot_sign_somebody_out() {
    with_site(
        |_| {},
        async |site| {
            let mut browser = site.signed_in().await;
            let headers = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
            let reply = browser.send("DELETE", "/_api/auth?session_logout=true", &headers, "").await;
            assert_eq!((reply.status, reply.json()), (403, json!({"message": "Cross-site request refused"})));
            assert_eq!(status(&mut browser).await, 200);
        },
    )
    .await;
}

#[actix_web::test]
async fn km_038_a_session_ended_on_one_node_is_over_on_the_other() {
    with_site(
        |_| {},
        async |site| {
            let mut browser = site.signed_in().await;
            let other = site.another_node().await;
            let mut elsewhere = Browser::at(&other.gui);
            elsewhere.cookies = browser.cookies.clone();
            assert_eq!(status(&mut elsewhere).await, 200);
            assert_eq!(browser.fetch("DELETE", "/_api/auth?session_logout=true", "").await.status, 200);
            assert!(becomes(&mut elsewhere, 401).await);
            other.stop().await;
        },
    )
    .await;
}

#[actix_web::test]
async fn tokens_are_refreshed_once_however_many_requests_come() {
    with_site(
        |_| {},
        async |site| {
            let browser = site.signed_in().await;
            let other = site.another_node().await;
            site.later(ACCESS_TOKEN_LIFETIME - 10);
            let before = site.op.hits(Door::Token);
            let origins = [&site.running.gui, &other.gui];
            let calls = (0..20).map(|at| {
                let mut browser = browser.clone();
                browser.origin = origins[at % 2].clone();
                async move { status(&mut browser).await }
            });
            let statuses = futures_util::future::join_all(calls).await;
            assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
            assert_eq!(site.op.hits(Door::Token) - before, 1);
            other.stop().await;
        },
    )
    .await;
}

#[actix_web::test]
async fn a_refused_refresh_ends_the_session_and_a_provider_that_is_down_does_not() {
    with_site(
        |_| {},
        async |site| {
            let mut browser = site.signed_in().await;
            site.op.break_door(Door::Token, Fault::Status(503));
            site.later(ACCESS_TOKEN_LIFETIME);
            assert_eq!(status(&mut browser).await, 200, "the way to the provider is broken, the session is not");
            site.op.mend_door(Door::Token);
            site.op.change(|b| b.refresh = RefreshMode::Reject("invalid_grant"));
            site.later(11);
            assert_eq!(status(&mut browser).await, 401);
        },
    )
    .await;
}

#[actix_web::test]
async fn a_withdrawn_admin_loses_the_running_session() {
    with_site(
        |_| {},
        async |site| {
            let mut browser = site.signed_in().await;
            assert_eq!(status(&mut browser).await, 200);
            let mut tx = site.store.write().await.unwrap();
            let admin = admins::find_by_username(&mut tx, "alice@example.com").await.unwrap().unwrap();
            admins::set_status(&mut tx, admin.id, AdminStatus::Revoked, NOW).await.unwrap();
            epochs::bump(&mut tx, Epoch::Rbac).await.unwrap();
            tx.commit().await.unwrap();
            assert!(becomes(&mut browser, 401).await);
        },
    )
    .await;
}

#[actix_web::test]
async fn a_forged_or_foreign_cookie_is_no_session() {
    with_site(
        |_| {},
        async |site| {
            for value in ["x", "", "a=b", &"A".repeat(4000)] {
                let mut browser = site.browser();
                browser.cookies.insert("kong_sso_session".to_owned(), value.to_owned());
                assert_eq!(status(&mut browser).await, 401, "{value}");
            }
            let mut nobody = site.browser();
            let reply = nobody.fetch("GET", "/_api/services", "").await;
            assert_eq!((reply.status, reply.json()), (401, json!({"message": "Invalid RBAC credentials"})));
        },
    )
    .await;
}

#[actix_web::test]
async fn the_store_keeps_neither_cookies_nor_readable_tokens() {
    with_site(
        |_| {},
        async |site| {
            let browser = site.signed_in().await;
            let mut connection = site.store.read().await.unwrap();
            let admin = admins::find_by_username(&mut connection, "alice@example.com").await.unwrap().unwrap();
            let sessions = login_sessions::list_of_admin(&mut connection, admin.id).await.unwrap();
            let sealed = &sessions[0].sealed_tokens.as_ref().unwrap().0;
            assert!(sealed.starts_with("v1.") && !sealed.contains("eyJ"));
            assert!(browser.cookies["kong_sso_session"].len() > 60, "encrypted, not the bare key");
        },
    )
    .await;
}
