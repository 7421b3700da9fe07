//! Every change leaves a record of what changed, by whom, without secrets.

use kong_sso::store::audit_objects;
use serde_json::{Value, json};

use super::gateway::{Gateway, Reply, with_settings};

/// Method, path and body of a request, and the records (operation, kind) that it leaves.
type Step = (&'static str, &'static str, Value, &'static [(&'static str, &'static str)]);

async fn records(g: &Gateway, reply: &Reply) -> Vec<(String, String)> {
    let id = reply.headers["x-kong-admin-request-id"].to_str().unwrap();
    let mut connection = g.store.read().await.unwrap();
    let now = g.running.node.services().clock.now();
    let kept = audit_objects::list_of_request(&mut connection, id, now).await.unwrap();
    let mut found = Vec::new();
    for kept in kept {
        let text = kept.record.entity.to_string();
        assert!(!text.contains("argon2") && !text.contains("user_token"), "{text}");
        assert!(kept.record.rbac_user_id.is_some());
        found.push((kept.record.operation, kept.record.dao_name));
    }
    found.sort();
    found
}

#[actix_web::test]
async fn every_change_of_own_entities_is_recorded() {
    let audited = |settings: &mut kong_sso::config::Settings| {
        settings.audit.enabled = true;
        settings.audit.record_ttl = 3600;
    };
    with_settings(audited, async |g| {
        let root = g.root();
        let link = json!({ "rbac_role_id": "read-only", "workspace_id": "ws" });
        let steps: Vec<Step> = vec![
            (
                "POST",
                "/rbac/users",
                json!({ "name": "admin", "user_token": "u" }),
                &[("create", "rbac_user_roles"), ("create", "rbac_users")],
            ),
            ("PATCH", "/rbac/users/admin", json!({ "user_token": "v" }), &[("update", "rbac_users")]),
            (
                "POST",
                "/rbac/users/admin/roles",
                json!({ "roles": "admin,read-only" }),
                &[("create", "rbac_user_roles")],
            ),
            ("DELETE", "/rbac/users/admin/roles", json!({ "roles": "admin" }), &[("delete", "rbac_user_roles")]),
            ("POST", "/rbac/roles", json!({ "name": "dev" }), &[("create", "rbac_roles")]),
            ("PATCH", "/rbac/roles/dev", json!({ "comment": "c" }), &[("update", "rbac_roles")]),
            (
                "POST",
                "/rbac/roles/dev/endpoints",
                json!({ "endpoint": "/x", "actions": "read" }),
                &[("create", "rbac_role_endpoints")],
            ),
            (
                "PATCH",
                "/rbac/roles/dev/endpoints/default/x",
                json!({ "actions": "*" }),
                &[("update", "rbac_role_endpoints")],
            ),
            ("DELETE", "/rbac/roles/dev/endpoints/default/x", json!({}), &[("delete", "rbac_role_endpoints")]),
            ("DELETE", "/rbac/roles/dev", json!({}), &[("delete", "rbac_roles")]),
            ("POST", "/workspaces", json!({ "name": "ws" }), &[("create", "workspaces")]),
            ("PATCH", "/workspaces/ws", json!({ "comment": "c" }), &[("update", "workspaces")]),
            ("POST", "/groups", json!({ "name": "ops" }), &[("create", "groups")]),
            ("PATCH", "/groups/ops", json!({ "comment": "c" }), &[("update", "groups")]),
            ("POST", "/groups/ops/roles", link.clone(), &[("create", "group_rbac_roles")]),
            ("DELETE", "/groups/ops/roles", link, &[("delete", "group_rbac_roles")]),
            ("DELETE", "/groups/ops", json!({}), &[("delete", "groups")]),
            ("POST", "/ws/admins", json!({ "username": "ann" }), &[("create", "admins")]),
            ("PATCH", "/admins/ann", json!({ "status": 0 }), &[("update", "admins")]),
            ("PATCH", "/admins/ann/workspaces/default", json!({}), &[("update", "admins")]),
            ("DELETE", "/admins/ann/binding", json!({}), &[("update", "admins")]),
            ("DELETE", "/admins/ann", json!({}), &[("delete", "admins"), ("delete", "rbac_users")]),
            ("PATCH", "/admins/self/token", json!({ "token": super::gateway::ROOT }), &[("update", "rbac_users")]),
            ("DELETE", "/workspaces/ws", json!({}), &[("delete", "rbac_roles"), ("delete", "workspaces")]),
            ("DELETE", "/rbac/users/admin", json!({}), &[("delete", "rbac_users")]),
            ("DELETE", "/rbac/users/admin", json!({}), &[]),
            ("GET", "/rbac/users", json!({}), &[]),
        ];
        for (method, path, body, expected) in steps {
            let reply = root.send(method, path, Some("application/json"), body.to_string()).await;
            assert!(reply.status < 300, "{method} {path}: {reply:?}");
            let mut found = records(g, &reply).await;
            found.dedup();
            let expected: Vec<_> = expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            assert_eq!(found, expected, "{method} {path}");
        }
    })
    .await;
}
