//! Other proxies ask; the answers follow the same routes and plugins.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::support::gateway::{self, Gateway, json_of, trust_loopback};

fn file(upstream: &str) -> String {
    let acl = json!({"name": "acl", "config": {"allow": ["g1"]}});
    let key = json!({"name": "key-auth", "config": {"hide_credentials": true}});
    let routes = json!([
        {"hosts": ["api.example.com"], "paths": ["/orders"], "methods": ["GET", "DELETE"], "plugins": [key, acl]},
        {"hosts": ["api.example.com"], "paths": ["/open"]},
        {"hosts": ["api.example.com"], "paths": ["/secure"], "protocols": ["https"], "https_redirect_status_code": 301},
    ]);
    json!({
        "_format_version": "3.0",
        "services": [{"name": "echo", "url": upstream, "routes": routes}],
        "consumers": [
            {"username": "app", "acls": [{"group": "g1"}], "keyauth_credentials": [{"key": "good"}]},
            {"username": "outsider", "keyauth_credentials": [{"key": "other"}]},
        ],
    })
    .to_string()
}

async fn start(trusted: bool) -> Gateway {
    gateway::start_with(file, |settings| {
        if trusted {
            trust_loopback(settings);
        }
    })
    .await
}

/// Asks as nginx does.
fn nginx(gateway: &Gateway, method: &str, uri: &str) -> RequestBuilder {
    let request = gateway.get("/_sso/auth").header("x-original-method", method).header("x-original-uri", uri);
    request.header("x-forwarded-host", "api.example.com").header("x-forwarded-proto", "http")
}

/// Asks as Traefik and Caddy do.
fn traefik(gateway: &Gateway, method: &str, uri: &str) -> RequestBuilder {
    let request = gateway.get("/_sso/auth").header("x-forwarded-method", method).header("x-forwarded-uri", uri);
    request.header("x-forwarded-host", "api.example.com").header("x-forwarded-proto", "http")
}

/// Asks as Envoy does.
fn envoy(gateway: &Gateway, method: &str, uri: &str) -> RequestBuilder {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    gateway.request(method, &format!("/_sso/auth{uri}")).header("host", "api.example.com")
}

async fn told(request: RequestBuilder) -> (u16, String) {
    let reply = request.send().await.unwrap();
    let status = reply.status().as_u16();
    let body: Value = json_of(reply).await;
    (status, body["message"].as_str().unwrap().to_owned())
}

#[actix_web::test]
async fn each_proxy_s_way_of_asking_leads_to_the_same_decision() {
    let gateway = start(true).await;
    let ways: [fn(&Gateway, &str, &str) -> RequestBuilder; 3] = [nginx, traefik, envoy];
    for ask in ways {
        let reply = ask(&gateway, "GET", "/orders/1?x=1").header("apikey", "good").send().await.unwrap();
        let header = |name: &str| reply.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(reply.status().as_u16(), 200);
        assert_eq!(
            (header("x-consumer-username").unwrap(), header("x-consumer-groups").unwrap()),
            ("app".into(), "g1".into())
        );
        // What the upstream must not get is there without a value.
        for removed in ["apikey", "x-consumer-custom-id", "x-anonymous-consumer", "x-authenticated-groups"] {
            assert_eq!(header(removed).as_deref(), Some(""), "{removed}");
            assert!(header("x-envoy-auth-headers-to-remove").unwrap().split(", ").any(|name| name == removed));
        }
        assert!(header("x-kong-request-id").is_some() && header("cache-control").as_deref() == Some("no-store"));
        let no_key = (401, "No API key found in request".to_owned());
        assert_eq!(told(ask(&gateway, "DELETE", "/orders")).await, no_key);
        let other = (403, "You cannot consume this service".to_owned());
        assert_eq!(told(ask(&gateway, "GET", "/ord%65rs?apikey=other")).await, other);
        let no_route = (403, "no Route matched with those values".to_owned());
        assert_eq!(told(ask(&gateway, "POST", "/orders?apikey=good")).await, no_route);
        assert_eq!(told(ask(&gateway, "GET", "/elsewhere")).await, no_route);
        assert_eq!(ask(&gateway, "GET", "/open").send().await.unwrap().status().as_u16(), 200);
    }
    assert_eq!(gateway.upstream.hits(), 0);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_path_that_the_asking_proxy_may_forward_as_another_is_refused() {
    let gateway = start(true).await;
    let two_ways = "the URI of the request has '#', '\\', '//' or a dot segment and may be read in two ways";
    for uri in [
        "/orders/x/../../open/y",
        "/orders/%2e%2e/open/y",
        "/orders/.%2E/open",
        "/orders#/../open/y",
        "/open#/../orders",
        "/open?x#y",
        "/open/./y",
        "//open",
        "/open//y",
        "/open\\..\\orders",
        "/open/..",
    ] {
        for ask in [nginx as fn(&Gateway, &str, &str) -> RequestBuilder, traefik] {
            assert_eq!(told(ask(&gateway, "GET", uri)).await, (400, two_ways.to_owned()), "{uri}");
        }
    }
    for uri in ["/open/%61/b%2Fc/..d", "/open?x=/../y//z"] {
        assert_eq!(nginx(&gateway, "GET", uri).send().await.unwrap().status().as_u16(), 200, "{uri}");
    }
    for path in ["/open/../orders", "/open/%2e%2e/orders", "//open"] {
        let asking = format!("GET /_sso/auth{path} HTTP/1.1\r\nhost: api.example.com\r\nconnection: close\r\n\r\n");
        assert!(gateway.raw(&asking).await.starts_with("HTTP/1.1 400 "), "{path}");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn nginx_gets_a_401_with_the_location_of_a_redirect() {
    let gateway = start(true).await;
    for (ask, expected) in [(nginx as fn(&Gateway, &str, &str) -> RequestBuilder, 401), (traefik, 301)] {
        let reply = ask(&gateway, "GET", "/secure/x").send().await.unwrap();
        let location = reply.headers()["location"].to_str().unwrap();
        assert_eq!((reply.status().as_u16(), location), (expected, "https://api.example.com/secure/x"));
        let secure = ask(&gateway, "GET", "/secure/x").header("x-forwarded-proto", "https");
        assert_eq!(secure.send().await.unwrap().status().as_u16(), 200, "the last proxy's word counts");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn nobody_is_answered_until_the_path_is_configured() {
    let gateway = gateway::start_with(file, |settings| {
        trust_loopback(settings);
        settings.gateway.forward_auth_path = None;
    })
    .await;
    let no_route = (404, "no Route matched with those values".to_owned());
    assert_eq!(told(nginx(&gateway, "GET", "/open")).await, no_route);
    assert_eq!(told(envoy(&gateway, "GET", "/open")).await, no_route);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_host_that_is_none_is_not_judged_as_another() {
    let gateway = start(true).await;
    let ask = |host: &'static str| {
        let request = gateway.get("/_sso/auth").header("x-original-method", "GET").header("x-original-uri", "/open");
        request.header("x-forwarded-host", host)
    };
    for host in ["x@api.example.com", "api.example.com:1:2", "api.example.com..", "api.example.com/x"] {
        assert_eq!(told(ask(host)).await, (400, "the host of the request is none".to_owned()), "{host}");
    }
    for host in ["api.example.com.", "API.example.com:81"] {
        assert_eq!(ask(host).send().await.unwrap().status().as_u16(), 200, "{host}");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn strangers_are_not_believed_and_contradictions_are_refused() {
    let gateway = start(false).await;
    let stranger = (403, "forward-auth answers only to the addresses in trusted_ips".to_owned());
    assert_eq!(told(nginx(&gateway, "GET", "/open")).await, stranger);
    assert_eq!(told(envoy(&gateway, "GET", "/open")).await, stranger);
    gateway.stop().await;
    let gateway = start(true).await;
    let uris = "X-Original-URI, X-Forwarded-Uri and the path contradict each other";
    let methods = "X-Original-Method, X-Forwarded-Method and the method contradict each other";
    for (request, message) in [
        (nginx(&gateway, "GET", "/orders").header("x-forwarded-uri", "/open"), uris),
        (traefik(&gateway, "GET", "/orders").header("x-original-uri", "/open"), uris),
        (envoy(&gateway, "GET", "/orders").header("x-original-uri", "/open"), uris),
        (traefik(&gateway, "POST", "/orders").header("x-original-method", "GET"), methods),
        (envoy(&gateway, "GET", "/orders").header("x-forwarded-method", "POST"), methods),
        (nginx(&gateway, "GET", "/orders").header("x-original-uri", "/open"), "a header about the request came twice"),
        (nginx(&gateway, "GET", "open"), "the URI of the request must begin with '/'"),
        (gateway.get("/_sso/auth"), "neither X-Original-URI nor X-Forwarded-Uri tells the request's URI"),
        (
            gateway.get("/_sso/auth").header("x-original-uri", "/open"),
            "neither X-Original-Method nor X-Forwarded-Method tells the request's method",
        ),
    ] {
        assert_eq!(told(request).await, (400, message.to_owned()));
    }
    let beside = told(gateway.get("/_sso/authors")).await;
    assert_eq!(beside, (404, "no Route matched with those values".to_owned()));
    gateway.stop().await;
}
