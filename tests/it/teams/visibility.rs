//! What developers see and may ask for: scenarios 49 to 51.

use super::*;
use crate::applications::desk::{with_desk, with_settings};
use crate::portal::PASSWORD;
use crate::support::page_browser::Browser;

async fn signed_in(desk: &Desk, email: &str) -> Browser {
    let browser = Browser::new(&desk.pages);
    let signed = browser.submit("/default/login", "/default/login", &[("email", email), ("password", PASSWORD)]).await;
    assert_eq!(signed.status, 303, "{}", signed.text);
    browser
}

async fn services(client: &mut Portal) -> Vec<Value> {
    client.get("/application_services").await.json()["data"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn dp_049_without_teams_a_private_api_is_every_developers_and_nobody_elses() {
    with_desk(async |desk| {
        let open = desk.publish("open", json!({ "visibility": "public" })).await;
        let closed = desk.publish("closed", json!({ "document": "secret words" })).await;
        let mut anybody = desk.client();
        assert_eq!(actions(&mut anybody, &open).await, (200, Some(false)));
        assert_eq!(actions(&mut anybody, &closed).await, (404, None));
        let pages = Browser::new(&desk.pages);
        assert_eq!(pages.get("/default/apis").await.all("tbody th a"), ["open"]);
        assert!(pages.get("/default/apis?q=secret").await.all("tbody th a").is_empty());
        assert_eq!(pages.get("/default/apis/closed").await.status, 404);
        assert!(!pages.get("/default/").await.text.contains("closed"));
        let mut ann = desk.signed_in("ann@example.test").await;
        for api in [&open, &closed] {
            assert_eq!(actions(&mut ann, api).await, (200, Some(true)));
        }
        let shop = application(&mut ann, json!({ "name": "shop" })).await;
        assert_eq!(request(&mut ann, &shop, &closed).await, 201);
    })
    .await;
}

#[actix_web::test]
async fn dp_049_dp_050_dp_051_with_teams_the_role_decides_in_every_door_and_page() {
    with_settings(rbac, async |desk| {
        let open = desk.publish("open", json!({ "visibility": "public" })).await;
        let read = desk.publish("readable", json!({ "document": "for readers" })).await;
        let used = desk.publish("usable", json!({})).await;
        let hidden = desk.publish("obscure", json!({ "document": "for others" })).await;
        let mut ann = desk.signed_in("ann@example.test").await;
        let shop = application(&mut ann, json!({ "name": "shop" })).await;
        assert_eq!(services(&mut ann).await.len(), 1, "without a team only what is public");
        let roles = [("API Viewer", &read["id"]), ("API Consumer", &used["id"])];
        let team = team_with(desk, "Payments", &roles, &["ann@example.test"]).await;

        for (api, status, register, asked) in [
            (&open, 200, Some(false), 403),
            (&read, 200, Some(false), 403),
            (&used, 200, Some(true), 201),
            (&hidden, 404, None, 404),
        ] {
            assert_eq!(actions(&mut ann, api).await, (status, register), "{}", api["name"]);
            assert_eq!(request(&mut ann, &shop, api).await, asked, "{}", api["name"]);
            let why = format!("/applications/{shop}/access/{}", api["id"].as_str().unwrap());
            assert_eq!(ann.get(&why).await.status, status, "{}", api["name"]);
        }
        let listed = services(&mut ann).await;
        let names: Vec<_> = listed.iter().map(|it| (it["name"].clone(), it["actions"]["register"].clone())).collect();
        let expected = [("open", false), ("readable", false), ("usable", true)];
        assert_eq!(names, expected.map(|(name, register)| (json!(name), json!(register))));

        let page = signed_in(desk, "ann@example.test").await;
        assert_eq!(page.get("/default/apis").await.all("tbody th a"), ["open", "readable", "usable"]);
        assert_eq!(page.get("/default/apis?q=for").await.all("tbody th a"), ["readable"]);
        assert_eq!(page.get("/default/apis/obscure").await.status, 404);
        assert!(!page.get("/default/").await.text.contains("obscure"));
        let viewer = page.get("/default/apis/readable").await;
        assert_eq!((viewer.status, viewer.all("form.card-body button")), (200, vec!["Request access".to_owned()]));
        let refused = page.post("/default/apis/readable/request", &[("application", shop.as_str())]).await;
        assert_eq!(refused.status, 403, "no token of a form, and no right");

        // A role that goes takes the right along, at once; a contract that there is stays.
        let everything = give(desk, &team, "API Consumer", &json!("*")).await;
        assert_eq!(actions(&mut ann, &hidden).await, (200, Some(true)));
        assert_eq!(desk.admin().delete(&everything).await.status, 204);
        assert_eq!(actions(&mut ann, &hidden).await, (404, None));
        assert_eq!(desk.admin().delete(&format!("/portal/teams/{team}")).await.status, 204);
        assert_eq!(actions(&mut ann, &used).await, (404, None));
        let held = ann.get(&format!("/applications/{shop}/application_instances")).await.json();
        assert_eq!(held["data"][0]["api"]["name"], json!("usable"));
        let why = format!("/applications/{shop}/access/{}", used["id"].as_str().unwrap());
        assert_eq!(ann.get(&why).await.status, 200, "its holder is told why calls are refused");
    })
    .await;
}

#[actix_web::test]
async fn dp_050_a_viewer_asks_the_admins_and_not_too_often() {
    with_settings(rbac, async |desk| {
        let read = desk.publish("readable", json!({})).await;
        desk.publish("hidden", json!({})).await;
        desk.signed_in("ann@example.test").await;
        team_with(desk, "Readers", &[("API Viewer", &read["id"])], &["ann@example.test"]).await;
        let page = signed_in(desk, "ann@example.test").await;
        let (shown, action) = ("/default/apis/readable", "/default/apis/readable/ask");
        for _ in 0..3 {
            let asked = page.submit_and_follow(shown, action, &[("reason", "for the shop")]).await;
            assert!(asked.words().contains("The administrators were asked to let you use readable."), "{}", asked.text);
        }
        assert_eq!(page.submit(shown, action, &[]).await.status, 403);
        let token = page.get(shown).await.attributes("input[name=csrf]", "value")[0].clone();
        for (api, status) in [("hidden", 404), ("nothing", 404), ("readable", 403)] {
            let asked = page.post(&format!("/default/apis/{api}/ask"), &[("csrf", token.as_str())]).await;
            assert_eq!(asked.status, status, "{api}");
        }
    })
    .await;
}

#[actix_web::test]
async fn dp_049_another_workspace_decides_for_itself_and_a_default_is_never_retroactive() {
    with_desk(async |desk| {
        let private = desk.publish("orders", json!({})).await;
        assert_eq!(private["visibility"], json!("private"));
        let mut ann = desk.signed_in("ann@example.test").await;
        assert_eq!(actions(&mut ann, &private).await, (200, Some(true)));
        let on = json!({ "config": { "sso_portal_rbac": true } });
        assert_eq!(desk.admin().patch("/workspaces/default?confirm=true", on).await.status, 200);
        assert_eq!(actions(&mut ann, &private).await, (404, None));
        let off = json!({ "config": { "sso_portal_rbac": null } });
        assert_eq!(desk.admin().patch("/workspaces/default", off).await.status, 200);
        assert_eq!(actions(&mut ann, &private).await, (200, Some(true)));
    })
    .await;
    let public = |settings: &mut Settings| {
        settings.portal.default_visibility = kong_sso::domain::catalogue::Visibility::Public;
    };
    with_settings(public, async |desk| {
        assert_eq!(desk.publish("orders", json!({})).await["visibility"], json!("public"));
        assert_eq!(desk.publish("users", json!({ "visibility": "private" })).await["visibility"], json!("private"));
    })
    .await;
}
