//! Teams begin to decide: scenario 54.

use super::*;
use crate::applications::desk::with_desk;

#[actix_web::test]
async fn dp_054_whoever_lets_teams_decide_is_told_who_loses_sight_of_what_and_confirms_it() {
    with_desk(async |desk| {
        let on = json!({ "config": { "sso_portal_rbac": true } });
        let path = "/workspaces/default";
        let without_teams = desk.admin().patch(path, on.clone()).await;
        assert_eq!(
            without_teams.refusal(),
            (409, "with sso_portal_rbac 0 developers will lose sight of 0 APIs; there is no team yet: repeat the request with confirm=true")
        );
        let orders = desk.publish("orders", json!({})).await;
        desk.publish("users", json!({})).await;
        desk.publish("open", json!({ "visibility": "public" })).await;
        for name in ["ann", "ben", "cay"] {
            desk.developer(name).await;
        }
        assert_eq!(desk.admin().patch("/developers/cay@example.test", json!({ "status": 3 })).await.status, 200);
        let team = team_with(desk, "Payments", &[("API Viewer", &orders["id"])], &["ann@example.test"]).await;
        let refused = desk.admin().patch(path, on.clone()).await;
        assert_eq!(
            refused.refusal(),
            (409, "with sso_portal_rbac 2 developers will lose sight of 2 APIs: repeat the request with confirm=true")
        );
        let replaced = desk.admin().put(path, json!({ "config": { "sso_portal_rbac": "on" } })).await;
        assert_eq!(replaced.status, 409, "by no other method either");
        give(desk, &team, "API Viewer", &json!("*")).await;
        let one = desk.admin().patch(path, on.clone()).await;
        assert_eq!(one.status, 409, "{one:?}");
        desk.admin().create(&format!("/portal/teams/{team}/developers"), json!({ "id": "ben@example.test" })).await;
        let nobody_loses = desk.admin().patch(path, on.clone()).await;
        assert_eq!(nobody_loses.status, 200, "{nobody_loses:?}");
        assert_eq!(desk.admin().patch(path, on).await.status, 200, "it is on already");
    })
    .await;
}
