//! Kong is kept what it should be: scenarios 74 to 77.

use std::sync::Arc;

use serde_json::{Value, json};

use super::contracts::working;
use super::desk::{with_desk, with_settings};
use crate::support::node;

#[actix_web::test]
async fn dp_074_a_key_that_was_deleted_by_hand_comes_back_with_the_same_value() {
    with_desk(async |desk| {
        let (key, contract, _) = working(desk).await;
        let id = desk.kong.list("/key-auths").await[0]["id"].as_str().unwrap().to_owned();
        desk.kong.delete(&format!("/key-auths/{id}")).await;
        assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 401);
        let plan = desk.admin().post("/portal/sync?dry_run=true", json!({})).await;
        assert_eq!(plan.body["changes"][0]["steps"].as_array().unwrap().len(), 1, "{plan:?}");
        assert!(!plan.body.to_string().contains(&key), "a plan shows no keys");
        assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 401, "a dry run changes nothing");
        desk.gateway.running.later(61);
        desk.eventually("repaired", async || desk.kong.call("/orders", Some(&key)).await.0 == 200).await;
        let application = &contract["application"]["id"];
        desk.eventually("recorded", async || {
            let told = desk.audited("gateway_objects", application).await;
            told.iter().any(|it| it.to_string().contains("sync.drift_repaired"))
        })
        .await;
    })
    .await;
}

#[actix_web::test]
async fn dp_074_a_gate_that_was_changed_by_hand_is_put_right() {
    with_desk(async |desk| {
        let (key, _, api) = working(desk).await;
        let service = api["service"]["id"].as_str().unwrap();
        let acl = desk.kong.list("/plugins").await.into_iter().find(|it| it["name"] == "acl").unwrap();
        let path = format!("/services/{service}/plugins/{}", acl["id"].as_str().unwrap());
        let open = json!({ "name": "acl", "config": { "deny": ["nobody"] }, "enabled": true });
        desk.kong.put(&path, open).await;
        desk.gateway.running.later(61);
        desk.eventually("repaired", async || {
            desk.kong.get(&path).await["config"]["allow"] == json!([format!("portal.default.{service}")])
        })
        .await;
        assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 200);
    })
    .await;
}

#[actix_web::test]
async fn dp_074_a_gate_that_an_admin_takes_away_through_kong_sso_is_back_within_seconds() {
    with_desk(async |desk| {
        let (key, _, _) = working(desk).await;
        let acl = desk.kong.list("/plugins").await.into_iter().find(|it| it["name"] == "acl").unwrap();
        let gone = desk.admin().delete(&format!("/plugins/{}", acl["id"].as_str().unwrap())).await;
        assert_eq!(gone.status, 204, "{gone:?}");
        desk.gateway.running.later(6);
        desk.eventually("repaired", async || desk.kong.list("/plugins").await.iter().any(|it| it["id"] == acl["id"]))
            .await;
        assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 200);
    })
    .await;
}

#[actix_web::test]
async fn dp_075_a_group_that_was_added_by_hand_is_told_and_pruned_only_where_that_is_wanted() {
    for prunes in [false, true] {
        with_settings(
            |settings| settings.portal_gateway.prunes = prunes,
            async |desk| {
                let (_, contract, _) = working(desk).await;
                let application = contract["application"]["id"].as_str().unwrap();
                desk.kong.post(&format!("/consumers/app-{application}/acls"), json!({ "group": "vip" })).await;
                desk.gateway.running.later(61);
                let groups = async || {
                    let mut groups: Vec<String> = desk
                        .kong
                        .list("/acls")
                        .await
                        .iter()
                        .map(|it| it["group"].as_str().unwrap().to_owned())
                        .collect();
                    groups.retain(|group| group == "vip");
                    groups.len()
                };
                if prunes {
                    desk.eventually("pruned", async || groups().await == 0).await;
                } else {
                    desk.eventually("told", async || {
                        let told = desk.admin().get(&format!("/applications/{application}")).await.body;
                        told["gateway"]["detail"].as_str().is_some_and(|it| it.contains("group vip"))
                    })
                    .await;
                    assert_eq!(groups().await, 1);
                }
            },
        )
        .await;
    }
}

#[actix_web::test]
async fn dp_075_a_membership_of_a_portals_group_that_nobody_approved_is_taken_away() {
    with_desk(async |desk| {
        let ann = desk.developer("ann").await;
        let api = desk.publish("orders", json!({})).await;
        let application = desk.application(ann, "shop").await;
        let (key, _) = desk.key(ann, &application).await;
        let group = format!("portal.default.{}", api["service"]["id"].as_str().unwrap());
        desk.kong.post(&format!("/consumers/app-{application}/acls"), json!({ "group": group })).await;
        assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 200);
        desk.gateway.running.later(61);
        desk.eventually("refused", async || desk.kong.call("/orders", Some(&key)).await.0 == 403).await;
    })
    .await;
}

#[actix_web::test]
async fn dp_075_what_carries_the_tag_and_belongs_to_nobody_is_told() {
    for prunes in [false, true] {
        with_settings(
            |settings| settings.portal_gateway.prunes = prunes,
            async |desk| {
                let ann = desk.developer("ann").await;
                desk.application(ann, "shop").await;
                let tags = ["kong-sso", "kong-sso.ws.default"];
                let orphan = desk.kong.post("/consumers", json!({ "username": "left", "tags": tags })).await;
                desk.kong.post("/consumers", json!({ "username": "foreign" })).await;
                let path = format!("/consumers/{}", orphan["id"].as_str().unwrap());
                let found = desk.admin().post("/portal/sync", json!({})).await;
                assert_eq!(found.body["orphans"], json!([path]));
                assert_eq!(desk.kong.get(&path).await.is_null(), prunes);
                assert!(!desk.kong.get("/consumers/foreign").await.is_null());
                let told = desk.admin().get("/portal/sync").await.body["data"].to_string();
                assert!(told.contains(&path), "{told}");
            },
        )
        .await;
    }
}

#[actix_web::test]
async fn dp_076_a_consumer_of_somebody_else_with_the_same_name_is_left_alone() {
    with_desk(async |desk| {
        let ann = desk.developer("ann").await;
        desk.kong.fault(json!({ "down": true })).await;
        let application = desk.application(ann, "shop").await;
        desk.kong.heal().await;
        let theirs = desk.kong.post("/consumers", json!({ "username": format!("app-{application}") })).await;
        desk.gateway.running.later(10);
        let path = format!("/applications/{application}");
        desk.eventually("conflict", async || {
            desk.admin().get(&path).await.body["gateway"]["state"] == json!("conflict")
        })
        .await;
        assert_eq!(desk.kong.list("/consumers").await, vec![theirs.clone()]);
        desk.kong.delete(&format!("/consumers/{}", theirs["id"].as_str().unwrap())).await;
        desk.gateway.running.later(600);
        desk.eventually("solved", async || desk.admin().get(&path).await.body["gateway"]["state"] == json!("in_sync"))
            .await;
    })
    .await;
}

#[actix_web::test]
async fn dp_077_two_nodes_make_nothing_twice() {
    with_desk(async |desk| {
        let shift = desk.gateway.running.clock();
        let other = node::start_with(desk.settings.clone(), node::bind(), node::bind(), Arc::clone(&shift)).await;
        let ann = desk.developer("ann").await;
        let api = desk.publish("orders", json!({ "auto_approve": true })).await;
        desk.kong.fault(json!({ "down": true })).await;
        let mut applications = Vec::new();
        for name in 0..6 {
            let application = desk.application(ann, &format!("app {name}")).await;
            desk.key(ann, &application).await;
            desk.contract(&application, &api).await;
            applications.push(application);
        }
        desk.kong.heal().await;
        desk.kong.forget_requests().await;
        desk.gateway.running.later(10);
        desk.eventually("all there", async || desk.kong.list("/acls").await.len() == 6).await;
        desk.eventually("settled", async || {
            desk.admin().get("/portal/sync").await.body["counts"]["in_sync"] == json!(7)
        })
        .await;
        assert_eq!((desk.kong.list("/consumers").await.len(), desk.kong.list("/key-auths").await.len()), (6, 6));
        let puts: Vec<_> = desk.kong.requests().await.into_iter().filter(|it| it.starts_with("PUT")).collect();
        assert_eq!(puts.len(), 18, "each object was written once: {puts:?}");
        other.stop().await;
    })
    .await;
}

#[actix_web::test]
async fn a_node_that_died_in_the_middle_is_followed_by_another() {
    with_desk(async |desk| {
        let ann = desk.developer("ann").await;
        let api = desk.publish("orders", json!({ "auto_approve": true })).await;
        let application = desk.application(ann, "shop").await;
        // Another node has the lease and does not come back.
        let mut tx = desk.store().write().await.unwrap();
        let id: kong_sso::domain::ids::ApplicationId = application.parse().unwrap();
        let now = desk.services().clock.now();
        let cause = kong_sso::store::gateway_changes::Cause { cause: "change", request_id: "r", actor: None };
        let workspace = desk.workspace().await;
        kong_sso::store::gateway_changes::enqueue(&mut tx, workspace, id.into(), cause, now).await.unwrap();
        let claimed = kong_sso::store::gateway_changes::claim(&mut tx, id.into(), "dead", now, now.plus(30)).await;
        assert!(claimed.unwrap().is_some());
        tx.commit().await.unwrap();
        let contract = desk.contract(&application, &api).await;
        assert_eq!(contract["gateway"]["state"], json!("pending"));
        tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
        assert_eq!(desk.kong.list("/acls").await, Vec::<Value>::new(), "the lease holds");
        desk.gateway.running.later(31);
        desk.eventually("granted", async || desk.kong.list("/acls").await.len() == 1).await;
        desk.eventually("told", async || desk.read(&contract).await["gateway"]["state"] == json!("in_sync")).await;
    })
    .await;
}
