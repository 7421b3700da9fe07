//! `/workspaces`, and requests below a workspace.

use std::sync::atomic::Ordering;

use kong_sso::config::settings::UpstreamRule;
use kong_sso::store::workspaces;
use serde_json::{Value, json};

use super::gateway::{no_permission, start_kong, with_gateway, with_settings};

#[actix_web::test]
async fn km_090_a_workspace_comes_with_four_roles_and_no_reserved_name() {
    with_gateway(async |g| {
        let root = g.root();
        let body =
            json!({ "name": "payments", "comment": "c", "meta": { "color": "#fff" }, "config": { "portal": false } });
        let made = root.post("/workspaces", body).await;
        assert_eq!((made.status, &made.body["meta"]["color"]), (201, &json!("#fff")));
        let mut roles = root.get("/payments/rbac/roles").await.names("data", "name");
        roles.sort();
        let expected = ["workspace-admin", "workspace-portal-admin", "workspace-read-only", "workspace-super-admin"];
        assert_eq!(roles, expected);
        assert_eq!(root.post("/workspaces", json!({ "name": "payments" })).await.status, 409);
        assert_eq!(root.post("/workspaces", json!({ "name": "default" })).await.status, 409);
        let frobnicate = "a path of this Kong begins so";
        for bad in [
            "services",
            "auth",
            "userinfo",
            "_api",
            "a/b",
            "a b",
            "-x",
            "frobnicate",
            made.body["id"].as_str().unwrap(),
        ] {
            let refused = root.post("/workspaces", json!({ "name": bad })).await;
            assert_eq!(
                (refused.status, &refused.body["name"]),
                (400, &json!("schema violation")),
                "{bad}: {frobnicate}"
            );
        }
        for name in ["Payments", "payments"] {
            let status = if name == "payments" { 200 } else { 404 };
            assert_eq!(root.get(&format!("/workspaces/{name}")).await.status, status, "names are case sensitive");
        }
    })
    .await;
}

#[actix_web::test]
async fn km_091_a_caller_sees_the_workspaces_it_has_rights_in() {
    with_gateway(async |g| {
        let root = g.root();
        for name in ["payments", "teams"] {
            root.create("/workspaces", json!({ "name": name })).await;
        }
        let reader = g.user_with("reader", &["payments:workspace-read-only"]).await;
        let list = reader.get("/workspaces").await;
        assert_eq!((list.status, list.names("data", "name")), (200, vec!["payments".to_owned()]));
        assert!(list.body["data"][0].get("upstream_admin_url").is_none(), "addresses are for super-admins");
        assert_eq!(reader.get("/payments/workspaces").await.names("data", "name"), ["payments"]);
        for path in ["/workspaces/payments", "/payments/workspaces/payments", "/workspaces/payments/meta"] {
            assert_eq!(reader.get(path).await.status, 200, "{path}");
        }
        let denied = no_permission("reader", "read");
        for path in ["/workspaces/teams", "/payments/workspaces/teams", "/payments/workspaces/default"] {
            assert_eq!(reader.get(path).await.refusal(), (403, denied.as_str()), "{path}");
        }
        let nobody = g.user_with("nobody", &[]).await;
        assert_eq!(nobody.get("/workspaces").await.body["data"], json!([]));
        let mut pages = Vec::new();
        let mut path = "/workspaces?size=2".to_owned();
        loop {
            let page = root.get(&path).await;
            pages.extend(page.names("data", "name"));
            let Some(next) = page.body["next"].as_str() else { break };
            path = next.to_owned();
        }
        pages.sort();
        assert_eq!(pages, ["default", "payments", "teams"]);
    })
    .await;
}

#[actix_web::test]
async fn km_092_only_an_empty_workspace_is_deleted_without_cascade() {
    with_gateway(async |g| {
        let root = g.root();
        root.create("/workspaces", json!({ "name": "payments" })).await;
        assert_eq!(root.delete("/workspaces/payments").await.status, 204, "built-in roles do not count");
        root.create("/workspaces", json!({ "name": "payments" })).await;
        root.create("/groups", json!({ "name": "ops" })).await;
        let link = json!({ "rbac_role_id": "read-only", "workspace_id": "payments" });
        for (path, body) in [
            ("/payments/rbac/roles", json!({ "name": "r" })),
            ("/payments/rbac/users", json!({ "name": "job", "user_token": "job" })),
            ("/payments/admins", json!({ "username": "ann" })),
            ("/groups/ops/roles", link),
        ] {
            root.create(path, body).await;
            assert_eq!(root.delete("/workspaces/payments").await.refusal(), (400, "Workspace is not empty"), "{path}");
            assert_eq!(root.delete("/workspaces/payments?cascade=true").await.status, 204);
            assert_eq!(root.get("/workspaces/payments").await.refusal(), (404, "Not found"));
            root.create("/workspaces", json!({ "name": "payments" })).await;
        }
        for gone in ["/payments/rbac/roles/r", "/rbac/users/job", "/admins/ann"] {
            assert_eq!(root.get(gone).await.status, 404, "{gone}");
        }
        assert_eq!(root.get("/groups/ops/roles").await.body["data"], json!([]));
        let default = root.delete("/workspaces/default?cascade=true").await;
        assert_eq!(default.refusal(), (400, "The workspace default cannot be deleted"));
        assert_eq!(root.delete("/workspaces/nowhere").await.status, 404);
    })
    .await;
}

#[actix_web::test]
async fn km_093_a_workspace_has_a_kong_of_its_own() {
    let (second, hits) = start_kong();
    let port = second.rsplit_once(':').unwrap().1.parse().unwrap();
    with_settings(
        |settings| settings.upstream.workspace_upstreams = vec![UpstreamRule::Host("127.0.0.1".to_owned(), Some(port))],
        async |g| {
            let root = g.root();
            let body = json!({ "name": "payments", "upstream_admin_url": format!("{second}/") });
            let made = root.post("/workspaces", body).await;
            assert_eq!((made.status, &made.body["upstream_admin_url"]), (201, &json!(second)));
            let (first_hits, second_hits) = (g.hits.load(Ordering::Relaxed), hits.load(Ordering::Relaxed));
            let list = root.get("/payments/services?size=2").await;
            assert_eq!(list.body["next"], "/payments/services?offset=second");
            assert_eq!(hits.load(Ordering::Relaxed), second_hits + 1, "the second Kong was asked");
            assert_eq!(g.hits.load(Ordering::Relaxed), first_hits, "and the first was not");
            assert_eq!(root.post("/payments/services", json!({})).await.body["target"], "/services");

            let reader = g.user_with("reader", &["payments:workspace-super-admin"]).await;
            assert!(reader.get("/workspaces/payments").await.body.get("upstream_admin_url").is_none());
            let cleared = root.patch("/workspaces/payments", json!({ "upstream_admin_url": null })).await;
            assert_eq!((cleared.status, &cleared.body["upstream_admin_url"]), (200, &Value::Null));
            root.get("/payments/services").await;
            assert_eq!(g.hits.load(Ordering::Relaxed), first_hits + 1);
        },
    )
    .await;
}

#[actix_web::test]
async fn km_093_a_list_that_is_read_leaves_its_connection_to_the_next_one() {
    with_gateway(async |g| {
        let mut ports = Vec::new();
        for _ in 0..4 {
            ports.push(g.root().get("/default/connection").await.body["data"][0]["port"].as_u64().unwrap());
        }
        ports.dedup();
        assert_eq!(ports.len(), 1, "{ports:?}");
    })
    .await;
}

#[actix_web::test]
async fn km_093_an_upstream_that_is_not_listed_any_more_is_asked_by_nobody() {
    let (second, hits) = start_kong();
    with_gateway(async |g| {
        let root = g.root();
        root.create("/workspaces", json!({ "name": "payments" })).await;
        let mut tx = g.store.write().await.unwrap();
        let all = workspaces::list(&mut tx).await.unwrap();
        let mut payments = all.into_iter().find(|workspace| !workspace.name.is_default()).unwrap();
        payments.upstream_admin_url = Some(second.clone());
        workspaces::update(&mut tx, &payments).await.unwrap();
        tx.commit().await.unwrap();
        root.patch("/workspaces/payments", json!({ "comment": "a change lets this node look again" })).await;
        let words = "The upstream of this workspace is not allowed by sso_workspace_upstreams";
        for path in ["/payments/services", "/payments", "/workspaces/payments/meta", "/payments/endpoints"] {
            let reply = root.get(path).await;
            assert_eq!(reply.refusal(), (502, words), "{path}");
            assert_eq!(reply.headers["x-kong-sso-error"], "upstream_not_admitted", "{path}");
        }
        let watch = &g.running.node.services().kong_watch;
        let counts = watch.counts(Some(&second)).await;
        assert!(counts.problem.as_deref().is_some_and(|it| it.contains("sso_workspace_upstreams")), "{counts:?}");
        assert!(watch.health(Some(&second)).await.version.is_none());
        assert_eq!(hits.load(Ordering::Relaxed), 0, "nothing was sent there");
        assert_eq!(root.get("/workspaces/default/meta").await.status, 200);
        assert_eq!(root.delete("/workspaces/payments").await.status, 204, "it can be deleted all the same");
    })
    .await;
}

#[actix_web::test]
async fn km_093_an_upstream_must_be_listed_and_is_set_by_super_admins() {
    let listed =
        vec![UpstreamRule::Host("kong-a".to_owned(), None), UpstreamRule::Network("10.0.0.0/8".parse().unwrap())];
    with_settings(
        move |settings| settings.upstream.workspace_upstreams.clone_from(&listed),
        async |g| {
            let root = g.root();
            root.create("/workspaces", json!({ "name": "payments" })).await;
            for good in ["http://kong-a:8001", "https://KONG-A/admin", "http://10.1.2.3"] {
                let reply = root.patch("/workspaces/payments", json!({ "upstream_admin_url": good })).await;
                assert_eq!(reply.status, 200, "{good}: {reply:?}");
            }
            let ssrf = "http://169.254.169.254/latest";
            for bad in [
                ssrf,
                "http://kong-a.evil",
                "http://127.0.0.1:8001",
                "http://u:p@kong-a",
                "http://kong-a?x=1",
                "file:///etc/passwd",
                "kong-a:8001",
                "http://[::1]",
            ] {
                let reply = root.patch("/workspaces/payments", json!({ "upstream_admin_url": bad })).await;
                assert!(
                    reply.status == 400 && reply.body["fields"]["upstream_admin_url"].is_string(),
                    "{bad}: {reply:?}"
                );
                let made = root.post("/workspaces", json!({ "name": "other", "upstream_admin_url": bad })).await;
                assert_eq!(made.status, 400, "{bad}");
            }
            let of_default = root.patch("/workspaces/default", json!({ "upstream_admin_url": "http://kong-a" })).await;
            assert_eq!(of_default.status, 400);

            let equal = g.user("equal", &[("*", "*", "*")]).await;
            let refused = (403, "Only super-admins may set upstream_admin_url");
            let body = json!({ "name": "other", "upstream_admin_url": "http://kong-a" });
            assert_eq!(equal.post("/workspaces", body.clone()).await.refusal(), refused);
            assert_eq!(
                equal.patch("/workspaces/payments", json!({ "upstream_admin_url": null })).await.refusal(),
                refused
            );
            assert_eq!(
                equal.put("/workspaces/payments", json!({ "upstream_admin_url": "http://kong-a/x" })).await.refusal(),
                refused
            );
            assert_eq!(equal.put("/workspaces/payments", json!({ "comment": "c" })).await.status, 200);
            let kept = root.get("/workspaces/payments").await;
            assert_eq!(kept.body["upstream_admin_url"], "http://10.1.2.3", "a PUT that does not name it keeps it");
        },
    )
    .await;
}

#[actix_web::test]
async fn a_workspace_changes_but_for_its_name() {
    with_gateway(async |g| {
        let root = g.root();
        let made = root.create("/workspaces", json!({ "name": "payments", "meta": { "color": "#fff" } })).await;
        let renamed = root.patch("/workspaces/payments", json!({ "name": "other" })).await;
        assert_eq!(renamed.refusal(), (400, "schema violation (name: immutable)"));
        let id = made["id"].as_str().unwrap();
        let body = json!({ "name": "payments", "comment": "c", "meta": { "thumbnail": "t" } });
        let changed = root.patch(&format!("/workspaces/{id}"), body).await;
        assert_eq!((changed.status, &changed.body["comment"]), (200, &json!("c")));
        assert_eq!(changed.body["meta"], json!({ "color": "#fff", "thumbnail": "t" }), "PATCH merges");
        let form = root.form("PATCH", "/workspaces/payments", "meta.color=%23000").await;
        assert_eq!(form.body["meta"]["color"], "#000");
        let put = root.put("/workspaces/payments", json!({ "meta": { "color": "#111" } })).await;
        assert_eq!(
            (put.status, &put.body["meta"], &put.body["comment"]),
            (200, &json!({ "color": "#111" }), &Value::Null)
        );
        let fresh = "6c1be0a2-3d3c-4a2e-9d3e-0d6a5c8b9f00";
        assert_eq!(root.put(&format!("/workspaces/{fresh}"), json!({})).await.status, 400);
        let by_id = root.put(&format!("/workspaces/{fresh}"), json!({ "name": "fresh" })).await;
        assert_eq!((by_id.status, &by_id.body["id"]), (201, &json!(fresh)));
        assert_eq!(root.put("/workspaces/newest", json!({})).await.status, 201);
        let tags = root.post("/workspaces", json!({ "name": "t", "select_tags": ["ws:t"] })).await;
        assert!(tags.status == 400 && tags.body["fields"]["select_tags"].is_string());
        assert_eq!(root.get(&format!("/{id}/rbac/roles")).await.status, 200, "an id is a prefix too");
    })
    .await;
}

#[actix_web::test]
async fn what_concerns_all_workspaces_takes_a_right_in_all() {
    with_gateway(async |g| {
        let root = g.root();
        for name in ["teamA", "teamB"] {
            root.create("/workspaces", json!({ "name": name })).await;
        }
        let lead = g.user_with("lead", &["teamA:workspace-super-admin"]).await;
        let of_default = g.user("def", &[("default", "*", "*")]).await;
        for (who, client, prefix) in [("lead", &lead, "/teamA"), ("def", &of_default, "")] {
            let refused = client.post(&format!("{prefix}/workspaces"), json!({ "name": "x" })).await;
            assert_eq!(refused.refusal(), (403, no_permission(who, "create").as_str()));
            let put = client.put(&format!("{prefix}/workspaces/x"), json!({})).await;
            assert_eq!(put.refusal(), (403, no_permission(who, "create").as_str()));
            for name in ["teamB", "default"] {
                if who == "def" && name == "default" {
                    continue;
                }
                let path = format!("{prefix}/workspaces/{name}");
                assert_eq!(client.patch(&path, json!({ "comment": "x" })).await.status, 403, "{who} {path}");
                assert_eq!(client.delete(&path).await.status, 403, "{who} {path}");
            }
        }
        assert_eq!(lead.delete("/workspaces/teamA").await.refusal(), (403, no_permission("lead", "delete").as_str()));
        assert_eq!(lead.patch("/workspaces/teamA", json!({ "comment": "x" })).await.status, 200, "its own");
        let global = g.user("global", &[("*", "/workspaces", "create"), ("*", "/workspaces/*", "delete")]).await;
        assert_eq!(global.post("/workspaces", json!({ "name": "x" })).await.status, 201);
        assert_eq!(global.delete("/workspaces/x").await.status, 204);
    })
    .await;
}

#[actix_web::test]
async fn deleting_a_workspace_takes_away_no_denial_that_the_caller_could_not() {
    with_gateway(async |g| {
        let root = g.root();
        root.create("/workspaces", json!({ "name": "teamA" })).await;
        root.create("/teamA/rbac/roles", json!({ "name": "narrow" })).await;
        let rule = json!({ "workspace": "default", "endpoint": "/rbac/users", "actions": "read" });
        root.create("/teamA/rbac/roles/narrow/endpoints", rule).await;
        g.user_with("u", &["default:super-admin", "teamA:narrow"]).await;
        let global = g.user("global", &[("*", "/workspaces/*", "delete")]).await;
        assert_eq!(global.delete("/workspaces/teamA?cascade=true").await.status, 403);
        assert_eq!(root.delete("/workspaces/teamA?cascade=true").await.status, 204);
    })
    .await;
}

#[actix_web::test]
async fn counts_are_walked_and_kept_for_a_minute() {
    with_gateway(async |g| {
        let root = g.root();
        root.create("/workspaces", json!({ "name": "payments" })).await;
        root.create("/payments/rbac/users", json!({ "name": "job", "user_token": "job" })).await;
        let meta = root.get("/workspaces/payments/meta").await;
        assert_eq!(
            meta.body,
            json!({ "counts": { "services": 3, "routes": 0, "admins": 0, "rbac_users": 1, "rbac_roles": 4 } }),
            "kinds that Kong does not tell are absent"
        );
        let asked = g.hits.load(Ordering::Relaxed);
        root.get("/payments/workspaces/payments/meta").await;
        assert_eq!(g.hits.load(Ordering::Relaxed), asked);
    })
    .await;
}

#[actix_web::test]
async fn counts_of_a_dead_kong_are_absent() {
    let (unused, dead) = crate::support::node::bind();
    drop(unused);
    with_settings(
        |settings| settings.upstream.admin_url = dead.parse().unwrap(),
        async |g| {
            let meta = g.root().get("/workspaces/default/meta").await;
            assert_eq!(meta.body, json!({ "counts": { "admins": 1, "rbac_users": 0, "rbac_roles": 3 } }));
            assert_eq!(g.root().post("/workspaces", json!({ "name": "payments" })).await.status, 201);
            assert_eq!(g.root().get("/endpoints").await.status, 502);
        },
    )
    .await;
}
