//! Whoever rules over one workspace must not keep people out of all of them.

use kong_sso::domain::admin::IdpBinding;
use kong_sso::store::admins;
use serde_json::json;

use super::gateway::{no_permission, with_gateway};

#[actix_web::test]
async fn km_034_who_rules_over_one_workspace_does_not_decide_who_can_sign_in() {
    with_gateway(async |g| {
        let root = g.root();
        root.create("/workspaces", json!({ "name": "teamA" })).await;
        let lead = g.user_with("lead", &["teamA:workspace-super-admin"]).await;
        let custom = json!({ "username": "x", "custom_id": "ann@example.com" });
        let refused = lead.post("/teamA/admins", custom.clone()).await;
        assert_eq!(refused.refusal(), (403, no_permission("lead", "create").as_str()));
        let invited = lead.post("/teamA/admins", json!({ "username": "ann@example.com" })).await;
        assert_eq!(invited.status, 200, "inviting is what a lead is for");
        let ann = "/teamA/admins/ann@example.com";
        let pair = "/teamA/rbac/users/ann@example.com";
        for (path, body) in [
            (ann, json!({ "username": "other" })),
            (ann, json!({ "custom_id": "bob@example.com" })),
            (ann, json!({ "status": 3 })),
            (ann, json!({ "status": 1 })),
            (pair, json!({ "enabled": false })),
        ] {
            let refused = lead.patch(path, body.clone()).await;
            assert_eq!(refused.refusal(), (403, no_permission("lead", "update").as_str()), "{path} {body}");
        }
        assert_eq!(lead.put(pair, json!({ "enabled": false })).await.status, 403);
        assert_eq!(
            lead.patch(ann, json!({ "email": "ann@example.com", "username": "ann@example.com" })).await.status,
            200
        );
        assert_eq!(lead.delete(ann).await.status, 204, "an invitation can be taken back");

        root.create("/teamA/admins", custom).await;
        assert_eq!(root.patch("/teamA/admins/x", json!({ "status": 3 })).await.status, 200, "super-admins may");
    })
    .await;
}

#[actix_web::test]
async fn km_034_who_has_signed_in_can_be_stopped_at_home() {
    with_gateway(async |g| {
        let root = g.root();
        root.create("/workspaces", json!({ "name": "teamA" })).await;
        let lead = g.user_with("lead", &["teamA:workspace-super-admin"]).await;
        lead.create("/teamA/admins", json!({ "username": "ann" })).await;
        let mut tx = g.store.write().await.unwrap();
        let ann = admins::find_by_username(&mut tx, "ann").await.unwrap().unwrap();
        let binding = IdpBinding { issuer: "https://idp.example".to_owned(), subject: "ann".to_owned() };
        admins::set_binding(&mut tx, ann.id, &binding).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(lead.patch("/teamA/rbac/users/ann", json!({ "enabled": false })).await.status, 200);
        assert_eq!(lead.patch("/teamA/admins/ann", json!({ "status": 3 })).await.status, 200);
        let renamed = lead.patch("/teamA/admins/ann", json!({ "username": "bob" })).await;
        assert_eq!(renamed.refusal(), (403, no_permission("lead", "update").as_str()), "bob has not come yet");
    })
    .await;
}

#[actix_web::test]
async fn km_034_no_two_admins_fit_one_sign_in() {
    with_gateway(async |g| {
        let root = g.root();
        root.create("/admins", json!({ "username": "Ann@example.com", "custom_id": "Id-1" })).await;
        root.create("/admins", json!({ "username": "bob", "custom_id": "Id-2" })).await;
        for (body, field) in [
            (json!({ "username": "ann@EXAMPLE.com" }), "username"),
            (json!({ "username": "id-1" }), "username"),
            (json!({ "username": "new", "custom_id": "ann@example.com" }), "custom_id"),
            (json!({ "username": "new", "custom_id": "Id-1" }), "custom_id"),
        ] {
            let refused = root.post("/admins", body.clone()).await;
            assert_eq!((refused.status, &refused.body["fields"][field]), (409, &body[field]), "{body}: {refused:?}");
        }
        for body in [json!({ "username": "ANN@example.com" }), json!({ "custom_id": "ann@example.com" })] {
            assert_eq!(root.patch("/admins/bob", body.clone()).await.status, 409, "{body}");
        }
        let own = json!({ "username": "ann@example.com", "custom_id": "ann@example.com" });
        assert_eq!(root.patch("/admins/Id-1", own).await.status, 200, "both may be the same person's");
    })
    .await;
}
