//! The admin page of developers.

use kong_sso::config::settings::EnforceRbac;
use serde_json::json;

use super::with_portal;
use crate::support::page_browser::Browser;

#[actix_web::test]
async fn developers_are_approved_rejected_revoked_and_deleted_by_the_pages() {
    with_portal(
        |settings| settings.rbac.enforce = EnforceRbac::Off,
        async |scene| {
            for email in ["ann@example.com", "bob@example.com"] {
                scene.register(email).await;
            }
            let browser = Browser::new(&scene.running.gui);
            let list = browser.get("/_sso/developers?status=1").await;
            assert!(list.all(".tabs a").contains(&"Requested access 2".to_owned()), "{:?}", list.all(".tabs a"));
            let bob = list.attributes("tbody th a", "href").remove(0);
            let ann = list.attributes("tbody th a", "href").remove(1);
            let path = |link: &str| link.split('?').next().unwrap().to_owned();
            let approve = [("status", "0")];
            let done = browser.submit_and_follow("/_sso/developers?status=1", &path(&ann), &approve).await;
            assert!(done.words().contains("ann@example.com is approved now."), "{}", done.text);
            assert_eq!(scene.client().log_in("ann@example.com", super::PASSWORD).await.status, 204);
            let reject = [("status", "2"), ("reason", "unknown <company>")];
            let done = browser.submit_and_follow(&bob, &path(&bob), &reject).await;
            assert!(done.words().contains("bob@example.com is rejected now."), "{}", done.text);
            assert!(done.text.contains("unknown &#60;company&#62;"), "{}", done.text);
            let refused = browser.submit(&bob, &path(&bob), &[("status", "3")]).await;
            assert!(refused.status == 409 && refused.words().contains("Invalid status transition"), "{}", refused.text);
            let revoked = browser.submit_and_follow(&ann, &path(&ann), &[("status", "3")]).await;
            assert!(revoked.words().contains("ann@example.com is revoked now."), "{}", revoked.text);
            let delete = format!("{}/delete", path(&bob));
            let wrong = browser.submit(&bob, &delete, &[("confirm", "bob")]).await;
            assert_eq!(wrong.status, 422);
            let gone = browser.submit_and_follow(&bob, &delete, &[("confirm", "bob@example.com")]).await;
            assert!(gone.words().contains("bob@example.com was deleted"), "{}", gone.text);
            let lines = browser.get("/_sso/developers/export").await;
            assert_eq!(lines.text, "Email, Status\r\nann@example.com, REVOKED\r\n");
        },
    )
    .await;
}

#[actix_web::test]
async fn developers_are_invited_by_the_page_and_refused_addresses_are_told() {
    with_portal(
        |settings| settings.rbac.enforce = EnforceRbac::Off,
        async |scene| {
            let browser = Browser::new(&scene.running.gui);
            let emails = [("emails", "ann@example.com, nobody\nbob@example.com")];
            let done = browser.submit_and_follow("/_sso/developers", "/_sso/developers/invite", &emails).await;
            assert!(done.words().contains("2 invitations are on the way."), "{}", done.text);
            assert!(done.words().contains("nobody not a valid e-mail address"), "{}", done.text);
            assert_eq!(scene.mails_to("bob@example.com").await.len(), 1);
        },
    )
    .await;
}

#[actix_web::test]
async fn a_workspace_with_developers_is_not_empty() {
    with_portal(
        |_| {},
        async |scene| {
            assert_eq!(scene.admin("POST", "/workspaces", json!({"name": "payments"})).await.0, 201);
            let new = json!({"email": "ann@example.com"});
            assert_eq!(scene.admin("POST", "/payments/developers", new).await.0, 200);
            let (status, body) = scene.admin("DELETE", "/workspaces/payments", json!(null)).await;
            assert_eq!((status, &body["message"]), (400, &json!("Workspace is not empty")));
            assert_eq!(scene.admin("DELETE", "/workspaces/payments?cascade=true", json!(null)).await.0, 204);
        },
    )
    .await;
}
