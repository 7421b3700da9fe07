//! Scenarios 41 to 52: from the groups claim to roles, through the door that people use.

use kong_sso::config::settings::{ManualRoles, Unmapped};
use kong_sso::domain::claims::ClaimPath;
use kong_sso::domain::group::Group;
use kong_sso::domain::ids::{GroupId, GroupName, WorkspaceName};
use kong_sso::domain::role::RoleSource;
use kong_sso::store::epochs::{self, Epoch};
use kong_sso::store::{Store, admins, group_roles, groups, roles, user_roles, workspaces};
use serde_json::{Value, json};

use super::{auth, with_site};
use crate::store::NOW;
use crate::support::site::Site;

const BOB: &str = "bob@example.com";

fn claims(groups: Value) -> Value {
    json!({"email": BOB, "groups": groups})
}

/// Signs bob in with these groups; returns the status of the callback.
async fn bob(site: &Site, groups: Value) -> u16 {
    site.person("bob-id", claims(groups));
    site.sign_in(&mut site.browser()).await.status
}

/// Bob's roles as `workspace:role source`.
async fn roles_of_bob(store: &Store) -> Vec<String> {
    let mut connection = store.read().await.unwrap();
    let admin = admins::find_by_username(&mut connection, BOB).await.unwrap().unwrap();
    let held = user_roles::list(&mut connection, admin.rbac_user_id).await.unwrap();
    held.iter().map(|it| format!("{}:{} {}", it.workspace, it.role.name, it.role_source.as_str())).collect()
}

async fn give_bob(store: &Store, role: &str) {
    let mut tx = store.write().await.unwrap();
    let admin = admins::find_by_username(&mut tx, BOB).await.unwrap().unwrap();
    let home = workspaces::ensure_default(&mut tx, NOW).await.unwrap();
    let role = roles::find(&mut tx, home.id, role).await.unwrap().unwrap();
    user_roles::assign(&mut tx, admin.rbac_user_id, role.id, RoleSource::Local).await.unwrap();
    tx.commit().await.unwrap();
}

/// A group entity with one role under one workspace, which is made with its roles.
pub(super) async fn map(store: &Store, group: &str, workspace: &str, role: &str) -> GroupId {
    let mut tx = store.write().await.unwrap();
    let workspace = if workspace == "default" {
        workspaces::ensure_default(&mut tx, NOW).await.unwrap()
    } else {
        let workspace = workspaces::new(WorkspaceName::parse(workspace).unwrap(), NOW);
        workspaces::create(&mut tx, &workspace).await.unwrap();
        roles::install_built_ins(&mut tx, &workspace, NOW).await.unwrap();
        workspace
    };
    let role = roles::find(&mut tx, workspace.id, role).await.unwrap().unwrap();
    let group = Group {
        id: GroupId::generate(),
        name: GroupName::parse(group).unwrap(),
        comment: None,
        created_at: NOW,
        updated_at: NOW,
    };
    groups::create(&mut tx, &group).await.unwrap();
    group_roles::create(&mut tx, group.id, role.id, workspace.id).await.unwrap();
    epochs::bump(&mut tx, Epoch::Rbac).await.unwrap();
    tx.commit().await.unwrap();
    group.id
}

#[actix_web::test]
async fn km_041_km_042_a_direct_value_gives_a_role_until_it_is_gone() {
    with_site(
        |_| {},
        async |site| {
            assert_eq!(bob(site, json!(["default:super-admin"])).await, 302);
            assert_eq!(roles_of_bob(&site.store).await, ["default:super-admin idp"]);
            assert_eq!(bob(site, json!([])).await, 302);
            assert!(roles_of_bob(&site.store).await.is_empty());
        },
    )
    .await;
}

#[actix_web::test]
async fn km_043_a_local_role_is_kept() {
    with_site(
        |_| {},
        async |site| {
            bob(site, json!([])).await;
            give_bob(&site.store, "read-only").await;
            bob(site, json!(["default:read-only"])).await;
            assert_eq!(roles_of_bob(&site.store).await, ["default:read-only local"]);
            bob(site, json!([])).await;
            assert_eq!(roles_of_bob(&site.store).await, ["default:read-only local"]);
        },
    )
    .await;
}

#[actix_web::test]
async fn km_043_a_local_role_is_removed_when_the_provider_overwrites() {
    with_site(
        |settings| settings.login.manual_roles = ManualRoles::Overwrite,
        async |site| {
            bob(site, json!([])).await;
            give_bob(&site.store, "read-only").await;
            bob(site, json!([])).await;
            assert!(roles_of_bob(&site.store).await.is_empty());
        },
    )
    .await;
}

#[actix_web::test]
async fn km_044_an_unknown_role_is_ignored() {
    with_site(
        |_| {},
        async |site| {
            assert_eq!(bob(site, json!(["teamX:foo", "default:nope", "nonsense"])).await, 302);
            assert!(roles_of_bob(&site.store).await.is_empty());
        },
    )
    .await;
}

#[actix_web::test]
async fn direct_values_can_be_switched_off() {
    with_site(
        |settings| settings.login.direct_role_claims = false,
        async |site| {
            assert_eq!(bob(site, json!(["default:super-admin"])).await, 302);
            assert!(roles_of_bob(&site.store).await.is_empty());
        },
    )
    .await;
}

#[actix_web::test]
async fn km_045_km_046_a_mapped_group_acts_in_its_workspace_and_ends_at_once() {
    with_site(
        |_| {},
        async |site| {
            let group = map(&site.store, "ops", "payments", "workspace-admin").await;
            site.person("bob-id", claims(json!(["ops"])));
            let mut browser = site.signed_in().await;
            assert_eq!(browser.fetch("POST", "/_api/payments/services", "{}").await.status, 200);
            assert_eq!(browser.fetch("POST", "/_api/services", "{}").await.status, 403);
            let mut tx = site.store.write().await.unwrap();
            groups::delete(&mut tx, group).await.unwrap();
            epochs::bump(&mut tx, Epoch::Rbac).await.unwrap();
            tx.commit().await.unwrap();
            site.running.node.services().follow_changes().await;
            assert_eq!(browser.fetch("POST", "/_api/payments/services", "{}").await.status, 403);
        },
    )
    .await;
}

#[actix_web::test]
async fn km_047_a_nested_claim_is_followed() {
    with_site(
        |settings| {
            auth(settings).mapping.groups_claim = ClaimPath::new(vec!["realm_access".into(), "roles".into()]).unwrap();
        },
        async |site| {
            site.person("bob-id", json!({"email": BOB, "realm_access": {"roles": ["default:read-only"]}}));
            site.signed_in().await;
            assert_eq!(roles_of_bob(&site.store).await, ["default:read-only idp"]);
        },
    )
    .await;
}

#[actix_web::test]
async fn km_048_a_delimited_text_is_several_values() {
    with_site(
        |settings| auth(settings).mapping.groups_delimiter = Some(','),
        async |site| {
            bob(site, json!("default:read-only, default:admin")).await;
            assert_eq!(roles_of_bob(&site.store).await, ["default:admin idp", "default:read-only idp"]);
        },
    )
    .await;
}

#[actix_web::test]
async fn km_049_nobody_without_a_role_gets_in_when_that_is_denied() {
    with_site(
        |settings| settings.login.unmapped = Unmapped::Deny,
        async |site| {
            site.person("bob-id", json!({"email": BOB}));
            assert_eq!(site.sign_in(&mut site.browser()).await.status, 403);
            let mut connection = site.store.read().await.unwrap();
            assert!(admins::find_by_username(&mut connection, BOB).await.unwrap().is_none(), "nobody was created");
            drop(connection);
            assert_eq!(bob(site, json!(["default:read-only"])).await, 302);
            assert_eq!(bob(site, json!([])).await, 403);
            assert!(roles_of_bob(&site.store).await.is_empty(), "the withdrawn role is gone although nobody got in");
        },
    )
    .await;
}

#[actix_web::test]
async fn km_049_without_the_claim_nobody_has_roles() {
    with_site(
        |_| {},
        async |site| {
            site.person("bob-id", json!({"email": BOB}));
            let mut browser = site.signed_in().await;
            assert!(roles_of_bob(&site.store).await.is_empty());
            assert_eq!(browser.fetch("GET", "/_api/services", "").await.status, 403);
        },
    )
    .await;
}

#[actix_web::test]
async fn km_050_an_overage_pointer_is_refused_and_roles_stay() {
    with_site(
        |_| {},
        async |site| {
            bob(site, json!(["default:read-only"])).await;
            for pointer in [json!({"_claim_names": {"groups": "src1"}}), json!({"hasgroups": true})] {
                let mut claims = pointer;
                claims["email"] = json!(BOB);
                site.person("bob-id", claims);
                let reply = site.sign_in(&mut site.browser()).await;
                assert_eq!(reply.status, 403);
                assert!(reply.text.contains("groups could not be read from the identity provider"));
            }
            assert_eq!(roles_of_bob(&site.store).await, ["default:read-only idp"]);
        },
    )
    .await;
}

#[actix_web::test]
async fn km_051_parallel_sign_ins_end_in_one_of_the_two_sets() {
    with_site(
        |_| {},
        async |site| {
            bob(site, json!([])).await;
            let mut answers = Vec::new();
            for at in 0..20 {
                let set =
                    if at % 2 == 0 { ["default:admin", "payroll:x"] } else { ["default:read-only", "default:admin"] };
                site.person("bob-id", claims(json!(set)));
                let mut browser = site.browser();
                let answer = site.answer(&mut browser, "").await;
                answers.push((browser, answer, json!(set)));
            }
            // The provider answers a code with the person of that moment, so half of the codes come back as either.
            let calls = answers.into_iter().map(|(mut browser, answer, set)| async move {
                site.person("bob-id", claims(set));
                browser.navigate(&answer).await.status
            });
            let statuses = futures_util::future::join_all(calls).await;
            assert!(statuses.iter().all(|status| *status == 302), "{statuses:?}");
            let held = roles_of_bob(&site.store).await;
            let sets = [vec!["default:admin idp"], vec!["default:admin idp", "default:read-only idp"]];
            assert!(sets.iter().any(|set| *set == held), "{held:?}");
        },
    )
    .await;
}

#[actix_web::test]
async fn km_052_a_number_matches_a_group_of_that_name() {
    with_site(
        |_| {},
        async |site| {
            map(&site.store, "123", "default", "read-only").await;
            site.person("bob-id", claims(json!([123])));
            let mut browser = site.signed_in().await;
            assert_eq!(browser.fetch("GET", "/_api/services", "").await.status, 200);
            assert_eq!(browser.fetch("POST", "/_api/services", "{}").await.status, 403);
        },
    )
    .await;
}

#[actix_web::test]
async fn bootstrap_groups_and_named_super_admins_open_an_empty_store() {
    with_site(
        |settings| settings.login.super_admins = vec![BOB.to_owned()],
        async |site| {
            bob(site, json!([])).await;
            assert_eq!(roles_of_bob(&site.store).await, ["default:super-admin local"], "there was none");
            site.person("carol-id", json!({"email": "carol@example.com", "groups": ["platform-admins"]}));
            let mut carol = site.signed_in().await;
            assert_eq!(carol.fetch("DELETE", "/_api/services/x", "").await.status, 200);
        },
    )
    .await;
}
