//! Scenarios 12 to 17: proving an address.

use serde_json::json;

use super::{PASSWORD, registration, with_portal};

#[actix_web::test]
async fn dp_012_who_is_approved_at_once_signs_in_after_verifying() {
    with_portal(
        |settings| {
            settings.portal.rules.email_verification = true;
            settings.portal.rules.auto_approve = true;
        },
        async |scene| {
            assert_eq!(scene.register("ann@example.com").await["developer"]["status"], 5);
            let refused = scene.client().log_in("ann@example.com", PASSWORD).await;
            assert_eq!((refused.status, &refused.json()["status"]), (401, &json!(5)));
            let token = scene.mails_to("ann@example.com").await[0].token("/account/verify");
            let verified = scene.client().post("/verify-account", json!({"token": token})).await;
            assert_eq!((verified.status, verified.json()), (200, json!({"status": 0})));
            assert_eq!(scene.client().log_in("ann@example.com", PASSWORD).await.status, 204);
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_013_who_is_not_approved_at_once_waits_after_verifying_and_the_admins_are_told() {
    with_portal(
        |settings| settings.portal.rules.email_verification = true,
        async |scene| {
            scene.register("ann@example.com").await;
            assert!(scene.mails_to("boss@example.com").await.is_empty(), "nobody waits yet");
            let token = scene.mails_to("ann@example.com").await[0].token("/account/verify");
            let verified = scene.client().post("/verify-account", json!({"token": token})).await;
            assert_eq!((verified.status, verified.json()), (200, json!({"status": 1})));
            let pending = scene.mails_to("ann@example.com").await;
            assert!(pending.len() == 2 && pending[1].text.contains("has to approve"), "{pending:?}");
            assert_eq!(scene.mails_to("boss@example.com").await.len(), 1);
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_014_a_verification_token_works_once_and_must_be_there() {
    with_portal(
        |settings| settings.portal.rules.email_verification = true,
        async |scene| {
            scene.register("ann@example.com").await;
            let token = scene.mails_to("ann@example.com").await[0].token("/account/verify");
            let mut client = scene.client();
            assert_eq!(client.post("/verify-account", json!({"token": token})).await.status, 200);
            assert_eq!(client.post("/verify-account", json!({"token": token})).await.status, 401);
            let missing = client.post("/verify-account", json!({})).await;
            assert_eq!((missing.status, &missing.json()["message"]), (400, &json!("token is required")));
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_015_opening_the_link_does_nothing_until_the_button_is_pressed() {
    with_portal(
        |settings| settings.portal.rules.email_verification = true,
        async |scene| {
            scene.register("ann@example.com").await;
            let token = scene.mails_to("ann@example.com").await[0].token("/account/verify");
            let page = format!("/default/account/verify?token={token}");
            let browser = scene.browser();
            let shown = browser.get(&page).await;
            assert_eq!((shown.status, shown.headers["referrer-policy"].to_str().unwrap()), (200, "no-referrer"));
            let state =
                async || scene.admin("GET", "/developers/ann@example.com", json!(null)).await.1["status"].clone();
            assert_eq!(state().await, 5);
            let done = browser.submit(&page, "/default/account/verify", &[]).await;
            assert!(done.status == 200 && done.words().contains("Your address is verified"), "{}", done.text);
            assert_eq!(state().await, 1);
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_016_a_link_is_sent_again_to_whom_it_concerns_only() {
    with_portal(
        |settings| settings.portal.rules.email_verification = true,
        async |scene| {
            scene.register("ann@example.com").await;
            let first = scene.mails_to("ann@example.com").await[0].token("/account/verify");
            for email in ["nobody@example.com", "ann@example.com", "no address"] {
                let reply = scene.client().post("/resend-account-verification", json!({"email": email})).await;
                assert_eq!(reply.status, 204, "{email}");
            }
            let mails = scene.mails().await;
            assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["ann@example.com"; 2]);
            let mut client = scene.client();
            assert_eq!(client.post("/verify-account", json!({"token": first})).await.status, 401, "the older one");
            let newest = mails[1].token("/account/verify");
            assert_eq!(client.post("/verify-account", json!({"token": newest})).await.status, 200);
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_017_an_address_is_disowned_and_the_account_goes_after_a_week() {
    with_portal(
        |settings| settings.portal.rules.email_verification = true,
        async |scene| {
            scene.register("ann@example.com").await;
            let mail = scene.mails_to("ann@example.com").await.remove(0);
            let token = mail.token("/account/invalidate-verification");
            assert_eq!(token, mail.token("/account/verify"));
            let mut client = scene.client();
            let gone = client.post("/invalidate-account-verification", json!({"token": token})).await;
            assert_eq!(gone.status, 204);
            assert_eq!(client.post("/verify-account", json!({"token": token})).await.status, 401);
            let (_, ann) = scene.admin("GET", "/developers/ann@example.com", json!(null)).await;
            assert_eq!(ann["status"], 5);
            scene.running.later(7 * 86_400);
            scene.running.node.services().clean_up().await.unwrap();
            assert_eq!(scene.admin("GET", "/developers/ann@example.com", json!(null)).await.0, 404);
        },
    )
    .await;
}

#[actix_web::test]
async fn who_registers_an_unproven_address_first_has_no_key_to_the_account_of_its_owner() {
    with_portal(
        |settings| {
            settings.portal.rules.email_verification = true;
            settings.portal.rules.auto_approve = true;
        },
        async |scene| {
            let mut first = registration("ann@example.com");
            first["password"] = json!("the password of somebody else");
            first["meta"] = json!("{\"full_name\":\"Somebody Else\"}");
            let thief = scene.client().post("/register", first).await;
            assert_eq!(thief.status, 200, "{}", thief.text);
            let browser = scene.browser();
            let fields = [("email", "ann@example.com"), ("password", "the password of somebody else")];
            let waits = browser.submit_and_follow("/default/login", "/default/login", &fields).await;
            assert!(waits.words().contains("Verify your e-mail address first"), "{}", waits.text);
            let again = scene.register("ANN@example.com").await;
            assert_eq!((&again["developer"]["status"], &again["email"]), (&json!(5), &thief.json()["email"]));
            let mails = scene.mails_to("ann@example.com").await;
            let tokens: Vec<_> = mails.iter().map(|mail| mail.token("/account/verify")).collect();
            let mut client = scene.client();
            assert_eq!(client.post("/verify-account", json!({"token": tokens[0]})).await.status, 401, "the earlier");
            assert_eq!(client.post("/verify-account", json!({"token": tokens[1]})).await.json(), json!({"status": 0}));
            assert_eq!(browser.get("/default/settings").await.status, 303, "the first session is over");
            assert_eq!(client.log_in("ann@example.com", "the password of somebody else").await.status, 401);
            assert_eq!(client.log_in("ann@example.com", PASSWORD).await.status, 204);
            assert_eq!(client.get("/developer").await.json()["full_name"], "Ann Other");
            assert_eq!(scene.client().post("/register", registration("ann@example.com")).await.status, 409, "proven");
        },
    )
    .await;
}

#[actix_web::test]
async fn an_address_that_was_approved_unproven_belongs_to_whom_registers_last_and_is_mailed_three_times_an_hour() {
    with_portal(
        |settings| settings.portal.rules.email_verification = true,
        async |scene| {
            let mut first = registration("ann@example.com");
            first["password"] = json!("the password of somebody else");
            assert_eq!(scene.client().post("/register", first).await.status, 200);
            assert_eq!(scene.admin("PATCH", "/developers/ann@example.com", json!({"status": 0})).await.0, 200);
            scene.register("ann@example.com").await;
            let mails = scene.mails_to("ann@example.com").await;
            let token = mails.last().unwrap().token("/account/verify");
            for _ in 0..4 {
                scene.register("bob@example.com").await;
                scene.register("bob@example.com").await;
            }
            assert_eq!(scene.mails_to("bob@example.com").await.len(), 4, "the first and three more");
            assert_eq!(scene.client().post("/verify-account", json!({"token": token})).await.json()["status"], 0);
            let mut client = scene.client();
            assert_eq!(client.log_in("ann@example.com", "the password of somebody else").await.status, 401);
            assert_eq!(client.log_in("ann@example.com", PASSWORD).await.status, 204);
        },
    )
    .await;
}
