//! Nobody grants more than they have, and nobody changes their own roles (kong-manager.md 4.8). Each test fails without
//! its guard.

use kong_sso::config::settings::EnforceRbac;
use serde_json::{Value, json};

use super::gateway::{Client, Gateway, no_permission, with_gateway, with_settings};

const OWN: (u16, &str) = (403, "the admin should not update their own roles");
const ONLY_HOLDERS: (u16, &str) = (403, "Super-admin role can be granted only by its holders");

/// Somebody who may do everything on RBAC but no more than read services.
async fn clerk(g: &Gateway) -> Client<'_> {
    let mut rules =
        vec![("*", "/services", "read"), ("*", "/groups", "*"), ("*", "/groups/*", "*"), ("*", "/admins", "*")];
    rules.extend([("*", "/admins/*", "*"), ("*", "/admins/*/roles", "*"), ("*", "/groups/*/roles", "*")]);
    rules.extend(
        ["/rbac/*", "/rbac/*/*", "/rbac/*/*/*", "/rbac/*/*/*/*", "/rbac/*/*/*/*/*"].map(|path| ("*", path, "*")),
    );
    g.user("clerk", &rules).await
}

fn is_more_than_own(reply: &super::gateway::Reply) -> bool {
    reply.status == 403 && reply.refusal().1.starts_with("clerk, you cannot give permissions that you do not have: ")
}

#[actix_web::test]
async fn km_067_who_rules_one_workspace_writes_no_rules_for_others() {
    with_gateway(async |g| {
        for name in ["teamA", "teamB"] {
            g.root().create("/workspaces", json!({ "name": name })).await;
        }
        g.root().create("/teamA/rbac/roles", json!({ "name": "dev" })).await;
        let lead = g.user_with("adminA", &["teamA:workspace-super-admin"]).await;
        let rules = "/teamA/rbac/roles/dev/endpoints";
        for workspace in ["*", "teamB", "default"] {
            for negative in [false, true] {
                let body = json!({ "workspace": workspace, "endpoint": "/x", "actions": "read", "negative": negative });
                let refused = lead.post(rules, body).await;
                assert_eq!(refused.refusal(), (403, no_permission("adminA", "create").as_str()), "{workspace}");
            }
        }
        assert_eq!(lead.post(rules, json!({ "endpoint": "/x", "actions": "*" })).await.status, 201);
        g.root()
            .create(rules, json!({ "workspace": "*", "endpoint": "/y", "actions": "read", "negative": true }))
            .await;
        let foreign = "/teamA/rbac/roles/dev/endpoints/*/y";
        assert_eq!(lead.patch(foreign, json!({ "comment": "c" })).await.status, 403);
        assert_eq!(lead.delete(foreign).await.status, 403);

        let both = [("teamA", "/rbac/*/*/*", "*"), ("teamB", "/services", "read")];
        let mixed = g.user("mixed", &both).await;
        let body = json!({ "workspace": "teamB", "endpoint": "/services", "actions": "read" });
        assert_eq!(mixed.post(rules, body).await.refusal(), (403, no_permission("mixed", "create").as_str()));
    })
    .await;
}

#[actix_web::test]
async fn km_068_nobody_changes_their_own_roles() {
    with_gateway(async |g| {
        let ann = g.admin("ann", &["default:super-admin"]).await;
        for path in ["/admins/ann/roles", "/rbac/users/ann/roles"] {
            assert_eq!(ann.post(path, json!({ "roles": "read-only" })).await.refusal(), OWN, "{path}");
            assert_eq!(ann.delete_with(path, json!({ "roles": "super-admin" })).await.refusal(), OWN, "{path}");
        }
        let id = ann.get("/admins/self").await.body["id"].as_str().unwrap().to_owned();
        assert_eq!(ann.post(&format!("/admins/{id}/roles"), json!({ "roles": "read-only" })).await.refusal(), OWN);
        let job = g.user_with("job", &["default:super-admin"]).await;
        assert_eq!(job.post("/rbac/users/job/roles", json!({ "roles": "read-only" })).await.refusal(), OWN);
    })
    .await;
}

#[actix_web::test]
async fn a_role_with_more_rights_than_ones_own_is_not_given() {
    with_gateway(async |g| {
        let clerk = clerk(g).await;
        g.role("writer", &[("default", "/services", "create")]).await;
        g.role("reader", &[("default", "/services", "read"), ("*", "/rbac/*", "!*")]).await;
        g.admin("ann", &[]).await;
        g.user_with("u", &[]).await;
        for path in ["/rbac/users/u/roles", "/admins/ann/roles"] {
            let refused = clerk.post(path, json!({ "roles": "writer" })).await;
            assert!(is_more_than_own(&refused), "{refused:?}");
            let super_admin = clerk.post(path, json!({ "roles": "super-admin" })).await;
            assert_eq!(super_admin.refusal(), ONLY_HOLDERS, "{path}");
            assert_eq!(clerk.post(path, json!({ "roles": "reader" })).await.status, 201, "{path}");
        }
    })
    .await;
}

#[actix_web::test]
async fn the_last_words_on_super_admin_are_its_holders_even_for_who_may_do_everything() {
    with_gateway(async |g| {
        let equal = g.user("equal", &[("*", "*", "*")]).await;
        g.user_with("u", &[]).await;
        assert_eq!(equal.post("/rbac/users/u/roles", json!({ "roles": "super-admin" })).await.refusal(), ONLY_HOLDERS);
        g.root().create("/groups", json!({ "name": "ops" })).await;
        let link = json!({ "rbac_role_id": "super-admin", "workspace_id": "default" });
        assert_eq!(equal.post("/groups/ops/roles", link.clone()).await.refusal(), ONLY_HOLDERS);
        let user = equal.post("/rbac/users", json!({ "name": "super-admin", "user_token": "x" })).await;
        assert_eq!(user.refusal(), ONLY_HOLDERS);
        assert_eq!(g.root().post("/groups/ops/roles", link).await.status, 201);
    })
    .await;
}

#[actix_web::test]
async fn a_user_named_like_a_role_is_not_a_way_around() {
    with_gateway(async |g| {
        let clerk = clerk(g).await;
        g.role("writer", &[("default", "/services", "create")]).await;
        let refused = clerk.post("/rbac/users", json!({ "name": "writer", "user_token": "w" })).await;
        assert!(is_more_than_own(&refused), "{refused:?}");
        assert_eq!(g.root().get("/rbac/users/writer").await.status, 404);
        assert_eq!(clerk.post("/rbac/users", json!({ "name": "plain", "user_token": "p" })).await.status, 201);
        let put = clerk.put("/rbac/users/writer", json!({ "user_token": "w" })).await;
        assert!(is_more_than_own(&put), "{put:?}");
    })
    .await;
}

#[actix_web::test]
async fn a_rule_with_more_rights_than_ones_own_is_not_written() {
    with_gateway(async |g| {
        let clerk = clerk(g).await;
        g.role("dev", &[("default", "/routes", "read")]).await;
        let rules = "/rbac/roles/dev/endpoints";
        for body in [
            json!({ "endpoint": "/services", "actions": "read,create" }),
            json!({ "endpoint": "/services/*", "actions": "read" }),
            json!({ "endpoint": "*", "actions": "read" }),
            json!({ "endpoint": "/*", "actions": "read" }),
        ] {
            let refused = clerk.post(rules, body.clone()).await;
            assert!(is_more_than_own(&refused), "{body}: {refused:?}");
        }
        assert_eq!(clerk.post(rules, json!({ "endpoint": "/services", "actions": "read" })).await.status, 201);
        assert_eq!(clerk.post(rules, json!({ "endpoint": "/x", "actions": "*", "negative": true })).await.status, 201);
        for (path, body) in [
            ("default/services", json!({ "actions": "*" })),
            ("default/routes", json!({ "actions": "read,create" })),
            ("default/x", json!({ "negative": false })),
        ] {
            let refused = clerk.patch(&format!("{rules}/{path}"), body).await;
            assert!(is_more_than_own(&refused), "{path}: {refused:?}");
        }
        assert_eq!(clerk.patch(&format!("{rules}/default/services"), json!({ "comment": "c" })).await.status, 200);
        assert_eq!(clerk.delete(&format!("{rules}/default/routes")).await.status, 204, "nothing broader speaks then");
    })
    .await;
}

#[actix_web::test]
async fn taking_away_what_denies_is_giving() {
    with_gateway(async |g| {
        let clerk = clerk(g).await;
        g.role("broad", &[("default", "/routes/*", "*"), ("default", "/routes/secret", "!*"), ("*", "/services", "*")])
            .await;
        g.role("narrow", &[("default", "/services", "read")]).await;
        g.user_with("u", &["default:broad", "default:narrow"]).await;
        let deny = "/rbac/roles/broad/endpoints/default/routes/secret";
        let of_role = clerk.delete(deny).await;
        assert!(is_more_than_own(&of_role), "{of_role:?}");
        let patched = clerk.patch(deny, json!({ "negative": false, "actions": "read" })).await;
        assert!(is_more_than_own(&patched), "{patched:?}");
        assert_eq!(clerk.patch(deny, json!({ "actions": "read" })).await.status, 200, "a rule that is silent denies");
        let of_holder = clerk.delete("/rbac/roles/narrow/endpoints/default/services").await;
        assert!(is_more_than_own(&of_holder), "{of_holder:?}");
        let role = clerk.delete("/rbac/roles/narrow").await;
        assert!(is_more_than_own(&role), "{role:?}");
        let unassigned = clerk.delete_with("/rbac/users/u/roles", json!({ "roles": "narrow" })).await;
        assert!(is_more_than_own(&unassigned), "{unassigned:?}");
        let both = clerk.delete_with("/rbac/users/u/roles", json!({ "roles": "narrow,broad" })).await;
        assert_eq!(both.status, 204, "with nothing left, nothing is gained");
        assert_eq!(clerk.delete("/rbac/roles/narrow").await.status, 204);
    })
    .await;
}

#[actix_web::test]
async fn a_role_that_nobody_holds_yet_is_guarded_for_those_who_will() {
    with_gateway(async |g| {
        let clerk = clerk(g).await;
        g.role("idle", &[("default", "/routes/*", "*"), ("default", "/routes/secret", "!*")]).await;
        let refused = clerk.delete("/rbac/roles/idle/endpoints/default/routes/secret").await;
        assert!(is_more_than_own(&refused), "{refused:?}");
        assert_eq!(clerk.delete("/rbac/roles/idle/endpoints/default/routes/*").await.status, 204);
    })
    .await;
}

#[actix_web::test]
async fn a_role_that_one_holds_is_not_changed_by_oneself() {
    with_gateway(async |g| {
        let job = g.user("job", &[("*", "*", "*")]).await;
        let rules = "/rbac/roles/role-of-job/endpoints";
        let body = json!({ "endpoint": "/x", "actions": "read" });
        assert_eq!(job.post(rules, body.clone()).await.refusal(), OWN);
        assert_eq!(job.patch(&format!("{rules}/*/*"), json!({ "comment": "c" })).await.refusal(), OWN);
        assert_eq!(job.delete(&format!("{rules}/*/*")).await.refusal(), OWN);
        assert_eq!(job.delete("/rbac/roles/role-of-job").await.refusal(), OWN);
        g.root().create("/rbac/users/job/roles", json!({ "roles": "super-admin" })).await;
        assert_eq!(job.post(rules, body).await.status, 201, "a super-admin may");
    })
    .await;
}

#[actix_web::test]
async fn whoever_sets_a_token_or_wakes_a_user_needs_its_rights() {
    with_gateway(async |g| {
        let (root, clerk) = (g.root(), clerk(g).await);
        g.user("writer", &[("default", "/services", "create")]).await;
        g.user("reader", &[("default", "/services", "read")]).await;
        g.user_with("boss", &["default:super-admin"]).await;
        for (method, path) in [("PATCH", "writer"), ("PUT", "writer"), ("PATCH", "writer/token")] {
            let (path, key) =
                (format!("/rbac/users/{path}"), if path.ends_with("token") { "token" } else { "user_token" });
            let body = json!({ key: "taken" }).to_string();
            let refused = clerk.send(method, &path, Some("application/json"), body).await;
            assert!(is_more_than_own(&refused), "{method} {path}: {refused:?}");
        }
        let boss = clerk.patch("/rbac/users/boss", json!({ "user_token": "taken" })).await;
        assert_eq!(boss.refusal(), (403, "Super-admins can be changed only by super-admins"));
        let equal = g.user("equal", &[("*", "*", "*")]).await;
        assert_eq!(equal.patch("/rbac/users/boss", json!({ "user_token": "taken" })).await.status, 403);
        assert_eq!(clerk.patch("/rbac/users/reader", json!({ "user_token": "taken" })).await.status, 200);
        assert_eq!(clerk.patch("/rbac/users/clerk", json!({ "user_token": "own" })).await.status, 200);

        let clerk = g.client("own");
        assert_eq!(clerk.patch("/rbac/users/writer", json!({ "enabled": false })).await.status, 200, "to stop is free");
        let woken = clerk.patch("/rbac/users/writer", json!({ "enabled": true })).await;
        assert!(is_more_than_own(&woken), "{woken:?}");
        assert_eq!(root.patch("/rbac/users/writer", json!({ "enabled": true })).await.status, 200);
    })
    .await;
}

#[actix_web::test]
async fn whoever_decides_who_signs_in_as_an_admin_needs_its_rights() {
    with_gateway(async |g| {
        let (root, clerk) = (g.root(), clerk(g).await);
        g.role("writer", &[("default", "/services", "create")]).await;
        g.admin("ann", &["default:writer"]).await;
        for body in [json!({ "username": "me@example.com" }), json!({ "custom_id": "me" })] {
            let refused = clerk.patch("/admins/ann", body.clone()).await;
            assert!(is_more_than_own(&refused), "{body}: {refused:?}");
            let boss = clerk.patch("/admins/kong_admin", body).await;
            assert_eq!(boss.refusal(), (403, "Super-admins can be changed only by super-admins"));
        }
        assert_eq!(clerk.patch("/admins/ann", json!({ "email": "a@example.com", "status": 3 })).await.status, 200);
        let restored = clerk.patch("/admins/ann", json!({ "status": 0 })).await;
        assert!(is_more_than_own(&restored), "{restored:?}");
        assert_eq!(root.patch("/admins/ann", json!({ "status": 0 })).await.status, 200);
        let equal = g.user("equal", &[("*", "*", "*")]).await;
        let binding = equal.delete("/admins/ann/binding").await;
        assert_eq!(binding.refusal(), (403, "Only super-admins may clear the bound identity"));
        assert_eq!(root.delete("/admins/ann/binding").await.status, 204);
    })
    .await;
}

#[actix_web::test]
async fn nothing_is_guarded_while_rbac_is_off() {
    with_settings(
        |settings| settings.rbac.enforce = EnforceRbac::Off,
        async |g| {
            let anybody = g.root();
            anybody.create("/rbac/roles", json!({ "name": "r" })).await;
            let rule = json!({ "workspace": "*", "endpoint": "*", "actions": "*" });
            assert_eq!(anybody.post("/rbac/roles/r/endpoints", rule).await.status, 201);
            anybody.create("/rbac/users", json!({ "name": "u", "user_token": "u" })).await;
            let nobody = g.client("u");
            for roles in ["super-admin", "r"] {
                assert_eq!(nobody.post("/rbac/users/u/roles", json!({ "roles": roles })).await.status, 201, "{roles}");
            }
            assert_eq!(nobody.post("/workspaces", json!({ "name": "w" })).await.status, 201);
            let info = nobody.get("/userinfo").await.body;
            assert_eq!(info["permissions"]["endpoints"]["*"]["*"]["negative"], Value::from(false));
        },
    )
    .await;
}
