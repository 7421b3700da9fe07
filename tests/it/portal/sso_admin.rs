//! Identities as admins see them, and the sign-out at the provider (scenario 39).

use std::sync::Arc;

use serde_json::{Value, json};

use super::sso::{ann, automatic, developers, identity_events, sign_in, with_sso};
use super::{PASSWORD, Scene};
use crate::support::op::Op;
use crate::support::page_browser::Browser;

/// A browser in which Ann is signed in through the provider.
async fn signed_in(scene: &Scene, op: &Op) -> Browser {
    let browser = scene.browser();
    assert_eq!(sign_in(op, &browser, ann()).await.location(), "/default/");
    browser
}

#[actix_web::test]
async fn dp_039_a_sign_out_goes_on_at_the_provider() {
    with_sso(automatic, async |scene, op| {
        let browser = signed_in(scene, op).await;
        let key = browser.cookie("portal_session").unwrap();
        let out = browser.submit("/default/logout", "/default/logout", &[]).await;
        assert_eq!(out.status, 303);
        let to = url::Url::parse(&out.location()).unwrap();
        let query: std::collections::HashMap<_, _> = to.query_pairs().collect();
        assert_eq!(to.path(), "/end-session");
        assert_eq!(query["post_logout_redirect_uri"], format!("{}/default/", scene.gui));
        assert_eq!(query["client_id"], crate::support::op::CLIENT_ID);
        assert_eq!(query["id_token_hint"].split('.').count(), 3, "an ID token");
        let mut client = scene.client();
        client.cookies.insert("portal_session".to_owned(), key);
        assert_eq!(client.get("/developer").await.status, 401, "the session is over");
        let browser = signed_in(scene, op).await;
        client.cookies.insert("portal_session".to_owned(), browser.cookie("portal_session").unwrap());
        let out = client.delete("/auth?session_logout=true").await;
        assert_eq!(out.status, 200);
        assert!(out.json()["logout_url"].as_str().unwrap().contains("/end-session?id_token_hint="));
        assert!(!client.cookies.contains_key("portal_session"));
    })
    .await;
}

#[actix_web::test]
async fn dp_039_where_the_provider_has_no_sign_out_it_ends_here() {
    with_sso(
        |settings| {
            automatic(settings);
            let conf = Arc::make_mut(settings.portal.openid_connect.as_mut().unwrap());
            conf.logout_redirect_uri = Some("https://example.com/bye".parse().unwrap());
        },
        async |scene, op| {
            op.edit_metadata(|document| drop(document.as_object_mut().unwrap().remove("end_session_endpoint")));
            let browser = signed_in(scene, op).await;
            let out = browser.submit("/default/logout", "/default/logout", &[]).await;
            assert_eq!((out.status, out.location().as_str()), (303, "https://example.com/bye"));
            let browser = signed_in(scene, op).await;
            let mut client = scene.client();
            client.cookies.insert("portal_session".to_owned(), browser.cookie("portal_session").unwrap());
            let out = client.delete("/auth?session_logout=true").await;
            assert_eq!((out.status, out.text.as_str()), (200, ""));
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_039_a_session_by_password_ends_here() {
    with_sso(
        |settings| settings.portal.sso.local_login = true,
        async |scene, _| {
            scene.developer("ann@example.com").await;
            let mut client = scene.signed_in("ann@example.com").await;
            let out = client.delete("/auth?session_logout=true").await;
            assert_eq!((out.status, out.text.as_str()), (200, ""), "the provider had no part in it");
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_039_an_account_is_deleted_by_a_fresh_sign_in() {
    with_sso(automatic, async |scene, op| {
        let browser = signed_in(scene, op).await;
        scene.running.later(301);
        let page = browser.get("/default/settings").await;
        assert!(page.words().contains("Sign out and in again first") && !page.has("form[action$='/settings/delete']"));
        let mut client = scene.client();
        client.cookies.insert("portal_session".to_owned(), browser.cookie("portal_session").unwrap());
        assert_eq!(client.delete("/developer").await.status, 400);
        let again = op.change(|behaviour| behaviour.user.clone());
        let browser = scene.browser();
        sign_in(op, &browser, again).await;
        let gone = browser.submit("/default/settings", "/default/settings/delete", &[]).await;
        assert_eq!(gone.status, 303, "{}", gone.text);
        assert!(developers(scene).await.is_empty());
    })
    .await;
}

#[actix_web::test]
async fn dp_032_admins_see_identities_and_unlink_them() {
    with_sso(
        |settings| {
            automatic(settings);
            settings.portal.sso.local_login = true;
        },
        async |scene, op| {
            scene.developer("bob@example.com").await;
            let browser = signed_in(scene, op).await;
            let shown = scene.admin("GET", "/developers/ann@example.com", Value::Null).await.1;
            let identity = &shown["identities"][0];
            assert_eq!((&identity["issuer"], &identity["subject"]), (&json!(op.issuer()), &json!("ann-id")));
            assert!(identity["last_login_at"].is_i64() && identity["email"] == "ann@example.com");
            let listed = developers(scene).await;
            let of = |email: &str| listed.iter().find(|it| it["email"] == email).unwrap()["identities"].clone();
            assert_eq!((of("ann@example.com").as_array().unwrap().len(), of("bob@example.com")), (1, json!([])));
            let id = identity["id"].as_str().unwrap();
            for (developer, identity) in [("bob@example.com", id), ("ann@example.com", "x"), ("nobody@example.com", id)]
            {
                let path = format!("/developers/{developer}/identities/{identity}");
                assert_eq!(scene.admin("DELETE", &path, Value::Null).await.0, 404, "{path}");
            }
            let path = format!("/developers/ann@example.com/identities/{id}");
            assert_eq!(scene.admin("DELETE", &path, Value::Null).await.0, 204);
            assert_eq!(browser.get("/default/settings").await.status, 303, "sessions are over");
            let left = scene.admin("GET", "/developers/ann@example.com/identities", Value::Null).await.1;
            assert_eq!(left["data"], json!([]));
            let mut events = identity_events(scene).await;
            events.sort();
            assert_eq!(events, ["identity.created", "identity.unlinked"]);
            let (_, records) = scene.admin("GET", "/audit/objects", Value::Null).await;
            let text = records.to_string();
            assert!(!text.contains("eyJ") && !text.contains(PASSWORD), "no token and no password in it");
        },
    )
    .await;
}
