//! The Admin API's doors of teams, of developer roles, and of the groups that fill teams.

use super::*;
use crate::applications::desk::with_desk;

#[actix_web::test]
async fn dp_049_a_team_is_made_changed_paged_and_deleted() {
    with_desk(async |desk| {
        let admin = desk.admin();
        let made = admin.create("/portal/teams", json!({ "name": "Payments", "description": "pays" })).await;
        assert_eq!((&made["can_own_applications"], &made["description"]), (&json!(false), &json!("pays")));
        let path = format!("/portal/teams/{}", made["id"].as_str().unwrap());
        let again = admin.post("/portal/teams", json!({ "name": "Payments" })).await;
        assert_eq!((again.status, &again.body["fields"]["name"]), (409, &json!("Payments")));
        for bad in
            [json!({}), json!({ "name": " " }), json!({ "name": "a".repeat(251) }), json!({ "name": "x", "y": 1 })]
        {
            assert_eq!(admin.post("/portal/teams", bad.clone()).await.status, 400, "{bad}");
        }
        let changed = admin.patch(&path, json!({ "description": null, "can_own_applications": true })).await;
        assert_eq!(
            (
                changed.status,
                &changed.body["description"],
                &changed.body["can_own_applications"],
                &changed.body["name"]
            ),
            (200, &Value::Null, &json!(true), &json!("Payments"))
        );
        admin.create("/portal/teams", json!({ "name": "Users" })).await;
        let first = admin.get("/portal/teams?size=1").await;
        assert_eq!(first.names("data", "name"), ["Payments"]);
        let next = admin.get(first.body["next"].as_str().unwrap()).await;
        assert_eq!((next.names("data", "name"), &next.body["next"]), (vec!["Users".to_owned()], &Value::Null));
        for wrong in ["/portal/teams/Payments", &path.to_uppercase().replace("/PORTAL/TEAMS", "/portal/teams")] {
            assert_eq!(admin.get(wrong).await.status, 404, "{wrong}: a team has one name in paths");
        }
        assert_eq!(admin.delete(&path).await.status, 204);
        assert_eq!(admin.get(&path).await.status, 404);
        let kinds: Vec<_> = desk.audited("teams", &made["id"]).await;
        assert_eq!(kinds.len(), 3, "made, changed, deleted: {kinds:?}");
    })
    .await;
}

#[actix_web::test]
async fn dp_049_members_and_roles_come_once_and_go() {
    with_desk(async |desk| {
        let admin = desk.admin();
        let (ann, ben) = (desk.developer("ann").await, desk.developer("ben").await);
        let api = desk.publish("orders", json!({})).await;
        let team = admin.create("/portal/teams", json!({ "name": "Payments" })).await;
        let members = format!("/portal/teams/{}/developers", team["id"].as_str().unwrap());
        let roles = format!("/portal/teams/{}/assigned-roles", team["id"].as_str().unwrap());
        assert_eq!(admin.post(&members, json!({ "id": ann })).await.status, 201);
        assert_eq!(admin.post(&members, json!({ "id": ann })).await.status, 409);
        assert_eq!(admin.post(&members, json!({ "id": DeveloperId::generate() })).await.status, 400);
        assert_eq!(admin.get(&members).await.names("data", "email"), ["ann@example.test"]);
        let teams = admin.get(&format!("/portal/developers/{ann}/teams")).await;
        assert_eq!(teams.names("data", "name"), ["Payments"]);
        assert_eq!(admin.delete(&format!("{members}/{ben}")).await.status, 404, "no member");
        assert_eq!(admin.delete(&format!("{members}/{ann}")).await.status, 204);
        assert_eq!(desk.audited("team_members", &json!(ann)).await.len(), 2);

        let viewer = json!({ "role_name": "API Viewer", "entity_id": api["id"], "entity_region": "eu" });
        let assigned = admin.create(&roles, viewer.clone()).await;
        assert_eq!((&assigned["role_name"], &assigned["entity_id"]), (&json!("API Viewer"), &api["id"]));
        assert_eq!(admin.post(&roles, viewer).await.status, 409);
        admin.create(&roles, json!({ "role_name": "API Consumer", "entity_id": "*" })).await;
        assert_eq!(admin.post(&roles, json!({ "role_name": "API Consumer", "entity_id": "*" })).await.status, 409);
        for bad in [
            json!({ "role_name": "Owner", "entity_id": "*" }),
            json!({ "role_name": "API Viewer", "entity_id": "orders" }),
            json!({ "role_name": "API Viewer", "entity_id": team["id"] }),
        ] {
            assert_eq!(admin.post(&roles, bad.clone()).await.status, 400, "{bad}");
        }
        let path = format!("{roles}/{}", assigned["id"].as_str().unwrap());
        assert_eq!(admin.delete(&path).await.status, 204);
        assert_eq!(admin.delete(&path).await.status, 404);
        assert_eq!(admin.get(&roles).await.names("data", "role_name"), ["API Consumer"]);
        assert_eq!(admin.get("/portal/portal-roles").await.names("data", "name"), ["API Viewer", "API Consumer"]);
    })
    .await;
}

#[actix_web::test]
async fn dp_037_groups_of_teams_are_replaced_for_listed_teams_only() {
    with_desk(async |desk| {
        let admin = desk.admin();
        let single = "/portal/identity-provider/team-group-mappings";
        let [a, b] = ["A", "B"].map(|name| admin.create("/portal/teams", json!({ "name": name })));
        let (a, b) = (a.await, b.await);
        let kept = admin.create(single, json!({ "team_id": b["id"], "group": "dev-b" })).await;
        let old = admin.create(single, json!({ "team_id": a["id"], "group": "old" })).await;
        assert_eq!(admin.post(single, json!({ "team_id": a["id"], "group": "old" })).await.status, 409);
        assert_eq!(admin.post(single, json!({ "team_id": kept["id"], "group": "x" })).await.status, 400);
        let body = json!({ "data": [{ "team_id": a["id"], "groups": ["g1", "g2", "g1"] }] });
        let replaced = admin.patch("/portal/team-group-mappings", body).await;
        assert_eq!(replaced.status, 200, "{replaced:?}");
        let mut groups = replaced.names("data", "group");
        groups.sort();
        assert_eq!(groups, ["dev-b", "g1", "g2"]);
        let wrong =
            json!({ "data": [{ "team_id": a["id"], "groups": [] }, { "team_id": kept["id"], "groups": ["x"] }] });
        assert_eq!(admin.patch("/portal/team-group-mappings", wrong).await.status, 400);
        assert_eq!(admin.get(single).await.body["data"].as_array().unwrap().len(), 3, "all or nothing");
        assert_eq!(admin.delete(&format!("{single}/{}", old["id"].as_str().unwrap())).await.status, 404);
        assert_eq!(admin.delete(&format!("{single}/{}", kept["id"].as_str().unwrap())).await.status, 204);
        assert_eq!(desk.audited("team_groups", &old["id"]).await.len(), 2);
    })
    .await;
}

#[actix_web::test]
async fn dp_048_developer_roles_are_teams() {
    with_desk(async |desk| {
        let admin = desk.admin();
        let role = admin.create("/developers/roles", json!({ "name": "gold, EU", "comment": "pays" })).await;
        assert_eq!((&role["permissions"], &role["comment"]), (&json!({}), &json!("pays")));
        assert_eq!(admin.post("/developers/roles", json!({ "name": "gold, EU" })).await.status, 409);
        let ann = format!("/developers/{}", desk.developer("ann").await);
        let plain = admin.get(&ann).await.body;
        assert!(plain.get("roles").is_none() && plain.get("rbac_user").is_none());
        let given = admin.patch(&ann, json!({ "roles": ["gold, EU"] })).await;
        assert_eq!((given.status, &given.body["developer"]["roles"]), (200, &json!(["gold, EU"])), "{given:?}");
        assert!(given.body["developer"]["rbac_user"]["id"].is_string());
        assert_eq!(admin.patch(&ann, json!({ "roles": ["silver"] })).await.status, 400);
        let renamed = admin.patch("/developers/roles/gold%2C%20EU", json!({ "name": "gold" })).await;
        assert_eq!((renamed.status, &renamed.body["name"]), (200, &json!("gold")));
        desk.developer("ben").await;
        let found = admin.get("/developers?role=gold").await;
        assert_eq!(
            (found.names("data", "email"), &found.body["total"]),
            (vec!["ann@example.test".to_owned()], &json!(1))
        );
        assert_eq!(found.body["data"][0]["roles"], json!(["gold"]));
        assert_eq!(admin.get("/developers?role=silver").await.status, 404);
        let made =
            admin.post("/developers", json!({ "email": "cay@example.test", "status": 0, "roles": ["gold"] })).await;
        assert_eq!((made.status, &made.body["roles"]), (200, &json!(["gold"])));
        assert_eq!(admin.patch(&ann, json!({ "roles": [] })).await.body["developer"].get("roles"), None);
        assert_eq!(admin.delete("/developers/roles/gold").await.status, 204);
        assert_eq!(admin.get("/developers/roles").await.body["data"], json!([]));
        assert_eq!(admin.get("/developers/cay@example.test").await.body.get("roles"), None);
    })
    .await;
}

#[actix_web::test]
async fn dp_049_the_doors_ask_for_rights_and_keep_to_their_workspace() {
    with_desk(async |desk| {
        let admin = desk.admin();
        let foreign = admin.create("/portal/teams", json!({ "name": "Payments" })).await;
        admin.create("/workspaces", json!({ "name": "other" })).await;
        let keeper = desk.gateway.user_with("keeper", &["other:workspace-portal-admin"]).await;
        let reader = desk.gateway.user_with("reader", &["other:workspace-read-only"]).await;
        let team = keeper.create("/other/portal/teams", json!({ "name": "Payments" })).await;
        let path = format!("/other/portal/teams/{}", team["id"].as_str().unwrap());
        let ann = keeper.post("/other/developers", json!({ "email": "ann@example.test", "status": 0 })).await;
        let ann = ann.body["id"].as_str().unwrap();
        assert_eq!(keeper.post(&format!("{path}/developers"), json!({ "id": ann })).await.status, 201);
        assert_eq!(reader.get(&format!("{path}/developers")).await.names("data", "id"), [ann]);
        assert_eq!(reader.post(&format!("{path}/developers"), json!({ "id": ann })).await.status, 403);
        assert_eq!(reader.delete(&format!("{path}/developers/{ann}")).await.status, 403);
        assert_eq!(reader.patch("/other/portal/team-group-mappings", json!({ "data": [] })).await.status, 403);
        assert_eq!(keeper.delete(&format!("{path}/developers/{ann}")).await.status, 204);
        let foreign = format!("/portal/teams/{}", foreign["id"].as_str().unwrap());
        assert_eq!(keeper.get(&foreign).await.status, 403);
        assert_eq!(keeper.get(&format!("/other{foreign}")).await.status, 404, "a team of another workspace");
        assert_eq!(keeper.delete(&format!("/other{foreign}")).await.status, 404);
    })
    .await;
}
