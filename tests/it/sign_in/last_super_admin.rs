//! The last super-admin and the identity provider: what it withdraws is gone, noted, and can be given back; what admins
//! do at the doors must not take it away at the next sign-in.

use kong_sso::config::Settings;
use kong_sso::config::settings::Unmapped;
use kong_sso::services::bootstrap;
use kong_sso::store::audit_objects::{self, ObjectFilter};
use kong_sso::store::{Page, Store};
use serde_json::{Value, json};

use super::groups::map;
use super::with_site;
use crate::support::browser::{Browser, Reply};
use crate::support::node::{self, bind};
use crate::support::site::Site;

const BOB: &str = "bob@example.com";

/// Settings under which only claims make super-admins, and changes are recorded.
fn by_claims(settings: &mut Settings) {
    settings.login.bootstrap_groups = vec!["founders".to_owned()];
    settings.audit.enabled = true;
    settings.audit.record_ttl = 100_000;
}

fn is_bob(site: &Site, groups: Value) {
    site.person("bob-id", json!({ "email": BOB, "groups": groups }));
}

/// Bob's browser after a sign-in with these groups.
async fn bob(site: &Site, groups: Value) -> Browser {
    is_bob(site, groups);
    site.signed_in().await
}

/// What the log notes about the role super-admin.
async fn notes(store: &Store) -> Vec<String> {
    let mut connection = store.read().await.unwrap();
    let filter = ObjectFilter { dao_name: Some("rbac_roles".to_owned()), ..ObjectFilter::default() };
    let now = kong_sso::domain::time::Clock::System.now();
    let page = Page::new(100, None).unwrap();
    let records = audit_objects::list_objects(&mut connection, &filter, &page, now).await.unwrap();
    records.items.iter().filter_map(|kept| Some(kept.record.entity.get("note")?.as_str()?.to_owned())).collect()
}

async fn is_super_admin(browser: &mut Browser) -> bool {
    browser.fetch("GET", "/_api/rbac/users", "").await.status == 200
}

#[actix_web::test]
async fn km_042_what_the_provider_takes_from_the_last_super_admin_is_gone_and_noted() {
    with_site(by_claims, async |site| {
        let mut first = bob(site, json!(["default:super-admin"])).await;
        assert!(is_super_admin(&mut first).await);
        site.person("eve-id", json!({ "email": "eve@example.com", "groups": ["default:super-admin"] }));
        site.signed_in().await;
        bob(site, json!([])).await;
        assert!(!is_super_admin(&mut first).await, "the session loses it at once");
        assert!(notes(&site.store).await.is_empty(), "somebody else has it still");

        bob(site, json!(["default:super-admin"])).await;
        site.person("eve-id", json!({ "email": "eve@example.com" }));
        site.signed_in().await;
        assert!(notes(&site.store).await.is_empty(), "bob has it still");
        bob(site, json!(["nothing"])).await;
        bob(site, json!(["something"])).await;
        let noted = notes(&site.store).await;
        assert_eq!(noted.len(), 1, "{noted:?}");
        assert!(noted[0].starts_with("nobody is super-admin any more"), "{noted:?}");
    })
    .await;
}

#[actix_web::test]
async fn km_042_a_sign_in_that_is_refused_notes_it_too() {
    let edit = |settings: &mut Settings| {
        by_claims(settings);
        settings.login.unmapped = Unmapped::Deny;
    };
    with_site(edit, async |site| {
        let mut first = bob(site, json!(["default:super-admin"])).await;
        is_bob(site, json!([]));
        assert_eq!(site.sign_in(&mut site.browser()).await.status, 403);
        assert!(!is_super_admin(&mut first).await);
        assert_eq!(notes(&site.store).await.len(), 1);
    })
    .await;
}

#[actix_web::test]
async fn km_042_a_group_that_denies_everything_to_the_last_super_admin_is_noted() {
    with_site(by_claims, async |site| {
        let mut root = bob(site, json!(["default:super-admin"])).await;
        make_denial(&mut root).await;
        let mut browser = bob(site, json!(["default:super-admin", "deniers"])).await;
        assert!(!is_super_admin(&mut browser).await);
        let noted = notes(&site.store).await;
        assert!(noted.len() == 1 && noted[0].starts_with("no super-admin may change rights"), "{noted:?}");
    })
    .await;
}

/// A change of settings.
type Way = fn(&mut Settings);

/// The ways back that docs/operations.md names, each with a node that was started with it.
#[actix_web::test]
async fn km_042_settings_give_a_super_admin_back() {
    let ways: [(Way, Value); 2] = [
        (|settings| settings.login.super_admins = vec![BOB.to_owned()], json!([])),
        (|settings| settings.login.bootstrap_groups = vec!["staff".to_owned()], json!(["staff"])),
    ];
    for (way, groups) in ways {
        with_site(by_claims, async |site| {
            bob(site, json!(["default:super-admin"])).await;
            let mut lost = bob(site, groups.clone()).await;
            assert!(!is_super_admin(&mut lost).await);
            let password = "chosen later".to_owned().into();
            let now = site.running.node.services().clock.now();
            let is_made = bootstrap::first_super_admin(&site.store, &password, now).await.unwrap();
            assert!(!is_made, "the first admin is made on an empty store only");

            let (mut settings, gui) = (site.settings.clone(), bind());
            settings.admin_auth = Some(node::admin_auth(&site.op, &gui.1));
            way(&mut settings);
            let repaired = node::start_with(settings, bind(), gui, site.running.clock()).await;
            let mut browser = Browser::at(&repaired.gui);
            assert_eq!(site.sign_in(&mut browser).await.status, 302);
            assert!(is_super_admin(&mut browser).await);
            repaired.stop().await;
        })
        .await;
    }
}

async fn change(browser: &mut Browser, method: &str, door: &str, body: Value) -> Reply {
    browser.fetch(method, &format!("/_api{door}"), &body.to_string()).await
}

/// A role that denies everything, given by a group that nobody is in.
async fn make_denial(root: &mut Browser) {
    let everything = json!({ "workspace": "*", "endpoint": "*", "actions": "*", "negative": true });
    for (door, body) in [
        ("/rbac/roles", json!({ "name": "denial" })),
        ("/rbac/roles/denial/endpoints", everything),
        ("/groups", json!({ "name": "deniers" })),
        ("/groups/deniers/roles", json!({ "rbac_role_id": "denial", "workspace_id": "default" })),
    ] {
        let reply = change(root, "POST", door, body).await;
        assert_eq!(reply.status, 201, "{door}: {}", reply.text);
    }
}

fn is_refused(reply: &Reply) -> bool {
    reply.status == 409 && reply.json() == json!({ "message": "cannot remove the last super admin" })
}

#[actix_web::test]
async fn km_069_the_group_that_makes_the_last_super_admin_keeps_its_name() {
    with_site(by_claims, async |site| {
        map(&site.store, "ops", "default", "super-admin").await;
        let mut root = bob(site, json!(["ops", "staff"])).await;
        for (method, body) in
            [("PATCH", json!({ "name": "other" })), ("PUT", json!({ "name": "other" })), ("DELETE", json!({}))]
        {
            let reply = change(&mut root, method, "/groups/ops", body).await;
            assert!(is_refused(&reply), "{method}: {} {}", reply.status, reply.text);
        }
        assert_eq!(change(&mut root, "PATCH", "/groups/ops", json!({ "comment": "c" })).await.status, 200);
        let renamed = change(&mut root, "PATCH", "/groups/ops", json!({ "name": "staff" })).await;
        assert_eq!(renamed.status, 200, "the provider sends that name as well: {}", renamed.text);
        let mut again = bob(site, json!(["staff"])).await;
        assert!(is_super_admin(&mut again).await);
        assert!(notes(&site.store).await.is_empty());
    })
    .await;
}

#[actix_web::test]
async fn km_069_no_group_that_denies_everything_gets_a_name_that_the_last_super_admin_comes_with() {
    with_site(by_claims, async |site| {
        let mut root = bob(site, json!(["default:super-admin", "staff"])).await;
        make_denial(&mut root).await;
        let renamed = change(&mut root, "PATCH", "/groups/deniers", json!({ "name": "staff" })).await;
        assert!(is_refused(&renamed), "{} {}", renamed.status, renamed.text);
        assert_eq!(change(&mut root, "POST", "/groups", json!({ "name": "staff" })).await.status, 201);
        let link = json!({ "rbac_role_id": "denial", "workspace_id": "default" });
        let linked = change(&mut root, "POST", "/groups/staff/roles", link).await;
        assert!(is_refused(&linked), "{} {}", linked.status, linked.text);
        assert!(is_super_admin(&mut bob(site, json!(["default:super-admin", "staff"])).await).await);
    })
    .await;
}

#[actix_web::test]
async fn sign_ins_and_changes_of_one_person_never_wait_for_each_other_for_ever() {
    with_site(by_claims, async |site| {
        let mut root = bob(site, json!(["default:super-admin"])).await;
        is_eve(site, "admin");
        site.signed_in().await;
        for round in 0..6 {
            is_eve(site, if round % 2 == 0 { "read-only" } else { "admin" });
            let granted = json!({ "roles": "workspace-read-only" });
            let (_, reply) = futures_util::future::join(
                site.signed_in(),
                change(&mut root, "POST", "/rbac/users/eve@example.com/roles", granted),
            )
            .await;
            assert!(matches!(reply.status, 201 | 400 | 404 | 409), "{} {}", reply.status, reply.text);
        }
    })
    .await;
}

fn is_eve(site: &Site, role: &str) {
    site.person("eve-id", json!({ "email": "eve@example.com", "groups": [format!("default:{role}")] }));
}
