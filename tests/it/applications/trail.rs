//! Scenario 104: what was changed is recorded once, with who did it, and without secrets.

use serde_json::{Value, json};

use super::desk::{Desk, with_desk};
use crate::portal::PASSWORD;

/// The records of an entity, oldest first: operation, and whether an admin did it.
async fn told(desk: &Desk, kind: &str, id: &Value) -> Vec<(String, bool)> {
    let mut records = desk.audited(kind, id).await;
    records.reverse();
    assert!(records.iter().all(|it| !it["request_id"].as_str().unwrap().is_empty()), "{records:?}");
    let short = |it: &Value| (it["operation"].as_str().unwrap().to_owned(), it["rbac_user_id"].is_string());
    records.iter().map(short).collect()
}

fn expected(steps: &[(&str, bool)]) -> Vec<(String, bool)> {
    steps.iter().map(|(operation, is_admin)| ((*operation).to_owned(), *is_admin)).collect()
}

#[actix_web::test]
async fn dp_104_each_change_is_recorded_once_with_who_did_it_and_no_secret_is() {
    with_desk(async |desk| {
        let api = desk.publish("orders", json!({})).await;
        desk.guarded(&api).await;
        let mut ann = desk.session("ann@example.test").await;
        let developer = desk.admin().get("/developers/ann@example.test").await.body["id"].clone();
        assert_eq!(told(desk, "developers", &developer).await, expected(&[("create", true)]));

        let application = ann.post("/applications", json!({ "name": "shop" })).await.body["id"].clone();
        let path = format!("/applications/{}", application.as_str().unwrap());
        assert_eq!(ann.patch(&path, json!({ "description": "a shop" })).await.status, 200);
        let steps = [("create", false), ("update", false)];
        assert_eq!(told(desk, "applications", &application).await, expected(&steps));

        let wanted = json!({ "service": { "id": api["service"]["id"] } });
        let contract = ann.post(&format!("{path}/application_instances"), wanted).await.body;
        desk.set(&contract, 0).await;
        desk.set(&contract, 3).await;
        desk.eventually("revoked", async || desk.read(&contract).await["status"] == json!(3)).await;
        let steps = [("create", false), ("update", true), ("update", true)];
        assert_eq!(told(desk, "contracts", &contract["id"]).await, expected(&steps));

        let key = ann.post(&format!("{path}/credentials"), json!({})).await.body;
        let gone = ann.delete(&format!("{path}/credentials/{}", key["id"].as_str().unwrap())).await;
        assert_eq!(gone.status, 204, "{gone:?}");
        let ends = async || told(desk, "application_credentials", &key["id"]).await.len() == 2;
        desk.eventually("the end of the key recorded", ends).await;

        let path = format!("/developers/{}", developer.as_str().unwrap());
        assert_eq!(desk.admin().patch(&path, json!({ "status": 3 })).await.status, 200);
        let steps = [("create", true), ("update", true)];
        assert_eq!(told(desk, "developers", &developer).await, expected(&steps));

        let secret = key["credential"].as_str().unwrap();
        for list in ["/audit/objects?size=1000", "/audit/requests?size=1000"] {
            let count = async || desk.admin().get(list).await.body["data"].as_array().unwrap().len();
            desk.eventually("the batch of records", async || count().await > 5).await;
            let all = desk.admin().get(list).await.body;
            for secret in [&secret[10..], PASSWORD] {
                assert!(!all.to_string().contains(secret), "{list}");
            }
        }
    })
    .await;
}
