//! `/rbac/users`.

use serde_json::{Value, json};

use super::gateway::{no_permission, with_gateway};

#[actix_web::test]
async fn km_070_a_user_of_a_roles_name_gets_the_role_and_shows_the_hash_of_its_token() {
    with_gateway(async |g| {
        let made = g.root().post("/rbac/users", json!({ "name": "super-admin", "user_token": "t" })).await;
        assert_eq!(made.status, 201);
        assert!(made.body["user_token"].as_str().unwrap().starts_with("$argon2id$"));
        assert_eq!(made.body["user_token_ident"].as_str().unwrap().len(), 5);
        assert_eq!((&made.body["enabled"], &made.body["comment"]), (&json!(true), &Value::Null));
        let roles = g.client("t").get("/rbac/users/super-admin/roles").await;
        assert_eq!((roles.status, roles.names("roles", "name")), (200, vec!["super-admin".to_owned()]));
        assert_eq!(roles.body["roles"][0]["role_source"], "local");
        assert_eq!(roles.body["user"]["name"], "super-admin");
        assert_eq!(g.client("t").get("/rbac/roles").await.status, 200);
    })
    .await;
}

#[actix_web::test]
async fn km_071_tokens_are_unique_over_all_users() {
    with_gateway(async |g| {
        let root = g.root();
        root.create("/rbac/users", json!({ "name": "ann", "user_token": "same" })).await;
        let other = root.post("/rbac/users", json!({ "name": "bob", "user_token": "same" })).await;
        assert_eq!((other.status, &other.body["code"]), (409, &json!(5)));
        assert_eq!(other.body["name"], "unique constraint violation");
        assert_eq!(other.body["fields"], json!({ "user_token": "***" }));
        assert_eq!(root.get("/rbac/users/bob").await.status, 404, "nothing of a refused user stays");
        assert_eq!(root.patch("/rbac/users/ann", json!({ "user_token": "same" })).await.status, 200);
        root.create("/rbac/users", json!({ "name": "bob", "user_token": "other" })).await;
        assert_eq!(root.patch("/rbac/users/bob", json!({ "user_token": "same" })).await.status, 409);
        assert_eq!(root.patch("/rbac/users/bob", json!({ "user_token": super::gateway::ROOT })).await.status, 409);
        for token in ["same", "other"] {
            assert_eq!(g.client(token).get("/userinfo").await.status, 200, "{token}");
        }
    })
    .await;
}

#[actix_web::test]
async fn km_072_lists_hide_the_users_of_admins_and_default_roles() {
    with_gateway(async |g| {
        let alex = g.user_with("alex", &["default:read-only"]).await;
        let users = alex.get("/rbac/users").await;
        assert_eq!((users.status, users.names("data", "name")), (200, vec!["alex".to_owned()]));
        assert_eq!(users.body["next"], Value::Null);
        let mut roles = alex.get("/rbac/roles").await.names("data", "name");
        roles.sort();
        assert_eq!(roles, ["admin", "read-only", "super-admin"]);
    })
    .await;
}

#[actix_web::test]
async fn km_073_permissions_are_merged_over_roles() {
    with_gateway(async |g| {
        g.role("a", &[("default", "/services", "read"), ("*", "/plugins", "*")]).await;
        g.role("b", &[("default", "/services", "create")]).await;
        g.role("c", &[("default", "/services/", "!create"), ("*", "*", "!read")]).await;
        g.user_with("alex", &["default:a", "default:b", "default:c"]).await;
        let merged = g.root().get("/rbac/users/alex/permissions").await;
        let all = ["delete", "create", "update", "read"];
        assert_eq!(
            merged.body,
            json!({
                "endpoints": {
                    "*": {
                        "/plugins": { "actions": all, "negative": false },
                        "*": { "actions": ["read"], "negative": true },
                    },
                    "default": { "/services": { "actions": ["read"], "negative": false } },
                },
                "entities": {},
            })
        );
        let of_role = g.root().get("/rbac/roles/b/permissions").await;
        assert_eq!(
            of_role.body["endpoints"],
            json!({ "default": { "/services": { "actions": ["create"], "negative": false } } })
        );
    })
    .await;
}

#[actix_web::test]
async fn a_token_is_generated_once_and_shown_once() {
    with_gateway(async |g| {
        let root = g.root();
        let made = root.post("/rbac/users", json!({ "name": "ci", "comment": "pipeline" })).await;
        let token = made.body["user_token"].as_str().unwrap().to_owned();
        assert_eq!((made.status, token.len()), (201, 43));
        assert_eq!(g.client(&token).get("/userinfo").await.status, 200);
        let shown = root.get("/rbac/users/ci").await;
        assert!(shown.body["user_token"].as_str().unwrap().starts_with("$argon2id$"));

        let echoed = root.patch("/rbac/users/ci", shown.body.clone()).await;
        assert_eq!((echoed.status, &echoed.body["user_token"]), (200, &shown.body["user_token"]));
        assert_eq!(g.client(&token).get("/userinfo").await.status, 200, "writing back what was read changes no token");

        let reset = root.patch("/rbac/users/ci/token", json!({})).await;
        assert_eq!((reset.status, &reset.body["message"]), (200, &json!("Token reset successfully")));
        assert_eq!(g.client(&token).get("/userinfo").await.status, 401, "the old token has ended");
        assert_eq!(g.client(reset.body["token"].as_str().unwrap()).get("/userinfo").await.status, 200);
        for bad in [" x", "ä", "a\nb"] {
            let refused = root.patch("/rbac/users/ci", json!({ "user_token": bad })).await;
            assert_eq!((refused.status, &refused.body["name"]), (400, &json!("schema violation")), "{bad:?}");
        }
    })
    .await;
}

#[actix_web::test]
async fn km_054_a_disabled_or_deleted_user_is_nobody_at_once() {
    with_gateway(async |g| {
        let (root, alex) = (g.root(), g.user_with("alex", &["default:read-only"]).await);
        assert_eq!(alex.get("/rbac/users").await.status, 200);
        assert_eq!(root.form("PATCH", "/rbac/users/alex", "enabled=false").await.body["enabled"], false);
        assert_eq!(alex.get("/rbac/users").await.refusal(), (401, "Invalid RBAC credentials"));
        assert_eq!(root.patch("/rbac/users/alex", json!({ "enabled": true })).await.status, 200);
        assert_eq!(alex.get("/rbac/users").await.status, 200);
        for _ in 0..2 {
            assert_eq!(root.delete("/rbac/users/alex").await.status, 204, "also when absent");
        }
        assert_eq!(alex.get("/rbac/users").await.status, 401);
    })
    .await;
}

#[actix_web::test]
async fn put_makes_or_replaces_a_user() {
    with_gateway(async |g| {
        let root = g.root();
        let made = root.put("/rbac/users/zoë%20x", json!({ "user_token": "zoe", "comment": "c" })).await;
        assert_eq!((made.status, &made.body["name"]), (201, &json!("zoë x")));
        let replaced = root.put("/rbac/users/zo%C3%AB%20x", json!({ "enabled": false })).await;
        assert_eq!((replaced.status, &replaced.body["id"]), (200, &made.body["id"]));
        assert_eq!((&replaced.body["comment"], &replaced.body["enabled"]), (&Value::Null, &json!(false)));
        assert_eq!(replaced.body["user_token"], made.body["user_token"], "the token stays");
        let id = "6c1be0a2-3d3c-4a2e-9d3e-0d6a5c8b9f00";
        assert_eq!(root.put(&format!("/rbac/users/{id}"), json!({})).await.status, 400);
        let by_id = root.put(&format!("/rbac/users/{id}"), json!({ "name": "by-id" })).await;
        assert_eq!((by_id.status, &by_id.body["id"]), (201, &json!(id)));
        assert!(!by_id.body["user_token"].as_str().unwrap().starts_with('$'), "a generated token is shown");
    })
    .await;
}

#[actix_web::test]
async fn bodies_may_be_forms_and_every_wrong_member_is_named() {
    with_gateway(async |g| {
        let root = g.root();
        let form = root.form("POST", "/rbac/users", "name=f&user_token=f&enabled=true&comment=a+b").await;
        assert_eq!((form.status, &form.body["comment"]), (201, &json!("a b")));
        let part = |name: &str| format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\nm\r\n");
        let body = format!("{}{}--X--\r\n", part("name"), part("user_token"));
        let multipart = root.send("POST", "/rbac/users", Some("multipart/form-data; boundary=X"), body).await;
        assert_eq!((multipart.status, &multipart.body["name"]), (201, &json!("m")));
        let wrong = root.post("/rbac/users", json!({ "enabled": 1, "colour": "red" })).await;
        assert_eq!(wrong.status, 400);
        assert_eq!(
            wrong.body,
            json!({
                "code": 2, "name": "schema violation",
                "message": "3 schema violations (colour: unknown field; enabled: expected a boolean; name: required field missing)",
                "fields": { "colour": "unknown field", "enabled": "expected a boolean", "name": "required field missing" },
            })
        );
        let taken = root.post("/rbac/users", json!({ "name": "f" })).await;
        assert_eq!(
            taken.refusal(),
            (409, "UNIQUE violation detected on '{name=\"f\"}'"),
            "{taken:?}"
        );
        assert_eq!(root.post("/rbac/users", json!({ "name": "kong_admin" })).await.status, 409);
        let broken = root.send("POST", "/rbac/users", Some("application/json"), "{".into()).await;
        assert_eq!(broken.refusal(), (400, "Cannot parse JSON body"));
        let text = root.send("POST", "/rbac/users", Some("text/plain"), "x".into()).await;
        assert_eq!(text.refusal(), (415, "Unsupported Media Type"));
    })
    .await;
}

#[actix_web::test]
async fn lists_page_with_links_that_carry_the_prefix() {
    with_gateway(async |g| {
        let root = g.root();
        root.create("/workspaces", json!({ "name": "payments" })).await;
        for name in ["a", "b", "c"] {
            root.create("/payments/rbac/users", json!({ "name": name, "user_token": name })).await;
        }
        let (mut path, mut seen) = ("/payments/rbac/users?size=2".to_owned(), Vec::new());
        loop {
            let page = root.get(&path).await;
            seen.extend(page.names("data", "name"));
            let Some(next) = page.body["next"].as_str() else { break };
            assert!(next.starts_with("/payments/rbac/users?offset="), "{next}");
            assert!(next.ends_with("&size=2") && next.contains(page.body["offset"].as_str().unwrap()), "{next}");
            path = next.to_owned();
        }
        assert_eq!(seen, ["a", "b", "c"]);
        assert_eq!(root.get("/rbac/users").await.names("data", "name"), [""; 0], "they live in payments");
        for (query, code) in [("size=0", 9), ("size=1001", 9), ("size=abc", 9), ("offset=zzz", 7)] {
            let refused = root.get(&format!("/rbac/users?{query}")).await;
            assert_eq!((refused.status, &refused.body["code"]), (400, &json!(code)), "{query}");
        }
    })
    .await;
}

#[actix_web::test]
async fn links_carry_the_mount_point_and_changes_their_time() {
    with_gateway(async |g| {
        let root = g.root();
        root.create("/workspaces", json!({ "name": "payments" })).await;
        for name in ["a", "b"] {
            root.create("/payments/rbac/users", json!({ "name": name, "user_token": name })).await;
        }
        let page = root.at(&g.running.gui).get("/_api/payments/rbac/users?size=1").await;
        let next = page.body["next"].as_str().unwrap();
        assert!(next.starts_with("/_api/payments/rbac/users?offset="), "{next}");
        g.running.later(60);
        let changed = root.patch("/payments/rbac/users/a", json!({ "comment": "c" })).await.body;
        let age = changed["updated_at"].as_i64().unwrap() - changed["created_at"].as_i64().unwrap();
        assert!((60..90).contains(&age), "{age}");
    })
    .await;
}

#[actix_web::test]
async fn a_method_that_a_door_does_not_know_is_405_with_allow() {
    with_gateway(async |g| {
        let root = g.root();
        for (method, path, allow) in [
            ("DELETE", "/rbac/users", "GET, HEAD, OPTIONS, POST"),
            ("POST", "/rbac/users/x", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
            ("PUT", "/rbac/users/x/roles", "DELETE, GET, HEAD, OPTIONS, POST"),
            ("POST", "/rbac/users/x/permissions", "GET, HEAD, OPTIONS"),
            ("PUT", "/rbac/roles", "GET, HEAD, OPTIONS, POST"),
            ("POST", "/rbac/roles/x/endpoints/default/y", "DELETE, GET, HEAD, OPTIONS, PATCH"),
            ("PATCH", "/groups", "GET, HEAD, OPTIONS, POST"),
            ("PUT", "/groups/x/roles", "DELETE, GET, HEAD, OPTIONS, POST"),
            ("PUT", "/admins/x", "DELETE, GET, HEAD, OPTIONS, PATCH"),
            ("GET", "/admins/self/token", "OPTIONS, PATCH"),
            ("DELETE", "/workspaces", "GET, HEAD, OPTIONS, POST"),
            ("POST", "/userinfo", "GET, HEAD, OPTIONS"),
        ] {
            let reply = root.send(method, path, None, String::new()).await;
            assert_eq!(reply.refusal(), (405, "Method not allowed"), "{method} {path}");
            assert_eq!(reply.headers["allow"], allow, "{method} {path}");
        }
        let head = root.send("HEAD", "/rbac/users", None, String::new()).await;
        assert_eq!((head.status, head.body), (200, Value::Null));
        for nothing in ["/rbac", "/rbac/users/x/entities", "/rbac/x", "/licenses", "/groups/x/y", "/workspaces/x/y"] {
            assert_eq!(root.get(nothing).await.refusal(), (404, "Not found"), "{nothing}");
        }
        assert_eq!(g.hits.load(std::sync::atomic::Ordering::Relaxed), 0, "Kong never sees own doors");
    })
    .await;
}

#[actix_web::test]
async fn the_user_of_an_admin_changes_by_its_token_and_switch_only() {
    with_gateway(async |g| {
        let (root, ann) = (g.root(), g.admin("ann", &["default:read-only"]).await);
        assert_eq!(ann.get("/admins/self").await.body["username"], "ann");
        let renamed = root.patch("/rbac/users/ann", json!({ "name": "other" })).await;
        assert_eq!((renamed.status, &renamed.body["fields"]["name"].is_string()), (400, &true));
        assert_eq!(root.delete("/rbac/users/ann").await.status, 409);
        assert_eq!(root.patch("/admins/ann", json!({ "rbac_token_enabled": false })).await.status, 200);
        assert_eq!(ann.get("/admins/self").await.status, 401);
        let refused = root.patch("/rbac/users/ann", json!({ "user_token": "again" })).await;
        assert_eq!(refused.refusal(), (403, "The RBAC token of this admin is disabled"));
    })
    .await;
}

#[actix_web::test]
async fn users_of_another_workspace_are_out_of_reach() {
    with_gateway(async |g| {
        let root = g.root();
        root.create("/workspaces", json!({ "name": "teamA" })).await;
        let lead = g.user_with("lead", &["teamA:workspace-super-admin"]).await;
        root.create("/rbac/users", json!({ "name": "job", "user_token": "job" })).await;
        for (method, path) in [("GET", "job"), ("PATCH", "job"), ("GET", "job/permissions")] {
            let reply = lead.send(method, &format!("/teamA/rbac/users/{path}"), None, String::new()).await;
            assert_eq!(reply.refusal(), (404, "Not found"), "{method} {path}");
        }
        assert_eq!(lead.delete("/teamA/rbac/users/job").await.status, 204);
        assert_eq!(g.client("job").get("/userinfo").await.status, 200, "it is still there");
        assert_eq!(root.get("/teamA/rbac/users/job").await.status, 200, "rights in both reach it");
        assert_eq!(lead.get("/rbac/users/job").await.refusal(), (403, no_permission("lead", "read").as_str()));

        let held = lead.post("/teamA/rbac/users/job/roles", json!({ "roles": "workspace-read-only" })).await;
        assert_eq!(held.status, 201, "roles of the own workspace may be given to anybody");
        assert_eq!(held.body["user"], json!({ "id": held.body["user"]["id"], "name": "job" }), "but no hash is shown");
        root.create("/rbac/users/job/roles", json!({ "roles": "read-only" })).await;
        let seen = lead.get("/teamA/rbac/users/job/roles").await;
        assert_eq!(seen.names("roles", "name"), ["workspace-read-only"]);
        let mut all = root.get("/rbac/users/job/roles").await.names("roles", "name");
        all.sort();
        assert_eq!(all, ["read-only", "workspace-read-only"]);
    })
    .await;
}

#[actix_web::test]
async fn roles_are_given_by_name_and_unknown_ones_refused() {
    with_gateway(async |g| {
        let root = g.root();
        root.create("/rbac/users", json!({ "name": "u", "user_token": "u" })).await;
        let unknown = root.post("/rbac/users/u/roles", json!({ "roles": "read-only,nope" })).await;
        assert_eq!(unknown.refusal(), (400, "role not found with name 'nope'"));
        assert_eq!(root.get("/rbac/users/u/roles").await.body["roles"], json!([]), "nothing of it was done");
        let given = root.post("/rbac/users/u/roles", json!({ "roles": ["read-only", "admin"] })).await;
        assert_eq!(
            (given.status, given.names("roles", "name")),
            (201, vec!["admin".to_owned(), "read-only".to_owned()])
        );
        let again = root.form("POST", "/rbac/users/u/roles", "roles=admin").await;
        assert_eq!((again.status, again.names("roles", "name").len()), (201, 2), "all roles are shown");
        assert_eq!(root.delete_with("/rbac/users/u/roles", json!({ "roles": "nope" })).await.status, 400);
        assert_eq!(root.delete("/rbac/users/u/roles").await.status, 400);
        assert_eq!(root.form("DELETE", "/rbac/users/u/roles", "roles=admin,super-admin").await.status, 204);
        assert_eq!(root.get("/rbac/users/u/roles").await.names("roles", "name"), ["read-only"]);
        assert_eq!(root.get("/rbac/users/nobody/roles").await.refusal(), (404, "Not found"));
    })
    .await;
}

#[actix_web::test]
async fn km_071_whoever_tries_tokens_by_giving_them_to_users_is_turned_away() {
    with_gateway(async |g| {
        let root = g.root();
        root.create("/rbac/users", json!({ "name": "first", "user_token": "taken" })).await;
        for number in 0..30 {
            let (path, body) = (format!("/rbac/users/u{number}"), json!({ "user_token": "taken" }));
            let reply = if number % 2 == 0 {
                root.put(&path, body).await
            } else {
                root.post("/rbac/users", json!({ "name": "u", "user_token": "taken" })).await
            };
            assert_eq!(reply.status, 409, "{number}: {reply:?}");
        }
        let reply = root.post("/rbac/users", json!({ "name": "u", "user_token": "taken" })).await;
        assert_eq!((reply.status, reply.headers["retry-after"].to_str().unwrap()), (429, "60"));
        assert_eq!(reply.headers["x-kong-sso-error"], "too_many_failures");
        assert_eq!(root.patch("/rbac/users/first", json!({ "user_token": "taken" })).await.status, 200, "its own");
        assert_eq!(root.post("/rbac/users", json!({ "name": "u" })).await.status, 201, "generated ones are no guesses");
        assert_eq!(root.patch("/rbac/users/u/token", json!({})).await.status, 200);
        assert_eq!(root.post("/rbac/users", json!({ "name": "v", "user_token": "free" })).await.status, 201);
    })
    .await;
}
