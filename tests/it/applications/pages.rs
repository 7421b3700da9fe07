//! The same through pages, without scripts.

use kong_sso::config::settings::EnforceRbac;
use serde_json::json;

use super::desk::{Desk, with_settings};
use crate::portal::PASSWORD;
use crate::support::page_browser::Browser;

/// Pages of a portal whose admin pages ask nobody who they are.
async fn with_pages<F: AsyncFn(&Desk)>(test: F) {
    with_settings(|settings| settings.rbac.enforce = EnforceRbac::Off, test).await;
}

pub(super) async fn developer(desk: &Desk) -> Browser {
    let body =
        json!({ "email": "ann@example.test", "password": PASSWORD, "status": 0, "meta": { "full_name": "Ann Other" } });
    assert_eq!(desk.admin().post("/developers", body).await.status, 200);
    let browser = Browser::new(&desk.pages);
    let fields = [("email", "ann@example.test"), ("password", PASSWORD)];
    let signed_in = browser.submit("/default/login", "/default/login", &fields).await;
    assert_eq!(signed_in.status, 303, "{}", signed_in.text);
    browser
}

#[actix_web::test]
async fn dp_058_dp_059_a_developer_and_an_admin_meet_on_pages() {
    with_pages(async |desk| {
        let service = desk.kong.service("orders").await;
        let admin = Browser::new(&desk.gateway.running.gui);
        let fields =
            [("service", service.as_str()), ("name", "Orders API"), ("document", "# Hello\n<script>alert(1)</script>")];
        let published = admin.submit_and_follow("/_sso/portal/apis", "/_sso/portal/apis", &fields).await;
        assert!(published.words().contains("its service is guarded"), "{}", published.text);

        let ann = developer(desk).await;
        let shown = ann.get("/default/apis?q=orders").await;
        assert_eq!(shown.all("tbody th a"), ["Orders API"]);
        let api = ann.get("/default/apis/orders-api").await;
        assert!(api.has(".document h2") && !api.text.contains("<script>alert"), "{}", api.text);
        let new =
            ann.submit_and_follow("/default/applications/new", "/default/applications/new", &[("name", "shop")]).await;
        assert!(new.words().contains("shop was created"), "{}", new.text);
        assert!(new.has("#name") && !new.has("#custom_id"), "admins alone choose what services see: {}", new.text);
        let list = ann.get("/default/applications").await;
        let application = list.attributes("tbody th a", "href")[0].clone();
        let asked = ann
            .submit_and_follow(
                "/default/apis/orders-api",
                "/default/apis/orders-api/request",
                &[("reason", "for the shop")],
            )
            .await;
        assert!(asked.words().contains("an admin decides") && asked.has(".badge-info"), "{}", asked.text);
        let keys = format!("{application}/keys");
        let made = ann.submit(&application, &keys, &[("display_name", "server")]).await;
        assert_eq!((made.status, made.headers["cache-control"].to_str().unwrap()), (200, "no-store"));
        let key = made.all(".secret code")[0].clone();
        assert!(!ann.get(&application).await.text.contains(&key), "it is shown once");
        assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 403);
        let why = ann.get(&ann.get(&application).await.attributes("td.actions a", "href")[0]).await;
        assert!(why.words().contains("refused The request for access waits for a decision."), "{}", why.words());

        let queue = admin.get("/_sso/portal/requests").await;
        assert!(queue.words().contains("ann@example.test “for the shop”"), "{}", queue.words());
        let approved = admin
            .submit_and_follow(
                "/_sso/portal/requests",
                "/_sso/portal/requests",
                &[("status", "0"), ("comment", "welcome")],
            )
            .await;
        assert!(approved.words().contains("The access was approved."), "{}", approved.words());
        assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 200);
        assert!(ann.get(&application).await.words().contains("Admin: welcome"));

        let approved = "/_sso/portal/requests?status=approved";
        let revoked = admin.submit_and_follow(approved, "/_sso/portal/requests", &[("status", "3")]).await;
        assert!(revoked.words().contains("The access was revoked."), "{}", revoked.words());
        assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 403);
    })
    .await;
}

#[actix_web::test]
async fn dp_062_pages_say_when_a_revocation_is_not_effective_yet() {
    with_pages(async |desk| {
        let api = desk.publish("orders", json!({ "auto_approve": true })).await;
        let ann = developer(desk).await;
        ann.submit_and_follow("/default/applications/new", "/default/applications/new", &[("name", "shop")]).await;
        let slug = api["slug"].as_str().unwrap();
        let page = format!("/default/apis/{slug}");
        ann.submit_and_follow(&page, &format!("{page}/request"), &[]).await;
        desk.kong.fault(json!({ "down": true })).await;
        let admin = Browser::new(&desk.gateway.running.gui);
        let approved = "/_sso/portal/requests?status=approved";
        let revoked = admin.submit_and_follow(approved, "/_sso/portal/requests", &[("status", "3")]).await;
        assert!(
            revoked.has(".flash.tone-warn") && revoked.words().contains("not yet effective"),
            "{}",
            revoked.words()
        );
        let list = ann.get("/default/applications").await;
        let application = list.attributes("tbody th a", "href")[0].clone();
        assert!(ann.get(&application).await.words().contains("ending, not yet effective"));
    })
    .await;
}

#[actix_web::test]
async fn pages_of_an_application_refuse_what_is_wrong_and_whoever_is_not_its_owner() {
    with_pages(async |desk| {
        let ann = developer(desk).await;
        let refused = ann
            .submit(
                "/default/applications/new",
                "/default/applications/new",
                &[("name", ""), ("redirect_uri", "http://evil.test/")],
            )
            .await;
        assert_eq!(refused.status, 422);
        assert!(refused.has("#name-error") && refused.has("#redirect_uri-error"), "{}", refused.text);
        let ben = desk.developer("ben").await;
        let foreign = desk.application(ben, "of ben").await;
        assert_eq!(ann.get(&format!("/default/applications/{foreign}")).await.status, 404);
        ann.submit_and_follow("/default/applications/new", "/default/applications/new", &[("name", "shop")]).await;
        let application = ann.get("/default/applications").await.attributes("tbody th a", "href")[0].clone();
        let wrong = ann.submit(&application, &format!("{application}/delete"), &[("confirm", "other")]).await;
        assert_eq!(wrong.status, 422);
        let gone = ann.submit_and_follow(&application, &format!("{application}/delete"), &[("confirm", "shop")]).await;
        assert!(gone.words().contains("shop was deleted"), "{}", gone.words());
        assert_eq!(ann.get(&application).await.status, 404);
        let nobody = Browser::new(&desk.pages);
        assert_eq!(nobody.get("/default/applications").await.status, 303);
        assert_eq!(nobody.get("/default/apis").await.status, 200);
        let forged = ann.post("/default/applications/new", &[("name", "x"), ("csrf", "forged")]).await;
        assert_eq!(forged.status, 403);
    })
    .await;
}

#[actix_web::test]
async fn dp_080_the_gate_is_removed_only_after_the_name_was_typed() {
    with_pages(async |desk| {
        let api = desk.publish("orders", json!({})).await;
        let admin = Browser::new(&desk.gateway.running.gui);
        let page = format!("/_sso/portal/apis/{}", api["id"].as_str().unwrap());
        assert!(!admin.get(&page).await.has(&format!("form[action='{page}/gate/delete']")), "it is published");
        let withdrawn = admin.submit_and_follow(&page, &format!("{page}/status"), &[]).await;
        assert!(withdrawn.words().contains("stays guarded"), "{}", withdrawn.words());
        let wrong = admin.submit(&page, &format!("{page}/gate/delete"), &[("confirm", "x")]).await;
        assert_eq!((wrong.status, desk.kong.call("/orders", None).await.0), (422, 401));
        let open = admin.submit_and_follow(&page, &format!("{page}/gate/delete"), &[("confirm", "orders")]).await;
        assert!(open.words().contains("open to everybody"), "{}", open.words());
        assert_eq!(desk.kong.call("/orders", None).await.0, 200);
        let again = admin.submit_and_follow(&page, &format!("{page}/status"), &[]).await;
        assert!(again.words().contains("shown in the portal again"), "{}", again.words());
        assert_eq!(desk.kong.call("/orders", None).await.0, 401);
    })
    .await;
}
