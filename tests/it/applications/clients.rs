//! OAuth 2.0 by Kong itself: the strategy `kong_oauth2`, scenarios 72 and 73.

use kong_sso::domain::strategy::StrategyType;
use serde_json::{Value, json};

use super::desk::{Desk, Session, with_desk, with_settings};

fn strategy(name: &str, more: &Value) -> Value {
    let mut config = json!({ "scopes": ["read"], "accept_http_if_already_terminated": true });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "name": name, "strategy_type": "kong_oauth2", "configs": { "kong-oauth2": config } })
}

/// An approved application of the strategy, and its developer.
async fn with_clients(desk: &Desk, more: &Value) -> (Session, String, Value) {
    desk.admin().create("/application-auth-strategies", strategy("oauth", more)).await;
    let api = desk.publish("orders", json!({ "auth_strategy_id": "oauth", "auto_approve": true })).await;
    desk.guarded(&api).await;
    let mut portal = desk.session("ann@example.test").await;
    let body = json!({ "name": "shop", "auth_strategy_id": "oauth", "redirect_uri": "https://shop.test/cb" });
    let made = portal.post("/applications", body).await;
    let id = made.body["id"].as_str().unwrap().to_owned();
    let contract = desk.contract(&id, &api).await;
    (portal, id, contract)
}

/// The token that Kong gives a client, or its refusal.
async fn token(desk: &Desk, service: &str, client: &Value) -> Result<String, u16> {
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "read"),
        ("client_id", client["client_id"].as_str().unwrap()),
        ("client_secret", client["client_secret"].as_str().unwrap()),
    ];
    let (status, body) = desk.kong.post_form(&format!("/{service}/oauth2/token"), &form).await;
    body["access_token"].as_str().map(str::to_owned).ok_or(status)
}

async fn call(desk: &Desk, token: &str) -> u16 {
    desk.kong.call_as("/orders", "authorization", &format!("Bearer {token}")).await.0
}

#[actix_web::test]
async fn a_client_gets_tokens_that_die_with_its_secret() {
    with_desk(async |desk| {
        let (mut portal, id, contract) = with_clients(desk, &json!({})).await;
        let path = format!("/applications/{id}/credentials");
        let made = portal.post(&path, json!({})).await;
        let secret = made.body["client_secret"].as_str().unwrap();
        assert_eq!((made.status, &made.body["type"], secret.len()), (201, &json!("client_secret"), 32), "{made:?}");
        assert_eq!(made.body["client_id"].as_str().unwrap().len(), 32);
        let issued = token(desk, "orders", &made.body).await.unwrap();
        assert_eq!(call(desk, &issued).await, 200);
        let listed = portal.get(&path).await;
        assert_eq!(listed.body["data"][0]["client_id"], made.body["client_id"]);
        assert!(!listed.body.to_string().contains(secret));
        let audited = desk.admin().get("/audit/objects?dao_name=application_credentials&size=1000").await;
        assert!(!audited.body.to_string().contains(secret));

        desk.set(&contract, 3).await;
        assert_eq!(call(desk, &issued).await, 403, "the grant is gone");
        desk.set(&contract, 0).await;
        assert_eq!(call(desk, &issued).await, 200);
        assert_eq!(portal.delete(&format!("{path}/{}", made.body["id"].as_str().unwrap())).await.status, 204);
        assert_eq!(call(desk, &issued).await, 401, "tokens die with the credential");
        assert_eq!(token(desk, "orders", &made.body).await, Err(401));
        assert_eq!(desk.kong.list("/oauth2_tokens").await.len(), 0);
    })
    .await;
}

#[actix_web::test]
async fn another_name_and_other_redirect_uris_reach_every_credential() {
    for is_hashed in [false, true] {
        with_desk(async |desk| {
            let (mut portal, id, _) = with_clients(desk, &json!({ "hash_secret": is_hashed })).await;
            let path = format!("/applications/{id}/credentials");
            let mut clients = Vec::new();
            for _ in 0..2 {
                clients.push(portal.post(&path, json!({})).await.body);
            }
            let stored = desk.kong.list("/oauth2").await;
            assert_eq!(stored[0]["client_secret"].as_str().unwrap().starts_with("$pbkdf2"), is_hashed);
            let issued = token(desk, "orders", &clients[0]).await.unwrap();
            let edit = json!({ "name": "store", "redirect_uris": ["https://store.test/cb"] });
            assert_eq!(portal.patch(&format!("/applications/{id}"), edit).await.status, 200);
            for held in desk.kong.list("/oauth2").await {
                assert_eq!(
                    (&held["name"], &held["redirect_uris"]),
                    (&json!("store"), &json!(["https://store.test/cb"]))
                );
            }
            assert_eq!(call(desk, &issued).await, 200, "tokens go on");
            assert!(token(desk, "orders", &clients[1]).await.is_ok(), "secrets go on");
            desk.kong.forget_requests().await;
            desk.gateway.running.later(61);
            desk.admin().post("/portal/sync", json!({})).await;
            let writes: Vec<String> =
                desk.kong.requests().await.into_iter().filter(|it| !it.starts_with("GET")).collect();
            assert!(writes.is_empty(), "nothing differs: {writes:?}");
        })
        .await;
    }
}

#[actix_web::test]
async fn a_provision_key_that_kong_made_is_never_overwritten() {
    with_desk(async |desk| {
        with_clients(desk, &json!({})).await;
        let plugin = async || desk.kong.list("/plugins").await.into_iter().find(|it| it["name"] == "oauth2").unwrap();
        let before = plugin().await["config"]["provision_key"].clone();
        assert!(before.is_string());
        let wider = strategy("oauth", &json!({ "token_expiration": 600 }));
        let path = "/application-auth-strategies/oauth";
        assert_eq!(desk.admin().patch(path, json!({ "configs": wider["configs"] })).await.status, 200);
        desk.eventually("changed", async || plugin().await["config"]["token_expiration"] == json!(600)).await;
        assert_eq!(plugin().await["config"]["provision_key"], before);
    })
    .await;
}

#[actix_web::test]
async fn dp_073_a_kong_without_a_database_in_every_node_gets_no_oauth2() {
    for (role, database) in [("control_plane", "postgres"), ("traditional", "off")] {
        with_desk(async |desk| {
            desk.admin().create("/application-auth-strategies", strategy("oauth", &json!({}))).await;
            let service = desk.kong.service("orders").await;
            let first = desk.admin().create("/portal/apis", json!({ "service": service })).await;
            desk.kong.pretend(json!({ "role": role, "database": database })).await;
            let other = desk.kong.service("billing").await;
            let refused =
                desk.admin().post("/portal/apis", json!({ "service": other, "auth_strategy_id": "oauth" })).await;
            assert_eq!(refused.status, 409);
            let words = refused.refusal().1.to_owned();
            assert!(words.contains(role) && words.contains(database), "{words}");
            let path = format!("/portal/apis/{}", first["id"].as_str().unwrap());
            assert_eq!(desk.admin().patch(&path, json!({ "auth_strategy_id": "oauth" })).await.status, 409);
            let names: Vec<Value> = desk.kong.list("/plugins").await.iter().map(|it| it["name"].clone()).collect();
            assert!(!names.contains(&json!("oauth2")), "{names:?}");
        })
        .await;
    }
}

#[actix_web::test]
async fn dp_072_a_client_id_is_an_api_key_where_the_settings_say_so() {
    with_settings(
        |settings| settings.portal_gateway.has_client_id_keys = true,
        async |desk| {
            let (mut portal, id, _) = with_clients(desk, &json!({})).await;
            let keyed = desk.publish("stock", json!({ "auto_approve": true })).await;
            assert_eq!(desk.contract(&id, &keyed).await["status"], json!(0), "both kinds take the same credential");
            let made = portal.post(&format!("/applications/{id}/credentials"), json!({})).await.body;
            let client = made["client_id"].as_str().unwrap();
            assert_eq!(desk.kong.call("/stock", Some(client)).await.0, 200);
            let issued = token(desk, "orders", &made).await.unwrap();
            assert_eq!(call(desk, &issued).await, 200);
            // An application of the built-in strategy gets the same pair.
            let ben = desk.developer("ben").await;
            let other = desk.application(ben, "other").await;
            desk.contract(&other, &keyed).await;
            let (_, credential) = desk.key(ben, &other).await;
            let held = desk.kong.get(&format!("/key-auths/{credential}")).await;
            assert_eq!(held["key"], desk.kong.get(&format!("/oauth2/{credential}")).await["client_id"]);
            assert_eq!(desk.kong.call("/stock", held["key"].as_str()).await.0, 200);
            let gone = portal.delete(&format!("/applications/{id}/credentials/{}", made["id"].as_str().unwrap())).await;
            assert_eq!((gone.status, desk.kong.call("/stock", Some(client)).await.0), (204, 401));
            assert_eq!(call(desk, &issued).await, 401);
        },
    )
    .await;
}

#[actix_web::test]
async fn an_admin_brings_clients_along_and_never_sees_a_secret_again() {
    with_desk(async |desk| {
        let (_, id, _) = with_clients(desk, &json!({})).await;
        let owner = desk.admin().get(&format!("/applications/{id}")).await.body["developer"]["id"].clone();
        let path = format!("/developers/{}/applications/{id}/credentials/oauth2", owner.as_str().unwrap());
        let body =
            json!({ "client_id": "legacy-client", "client_secret": "a secret of old times", "hash_secret": true });
        let made = desk.admin().post(&path, body.clone()).await;
        assert_eq!((made.status, &made.body["client_id"]), (201, &json!("legacy-client")), "{made:?}");
        assert!(!made.body.to_string().contains("old times"), "the caller knows it");
        assert!(token(desk, "orders", &body).await.is_ok());
        let again = desk.admin().post(&path, body).await;
        assert_eq!((again.status, &again.body["fields"]["client_id"]), (409, &json!("legacy-client")), "{again:?}");
        for (member, bad) in [
            ("client_secret", json!("short")),
            ("client_id", json!("a b")),
            ("redirect_uris", json!(["https://other.test/"])),
        ] {
            let refused = desk.admin().post(&path, json!({ member: bad })).await;
            assert_eq!((refused.status, refused.body["fields"][member].is_string()), (400, true), "{refused:?}");
        }
        let random = desk.admin().post(&path, json!({})).await;
        assert_eq!(random.body["client_secret"].as_str().unwrap().len(), 32, "{random:?}");
        let listed = desk.admin().get(&path).await;
        assert_eq!(listed.body["data"].as_array().unwrap().len(), 2);
        assert!(listed.body["data"].as_array().unwrap().iter().all(|it| it["client_secret"] == "********"));
        let one = format!("{path}/{}", made.body["id"].as_str().unwrap());
        assert_eq!(desk.admin().get(&one).await.body["client_id"], json!("legacy-client"));
        assert_eq!(desk.admin().delete(&one).await.status, 204);
        assert_eq!(desk.kong.get("/oauth2/legacy-client").await, Value::Null);
        // Only where the application has clients of Kong.
        let ben = desk.developer("ben").await;
        let other = desk.application(ben, "other").await;
        let elsewhere = format!("/developers/{ben}/applications/{other}/credentials/oauth2");
        assert_eq!(desk.admin().post(&elsewhere, json!({})).await.status, 409);
        assert_eq!(
            desk.admin().get(&format!("/developers/{ben}/applications/{id}/credentials/oauth2")).await.status,
            404
        );
    })
    .await;
}

#[actix_web::test]
async fn a_suspended_owner_has_neither_clients_nor_tokens_in_kong() {
    with_desk(async |desk| {
        let api = {
            desk.admin().create("/application-auth-strategies", strategy("oauth", &json!({}))).await;
            desk.publish("orders", json!({ "auth_strategy_id": "oauth", "auto_approve": true })).await
        };
        let ann = desk.developer("ann").await;
        let body = json!({ "name": "shop", "auth_strategy_id": "oauth" });
        let made = desk.admin().create(&format!("/developers/{ann}/applications"), body).await;
        let id = made["id"].as_str().unwrap().to_owned();
        desk.contract(&id, &api).await;
        let (secret, credential) = desk.key(ann, &id).await;
        let client = desk.kong.get(&format!("/oauth2/{credential}")).await["client_id"].clone();
        let client = json!({ "client_id": client, "client_secret": secret });
        let issued = token(desk, "orders", &client).await.unwrap();
        assert_eq!(call(desk, &issued).await, 200);
        desk.owner(ann, false).await;
        desk.eventually("gone", async || call(desk, &issued).await == 401).await;
        assert_eq!(desk.kong.list("/oauth2").await.len(), 0);
        desk.owner(ann, true).await;
        desk.eventually("back", async || token(desk, "orders", &client).await.is_ok()).await;
        assert_eq!(call(desk, &issued).await, 401, "old tokens stay dead");
    })
    .await;
}

#[actix_web::test]
async fn an_api_and_an_application_without_strategy_get_that_of_portal_app_auth() {
    with_settings(
        |settings| settings.portal_gateway.default_kind = Some(StrategyType::KongOauth2),
        async |desk| {
            let service = desk.kong.service("orders").await;
            let refused = desk.admin().post("/portal/apis", json!({ "service": service })).await;
            assert_eq!(
                (refused.status, refused.body["fields"]["auth_strategy_id"].is_string()),
                (400, true),
                "{refused:?}"
            );
            let made = desk.admin().create("/application-auth-strategies", strategy("oauth", &json!({}))).await;
            let api = desk.admin().create("/portal/apis", json!({ "service": service })).await;
            assert_eq!(api["auth_strategy_id"], made["id"]);
            let ann = desk.developer("ann").await;
            let path = format!("/developers/{ann}/applications");
            assert_eq!(desk.admin().create(&path, json!({ "name": "shop" })).await["auth_strategy_id"], made["id"]);
            let keyed = desk.admin().create(&path, json!({ "name": "keyed", "auth_strategy_id": "key-auth" })).await;
            assert_ne!(keyed["auth_strategy_id"], made["id"], "who names one gets it");
            desk.admin().create("/application-auth-strategies", strategy("second", &json!({}))).await;
            assert_eq!(desk.admin().post(&path, json!({ "name": "third" })).await.status, 400, "which of both?");
        },
    )
    .await;
}
