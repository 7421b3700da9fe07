//! What pages show to whom.

use kong_sso::domain::admin::{Admin, AdminStatus};
use kong_sso::domain::ids::{AdminId, RbacUserId, UserName};
use kong_sso::store::{admins, workspaces};

use crate::pages::{Scene, with_scene};
use crate::store::NOW;

/// Pages that a super-admin's navigation leads to, with their headings.
const PAGES: &[(&str, &str)] = &[
    ("/_sso", "Home"),
    ("/_sso/", "Home"),
    ("/_sso/admins", "Admins"),
    ("/_sso/rbac-users", "RBAC users"),
    ("/_sso/roles", "Roles"),
    ("/_sso/roles/explain", "Explain access"),
    ("/_sso/groups", "Groups"),
    ("/_sso/workspaces", "Workspaces"),
    ("/_sso/workspaces/default", "default"),
    ("/_sso/audit", "Audit log"),
    ("/_sso/sso", "SSO status"),
    ("/_sso/profile", "root@example.com"),
];

#[actix_web::test]
async fn every_page_opens_for_a_super_admin() {
    with_scene(async |scene| {
        let browser = scene.root().await;
        for (path, heading) in PAGES {
            let page = browser.get(path).await;
            assert_eq!((page.status, page.all("h1")), (200, vec![(*heading).to_owned()]), "{path}: {}", page.text);
            assert!(page.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'self'"));
            assert_eq!(page.headers["cache-control"], "no-store");
            assert!(!page.has("[style], script:not([src]), [onclick]"), "{path}");
        }
        let discovery = format!("{}/.well-known/openid-configuration", scene.op.issuer());
        let copied = browser.get("/_sso/sso").await.attributes("[aria-label='Copy discovery URL']", "data-copy");
        assert_eq!(copied, [discovery]);
        let home = browser.get("/_sso/").await;
        let links = home.attributes("nav.side a", "href");
        for (path, _) in PAGES.iter().filter(|(path, _)| path.matches('/').count() == 2 && *path != "/_sso/profile") {
            assert!(links.iter().any(|link| link == path), "{path} is not in {links:?}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_bootstrap_group_is_no_mapped_group_on_any_page() {
    with_scene(async |scene| {
        let browser = scene.root().await;
        let is_to_do = async || {
            let to_do = browser.get("/_sso/").await.all(".steps li:not(.done) h3");
            to_do.iter().any(|title| title.contains("Map a group"))
        };
        assert!(is_to_do().await);
        let groups = browser.get("/_sso/groups").await.words();
        assert!(groups.contains("No group is mapped yet"));
        assert!(groups.contains("sso_bootstrap_groups makes members of platform-admins super-admins"), "{groups}");
        browser.submit("/_sso/groups", "/_sso/groups", &[("name", "ops")]).await;
        assert!(is_to_do().await, "a group without a role");
    })
    .await;
}

#[actix_web::test]
async fn links_of_lists_lead_to_pages() {
    with_scene(async |scene| {
        let browser = scene.root().await;
        scene.signed_in("bob", &["default:read-only"]).await;
        for list in ["/_sso/admins", "/_sso/roles", "/_sso/workspaces"] {
            let page = browser.get(list).await;
            let links = page.attributes("table a[href]", "href");
            assert!(!links.is_empty(), "{list}");
            for link in links {
                assert_eq!(browser.get(&link).await.status, 200, "{link}");
            }
        }
    })
    .await;
}

#[actix_web::test]
async fn a_read_only_admin_sees_pages_without_forms_that_change() {
    with_scene(async |scene| {
        scene.root().await;
        let browser = scene.signed_in("reader", &["default:read-only"]).await;
        let admins = browser.get("/_sso/admins").await;
        let own = admins.attributes("table a[href]", "href");
        let pages = PAGES.iter().map(|(path, _)| (*path).to_owned()).filter(|path| path != "/_sso/sso").chain(own);
        for path in pages {
            let page = browser.get(&path).await;
            assert_eq!(page.status, 200, "{path}");
            let harmless = ["/_sso/workspace", "/_sso/logout", "/_sso/profile/token"];
            let actions = page.attributes("form[method=post]", "action");
            assert!(actions.iter().all(|action| harmless.contains(&action.as_str())), "{path}: {actions:?}");
        }
        let refused = browser.get("/_sso/sso").await;
        assert_eq!(refused.status, 403);
        assert!(refused.words().contains("The right that is missing: the role super-admin."));
        assert!(!browser.get("/_sso/").await.has("nav.side a[href='/_sso/sso']"));
        assert!(!browser.get("/_sso/").await.words().contains("First steps"));
    })
    .await;
}

#[actix_web::test]
async fn somebody_without_roles_sees_what_to_do_and_nothing_else() {
    with_scene(async |scene| {
        let browser = scene.signed_in("newcomer", &["unknown"]).await;
        let home = browser.get("/_sso/").await;
        assert!(home.words().contains("You have no role yet"));
        assert_eq!(home.all("nav.side a"), ["Home", "Kong Manager"]);
        assert!(!home.has("form.switcher"), "there is nothing to choose");
        let refused = browser.get("/_sso/groups").await;
        assert_eq!(refused.status, 403);
        assert!(refused.words().contains("newcomer@example.com, you do not have permissions to read this resource"));
        assert!(refused.words().contains("The right that is missing: read on /groups in some workspace."));
        assert_eq!(refused.attributes(".form-actions a", "href"), ["/_sso/", "/_sso/logout"]);
        let profile = browser.get("/_sso/profile").await;
        assert!(profile.words().contains("You have no role") && profile.words().contains("unknown"));
    })
    .await;
}

#[actix_web::test]
async fn an_unknown_page_is_404_with_a_way_home() {
    with_scene(async |scene| {
        let browser = scene.root().await;
        let none = "00000000-0000-0000-0000-000000000000";
        for path in ["/_sso/nowhere", "/_sso/admins/x", "/_sso/workspaces/nowhere", &format!("/_sso/groups/{none}")] {
            let page = browser.get(path).await;
            assert_eq!((page.status, page.all("h1")), (404, vec!["Not found".to_owned()]), "{path}");
            assert_eq!(page.attributes(".form-actions a", "href"), ["/_sso/"], "{path}");
        }
        assert_eq!(browser.get("/_sso/admins?offset=x").await.status, 400);
        let button = browser.get("/_sso/sso/test").await;
        assert_eq!((button.status, button.attributes(".form-actions a", "href")), (405, vec!["/_sso/".to_owned()]));
        assert_eq!(scene.browser().get("/_sso/nowhere").await.status, 303);
    })
    .await;
}

#[actix_web::test]
async fn pages_live_below_the_path_of_the_gui() {
    let moved = |settings: &mut kong_sso::config::Settings| {
        settings.gui.path = "/manager".to_owned();
        let auth = settings.admin_auth.as_mut().unwrap();
        auth.relying_party.redirect_uri.iter_mut().for_each(|url| url.set_path("/manager/_api/auth"));
        auth.login_redirect_uri.iter_mut().for_each(|url| url.set_path("/manager/"));
    };
    crate::pages::with_changed_scene(moved, async |scene| {
        let browser = scene.browser();
        let root = crate::pages::person("root", &["platform-admins"]);
        browser.sign_in(&scene.op, root, "/manager/_sso/").await;
        for path in ["/manager/_sso", "/manager/_sso/", "/manager/_sso/groups"] {
            let page = browser.get(path).await;
            assert_eq!(page.status, 200, "{path}");
            let links = page.attributes("nav.side a, link[href], form[action]", "href");
            assert!(links.iter().all(|link| link.starts_with("/manager/")), "{links:?}");
        }
        assert_ne!(browser.get("/_sso/groups").await.status, 200);
    })
    .await;
}

#[actix_web::test]
async fn home_counts_what_kong_holds_and_survives_its_absence() {
    with_scene(async |scene| {
        let browser = scene.root().await;
        let home = browser.get("/_sso/").await;
        assert!(home.words().contains("3.9.3") && home.words().contains("reachable"));
        assert_eq!(home.all(".ws-card .counts div")[0], "services 2");
    })
    .await;
    let dead = |settings: &mut kong_sso::config::Settings| {
        settings.upstream.admin_url = "http://127.0.0.1:9/".parse().unwrap();
    };
    crate::pages::with_changed_scene(dead, async |scene| {
        let home = scene.root().await.get("/_sso/").await;
        assert_eq!(home.status, 200);
        assert!(home.words().contains("not reachable") && home.words().contains("does not answer"));
    })
    .await;
}

/// Admins `a00` to `a59`, and one with a name that tries to be markup.
async fn many_admins(scene: &Scene) {
    let mut tx = scene.store.write().await.unwrap();
    let home = workspaces::list(&mut tx).await.unwrap()[0].id;
    let names = (0..60).map(|n| format!("a{n:02}")).chain(["<script>alert(1)</script>'\"&".to_owned()]);
    for name in names {
        let admin = Admin {
            id: AdminId::generate(),
            username: UserName::parse(&name).unwrap(),
            custom_id: None,
            email: Some(format!("{name}@x")),
            status: if name == "a07" { AdminStatus::Revoked } else { AdminStatus::Approved },
            rbac_token_enabled: true,
            rbac_user_id: RbacUserId::generate(),
            ws_id: home,
            binding: None,
            last_login_at: None,
            created_at: NOW,
            updated_at: NOW,
        };
        admins::create(&mut tx, &admin).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[actix_web::test]
async fn lists_page_filter_and_sort_by_their_address() {
    with_scene(async |scene| {
        let browser = scene.root().await;
        many_admins(scene).await;
        let names = async |path: &str| browser.get(path).await.all("tbody th a");
        let first = browser.get("/_sso/admins?q=a&size=10").await;
        assert_eq!(first.all("tbody th a")[1], "a00");
        assert!(first.words().contains("1–10 of 62"), "{}", first.words());
        assert!(!first.has("a[rel=prev]"));
        let next = first.one("a[rel=next]").attr("href").unwrap().to_owned();
        assert_eq!(next, "/_sso/admins?q=a&size=10&offset=10");
        let second = browser.get(&next).await;
        assert_eq!(second.all("tbody th a")[1], "a10");
        assert_eq!(second.one("a[rel=prev]").attr("href").unwrap(), "/_sso/admins?q=a&size=10");
        assert_eq!(names("/_sso/admins?sort=-name&size=2").await, ["root@example.com", "a59"]);
        assert_eq!(names("/_sso/admins?sort=-login&size=1").await, ["root@example.com"]);
        assert_eq!(names("/_sso/admins?status=3").await, ["a07"]);
        assert_eq!(names("/_sso/admins?q=A0_").await, Vec::<String>::new());
        assert_eq!(first.attributes("th[aria-sort]", "aria-sort"), ["ascending", "none"]);
    })
    .await;
}

#[actix_web::test]
async fn names_never_become_markup() {
    with_scene(async |scene| {
        let browser = scene.root().await;
        many_admins(scene).await;
        let list = browser.get("/_sso/admins?q=script").await;
        assert!(!list.text.contains("<script>alert"), "{}", list.text);
        let link = list.one("tbody th a").attr("href").unwrap().to_owned();
        let page = browser.get(&link).await;
        assert_eq!(page.all("h1"), ["<script>alert(1)</script>'\"&"]);
        assert!(!page.text.contains("<script>alert"));
        let typed = "\"><img src=x onerror=alert(1)>";
        for path in ["/_sso/groups?q=", "/_sso/groups?name=", "/_sso/admins?q=", "/_sso/roles/explain?user="] {
            let page = browser.get(&format!("{path}%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")).await;
            assert!(!page.has("img"), "{path}");
            assert!(page.attributes("input", "value").contains(&typed.to_owned()), "{path}: {}", page.text);
        }
    })
    .await;
}

#[actix_web::test]
async fn values_of_sign_ins_that_no_group_maps_are_offered() {
    with_scene(async |scene| {
        let browser = scene.root().await;
        scene.signed_in("bob", &["ops & friends"]).await;
        let groups = browser.get("/_sso/groups").await;
        let link = groups.attributes("aside .steps a", "href");
        assert!(link.contains(&"/_sso/groups?name=ops%20%26%20friends#create".to_owned()), "{link:?}");
        let form = browser.get("/_sso/groups?name=ops%20%26%20friends").await;
        assert_eq!(form.one("#name").attr("value"), Some("ops & friends"));
    })
    .await;
}
