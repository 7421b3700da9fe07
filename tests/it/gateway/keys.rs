//! Clients that prove themselves with a signature (openid-connect.md 4.1, 11.2).

use kong_sso::services::openid_connect::keys;
use serde_json::json;

use crate::support::op::Door;
use crate::support::plugin_browser::{config, site};

#[actix_web::test]
async fn a_client_signs_with_its_secret() {
    for alg in ["HS256", "HS512"] {
        let site = site(json!({ "client_auth": ["client_secret_jwt"], "client_alg": [alg] })).await;
        assert_eq!(site.browser().sign_in("/").await.status(), 200, "{alg}");
        let asked = site.op.token_requests().remove(0);
        assert!(asked.authorization.is_none() && !asked.form.contains_key("client_secret"));
    }
}

#[actix_web::test]
async fn oidc_099_a_client_signs_with_the_published_key_set() {
    let site =
        site(json!({ "client_auth": ["private_key_jwt"], "client_alg": ["ES256"], "client_secret": null })).await;
    let services = site.gateway.node.services();
    let published = keys::public_set(services).await.unwrap();
    site.op.change(|b| b.client_jwks = published.clone());
    assert_eq!(site.browser().sign_in("/").await.status(), 200);
    let assertion = site.op.token_requests().remove(0).form["client_assertion"].clone();
    let header = jsonwebtoken::decode_header(&assertion).unwrap();
    let kids: Vec<&str> =
        published["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert!(kids.contains(&header.kid.unwrap().as_str()));
}

#[actix_web::test]
async fn a_client_signs_with_its_own_key() {
    let jwk = json!({"kty": "EC", "crv": "P-256", "kid": "ec-1", "alg": "ES256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"});
    let site = site(json!({ "client_auth": ["private_key_jwt"], "client_jwk": [jwk], "client_alg": ["ES256"] })).await;
    let mut public = jwk.clone();
    public.as_object_mut().unwrap().remove("d");
    site.op.change(|b| b.client_jwks = json!({ "keys": [public] }));
    assert_eq!(site.browser().sign_in("/").await.status(), 200);
    site.op.change(|b| b.client_jwks = json!({ "keys": [] }));
    assert_ne!(site.browser().sign_in("/").await.status(), 200, "the provider does look at it");
}

#[actix_web::test]
async fn oidc_100_an_unreachable_issuer_is_no_reason_to_refuse_a_file() {
    let site = site(json!({ "issuer": "http://127.0.0.1:1" })).await;
    assert_eq!(site.browser().get("/").await.status(), 500);
    assert_eq!(site.op.hits(Door::Discovery), 0);
    // A file that is loaded later is served too, and what is reachable in it works.
    let other = config(&site.op, json!({ "issuer": "http://127.0.0.1:2" }));
    let good = config(&site.op, json!({}));
    let routes = |upstream: &str| {
        let route = |path: &str, config: &serde_json::Value| {
            json!({"name": path.trim_matches('/'), "paths": [path], "strip_path": false,
                "plugins": [{"name": "openid-connect", "config": config}]})
        };
        let routes = [route("/lost", &other), route("/good", &good)];
        json!({"_format_version": "3.0", "services": [{"name": "a", "url": upstream, "routes": routes}]}).to_string()
    };
    site.gateway.reload(routes).await;
    assert_eq!(site.browser().get("/lost").await.status(), 500);
    assert_eq!(site.browser().sign_in("/good").await.status(), 200);
}
