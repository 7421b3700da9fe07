//! What goes up and what comes down.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::gateway::{self, Gateway, echo_of, json_of};

/// Services of one upstream with these members and routes.
async fn serving(service: Value, routes: Value) -> Gateway {
    gateway::start(|upstream| {
        let mut service = service;
        service["name"] = json!("echo");
        service["url"] = json!(format!("{upstream}{}", service["base"].as_str().unwrap_or_default()));
        service.as_object_mut().unwrap().remove("base");
        service["routes"] = routes;
        json!({"_format_version": "3.0", "services": [service]}).to_string()
    })
    .await
}

#[actix_web::test]
async fn a_request_goes_up_and_its_answer_comes_down() {
    let gateway = serving(json!({"base": "/base"}), json!([{"paths": ["/orders"]}])).await;
    let request = gateway.request(Method::PUT, "/orders/1%2f2/./%61?x=1&y=%20");
    let request = request.header("cookie", "a=1; b=2").header("x-a", "1").header("authorization", "Basic eA==");
    let reply = request.body("hello").send().await.unwrap();
    assert_eq!((reply.status().as_u16(), reply.headers()["x-upstream"].to_str().unwrap()), (200, "echo"));
    let request_id = reply.headers()["x-kong-request-id"].to_str().unwrap().to_owned();
    let echo: gateway::Echo = json_of(reply).await;
    assert_eq!((echo.method.as_str(), echo.path.as_str()), ("PUT", "/base/1%2F2/a"));
    assert_eq!((echo.query.as_deref(), echo.body.as_str()), (Some("x=1&y=%20"), "hello"));
    assert_eq!(echo.header("cookie"), Some("a=1; b=2"));
    assert_eq!(echo.header("authorization"), Some("Basic eA=="));
    assert_eq!((echo.header("x-a"), echo.header("x-kong-request-id")), (Some("1"), Some(request_id.as_str())));
    assert_eq!(echo.header("x-forwarded-prefix"), Some("/orders"));
    assert_eq!(echo.header("x-forwarded-path"), Some("/orders/1%2F2/a"));
    assert_eq!((echo.header("x-forwarded-for"), echo.header("x-real-ip")), (Some("127.0.0.1"), Some("127.0.0.1")));
    assert_eq!(echo.header("x-forwarded-host"), Some(gateway.authority()));
    assert_eq!(echo.header("x-forwarded-port"), gateway.authority().split(':').nth(1));
    assert_eq!(echo.header("host"), Some(gateway.upstream.url.trim_start_matches("http://")));
    gateway.stop().await;
}

#[actix_web::test]
async fn no_route_is_a_404_in_kong_s_words() {
    let gateway = serving(json!({}), json!([{"paths": ["/orders"], "methods": ["GET"]}])).await;
    for request in [gateway.get("/nothing"), gateway.request(Method::POST, "/orders")] {
        let reply = request.send().await.unwrap();
        assert_eq!(reply.status().as_u16(), 404);
        let request_id = reply.headers()["x-kong-request-id"].to_str().unwrap().to_owned();
        assert_eq!(reply.headers()["content-type"], "application/json");
        let body: Value = json_of(reply).await;
        assert_eq!(body, json!({"message": "no Route matched with those values", "request_id": request_id}));
    }
    assert_eq!(gateway.upstream.hits(), 0);
    gateway.stop().await;
}

#[actix_web::test]
async fn what_is_left_of_a_path_leads_to_no_place_that_nobody_judged() {
    let routes = json!([{"paths": ["/public"]}, {"paths": ["/kept"], "strip_path": false}]);
    let gateway = serving(json!({"base": "/pub/files"}), routes).await;
    for path in ["/public../admin/x", "/public..", "/public%2e%2e/admin", "/public./x"] {
        let reply = gateway.raw(format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")).await;
        assert!(reply.starts_with("HTTP/1.1 400 "), "{path} {reply}");
    }
    assert_eq!(gateway.upstream.hits(), 0);
    assert_eq!(gateway.echo("/public.../x").await.path, "/pub/files/.../x");
    assert_eq!(gateway.echo("/kept../x").await.path, "/pub/files/kept../x");
    gateway.stop().await;
}

#[actix_web::test]
async fn the_host_is_the_upstream_s_or_the_caller_s() {
    let routes =
        json!([{"paths": ["/kept"], "preserve_host": true, "strip_path": false}, {"hosts": ["*.example.com"]}]);
    let gateway = serving(json!({}), routes).await;
    let kept = echo_of(gateway.get("/kept").header("host", "Api.example.org:81")).await;
    assert_eq!((kept.header("host"), kept.path.as_str()), (Some("Api.example.org:81"), "/kept"));
    let other = echo_of(gateway.get("/x").header("host", "api.example.com")).await;
    assert_eq!(other.header("host"), Some(gateway.upstream.url.trim_start_matches("http://")));
    gateway.stop().await;
}

#[actix_web::test]
async fn no_spelling_of_a_host_leads_around_its_route() {
    let routes = json!([{"hosts": ["internal.example"], "plugins": [{"name": "key-auth"}]}, {"paths": ["/"]}]);
    let gateway = serving(json!({}), routes).await;
    let status = async |target: &str, hosts: &str| {
        let reply = gateway.raw(format!("GET {target} HTTP/1.1\r\n{hosts}connection: close\r\n\r\n")).await;
        reply.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    for host in ["internal.example", "internal.example.", "Internal.Example.:80"] {
        assert_eq!(status("/x", &format!("host: {host}\r\n")).await, "401", "{host}");
    }
    assert_eq!(status("http://internal.example./x", "host: other\r\n").await, "401");
    for host in ["x@internal.example", "internal.example:1:2", "internal.example..", "internal.example/x", "\u{e9}"] {
        assert_eq!(status("/x", &format!("host: {host}\r\n")).await, "400", "{host}");
    }
    assert_eq!(status("/x", "host: other\r\nhost: internal.example\r\n").await, "400");
    assert_eq!(status("/x", "host: other\r\n").await, "200");
    gateway.stop().await;
}

#[actix_web::test]
async fn no_spelling_of_a_header_tells_an_upstream_what_the_gateway_did_not() {
    let gateway = serving(json!({}), json!([{"paths": ["/"]}])).await;
    let names = [
        "x_forwarded_for",
        "x.forwarded.host",
        "x_real_ip",
        "x_kong_request_id",
        "x.consumer.username",
        "x!consumer!id",
        "x-http-method-override",
        "x_http_method_override",
        "x-original-url",
        "x-rewrite-url",
        "content_length",
        "transfer_encoding",
    ];
    let request = names.iter().fold(gateway.get("/x"), |request, name| request.header(*name, "1"));
    let echo = echo_of(request.header("x_custom.name", "kept")).await;
    assert!(names.iter().all(|name| echo.header(name).is_none()), "{:?}", echo.headers);
    assert_eq!((echo.header("x_custom.name"), echo.header("x-real-ip")), (Some("kept"), Some("127.0.0.1")));
    gateway.stop().await;
}

#[actix_web::test]
async fn cookies_statuses_and_encodings_of_the_upstream_pass() {
    let gateway = serving(json!({}), json!([{"paths": ["/"]}])).await;
    let reply = gateway.get("/cookies").send().await.unwrap();
    let cookies: Vec<_> = reply.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1; Path=/", "b=2"]);
    let reply = gateway.get("/gzip").send().await.unwrap();
    assert_eq!(reply.headers()["content-encoding"], "gzip");
    assert_eq!(reply.bytes().await.unwrap(), &b"\x1f\x8b not really"[..]);
    for code in [204, 304, 404, 503] {
        let reply = gateway.get(&format!("/status?code={code}")).send().await.unwrap();
        assert_eq!((reply.status().as_u16(), reply.headers()["x-upstream"].to_str().unwrap()), (code, "status"));
    }
    let head = gateway.request(Method::HEAD, "/echo").send().await.unwrap();
    assert!(head.headers()["content-length"].to_str().unwrap().parse::<u64>().unwrap() > 100);
    assert!(head.bytes().await.unwrap().is_empty());
    let options = echo_of(gateway.request(Method::OPTIONS, "/echo")).await;
    assert_eq!(options.method, "OPTIONS");
    gateway.stop().await;
}

#[actix_web::test]
async fn events_come_as_they_are_sent() {
    let gateway = serving(json!({}), json!([{"paths": ["/"]}])).await;
    let mut reply = gateway.get("/sse?n=3&ms=400").send().await.unwrap();
    let began = Instant::now();
    assert_eq!(reply.chunk().await.unwrap().unwrap(), "data: 0\n\n");
    assert!(began.elapsed() < Duration::from_millis(300), "the first event was held back");
    assert_eq!(reply.chunk().await.unwrap().unwrap(), "data: 1\n\n");
    assert_eq!(reply.chunk().await.unwrap().unwrap(), "data: 2\n\n");
    assert!(reply.chunk().await.unwrap().is_none());
    gateway.stop().await;
}
