//! Keys: scenarios 69 to 71.

use std::time::Duration;

use kong_sso::domain::time::UnixSeconds;
use kong_sso::services::applications::{NewCredential, Reach, credentials};
use kong_sso::services::change::Actor;
use kong_sso::services::error::ServiceError;
use serde_json::json;

use super::contracts::working;
use super::desk::{Desk, with_desk, with_settings};

#[actix_web::test]
async fn dp_069_a_value_is_shown_once_and_there_is_a_limit() {
    with_settings(
        |settings| settings.portal_gateway.max_credentials = 3,
        async |desk| {
            let ann = desk.developer("ann").await;
            let application = desk.application(ann, "shop").await;
            let (key, id) = desk.key(ann, &application).await;
            assert!(key.starts_with("ksso_defa_"), "{key}");
            let list = desk.admin().get(&format!("/applications/{application}/credentials")).await;
            assert_eq!((&list.body["data"][0]["id"], &list.body["data"][0]["status"]), (&json!(id), &json!("active")));
            assert!(!list.body.to_string().contains(&key));
            for kind in ["application_credentials", "applications"] {
                let audited = desk.admin().get(&format!("/audit/objects?dao_name={kind}&size=1000")).await;
                assert!(!audited.body.to_string().contains(&key[10..]), "{kind}");
            }
            desk.key(ann, &application).await;
            desk.key(ann, &application).await;
            let (actor, reach) = of(desk, ann).await;
            let refused =
                credentials::create(desk.services(), &actor, reach, &application, NewCredential::default()).await;
            assert!(matches!(refused, Err(ServiceError::Conflict(_))), "{refused:?}");
            assert_eq!(desk.admin().delete(&format!("/applications/{application}/credentials/{id}")).await.status, 204);
            let list = desk.admin().get(&format!("/applications/{application}/credentials")).await;
            assert_eq!(list.body["data"][0]["status"], json!("revoked"));
            desk.key(ann, &application).await;
        },
    )
    .await;
}

async fn of(desk: &Desk, developer: kong_sso::domain::ids::DeveloperId) -> (Actor<'static>, Reach) {
    let reach = Reach::developer(desk.workspace().await, developer);
    (Actor::Developer { id: developer, request_id: "test" }, reach)
}

#[actix_web::test]
async fn dp_070_a_lifetime_holds_for_keys_that_are_made_afterwards() {
    with_desk(async |desk| {
        let ttl = |days: u32| json!({ "configs": { "key-auth": { "ttl": { "value": days, "unit": "days" } } } });
        let mut strategy = ttl(14);
        strategy["name"] = json!("short");
        strategy["strategy_type"] = json!("key_auth");
        desk.admin().create("/application-auth-strategies", strategy).await;
        let ann = desk.developer("ann").await;
        let body = json!({ "name": "shop", "auth_strategy_id": "short" });
        let made = desk.admin().create(&format!("/developers/{ann}/applications"), body).await;
        let application = made["id"].as_str().unwrap();
        let (_, old) = desk.key(ann, application).await;
        let days = async |id: &str| {
            let left = desk.kong.get(&format!("/key-auths/{id}")).await["ttl"].as_i64().unwrap();
            f64::from(i32::try_from(left).unwrap()) / 86_400.0
        };
        assert!((days(&old).await - 14.0).abs() < 0.01);
        assert_eq!(desk.admin().patch("/application-auth-strategies/short", ttl(7)).await.status, 200);
        let (_, new) = desk.key(ann, application).await;
        assert!((days(&old).await - 14.0).abs() < 0.01, "an old key keeps its end");
        assert!((days(&new).await - 7.0).abs() < 0.01);
        assert_eq!(desk.admin().patch("/application-auth-strategies/short", ttl(0)).await.status, 400);
    })
    .await;
}

#[actix_web::test]
async fn dp_071_both_keys_work_for_the_grace_of_a_rotation() {
    with_desk(async |desk| {
        let (old, contract, _) = working(desk).await;
        let application = contract["application"]["id"].as_str().unwrap();
        let owner = contract["application"]["developer"]["id"].as_str().unwrap().parse().unwrap();
        let (actor, reach) = of(desk, owner).await;
        let id = credentials::list(desk.services(), reach, application).await.unwrap()[0].id.to_string();
        let too_long =
            credentials::rotate(desk.services(), &actor, reach, application, &id, 604_801, NewCredential::default())
                .await;
        assert!(matches!(too_long, Err(ServiceError::Schema(_))));
        let new = credentials::rotate(desk.services(), &actor, reach, application, &id, 2, NewCredential::default())
            .await
            .unwrap();
        for key in [old.as_str(), new.key.expose()] {
            assert_eq!(desk.kong.call("/orders", Some(key)).await.0, 200);
        }
        tokio::time::sleep(Duration::from_millis(2500)).await;
        assert_eq!(desk.kong.call("/orders", Some(&old)).await, (401, "Unauthorized".to_owned()));
        assert_eq!(desk.kong.call("/orders", Some(new.key.expose())).await.0, 200);
        let now = desk.services().clock.now();
        let known = credentials::list(desk.services(), reach, application).await.unwrap();
        assert_eq!(known.iter().map(|it| it.shown_status(now)).collect::<Vec<_>>(), ["expired", "active"]);
        assert_eq!(known[1].shown_status(UnixSeconds(0)), "active");
        let at_once = credentials::rotate(
            desk.services(),
            &actor,
            reach,
            application,
            &known[1].id.to_string(),
            0,
            NewCredential::default(),
        )
        .await;
        assert_eq!(desk.kong.call("/orders", Some(new.key.expose())).await.0, 401);
        assert_eq!(desk.kong.call("/orders", Some(at_once.unwrap().key.expose())).await.0, 200);
    })
    .await;
}

#[actix_web::test]
async fn a_key_is_revoked_when_kong_forgot_it() {
    with_desk(async |desk| {
        let (key, contract, _) = working(desk).await;
        let application = contract["application"]["id"].as_str().unwrap();
        let path = format!("/applications/{application}/credentials");
        let id = desk.admin().get(&path).await.body["data"][0]["id"].as_str().unwrap().to_owned();
        desk.kong.fault(json!({ "status": 503, "only": "DELETE .*key-auth" })).await;
        assert_eq!(desk.admin().delete(&format!("{path}/{id}")).await.status, 202);
        assert_eq!(desk.admin().get(&path).await.body["data"][0]["status"], json!("revoke_pending"));
        assert_eq!(desk.kong.call("/orders", Some(&key)).await.0, 200);
        desk.kong.heal().await;
        desk.gateway.running.later(10);
        desk.eventually("refused", async || desk.kong.call("/orders", Some(&key)).await.0 == 401).await;
        desk.eventually("revoked", async || {
            desk.admin().get(&path).await.body["data"][0]["status"] == json!("revoked")
        })
        .await;
    })
    .await;
}
