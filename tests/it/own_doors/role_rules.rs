//! `/rbac/roles/:role/endpoints`.

use serde_json::{Value, json};

use super::gateway::with_gateway;

#[actix_web::test]
async fn km_066_actions_are_a_star_a_list_or_words() {
    with_gateway(async |g| {
        let root = g.root();
        root.create("/rbac/roles", json!({ "name": "dev" })).await;
        let rules = "/rbac/roles/dev/endpoints";
        let all = root.form("POST", rules, "endpoint=/services/&actions=*").await;
        assert_eq!(all.status, 201, "{all:?}");
        assert_eq!(all.body["actions"], json!(["delete", "create", "update", "read"]));
        assert_eq!((&all.body["endpoint"], &all.body["workspace"]), (&json!("/services"), &json!("default")));
        assert_eq!((&all.body["negative"], &all.body["comment"]), (&json!(false), &Value::Null));
        let list = root.post(rules, json!({ "endpoint": "/routes", "actions": ["read"], "workspace": "*" })).await;
        assert_eq!((list.status, &list.body["actions"]), (201, &json!(["read"])));
        let words = root.post(rules, json!({ "endpoint": "*", "actions": "read, create", "negative": "true" })).await;
        assert_eq!((&words.body["actions"], &words.body["negative"]), (&json!(["create", "read"]), &json!(true)));
        let listed = root.get(rules).await;
        assert_eq!(
            (listed.status, listed.names("data", "endpoint")),
            (200, ["/routes", "*", "/services"].map(str::to_owned).to_vec())
        );
        for (body, field) in [
            (json!({ "endpoint": "/x" }), "actions"),
            (json!({ "endpoint": "/x", "actions": [] }), "actions"),
            (json!({ "endpoint": "/x", "actions": "fly" }), "actions"),
            (json!({ "actions": "read" }), "endpoint"),
            (json!({ "endpoint": "services", "actions": "read" }), "endpoint"),
            (json!({ "endpoint": "/x", "actions": "read", "workspace": "nowhere" }), "workspace"),
        ] {
            let refused = root.post(rules, body).await;
            assert_eq!(refused.status, 400);
            assert!(refused.body["fields"][field].is_string(), "{refused:?}");
        }
        assert_eq!(root.post(rules, json!({ "endpoint": "/services", "actions": "read" })).await.status, 409);
        assert_eq!(
            root.post("/rbac/roles/nope/endpoints", json!({ "endpoint": "/x", "actions": "read" })).await.status,
            404
        );
    })
    .await;
}

#[actix_web::test]
async fn a_rule_is_found_by_every_way_to_write_its_path() {
    with_gateway(async |g| {
        let root = g.root();
        let rules =
            [("default", "/services/*", "read"), ("*", "*", "read"), ("default", "/", "read"), ("*", "/*", "create")];
        g.role("dev", &rules).await;
        let at = "/rbac/roles/dev/endpoints";
        for path in ["default//services/*", "default/services/*", "default/%2Fservices%2F*", "default/services%2F*"] {
            let found = root.get(&format!("{at}/{path}")).await;
            assert_eq!((found.status, &found.body["endpoint"]), (200, &json!("/services/*")), "{path}");
        }
        assert_eq!(root.get(&format!("{at}/*/*")).await.body["endpoint"], "*");
        assert_eq!(root.get(&format!("{at}/*/%2F*")).await.body["endpoint"], "/*");
        assert_eq!(root.get(&format!("{at}/default//")).await.body["endpoint"], "/");
        for missing in ["default/services", "teamA/services/*", "nowhere/x", "*/services/*"] {
            assert_eq!(root.get(&format!("{at}/{missing}")).await.refusal(), (404, "Not found"), "{missing}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_rule_changes_and_goes_and_counts_at_once() {
    with_gateway(async |g| {
        let (root, alex) = (g.root(), g.user("alex", &[("default", "/services", "read")]).await);
        let rule = "/rbac/roles/role-of-alex/endpoints/default/services";
        assert_eq!(alex.post("/services", json!({})).await.status, 403);
        let changed = root.patch(rule, json!({ "actions": "read,create", "comment": "c" })).await;
        assert_eq!((changed.status, &changed.body["actions"]), (200, &json!(["create", "read"])));
        assert_eq!(alex.post("/services", json!({})).await.status, 201);
        let denied = root.patch(rule, json!({ "negative": true })).await;
        assert_eq!((&denied.body["actions"], &denied.body["comment"]), (&json!(["create", "read"]), &json!("c")));
        assert_eq!(alex.get("/services").await.status, 403);
        assert_eq!(root.patch(rule, json!({ "endpoint": "/routes" })).await.status, 400);
        assert_eq!(root.delete(rule).await.status, 204);
        assert_eq!(root.delete(rule).await.refusal(), (404, "Not found"));
    })
    .await;
}

#[actix_web::test]
async fn an_omitted_workspace_is_the_requests_and_ids_become_names() {
    with_gateway(async |g| {
        let root = g.root();
        let team = root.create("/workspaces", json!({ "name": "teamA" })).await;
        root.create("/teamA/rbac/roles", json!({ "name": "dev" })).await;
        let here = root.post("/teamA/rbac/roles/dev/endpoints", json!({ "endpoint": "/x", "actions": "read" })).await;
        assert_eq!(here.body["workspace"], "teamA");
        let body = json!({ "endpoint": "/y", "actions": "read", "workspace": team["id"] });
        assert_eq!(root.post("/teamA/rbac/roles/dev/endpoints", body).await.body["workspace"], "teamA");
        let id = team["id"].as_str().unwrap();
        assert_eq!(root.get(&format!("/teamA/rbac/roles/dev/endpoints/{id}/y")).await.status, 200);
    })
    .await;
}
