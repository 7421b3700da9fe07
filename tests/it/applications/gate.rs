//! What guards a published service: scenarios 78 to 81.

use kong_sso::config::settings::UpstreamRule;
use serde_json::{Value, json};

use super::contracts::working;
use super::desk::{with_desk, with_settings};

#[actix_web::test]
async fn dp_078_a_service_with_a_guard_of_its_own_is_not_touched() {
    with_desk(async |desk| {
        let service = desk.kong.service("orders").await;
        let acl = json!({ "name": "acl", "config": { "deny": ["banned"] } });
        let theirs = desk.kong.post(&format!("/services/{service}/plugins"), acl).await;
        let refused = desk.admin().post("/portal/apis", json!({ "service": service })).await;
        assert_eq!(refused.status, 409);
        assert!(refused.refusal().1.contains(theirs["id"].as_str().unwrap()), "{refused:?}");
        assert_eq!(desk.kong.list("/plugins").await, vec![theirs]);
        assert!(desk.admin().get("/portal/apis").await.body["data"].as_array().unwrap().is_empty());
        let unknown = desk.admin().post("/portal/apis", json!({ "service": "nowhere" })).await;
        assert_eq!((unknown.status, unknown.body["fields"]["service"].is_string()), (400, true));
    })
    .await;
}

#[actix_web::test]
async fn dp_079_publishing_that_stops_halfway_leaves_a_closed_door_and_goes_on() {
    with_desk(async |desk| {
        let service = desk.kong.service("orders").await;
        assert_eq!(desk.kong.call("/orders", None).await.0, 200, "not published, not guarded");
        desk.kong.fault(json!({ "status": 500, "only": "^PUT .*/plugins/", "after": 1 })).await;
        let api = desk.publish_existing(&service, json!({})).await;
        assert_eq!(api["gateway"]["state"], json!("error"), "{api}");
        let names: Vec<_> = desk.kong.list("/plugins").await.iter().map(|it| it["name"].clone()).collect();
        assert_eq!(names, [json!("acl")]);
        assert_eq!(desk.kong.call("/orders", None).await, (401, "Unauthorized".to_owned()));
        desk.kong.heal().await;
        desk.gateway.running.later(10);
        desk.eventually("guarded", async || desk.kong.call("/orders", None).await.1 == "No API key found in request")
            .await;
    })
    .await;
}

#[actix_web::test]
async fn dp_080_a_withdrawn_api_goes_on_and_opens_only_on_a_second_word() {
    with_desk(async |desk| {
        let (key, contract, api) = working(desk).await;
        let path = format!("/portal/apis/{}", api["id"].as_str().unwrap());
        assert_eq!(desk.admin().delete(&format!("{path}/gate?confirm=true")).await.status, 409, "it is published");
        let withdrawn = desk.admin().patch(&path, json!({ "status": "unpublished" })).await;
        assert_eq!((&withdrawn.body["status"], &withdrawn.body["gate"]), (&json!("unpublished"), &json!(true)));
        assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 200);
        assert_eq!(desk.kong.call("/orders", None).await.0, 401);
        let refused = desk.admin().delete(&format!("{path}/gate")).await;
        assert_eq!(refused.status, 409);
        assert!(refused.refusal().1.contains("open to everybody"), "{refused:?}");
        assert_eq!(desk.admin().delete(&path).await.status, 409, "there are contracts");
        let instance = format!("/application_instances/{}", contract["id"].as_str().unwrap());
        assert_eq!(desk.admin().delete(&instance).await.status, 204);
        assert_eq!(desk.admin().delete(&path).await.status, 409, "there is a gate");
        desk.kong.forget_requests().await;
        let opened = desk.admin().delete(&format!("{path}/gate?confirm=true")).await;
        assert_eq!((opened.status, &opened.body["gate"]), (200, &json!(false)), "{opened:?}");
        assert_eq!(desk.kong.list("/plugins").await, Vec::<Value>::new());
        assert_eq!(desk.kong.call("/orders", None).await.0, 200);
        assert_eq!(desk.admin().delete(&path).await.status, 204);
        assert_eq!(desk.admin().get(&path).await.status, 404);
    })
    .await;
}

#[actix_web::test]
async fn dp_081_a_service_that_kong_lost_suspends_its_contracts() {
    with_desk(async |desk| {
        let (_, contract, api) = working(desk).await;
        desk.kong.delete("/routes/orders").await;
        desk.kong.delete("/services/orders").await;
        desk.admin().post("/portal/sync", json!({})).await;
        let path = format!("/portal/apis/{}", api["id"].as_str().unwrap());
        desk.eventually("missing", async || desk.admin().get(&path).await.body["link_state"] == json!("missing")).await;
        let suspended = desk.read(&contract).await;
        assert_eq!((&suspended["status"], &suspended["suspended"]), (&json!(0), &json!(true)));
        desk.eventually("no grant", async || desk.kong.list("/acls").await.is_empty()).await;

        let id = api["service"]["id"].as_str().unwrap();
        desk.kong.put(&format!("/services/{id}"), json!({ "name": "orders", "host": "orders.internal" })).await;
        desk.gateway.running.later(600);
        desk.eventually("linked", async || desk.admin().get(&path).await.body["link_state"] == json!("linked")).await;
        desk.eventually("granted", async || desk.kong.list("/acls").await.len() == 1).await;
        assert_eq!(desk.read(&contract).await["suspended"], json!(false));
    })
    .await;
}

#[actix_web::test]
async fn a_route_that_bypasses_the_gate_is_told() {
    with_desk(async |desk| {
        let service = desk.kong.service("orders").await;
        desk.kong.post("/routes/orders/plugins", json!({ "name": "acl", "config": { "deny": ["x"] } })).await;
        let api = desk.publish_existing(&service, json!({})).await;
        assert_eq!(api["gateway"]["state"], json!("in_sync"));
        assert!(api["gateway"]["detail"].as_str().unwrap().contains("bypassed on route"), "{api}");
    })
    .await;
}

#[actix_web::test]
async fn services_that_are_not_published_are_listed() {
    with_desk(async |desk| {
        let first = desk.kong.service("orders").await;
        desk.kong.service("billing").await;
        assert_eq!(desk.admin().get("/portal/services").await.names("data", "name"), ["billing", "orders"]);
        let api = desk.publish_existing(&first, json!({ "name": "Orders API", "document": "# Hi" })).await;
        assert_eq!((&api["slug"], &api["visibility"]), (&json!("orders-api"), &json!("private")));
        assert_eq!(desk.admin().get("/portal/services").await.names("data", "name"), ["billing"]);
        let twice = desk.admin().post("/portal/apis", json!({ "service": first })).await;
        assert_eq!(twice.status, 409);
        let unknown = desk.admin().post("/portal/apis", json!({ "service": "billing", "colour": "red" })).await;
        assert_eq!(unknown.body["fields"]["colour"], json!("unknown field"));
    })
    .await;
}

#[actix_web::test]
async fn a_workspace_with_something_of_the_portal_keeps_its_kong() {
    with_settings(
        |settings| settings.upstream.workspace_upstreams = vec![UpstreamRule::Host("127.0.0.1".into(), None)],
        async |desk| {
            let kong = json!({ "name": "payments", "upstream_admin_url": desk.kong.admin });
            desk.admin().create("/workspaces", kong).await;
            let service = desk.kong.service("orders").await;
            let api = desk.admin().create("/payments/portal/apis", json!({ "service": service })).await;
            assert_eq!(api["gateway"]["state"], json!("in_sync"));
            let elsewhere = json!({ "upstream_admin_url": "http://127.0.0.1:9" });
            assert_eq!(desk.admin().patch("/workspaces/payments", elsewhere.clone()).await.status, 409);
            assert_eq!(desk.admin().delete("/workspaces/payments?cascade=true").await.status, 409);
            let path = format!("/payments/portal/apis/{}", api["id"].as_str().unwrap());
            assert_eq!(
                desk.admin().get(&path.replace("/payments", "")).await.status,
                404,
                "it is of another workspace"
            );
            desk.admin().patch(&path, json!({ "status": "unpublished" })).await;
            assert_eq!(desk.admin().delete(&format!("{path}/gate?confirm=true")).await.status, 200);
            assert_eq!(desk.admin().delete(&path).await.status, 204);
            assert_eq!(desk.admin().patch("/workspaces/payments", elsewhere).await.status, 200);
            assert_eq!(desk.admin().delete("/workspaces/payments").await.status, 204);
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_083_a_key_of_somebody_who_is_no_application_opens_no_published_api() {
    with_desk(async |desk| {
        let (key, _, _) = working(desk).await;
        assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 200);
        desk.kong.put("/consumers/ordinary", json!({})).await;
        desk.kong.post("/consumers/ordinary/key-auth", json!({ "key": "ordinary-key" })).await;
        assert_eq!(desk.kong.call("/orders", Some("ordinary-key")).await.0, 403);
    })
    .await;
}
