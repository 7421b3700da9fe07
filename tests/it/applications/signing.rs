//! Applications that sign their tokens themselves: the strategy `jwt`.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use kong_sso::oidc::public_pem;
use serde_json::{Value, json};

use super::desk::{Desk, Session, with_desk};
use crate::support::op_keys::OpKey;

/// An approved application of the strategy, and its developer.
async fn signing(desk: &Desk) -> (Session, String, Value) {
    let body = json!({ "name": "signed", "strategy_type": "jwt", "configs": { "jwt": { "maximum_expiration": 600 } } });
    desk.admin().create("/application-auth-strategies", body).await;
    let api = desk.publish("orders", json!({ "auth_strategy_id": "signed", "auto_approve": true })).await;
    let mut portal = desk.session("ann@example.test").await;
    let made = portal.post("/applications", json!({ "name": "shop", "auth_strategy_id": "signed" })).await;
    let id = made.body["id"].as_str().unwrap().to_owned();
    let contract = desk.contract(&id, &api).await;
    (portal, id, contract)
}

async fn call(desk: &Desk, token: &str) -> u16 {
    desk.kong.call_as("/orders", "authorization", &format!("Bearer {token}")).await.0
}

fn claims(key: &Value, seconds: i64) -> Value {
    json!({ "iss": key, "exp": kong_sso::domain::time::Clock::System.now().0 + seconds })
}

fn hs256(made: &Value, seconds: i64) -> String {
    let key = EncodingKey::from_secret(made["secret"].as_str().unwrap().as_bytes());
    encode(&Header::new(Algorithm::HS256), &claims(&made["key"], seconds), &key).unwrap()
}

#[actix_web::test]
async fn a_shared_secret_is_shown_once_signs_and_ends_with_its_revocation() {
    with_desk(async |desk| {
        let (mut portal, id, contract) = signing(desk).await;
        let path = format!("/applications/{id}/credentials");
        let made = portal.post(&path, json!({ "display_name": "server" })).await;
        assert_eq!((made.status, &made.body["type"], &made.body["algorithm"]), (201, &json!("jwt"), &json!("HS256")));
        let secret = made.body["secret"].as_str().unwrap();
        assert!(secret.len() == 64 && made.body["key"].as_str().unwrap().len() == 32, "{made:?}");
        assert_eq!(call(desk, &hs256(&made.body, 300)).await, 200);
        assert_eq!(call(desk, &hs256(&made.body, 3000)).await, 401, "longer than the strategy allows");
        assert_eq!(call(desk, &hs256(&made.body, -10)).await, 401, "over");
        let listed = portal.get(&path).await;
        assert_eq!(listed.body["data"][0]["key"], made.body["key"]);
        assert!(!listed.body.to_string().contains(secret));
        for kind in ["application_credentials", "applications", "auth_strategies"] {
            let audited = desk.admin().get(&format!("/audit/objects?dao_name={kind}&size=1000")).await;
            assert!(!audited.body.to_string().contains(secret), "{kind}");
        }
        desk.set(&contract, 3).await;
        assert_eq!(call(desk, &hs256(&made.body, 300)).await, 403, "without access");
        desk.set(&contract, 0).await;
        let one = format!("{path}/{}", made.body["id"].as_str().unwrap());
        assert_eq!(portal.delete(&one).await.status, 204);
        assert_eq!(call(desk, &hs256(&made.body, 300)).await, 401);
        assert_eq!(desk.kong.list("/jwts").await.len(), 0);
    })
    .await;
}

#[actix_web::test]
async fn a_public_key_is_needed_for_asymmetric_algorithms_and_must_fit() {
    with_desk(async |desk| {
        let (mut portal, id, _) = signing(desk).await;
        let path = format!("/applications/{id}/credentials");
        let key = OpKey::ec("mine");
        let pem = public_pem::of_jwk(&key.jwk()).unwrap();
        for (what, body, member) in [
            ("none", json!({ "algorithm": "ES256" }), "public_key"),
            ("of another kind", json!({ "algorithm": "RS256", "public_key": pem }), "public_key"),
            ("with a shared secret", json!({ "algorithm": "HS256", "public_key": pem }), "public_key"),
            ("no algorithm", json!({ "algorithm": "none" }), "algorithm"),
            ("private", json!({ "algorithm": "ES256", "public_key": "-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----" }), "public_key"),
            ("a name of one's own", json!({ "key": "boss" }), "key"),
        ] {
            let refused = portal.post(&path, body).await;
            assert_eq!((refused.status, refused.body["fields"][member].is_string()), (400, true), "{what}: {refused:?}");
        }
        let made = portal.post(&path, json!({ "algorithm": "ES256", "public_key": pem })).await;
        assert_eq!((made.status, made.body.get("secret")), (201, None), "{made:?}");
        let token = |key: &OpKey, claims: &Value| {
            key.sign(&json!({ "alg": format!("{:?}", key.algorithm), "typ": "JWT" }), claims)
        };
        let held = claims(&made.body["key"], 300);
        assert_eq!(call(desk, &token(&key, &held)).await, 200);
        assert_eq!(call(desk, &token(&OpKey::rsa("mine"), &held)).await, 401, "the algorithm is the credential's");
        let forged = key.sign_with_public_key_as_secret(&json!({ "alg": "HS256" }), &held);
        assert_eq!(call(desk, &forged).await, 401);
        // The same public key may serve a second credential.
        let again = portal.post(&path, json!({ "algorithm": "ES256", "public_key": pem })).await;
        assert_eq!(again.status, 201);
        assert_eq!(call(desk, &token(&key, &claims(&again.body["key"], 300))).await, 200);
    })
    .await;
}

#[actix_web::test]
async fn both_credentials_sign_for_the_grace_of_a_rotation_and_then_the_old_one_goes() {
    with_desk(async |desk| {
        let (mut portal, id, _) = signing(desk).await;
        let path = format!("/applications/{id}/credentials");
        let old = portal.post(&path, json!({})).await.body;
        let rotate = format!("{path}/{}/rotate", old["id"].as_str().unwrap());
        let new = portal.post(&rotate, json!({ "grace_seconds": 60 })).await;
        assert_eq!((new.status, &new.body["algorithm"]), (201, &json!("HS256")), "{new:?}");
        for made in [&old, &new.body] {
            assert_eq!(call(desk, &hs256(made, 300)).await, 200);
        }
        desk.gateway.running.later(61);
        desk.eventually("over", async || call(desk, &hs256(&old, 300)).await == 401).await;
        assert_eq!(call(desk, &hs256(&new.body, 300)).await, 200);
        desk.eventually("revoked", async || portal_status(desk, &id, &old["id"]).await == json!("revoked")).await;
    })
    .await;
}

async fn portal_status(desk: &Desk, application: &str, id: &Value) -> Value {
    let listed = desk.admin().get(&format!("/applications/{application}/credentials")).await.body;
    let all = listed["data"].as_array().unwrap().clone();
    all.into_iter().find(|it| it["id"] == *id).unwrap()["status"].clone()
}

#[actix_web::test]
async fn dp_074_a_signing_credential_that_was_changed_by_hand_is_put_right() {
    with_desk(async |desk| {
        let (mut portal, id, _) = signing(desk).await;
        let made = portal.post(&format!("/applications/{id}/credentials"), json!({})).await.body;
        let held = desk.kong.list("/jwts").await[0].clone();
        let path =
            format!("/consumers/{}/jwt/{}", held["consumer"]["id"].as_str().unwrap(), held["id"].as_str().unwrap());
        desk.kong.put(&path, json!({ "key": held["key"], "secret": "known to somebody", "tags": held["tags"] })).await;
        assert_eq!(call(desk, &hs256(&made, 300)).await, 401);
        desk.gateway.running.later(61);
        desk.eventually("repaired", async || call(desk, &hs256(&made, 300)).await == 200).await;
        desk.kong.delete(&format!("/jwts/{}", held["id"].as_str().unwrap())).await;
        desk.gateway.running.later(61);
        desk.eventually("restored", async || call(desk, &hs256(&made, 300)).await == 200).await;
    })
    .await;
}
