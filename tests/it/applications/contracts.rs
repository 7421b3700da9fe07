//! Applications and contracts: scenarios 55 to 68.

use serde_json::{Value, json};

use super::desk::{Desk, with_desk, with_settings};

const DENIED: &str = "You cannot consume this service";

#[actix_web::test]
async fn dp_055_an_application_has_a_consumer_and_a_name_of_its_own_and_there_is_a_limit() {
    with_settings(
        |settings| settings.portal_gateway.max_applications = 3,
        async |desk| {
            let ann = desk.developer("ann").await;
            let path = format!("/developers/{ann}/applications");
            let made = desk.admin().post(&path, json!({ "name": "shop" })).await;
            assert_eq!((made.status, &made.body["gateway"]["state"]), (201, &json!("in_sync")), "{made:?}");
            let consumer =
                desk.kong.get(&format!("/consumers/{}", made.body["consumer"]["id"].as_str().unwrap())).await;
            assert_eq!(consumer["username"], json!(format!("app-{}", made.body["id"].as_str().unwrap())));
            let again = desk.admin().post(&path, json!({ "name": "shop" })).await;
            assert_eq!((again.status, &again.body["fields"]["name"]), (409, &json!("shop")));
            let others = desk.developer("ben").await;
            assert_eq!(
                desk.admin()
                    .post(&format!("/developers/{others}/applications"), json!({ "name": "shop" }))
                    .await
                    .status,
                201
            );
            for name in ["two", "three"] {
                desk.application(ann, name).await;
            }
            assert_eq!(desk.admin().post(&path, json!({ "name": "four" })).await.status, 403);
            assert_eq!(desk.admin().get(&path).await.names("data", "name").len(), 3);
            assert_eq!(desk.admin().get("/applications").await.names("data", "name").len(), 4);
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_056_redirect_uris_are_refused_on_their_field() {
    with_desk(async |desk| {
        let ann = desk.developer("ann").await;
        let path = format!("/developers/{ann}/applications");
        for bad in ["https://a.test/cb#x", "http://evil.test/cb"] {
            let refused = desk.admin().post(&path, json!({ "name": "shop", "redirect_uri": bad })).await;
            assert_eq!(refused.status, 400, "{bad}");
            assert!(refused.body["fields"]["redirect_uri"].is_string(), "{refused:?}");
        }
        let made = desk.admin().post(&path, json!({ "name": "shop", "redirect_uri": "http://127.0.0.1:9/cb" })).await;
        assert_eq!((made.status, &made.body["redirect_uri"]), (201, &json!("http://127.0.0.1:9/cb")));
    })
    .await;
}

#[actix_web::test]
async fn dp_058_dp_059_a_request_waits_for_an_admin_and_then_the_key_works() {
    with_desk(async |desk| {
        let ann = desk.developer("ann").await;
        let api = desk.publish("orders", json!({})).await;
        let application = desk.application(ann, "shop").await;
        let (key, _) = desk.key(ann, &application).await;
        let contract = desk.contract(&application, &api).await;
        assert_eq!(contract["status"], json!(1));
        assert_eq!(desk.kong.list("/acls").await, Vec::<Value>::new());
        assert_eq!(desk.kong.call("/orders", Some(&key)).await, (403, DENIED.to_owned()));
        assert_eq!(desk.kong.call("/orders", None).await, (401, "No API key found in request".to_owned()));
        let queue = desk.admin().get("/portal/registrations?status=pending").await;
        assert_eq!(queue.body["data"][0]["id"], contract["id"]);

        let approved = desk.set(&contract, 0).await;
        assert_eq!((&approved["status"], &approved["gateway"]["state"]), (&json!(0), &json!("in_sync")));
        let (status, seen) = desk.kong.call_whole("/orders", Some(&key)).await;
        assert_eq!(status, 200, "{seen}");
        assert_eq!(seen["x-consumer-username"], json!(format!("app-{application}")));
        assert_eq!(
            (&seen["apikey"], &seen["x-consumer-groups"]),
            (&Value::Null, &Value::Null),
            "neither key nor groups"
        );
        let service = api["service"]["id"].as_str().unwrap();
        assert_eq!(desk.kong.list("/acls").await[0]["group"], json!(format!("portal.default.{service}")));
        assert!(
            desk.admin().get("/portal/registrations?status=pending").await.body["data"].as_array().unwrap().is_empty()
        );
    })
    .await;
}

#[actix_web::test]
async fn dp_060_an_api_that_approves_by_itself_is_called_at_once() {
    with_desk(async |desk| {
        let ann = desk.developer("ann").await;
        let api = desk.publish("orders", json!({ "auto_approve": true })).await;
        let application = desk.application(ann, "shop").await;
        let contract = desk.contract(&application, &api).await;
        assert_eq!((&contract["status"], &contract["gateway"]["state"]), (&json!(0), &json!("in_sync")));
        let (key, _) = desk.key(ann, &application).await;
        assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 200);
    })
    .await;
}

#[actix_web::test]
async fn dp_061_a_revoked_contract_lets_nobody_through() {
    with_desk(async |desk| {
        let (key, contract, _) = working(desk).await;
        let revoked = desk.set(&contract, 3).await;
        assert_eq!((&revoked["status"], &revoked["revoke_pending"]), (&json!(3), &json!(false)));
        assert_eq!(desk.kong.call("/orders", Some(&key)).await, (403, DENIED.to_owned()));
        let back = desk.set(&contract, 0).await;
        assert_eq!(back["status"], json!(0), "an admin reinstates it");
        assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 200);
    })
    .await;
}

/// A key that works, its contract and its API.
pub async fn working(desk: &Desk) -> (String, Value, Value) {
    let ann = desk.developer("ann").await;
    let api = desk.publish("orders", json!({ "auto_approve": true })).await;
    let application = desk.application(ann, "shop").await;
    let (key, _) = desk.key(ann, &application).await;
    let contract = desk.contract(&application, &api).await;
    assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 200);
    (key, contract, api)
}

#[actix_web::test]
async fn dp_062_a_revocation_counts_when_kong_took_it_and_is_recorded_once() {
    with_desk(async |desk| {
        let (key, contract, _) = working(desk).await;
        let before = desk.audited("contracts", &contract["id"]).await.len();
        desk.kong.fault(json!({ "down": true })).await;
        let begun = desk.set(&contract, 3).await;
        assert_eq!((&begun["status"], &begun["revoke_pending"]), (&json!(0), &json!(true)), "{begun}");
        assert_eq!(begun["gateway"]["state"], json!("error"));
        assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 200, "it says so, because it is so");
        assert_eq!(desk.audited("contracts", &contract["id"]).await.len(), before);
        let state = desk.admin().get("/portal/sync").await;
        assert_eq!(state.body["counts"]["error"], json!(1), "{state:?}");
        let path = format!("/application_instances/{}", contract["id"].as_str().unwrap());
        let again = desk.admin().patch(&path, json!({ "status": 0 })).await;
        assert_eq!(again.refusal(), (409, "invalid status transition"), "it is about to lose that status");

        desk.kong.heal().await;
        desk.gateway.running.later(10);
        desk.eventually("revoked", async || desk.read(&contract).await["status"] == json!(3)).await;
        assert_eq!(desk.read(&contract).await["revoke_pending"], json!(false));
        assert_eq!(desk.kong.call("/orders", Some(&key)).await, (403, DENIED.to_owned()));
        let after = desk.audited("contracts", &contract["id"]).await;
        assert_eq!(after.len(), before + 1, "{after:?}");
    })
    .await;
}

#[actix_web::test]
async fn dp_063_a_deleted_contract_can_be_requested_again_and_a_rejected_one_cannot() {
    with_desk(async |desk| {
        let (key, contract, api) = working(desk).await;
        let path = format!("/application_instances/{}", contract["id"].as_str().unwrap());
        assert_eq!(desk.admin().delete(&path).await.status, 204);
        assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 403);
        assert_eq!(desk.admin().get(&path).await.status, 404);
        let application = contract["application"]["id"].as_str().unwrap();
        let again = desk.contract(application, &api).await;
        assert_eq!(again["status"], json!(0));

        let closed = desk.publish("billing", json!({})).await;
        let pending = desk.contract(application, &closed).await;
        assert_eq!(desk.set(&pending, 2).await["status"], json!(2));
        let path = format!("/applications/{application}/application_instances");
        let refused = desk.admin().post(&path, json!({ "service": { "id": closed["service"]["id"] } })).await;
        assert_eq!(refused.status, 409, "{refused:?}");
    })
    .await;
}

#[actix_web::test]
async fn dp_063_a_contract_is_gone_only_when_kong_took_the_grant() {
    with_desk(async |desk| {
        let (key, contract, _) = working(desk).await;
        desk.kong.fault(json!({ "status": 500, "only": "^DELETE" })).await;
        let path = format!("/application_instances/{}", contract["id"].as_str().unwrap());
        let deleted = desk.admin().delete(&path).await;
        assert_eq!(deleted.refusal(), (202, "not yet effective: Kong has not confirmed it"));
        assert_eq!(desk.read(&contract).await["delete_pending"], json!(true));
        assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 200);
        desk.kong.heal().await;
        desk.gateway.running.later(10);
        desk.eventually("gone", async || desk.admin().get(&path).await.status == 404).await;
        assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 403);
    })
    .await;
}

#[actix_web::test]
async fn dp_064_an_owner_without_access_takes_its_contracts_along_and_brings_them_back() {
    with_desk(async |desk| {
        let (key, contract, _) = working(desk).await;
        let owner = contract["application"]["developer"]["id"].as_str().unwrap().parse().unwrap();
        desk.owner(owner, false).await;
        desk.eventually("refused", async || desk.kong.call("/orders", Some(&key)).await.0 == 401).await;
        let suspended = desk.read(&contract).await;
        assert_eq!((&suspended["status"], &suspended["suspended"]), (&json!(0), &json!(true)));
        assert_eq!(desk.kong.list("/acls").await, Vec::<Value>::new());
        desk.owner(owner, true).await;
        desk.eventually("called again", async || desk.kong.call("/orders", Some(&key)).await.0 == 200).await;
        assert_eq!(desk.read(&contract).await["suspended"], json!(false));
    })
    .await;
}

#[actix_web::test]
async fn dp_065_the_portals_setting_approves_what_the_api_does_not() {
    with_settings(
        |settings| settings.portal_gateway.auto_approve = true,
        async |desk| {
            let ann = desk.developer("ann").await;
            let api = desk.publish("orders", json!({ "auto_approve": false })).await;
            let application = desk.application(ann, "shop").await;
            assert_eq!(desk.contract(&application, &api).await["status"], json!(0));
            let own = json!({ "config": { "sso_portal_auto_approve_applications": false } });
            assert_eq!(desk.admin().patch("/workspaces/default", own).await.status, 200);
            let other = desk.application(ann, "other").await;
            assert_eq!(desk.contract(&other, &api).await["status"], json!(1), "a workspace says otherwise");
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_066_an_api_of_another_strategy_is_refused() {
    with_desk(async |desk| {
        let ann = desk.developer("ann").await;
        let strategy = json!({ "name": "short", "strategy_type": "key_auth", "configs": { "key-auth": { "key_names": ["x-key"] } } });
        desk.admin().create("/application-auth-strategies", strategy).await;
        let api = desk.publish("orders", json!({ "auth_strategy_id": "short" })).await;
        let application = desk.application(ann, "shop").await;
        let path = format!("/applications/{application}/application_instances");
        let refused = desk.admin().post(&path, json!({ "service": api["service"]["id"] })).await;
        assert_eq!(refused.status, 409);
        assert!(refused.refusal().1.starts_with("auth_strategy_mismatch"), "{refused:?}");
        for (kind, member) in [("okta", "strategy_type"), ("openid_connect", "configs")] {
            let body = json!({ "name": kind, "strategy_type": kind });
            let refused = desk.admin().post("/application-auth-strategies", body).await;
            assert_eq!((refused.status, refused.body["fields"][member].is_string()), (400, true), "{refused:?}");
        }
        assert_eq!(desk.admin().delete("/application-auth-strategies/short").await.status, 409);
    })
    .await;
}

#[actix_web::test]
async fn dp_067_an_application_of_somebody_else_is_not_found_on_any_method() {
    with_desk(async |desk| {
        let (ann, ben) = (desk.developer("ann").await, desk.developer("ben").await);
        let api = desk.publish("orders", json!({ "auto_approve": true })).await;
        let application = desk.application(ann, "shop").await;
        let contract = desk.contract(&application, &api).await;
        let (_, key) = desk.key(ann, &application).await;
        let base = format!("/developers/{ben}/applications/{application}");
        let instance = format!("{base}/application_instances/{}", contract["id"].as_str().unwrap());
        let admin = desk.admin();
        for path in [&base, &instance, &format!("{base}/application_instances"), &format!("{base}/credentials")] {
            assert_eq!(admin.get(path).await.status, 404, "{path}");
        }
        assert_eq!(admin.patch(&base, json!({ "name": "mine" })).await.status, 404);
        assert_eq!(admin.patch(&instance, json!({ "status": 3 })).await.status, 404);
        assert_eq!(admin.delete(&base).await.status, 404);
        assert_eq!(admin.delete(&instance).await.status, 404);
        assert_eq!(admin.delete(&format!("{base}/credentials/{key}")).await.status, 404);
        let post =
            admin.post(&format!("{base}/application_instances"), json!({ "service": api["service"]["id"] })).await;
        assert_eq!(post.status, 404);
    })
    .await;
}

#[actix_web::test]
async fn dp_068_one_stale_contract_stops_no_other_of_a_bulk() {
    with_desk(async |desk| {
        let ann = desk.developer("ann").await;
        let api = desk.publish("orders", json!({})).await;
        let mut ids = Vec::new();
        for name in 0..8 {
            let application = desk.application(ann, &format!("app {name}")).await;
            ids.push(desk.contract(&application, &api).await["id"].clone());
        }
        desk.set(&json!({ "id": ids[3] }), 2).await;
        let body = json!({ "ids": ids, "action": "reject", "reason": "not this year" });
        let done = desk.admin().post("/portal/registrations/bulk", body).await;
        assert_eq!(done.status, 200);
        assert_eq!(done.body["ok"].as_array().unwrap().len(), 7);
        let stale = "somebody else has decided meanwhile: the contract is rejected";
        assert_eq!(done.body["failed"], json!([{ "id": ids[3], "message": stale }]));
        assert_eq!(desk.read(&json!({ "id": ids[0] })).await["comment"], json!("not this year"));
        let nonsense = json!({ "ids": ids, "action": "explode" });
        assert_eq!(desk.admin().post("/portal/registrations/bulk", nonsense).await.status, 400);
    })
    .await;
}

#[actix_web::test]
async fn a_deleted_application_leaves_nothing_in_kong() {
    with_desk(async |desk| {
        let (key, contract, _) = working(desk).await;
        let path = format!("/applications/{}", contract["application"]["id"].as_str().unwrap());
        desk.kong.fault(json!({ "down": true })).await;
        assert_eq!(desk.admin().delete(&path).await.status, 202);
        assert_eq!(desk.admin().get(&path).await.body["status"], json!("deleting"));
        assert_eq!(desk.admin().patch(&path, json!({ "name": "x" })).await.status, 409);
        desk.kong.heal().await;
        desk.kong.forget_requests().await;
        desk.gateway.running.later(10);
        desk.eventually("gone", async || desk.admin().get(&path).await.status == 404).await;
        assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 401);
        for list in ["/consumers", "/key-auths", "/acls"] {
            assert_eq!(desk.kong.list(list).await, Vec::<Value>::new(), "{list}");
        }
        let deleted: Vec<_> = desk.kong.requests().await.into_iter().filter(|it| it.starts_with("DELETE")).collect();
        assert!(
            deleted[0].contains("/acls/") && deleted[1].contains("/key-auth/") && deleted.len() == 3,
            "{deleted:?}"
        );
    })
    .await;
}

#[actix_web::test]
async fn a_grant_that_lands_late_does_not_outlive_its_revocation() {
    with_desk(async |desk| {
        let ann = desk.developer("ann").await;
        let api = desk.publish("orders", json!({})).await;
        let application = desk.application(ann, "shop").await;
        let (key, _) = desk.key(ann, &application).await;
        let contract = desk.contract(&application, &api).await;
        // Longer than kong-sso waits; what Kong was sent it does in the end.
        desk.kong.fault(json!({ "delay_ms": 8000, "only": "^PUT .*/acls/" })).await;
        assert_eq!(desk.set(&contract, 0).await["gateway"]["state"], json!("error"));
        desk.kong.heal().await;
        assert_eq!(desk.kong.list("/acls").await, Vec::<Value>::new(), "nothing has landed");

        let asked = desk.set(&contract, 3).await;
        assert_eq!((&asked["status"], &asked["revoke_pending"]), (&json!(0), &json!(true)), "{asked}");
        assert_eq!(asked["gateway"]["state"], json!("pending"));
        desk.eventually("landed", async || !desk.kong.list("/acls").await.is_empty()).await;
        desk.eventually("removed", async || desk.kong.list("/acls").await.is_empty()).await;
        assert_eq!(desk.kong.call("/orders", Some(&key)).await, (403, DENIED.to_owned()));
        assert_eq!(desk.read(&contract).await["revoke_pending"], json!(true), "another may be on its way");

        desk.gateway.running.later(61);
        desk.eventually("confirmed", async || desk.read(&contract).await["status"] == json!(3)).await;
        let revoked = desk.read(&contract).await;
        assert_eq!((&revoked["revoke_pending"], &revoked["gateway"]["state"]), (&json!(false), &json!("in_sync")));
        assert_eq!(desk.kong.call("/orders", Some(&key)).await, (403, DENIED.to_owned()));
    })
    .await;
}
