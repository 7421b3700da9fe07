//! Bodies, time-outs, failures of upstreams, WebSockets, TLS and HTTP/2.

use std::time::{Duration, Instant};

use kong_sso::config::settings::TlsPair;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::gateway::{self, Gateway, json_of};

/// One service at `url` with these members, and a route for everything.
fn one(url: &str, members: Value) -> String {
    let mut service = members;
    service["name"] = json!("one");
    service["url"] = json!(url);
    service["routes"] = json!([{"paths": ["/"], "strip_path": false}]);
    json!({"_format_version": "3.0", "services": [service]}).to_string()
}

async fn message(request: reqwest::RequestBuilder) -> (u16, String) {
    let reply = request.send().await.unwrap();
    let status = reply.status().as_u16();
    let body: Value = json_of(reply).await;
    (status, body["message"].as_str().unwrap().to_owned())
}

/// Sends raw bytes and reads until the far end closes or `until` was seen.
async fn raw(gateway: &Gateway, bytes: &[u8], until: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(gateway.authority()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let text = read_until(&mut stream, until).await;
    (stream, text)
}

async fn read_until(stream: &mut TcpStream, until: &str) -> String {
    let mut text = Vec::new();
    let reading = async {
        let mut piece = [0; 4096];
        while !String::from_utf8_lossy(&text).contains(until) {
            match stream.read(&mut piece).await.unwrap() {
                0 => break,
                read => text.extend_from_slice(&piece[..read]),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reading).await.expect("nothing more came");
    String::from_utf8_lossy(&text).into_owned()
}

#[actix_web::test]
async fn large_and_chunked_bodies_stream_through() {
    let gateway = gateway::start(|upstream| one(upstream, json!({}))).await;
    let body = "x".repeat(3 << 20);
    let echo = gateway::echo_of(gateway.request(Method::POST, "/").body(body.clone())).await;
    assert_eq!((echo.body.len(), echo.header("content-length")), (body.len(), Some(body.len().to_string().as_str())));
    let (_, chunked) = raw(
        &gateway,
        b"POST /x HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\nconnection: close\r\nx-hop: 1\r\nte: x\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "never",
    )
    .await;
    assert!(
        chunked.contains("\"body\":\"hello\"") && chunked.contains("\"x-hop\"") && !chunked.contains("\"te\""),
        "{chunked}"
    );
    gateway.stop().await;
}

#[actix_web::test]
async fn expected_bodies_are_asked_for_and_headers_of_one_hop_stay() {
    let gateway = gateway::start(|upstream| one(upstream, json!({}))).await;
    let head = b"PUT /x HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 5\r\nconnection: close, x-hop\r\nx-hop: 1\r\n\r\n";
    let (mut stream, text) = raw(&gateway, head, "\r\n\r\n").await;
    assert!(text.starts_with("HTTP/1.1 100 Continue"), "{text}");
    stream.write_all(b"hello").await.unwrap();
    let text = read_until(&mut stream, "never").await;
    assert!(
        text.contains("\"body\":\"hello\"") && !text.contains("\"expect\"") && !text.contains("\"x-hop\""),
        "{text}"
    );
    gateway.stop().await;
}

#[actix_web::test]
async fn bodies_above_the_limit_are_refused() {
    let limit = |settings: &mut kong_sso::config::Settings| settings.gateway.max_body = 1000;
    let gateway = gateway::start_with(|upstream| one(upstream, json!({})), limit).await;
    let refused = (413, "Payload too large".to_owned());
    assert_eq!(message(gateway.request(Method::POST, "/").body("x".repeat(1001))).await, refused);
    let chunks = "1f4\r\n".to_owned() + &"x".repeat(500) + "\r\n";
    let head = "POST /x HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    let (_, text) = raw(&gateway, format!("{head}{chunks}{chunks}{chunks}0\r\n\r\n").as_bytes(), "too large").await;
    assert!(text.starts_with("HTTP/1.1 413"), "{text}");
    let echo = gateway::echo_of(gateway.request(Method::POST, "/").body("x".repeat(1000))).await;
    assert_eq!(echo.body.len(), 1000);
    gateway.stop().await;
}

#[actix_web::test]
async fn upstreams_that_fail_are_told_apart() {
    let gateway = gateway::start(|upstream| one(upstream, json!({"read_timeout": 300}))).await;
    let began = Instant::now();
    assert_eq!(message(gateway.get("/slow?ms=5000")).await, (504, "The upstream server is timing out".to_owned()));
    assert!(began.elapsed() < Duration::from_secs(3));
    // A client that is slow with its body is no fault of the upstream.
    let head = b"POST /x HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\nconnection: close\r\n\r\nx";
    let (mut slow, _) = raw(&gateway, head, "").await;
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(450)).await;
        slow.write_all(b"x").await.unwrap();
    }
    let text = read_until(&mut slow, "never").await;
    assert!(text.contains("\"body\":\"xxx\""), "{text}");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    gateway.reload(|_| one(&format!("http://{closed}"), json!({}))).await;
    let bad = (502, "An invalid response was received from the upstream server".to_owned());
    assert_eq!(message(gateway.get("/x")).await, bad);
    gateway.reload(|_| one("http://no-such-host.invalid", json!({}))).await;
    assert_eq!(message(gateway.get("/x")).await, (503, "name resolution failed".to_owned()));
    gateway.stop().await;
}

/// An upstream that answers one upgrade with 101 and echoes what follows, or refuses it.
async fn web_socket_upstream(accepts: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    actix_web::rt::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let head = read_until(&mut stream, "\r\n\r\n").await.to_ascii_lowercase();
            if !accepts {
                let answer = b"HTTP/1.1 403 Forbidden\r\nx-why: no\r\ncontent-length: 4\r\n\r\nnope";
                stream.write_all(answer).await.unwrap();
                continue;
            }
            assert!(head.contains("upgrade: websocket") && head.contains("connection: upgrade"), "{head}");
            assert!(head.contains("sec-websocket-key: key") && head.contains("x-consumer-username: app"), "{head}");
            let answer = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
                sec-websocket-accept: accepted\r\nx-upstream: ws\r\n\r\nfirst";
            stream.write_all(answer.as_bytes()).await.unwrap();
            let (mut from, mut into) = stream.split();
            tokio::io::copy(&mut from, &mut into).await.ok();
        }
    });
    url
}

fn web_socket_file(url: &str) -> String {
    let plugins = json!([{"name": "key-auth", "config": {"hide_credentials": true}}]);
    gateway::one_route(url, &plugins, &json!([{"username": "app", "keyauth_credentials": [{"key": "k"}]}]))
}

const UPGRADE: &str = "GET /chat?apikey=k HTTP/1.1\r\nhost: h\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
    sec-websocket-key: key\r\nsec-websocket-version: 13\r\n";

#[actix_web::test]
async fn a_web_socket_is_let_in_by_its_upgrade_and_bytes_flow_both_ways() {
    let url = web_socket_upstream(true).await;
    let gateway = gateway::start(|_| web_socket_file(&url)).await;
    let (mut socket, text) = raw(&gateway, format!("{UPGRADE}\r\n").as_bytes(), "first").await;
    let lower = text.to_ascii_lowercase();
    assert!(lower.starts_with("http/1.1 101") && lower.contains("sec-websocket-accept: accepted"), "{text}");
    assert!(lower.contains("connection: upgrade") && lower.contains("x-kong-request-id: "), "{text}");
    socket.write_all(b"ping").await.unwrap();
    assert_eq!(read_until(&mut socket, "ping").await, "ping");
    socket.write_all(&[b'y'; 100_000]).await.unwrap();
    socket.write_all(b"end").await.unwrap();
    assert_eq!(read_until(&mut socket, "end").await.len(), 100_003);
    let (_, refused) = raw(&gateway, UPGRADE.replace("apikey=k", "").as_bytes(), "").await;
    assert_eq!(refused, "", "the head is not over yet");
    let (_, refused) = raw(&gateway, (UPGRADE.replace("apikey=k", "") + "\r\n").as_bytes(), "request_id").await;
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
    gateway.stop().await;
}

#[actix_web::test]
async fn only_a_get_is_upgraded_and_every_other_method_goes_up_as_itself() {
    let plugins = json!([{"name": "key-auth", "config": {"run_on_preflight": false}}]);
    let gateway = gateway::start(|upstream| gateway::one_route(upstream, &plugins, &json!([]))).await;
    for method in ["OPTIONS", "POST", "DELETE"] {
        let head = UPGRADE.replace("GET /chat?apikey=k", &format!("{method} /chat")) + "\r\n";
        let (_, text) = raw(&gateway, head.as_bytes(), "\"}").await;
        match method {
            "OPTIONS" => assert!(text.contains("\"method\":\"OPTIONS\""), "{text}"),
            _ => assert!(text.starts_with("HTTP/1.1 401"), "{text}"),
        }
    }
    assert_eq!(gateway.upstream.hits(), 1);
    gateway.stop().await;
}

#[actix_web::test]
async fn an_upstream_that_refuses_an_upgrade_is_heard() {
    let url = web_socket_upstream(false).await;
    let gateway = gateway::start(|_| web_socket_file(&url)).await;
    let (_, text) = raw(&gateway, format!("{UPGRADE}\r\n").as_bytes(), "nope").await;
    assert!(text.starts_with("HTTP/1.1 403") && text.contains("x-why: no"), "{text}");
    gateway.stop().await;
}

#[actix_web::test]
async fn tls_and_http_2_are_served_and_asked_for_where_a_route_wants_them() {
    let key = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let pair = TlsPair { certificate: key.cert.pem(), key: key.signing_key.serialize_pem().into() };
    let file = |upstream: &str| {
        let routes = json!([
            {"paths": ["/only"], "protocols": ["https"]},
            {"paths": ["/moved"], "protocols": ["https"], "https_redirect_status_code": 308},
        ]);
        json!({"_format_version": "3.0", "services": [{"name": "a", "url": upstream, "routes": routes}]}).to_string()
    };
    let gateway = gateway::start_with(file, |settings| settings.listeners.proxy_tls = vec![pair]).await;
    assert_eq!(message(gateway.get("/only")).await, (426, "Please use HTTPS protocol".to_owned()));
    let moved = gateway.get("/moved/x?y=1").send().await.unwrap();
    assert_eq!(
        (moved.status().as_u16(), moved.headers()["location"].to_str().unwrap()),
        (308, "https://127.0.0.1/moved/x?y=1")
    );
    let url = gateway.serve_tls();
    let root = reqwest::Certificate::from_pem(key.cert.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([root]).build().unwrap();
    let request = client.post(format!("{url}/only")).header("cookie", "a=1").header("cookie", "b=2").body("hello");
    let reply = request.send().await.unwrap();
    assert_eq!((reply.status().as_u16(), reply.version()), (200, reqwest::Version::HTTP_2));
    let echo: gateway::Echo = json_of(reply).await;
    assert_eq!((echo.body.as_str(), echo.header("cookie")), ("hello", Some("a=1; b=2")));
    assert_eq!(echo.header("x-forwarded-proto"), Some("https"));
    gateway.stop().await;
}
