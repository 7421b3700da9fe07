//! Forms about roles, groups and workspaces, and the dry run of a sign-in.

use kong_sso::domain::audit::Verdict;

use crate::pages::security::records;
use crate::pages::with_scene;
use crate::support::page_browser::Browser;

/// Creates a group by its form; returns its page.
async fn group(browser: &Browser, name: &str) -> String {
    let created = browser.submit("/_sso/groups", "/_sso/groups", &[("name", name)]).await;
    assert_eq!(created.status, 303, "{}", created.words());
    created.location()
}

/// The value of the choice with that label.
async fn choice(browser: &Browser, page: &str, list: &str, label: &str) -> String {
    let shown = browser.get(page).await;
    let labels = shown.all(&format!("{list} option"));
    let at = labels.iter().position(|it| it == label).unwrap_or_else(|| panic!("no {label} in {labels:?}"));
    shown.attributes(&format!("{list} option"), "value")[at].clone()
}

#[actix_web::test]
async fn km_045_km_046_a_group_gives_roles_and_takes_them_back() {
    with_scene(async |scene| {
        let root = scene.root().await;
        let page = group(&root, "/ops & friends").await;
        let shown = root.get(&page).await;
        assert_eq!(shown.all("h1"), ["/ops & friends"]);
        assert!(shown.words().contains("This group gives no roles yet"));
        let role = choice(&root, &page, "#rbac_role_id", "read-only").await;
        let mapped = root.submit_and_follow(&page, &format!("{page}/roles"), &[("rbac_role_id", &role)]).await;
        assert!(mapped.all("tbody tr")[0].starts_with("read-only default"), "{}", mapped.words());
        let twice = root.submit(&page, &format!("{page}/roles"), &[("rbac_role_id", &role)]).await;
        assert_eq!(twice.status, 422);
        let bob = scene.signed_in("bob", &["/ops & friends"]).await;
        assert_eq!(bob.get("/_sso/groups").await.status, 200);
        let member = root.get(&page).await;
        assert!(member.words().contains("bob@example.com"));
        let unmapped = root.submit_and_follow(&page, &format!("{page}/roles/delete"), &[]).await;
        assert!(unmapped.words().contains("The role was removed"));
        assert_eq!(bob.get("/_sso/groups").await.status, 403);
        let record = format!("{}/roles", page.trim_start_matches(scene.running.gui.as_str()));
        let found = records(scene, &record).await;
        let short: Vec<_> =
            found.iter().map(|(method, status, verdict, ..)| (method.as_str(), *status, *verdict)).collect();
        assert_eq!(short, [("POST", 303, Verdict::Allowed), ("POST", 422, Verdict::Allowed)]);
    })
    .await;
}

#[actix_web::test]
async fn a_group_is_renamed_and_deleted_after_its_name_was_typed() {
    with_scene(async |scene| {
        let root = scene.root().await;
        let page = group(&root, "ops").await;
        group(&root, "dev").await;
        let taken = root.submit(&page, &page, &[("name", "dev"), ("comment", "kept")]).await;
        assert_eq!((taken.status, taken.all("h1")), (422, vec!["ops".to_owned()]));
        assert_eq!(taken.one("#name").attr("value"), Some("dev"));
        assert_eq!(taken.one("#comment").attr("value"), Some("kept"));
        let saved = root.submit_and_follow(&page, &page, &[("name", "sre"), ("comment", "who watches")]).await;
        assert_eq!(saved.all("h1"), ["sre"]);
        let wrong = root.submit(&page, &format!("{page}/delete"), &[("confirm", "ops")]).await;
        assert_eq!(wrong.status, 422);
        let list = root.submit_and_follow(&page, &format!("{page}/delete"), &[("confirm", "sre")]).await;
        assert_eq!(list.all("tbody th a"), ["dev"]);
        let empty = root.submit("/_sso/groups", "/_sso/groups", &[("name", " ")]).await;
        assert_eq!((empty.status, empty.one("#name").attr("aria-invalid")), (422, Some("true")));
    })
    .await;
}

#[actix_web::test]
async fn km_066_a_role_gets_rules_by_rows() {
    with_scene(async |scene| {
        let root = scene.root().await;
        let created = root.submit("/_sso/roles", "/_sso/roles", &[("name", "dev"), ("comment", "builds")]).await;
        let page = created.location();
        let rules = format!("{page}/rules");
        let csrf = root.get(&page).await.one("input[name=csrf]").attr("value").unwrap().to_owned();
        let rows = [
            ("csrf", csrf.as_str()),
            ("workspace.0", "default"),
            ("endpoint.0", "/services"),
            ("read.0", "on"),
            ("create.0", "on"),
            ("workspace.2", "*"),
            ("endpoint.2", "/services/*"),
            ("delete.2", "on"),
            ("negative.2", "true"),
            ("comment.2", "<never>"),
        ];
        let added = root.post(&rules, &rows).await;
        assert_eq!(added.status, 303, "{}", added.words());
        let shown = root.get(&added.location()).await;
        assert_eq!(shown.all(".flash"), ["2 rules were added."]);
        assert_eq!(shown.all("#rules + p").len(), 1);
        let mut table = shown.all("table:first-of-type tbody tr");
        table.sort();
        assert_eq!(table[0], "/services default read create allow Remove rule for /services in default");
        assert_eq!(table[1], "/services/* * delete deny <never> Remove rule for /services/* in *");
        let key = [("workspace", "*"), ("endpoint", "/services/*")];
        let removed = root.submit_and_follow(&page, &format!("{rules}/delete"), &key).await;
        assert_eq!(removed.all("table:first-of-type tbody tr").len(), 1, "{}", removed.words());
    })
    .await;
}

#[actix_web::test]
async fn a_wrong_row_is_shown_again_and_the_rows_before_it_are_not_added_either() {
    with_scene(async |scene| {
        let root = scene.root().await;
        let page = root.submit("/_sso/roles", "/_sso/roles", &[("name", "dev")]).await.location();
        let csrf = root.get(&page).await.one("input[name=csrf]").attr("value").unwrap().to_owned();
        let rows = [
            ("csrf", csrf.as_str()),
            ("workspace.0", "default"),
            ("endpoint.0", "/services"),
            ("read.0", "on"),
            ("workspace.1", "default"),
            ("endpoint.1", "services/[bad"),
        ];
        let refused = root.post(&format!("{page}/rules"), &rows).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.attributes("input[list=endpoints]", "value"), ["/services", "services/[bad"]);
        assert_eq!(refused.attributes("input[aria-invalid]", "id"), ["endpoint.1"]);
        assert!(refused.words().contains("Actions of row 2: tick at least one"), "{}", refused.words());
        assert!(root.get(&page).await.words().contains("This role permits nothing yet"));
        let good = [("workspace.0", "default"), ("endpoint.0", "/routes"), ("csrf", csrf.as_str()), ("read.0", "on")];
        assert_eq!(root.post(&format!("{page}/rules"), &good).await.status, 303);
        let twice = root.post(&format!("{page}/rules"), &good).await;
        assert_eq!(twice.status, 422);
        assert_eq!(twice.one("[id='endpoint.0']").attr("value"), Some("/routes"));
    })
    .await;
}

#[actix_web::test]
async fn a_role_is_commented_and_deleted_but_super_admin_stays() {
    with_scene(async |scene| {
        let root = scene.root().await;
        let page = root.submit("/_sso/roles", "/_sso/roles", &[("name", "dev")]).await.location();
        let saved = root.submit_and_follow(&page, &page, &[("comment", "for developers")]).await;
        assert!(saved.words().contains("for developers"));
        let list = root.submit_and_follow(&page, &format!("{page}/delete"), &[("confirm", "dev")]).await;
        assert!(!list.all("tbody th a").contains(&"dev".to_owned()));
        let at = list.all("tbody th a").iter().position(|name| name == "super-admin").unwrap();
        let page = list.attributes("tbody th a", "href")[at].clone();
        let refused = root.submit(&page, &format!("{page}/delete"), &[("confirm", "super-admin")]).await;
        assert_eq!(refused.status, 409, "{}", refused.words());
    })
    .await;
}

#[actix_web::test]
async fn km_067_what_the_giver_lacks_is_refused_on_the_page() {
    with_scene(async |scene| {
        let root = scene.root().await;
        let page = root.submit("/_sso/roles", "/_sso/roles", &[("name", "clerk")]).await.location();
        let csrf = root.get(&page).await.one("input[name=csrf]").attr("value").unwrap().to_owned();
        for endpoint in ["/rbac/roles", "/rbac/roles/*", "/rbac/roles/*/endpoints"] {
            let rule = [
                ("csrf", csrf.as_str()),
                ("workspace.0", "default"),
                ("endpoint.0", endpoint),
                ("read.0", "on"),
                ("create.0", "on"),
            ];
            assert_eq!(root.post(&format!("{page}/rules"), &rule).await.status, 303);
        }
        let bob = scene.signed_in("bob", &["default:clerk"]).await;
        let other = bob.submit("/_sso/roles", "/_sso/roles", &[("name", "mine")]).await.location();
        let form = [("endpoint.0", "/services"), ("workspace.0", "default")];
        let refused = bob.submit(&other, &format!("{other}/rules"), &form).await;
        assert_eq!(refused.status, 403, "{}", refused.words());
        assert!(root.get(&other).await.words().contains("This role permits nothing yet"));
    })
    .await;
}

#[actix_web::test]
async fn km_090_km_092_a_workspace_is_created_chosen_and_deleted_with_what_it_holds() {
    with_scene(async |scene| {
        let root = scene.root().await;
        let upstream = "http://127.0.0.1:9/";
        let fields = [("name", "payments"), ("comment", "money"), ("upstream_admin_url", upstream)];
        let page = root.submit_and_follow("/_sso/workspaces", "/_sso/workspaces", &fields).await;
        assert_eq!(page.all("h1"), ["payments"]);
        assert!(page.words().contains("4 roles") && page.words().contains("not reachable"));
        let roles = root.get("/_sso/roles?workspace=payments").await;
        assert_eq!(roles.all("tbody th a").len(), 4);
        root.submit_and_follow("/_sso/", "/_sso/workspace", &[("workspace", "payments")]).await;
        assert!(root.get("/_sso/rbac-users").await.words().contains("Service accounts of workspace payments"));
        root.submit("/_sso/rbac-users", "/_sso/rbac-users", &[("name", "ci-payments")]).await;
        let here = "/_sso/workspaces/payments";
        let saved = root.submit_and_follow(here, here, &[("comment", "all the money")]).await;
        assert!(saved.words().contains("all the money"));
        let refused = root.submit(here, &format!("{here}/delete"), &[("confirm", "payments")]).await;
        assert_eq!((refused.status, refused.all(".errors li")), (422, vec!["Workspace is not empty".to_owned()]));
        let fields = [("confirm", "payments"), ("cascade", "true")];
        let list = root.submit_and_follow(here, &format!("{here}/delete"), &fields).await;
        assert_eq!(list.all("tbody th a"), ["default"]);
        assert!(!root.get("/_sso/workspaces/default").await.has("form[action$='/delete']"));
    })
    .await;
}

#[actix_web::test]
async fn a_workspace_that_cannot_be_is_refused_at_its_input() {
    with_scene(async |scene| {
        let root = scene.root().await;
        for (fields, input) in [
            ([("name", "services"), ("upstream_admin_url", "http://127.0.0.1:9/")], "#name"),
            ([("name", "x"), ("upstream_admin_url", "http://169.254.169.254/")], "#upstream_admin_url"),
        ] {
            let page = root.submit("/_sso/workspaces", "/_sso/workspaces", &fields).await;
            assert_eq!((page.status, page.one(input).attr("aria-invalid")), (422, Some("true")), "{fields:?}");
            assert_eq!(page.one("#upstream_admin_url").attr("value"), Some(fields[1].1));
        }
    })
    .await;
}

#[actix_web::test]
async fn a_test_login_tells_what_it_would_do_and_does_nothing() {
    with_scene(async |scene| {
        let root = scene.root().await;
        let leaving = root.submit("/_sso/sso", "/_sso/sso/test", &[]).await;
        assert_eq!(leaving.status, 200, "{}", leaving.text);
        let to = leaving.one("a#continue").attr("href").unwrap().to_owned();
        scene.op.change(|it| it.user = crate::pages::person("stranger", &["default:read-only", "nothing"]));
        let landed = root.return_from(&scene.op, &to.parse().unwrap()).await;
        let page = root.get(&landed).await;
        let words = page.words();
        for part in ["Test login of stranger@example.com", "It would create this admin", "read-only", "nothing"] {
            assert!(words.contains(part), "{part}: {words}");
        }
        let list = root.get("/_sso/admins").await;
        assert_eq!(list.all("tbody th a"), ["root@example.com"]);
        assert!(root.get("/_sso/").await.words().contains("root@example.com"), "the session is still root's");
        let reader = scene.signed_in("reader", &["default:read-only"]).await;
        let csrf = reader.get("/_sso/").await.one("input[name=csrf]").attr("value").unwrap().to_owned();
        assert_eq!(reader.post("/_sso/sso/test", &[("csrf", &csrf)]).await.status, 403);
    })
    .await;
}

/// A browser of somebody whose only role is `workspace-super-admin` of `payments`.
async fn of_payments(scene: &crate::pages::Scene, root: &Browser) -> Browser {
    let fields = [("name", "payments"), ("upstream_admin_url", "http://127.0.0.1:9/")];
    root.submit_and_follow("/_sso/workspaces", "/_sso/workspaces", &fields).await;
    scene.signed_in("paula", &["payments:workspace-super-admin"]).await
}

#[actix_web::test]
async fn km_065_whoever_rules_one_workspace_sees_and_changes_that_one_only() {
    with_scene(async |scene| {
        let root = scene.root().await;
        root.submit("/_sso/rbac-users", "/_sso/rbac-users", &[("name", "ci-default")]).await;
        let paula = of_payments(scene, &root).await;
        let home = paula.get("/_sso/").await;
        assert_eq!(home.all(".ws-card h2"), ["payments"]);
        assert!(!home.words().contains("First steps") && !home.words().contains("127.0.0.1"));
        assert!(paula.get("/_sso/admins").await.words().contains("No admins here"));
        assert!(!paula.get("/_sso/rbac-users").await.words().contains("ci-default"));
        let page = root.get("/_sso/admins").await.attributes("tbody th a", "href")[0].clone();
        assert_eq!(paula.get(&page).await.status, 403);
        assert_eq!(paula.get("/_sso/roles?workspace=default").await.status, 403);
        assert_eq!(paula.get("/_sso/workspaces/default").await.status, 404);
        assert_eq!(paula.get("/_sso/sso").await.status, 403);
        let role = paula.submit("/_sso/roles", "/_sso/roles", &[("name", "clerk")]).await.location();
        let rules = format!("{role}/rules");
        let own = paula.submit_and_follow(&role, &rules, &[("endpoint.0", "/services")]).await;
        assert!(own.words().contains("The rule was added"));
        let csrf = own.one("input[name=csrf]").attr("value").unwrap().to_owned();
        let wide = [("csrf", csrf.as_str()), ("workspace.0", "*"), ("endpoint.0", "/routes"), ("read.0", "on")];
        assert_eq!(paula.post(&rules, &wide).await.status, 403);
        assert!(!paula.get("/_sso/groups").await.has("#create"));
    })
    .await;
}

#[actix_web::test]
async fn whoever_rules_one_workspace_gives_groups_its_roles_and_sees_no_others() {
    with_scene(async |scene| {
        let root = scene.root().await;
        let paula = of_payments(scene, &root).await;
        let page = group(&root, "ops").await;
        let everywhere = choice(&root, &page, "#rbac_role_id", "read-only").await;
        root.submit_and_follow(&page, &format!("{page}/roles"), &[("rbac_role_id", &everywhere)]).await;
        let shown = paula.get(&page).await;
        assert!(shown.words().contains("This group gives no roles yet"), "{}", shown.words());
        assert_eq!(shown.all("#workspace_id option"), ["The role's own workspace", "payments"]);
        let own = choice(&paula, &page, "#rbac_role_id", "workspace-read-only").await;
        let mapped = paula.submit_and_follow(&page, &format!("{page}/roles"), &[("rbac_role_id", &own)]).await;
        assert!(mapped.all("tbody tr")[0].starts_with("workspace-read-only payments"), "{}", mapped.words());
        let refused = paula.submit(&page, &format!("{page}/roles"), &[("rbac_role_id", &everywhere)]).await;
        assert_eq!(refused.status, 403);
        assert_eq!(root.get(&page).await.all("table:first-of-type tbody th").len(), 2);
    })
    .await;
}
