//! The audit pages.

use std::time::Duration;

use crate::pages::{Scene, with_scene};
use crate::support::page_browser::{Browser, Shown};

/// Loads a page until it shows `text`: records are written shortly after their request.
async fn until(browser: &Browser, page: &str, text: &str) -> Shown {
    for _ in 0..100 {
        let shown = browser.get(page).await;
        if shown.words().contains(text) {
            return shown;
        }
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{page} never showed {text}: {}", browser.get(page).await.words());
}

async fn root_with_records(scene: &Scene) -> Browser {
    let newcomer = scene.signed_in("newcomer", &[]).await;
    assert_eq!(newcomer.get("/_api/services?tags=%3Cb%3E").await.status, 403);
    let root = scene.root().await;
    assert_eq!(root.get("/_api/services").await.status, 200);
    root
}

#[actix_web::test]
async fn km_095_km_098_requests_are_listed_with_their_verdict_and_filtered() {
    with_scene(async |scene| {
        let root = root_with_records(scene).await;
        let all = until(&root, "/_sso/audit", "/services?tags").await;
        assert!(!all.has("b"), "a path became markup");
        let denied = until(&root, "/_sso/audit?verdict=denied", "newcomer@example.com").await;
        assert_eq!(denied.all("tbody tr").len(), 1);
        assert!(denied.words().contains("no rule matches"));
        let query = "/_sso/audit?user=root%40example.com&method=GET&status=200&path=%2Fservices";
        assert_eq!(until(&root, query, "super-admin").await.all("tbody tr").len(), 1);
        let none = root.get("/_sso/audit?user=nobody").await;
        assert!(none.words().contains("No record matches"));
        for bad in ["status=2x", "after=yesterday", "offset=nonsense"] {
            assert_eq!(root.get(&format!("/_sso/audit?{bad}")).await.status, 400, "{bad}");
        }
        assert!(root.get("/_sso/audit?before=2001-01-01T00:00").await.words().contains("No record matches"));
    })
    .await;
}

#[actix_web::test]
async fn a_record_tells_who_did_what_by_which_rule() {
    with_scene(async |scene| {
        let root = root_with_records(scene).await;
        let denied = until(&root, "/_sso/audit?verdict=denied", "newcomer@example.com").await;
        let record = root.get(denied.one("tbody a").attr("href").unwrap()).await;
        assert_eq!(record.all("h1"), ["GET /services?tags=%3Cb%3E"]);
        let words = record.words();
        for part in ["newcomer@example.com", "Kong Manager", "default", "403", "no rule matches", "127.0.0.1"] {
            assert!(words.contains(part), "{part}: {words}");
        }
        let links = record.attributes("main a", "href");
        assert!(links.iter().any(|link| link.starts_with("/_sso/admins/")), "{links:?}");
        let explain = links.iter().find(|link| link.starts_with("/_sso/roles/explain?")).unwrap();
        assert!(root.get(explain).await.words().contains("Denied"));
        assert_eq!(root.get(&format!("/_sso/audit/requests/{}", "0".repeat(32))).await.status, 404);
    })
    .await;
}

#[actix_web::test]
async fn what_a_sign_in_changed_is_told_with_its_members() {
    with_scene(async |scene| {
        let root = root_with_records(scene).await;
        let changes = until(&root, "/_sso/audit/objects?kind=admins&operation=create", "create").await;
        assert_eq!(changes.all("tbody tr").len(), 2);
        let link = changes.attributes("tbody td.id a", "href")[0].clone();
        let record = until(&root, &link, "username").await;
        assert!(record.words().contains("root@example.com"));
        let roles = root.get("/_sso/audit/objects?kind=rbac_user_roles").await;
        assert_eq!(roles.all("tbody td[data-label=Entity] a"), ["super-admin in default for root@example.com"]);
        assert_eq!(roles.all("tbody td[data-label=Who]"), ["root@example.com"]);
        let history = record.attributes("main a.small", "href")[0].clone();
        assert!(root.get(&history).await.words().contains("create"));
    })
    .await;
}

#[actix_web::test]
async fn records_are_exported_as_lines() {
    with_scene(async |scene| {
        let root = root_with_records(scene).await;
        until(&root, "/_sso/audit?verdict=denied", "newcomer@example.com").await;
        let file = root.get("/_sso/audit/export?verdict=denied").await;
        assert_eq!(file.headers["content-type"], "application/x-ndjson");
        let lines: Vec<serde_json::Value> = file.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 1);
        assert_eq!(
            (lines[0]["rbac_user_name"].as_str(), lines[0]["status"].as_u64()),
            (Some("newcomer@example.com"), Some(403))
        );
    })
    .await;
}

#[actix_web::test]
async fn reading_records_is_recorded_and_needs_permission() {
    with_scene(async |scene| {
        let root = root_with_records(scene).await;
        until(&root, "/_sso/audit?source=sso-ui", "may read /audit/requests in default").await;
        let newcomer = scene.signed_in("newcomer", &[]).await;
        for path in ["/_sso/audit", "/_sso/audit/objects", "/_sso/audit/export"] {
            assert_eq!(newcomer.get(path).await.status, 403, "{path}");
        }
    })
    .await;
}
