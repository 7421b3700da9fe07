//! Every way to lose the last super-admin is refused (kong-manager.md 2.9).

use kong_sso::config::settings::EnforceRbac;
use kong_sso::store::{admins, group_values, user_groups};
use serde_json::json;

use super::gateway::{Gateway, Reply, with_gateway, with_settings};
use crate::store::NOW;

const LAST: (u16, &str) = (409, "cannot remove the last super admin");

/// Makes `kong_admin` a super-admin by the group `ops` alone.
async fn by_group(g: &Gateway) {
    let root = g.root();
    let group = root.create("/groups", json!({ "name": "ops" })).await;
    root.create("/groups/ops/roles", json!({ "rbac_role_id": "super-admin", "workspace_id": "default" })).await;
    let mut tx = g.store.write().await.unwrap();
    let admin = admins::find_by_username(&mut tx, "kong_admin").await.unwrap().unwrap();
    let id = group["id"].as_str().unwrap().parse().unwrap();
    user_groups::replace(&mut tx, admin.rbac_user_id, &[id]).await.unwrap();
    group_values::replace_seen(&mut tx, admin.id, &["ops".to_owned()], NOW).await.unwrap();
    tx.commit().await.unwrap();
    let other = g.user_with("other", &["default:super-admin"]).await;
    let stripped = other.delete_with("/admins/kong_admin/roles", json!({ "roles": "super-admin" })).await;
    assert_eq!(stripped.status, 204, "{stripped:?}");
    assert_eq!(root.delete("/rbac/users/other").await.status, 204);
}

#[actix_web::test]
async fn km_069_the_last_super_admin_stays() {
    with_gateway(async |g| {
        let root = g.root();
        let strip = json!({ "roles": "super-admin" });
        let refused: Vec<Reply> = vec![
            root.delete("/admins/kong_admin").await,
            root.patch("/admins/kong_admin", json!({ "status": 3 })).await,
            root.patch("/admins/kong_admin", json!({ "rbac_token_enabled": false })).await,
            root.patch("/rbac/users/kong_admin", json!({ "enabled": false })).await,
            root.put("/rbac/users/kong_admin", json!({ "enabled": false })).await,
            root.delete_with("/admins/kong_admin/roles", strip.clone()).await,
            root.delete_with("/rbac/users/kong_admin/roles", strip).await,
        ];
        for reply in &refused {
            assert_eq!(reply.refusal(), LAST);
        }
        assert_eq!(root.get("/admins/self").await.status, 200);
        g.user_with("other", &["default:super-admin"]).await;
        assert_eq!(root.delete("/admins/kong_admin").await.status, 204, "one of two may go");
        let other = g.client("other");
        assert_eq!(other.delete("/rbac/users/other").await.refusal(), LAST);
        assert_eq!(other.patch("/rbac/users/other", json!({ "enabled": false })).await.refusal(), LAST);
    })
    .await;
}

#[actix_web::test]
async fn km_069_nobody_else_strips_the_last_super_admin_either() {
    with_gateway(async |g| {
        let equal = g.user("equal", &[("*", "*", "*")]).await;
        let strip = json!({ "roles": "super-admin" });
        let spared = (403, "Super-admins can be changed only by super-admins");
        assert_eq!(equal.delete_with("/admins/kong_admin/roles", strip.clone()).await.refusal(), spared);
        assert_eq!(equal.delete("/admins/kong_admin").await.refusal(), spared);
        by_group(g).await;
        g.user_with("other", &["default:super-admin"]).await;
        let root = g.root();
        assert_eq!(root.delete_with("/rbac/users/other/roles", strip).await.status, 204, "one is left by a group");
    })
    .await;
}

#[actix_web::test]
async fn km_069_the_group_that_makes_the_last_super_admin_stays() {
    with_gateway(async |g| {
        by_group(g).await;
        let root = g.root();
        let link = "rbac_role_id=super-admin&workspace_id=default";
        assert_eq!(root.delete(&format!("/groups/ops/roles?{link}")).await.refusal(), LAST);
        assert_eq!(root.delete("/groups/ops").await.refusal(), LAST);
        assert_eq!(root.get("/groups/ops/roles").await.names("data", "x").len(), 1);
        g.user_with("other", &["default:super-admin"]).await;
        assert_eq!(root.delete("/groups/ops").await.status, 204);
        assert_eq!(root.get("/groups").await.status, 403, "it is no super-admin any more");
    })
    .await;
}

#[actix_web::test]
async fn km_069_the_role_itself_and_its_rules_stay() {
    with_gateway(async |g| {
        let root = g.root();
        g.user_with("other", &["default:super-admin"]).await;
        assert_eq!(
            root.delete("/rbac/roles/super-admin").await.refusal(),
            (409, "the role super-admin cannot be deleted")
        );
        let kept = (409, "the rules of the role super-admin cannot be changed");
        let rules = "/rbac/roles/super-admin/endpoints";
        assert_eq!(root.delete(&format!("{rules}/*/*")).await.refusal(), kept);
        assert_eq!(root.patch(&format!("{rules}/*/*"), json!({ "negative": true })).await.refusal(), kept);
        assert_eq!(
            root.post(rules, json!({ "endpoint": "/x", "actions": "*", "negative": true })).await.refusal(),
            kept
        );
        root.create("/workspaces", json!({ "name": "teamA" })).await;
        let namesake = root.create("/teamA/rbac/roles", json!({ "name": "super-admin" })).await;
        assert_eq!(root.delete("/teamA/rbac/roles/super-admin").await.status, 204, "{namesake}");
    })
    .await;
}

#[actix_web::test]
async fn km_069_the_workspace_where_the_last_super_admin_lives_stays() {
    with_gateway(async |g| {
        let root = g.root();
        root.create("/workspaces", json!({ "name": "teamA" })).await;
        assert_eq!(root.patch("/admins/kong_admin/workspaces/teamA", json!({})).await.status, 200);
        assert_eq!(root.delete("/workspaces/teamA?cascade=true").await.refusal(), LAST);
        assert_eq!(root.get("/teamA/admins").await.names("data", "username"), ["kong_admin"]);
    })
    .await;
}

/// Where RBAC is enforced, the guard against escalation refuses it before.
#[actix_web::test]
async fn km_069_a_role_by_which_the_last_super_admin_can_repair_stays() {
    with_settings(
        |settings| settings.rbac.enforce = EnforceRbac::Off,
        async |g| {
            let root = g.root();
            let repairs = [
                ("default", "/rbac/users/*/roles", "create,update,delete"),
                ("default", "/rbac/roles/*/endpoints/*/*", "delete"),
            ];
            g.role("repair", &repairs).await;
            g.role("denial", &[("default", "*", "!*")]).await;
            let denied = root.post("/admins/kong_admin/roles", json!({ "roles": "denial" })).await;
            assert_eq!(denied.refusal(), LAST);
            root.create("/admins/kong_admin/roles", json!({ "roles": "repair,denial" })).await;
            assert_eq!(root.delete("/rbac/roles/repair").await.refusal(), LAST);
            assert_eq!(root.delete("/rbac/roles/denial").await.status, 204);
            assert_eq!(root.delete("/rbac/roles/repair").await.status, 204);
        },
    )
    .await;
}
