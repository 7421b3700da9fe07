//! `/admins`.

use kong_sso::domain::ids::SessionId;
use kong_sso::domain::session::SessionTimes;
use kong_sso::store::login_sessions::{self, LoginSession};
use kong_sso::store::{Store, admins, epochs};
use serde_json::{Value, json};

use super::gateway::{no_permission, with_gateway};
use crate::store::NOW;

#[actix_web::test]
async fn km_080_an_admin_is_invited_once() {
    with_gateway(async |g| {
        let root = g.root();
        let made = root.post("/admins", json!({ "username": "u", "email": "u@x.y" })).await;
        assert_eq!(made.status, 200);
        let admin = &made.body["admin"];
        assert_eq!((&admin["status"], &admin["rbac_token_enabled"]), (&json!(4), &json!(true)));
        assert!(admin["rbac_user"]["id"].is_string() && admin["custom_id"].is_null());
        let again = root.post("/admins", json!({ "username": "u", "email": "u@x.y" })).await;
        assert_eq!(again.refusal(), (409, "UNIQUE violation detected on '{username=\"u\"}'"));
        let email = root.post("/admins", json!({ "username": "v", "email": "u@x.y" })).await;
        assert_eq!(email.body["fields"], json!({ "email": "u@x.y" }));
        root.create("/rbac/users", json!({ "name": "job", "user_token": "job" })).await;
        assert_eq!(
            root.post("/admins", json!({ "username": "job" })).await.status,
            409,
            "a service account has the name"
        );
        for (body, field) in [
            (json!({ "email": "u@x.y" }), "username"),
            (json!({ "username": "self" }), "username"),
            (json!({ "username": "w", "email": "nope" }), "email"),
            (json!({ "username": "w", "rbac_token_enabled": "perhaps" }), "rbac_token_enabled"),
            (json!({ "username": "w", "password": "secret" }), "password"),
        ] {
            let refused = root.post("/admins", body).await;
            assert_eq!(refused.status, 400);
            assert!(refused.body["fields"][field].is_string(), "{refused:?}");
        }
        let form = root.form("POST", "/admins", "username=f&rbac_token_enabled=false").await;
        assert_eq!((form.status, &form.body["admin"]["rbac_token_enabled"]), (200, &json!(false)));
    })
    .await;
}

#[actix_web::test]
async fn km_086_an_own_token_is_reset_and_shown_once() {
    with_gateway(async |g| {
        let (root, ann) = (g.root(), g.admin("ann", &[]).await);
        let reset = ann.patch("/admins/self/token", json!({})).await;
        assert_eq!((reset.status, &reset.body["message"]), (200, &json!("Token reset successfully")));
        assert_eq!(ann.get("/admins/self").await.status, 401, "the old token has ended");
        let token = reset.body["token"].as_str().unwrap().to_owned();
        let ann = g.client(&token);
        let me = ann.get("/admins/self").await;
        assert_eq!((me.status, &me.body["username"]), (200, &json!("ann")));
        assert!(!me.body.to_string().contains(&token));
        let chosen = ann.patch("/admins/self/token", json!({ "token": "chosen" })).await;
        assert_eq!((chosen.status, &chosen.body["token"]), (200, &json!("chosen")));
        let ann = g.client("chosen");
        assert_eq!(ann.patch("/admins/self/token", json!({ "token": super::gateway::ROOT })).await.status, 409);
        let job = g.user_with("job", &["default:super-admin"]).await;
        assert_eq!(job.patch("/admins/self/token", json!({})).await.status, 404, "no admin");
        assert_eq!(job.get("/admins/self").await.status, 404);
        assert_eq!(ann.patch("/admins/self/password", json!({ "password": "x" })).await.refusal(), (404, "Not found"));
        assert_eq!(root.post("/admins/register", json!({})).await.refusal(), (404, "Not found"));
        assert_eq!(root.post("/admins/password_resets", json!({})).await.refusal(), (404, "Not found"));
    })
    .await;
}

#[actix_web::test]
async fn km_086_a_disabled_token_cannot_be_reset() {
    with_gateway(async |g| {
        let (root, other) = (g.root(), g.admin("ann", &["default:super-admin"]).await);
        assert_eq!(root.patch("/admins/ann", json!({ "rbac_token_enabled": false })).await.status, 200);
        assert_eq!(other.patch("/admins/self/token", json!({})).await.status, 401, "the token is off at once");
        let refused = root.patch("/rbac/users/ann/token", json!({})).await;
        assert_eq!(refused.refusal(), (403, "The RBAC token of this admin is disabled"));
    })
    .await;
}

#[actix_web::test]
async fn an_admin_is_found_by_every_name_and_changed() {
    with_gateway(async |g| {
        let root = g.root();
        let body = json!({ "username": "Ann Ä", "email": "ann@x.y", "custom_id": "c-1" });
        let made = root.create("/admins", body).await["admin"].clone();
        for key in ["Ann%20%C3%84", "ann@x.y", "c-1", made["id"].as_str().unwrap()] {
            assert_eq!(root.get(&format!("/admins/{key}")).await.body, made, "{key}");
        }
        let changed = root.patch("/admins/c-1", json!({ "username": "ann", "email": null })).await;
        assert_eq!((changed.status, &changed.body["email"]), (200, &Value::Null));
        assert_eq!((&changed.body["username"], &changed.body["custom_id"]), (&json!("ann"), &json!("c-1")));
        assert_eq!(root.get("/rbac/users/ann").await.body["id"], made["rbac_user"]["id"], "the pair follows");
        for (body, field) in [(json!({ "status": 6 }), "status"), (json!({ "colour": 1 }), "colour")] {
            assert!(root.patch("/admins/ann", body).await.body["fields"][field].is_string(), "{field}");
        }
        assert_eq!(root.patch("/admins/ann", json!({ "username": "kong_admin" })).await.status, 409);
        assert_eq!(root.delete("/admins/ann").await.status, 204);
        for reply in
            [root.get("/admins/ann").await, root.delete("/admins/ann").await, root.get("/rbac/users/ann").await]
        {
            assert_eq!(reply.refusal(), (404, "Not found"));
        }
    })
    .await;
}

#[actix_web::test]
async fn km_041_roles_are_those_of_the_workspace_unless_all_are_asked_for() {
    with_gateway(async |g| {
        let root = g.root();
        root.create("/workspaces", json!({ "name": "payments" })).await;
        g.admin("ann", &["default:read-only"]).await;
        let given = root.post("/payments/admins/ann/roles", json!({ "roles": "workspace-admin" })).await;
        assert_eq!(
            (given.status, given.names("roles", "name")),
            (201, vec!["read-only".to_owned(), "workspace-admin".to_owned()])
        );
        let here = root.get("/admins/ann/roles").await;
        assert_eq!((here.status, here.names("roles", "name")), (200, vec!["read-only".to_owned()]));
        assert_eq!(here.body["roles"][0]["role_source"], "local");
        assert_eq!(root.get("/payments/admins/ann/roles").await.names("roles", "name"), ["workspace-admin"]);
        assert_eq!(root.get("/admins/ann/roles?all_workspaces=true").await.names("roles", "name").len(), 2);
        let workspaces = root.get("/admins/ann/workspaces").await;
        let names: Vec<_> = workspaces.body.as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
        assert_eq!(names, ["default", "payments"]);
        assert_eq!(
            root.delete_with("/payments/admins/ann/roles", json!({ "roles": ["workspace-admin"] })).await.status,
            204
        );
        assert_eq!(root.get("/payments/admins/ann/roles").await.body, json!({ "roles": [] }));
    })
    .await;
}

#[actix_web::test]
async fn admins_are_listed_by_home_and_moved() {
    with_gateway(async |g| {
        let root = g.root();
        for name in ["teamA", "teamB"] {
            root.create("/workspaces", json!({ "name": name })).await;
        }
        root.create("/teamA/admins", json!({ "username": "ann" })).await;
        assert_eq!(root.get("/admins").await.names("data", "username"), ["kong_admin"]);
        assert_eq!(root.get("/teamA/admins").await.names("data", "username"), ["ann"]);
        assert_eq!(root.get("/admins?all_workspaces=true").await.names("data", "username").len(), 2);
        let page = root.get("/admins?all_workspaces=true&size=1").await;
        let next = page.body["next"].as_str().unwrap();
        assert!(next.ends_with("&all_workspaces=true&size=1"), "{next}");
        assert_eq!(root.get(next).await.names("data", "username").len(), 1);

        let moved = root.patch("/admins/ann/workspaces/teamB", json!({})).await;
        assert_eq!((moved.status, &moved.body["username"]), (200, &json!("ann")));
        assert_eq!(root.get("/teamB/admins").await.names("data", "username"), ["ann"]);
        assert_eq!(root.patch("/admins/ann/workspaces/nowhere", json!({})).await.status, 404);
    })
    .await;
}

#[actix_web::test]
async fn admins_of_another_workspace_are_out_of_reach() {
    with_gateway(async |g| {
        let root = g.root();
        for name in ["teamA", "teamB"] {
            root.create("/workspaces", json!({ "name": name })).await;
        }
        let lead = g.user_with("lead", &["teamA:workspace-super-admin"]).await;
        for (method, path) in
            [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("DELETE", "/sessions"), ("GET", "/workspaces")]
        {
            let reply = lead.send(method, &format!("/teamA/admins/kong_admin{path}"), None, String::new()).await;
            assert_eq!(reply.refusal(), (404, "Not found"), "{method} {path}");
        }
        let all = lead.get("/teamA/admins?all_workspaces=true").await;
        assert_eq!(all.refusal(), (403, no_permission("lead", "read").as_str()));
        lead.create("/teamA/admins", json!({ "username": "ann" })).await;
        assert_eq!(lead.patch("/teamA/admins/ann/workspaces/teamB", json!({})).await.status, 404, "not seen");
        root.create("/teamB/rbac/users/lead/roles", json!({ "roles": "workspace-read-only" })).await;
        let denied = lead.patch("/teamA/admins/ann/workspaces/teamB", json!({})).await;
        assert_eq!(denied.refusal(), (403, no_permission("lead", "update").as_str()));
        let elsewhere = root.delete("/teamB/admins/ann").await;
        assert_eq!(elsewhere.status, 204, "whoever may do it at home may do it from anywhere");
    })
    .await;
}

/// Signs an admin in behind the node's back; tells how many sign-ins it has.
async fn sign_in(store: &Store, name: &str) {
    let mut tx = store.write().await.unwrap();
    let admin = admins::find_by_username(&mut tx, name).await.unwrap().unwrap();
    let session = LoginSession {
        id: SessionId::generate(),
        admin_id: admin.id,
        rbac_user_id: admin.rbac_user_id,
        issuer: "https://idp.example".to_owned(),
        subject: name.to_owned(),
        idp_session: None,
        times: SessionTimes { created_at: NOW, last_seen_at: NOW, renewed_at: NOW },
        token_expires_at: None,
        sealed_tokens: None,
        source: "authorization_code".to_owned(),
    };
    login_sessions::create(&mut tx, &session).await.unwrap();
    tx.commit().await.unwrap();
}

async fn sessions(store: &Store, name: &str) -> (usize, i64) {
    let mut connection = store.read().await.unwrap();
    let epoch = epochs::read_all(&mut connection).await.unwrap().sessions;
    let admin = admins::find_by_username(&mut connection, name).await.unwrap().unwrap();
    (login_sessions::list_of_admin(&mut connection, admin.id).await.unwrap().len(), epoch)
}

#[actix_web::test]
async fn who_may_not_act_any_more_is_signed_out_everywhere() {
    with_gateway(async |g| {
        let root = g.root();
        g.admin("ann", &[]).await;
        for (method, path, body) in [
            ("PATCH", "/admins/ann", json!({ "status": 3 })),
            ("PATCH", "/admins/ann", json!({ "status": 2 })),
            ("PATCH", "/rbac/users/ann", json!({ "enabled": false })),
            ("DELETE", "/admins/ann/sessions", json!({})),
        ] {
            sign_in(&g.store, "ann").await;
            let (before, epoch) = sessions(&g.store, "ann").await;
            let reply = root.send(method, path, Some("application/json"), body.to_string()).await;
            assert!(reply.status < 300, "{reply:?}");
            let (after, later) = sessions(&g.store, "ann").await;
            assert_eq!((before, after), (1, 0), "{method} {path}");
            assert!(later > epoch, "other nodes must hear of it: {method} {path}");
        }
        sign_in(&g.store, "ann").await;
        root.patch("/admins/ann", json!({ "email": "a@b.c", "status": 0 })).await;
        assert_eq!(sessions(&g.store, "ann").await.0, 1, "other changes end nothing");
    })
    .await;
}

#[actix_web::test]
async fn the_last_known_token_of_a_revoked_admin_is_refused() {
    with_gateway(async |g| {
        let (root, ann) = (g.root(), g.admin("ann", &["default:read-only"]).await);
        assert_eq!(ann.get("/services").await.status, 200);
        assert_eq!(root.form("PATCH", "/admins/ann", "status=3").await.body["status"], 3);
        assert_eq!(ann.get("/services").await.status, 401);
        assert_eq!(root.patch("/admins/ann", json!({ "status": 0 })).await.status, 200);
        assert_eq!(ann.get("/services").await.status, 200);
    })
    .await;
}
