//! The whole way through the doors that people use: a developer registers, an admin approves, an application gets access and
//! a key, the key works at Kong, and stops working.

use serde_json::{Value, json};

use super::desk::{Desk, with_desk, with_settings};
use crate::portal::{Client, PASSWORD, registration};
use crate::support::browser::Reply;

fn id(reply: &Reply) -> String {
    assert!(matches!(reply.status, 200 | 201), "{} {}", reply.status, reply.text);
    reply.json()["id"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn dp_058_dp_059_from_registration_to_a_call_and_to_its_end() {
    with_desk(async |desk| {
        let api = desk.publish("orders", json!({ "name": "Orders API" })).await;
        let mut ann = desk.client();
        assert_eq!(ann.post("/register", registration("ann@example.test")).await.status, 200);
        assert_eq!(ann.log_in("ann@example.test", PASSWORD).await.status, 401, "she waits");
        let approved = desk.admin().patch("/developers/ann@example.test", json!({ "status": 0 })).await;
        assert_eq!(approved.status, 200, "{approved:?}");
        assert_eq!(ann.log_in("ann@example.test", PASSWORD).await.status, 204);

        let made = ann.post("/applications", json!({ "name": "shop", "redirect_uri": "https://shop.test/cb" })).await;
        let application = format!("/applications/{}", id(&made));
        let offered = ann.get("/application_services").await.json();
        assert_eq!(offered["data"][0]["app_registration_config"]["display_name"], json!("Orders API"));
        let service = offered["data"][0]["id"].clone();
        assert_eq!(service, api["service"]["id"]);
        let asked = ann
            .post(
                &format!("{application}/application_instances"),
                json!({ "service": { "id": service }, "reason": "for the shop" }),
            )
            .await;
        assert_eq!((asked.status, &asked.json()["status"]), (201, &json!(1)), "{}", asked.text);
        assert_eq!(
            ann.post(&format!("{application}/application_instances"), json!({ "service": { "id": service } }))
                .await
                .status,
            409
        );

        let key = ann.post(&format!("{application}/credentials"), json!({ "display_name": "server" })).await;
        assert_eq!((key.status, key.header("cache-control")), (201, "no-store"));
        let value = key.json()["credential"].as_str().unwrap().to_owned();
        assert!(!ann.get(&format!("{application}/credentials")).await.text.contains(&value));
        assert_eq!(desk.kong.call("/orders", Some(&value)).await.0, 403);
        let why = ann.get(&format!("{application}/access/orders-api")).await.json();
        assert_eq!((&why["allowed"], &why["first_unmet"]), (&json!(false), &json!("contract")), "{why}");

        let queue = desk.admin().get("/portal/registrations?status=pending").await.body;
        assert_eq!(queue["data"][0]["reason"], json!("for the shop"));
        let bulk = json!({ "ids": [queue["data"][0]["id"]], "action": "approve", "reason": "welcome" });
        assert_eq!(desk.admin().post("/portal/registrations/bulk", bulk).await.body["ok"].as_array().unwrap().len(), 1);
        assert_eq!(desk.kong.call("/orders", Some(&value)).await.0, 200);
        let why = ann.get(&format!("{application}/access/orders-api")).await.json();
        assert_eq!((&why["allowed"], &why["first_unmet"]), (&json!(true), &Value::Null), "{why}");

        let credential = key.json()["id"].as_str().unwrap().to_owned();
        let rotated =
            ann.post(&format!("{application}/credentials/{credential}/rotate"), json!({ "grace_seconds": 0 })).await;
        let new = rotated.json()["credential"].as_str().unwrap().to_owned();
        assert_eq!(
            (desk.kong.call("/orders", Some(&value)).await.0, desk.kong.call("/orders", Some(&new)).await.0),
            (401, 200)
        );
        assert_eq!(ann.delete(&format!("{application}/credentials/{}", id(&rotated))).await.status, 204);
        assert_eq!(desk.kong.call("/orders", Some(&new)).await, (401, "Unauthorized".to_owned()));
    })
    .await;
}

/// Application, its key and its contract, made by the developer of a client.
async fn working(desk: &Desk, client: &mut Client) -> (String, String) {
    let application = format!("/applications/{}", id(&client.post("/applications", json!({ "name": "shop" })).await));
    let key = client.post(&format!("{application}/credentials"), json!({})).await.json();
    let key = key["credential"].as_str().unwrap().to_owned();
    let service = client.get("/application_services").await.json()["data"][0]["id"].clone();
    let asked =
        client.post(&format!("{application}/application_instances"), json!({ "service": { "id": service } })).await;
    assert_eq!((asked.status, &asked.json()["status"]), (201, &json!(0)), "{}", asked.text);
    assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 200);
    (application, key)
}

#[actix_web::test]
async fn dp_064_dp_047_what_happens_to_a_developer_happens_to_its_keys() {
    with_desk(async |desk| {
        desk.publish("orders", json!({ "auto_approve": true })).await;
        let mut ann = desk.signed_in("ann@example.test").await;
        let (application, key) = working(desk, &mut ann).await;
        assert_eq!(desk.admin().patch("/developers/ann@example.test", json!({ "status": 3 })).await.status, 200);
        desk.eventually("refused", async || desk.kong.call("/orders", Some(&key)).await.0 == 401).await;
        assert_eq!(ann.get("/applications").await.status, 401);
        let instance = desk.admin().get("/application_instances").await.body["data"][0].clone();
        assert_eq!((&instance["status"], &instance["suspended"]), (&json!(0), &json!(true)));
        assert_eq!(desk.admin().get(&application).await.body["status"], json!("suspended"));
        assert_eq!(desk.admin().patch("/developers/ann@example.test", json!({ "status": 0 })).await.status, 200);
        desk.eventually("called again", async || desk.kong.call("/orders", Some(&key)).await.0 == 200).await;
        assert_eq!(desk.admin().delete("/developers/ann@example.test").await.status, 204);
        desk.eventually("gone", async || desk.admin().get(&application).await.status == 404).await;
        for list in ["/consumers", "/key-auths", "/acls"] {
            assert_eq!(desk.kong.list(list).await, Vec::<Value>::new(), "{list}");
        }
    })
    .await;
}

#[actix_web::test]
async fn dp_067_what_belongs_to_another_developer_is_not_found() {
    with_desk(async |desk| {
        desk.publish("orders", json!({ "auto_approve": true })).await;
        let mut ann = desk.signed_in("ann@example.test").await;
        let (application, _) = working(desk, &mut ann).await;
        let instance = ann.get(&format!("{application}/application_instances")).await.json()["data"][0]["id"].clone();
        let key = ann.get(&format!("{application}/credentials")).await.json()["data"][0]["id"].clone();
        let mut ben = desk.signed_in("ben@example.test").await;
        let instances = format!("{application}/application_instances");
        let one_instance = format!("{instances}/{}", instance.as_str().unwrap());
        let keys = format!("{application}/credentials");
        let one_key = format!("{keys}/{}", key.as_str().unwrap());
        for path in [&application, &instances, &one_instance, &keys, &one_key, &format!("{application}/access/orders")]
        {
            assert_eq!(ben.get(path).await.status, 404, "{path}");
            assert_eq!(ann.get(path).await.status, 200, "{path}");
        }
        assert_eq!(ben.patch(&application, json!({ "name": "mine" })).await.status, 404);
        for path in [&application, &one_instance, &one_key] {
            assert_eq!(ben.delete(path).await.status, 404, "{path}");
        }
        assert_eq!(ben.post(&keys, json!({})).await.status, 404);
        assert_eq!(ben.post(&format!("{one_key}/rotate"), json!({})).await.status, 404);
        assert_eq!(ben.post(&instances, json!({ "service": "x" })).await.status, 404);
        assert_eq!(ben.get("/applications").await.json()["total"], json!(0));
        let mut nobody = desk.client();
        assert_eq!(nobody.get("/applications").await.status, 401);
        assert_eq!(nobody.get("/application_services").await.status, 401);
    })
    .await;
}

#[actix_web::test]
async fn dp_055_dp_056_the_portal_refuses_what_is_wrong_on_its_field() {
    with_settings(
        |settings| settings.portal_gateway.max_applications = 2,
        async |desk| {
            let mut ann = desk.signed_in("ann@example.test").await;
            let refused = ann.post("/applications", json!({ "redirect_uri": "http://evil.test/" })).await;
            assert_eq!(refused.status, 400);
            let fields = refused.json()["fields"].clone();
            assert!(fields["name"].is_string() && fields["redirect_uri"].is_string(), "{fields}");
            let made = ann
                .send(
                    "POST",
                    "/applications",
                    &[("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")],
                    Some("name=shop&redirect_uri=https%3A%2F%2Fshop.test%2F".into()),
                )
                .await;
            let path = format!("/applications/{}", id(&made));
            assert!(made.json()["consumer"]["id"].is_string());
            assert_eq!(ann.post("/applications", json!({ "name": "shop" })).await.status, 409);
            assert_eq!(ann.patch(&path, json!({ "name": "Shop 2" })).await.json()["name"], json!("Shop 2"));
            assert_eq!(ann.patch(&path, json!({ "auth_strategy_id": "x" })).await.status, 400);
            assert_eq!(ann.post("/applications", json!({ "name": "two" })).await.status, 201);
            assert_eq!(ann.post("/applications", json!({ "name": "three" })).await.status, 403);
            let first = ann.get("/applications?size=1").await.json();
            assert_eq!((&first["total"], first["data"].as_array().unwrap().len()), (&json!(2), 1));
            let second = ann.get(first["next"].as_str().unwrap()).await.json();
            assert_ne!(first["data"][0]["id"], second["data"][0]["id"]);
            assert_eq!(ann.delete(&path).await.status, 204);
        },
    )
    .await;
}

#[actix_web::test]
async fn a_hidden_api_cannot_be_asked_for() {
    with_desk(async |desk| {
        let api = desk.publish("orders", json!({})).await;
        let path = format!("/portal/apis/{}", api["id"].as_str().unwrap());
        let mut ann = desk.signed_in("ann@example.test").await;
        let application = format!("/applications/{}", id(&ann.post("/applications", json!({ "name": "shop" })).await));
        desk.admin().patch(&path, json!({ "status": "unpublished" })).await;
        let ask = json!({ "service": { "id": api["service"]["id"] } });
        assert_eq!(ann.post(&format!("{application}/application_instances"), ask.clone()).await.status, 404);
        assert!(ann.get("/application_services").await.json()["data"].as_array().unwrap().is_empty());
        desk.admin().patch(&path, json!({ "status": "published", "registration_enabled": false })).await;
        assert_eq!(ann.post(&format!("{application}/application_instances"), ask).await.status, 404);
    })
    .await;
}

#[actix_web::test]
async fn an_admin_alone_sets_the_identity_that_services_see() {
    with_desk(async |desk| {
        let mut ann = desk.signed_in("ann@example.test").await;
        let refused = ann.post("/applications", json!({ "name": "shop", "custom_id": "root" })).await;
        assert_eq!(refused.status, 400);
        assert!(refused.text.contains("custom_id"), "{}", refused.text);
        assert!(refused.text.contains("is set by an administrator"), "{}", refused.text);
        let made = ann.post("/applications", json!({ "name": "shop" })).await.json();
        let application = format!("/applications/{}", made["id"].as_str().unwrap());
        for value in [json!("root"), Value::Null] {
            assert_eq!(ann.patch(&application, json!({ "custom_id": value })).await.status, 400, "{value}");
        }
        let set = desk.admin().patch(&application, json!({ "custom_id": "customer-7" })).await;
        assert_eq!((set.status, &set.body["custom_id"]), (200, &json!("customer-7")));
        assert_eq!(ann.patch(&application, json!({ "name": "store" })).await.status, 200);
        assert_eq!(desk.kong.list("/consumers").await[0]["custom_id"], json!("customer-7"));
    })
    .await;
}
