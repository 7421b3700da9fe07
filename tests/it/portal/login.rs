//! Scenarios 20 to 30: login, sessions, recovery.

use std::time::Instant;

use serde_json::json;

use super::{PASSWORD, with_portal};

#[actix_web::test]
async fn dp_020_a_login_sets_a_cookie_that_scripts_and_other_sites_do_not_get() {
    with_portal(
        |_| {},
        async |scene| {
            scene.developer("ann@example.com").await;
            let reply = scene.client().log_in("Ann@Example.com", PASSWORD).await;
            assert_eq!(reply.status, 204, "{}", reply.text);
            let cookie = reply.set_cookie("portal_session").unwrap();
            assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
            assert!(cookie.contains("Path=/default") && !cookie.contains("Secure"), "{cookie}");
        },
    )
    .await;
    with_portal(
        |settings| settings.portal.session.cookie_secure = Some(true),
        async |scene| {
            scene.developer("ann@example.com").await;
            let reply = scene.client().log_in("ann@example.com", PASSWORD).await;
            assert!(reply.set_cookie("portal_session").unwrap().contains("Secure"));
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_021_an_unknown_address_and_a_wrong_password_are_one_answer_after_the_same_time() {
    with_portal(
        |_| {},
        async |scene| {
            scene.developer("ann@example.com").await;
            let mut client = scene.client();
            let mut times = [0, 0];
            for _ in 0..5 {
                for (at, email) in ["ann@example.com", "nobody@example.com"].into_iter().enumerate() {
                    let begun = Instant::now();
                    let reply = client.log_in(email, "a wrong password").await;
                    times[at] += begun.elapsed().as_millis();
                    assert_eq!((reply.status, reply.json()), (401, json!({"message": "Unauthorized"})), "{email}");
                }
            }
            let [known, unknown] = times;
            assert!(known < unknown * 4 && unknown < known * 4, "{known} and {unknown} ms");
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_022_after_three_failures_only_a_reset_lets_a_developer_in() {
    with_portal(
        |settings| settings.portal.login_attempts = 3,
        async |scene| {
            scene.developer("ann@example.com").await;
            for _ in 0..3 {
                assert_eq!(scene.client().log_in("ann@example.com", "wrong").await.status, 401);
            }
            assert_eq!(scene.client().log_in("ann@example.com", PASSWORD).await.status, 401);
            let mut client = scene.client();
            assert_eq!(client.post("/forgot-password", json!({"email": "ann@example.com"})).await.status, 200);
            let token = scene.mails_to("ann@example.com").await[0].token("/reset-password");
            let reset = json!({"token": token, "password": "another password"});
            assert_eq!(client.post("/reset-password", reset).await.status, 200);
            assert_eq!(scene.client().log_in("ann@example.com", "another password").await.status, 204);
            for _ in 0..2 {
                assert_eq!(scene.client().log_in("ann@example.com", "wrong").await.status, 401);
            }
            assert_eq!(scene.client().log_in("ann@example.com", "another password").await.status, 204, "counts anew");
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_023_the_right_password_learns_that_the_account_waits() {
    with_portal(
        |_| {},
        async |scene| {
            scene.register("ann@example.com").await;
            let mut client = scene.client();
            let right = client.log_in("ann@example.com", PASSWORD).await;
            assert_eq!((right.status, &right.json()["status"]), (401, &json!(1)));
            assert!(client.cookies.is_empty());
            let wrong = client.log_in("ann@example.com", "wrong").await;
            assert_eq!((wrong.status, &wrong.json()["status"]), (401, &json!(null)));
            let browser = scene.browser();
            let fields = [("email", "ann@example.com"), ("password", PASSWORD)];
            let answer = browser.submit("/default/login", "/default/login", &fields).await;
            assert_eq!((answer.status, answer.location().as_str()), (303, "/default/pending"));
            let shown = browser.get("/default/pending").await;
            assert!(shown.words().contains("waits for approval"), "{}", shown.text);
            let settings = browser.get("/default/settings").await;
            assert_eq!((settings.status, settings.location().as_str()), (303, "/default/pending"));
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_024_a_logout_ends_the_session_for_every_copy_of_the_cookie() {
    with_portal(
        |_| {},
        async |scene| {
            scene.developer("ann@example.com").await;
            let mut ann = scene.signed_in("ann@example.com").await;
            let stolen = ann.cookies.clone();
            assert_eq!(ann.get("/developer").await.status, 200);
            assert_eq!(ann.delete("/auth?session_logout=true").await.status, 200);
            assert!(ann.cookies.is_empty());
            ann.cookies = stolen;
            assert_eq!(ann.get("/developer").await.status, 401);
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_025_a_revoked_developer_is_out_at_the_next_request() {
    with_portal(
        |_| {},
        async |scene| {
            scene.developer("ann@example.com").await;
            let mut ann = scene.signed_in("ann@example.com").await;
            let browser = scene.browser();
            let fields = [("email", "ann@example.com"), ("password", PASSWORD)];
            assert_eq!(browser.submit_and_follow("/default/login", "/default/login", &fields).await.status, 200);
            assert_eq!((ann.get("/developer").await.status, browser.get("/default/settings").await.status), (200, 200));
            let (status, body) = scene.admin("PATCH", "/developers/ann@example.com", json!({"status": 3})).await;
            assert_eq!((status, &body["developer"]["status"]), (200, &json!(3)));
            assert_eq!(ann.get("/developer").await.status, 401);
            let led = browser.get("/default/settings").await;
            assert_eq!((led.status, led.location().as_str()), (303, "/default/login?return_to=%2Fdefault%2Fsettings"));
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_026_a_session_ends_when_idle_and_at_its_absolute_end() {
    with_portal(
        |_| {},
        async |scene| {
            scene.developer("ann@example.com").await;
            let mut idle = scene.signed_in("ann@example.com").await;
            scene.running.later(899);
            assert_eq!(idle.get("/developer").await.status, 200);
            scene.running.later(900);
            assert_eq!(idle.get("/developer").await.status, 401);
            let mut active = scene.signed_in("ann@example.com").await;
            for step in 1..108 {
                scene.running.later(800);
                assert_eq!(active.get("/developer").await.status, 200, "step {step}");
            }
            scene.running.later(800);
            assert_eq!(active.get("/developer").await.status, 401, "the absolute end");
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_027_changes_from_elsewhere_are_refused() {
    with_portal(
        |_| {},
        async |scene| {
            scene.developer("ann@example.com").await;
            let browser = scene.browser();
            browser.get("/default/login").await;
            let fields = [("email", "ann@example.com"), ("password", PASSWORD)];
            let without = browser.post("/default/login", &fields).await;
            assert_eq!(without.status, 403, "no form token");
            let shown = browser.get("/default/login").await;
            let token = shown.one("input[name=csrf]").attr("value").unwrap().to_owned();
            let fields = [("email", "ann@example.com"), ("password", PASSWORD), ("csrf", token.as_str())];
            let foreign = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
            assert_eq!(browser.post_from("/default/login", &foreign, &fields).await.status, 403);
            let other = scene.browser();
            other.get("/default/login").await;
            assert_eq!(other.post("/default/login", &fields).await.status, 403, "another browser's token");
            assert_eq!(browser.post("/default/login", &fields).await.status, 303);
            let mut ann = scene.signed_in("ann@example.com").await;
            let body = json!({"meta": "{\"full_name\":\"Eve\"}"}).to_string();
            let json = ("content-type", "application/json");
            let refused = ann.send("PATCH", "/developer/meta", &[json, foreign[0], foreign[1]], Some(body)).await;
            assert_eq!(refused.status, 403);
            let form = ("content-type", "application/x-www-form-urlencoded");
            let refused = ann.send("PATCH", "/developer/meta", &[form], Some("meta=%7B%7D".to_owned())).await;
            assert_eq!(refused.status, 403, "a form with a cookie and no origin");
        },
    )
    .await;
}

#[actix_web::test]
async fn a_form_that_was_opened_without_the_session_works_with_it() {
    with_portal(
        |settings| settings.portal.rules.email_verification = true,
        async |scene| {
            scene.register("ann@example.com").await;
            let token = scene.mails_to("ann@example.com").await[0].token("/account/verify");
            let browser = scene.browser();
            // As if from a mail: the browser does not send a Strict cookie then.
            let shown = browser.get(&format!("/default/account/verify?token={token}")).await;
            let csrf = shown.one("input[name=csrf]").attr("value").unwrap().to_owned();
            let fields = [("email", "ann@example.com"), ("password", PASSWORD)];
            let pending = browser.submit_and_follow("/default/login", "/default/login", &fields).await;
            assert!(pending.words().contains("Verify your e-mail address first"), "{}", pending.text);
            let fields = [("csrf", csrf.as_str()), ("token", token.as_str())];
            let done = browser.post("/default/account/verify", &fields).await;
            assert!(done.status == 200 && done.words().contains("Your address is verified"), "{}", done.text);
        },
    )
    .await;
}

#[actix_web::test]
async fn logins_are_recorded_without_any_secret() {
    with_portal(
        |settings| {
            settings.audit.enabled = true;
            settings.audit.record_ttl = 3600;
        },
        async |scene| {
            scene.developer("ann@example.com").await;
            scene.client().log_in("ann@example.com", "a wrong password").await;
            scene.signed_in("ann@example.com").await.get("/developer").await;
            for _ in 0..100 {
                let (_, found) = scene.admin("GET", "/audit/requests?size=1000", json!(null)).await;
                let records = found["data"].as_array().unwrap().clone();
                let of_portal: Vec<_> = records.iter().filter(|it| it["request_source"] == "dev-portal").collect();
                if of_portal.len() < 2 {
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                    continue;
                }
                let rules: Vec<_> = of_portal.iter().map(|it| it["rule"].as_str().unwrap_or_default()).collect();
                assert_eq!(rules.len(), 2, "reading leaves no record: {rules:?}");
                assert!(rules.contains(&"portal.login.failure"), "{rules:?}");
                assert!(rules.iter().any(|rule| rule.starts_with("portal.login.success developer ")), "{rules:?}");
                assert!(!found.to_string().contains("wrong password"));
                return;
            }
            panic!("no records");
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_028_nobody_learns_from_forgot_password_whether_an_address_is_known() {
    with_portal(
        |_| {},
        async |scene| {
            scene.developer("ann@example.com").await;
            for email in ["ann@example.com", "nobody@example.com"] {
                let reply = scene.client().post("/forgot-password", json!({"email": email})).await;
                assert_eq!((reply.status, reply.text.as_str()), (200, ""), "{email}");
            }
            assert_eq!(scene.mails().await.len(), 1);
            for _ in 0..3 {
                scene.client().post("/forgot-password", json!({"email": "ann@example.com"})).await;
            }
            assert_eq!(scene.mails().await.len(), 3, "three mails an hour");
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_029_a_reset_link_works_once_in_time_and_ends_every_session() {
    with_portal(
        |_| {},
        async |scene| {
            scene.developer("ann@example.com").await;
            let mut ann = scene.signed_in("ann@example.com").await;
            let mut client = scene.client();
            client.post("/forgot-password", json!({"email": "ann@example.com"})).await;
            let token = scene.mails_to("ann@example.com").await[0].token("/reset-password");
            let with = |token: &str| json!({"token": token, "password": "another password"});
            assert_eq!(client.post("/validate-reset", json!({"token": token})).await.status, 200);
            let short = client.post("/reset-password", json!({"token": token, "password": "short"})).await;
            assert_eq!(short.status, 400, "and the token is not used up");
            assert_eq!(client.post("/reset-password", with(&token)).await.status, 200);
            assert_eq!(ann.get("/developer").await.status, 401);
            let mails = scene.mails_to("ann@example.com").await;
            assert!(mails[1].subject.contains("password was changed"), "{mails:?}");
            assert_eq!(client.post("/reset-password", with(&token)).await.status, 401);
            assert_eq!(client.post("/validate-reset", json!({"token": token})).await.status, 401);
            let missing = client.post("/reset-password", json!({"password": "another password"})).await;
            assert_eq!((missing.status, &missing.json()["message"]), (400, &json!("token is required")));
            client.post("/forgot-password", json!({"email": "ann@example.com"})).await;
            let late = scene.mails_to("ann@example.com").await[2].token("/reset-password");
            scene.running.later(21_600);
            assert_eq!(client.post("/reset-password", with(&late)).await.status, 401, "expired");
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_030_without_reset_mails_there_is_no_recovery() {
    with_portal(
        |settings| settings.portal.mails.reset = false,
        async |scene| {
            scene.developer("ann@example.com").await;
            for path in ["/forgot-password", "/validate-reset", "/reset-password"] {
                let body = json!({"email": "ann@example.com", "token": "x", "password": "another password"});
                assert_eq!(scene.client().post(path, body).await.status, 404, "{path}");
            }
            let browser = scene.browser();
            assert_eq!(browser.get("/default/forgot-password").await.status, 404);
            assert!(!browser.get("/default/login").await.words().contains("Forgot"));
        },
    )
    .await;
}

#[actix_web::test]
async fn a_reset_leaves_a_pending_developer_pending_and_a_session_of_another_workspace_is_none() {
    with_portal(
        |_| {},
        async |scene| {
            scene.register("ann@example.com").await;
            let mut client = scene.client();
            client.post("/forgot-password", json!({"email": "ann@example.com"})).await;
            let token = scene.mails_to("ann@example.com").await[0].token("/reset-password");
            let reset = json!({"token": token, "password": "another password"});
            assert_eq!(client.post("/reset-password", reset).await.status, 200);
            let login = client.log_in("ann@example.com", "another password").await;
            assert_eq!((login.status, &login.json()["status"]), (401, &json!(1)));
            scene.developer("bob@example.com").await;
            assert_eq!(scene.admin("POST", "/workspaces", json!({"name": "payments"})).await.0, 201);
            let bob = scene.signed_in("bob@example.com").await;
            let mut there = scene.client_of("payments");
            there.cookies.clone_from(&bob.cookies);
            assert_eq!(there.get("/developer").await.status, 401);
        },
    )
    .await;
}
