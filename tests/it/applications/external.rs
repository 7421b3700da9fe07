//! Credentials of an identity provider: scenarios 57, 66, 82, 96 and 98 to 100.

use kong_sso::config::Settings;
use kong_sso::config::settings::UpstreamRule;
use kong_sso::domain::strategy::Enforcer;
use serde_json::{Value, json};

use super::desk::{Desk, with_settings};
use crate::support::op::{Door, Fault, Op};
use crate::support::op_keys::OpKey;

/// Providers of these tests are on loopback, which is not asked unless it is listed.
fn near(settings: &mut Settings) {
    settings.portal_gateway.egress_allow = vec![UpstreamRule::Network("127.0.0.0/8".parse().unwrap())];
}

/// Runs `test` with a provider whose key is an EC key.
async fn with_provider<F: AsyncFn(&Desk, &Op)>(test: F) {
    with_settings(near, async |desk| {
        let op = Op::start().await;
        use_key(&op, OpKey::ec("first"));
        test(desk, &op).await;
    })
    .await;
}

fn use_key(op: &Op, key: OpKey) {
    op.change(|it| {
        it.keys = vec![key.clone()];
        it.signing_key = key;
    });
}

fn strategy(issuer: &str) -> Value {
    json!({
        "name": "corporate", "display_name": "Corporate sign-in", "strategy_type": "openid_connect",
        "configs": { "openid-connect": {
            "issuer": issuer, "credential_claim": ["azp"], "scopes": ["openid"], "auth_methods": ["client_credentials", "bearer"],
        } },
    })
}

impl Desk {
    async fn external(&self, op: &Op) -> Value {
        self.admin().create("/application-auth-strategies", strategy(&op.issuer())).await
    }

    async fn client_of(&self, name: &str, client: &str) -> String {
        let ann = self.developer(name).await;
        let body = json!({ "name": name, "auth_strategy_id": "corporate", "custom_id": client });
        let made = self.admin().create(&format!("/developers/{ann}/applications"), body).await;
        made["id"].as_str().unwrap().to_owned()
    }
}

/// An access token of the provider; `edit` changes its claims.
fn token(key: &OpKey, client: &str, edit: impl FnOnce(&mut Value)) -> String {
    let now = kong_sso::domain::time::Clock::System.now().0;
    let mut claims =
        json!({ "iss": "https://anybody.test", "aud": "orders", "azp": client, "iat": now, "exp": now + 300 });
    edit(&mut claims);
    let algorithm = format!("{:?}", key.algorithm);
    key.sign(&json!({ "alg": algorithm, "kid": key.kid, "typ": "JWT" }), &claims)
}

#[actix_web::test]
async fn dp_098_a_token_of_the_provider_passes_once_its_client_was_approved() {
    with_provider(async |desk, op| {
        let made = desk.external(op).await;
        assert_eq!((&made["enforcer"], &made["signing_key"]["kid"]), (&json!("jwt"), &json!("first")), "{made}");
        assert!(made["warnings"][0].as_str().unwrap().contains("does not check iss and aud"), "{made}");
        let api = desk.publish("orders", json!({ "auth_strategy_id": "corporate" })).await;
        desk.guarded(&api).await;
        let application = desk.client_of("ann", " shop-client ").await;
        let shown = desk.admin().get(&format!("/applications/{application}")).await.body;
        assert_eq!(shown["custom_id"], json!("shop-client"), "trimmed");
        let key = OpKey::ec("first");
        let good = token(&key, "shop-client", |_| {});
        let call = async |token: &str| desk.kong.call_as("/orders", "authorization", &format!("Bearer {token}")).await;
        assert_eq!(call(&good).await.0, 403, "not approved");
        let contract = desk.contract(&application, &api).await;
        assert_eq!(call(&good).await.0, 403, "waits for a decision");
        desk.set(&contract, 0).await;
        let (status, seen) = call(&good).await;
        assert_eq!((status, &seen["x-consumer-custom-id"]), (200, &json!("shop-client")), "{seen}");

        for (what, bad) in [
            ("another key", token(&OpKey::rsa("first"), "shop-client", |_| {})),
            ("another client", token(&key, "other-client", |_| {})),
            ("case counts", token(&key, "Shop-Client", |_| {})),
            ("expired", token(&key, "shop-client", |claims| claims["exp"] = json!(1))),
            ("no end", token(&key, "shop-client", |claims| drop(claims.as_object_mut().unwrap().remove("exp")))),
            ("the public key as a secret", {
                let claims = json!({ "azp": "shop-client", "exp": 4_000_000_000_i64 });
                key.sign_with_public_key_as_secret(&json!({ "alg": "HS256" }), &claims)
            }),
        ] {
            assert_eq!(call(&bad).await.0, 401, "{what}");
        }
        assert_eq!(desk.kong.call("/orders", None).await.0, 401);
        desk.set(&contract, 3).await;
        assert_eq!(call(&good).await.0, 403, "revoked");
    })
    .await;
}

#[actix_web::test]
async fn dp_057_a_client_id_is_needed_and_nobody_else_may_have_it() {
    with_provider(async |desk, op| {
        desk.external(op).await;
        let mut portal = desk.session("ann@example.test").await;
        for body in [
            json!({ "name": "a" }),
            json!({ "name": "a", "custom_id": " " }),
            json!({ "name": "a", "client_id": null }),
        ] {
            let mut body = body;
            body["auth_strategy_id"] = json!("corporate");
            let refused = portal.post("/applications", body).await;
            assert_eq!((refused.status, refused.body["fields"]["custom_id"].is_string()), (400, true), "{refused:?}");
        }
        let body =
            |name: &str, client: &str| json!({ "name": name, "auth_strategy_id": "corporate", "client_id": client });
        let made = portal.post("/applications", body("a", "one")).await;
        assert_eq!((made.status, &made.body["custom_id"]), (201, &json!("one")), "{made:?}");
        let taken = portal.post("/applications", body("b", " one ")).await;
        assert_eq!((taken.status, &taken.body["fields"]["custom_id"]), (409, &json!("one")), "{taken:?}");
        assert_eq!(portal.post("/applications", body("b", "ONE")).await.status, 201, "case counts");
        // Elsewhere the reference id is what services may trust: developers do not choose it.
        let chosen = portal.post("/applications", json!({ "name": "c", "custom_id": "boss" })).await;
        assert_eq!((chosen.status, chosen.body["fields"]["custom_id"].is_string()), (400, true));
    })
    .await;
}

#[actix_web::test]
async fn doors_of_credentials_say_that_the_provider_has_them() {
    with_provider(async |desk, op| {
        desk.external(op).await;
        let mut portal = desk.session("ann@example.test").await;
        let body = json!({ "name": "a", "auth_strategy_id": "corporate", "client_id": "one" });
        let id = portal.post("/applications", body).await.body["id"].as_str().unwrap().to_owned();
        let path = format!("/applications/{id}/credentials");
        for refused in [portal.get(&path).await, portal.post(&path, json!({})).await] {
            assert_eq!(refused.status, 403);
            assert!(
                refused.body["message"].as_str().unwrap().contains("managed by the identity provider"),
                "{refused:?}"
            );
        }
        assert_eq!(desk.admin().get(&path).await.status, 403);
        assert_eq!(desk.kong.list("/key-auths").await.len(), 0);
        assert_eq!(desk.kong.list("/jwts").await.len(), 1);
    })
    .await;
}

#[actix_web::test]
async fn dp_066_a_client_of_a_provider_gets_no_api_of_another_strategy() {
    with_provider(async |desk, op| {
        desk.external(op).await;
        let api = desk.publish("orders", json!({})).await;
        let application = desk.client_of("ann", "one").await;
        let path = format!("/applications/{application}/application_instances");
        let refused = desk.admin().post(&path, json!({ "service": { "id": api["service"]["id"] } })).await;
        assert_eq!(refused.status, 409);
        assert!(refused.refusal().1.contains("auth_strategy_mismatch"));
    })
    .await;
}

#[actix_web::test]
async fn dp_082_another_client_id_is_decided_about_again() {
    with_provider(async |desk, op| {
        desk.external(op).await;
        let api = desk.publish("orders", json!({ "auth_strategy_id": "corporate" })).await;
        let application = desk.client_of("ann", "old").await;
        let contract = desk.contract(&application, &api).await;
        desk.set(&contract, 0).await;
        let key = OpKey::ec("first");
        let call = async |client: &str| {
            let token = token(&key, client, |_| {});
            desk.kong.call_as("/orders", "authorization", &format!("Bearer {token}")).await.0
        };
        assert_eq!(call("old").await, 200);
        let path = format!("/applications/{application}");
        // While Kong does not take the grant away, nothing counts as done.
        desk.kong.fault(json!({ "status": 503, "only": "DELETE .*/acls/" })).await;
        let changed = desk.admin().patch(&path, json!({ "client_id": "new" })).await;
        assert_eq!((changed.status, &changed.body["custom_id"]), (200, &json!("new")), "{changed:?}");
        let held = desk.read(&contract).await;
        assert_eq!((&held["status"], &held["revoke_pending"]), (&json!(0), &json!(true)), "{held}");
        assert_eq!(call("new").await, 401, "the new client is not let in by the old approval");
        desk.kong.heal().await;
        desk.gateway.running.later(10);
        desk.eventually("pending", async || desk.read(&contract).await["status"] == json!(1)).await;
        assert_eq!(desk.read(&contract).await["revoke_pending"], json!(false));
        desk.eventually("re-keyed", async || call("new").await == 403).await;
        assert_eq!(call("old").await, 401);
        let consumers = desk.kong.list("/consumers").await;
        assert_eq!(consumers[0]["custom_id"], json!("new"));
        assert_eq!(desk.kong.list("/jwts").await[0]["key"], json!("new"));
        desk.set(&contract, 0).await;
        assert_eq!(call("new").await, 200);
        // The same id again, or another name, takes nothing away.
        assert_eq!(desk.admin().patch(&path, json!({ "client_id": " new ", "name": "renamed" })).await.status, 200);
        assert_eq!((desk.read(&contract).await["status"].clone(), call("new").await), (json!(0), 200));
        assert_eq!(desk.admin().patch(&path, json!({ "client_id": null })).await.status, 400);
    })
    .await;
}

#[actix_web::test]
async fn dp_099_another_signing_key_reaches_every_application_and_is_told() {
    with_provider(async |desk, op| {
        let made = desk.external(op).await;
        let api = desk.publish("orders", json!({ "auth_strategy_id": "corporate", "auto_approve": true })).await;
        let mut applications = Vec::new();
        for client in ["one", "two"] {
            let application = desk.client_of(client, client).await;
            desk.contract(&application, &api).await;
            applications.push(application);
        }
        let call = async |key: OpKey, client: &str| {
            let token = token(&key, client, |_| {});
            desk.kong.call_as("/orders", "authorization", &format!("Bearer {token}")).await.0
        };
        assert_eq!(call(OpKey::ec("first"), "one").await, 200);
        // Both keys are published: the old one counts while it is.
        op.change(|it| it.keys = vec![OpKey::rsa("second"), OpKey::ec("first")]);
        let path = format!("/application-auth-strategies/{}", made["id"].as_str().unwrap());
        let refreshed = desk.admin().post(&format!("{path}/refresh-keys"), json!({})).await;
        assert_eq!((refreshed.status, &refreshed.body["signing_key"]["kid"]), (200, &json!("first")), "{refreshed:?}");
        // A provider that is down changes nothing, and is told.
        op.break_door(Door::Jwks, Fault::Status(500));
        desk.gateway.running.later(301);
        desk.eventually("told", async || desk.admin().get(&path).await.body["signing_key"]["problem"].is_string())
            .await;
        assert_eq!(call(OpKey::ec("first"), "one").await, 200);
        op.mend_door(Door::Jwks);

        use_key(op, OpKey::rsa("second"));
        desk.gateway.running.later(301);
        desk.eventually("re-keyed", async || {
            call(OpKey::rsa("second"), "one").await == 200 && call(OpKey::rsa("second"), "two").await == 200
        })
        .await;
        assert_eq!(call(OpKey::ec("first"), "one").await, 401);
        let pems: Vec<Value> = desk.kong.list("/jwts").await.iter().map(|it| it["rsa_public_key"].clone()).collect();
        assert!(pems.len() == 2 && pems[0] == pems[1]);
        let told = desk.audited("auth_strategies", &made["id"]).await;
        let events: Vec<String> =
            told.iter().map(Value::to_string).filter(|it| it.contains("strategy.signing_key_changed")).collect();
        assert_eq!(events.len(), 1, "{told:?}");
        assert!(applications.iter().all(|id| events[0].contains(id)), "{events:?}");

        // A key set without any key withdraws it: tokens are refused.
        op.change(|it| it.keys = vec![]);
        desk.gateway.running.later(301);
        desk.eventually("withdrawn", async || desk.kong.list("/jwts").await.is_empty()).await;
        assert_eq!(call(OpKey::rsa("second"), "one").await, 401);
    })
    .await;
}

#[actix_web::test]
async fn dp_100_the_issuer_is_told_where_the_api_says_so() {
    with_provider(async |desk, op| {
        desk.external(op).await;
        let api = desk.publish("orders", json!({ "auth_strategy_id": "corporate" })).await;
        let mut portal = desk.session("ann@example.test").await;
        let hidden = portal.get("/application_services").await;
        assert_eq!(hidden.body["data"][0]["strategy"]["strategy_type"], json!("openid_connect"), "{hidden:?}");
        assert!(!hidden.body.to_string().contains(&op.issuer()), "{hidden:?}");
        assert_eq!(hidden.body["data"][0]["app_registration_config"]["show_issuer"], json!(false));
        let path = format!("/portal/apis/{}", api["id"].as_str().unwrap());
        assert_eq!(desk.admin().patch(&path, json!({ "show_issuer": true })).await.status, 200);
        let shown = portal.get("/application_services").await;
        assert_eq!(shown.body["data"][0]["issuer"], json!(op.issuer()), "{shown:?}");
    })
    .await;
}

#[actix_web::test]
async fn dp_096_an_issuer_inside_the_network_is_not_asked() {
    with_settings(
        |_| {},
        async |desk| {
            let op = Op::start().await;
            let metadata = "https://169.254.169.254/latest";
            for issuer in [op.issuer().as_str(), metadata, "https://localhost/", "https://[::1]/", "http://op.example/"]
            {
                let refused = desk.admin().post("/application-auth-strategies", strategy(issuer)).await;
                assert_eq!(refused.status, 400, "{issuer}");
                let words = refused.body["fields"].to_string();
                assert!(words.contains("sso_portal_egress_allow"), "{issuer}: {words}");
            }
            assert_eq!(op.hits(Door::Discovery), 0);
            assert_eq!(desk.admin().get("/application-auth-strategies").await.names("data", "name"), ["key-auth"]);
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_096_a_key_set_inside_the_network_is_not_asked_either() {
    with_settings(
        |settings| settings.portal_gateway.egress_allow = vec![UpstreamRule::Host("127.0.0.1".into(), None)],
        async |desk| {
            let op = Op::start().await;
            op.edit_metadata(|metadata| {
                let there = metadata["jwks_uri"].as_str().unwrap().replace("127.0.0.1", "127.0.0.2");
                metadata["jwks_uri"] = json!(there);
            });
            let refused = desk.admin().post("/application-auth-strategies", strategy(&op.issuer())).await;
            assert_eq!(refused.status, 400);
            assert!(refused.body["fields"].to_string().contains("sso_portal_egress_allow"), "{refused:?}");
            op.edit_metadata(|_| {});
            op.break_door(Door::Discovery, Fault::Redirect(op.issuer().replace("127.0.0.1", "127.0.0.3")));
            let refused = desk.admin().post("/application-auth-strategies", strategy(&op.issuer())).await;
            assert!(refused.body["fields"].to_string().contains("sso_portal_egress_allow"), "{refused:?}");
        },
    )
    .await;
}

#[actix_web::test]
async fn a_strategy_of_a_provider_is_checked_and_keeps_its_clients() {
    with_provider(async |desk, op| {
        let path = "/application-auth-strategies";
        let with = |member: &str, value: Value| {
            let mut body = strategy(&op.issuer());
            body["configs"]["openid-connect"][member] = value;
            body
        };
        for (member, value) in [
            ("credential_claim", json!(["app", "clientId"])),
            ("auth_methods", json!(["magic"])),
            ("issuer", json!("nowhere")),
            ("client_secret", json!("s3cret")),
            ("claims_to_verify", json!([])),
        ] {
            let refused = desk.admin().post(path, with(member, value)).await;
            assert_eq!(refused.status, 400, "{member}: {refused:?}");
            assert!(refused.body["fields"].to_string().contains(member), "{refused:?}");
        }
        op.edit_metadata(|metadata| metadata["issuer"] = json!("https://somebody.else"));
        assert_eq!(desk.admin().post(path, strategy(&op.issuer())).await.status, 400);
        op.edit_metadata(|_| {});
        desk.admin()
            .create(path, with("issuer", json!(format!("{}/.well-known/openid-configuration", op.issuer()))))
            .await;
        let stored = desk.admin().get(&format!("{path}/corporate")).await.body;
        assert_eq!(stored["configs"]["openid-connect"]["issuer"], json!(op.issuer()));
        desk.client_of("ann", "one").await;
        let other = with("credential_claim", json!(["sub"]));
        let refused = desk.admin().patch(&format!("{path}/corporate"), json!({ "configs": other["configs"] })).await;
        assert_eq!(refused.status, 409, "client ids would mean somebody else");
        let scopes = with("scopes", json!(["openid", "orders"]));
        let changed = desk.admin().patch(&format!("{path}/corporate"), json!({ "configs": scopes["configs"] })).await;
        assert_eq!(changed.status, 200, "{changed:?}");
        assert_eq!(
            desk.admin().patch(&format!("{path}/corporate"), json!({ "strategy_type": "jwt" })).await.status,
            400
        );
        assert_eq!(desk.admin().delete(&format!("{path}/corporate")).await.status, 409, "in use");
    })
    .await;
}

#[actix_web::test]
async fn an_enforcer_of_somebody_else_leaves_only_the_gate() {
    with_settings(
        |settings| {
            near(settings);
            settings.portal_gateway.enforcer = Some(Enforcer::None);
        },
        async |desk| {
            let op = Op::start().await;
            let made = desk.external(&op).await;
            assert_eq!(made["enforcer"], json!("none"));
            desk.publish("orders", json!({ "auth_strategy_id": "corporate" })).await;
            desk.client_of("ann", "one").await;
            let names: Vec<Value> = desk.kong.list("/plugins").await.iter().map(|it| it["name"].clone()).collect();
            assert_eq!((names, desk.kong.list("/jwts").await.len()), (vec![json!("acl")], 0));
            assert_eq!(
                desk.kong.call("/orders", None).await.0,
                401,
                "closed until an admin's plugin identifies callers"
            );
        },
    )
    .await;
}

#[actix_web::test]
async fn an_enforcer_that_kong_does_not_have_is_refused_before_anything_is_written() {
    with_settings(
        |settings| {
            near(settings);
            settings.portal_gateway.enforcer = Some(Enforcer::OpenidConnect);
        },
        async |desk| {
            let op = Op::start().await;
            desk.external(&op).await;
            let service = desk.kong.service("orders").await;
            let body = json!({ "service": service, "auth_strategy_id": "corporate" });
            let refused = desk.admin().post("/portal/apis", body).await;
            assert_eq!(refused.status, 409);
            assert!(refused.refusal().1.contains("no openid-connect plugin"), "{refused:?}");
            assert_eq!(desk.kong.list("/plugins").await.len(), 0);
        },
    )
    .await;
}
