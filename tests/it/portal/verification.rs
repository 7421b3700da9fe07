//! Scenarios 12 to 17: proving an address.

use serde_json::json;

use super::{PASSWORD, with_portal};

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
