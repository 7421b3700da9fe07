//! Super-admins are changed by super-admins only, and not even these lock all of them out.

use kong_sso::store::{admins, group_values};
use serde_json::{Value, json};

use super::gateway::{Client, Gateway, with_gateway};
use super::groups::join;
use crate::store::NOW;

const SPARED: (u16, &str) = (403, "Super-admins can be changed only by super-admins");
const LAST: (u16, &str) = (409, "cannot remove the last super admin");

/// Somebody who may change roles and groups in `default` and nothing else.
async fn clerk(g: &Gateway) -> Client<'_> {
    let rbac = ["/rbac/*", "/rbac/*/*", "/rbac/*/*/*", "/rbac/*/*/*/*", "/rbac/*/*/*/*/*"];
    let groups = ["/groups", "/groups/*", "/groups/*/roles"];
    let rules: Vec<_> = rbac.into_iter().chain(groups).map(|path| ("default", path, "*")).collect();
    g.user("clerk", &rules).await
}

/// A role that denies everything.
async fn lock(g: &Gateway) {
    g.role("lock", &[("*", "*", "!*")]).await;
}

fn link(role: &str) -> Value {
    json!({ "rbac_role_id": role, "workspace_id": "default" })
}

#[actix_web::test]
async fn km_069_a_lesser_user_gives_a_super_admin_no_role_and_takes_none() {
    with_gateway(async |g| {
        let (root, clerk) = (g.root(), clerk(g).await);
        lock(g).await;
        g.role("other", &[("default", "/x", "read")]).await;
        g.user_with("boss", &["default:super-admin", "default:other"]).await;
        g.user_with("plain", &[]).await;
        for path in ["/rbac/users/boss/roles", "/rbac/users/kong_admin/roles"] {
            assert_eq!(clerk.post(path, json!({ "roles": "lock" })).await.refusal(), SPARED, "{path}");
        }
        let taken = clerk.delete_with("/rbac/users/boss/roles", json!({ "roles": "other" })).await;
        assert_eq!(taken.refusal(), SPARED);
        assert_eq!(clerk.delete("/rbac/roles/other").await.refusal(), SPARED);
        assert_eq!(clerk.post("/rbac/users/plain/roles", json!({ "roles": "lock" })).await.status, 201);
        assert_eq!(root.get("/rbac/users").await.status, 200);
    })
    .await;
}

#[actix_web::test]
async fn km_069_a_lesser_user_writes_no_rule_of_a_role_that_a_super_admin_holds() {
    with_gateway(async |g| {
        let (root, clerk) = (g.root(), clerk(g).await);
        g.role("own", &[("default", "/groups", "read")]).await;
        g.role("by-group", &[("default", "/groups", "read")]).await;
        let ops = root.create("/groups", json!({ "name": "ops" })).await;
        root.create("/groups/ops/roles", link("by-group")).await;
        g.user_with("boss", &["default:super-admin", "default:own"]).await;
        join(&g.store, "boss", &[&ops]).await;
        for role in ["own", "by-group"] {
            let rules = format!("/rbac/roles/{role}/endpoints");
            let rule = json!({ "endpoint": "*", "actions": "*", "negative": true });
            assert_eq!(clerk.post(&rules, rule).await.refusal(), SPARED, "{role}");
            let narrow = json!({ "endpoint": "/rbac/*", "actions": "read" });
            assert_eq!(clerk.post(&rules, narrow).await.refusal(), SPARED, "{role}");
            let rule = format!("{rules}/default/groups");
            assert_eq!(clerk.patch(&rule, json!({ "negative": true })).await.refusal(), SPARED, "{role}");
            assert_eq!(clerk.delete(&rule).await.refusal(), SPARED, "{role}");
        }
    })
    .await;
}

#[actix_web::test]
async fn km_069_a_lesser_user_does_not_change_a_group_that_a_super_admin_is_in_or_will_be() {
    with_gateway(async |g| {
        let (root, clerk) = (g.root(), clerk(g).await);
        lock(g).await;
        for name in ["ops", "soon", "free"] {
            root.create("/groups", json!({ "name": name })).await;
        }
        root.create("/groups/ops/roles", link("read-only")).await;
        let ops = root.get("/groups/ops").await.body;
        g.user_with("boss", &["default:super-admin"]).await;
        join(&g.store, "boss", &[&ops]).await;
        let mut tx = g.store.write().await.unwrap();
        let admin = admins::find_by_username(&mut tx, "kong_admin").await.unwrap().unwrap();
        let values = ["soon".to_owned(), "later".to_owned()];
        group_values::replace_seen(&mut tx, admin.id, &values, NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(clerk.post("/groups/ops/roles", link("lock")).await.refusal(), SPARED);
        assert_eq!(clerk.post("/groups/soon/roles", link("lock")).await.refusal(), SPARED, "at the next sign-in");
        assert_eq!(clerk.delete_with("/groups/ops/roles", link("read-only")).await.refusal(), SPARED);
        assert_eq!(clerk.delete("/groups/ops").await.refusal(), SPARED);
        assert_eq!(clerk.post("/groups/free/roles", link("lock")).await.status, 201);
        assert_eq!(clerk.patch("/groups/free", json!({ "name": "later" })).await.refusal(), SPARED, "a group to come");
        assert_eq!(clerk.patch("/groups/free", json!({ "name": "never" })).await.status, 200);
    })
    .await;
}

#[actix_web::test]
async fn km_069_not_even_a_super_admin_locks_out_the_last_one() {
    with_gateway(async |g| {
        let root = g.root();
        lock(g).await;
        g.role("bare", &[]).await;
        let ops = root.create("/groups", json!({ "name": "ops" })).await;
        g.user_with("boss", &["default:super-admin", "default:bare"]).await;
        let boss = g.client("boss");
        assert_eq!(boss.post("/admins/kong_admin/roles", json!({ "roles": "lock" })).await.status, 201, "one of two");
        assert_eq!(boss.delete_with("/admins/kong_admin/roles", json!({ "roles": "lock" })).await.status, 204);
        assert_eq!(boss.delete("/admins/kong_admin").await.status, 204);
        join(&g.store, "boss", &[&ops]).await;
        let rules = "/rbac/roles/bare/endpoints";
        let denial = json!({ "workspace": "*", "endpoint": "*", "actions": "*", "negative": true });
        assert_eq!(boss.post(rules, denial).await.refusal(), LAST, "a new rule");
        boss.create(rules, json!({ "endpoint": "/rbac/users/*/roles", "actions": "*" })).await;
        let rule = format!("{rules}/default/rbac/users/*/roles");
        assert_eq!(boss.patch(&rule, json!({ "actions": "read" })).await.refusal(), LAST, "a narrower rule");
        assert_eq!(boss.post("/groups/ops/roles", link("lock")).await.refusal(), LAST, "a link");
        assert_eq!(boss.get("/rbac/users").await.status, 200);
    })
    .await;
}

#[actix_web::test]
async fn who_may_do_everything_but_rbac_neither_stops_nor_removes_super_admins() {
    with_gateway(async |g| {
        let root = g.root();
        let helper = g.user_with("helper", &["default:admin"]).await;
        g.admin("boss", &["default:super-admin"]).await;
        g.admin("ann", &[]).await;
        root.create("/workspaces", json!({ "name": "teamA" })).await;
        for edit in [
            json!({ "status": 3 }),
            json!({ "rbac_token_enabled": false }),
            json!({ "email": "helper@example.com" }),
            json!({ "username": "x" }),
            json!({ "custom_id": "x" }),
        ] {
            assert_eq!(helper.patch("/admins/boss", edit.clone()).await.refusal(), SPARED, "{edit}");
            let body = if edit["username"].is_null() { edit } else { json!({}) };
            assert_ne!(root.patch("/admins/boss", body.clone()).await.status, 403, "{body}");
            assert_eq!(root.patch("/admins/boss", json!({ "status": 0 })).await.status, 200);
        }
        assert_eq!(helper.delete("/admins/boss").await.refusal(), SPARED);
        root.patch("/admins/boss/workspaces/teamA", json!({})).await;
        assert_eq!(helper.delete("/workspaces/teamA?cascade=true").await.refusal(), SPARED);
        assert_eq!(helper.patch("/admins/ann", json!({ "status": 3, "email": "a@example.com" })).await.status, 200);
        assert_eq!(helper.delete("/admins/ann").await.status, 204);
        assert_eq!(root.delete("/admins/boss").await.status, 204);
    })
    .await;
}

#[actix_web::test]
async fn a_service_account_that_is_super_admin_is_spared_too() {
    with_gateway(async |g| {
        let clerk = clerk(g).await;
        g.user_with("boss", &["default:super-admin"]).await;
        for edit in [json!({ "enabled": false }), json!({ "name": "x" })] {
            assert_eq!(clerk.patch("/rbac/users/boss", edit.clone()).await.refusal(), SPARED, "{edit}");
        }
        assert_eq!(clerk.patch("/rbac/users/boss", json!({ "comment": "c" })).await.status, 200);
        assert_eq!(clerk.patch("/rbac/users/kong_admin", json!({ "enabled": false })).await.refusal(), SPARED);
        assert_eq!(clerk.delete("/rbac/users/boss").await.refusal(), SPARED);
        assert_eq!(g.root().delete("/rbac/users/boss").await.status, 204);
    })
    .await;
}
