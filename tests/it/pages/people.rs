//! Forms about admins, service accounts and the own profile.

use crate::pages::{Scene, person, with_scene};
use crate::support::page_browser::Browser;

/// Status of a call of the Admin API with a token.
async fn status_by_token(scene: &Scene, token: &str, path: &str) -> u16 {
    let call = reqwest::Client::new().get(format!("{}{path}", scene.running.admin));
    call.header("kong-admin-token", token).send().await.unwrap().status().as_u16()
}

/// The page of somebody in a list.
async fn page_of(browser: &Browser, list: &str, name: &str) -> String {
    let page = browser.get(list).await;
    let links = page.attributes("tbody th a", "href");
    let at = page.all("tbody th a").iter().position(|it| it == name);
    links[at.unwrap_or_else(|| panic!("no {name}: {}", page.words()))].clone()
}

#[actix_web::test]
async fn km_080_an_admin_is_created_with_a_role_and_bound_by_the_first_sign_in() {
    with_scene(async |scene| {
        let root = scene.root().await;
        let fields = [("username", "ann@example.com"), ("email", "ann@example.com"), ("role", "default:read-only")];
        let page = root.submit_and_follow("/_sso/admins", "/_sso/admins", &fields).await;
        assert_eq!(page.all("h1"), ["ann@example.com"]);
        assert!(page.all(".flash")[0].contains("ann@example.com was created"));
        let words = page.words();
        for part in ["invited", "read-only", "local", "Not bound yet"] {
            assert!(words.contains(part), "{part}: {words}");
        }
        let ann = scene.signed_in("ann", &[]).await;
        assert_eq!(ann.get("/_sso/groups").await.status, 200);
        let page = root.get(&page_of(&root, "/_sso/admins", "ann@example.com").await).await;
        assert!(page.words().contains("approved") && page.words().contains("ann-id"));
        assert!(page.all(".flash").is_empty(), "a message is shown once");
    })
    .await;
}

#[actix_web::test]
async fn a_taken_name_is_shown_at_its_input_and_keeps_what_was_typed() {
    with_scene(async |scene| {
        let root = scene.root().await;
        let fields = [("username", "root@example.com"), ("email", "second@example.com")];
        let page = root.submit("/_sso/admins", "/_sso/admins", &fields).await;
        assert_eq!(page.status, 422);
        assert_eq!(page.one("#username").attr("aria-invalid"), Some("true"));
        assert_eq!(page.one("#email").attr("value"), Some("second@example.com"));
        assert_eq!(page.all(".errors li"), ["Username: is taken already"]);
        assert_eq!(page.one(".errors a").attr("href"), Some("#username"));
        let bad = root.submit("/_sso/admins", "/_sso/admins", &[("username", "x"), ("email", "no address")]).await;
        assert_eq!((bad.status, bad.one("#email").attr("aria-invalid")), (422, Some("true")));
    })
    .await;
}

#[actix_web::test]
async fn an_account_is_edited_and_its_roles_given_and_taken() {
    with_scene(async |scene| {
        let root = scene.root().await;
        let bob = scene.signed_in("bob", &["unknown"]).await;
        let page = page_of(&root, "/_sso/admins", "bob@example.com").await;
        let edited = root.submit_and_follow(&page, &page, &[("custom_id", "b-1"), ("email", "")]).await;
        assert_eq!(edited.one("#custom_id").attr("value"), Some("b-1"));
        assert_eq!(edited.one("#email").attr("value"), Some(""));
        assert!(edited.has("#rbac_token_enabled, input[name=rbac_token_enabled][checked]"));
        assert_eq!(bob.get("/_sso/groups").await.status, 403);
        let roles = format!("{page}/roles");
        let given = root.submit_and_follow(&page, &roles, &[("role", "default:read-only")]).await;
        assert!(given.all("tbody tr").iter().any(|row| row.contains("read-only default local")), "{}", given.words());
        assert_eq!(bob.get("/_sso/groups").await.status, 200);
        let taken = root.submit_and_follow(&page, &format!("{roles}/delete"), &[]).await;
        assert!(taken.words().contains("No roles"));
        assert_eq!(bob.get("/_sso/groups").await.status, 403);
    })
    .await;
}

#[actix_web::test]
async fn km_068_nobody_changes_the_own_roles() {
    with_scene(async |scene| {
        let root = scene.root().await;
        let page = page_of(&root, "/_sso/admins", "root@example.com").await;
        let shown = root.get(&page).await;
        assert!(shown.words().contains("You cannot change your own roles"));
        assert!(!shown.has("form[action$='/roles'], form[action$='/delete']"));
        let csrf = shown.one("input[name=csrf]").attr("value").unwrap().to_owned();
        let fields = [("csrf", csrf.as_str()), ("role", "default:read-only")];
        let refused = root.post(&format!("{page}/roles"), &fields).await;
        assert_eq!(refused.status, 403);
        assert!(refused.all(".errors li")[0].contains("should not update their own roles"), "{}", refused.words());
    })
    .await;
}

#[actix_web::test]
async fn km_069_the_last_super_admin_cannot_be_revoked() {
    with_scene(async |scene| {
        let root = scene.root().await;
        let page = page_of(&root, "/_sso/admins", "root@example.com").await;
        let shown = root.get(&page).await;
        assert!(shown.words().contains("This is the last super admin"));
        assert!(shown.has("form[action$='/revoke'] button[disabled]"));
        let refused = root.submit(&page, &format!("{page}/revoke"), &[]).await;
        assert_eq!(
            (refused.status, refused.all(".errors li")),
            (409, vec!["Cannot remove the last super admin".into()])
        );
    })
    .await;
}

#[actix_web::test]
async fn a_revoked_admin_is_out_at_once_and_comes_back_when_restored() {
    with_scene(async |scene| {
        let root = scene.root().await;
        let bob = scene.signed_in("bob", &["default:read-only"]).await;
        let page = page_of(&root, "/_sso/admins", "bob@example.com").await;
        let revoked = root.submit_and_follow(&page, &format!("{page}/revoke"), &[]).await;
        assert!(revoked.words().contains("revoked"));
        assert_eq!(bob.get("/_sso/").await.status, 303);
        let restored = root.submit_and_follow(&page, &format!("{page}/restore"), &[]).await;
        assert!(restored.words().contains("may sign in again"));
        bob.sign_in(&scene.op, person("bob", &["default:read-only"]), "/_sso/").await;
        assert_eq!(bob.get("/_sso/groups").await.status, 200);
    })
    .await;
}

#[actix_web::test]
async fn km_034_clearing_the_identity_lets_another_person_take_the_account() {
    with_scene(async |scene| {
        let root = scene.root().await;
        let bob = scene.signed_in("bob", &[]).await;
        let page = page_of(&root, "/_sso/admins", "bob@example.com").await;
        assert!(root.get(&page).await.words().contains("bob-id"));
        let ended = root.submit_and_follow(&page, &format!("{page}/sessions/end"), &[]).await;
        assert!(ended.words().contains("Not signed in anywhere"));
        assert_eq!(bob.get("/_sso/").await.status, 303);
        let cleared = root.submit_and_follow(&page, &format!("{page}/binding/clear"), &[]).await;
        assert!(cleared.words().contains("Not bound yet"));
        scene.op.change(|behaviour| behaviour.user = person("bob", &[]));
        let mut other = person("bob", &[]);
        other.sub = "bob-new-id".to_owned();
        scene.browser().sign_in(&scene.op, other, "/_sso/").await;
        assert!(root.get(&page).await.words().contains("bob-new-id"));
    })
    .await;
}

#[actix_web::test]
async fn an_admin_is_deleted_after_the_name_was_typed() {
    with_scene(async |scene| {
        let root = scene.root().await;
        scene.signed_in("bob", &[]).await;
        let page = page_of(&root, "/_sso/admins", "bob@example.com").await;
        let wrong = root.submit(&page, &format!("{page}/delete"), &[("confirm", "bob")]).await;
        assert_eq!((wrong.status, wrong.all(".errors li")), (422, vec!["Type the username to confirm".into()]));
        let list = root.submit_and_follow(&page, &format!("{page}/delete"), &[("confirm", "bob@example.com")]).await;
        assert!(list.all(".flash")[0].contains("bob@example.com was deleted"));
        assert_eq!(list.all("tbody th a"), ["root@example.com"]);
        assert_eq!(root.get(&page).await.status, 404);
    })
    .await;
}

#[actix_web::test]
async fn km_070_a_service_account_gets_a_token_that_is_shown_once() {
    with_scene(async |scene| {
        let root = scene.root().await;
        let fields = [("name", "ci-deck"), ("comment", "decK"), ("role", "default:read-only")];
        let created = root.submit("/_sso/rbac-users", "/_sso/rbac-users", &fields).await;
        assert_eq!((created.status, created.headers["cache-control"].to_str().unwrap()), (200, "no-store"));
        let token = created.all(".secret code")[0].clone();
        assert_eq!(status_by_token(scene, &token, "/services").await, 200);
        let list = root.get("/_sso/rbac-users").await;
        assert!(!list.text.contains(&token) && list.words().contains("default / read-only"));
        let page = page_of(&root, "/_sso/rbac-users", "ci-deck").await;
        let reset = root.submit(&page, &format!("{page}/token"), &[]).await;
        let second = reset.all(".secret code")[0].clone();
        assert!(reset.words().contains("The former token stopped working"));
        assert_eq!(status_by_token(scene, &token, "/services").await, 401);
        assert_eq!(status_by_token(scene, &second, "/services").await, 200);
        assert!(!root.get(&page).await.text.contains(&second));
    })
    .await;
}

#[actix_web::test]
async fn a_service_account_is_disabled_and_deleted() {
    with_scene(async |scene| {
        let root = scene.root().await;
        let fields = [("name", "ci"), ("role", "default:read-only")];
        let created = root.submit("/_sso/rbac-users", "/_sso/rbac-users", &fields).await;
        let token = created.all(".secret code")[0].clone();
        let taken = root.submit("/_sso/rbac-users", "/_sso/rbac-users", &[("name", "ci"), ("comment", "kept")]).await;
        assert_eq!((taken.status, taken.one("#comment").attr("value")), (422, Some("kept")));
        let page = page_of(&root, "/_sso/rbac-users", "ci").await;
        let shown = root.get(&page).await;
        let csrf = shown.one("input[name=csrf]").attr("value").unwrap().to_owned();
        let disabled = root.post(&page, &[("csrf", &csrf), ("comment", "off")]).await;
        let disabled = root.get(&disabled.location()).await;
        assert!(disabled.words().contains("disabled") && !disabled.has("input[name=enabled][checked]"));
        assert_eq!(status_by_token(scene, &token, "/services").await, 401);
        let list = root.submit_and_follow(&page, &format!("{page}/delete"), &[("confirm", "ci")]).await;
        assert!(list.words().contains("No service accounts in default"));
        assert_eq!(root.get(&page).await.status, 404);
    })
    .await;
}

#[actix_web::test]
async fn km_086_the_own_token_is_made_shown_once_and_replaced() {
    with_scene(async |scene| {
        let root = scene.root().await;
        let first = root.submit("/_sso/profile", "/_sso/profile/token", &[]).await;
        assert_eq!(first.headers["cache-control"], "no-store");
        let token = first.all(".secret code")[0].clone();
        assert_eq!(status_by_token(scene, &token, "/rbac/users").await, 200);
        let again = root.get("/_sso/profile").await;
        assert!(!again.text.contains(&token) && again.words().contains("in use"));
        let unconfirmed = root.submit("/_sso/profile", "/_sso/profile/token", &[]).await;
        assert_eq!(unconfirmed.status, 422);
        let second = root.submit("/_sso/profile", "/_sso/profile/token", &[("confirm", "yes")]).await;
        assert_eq!(second.status, 200);
        assert_eq!(status_by_token(scene, &token, "/rbac/users").await, 401);
    })
    .await;
}

#[actix_web::test]
async fn profile_tells_roles_groups_and_the_end_of_the_session() {
    with_scene(async |scene| {
        let bob = scene.signed_in("bob", &["default:read-only", "unknown"]).await;
        let words = bob.get("/_sso/profile").await.words();
        for part in ["read-only", "idp", "unknown", "bob@example.com"] {
            assert!(words.contains(part), "{part}: {words}");
        }
    })
    .await;
}
