//! `/openid-connect/issuers` and `/openid-connect/jwks` (openid-connect.md 11).

use std::time::Duration;

use kong_sso::config::plugin::ProviderConf;
use kong_sso::config::settings::EgressSettings;
use kong_sso::domain::time::Clock;
use kong_sso::http_client::HttpClient;
use kong_sso::oidc::Provider;
use serde_json::{Value, json};

use super::gateway::{Gateway, no_permission, with_gateway};
use crate::support::op::{Door, Op};

/// A provider that a plugin instance of the node knows.
async fn known_provider(g: &Gateway, op: &Op) -> Provider {
    let http = HttpClient::new(&EgressSettings::default(), true, Duration::from_secs(5)).unwrap();
    let mut conf = ProviderConf::at(op.url("/"));
    conf.name = op.issuer();
    let provider = Provider::new(&conf, http, Clock::System);
    g.running.node.services().openid_connect.register(&conf.name, &provider);
    provider.snapshot().await.unwrap();
    provider
}

#[actix_web::test]
async fn oidc_097_the_discovery_cache_shows_what_is_known_and_no_secret() {
    with_gateway(async |g| {
        let root = g.root();
        let empty = root.get("/openid-connect/issuers").await;
        assert_eq!((empty.status, empty.body), (200, json!({ "data": [], "next": null })));
        let op = Op::start().await;
        let provider = known_provider(g, &op).await;
        let list = root.get("/openid-connect/issuers").await;
        let entry = &list.body["data"][0];
        assert_eq!(entry["issuer"], json!(op.issuer()));
        assert_eq!(entry["configuration"]["token_endpoint"], json!(op.url("token")));
        assert_eq!(entry["keys"][0]["kid"], "rsa-1");
        let mut members: Vec<&String> = entry.as_object().unwrap().keys().collect();
        members.sort();
        assert_eq!(members, ["configuration", "created_at", "id", "issuer", "keys"]);
        let escaped = url::form_urlencoded::byte_serialize(op.issuer().as_bytes()).collect::<String>();
        for key in [entry["id"].as_str().unwrap(), escaped.as_str()] {
            let one = root.get(&format!("/openid-connect/issuers/{key}")).await;
            assert_eq!((one.status, &one.body), (200, entry), "{key}");
        }
        assert_eq!(root.get("/openid-connect/issuers/nobody").await.status, 404);

        let gone = root.delete(&format!("/openid-connect/issuers/{escaped}")).await;
        assert_eq!((gone.status, gone.body), (204, Value::Null));
        assert_eq!(root.delete(&format!("/openid-connect/issuers/{escaped}")).await.status, 404);
        assert_eq!(root.get("/openid-connect/issuers").await.body["data"], json!([]));
        provider.snapshot().await.unwrap();
        assert_eq!(op.hits(Door::Discovery), 2, "the provider is asked again");
        assert_eq!(root.delete("/openid-connect/issuers").await.status, 204);
        assert_eq!(root.post("/openid-connect/issuers", json!({})).await.status, 405);
    })
    .await;
}

#[actix_web::test]
async fn oidc_098_a_rotation_makes_new_keys_and_publishes_the_former_ones_once_more() {
    with_gateway(async |g| {
        let root = g.root();
        let first = root.get("/openid-connect/jwks").await;
        assert_eq!(first.status, 200);
        assert_eq!(first.headers["content-type"], "application/jwk-set+json");
        let before = first.names("keys", "kid");
        assert_eq!(before.len(), 9);
        assert_eq!(root.get("/openid-connect/jwks").await.names("keys", "kid"), before, "made once");
        assert_eq!(root.delete("/openid-connect/jwks").await.status, 204);
        let second = root.get("/openid-connect/jwks").await;
        let after = second.names("keys", "kid");
        assert!(after.len() == 18 && before.iter().all(|kid| after.contains(kid)));
        let text = second.body.to_string();
        for private in ["\"d\"", "\"p\"", "\"q\"", "\"dp\"", "\"dq\"", "\"qi\"", "\"k\""] {
            assert!(!text.contains(private), "{private}");
        }
    })
    .await;
}

#[actix_web::test]
async fn the_doors_are_judged_like_every_other() {
    with_gateway(async |g| {
        let nobody = g.user_with("nobody", &[]).await;
        for path in ["/openid-connect/issuers", "/openid-connect/jwks"] {
            assert_eq!(nobody.get(path).await.refusal(), (403, no_permission("nobody", "read").as_str()));
            assert_eq!(nobody.delete(path).await.refusal(), (403, no_permission("nobody", "delete").as_str()));
            assert_eq!(g.anonymous().get(path).await.status, 401);
        }
        let reader = g.user("reader", &[("default", "/openid-connect/*", "read")]).await;
        assert_eq!(reader.get("/openid-connect/jwks").await.status, 200);
        assert_eq!(reader.delete("/openid-connect/jwks").await.status, 403);
        assert_eq!(g.hits.load(std::sync::atomic::Ordering::SeqCst), 0, "Kong is not asked");
    })
    .await;
}
