//! Applications that teams own: scenarios 47, 53 and 67.

use super::*;
use crate::applications::desk::with_settings;
use crate::portal::PASSWORD;

#[actix_web::test]
async fn dp_067_every_member_controls_an_application_of_its_team_and_nobody_else_finds_it() {
    with_settings(rbac, async |desk| {
        let orders = desk.publish("orders", json!({ "auto_approve": true })).await;
        let mut ann = desk.signed_in("ann@example.test").await;
        let mut ben = desk.signed_in("ben@example.test").await;
        let mut eve = desk.signed_in("eve@example.test").await;
        let members = ["ann@example.test", "ben@example.test"];
        let team = team_with(desk, "Payments", &[("API Consumer", &orders["id"])], &members).await;
        let shared = application(&mut ann, json!({ "name": "shared", "team_id": team })).await;
        let own = application(&mut ann, json!({ "name": "own" })).await;
        let shown = ben.get(&format!("/applications/{shared}")).await;
        assert_eq!((shown.status, &shown.json()["owner"]), (200, &json!({ "type": "team", "id": team })));
        assert_eq!(ben.get(&format!("/applications/{own}")).await.status, 404, "a colleague's own is not the team's");
        let listed = ben.get("/applications").await.json();
        assert_eq!((listed["data"].as_array().unwrap().len(), &listed["total"]), (1, &json!(1)));
        assert_eq!(ann.get("/applications").await.json()["total"], json!(2));
        assert_eq!(ben.patch(&format!("/applications/{shared}"), json!({ "description": "ours" })).await.status, 200);
        assert_eq!(request(&mut ben, &shared, &orders).await, 201);
        let made = ben.post(&format!("/applications/{shared}/credentials"), json!({})).await;
        let key = made.json()["credential"].as_str().unwrap().to_owned();
        assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 200);
        assert_eq!(ann.get("/developer/teams").await.json()["data"][0]["name"], json!("Payments"));

        let contracts = ann.get(&format!("/applications/{shared}/application_instances")).await.json();
        let contract = contracts["data"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/applications/{shared}");
        for (method, path, body) in [
            ("GET", path.clone(), None),
            ("PATCH", path.clone(), Some(json!({ "name": "mine" }))),
            ("POST", format!("{path}/transfer"), Some(json!({ "team_id": team }))),
            ("GET", format!("{path}/application_instances"), None),
            ("POST", format!("{path}/application_instances"), Some(json!({ "api": { "id": orders["id"] } }))),
            ("GET", format!("{path}/application_instances/{contract}"), None),
            ("DELETE", format!("{path}/application_instances/{contract}"), None),
            ("GET", format!("{path}/credentials"), None),
            ("POST", format!("{path}/credentials"), Some(json!({}))),
            ("GET", format!("{path}/access/{}", orders["id"].as_str().unwrap()), None),
            ("DELETE", path.clone(), None),
        ] {
            let headers: &[_] = if body.is_some() { &[("content-type", "application/json")] } else { &[] };
            let reply = eve.send(method, &path, headers, body.map(|body| body.to_string())).await;
            assert_eq!(reply.status, 404, "{method} {path}: {}", reply.text);
        }
        let intruder = eve.post("/applications", json!({ "name": "x", "team_id": team })).await;
        assert_eq!(intruder.status, 400, "another's team is no team: {}", intruder.text);
        assert_eq!(intruder.json()["fields"]["team_id"], json!("no such team"));

        let ben_id = desk.admin().get("/developers/ben@example.test").await.body["id"].as_str().unwrap().to_owned();
        let membership = format!("/portal/teams/{team}/developers/{ben_id}");
        assert_eq!(desk.admin().delete(&membership).await.status, 204);
        assert_eq!(ben.get(&path).await.status, 404, "who left the team left its applications");
        assert_eq!(ben.get("/applications").await.json()["total"], json!(0));
        assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 200);
        assert_eq!(ann.delete(&path).await.status, 204);
    })
    .await;
}

#[actix_web::test]
async fn dp_053_the_teams_own_right_decides_however_much_a_member_may() {
    with_settings(rbac, async |desk| {
        let orders = desk.publish("orders", json!({})).await;
        let users = desk.publish("users", json!({})).await;
        let mut ann = desk.signed_in("ann@example.test").await;
        let narrow = team_with(desk, "Narrow", &[("API Consumer", &users["id"])], &["ann@example.test"]).await;
        let wide = team_with(desk, "Wide", &[("API Consumer", &json!("*"))], &["ann@example.test"]).await;
        let shared = application(&mut ann, json!({ "name": "shared", "team_id": narrow })).await;
        assert_eq!(request(&mut ann, &shared, &orders).await, 403);
        assert_eq!(request(&mut ann, &shared, &users).await, 201);
        let own = application(&mut ann, json!({ "name": "own" })).await;
        assert_eq!(request(&mut ann, &own, &orders).await, 201);

        let transfer = format!("/applications/{own}/transfer");
        let refused = ann.post(&transfer, json!({ "team_id": narrow })).await;
        assert_eq!((refused.status, refused.json()["message"].as_str().unwrap().contains("orders")), (409, true));
        let by_admin = format!("/portal/applications/{own}/transfer");
        let to = |kind: &str, id: &Value| json!({ "owner": { "type": kind, "id": id } });
        assert_eq!(desk.admin().post(&by_admin, to("team", &json!(narrow))).await.status, 409, "for admins as well");
        let given = ann.post(&transfer, json!({ "team_id": wide })).await;
        assert_eq!((given.status, &given.json()["owner"]["id"]), (200, &json!(wide)), "{}", given.text);
        let ann_id = desk.admin().get("/developers/ann@example.test").await.body["id"].clone();
        for bad in [json!({ "owner": { "type": "developer", "id": ann_id } }), json!({}), json!({ "team_id": "x" })] {
            assert_eq!(ann.post(&transfer, bad.clone()).await.status, 400, "{bad}");
        }
        let back = desk.admin().post(&by_admin, to("developer", &ann_id)).await;
        assert_eq!((back.status, &back.body["owner"]["type"]), (200, &json!("developer")), "{back:?}");
        let audited = desk.audited("applications", &json!(own)).await;
        assert_eq!(audited.len(), 3, "made and given twice: {audited:?}");
        assert_eq!(desk.admin().post(&by_admin, to("team", &orders["id"])).await.status, 400);
        assert_eq!(desk.admin().post(&by_admin, to("robot", &ann_id)).await.status, 400);
    })
    .await;
}

#[actix_web::test]
async fn dp_053_only_a_team_that_may_own_applications_does_and_none_is_deleted_with_them() {
    with_settings(rbac, async |desk| {
        let mut ann = desk.signed_in("ann@example.test").await;
        let team = team_with(desk, "Payments", &[], &["ann@example.test"]).await;
        let path = format!("/portal/teams/{team}");
        desk.admin().patch(&path, json!({ "can_own_applications": false })).await;
        let own = application(&mut ann, json!({ "name": "own" })).await;
        assert_eq!(ann.post("/applications", json!({ "name": "x", "team_id": team })).await.status, 403);
        let transfer = format!("/applications/{own}/transfer");
        assert_eq!(ann.post(&transfer, json!({ "team_id": team })).await.status, 403);
        desk.admin().patch(&path, json!({ "can_own_applications": true })).await;
        application(&mut ann, json!({ "name": "own", "team_id": team })).await;
        let taken = ann.post(&transfer, json!({ "team_id": team })).await;
        assert_eq!((taken.status, &taken.json()["fields"]["name"]), (409, &json!("own")), "names are the owner's");
        ann.patch(&format!("/applications/{own}"), json!({ "name": "other" })).await;
        assert_eq!(ann.post(&transfer, json!({ "team_id": team })).await.status, 200);
        let refused = desk.admin().delete(&path).await;
        assert_eq!(refused.refusal(), (409, "the team owns 2 applications: transfer or delete them first"));
        assert_eq!(desk.admin().delete("/developers/roles/Payments").await.status, 409, "by no other door either");
    })
    .await;
}

#[actix_web::test]
async fn dp_047_dp_064_what_a_team_owns_outlives_whoever_made_it() {
    with_settings(rbac, async |desk| {
        let orders = desk.publish("orders", json!({ "auto_approve": true })).await;
        let mut ann = desk.signed_in("ann@example.test").await;
        let team = team_with(desk, "Payments", &[("API Consumer", &orders["id"])], &["ann@example.test"]).await;
        let mut keys = Vec::new();
        for body in [json!({ "name": "own" }), json!({ "name": "shared", "team_id": team })] {
            let id = application(&mut ann, body).await;
            assert_eq!(request(&mut ann, &id, &orders).await, 201);
            let made = ann.post(&format!("/applications/{id}/credentials"), json!({})).await;
            keys.push((id, made.json()["credential"].as_str().unwrap().to_owned()));
        }
        let calls = async |expected: [u16; 2]| {
            desk.eventually("calls", async || {
                let own = desk.kong.call("/orders", Some(&keys[0].1)).await.0;
                let shared = desk.kong.call("/orders", Some(&keys[1].1)).await.0;
                [own, shared] == expected
            })
            .await;
        };
        calls([200, 200]).await;
        let ann_path = "/developers/ann@example.test";
        assert_eq!(desk.admin().patch(ann_path, json!({ "status": 3 })).await.status, 200);
        calls([401, 200]).await;
        assert_eq!(ann.get(&format!("/applications/{}", keys[1].0)).await.status, 401);

        // An application of somebody without access works again in a team, and stops with its way back.
        let transfer = format!("/portal/applications/{}/transfer", keys[0].0);
        let ann_id = desk.admin().get(ann_path).await.body["id"].clone();
        let given = desk.admin().post(&transfer, json!({ "owner": { "type": "team", "id": team } })).await;
        assert_eq!((given.status, &given.body["status"]), (200, &json!("active")), "{given:?}");
        calls([200, 200]).await;
        let back = desk.admin().post(&transfer, json!({ "owner": { "type": "developer", "id": ann_id } })).await;
        assert_eq!((back.status, &back.body["status"]), (200, &json!("suspended")), "{back:?}");
        calls([401, 200]).await;

        assert_eq!(desk.admin().delete(ann_path).await.status, 204);
        let gone = format!("/applications/{}", keys[0].0);
        desk.eventually("gone", async || desk.admin().get(&gone).await.status == 404).await;
        calls([401, 200]).await;
        assert_eq!(desk.admin().get(&format!("/applications/{}", keys[1].0)).await.status, 200);
    })
    .await;
}

#[actix_web::test]
async fn dp_061_no_team_brings_back_what_an_admin_took_away() {
    with_settings(rbac, async |desk| {
        let orders = desk.publish("orders", json!({ "auto_approve": true })).await;
        let mut ann = desk.signed_in("ann@example.test").await;
        let members = ["ann@example.test"];
        let team = team_with(desk, "Payments", &[("API Consumer", &orders["id"])], &members).await;
        let own = application(&mut ann, json!({ "name": "own" })).await;
        assert_eq!(request(&mut ann, &own, &orders).await, 201);
        let contracts = desk.admin().get(&format!("/applications/{own}/application_instances")).await;
        desk.set(&contracts.body["data"][0], 3).await;
        let shared = application(&mut ann, json!({ "name": "shared", "team_id": team })).await;
        let path = format!("/applications/{shared}/application_instances");
        let asked = ann.post(&path, json!({ "api": { "id": orders["id"] } })).await;
        assert_eq!((asked.status, &asked.json()["status"]), (201, &json!(1)), "an admin decides: {}", asked.text);
        let transfer = ann.post(&format!("/applications/{own}/transfer"), json!({ "team_id": team })).await;
        assert_eq!(transfer.status, 409, "{}", transfer.text);
    })
    .await;
}

#[actix_web::test]
async fn dp_061_a_member_takes_nothing_away_from_a_team_and_brings_nothing_back_to_it() {
    with_settings(rbac, async |desk| {
        let orders = desk.publish("orders", json!({})).await;
        let mut ann = desk.signed_in("ann@example.test").await;
        let (roles, members) = ([("API Consumer", &orders["id"])], ["ann@example.test"]);
        let team = team_with(desk, "Payments", &roles, &members).await;
        let other = team_with(desk, "Private", &roles, &members).await;
        let own = application(&mut ann, json!({ "name": "own" })).await;
        assert_eq!(request(&mut ann, &own, &orders).await, 201);
        let shared = application(&mut ann, json!({ "name": "shared", "team_id": team })).await;
        let away = ann.post(&format!("/applications/{shared}/transfer"), json!({ "team_id": other })).await;
        assert_eq!(away.status, 403, "{}", away.text);

        assert_eq!(request(&mut ann, &shared, &orders).await, 201);
        let contracts = desk.admin().get(&format!("/applications/{shared}/application_instances")).await;
        desk.set(&contracts.body["data"][0], 2).await;
        let back = ann.post(&format!("/applications/{own}/transfer"), json!({ "team_id": team })).await;
        assert_eq!(back.status, 409, "{}", back.text);
    })
    .await;
}

#[actix_web::test]
async fn dp_061_who_was_refused_does_not_begin_anew_with_another_account() {
    with_settings(rbac, async |desk| {
        let orders = desk.publish("orders", json!({ "visibility": "public" })).await;
        let mut ann = desk.signed_in("ann@example.test").await;
        team_with(desk, "Payments", &[("API Consumer", &orders["id"])], &["ann@example.test"]).await;
        let own = application(&mut ann, json!({ "name": "own" })).await;
        assert_eq!(request(&mut ann, &own, &orders).await, 201);
        let contracts = desk.admin().get(&format!("/applications/{own}/application_instances")).await;
        desk.set(&contracts.body["data"][0], 2).await;
        let json = [("content-type", "application/json")];
        let gone = ann.send("DELETE", "/developer", &json, Some(json!({ "password": PASSWORD }).to_string())).await;
        assert_eq!(gone.status, 409, "{}", gone.text);
        assert_eq!(desk.admin().get("/developers/ann@example.test").await.status, 200);
    })
    .await;
}

#[actix_web::test]
async fn dp_048_rules_about_a_team_hold_for_roles_of_developers_too() {
    with_settings(rbac, async |desk| {
        desk.signed_in("ann@example.test").await;
        let team = team_with(desk, "Payments", &[], &[]).await;
        let own = format!("/portal/teams/{team}");
        let support = [
            ("default", "/developers/*", "read,create,update,delete"),
            ("default", "/developers/roles/*", "read,create,update,delete"),
        ];
        let clerk = desk.gateway.user("clerk", &support).await;
        let roles = json!({ "roles": ["Payments"] });
        assert_eq!(clerk.patch("/developers/ann@example.test", roles.clone()).await.status, 403);
        assert_eq!(clerk.patch("/developers/ann@example.test", json!({ "roles": [] })).await.status, 200);
        assert_eq!(clerk.patch("/developers/roles/Payments", json!({ "name": "Mine" })).await.status, 403);
        assert_eq!(clerk.delete(&format!("/developers/roles/{team}")).await.status, 403);
        let members = format!("{own}/developers");
        let lead = desk.gateway.user("lead", &[support.as_slice(), &[("default", &members, "create")]].concat()).await;
        assert_eq!(lead.patch("/developers/ann@example.test", roles).await.status, 200);
        assert_eq!(lead.patch("/developers/ann@example.test", json!({ "roles": [] })).await.status, 403);
    })
    .await;
}
