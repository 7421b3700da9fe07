//! What pages refuse, and what they write down.

use kong_sso::domain::audit::Verdict;
use kong_sso::domain::time::UnixSeconds;
use kong_sso::store::Page;
use kong_sso::store::audit_requests::{self, RequestFilter};

use crate::pages::{Scene, with_scene};
use crate::support::page_browser::Browser;

async fn csrf(browser: &Browser, page: &str) -> String {
    browser.get(page).await.one("input[name=csrf]").attr("value").unwrap().to_owned()
}

#[actix_web::test]
async fn km_106_a_form_of_another_site_changes_nothing() {
    with_scene(async |scene| {
        let browser = scene.root().await;
        let token = csrf(&browser, "/_sso/groups").await;
        let fields = [("csrf", token.as_str()), ("name", "stolen")];
        for headers in [
            &[][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
        ] {
            let refused = browser.post_from("/_sso/groups", headers, &fields).await;
            assert_eq!(refused.status, 403, "{headers:?}");
            assert!(refused.words().contains("Cross-site request refused"));
        }
        assert!(!browser.get("/_sso/groups").await.words().contains("stolen"));
    })
    .await;
}

#[actix_web::test]
async fn a_form_needs_the_token_of_its_own_sign_in() {
    with_scene(async |scene| {
        let browser = scene.root().await;
        let foreign = csrf(&scene.signed_in("bob", &["platform-admins"]).await, "/_sso/groups").await;
        let mut broken = csrf(&browser, "/_sso/groups").await;
        broken.replace_range(10..11, if broken.as_bytes()[10] == b'A' { "B" } else { "A" });
        for token in ["", "x", foreign.as_str(), broken.as_str()] {
            let refused = browser.post("/_sso/groups", &[("csrf", token), ("name", "stolen")]).await;
            assert_eq!(refused.status, 403, "{token}");
        }
        let refused = browser.post("/_sso/groups", &[("name", "stolen")]).await;
        assert_eq!((refused.status, refused.all("h1")), (403, vec!["Refused".to_owned()]));
        assert!(!browser.get("/_sso/groups").await.words().contains("stolen"));
    })
    .await;
}

#[actix_web::test]
async fn tokens_of_forms_differ_each_time_and_stay_good() {
    with_scene(async |scene| {
        let browser = scene.root().await;
        let first = csrf(&browser, "/_sso/groups").await;
        assert_ne!(first, csrf(&browser, "/_sso/groups").await);
        let chosen = browser.post("/_sso/workspace", &[("csrf", &first), ("workspace", "default")]).await;
        assert_eq!(chosen.status, 303);
        assert_eq!(browser.cookie("kong_sso_ws").as_deref(), Some("default"));
    })
    .await;
}

#[actix_web::test]
async fn choosing_a_workspace_leads_back_to_the_own_page_only() {
    with_scene(async |scene| {
        let browser = scene.root().await;
        let token = csrf(&browser, "/_sso/").await;
        let gui = &scene.running.gui;
        for (referer, to) in [
            (format!("{gui}/_sso/roles?workspace=x"), "/_sso/roles"),
            (format!("{gui}/services"), "/_sso/"),
            ("https://evil.example/_sso/roles".to_owned(), "/_sso/"),
            ("nonsense".to_owned(), "/_sso/"),
        ] {
            let headers = [("sec-fetch-site", "same-origin"), ("referer", referer.as_str())];
            let fields = [("csrf", token.as_str()), ("workspace", "default")];
            assert_eq!(browser.post_from("/_sso/workspace", &headers, &fields).await.location(), to, "{referer}");
        }
        let fields = [("csrf", token.as_str()), ("workspace", "default"), ("to", "manager")];
        assert_eq!(browser.post("/_sso/workspace", &fields).await.location(), "/");
        let nowhere = browser.post("/_sso/workspace", &[("csrf", &token), ("workspace", "nowhere")]).await;
        assert_eq!(nowhere.status, 404);
    })
    .await;
}

/// Records of requests to a path, the oldest first.
pub async fn records(scene: &Scene, path: &str) -> Vec<(String, u16, Verdict, Option<String>, Option<String>)> {
    scene.running.node.services().audit.close().await;
    let filter = RequestFilter { path: Some(path.to_owned()), ..RequestFilter::default() };
    let mut connection = scene.store.read().await.unwrap();
    let listing =
        audit_requests::list_requests(&mut connection, &filter, &Page::default(), UnixSeconds(0)).await.unwrap();
    let mut found: Vec<_> = listing.items.into_iter().map(|kept| kept.record).collect();
    found.reverse();
    let row = |it: kong_sso::domain::audit::RequestRecord| {
        (it.method, it.status, it.verdict, it.rbac_user_name, it.request_source)
    };
    found.into_iter().map(row).collect()
}

#[actix_web::test]
async fn km_098_each_form_leaves_a_record_and_looking_leaves_none() {
    with_scene(async |scene| {
        let browser = scene.root().await;
        browser.get("/_sso/groups").await;
        browser.post("/_sso/groups", &[("name", "stolen")]).await;
        browser.submit("/_sso/groups", "/_sso/workspace", &[]).await;
        scene.browser().post("/_sso/groups", &[("name", "stolen")]).await;
        let root = Some("root@example.com".to_owned());
        let source = Some("sso-ui".to_owned());
        assert_eq!(
            records(scene, "/_sso/groups").await,
            [
                ("POST".to_owned(), 403, Verdict::Denied, root.clone(), source.clone()),
                ("POST".to_owned(), 303, Verdict::Unauthenticated, None, source.clone()),
            ]
        );
        assert_eq!(records(scene, "/_sso/workspace").await, [("POST".to_owned(), 303, Verdict::None, root, source)]);
    })
    .await;
}
