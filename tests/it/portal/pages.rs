//! The pages as people walk through them.

use super::{PASSWORD, with_portal};
use serde_json::json;

#[actix_web::test]
async fn somebody_registers_is_approved_and_signs_in_and_out() {
    with_portal(
        |_| {},
        async |scene| {
            let browser = scene.browser();
            let home = browser.get("/default/").await;
            assert!(home.words().contains("No API is published yet"), "{}", home.text);
            let wrong = [("email", "no address"), ("password", "short"), ("meta.full_name", "")];
            let refused = browser.submit("/default/register", "/default/register", &wrong).await;
            assert_eq!(refused.status, 422);
            assert_eq!(refused.all(".error-text").len(), 3, "{}", refused.text);
            let right = [("email", "ann@example.com"), ("password", PASSWORD), ("meta.full_name", "Ann <Other>")];
            let done = browser.submit_and_follow("/default/register", "/default/register", &right).await;
            assert!(done.words().contains("An administrator has to approve"), "{}", done.text);
            assert_eq!(scene.admin("PATCH", "/developers/ann@example.com", json!({"status": 0})).await.0, 200);
            let bad = [("email", "ann@example.com"), ("password", "wrong")];
            let refused = browser.submit("/default/login", "/default/login", &bad).await;
            assert!(refused.status == 401 && refused.words().contains("password is wrong"), "{}", refused.text);
            let good = [("email", "ann@example.com"), ("password", PASSWORD)];
            let to = "/default/login?return_to=%2Fdefault%2Fsettings";
            let shown = browser.submit_and_follow(to, "/default/login", &good).await;
            assert!(
                shown.words().contains("Your account") && shown.text.contains("Ann &#60;Other&#62;"),
                "{}",
                shown.text
            );
            let out = browser.submit_and_follow("/default/settings", "/default/logout", &[]).await;
            assert!(out.words().contains("You are signed out."), "{}", out.text);
            assert_eq!(browser.get("/default/settings").await.status, 303);
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_040_a_way_back_leads_nowhere_else() {
    with_portal(
        |_| {},
        async |scene| {
            scene.developer("ann@example.com").await;
            for evil in [
                "//evil.test",
                "https://evil.test/",
                "/default//evil.test",
                "/default/../x",
                "/other/",
                "/default/\\x",
                "/default/\t/evil.test",
                "/default/.\t./other/",
                "/default/%2e%2E/other/",
                "/default/.%2e/other/",
                "/default%2F..%2fother/",
                "/default/x%2F..%2fother/",
                "/default/x%5C..%5cother/",
            ] {
                let browser = scene.browser();
                let query =
                    url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", evil).finish();
                let fields = [("email", "ann@example.com"), ("password", PASSWORD)];
                let answer = browser.submit(&format!("/default/login?{query}"), "/default/login", &fields).await;
                assert_eq!((answer.status, answer.location().as_str()), (303, "/default/"), "{evil}");
            }
        },
    )
    .await;
}

#[actix_web::test]
async fn a_profile_is_kept_with_password_sessions_and_deletion() {
    with_portal(
        |_| {},
        async |scene| {
            scene.developer("ann@example.com").await;
            let (browser, other) = (scene.browser(), scene.browser());
            let good = [("email", "ann@example.com"), ("password", PASSWORD)];
            for one in [&browser, &other] {
                assert_eq!(one.submit_and_follow("/default/login", "/default/login", &good).await.status, 200);
            }
            let settings = "/default/settings";
            let saved = [("meta.full_name", "Ann New")];
            let saved = browser.submit_and_follow(settings, "/default/settings/profile", &saved).await;
            assert!(saved.words().contains("Your profile was saved.") && saved.words().contains("Ann New"));
            let empty = browser.submit(settings, "/default/settings/profile", &[("meta.full_name", "")]).await;
            assert!(empty.status == 422 && empty.words().contains("Required field missing"), "{}", empty.text);
            let wrong = [("email", "new@example.com"), ("email_password", "x")];
            let wrong = browser.submit(settings, "/default/settings/email", &wrong).await;
            assert!(wrong.status == 422 && wrong.words().contains("Old password is invalid"), "{}", wrong.text);
            let mail = [("email", "new@example.com"), ("email_password", PASSWORD)];
            let asked = browser.submit_and_follow(settings, "/default/settings/email", &mail).await;
            assert!(asked.words().contains("A link was sent"), "{}", asked.text);
            let wrong = [("old_password", "x"), ("password", "another password")];
            let wrong = browser.submit(settings, "/default/settings/password", &wrong).await;
            assert!(wrong.status == 422 && wrong.words().contains("Old password is invalid"), "{}", wrong.text);
            let right = [("old_password", PASSWORD), ("password", "another password")];
            let changed = browser.submit_and_follow(settings, "/default/settings/password", &right).await;
            assert!(changed.words().contains("Your password was changed."), "{}", changed.text);
            assert_eq!(other.get(settings).await.status, 303, "the other session is over");
            let again = [("email", "ann@example.com"), ("password", "another password")];
            other.submit_and_follow("/default/login", "/default/login", &again).await;
            assert_eq!(browser.get(settings).await.all("tbody tr").len(), 2);
            let ended = browser.submit_and_follow(settings, "/default/settings/sessions/end", &[]).await;
            assert!(ended.words().contains("One other session was ended."), "{}", ended.text);
            let deleted = [("delete_password", "another password")];
            let deleted = browser.submit_and_follow(settings, "/default/settings/delete", &deleted).await;
            assert!(deleted.words().contains("Your account was deleted."), "{}", deleted.text);
            assert_eq!(scene.admin("GET", "/developers/ann@example.com", json!(null)).await.0, 404);
        },
    )
    .await;
}

#[actix_web::test]
async fn a_password_is_reset_by_the_pages() {
    with_portal(
        |_| {},
        async |scene| {
            scene.developer("ann@example.com").await;
            let browser = scene.browser();
            let forgot = "/default/forgot-password";
            let said = browser.submit_and_follow(forgot, forgot, &[("email", "ann@example.com")]).await;
            assert!(said.words().contains("is on its way"), "{}", said.text);
            let token = scene.mails_to("ann@example.com").await[0].token("/reset-password");
            let page = format!("/default/reset-password?token={token}");
            let short = browser.submit(&page, "/default/reset-password", &[("password", "short")]).await;
            assert!(short.status == 422 && short.words().contains("too short"), "{}", short.text);
            let new = [("password", "another password")];
            let done = browser.submit_and_follow(&page, "/default/reset-password", &new).await;
            assert!(done.words().contains("Your password was changed."), "{}", done.text);
            let over = browser.get(&page).await;
            assert!(over.status == 410 && over.words().contains("does not work any more"), "{}", over.text);
        },
    )
    .await;
}

#[actix_web::test]
async fn where_addresses_are_verified_a_taken_one_looks_like_a_new_one_and_its_owner_is_told() {
    with_portal(
        |settings| settings.portal.rules.email_verification = true,
        async |scene| {
            scene.developer("ann@example.com").await;
            for email in ["ann@example.com", "new@example.com"] {
                let fields = [("email", email), ("password", PASSWORD), ("meta.full_name", "Ann")];
                let browser = scene.browser();
                let done = browser.submit("/default/register", "/default/register", &fields).await;
                assert_eq!((done.status, done.location().as_str()), (303, "/default/check-mail"), "{email}");
            }
            let told = scene.mails_to("ann@example.com").await;
            assert!(told.len() == 1 && told[0].subject.contains("account already"), "{told:?}");
            scene.admin("POST", "/developers/invite", json!({"emails": ["bob@example.com"]})).await;
            let fields = [("email", "bob@example.com"), ("password", PASSWORD), ("meta.full_name", "Bob")];
            let done = scene.browser().submit("/default/register", "/default/register", &fields).await;
            assert_eq!((done.status, done.location().as_str()), (303, "/default/check-mail"), "an invited one too");
            let told = scene.mails_to("bob@example.com").await;
            assert!(told.len() == 2 && told[1].subject.contains("invitation waits"), "{told:?}");
        },
    )
    .await;
}

#[actix_web::test]
async fn an_invitation_is_completed_by_its_page() {
    with_portal(
        |settings| settings.portal.rules.auto_approve = true,
        async |scene| {
            scene.admin("POST", "/developers/invite", json!({"emails": ["ann@example.com"]})).await;
            let token = scene.mails_to("ann@example.com").await[0].token("/register");
            let browser = scene.browser();
            let page = format!("/default/register?token={token}");
            let shown = browser.get(&page).await;
            assert_eq!(shown.one("#email").attr("readonly"), Some(""));
            let fields = [("password", PASSWORD), ("meta.full_name", "Ann")];
            let done = browser.submit_and_follow(&page, "/default/register", &fields).await;
            assert!(done.words().contains("Your account is ready."), "{}", done.text);
            assert!(browser.get(&page).await.words().contains("This invitation cannot be used."));
            assert_eq!(scene.client().log_in("ann@example.com", PASSWORD).await.status, 204);
        },
    )
    .await;
}
