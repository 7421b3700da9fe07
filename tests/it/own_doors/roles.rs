//! `/rbac/roles`, and what the roles that come with a workspace do.

use serde_json::{Value, json};

use super::gateway::{no_permission, with_gateway};

#[actix_web::test]
async fn km_058_a_denied_star_reaches_one_segment() {
    with_gateway(async |g| {
        let x = g.user("x", &[("*", "*", "*"), ("*", "/rbac/*", "!*")]).await;
        assert_eq!(x.get("/rbac/users").await.refusal(), (403, no_permission("x", "read").as_str()));
        assert_eq!(x.get("/rbac/users/x/roles").await.status, 200);
    })
    .await;
}

#[actix_web::test]
async fn km_059_the_admin_role_is_kept_from_rbac_in_every_spelling() {
    with_gateway(async |g| {
        let x = g.user_with("x", &["default:admin"]).await;
        let denied = no_permission("x", "read");
        for path in [
            "/rbac/users/x/roles",
            "/groups",
            "/groups/x/roles",
            "/admins/x/roles",
            "/rbac/roles/admin/endpoints/*/rbac/*/*/*",
            "/rbac/roles/admin/endpoints/*/%2Frbac%2F*%2F*%2F*",
            "//rbac//users//x//roles",
        ] {
            assert_eq!(x.get(path).await.refusal(), (403, denied.as_str()), "{path}");
        }
        assert_eq!(x.delete("/rbac/roles/admin/endpoints/*/rbac/*/*/*/*/*").await.status, 403);
        assert_eq!(x.post("/services", json!({ "name": "s" })).await.status, 201);
        assert_eq!(x.get("/admins").await.status, 200);
    })
    .await;
}

#[actix_web::test]
async fn km_060_a_role_of_a_workspace_narrows_there() {
    with_gateway(async |g| {
        g.root().create("/workspaces", json!({ "name": "ws" })).await;
        let x = g.user_with("x", &["default:super-admin", "ws:workspace-read-only"]).await;
        let denied = x.post("/ws/services", json!({ "name": "s" })).await;
        assert_eq!(denied.refusal(), (403, no_permission("x", "create").as_str()));
        assert_eq!(x.post("/services", json!({ "name": "s" })).await.status, 201);
        assert_eq!(x.get("/ws/services").await.status, 200);
    })
    .await;
}

#[actix_web::test]
async fn km_065_an_admin_of_one_workspace_has_nothing_in_others() {
    with_gateway(async |g| {
        for name in ["teamA", "teamB"] {
            g.root().create("/workspaces", json!({ "name": name })).await;
        }
        let lead = g.user_with("lead", &["teamA:workspace-admin"]).await;
        assert_eq!(lead.get("/teamA/services").await.status, 200);
        for path in ["/teamB/services", "/services", "/teamA/rbac/roles"] {
            assert_eq!(lead.get(path).await.refusal(), (403, no_permission("lead", "read").as_str()), "{path}");
        }
    })
    .await;
}

#[actix_web::test]
async fn km_074_is_default_never_changes() {
    with_gateway(async |g| {
        let root = g.root();
        let made = root.post("/rbac/roles", json!({ "name": "r", "comment": "c" })).await;
        assert_eq!((made.status, &made.body["is_default"]), (201, &json!(false)));
        let refused = root.patch("/rbac/roles/r", json!({ "is_default": true })).await;
        assert_eq!(refused.refusal(), (400, "schema violation (is_default: immutable)"));
        assert_eq!(root.post("/rbac/roles", json!({ "name": "s", "is_default": true })).await.status, 400);
        assert_eq!(root.patch("/rbac/roles/r", json!({ "is_default": false })).await.status, 200);
    })
    .await;
}

#[actix_web::test]
async fn a_role_is_made_changed_and_deleted() {
    with_gateway(async |g| {
        let root = g.root();
        let made = root.create("/rbac/roles", json!({ "name": "dév ops", "comment": "c" })).await;
        assert_eq!(root.post("/rbac/roles", json!({ "name": "dév ops" })).await.status, 409);
        assert_eq!(root.post("/rbac/roles", json!({ "name": "a,b" })).await.status, 400);
        let path = "/rbac/roles/d%C3%A9v%20ops";
        assert_eq!(root.get(path).await.body, made);
        assert_eq!(root.get(&format!("/rbac/roles/{}", made["id"].as_str().unwrap())).await.body, made);
        let changed = root.patch(path, json!({ "comment": null })).await;
        assert_eq!((changed.status, &changed.body["comment"]), (200, &Value::Null));
        assert_eq!(root.patch(path, json!({ "name": "other" })).await.status, 400);
        assert_eq!(root.patch(path, json!({ "name": "dév ops", "comment": "d" })).await.body["comment"], "d");
        assert_eq!(root.put(path, json!({})).await.body["comment"], Value::Null);
        let put = root.put("/rbac/roles/new", json!({ "comment": "n" })).await;
        assert_eq!((put.status, &put.body["name"]), (201, &json!("new")));
        assert_eq!(root.delete(path).await.status, 204);
        for reply in [root.get(path).await, root.delete(path).await, root.patch(path, json!({})).await] {
            assert_eq!(reply.refusal(), (404, "Not found"));
        }
    })
    .await;
}

#[actix_web::test]
async fn roles_belong_to_their_workspace() {
    with_gateway(async |g| {
        let root = g.root();
        root.create("/workspaces", json!({ "name": "teamA" })).await;
        let there = root.create("/teamA/rbac/roles", json!({ "name": "dev" })).await;
        assert_eq!(root.get("/rbac/roles/dev").await.status, 404);
        let id = there["id"].as_str().unwrap();
        assert_eq!(root.get(&format!("/rbac/roles/{id}")).await.status, 404, "an id reaches no further than a name");
        let here = root.create("/rbac/roles", json!({ "name": "dev" })).await;
        assert_ne!(here["id"], there["id"]);
        assert_eq!(root.get("/teamA/rbac/roles/dev").await.body["id"], there["id"]);
    })
    .await;
}
