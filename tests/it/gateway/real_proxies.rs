//! The manual's examples, run by real proxies.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use kong_sso::config::settings::TrustedProxies;
use reqwest::RequestBuilder;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::gateway::{self, Gateway, echo_of};
use crate::support::node::bind;

/// A proxy that ends with the test.
struct Proxy {
    child: Child,
    url: String,
    _directory: tempfile::TempDir,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The example of that name in the manual, with this test's addresses.
fn example(name: &str, listen: &str, gateway: &Gateway) -> String {
    let manual = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/gateway.md")).unwrap();
    let (_, rest) = manual.split_once(&format!("<!-- example: {name} -->\n```")).unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let upstream = gateway.upstream.url.trim_start_matches("http://");
    let replaced = text.replace("127.0.0.1:8005", gateway.authority()).replace("127.0.0.1:8081", upstream);
    let (_, port) = listen.rsplit_once(':').unwrap();
    replaced
        .replace("listen 8080", &format!("listen {listen}"))
        .replace(":8080 {", &format!("http://127.0.0.1:{port} {{"))
}

/// Starts a program on a file with the example and waits until it listens.
async fn run(program: &str, file: &str, text: String, listen: &str, arguments: impl Fn(&str) -> Vec<String>) -> Proxy {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(file);
    std::fs::write(&path, text.replace("DIRECTORY", directory.path().to_str().unwrap())).unwrap();
    let log = std::fs::File::create(directory.path().join("log")).unwrap();
    let mut command = Command::new(program);
    command.args(arguments(path.to_str().unwrap())).current_dir(directory.path()).env("HOME", directory.path());
    command.env("XDG_DATA_HOME", directory.path()).env("XDG_CONFIG_HOME", directory.path());
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{program}: {error}; `make test` installs it"));
    for _ in 0..200 {
        if tokio::net::TcpStream::connect(listen).await.is_ok() {
            return Proxy { child, url: format!("http://{listen}"), _directory: directory };
        }
        let ended = child.try_wait().unwrap();
        let log = || std::fs::read_to_string(directory.path().join("log")).unwrap();
        assert!(ended.is_none(), "{program} ended: {}", log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{program} does not listen");
}

fn free_address() -> String {
    let (listener, _) = bind();
    listener.local_addr().unwrap().to_string()
}

async fn nginx(gateway: &Gateway) -> Proxy {
    let listen = free_address();
    let server = example("nginx", &listen, gateway);
    let paths: Vec<String> = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path DIRECTORY/{kind};"))
        .to_vec();
    let text = format!(
        "daemon off; master_process off; pid DIRECTORY/pid; error_log stderr;\nevents {{}}\nhttp {{ access_log off; {}\n{server}}}\n",
        paths.join(" ")
    );
    run("nginx", "nginx.conf", text, &listen, |path| vec!["-c".into(), path.into(), "-e".into(), "stderr".into()]).await
}

async fn caddy(gateway: &Gateway) -> Proxy {
    let listen = free_address();
    let text = format!("{{\n\tadmin off\n\tauto_https off\n}}\n{}", example("caddy", &listen, gateway));
    run("caddy", "Caddyfile", text, &listen, |path| {
        vec!["run".into(), "--config".into(), path.into(), "--adapter".into(), "caddyfile".into()]
    })
    .await
}

async fn start() -> Gateway {
    let file = |upstream: &str| {
        let key = json!({"name": "key-auth", "config": {"hide_credentials": true}});
        let routes = json!([
            {"paths": ["/orders"], "methods": ["GET"], "plugins": [key, {"name": "acl", "config": {"allow": ["g1"]}}]},
            {"paths": ["/open"]},
            {"hosts": ["internal.example"], "paths": ["/open"], "plugins": [{"name": "key-auth"}]},
            {"paths": ["/secure"], "protocols": ["https"], "https_redirect_status_code": 302},
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
    };
    gateway::start_with(file, |settings| {
        let networks = vec!["127.0.0.0/8".parse().unwrap()];
        settings.trusted_proxies =
            TrustedProxies { networks, real_ip_header: "x-forwarded-for".to_owned(), recursive: true };
    })
    .await
}

/// With headers that a client may try.
fn spoofed(request: RequestBuilder) -> RequestBuilder {
    request
        .header("x-consumer-username", "root")
        .header("x-consumer-custom-id", "root")
        .header("x-anonymous-consumer", "true")
        .header("x-authenticated-groups", "root")
}

/// What both proxies must do.
async fn guards(gateway: &Gateway, proxy: &Proxy) {
    let get = |path: &str| gateway.client.get(format!("{}{path}", proxy.url));
    let echo = echo_of(spoofed(get("/orders/1?x=%20").header("apikey", "good"))).await;
    assert_eq!((echo.path.as_str(), echo.query.as_deref()), ("/orders/1", Some("x=%20")));
    assert_eq!((echo.header("x-consumer-username"), echo.header("x-consumer-groups")), (Some("app"), Some("g1")));
    for name in ["x-consumer-custom-id", "x-anonymous-consumer", "x-authenticated-groups"] {
        assert_eq!(echo.header(name).unwrap_or_default(), "", "{name}");
    }
    let open = echo_of(spoofed(get("/open"))).await;
    assert_eq!(open.header("x-consumer-username").unwrap_or_default(), "");
    let hits = gateway.upstream.hits();
    let status = async |request: RequestBuilder| request.send().await.unwrap().status().as_u16();
    let reply = get("/orders").send().await.unwrap();
    assert_eq!((reply.status().as_u16(), reply.headers()["www-authenticate"].to_str().unwrap()), (401, "Key"));
    assert_eq!(status(get("/orders").header("apikey", "other")).await, 403);
    assert_eq!(status(get("/elsewhere")).await, 403);
    let posted = gateway.client.post(format!("{}/orders", proxy.url)).header("apikey", "good").body("x");
    assert_eq!(status(posted).await, 403, "the method is the client's");
    let reply = get("/secure/x").send().await.unwrap();
    assert_eq!(reply.status().as_u16(), 302);
    assert!(reply.headers()["location"].to_str().unwrap().starts_with("https://127.0.0.1/secure/x"));
    assert_eq!(gateway.upstream.hits(), hits);
    // Headers about the request that the client made up.
    for (name, value) in [("x-original-uri", "/open"), ("x-forwarded-uri", "/open"), ("x-original-method", "GET")] {
        let status = status(get("/orders").header(name, value)).await;
        assert!(status >= 400, "{name} led to {status}");
    }
    assert_eq!(gateway.upstream.hits(), hits);
}

#[actix_web::test]
async fn nginx_guards_an_upstream_by_the_manual_s_example() {
    let gateway = start().await;
    let proxy = nginx(&gateway).await;
    guards(&gateway, &proxy).await;
    // The host of an absolute target is the one that counts, whatever `Host` says beside it.
    let asking = "GET http://internal.example/open HTTP/1.1\r\nhost: other.example\r\nconnection: close\r\n\r\n";
    let mut stream = tokio::net::TcpStream::connect(proxy.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(asking.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    let hits = gateway.upstream.hits();
    for path in ["/orders/x/../../open", "/open/%2e%2e/orders", "//open"] {
        let asking = format!("GET {path} HTTP/1.1\r\nhost: other.example\r\nconnection: close\r\n\r\n");
        let mut stream = tokio::net::TcpStream::connect(proxy.url.trim_start_matches("http://")).await.unwrap();
        stream.write_all(asking.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(!answer.starts_with("HTTP/1.1 200 "), "{path} {answer}");
    }
    assert_eq!(gateway.upstream.hits(), hits, "a path that may be read in two ways is not forwarded");
    gateway.stop().await;
}

#[actix_web::test]
async fn caddy_guards_an_upstream_by_the_manual_s_example() {
    let gateway = start().await;
    let proxy = caddy(&gateway).await;
    guards(&gateway, &proxy).await;
    gateway.stop().await;
}
