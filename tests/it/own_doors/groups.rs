//! `/groups`.

use kong_sso::store::{Store, admins, epochs, rbac_users, user_groups};
use serde_json::{Value, json};

use super::gateway::{no_permission, with_gateway};

/// Puts a user in groups, as its sign-in would.
pub(super) async fn join(store: &Store, user: &str, groups: &[&Value]) {
    let mut tx = store.write().await.unwrap();
    let id = match admins::find_by_username(&mut tx, user).await.unwrap() {
        Some(admin) => admin.rbac_user_id,
        None => rbac_users::find_by_name(&mut tx, user).await.unwrap().unwrap().id,
    };
    let groups: Vec<_> = groups.iter().map(|group| group["id"].as_str().unwrap().parse().unwrap()).collect();
    user_groups::replace(&mut tx, id, &groups).await.unwrap();
    epochs::bump(&mut tx, epochs::Epoch::Rbac).await.unwrap();
    tx.commit().await.unwrap();
}

#[actix_web::test]
async fn km_045_km_046_a_mapped_group_gives_rights_until_the_mapping_is_deleted() {
    with_gateway(async |g| {
        let root = g.root();
        root.create("/workspaces", json!({ "name": "payments" })).await;
        let ops = root.create("/groups", json!({ "name": "ops" })).await;
        let link = json!({ "rbac_role_id": "workspace-admin", "workspace_id": "payments" });
        let made = root.post("/groups/ops/roles", link.clone()).await;
        assert_eq!(made.status, 201);
        assert_eq!(
            (&made.body["group"]["name"], &made.body["rbac_role"]["name"]),
            (&json!("ops"), &json!("workspace-admin"))
        );
        let ann = g.admin("ann", &[]).await;
        join(&g.store, "ann", &[&ops]).await;
        root.patch("/groups/ops", json!({ "comment": "a change lets this node look again" })).await;

        assert_eq!(ann.post("/payments/services", json!({})).await.status, 201);
        assert_eq!(ann.post("/services", json!({})).await.refusal(), (403, no_permission("ann", "create").as_str()));
        let workspaces = ann.get("/userinfo").await.body["admin"]["workspaces"].clone();
        assert_eq!(workspaces.as_array().unwrap().len(), 1, "{workspaces}");

        assert_eq!(root.delete_with("/groups/ops/roles", link).await.status, 204);
        assert_eq!(ann.post("/payments/services", json!({})).await.status, 403);
    })
    .await;
}

#[actix_web::test]
async fn a_group_is_made_changed_and_deleted() {
    with_gateway(async |g| {
        let root = g.root();
        let made = root.post("/groups", json!({ "name": "/ops/kong*", "comment": "c" })).await;
        assert_eq!((made.status, &made.body["name"]), (201, &json!("/ops/kong*")));
        assert_eq!(root.post("/groups", json!({ "name": "/ops/kong*" })).await.status, 409);
        assert_eq!(root.post("/groups", json!({})).await.status, 400);
        let path = format!("/groups/{}", made.body["id"].as_str().unwrap());
        assert_eq!(root.get(&path).await.body, made.body);
        let changed = root.patch(&path, json!({ "name": "ops" })).await;
        assert_eq!((changed.status, &changed.body["comment"]), (200, &json!("c")));
        let put = root.put("/groups/ops", json!({})).await;
        assert_eq!((put.status, &put.body["comment"]), (200, &Value::Null));
        let entra = "6c1be0a2-3d3c-4a2e-9d3e-0d6a5c8b9f00";
        let put = root.put(&format!("/groups/{entra}"), json!({})).await;
        assert_eq!((put.status, &put.body["name"], &put.body["id"]), (201, &json!(entra), &json!(entra)));
        assert_eq!(root.get("/groups?size=1").await.names("data", "name").len(), 1);
        assert_eq!(root.delete("/groups/ops").await.status, 204);
        assert_eq!(root.get("/groups/ops").await.refusal(), (404, "Not found"));
        assert_eq!(root.delete("/groups/ops").await.refusal(), (404, "Not found"));
    })
    .await;
}

#[actix_web::test]
async fn links_are_named_by_id_or_name_in_body_or_query() {
    with_gateway(async |g| {
        let root = g.root();
        for name in ["payments", "teams"] {
            root.create("/workspaces", json!({ "name": name })).await;
        }
        root.create("/groups", json!({ "name": "ops" })).await;
        let role = root.get("/payments/rbac/roles/workspace-admin").await.body;
        let workspace = root.get("/workspaces/payments").await.body;
        let by_id = json!({ "role_id": role["id"], "workspace": workspace["id"] });
        assert_eq!(root.post("/groups/ops/roles", by_id.clone()).await.status, 201);
        assert_eq!(root.post("/groups/ops/roles", by_id).await.status, 409);
        let of_default = json!({ "rbac_role_id": "read-only", "workspace_id": "teams" });
        assert_eq!(root.post("/groups/ops/roles", of_default).await.status, 201, "roles of default go anywhere");
        let third = json!({ "rbac_role_id": role["id"], "workspace_id": "teams" });
        assert_eq!(root.post("/groups/ops/roles", third).await.refusal(), (404, "Not found"));
        for (role, workspace) in [("nope", "payments"), ("workspace-admin", "nope")] {
            let body = json!({ "rbac_role_id": role, "workspace_id": workspace });
            assert_eq!(root.post("/groups/ops/roles", body).await.status, 404, "{role} {workspace}");
        }
        let missing = root.post("/groups/ops/roles", json!({ "rbac_role_id": "read-only" })).await;
        assert_eq!(missing.body["fields"], json!({ "workspace_id": "required field missing" }));
        let links = root.get("/groups/ops/roles").await;
        assert_eq!(links.body["data"].as_array().unwrap().len(), 2);
        let query = "rbac_role_id=read-only&workspace_id=teams";
        for _ in 0..2 {
            assert_eq!(root.delete(&format!("/groups/ops/roles?{query}")).await.status, 204, "also when absent");
        }
        assert_eq!(root.get("/groups/ops/roles").await.body["data"].as_array().unwrap().len(), 1);
        assert_eq!(root.get("/groups/nope/roles").await.status, 404);
    })
    .await;
}

#[actix_web::test]
async fn a_group_is_changed_with_rights_in_default_and_a_link_with_rights_where_it_counts() {
    with_gateway(async |g| {
        let root = g.root();
        for name in ["teamA", "teamB"] {
            root.create("/workspaces", json!({ "name": name })).await;
        }
        root.create("/groups", json!({ "name": "ops" })).await;
        root.create("/groups/ops/roles", json!({ "rbac_role_id": "read-only", "workspace_id": "teamB" })).await;
        let lead = g.user_with("lead", &["teamA:workspace-super-admin"]).await;
        let denied = |verb: &str| (403, no_permission("lead", verb));
        let refusal = |reply: &super::gateway::Reply| (reply.refusal().0, reply.refusal().1.to_owned());
        assert_eq!(refusal(&lead.post("/teamA/groups", json!({ "name": "x" })).await), denied("create"));
        assert_eq!(refusal(&lead.patch("/teamA/groups/ops", json!({ "comment": "x" })).await), denied("update"));
        assert_eq!(refusal(&lead.put("/teamA/groups/new", json!({})).await), denied("update"));
        assert_eq!(refusal(&lead.delete("/teamA/groups/ops").await), denied("delete"));
        let there = json!({ "rbac_role_id": "read-only", "workspace_id": "teamB" });
        assert_eq!(refusal(&lead.post("/teamA/groups/ops/roles", there.clone()).await), denied("create"));
        assert_eq!(refusal(&lead.delete_with("/teamA/groups/ops/roles", there).await), denied("delete"));
        assert_eq!(lead.get("/teamA/groups/ops/roles").await.body["data"], json!([]), "links elsewhere are not seen");
        let here = json!({ "rbac_role_id": "workspace-admin", "workspace_id": "teamA" });
        assert_eq!(lead.post("/teamA/groups/ops/roles", here.clone()).await.status, 201);
        assert_eq!(lead.delete_with("/teamA/groups/ops/roles", here).await.status, 204);
    })
    .await;
}

#[actix_web::test]
async fn a_link_or_a_name_with_more_rights_than_ones_own_is_not_given() {
    with_gateway(async |g| {
        let root = g.root();
        let rules =
            [("*", "/groups", "*"), ("*", "/groups/*", "*"), ("*", "/groups/*/roles", "*"), ("*", "/services", "read")];
        let clerk = g.user("clerk", &rules).await;
        g.role("writer", &[("default", "/services", "create")]).await;
        g.role("reader", &[("*", "/services", "read")]).await;
        root.create("/groups", json!({ "name": "ops" })).await;
        let refused =
            clerk.post("/groups/ops/roles", json!({ "rbac_role_id": "writer", "workspace_id": "default" })).await;
        assert_eq!(
            refused.refusal(),
            (403, "clerk, you cannot give permissions that you do not have: create on /services in workspace default")
        );
        let reader = json!({ "rbac_role_id": "reader", "workspace_id": "default" });
        assert_eq!(clerk.post("/groups/ops/roles", reader).await.status, 201);
        assert_eq!(clerk.patch("/groups/ops", json!({ "name": "renamed" })).await.status, 200);
        root.create("/groups/renamed/roles", json!({ "rbac_role_id": "writer", "workspace_id": "default" })).await;
        let renamed = clerk.patch("/groups/renamed", json!({ "name": "my-group" })).await;
        assert_eq!(renamed.status, 403, "the new name's people would get it: {renamed:?}");
        assert_eq!(clerk.patch("/groups/renamed", json!({ "comment": "c" })).await.status, 200);
    })
    .await;
}

#[actix_web::test]
async fn a_group_that_one_is_in_is_not_changed_by_oneself() {
    with_gateway(async |g| {
        let (root, own) = (g.root(), (403, "the admin should not update their own roles"));
        let job = g.user("job", &[("*", "*", "*")]).await;
        let ops = root.create("/groups", json!({ "name": "ops" })).await;
        let link = json!({ "rbac_role_id": "read-only", "workspace_id": "default" });
        root.create("/groups/ops/roles", link.clone()).await;
        join(&g.store, "job", &[&ops]).await;
        let other = json!({ "rbac_role_id": "admin", "workspace_id": "default" });
        assert_eq!(job.post("/groups/ops/roles", other).await.refusal(), own);
        assert_eq!(job.delete_with("/groups/ops/roles", link).await.refusal(), own);
        assert_eq!(job.patch("/groups/ops", json!({ "name": "x" })).await.refusal(), own);
        assert_eq!(job.delete("/groups/ops").await.refusal(), own);
        let rule = json!({ "endpoint": "/x", "actions": "read" });
        assert_eq!(job.post("/rbac/roles/read-only/endpoints", rule).await.refusal(), own, "held by the group");
    })
    .await;
}

#[actix_web::test]
async fn unlinking_what_denies_is_giving() {
    with_gateway(async |g| {
        let root = g.root();
        let rules = [("*", "/groups/*", "*"), ("*", "/groups/*/roles", "*")];
        let clerk = g.user("clerk", &rules).await;
        root.create("/workspaces", json!({ "name": "ws" })).await;
        let ops = root.create("/groups", json!({ "name": "ops" })).await;
        let narrow = json!({ "rbac_role_id": "workspace-read-only", "workspace_id": "ws" });
        root.create("/groups/ops/roles", narrow.clone()).await;
        let member = g.admin("ann", &["default:admin"]).await;
        join(&g.store, "ann", &[&ops]).await;
        assert_eq!(clerk.delete_with("/groups/ops/roles", narrow.clone()).await.status, 403, "ann would write in ws");
        assert_eq!(clerk.delete("/groups/ops").await.status, 403);
        assert_eq!(member.get("/ws/services").await.status, 200);
        join(&g.store, "ann", &[]).await;
        let broad = json!({ "rbac_role_id": "admin", "workspace_id": "default" });
        root.create("/groups/ops/roles", broad).await;
        assert_eq!(clerk.delete_with("/groups/ops/roles", narrow).await.status, 403, "so would whoever joins later");
    })
    .await;
}

#[actix_web::test]
async fn who_may_not_delete_a_group_that_denies_may_not_rename_it() {
    with_gateway(async |g| {
        let root = g.root();
        let clerk = g.user("clerk", &[("*", "/groups/*", "*")]).await;
        g.role("deny", &[("default", "/services/*", "!*")]).await;
        let ops = root.create("/groups", json!({ "name": "ops" })).await;
        root.create("/groups/ops/roles", json!({ "rbac_role_id": "deny", "workspace_id": "default" })).await;
        g.role("free", &[("default", "*", "*")]).await;
        g.user_with("ann", &["default:free"]).await;
        join(&g.store, "ann", &[&ops]).await;
        assert_eq!(clerk.delete("/groups/ops").await.status, 403);
        assert_eq!(clerk.patch("/groups/ops", json!({ "name": "nobody" })).await.status, 403, "ann would leave it");
        assert_eq!(clerk.put("/groups/ops", json!({ "name": "nobody" })).await.status, 403);
        join(&g.store, "ann", &[]).await;
        assert_eq!(clerk.patch("/groups/ops", json!({ "name": "nobody" })).await.status, 200);
        assert_eq!(root.patch("/groups/nobody", json!({ "name": "ops" })).await.status, 200);
    })
    .await;
}

#[actix_web::test]
async fn km_075_a_group_named_by_a_path_is_addressed_by_its_name() {
    with_gateway(async |g| {
        let root = g.root();
        let admins = root.create("/groups", json!({ "name": "/admins" })).await;
        root.create("/groups", json!({ "name": "admins" })).await;
        for path in ["/groups/%2Fadmins", "/groups/%2fadmins", "/%67roups//%2F%61dmins/", "/default/groups/%2Fadmins"] {
            assert_eq!(root.get(path).await.body["id"], admins["id"], "{path}");
        }
        let pages = root.at(&format!("{}/_api", g.running.gui));
        assert_eq!(pages.get("/groups/%2Fadmins").await.body["id"], admins["id"]);
        let link = json!({ "rbac_role_id": "read-only", "workspace_id": "default" });
        assert_eq!(root.post("/groups/%2Fadmins/roles", link).await.status, 201);
        assert_eq!(root.get("/groups/%2Fadmins/roles").await.names("data", "x").len(), 1);
        assert_eq!(root.get("/groups/admins/roles").await.names("data", "x").len(), 0);

        let reader = g.user("reader", &[("default", "/groups/%2Fadmins", "read")]).await;
        assert_eq!(reader.get("/groups/%2Fadmins").await.status, 200);
        assert_eq!(reader.get("/groups/admins").await.status, 403);
        assert_eq!(reader.get("/groups/%2Fadmins/roles").await.status, 403, "it is one segment to the rules");
        let denied = g.user("denied", &[("*", "*", "*"), ("*", "/groups/*", "!*")]).await;
        assert_eq!(denied.delete("/groups/%2Fadmins").await.status, 403);

        assert_eq!(root.put("/groups/%2Fops%2Fkong", json!({ "comment": "c" })).await.body["name"], "/ops/kong");
        assert_eq!(root.patch("/groups/%2Fops%2Fkong", json!({ "comment": "d" })).await.body["comment"], "d");
        assert_eq!(root.delete("/groups/%2Fops%2Fkong").await.status, 204);
        root.create("/admins", json!({ "username": "a/b" })).await;
        assert_eq!(root.get("/admins/a%2Fb").await.body["username"], "a/b");
    })
    .await;
}

#[actix_web::test]
async fn km_075_no_encoded_slash_in_front_is_forwarded() {
    with_gateway(async |g| {
        let root = g.root();
        root.create("/workspaces", json!({ "name": "payments" })).await;
        let before = g.hits.load(std::sync::atomic::Ordering::Relaxed);
        let slash = "Bad request: the path must not contain an encoded slash in its first two segments";
        for path in [
            "/services/%2Fx",
            "/services%2Fx",
            "/groups%2Fx",
            "/default/services/%2Fx",
            "/default/services%2Fx",
            "/payments/services/a%2fb",
            "/payments/groups%2Fadmins",
            "/workspaces/%2Fx",
            "/payments/workspaces/%2Fx",
        ] {
            for prefix in [g.running.admin.clone(), format!("{}/_api", g.running.gui)] {
                let reply = root.at(&prefix).get(path).await;
                assert_eq!(reply.refusal(), (400, slash), "{prefix}{path}");
            }
        }
        for path in ["/groups/%2Fx", "/admins/%2Fx"] {
            let reply = root.at(&g.running.gui).get(path).await;
            assert_eq!(reply.refusal(), (400, slash), "Kong Manager has no such path: {path}");
        }
        assert_eq!(g.hits.load(std::sync::atomic::Ordering::Relaxed), before);
        assert_eq!(root.get("/consumers/x/acls/a%2Fb").await.status, 404, "further on it is Kong's");
        assert_eq!(g.hits.load(std::sync::atomic::Ordering::Relaxed), before + 1);
    })
    .await;
}
