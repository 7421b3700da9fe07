//! Signing in and out by pages, and what they answer before.

use crate::pages::{person, with_changed_scene, with_scene};
use crate::store::NOW;
use crate::support::op::Door;
use kong_sso::config::settings::EnforceRbac;
use kong_sso::services::bootstrap;

#[actix_web::test]
async fn km_022_a_page_without_a_session_leads_to_the_sign_in_and_back() {
    with_scene(async |scene| {
        let browser = scene.browser();
        let refused = browser.get("/_sso/groups?q=a%26b").await;
        assert_eq!(
            (refused.status, refused.location().as_str()),
            (303, "/_sso/login?return_to=%2F_sso%2Fgroups%3Fq%3Da%2526b")
        );
        let login = browser.get(&refused.location()).await;
        assert_eq!(login.status, 200);
        assert_eq!(login.all("h1"), ["Sign in to Kong Manager"]);
        assert_eq!(
            login.one("a.btn-primary").attr("href").unwrap(),
            "/_api/auth?return_to=%2F_sso%2Fgroups%3Fq%3Da%2526b"
        );
        let landed = browser.sign_in(&scene.op, person("root", &["platform-admins"]), "/_sso/groups?q=a%26b").await;
        assert_eq!(landed, format!("{}/_sso/groups?q=a%26b", scene.running.gui));
        assert_eq!(browser.get(&landed).await.all("h1"), ["Groups"]);
        assert_eq!(browser.get("/_sso/login").await.location(), "/_sso/");
    })
    .await;
}

#[actix_web::test]
async fn pages_answer_a_script_without_session_by_json() {
    with_scene(async |scene| {
        let url = format!("{}/_sso/groups", scene.running.gui);
        let answer = reqwest::Client::new().get(url).send().await.unwrap();
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.headers()["x-kong-sso-login"], "/_api/auth");
        assert_eq!(answer.headers()["x-kong-admin-request-id"].len(), 32);
    })
    .await;
}

#[actix_web::test]
async fn km_037_signing_out_ends_the_session_and_leads_to_the_provider() {
    with_scene(async |scene| {
        let browser = scene.root().await;
        let asked = browser.get("/_sso/logout").await;
        assert_eq!(asked.all("h1"), ["Sign out?"]);
        let cookie = browser.cookie("kong_sso_session").unwrap();
        let leaving = browser.submit("/_sso/logout", "/_sso/logout", &[]).await;
        assert_eq!(leaving.status, 200, "{}", leaving.text);
        let target = leaving.one("a#continue").attr("href").unwrap().to_owned();
        assert!(target.starts_with(scene.op.url("/").as_str()), "{target}");
        for part in ["id_token_hint=", "post_logout_redirect_uri=", "state="] {
            assert!(target.contains(part), "{target}");
        }
        browser.set_cookie("kong_sso_session", &cookie);
        assert_eq!(browser.get("/_sso/").await.status, 303);
        let back = browser.get("/_sso/logout?state=x").await;
        assert_eq!(back.all("h1"), ["You are signed out"]);
        assert!(back.words().contains("here and at the identity provider"));
    })
    .await;
}

#[actix_web::test]
async fn a_provider_without_sign_out_leaves_a_page_that_says_so() {
    with_scene(async |scene| {
        scene.op.edit_metadata(|metadata| {
            metadata.as_object_mut().unwrap().remove("end_session_endpoint");
        });
        let browser = scene.root().await;
        let out = browser.submit("/_sso/", "/_sso/logout", &[]).await;
        assert_eq!((out.status, out.all("h1")), (200, vec!["You are signed out".to_owned()]));
        assert!(out.words().contains("You may still be signed in at the identity provider"));
        assert_eq!(browser.get("/_sso/").await.status, 303);
    })
    .await;
}

#[actix_web::test]
async fn an_expired_session_leads_to_the_sign_in_and_back_to_the_page_of_the_form() {
    with_scene(async |scene| {
        let browser = scene.root().await;
        scene.running.later(901);
        let expired = browser
            .post_from(
                "/_sso/groups",
                &[("sec-fetch-site", "same-origin"), ("referer", &format!("{}/_sso/groups?q=x", scene.running.gui))],
                &[("name", "ops")],
            )
            .await;
        assert_eq!(expired.location(), "/_sso/login?return_to=%2F_sso%2Fgroups");
        assert_eq!(browser.get("/_sso/groups").await.status, 303);
    })
    .await;
}

#[actix_web::test]
async fn without_sign_in_and_rbac_pages_are_open_and_say_so() {
    let open = |settings: &mut kong_sso::config::Settings| {
        settings.admin_auth = None;
        settings.rbac.enforce = EnforceRbac::Off;
    };
    with_changed_scene(open, async |scene| {
        let browser = scene.browser();
        let home = browser.get("/_sso/").await;
        assert_eq!(home.status, 200);
        assert!(home.words().contains("RBAC is off"));
        assert!(!home.has("details.menu") && home.words().contains("No sign-in"));
        assert_eq!(browser.get("/_sso/groups").await.status, 200);
        for absent in ["/_sso/profile", "/_sso/sso"] {
            assert_eq!(browser.get(absent).await.status, 404, "{absent}");
        }
    })
    .await;
}

#[actix_web::test]
async fn with_rbac_but_without_sign_in_pages_say_what_to_configure() {
    let closed = |settings: &mut kong_sso::config::Settings| {
        settings.admin_auth = None;
        settings.rbac.enforce = EnforceRbac::Off;
    };
    // A store that somebody used: otherwise the node would not start.
    with_changed_scene(closed, async |scene| {
        bootstrap::first_super_admin(&scene.store, &"first".into(), NOW).await.unwrap();
        let mut settings = scene.running.node.services().settings.as_ref().clone();
        settings.rbac.enforce = EnforceRbac::On;
        let running = crate::support::node::start(settings).await;
        for path in ["/_sso", "/_sso/", "/_sso/groups", "/_sso/nowhere"] {
            let page = crate::support::page_browser::Browser::new(&running.gui).get(path).await;
            assert_eq!(page.all("h1"), ["No sign-in is configured"], "{path}");
        }
        running.stop().await;
    })
    .await;
}

#[actix_web::test]
async fn a_provider_that_is_down_gives_an_error_page_with_an_id() {
    with_scene(async |scene| {
        scene.op.break_door(Door::Discovery, crate::support::op::Fault::Status(503));
        let browser = scene.browser();
        let failed = browser.get("/_api/auth?return_to=%2F_sso%2F").await;
        assert_eq!(failed.status, 502);
        assert!(failed.words().contains("The identity provider could not be reached"));
    })
    .await;
}
