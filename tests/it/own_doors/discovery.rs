//! `/userinfo` and `/endpoints`.

use kong_sso::config::settings::EnforceRbac;
use serde_json::{Value, json};

use super::gateway::{with_gateway, with_settings};

#[actix_web::test]
async fn everybody_who_is_somebody_learns_who_they_are() {
    with_gateway(async |g| {
        let root = g.root();
        root.create("/workspaces", json!({ "name": "payments", "meta": { "color": "#fff" } })).await;
        let ann = g.admin("ann", &["payments:workspace-read-only"]).await;
        let info = ann.get("/userinfo").await;
        assert_eq!(info.status, 200);
        let body = info.body;
        assert_eq!((&body["admin"]["username"], &body["admin"]["status"]), (&json!("ann"), &json!(0)));
        assert_eq!(body["rbac_user"], json!({ "id": body["admin"]["rbac_user"]["id"], "name": "ann" }));
        let read = json!({ "payments": { "*": { "actions": ["read"], "negative": false } } });
        assert_eq!((&body["permissions"]["endpoints"], &body["permissions"]["entities"]), (&read, &json!({})));
        assert_eq!(body["workspaces"].as_array().unwrap().len(), 1);
        assert_eq!(
            (&body["workspaces"][0]["name"], &body["workspaces"][0]["meta"]),
            (&json!("payments"), &json!({ "color": "#fff" }))
        );
        assert_eq!(body["admin"]["workspaces"][0]["name"], "payments");
        assert_eq!((&body["groups"], &body["session"], &body["auth"]), (&json!([]), &Value::Null, &Value::Null));
        assert!(!body.to_string().contains("$argon2id$"));

        let nobody = g.user_with("nobody", &[]).await;
        assert_eq!(nobody.get("/payments/userinfo").await.status, 403, "a workspace without rights looks like none");
        let info = nobody.get("/userinfo").await;
        assert_eq!(
            (info.status, &info.body["admin"], &info.body["rbac_user"]["name"]),
            (200, &Value::Null, &json!("nobody"))
        );
        assert_eq!(g.client("wrong").get("/userinfo").await.status, 401);
    })
    .await;
}

#[actix_web::test]
async fn the_paths_are_those_of_kong_and_the_own_ones() {
    with_gateway(async |g| {
        let nobody = g.user_with("nobody", &[]).await;
        let list = nobody.get("/endpoints").await;
        assert_eq!(list.status, 200);
        let paths: Vec<&str> = list.body["data"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        for path in
            ["/", "/services/{services}", "/frobnicate/{id}", "/rbac/users/{rbac_users}", "/workspaces", "/userinfo"]
        {
            assert!(paths.contains(&path), "{path}");
        }
        assert!(paths.is_sorted());
    })
    .await;
}

#[actix_web::test]
async fn without_any_login_everybody_may_do_everything() {
    with_settings(
        |settings| settings.rbac.enforce = EnforceRbac::Off,
        async |g| {
            let anybody = g.anonymous();
            let info = anybody.get("/userinfo").await.body;
            assert_eq!((&info["admin"], &info["rbac_user"]), (&Value::Null, &Value::Null));
            assert_eq!(info["permissions"]["endpoints"]["*"]["*"]["actions"].as_array().unwrap().len(), 4);
            assert_eq!(info["workspaces"][0]["name"], "default");
            assert_eq!(anybody.post("/workspaces", json!({ "name": "w" })).await.status, 201);
            let user = json!({ "name": "super-admin", "user_token": "t" });
            assert_eq!(anybody.post("/rbac/users", user).await.status, 201);
            assert_eq!(anybody.get("/admins/self").await.status, 404);
        },
    )
    .await;
}
