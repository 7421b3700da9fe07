//! A node with `sso_proxy_listen` in front of an echo upstream.
//!
//! ```ignore
//! let gateway = gateway::start(|upstream| format!("_format_version: \"3.0\"\nservices: [{{ url: \"{upstream}\", ... }}]")).await;
//! let gateway = gateway::with_plugins(json!([{"name": "key-auth"}]), json!([{"username": "app"}])).await; // one route, `/`
//! let echo = echo_of(gateway.get("/a?b=c").header("x-a", "1")).await;
//! assert_eq!(echo.header("x-a"), Some("1"));
//! gateway.reload(|upstream| ...).await; // a new file, and it is served when this returns
//! ```

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use futures_util::StreamExt as _;
use kong_sso::app::Node;
use kong_sso::config::settings::{DatabaseSettings, EnforceRbac, Settings, TrustedProxies};
use kong_sso::domain::time::Clock;
use reqwest::{Client, Method, RequestBuilder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::node::{bind, settings};

/// The gateway under test with its upstream.
pub struct Gateway {
    /// URL of `sso_proxy_listen`.
    pub url: String,
    /// URL of the status listener.
    pub status: String,
    pub upstream: EchoUpstream,
    pub node: Node,
    /// Follows no redirect and keeps no cookie.
    pub client: Client,
    file: PathBuf,
    shift: Arc<AtomicI64>,
    handles: Vec<ServerHandle>,
    _directory: tempfile::TempDir,
}

/// A gateway whose file is what `config` writes, given the upstream's URL.
pub async fn start(config: impl FnOnce(&str) -> String) -> Gateway {
    start_with(config, |_| {}).await
}

/// The same with other settings.
pub async fn start_with(config: impl FnOnce(&str) -> String, change: impl FnOnce(&mut Settings)) -> Gateway {
    let upstream = EchoUpstream::start();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("gateway.yaml");
    std::fs::write(&file, config(&upstream.url)).unwrap();
    let mut settings = settings("http://127.0.0.1:1");
    settings.prefix = directory.path().to_owned();
    settings.database = DatabaseSettings::Sqlite(directory.path().join("kong-sso.db"));
    settings.rbac.enforce = EnforceRbac::Off;
    settings.gateway.file = Some(file.clone());
    change(&mut settings);
    let shift = Arc::new(AtomicI64::new(0));
    let node = Node::build(settings, Clock::Shifted(Arc::clone(&shift))).await.unwrap();
    let ((socket, url), (status_socket, status)) = (bind(), bind());
    let mut handles = Vec::new();
    for server in [node.serve_gateway(socket, None).unwrap(), node.serve_status(status_socket).unwrap()] {
        handles.push(server.handle());
        actix_web::rt::spawn(server);
    }
    node.spawn_workers();
    Gateway { url, status, upstream, node, client: client(), file, shift, handles, _directory: directory }
}

/// One service with one route for `/` that has these plugins, and these consumers.
pub async fn with_plugins(plugins: Value, consumers: Value) -> Gateway {
    start(|upstream| one_route(upstream, &plugins, &consumers)).await
}

/// Believes proxies on this machine.
pub fn trust_loopback(settings: &mut Settings) {
    let networks = vec!["127.0.0.0/8".parse().unwrap()];
    let real_ip_header = "x-forwarded-for".to_owned();
    settings.trusted_proxies = TrustedProxies { networks, real_ip_header, recursive: true };
}

/// The file of [`with_plugins`].
pub fn one_route(upstream: &str, plugins: &Value, consumers: &Value) -> String {
    let route = json!({"name": "all", "paths": ["/"], "strip_path": false, "plugins": plugins});
    let groups: Vec<&str> = consumers
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|consumer| consumer["groups"].as_array().into_iter().flatten())
        .filter_map(|group| group["name"].as_str())
        .collect();
    let groups: std::collections::BTreeSet<&str> = groups.into_iter().collect();
    json!({
        "_format_version": "3.0",
        "services": [{"name": "echo", "url": upstream, "routes": [route]}],
        "consumers": consumers,
        "consumer_groups": groups.into_iter().map(|name| json!({"name": name})).collect::<Vec<_>>(),
    })
    .to_string()
}

/// A client that follows no redirect.
pub fn client() -> Client {
    Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

impl Gateway {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// Sends a GET and reads the echo; fails unless the upstream was reached.
    pub async fn echo(&self, path: &str) -> Echo {
        echo_of(self.get(path)).await
    }

    /// What comes back for these bytes until the connection is closed.
    pub async fn raw(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = tokio::net::TcpStream::connect(self.authority()).await.unwrap();
        stream.write_all(bytes.as_ref()).await.unwrap();
        let mut answer = Vec::new();
        let reading = stream.read_to_end(&mut answer);
        tokio::time::timeout(Duration::from_secs(10), reading).await.expect("it stays open").unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Host and port.
    pub fn authority(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Serves the same node on one more address, with `listeners.proxy_tls`.
    pub fn serve_tls(&self) -> String {
        let (socket, url) = bind();
        let server = self.node.serve_gateway(socket, Some(self.node.gateway_tls().unwrap())).unwrap();
        actix_web::rt::spawn(server);
        url.replace("http://", "https://")
    }

    /// Moves the node's clock.
    pub fn later(&self, seconds: i64) {
        self.shift.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Writes a new file without waiting.
    pub fn write(&self, config: impl FnOnce(&str) -> String) {
        std::fs::write(&self.file, config(&self.upstream.url)).unwrap();
    }

    /// Writes a new file and waits until it is served.
    pub async fn reload(&self, config: impl FnOnce(&str) -> String) {
        let before = self.node.services().gateway.current();
        self.write(config);
        for _ in 0..200 {
            if !Arc::ptr_eq(&before, &self.node.services().gateway.current()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the new file is not served");
    }

    pub async fn stop(self) {
        for handle in &self.handles {
            handle.stop(false).await;
        }
        self.node.services().audit.close().await;
    }
}

/// Sends a request and reads the upstream's echo.
pub async fn echo_of(request: RequestBuilder) -> Echo {
    let reply = request.send().await.unwrap();
    let status = reply.status();
    let text = reply.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("no echo but {status}: {text}"))
}

/// The JSON body of an answer.
pub async fn json_of<T: serde::de::DeserializeOwned>(reply: reqwest::Response) -> T {
    let text = reply.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What the upstream got.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Echo {
    pub method: String,
    /// Path as it came.
    pub path: String,
    pub query: Option<String>,
    /// Values by lower-case name.
    pub headers: BTreeMap<String, Vec<String>>,
    pub body: String,
}

impl Echo {
    /// The only value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        match self.headers.get(name)?.as_slice() {
            [value] => Some(value),
            several => panic!("{name} came {} times: {several:?}", several.len()),
        }
    }
}

/// An upstream that tells what it got. It ends when dropped.
///
/// `/sse?n=3&ms=50` sends events with pauses; `/slow?ms=500` answers late; `/status?code=503` answers with that status;
/// `/cookies` sets two cookies; `/gzip` answers with `content-encoding: gzip`; anything else echoes.
pub struct EchoUpstream {
    pub url: String,
    hits: Arc<AtomicUsize>,
    server: ServerHandle,
}

impl EchoUpstream {
    pub fn start() -> Self {
        let (listener, url) = bind();
        Self::serve(listener, url)
    }

    fn serve(listener: TcpListener, url: String) -> Self {
        let hits = Arc::new(AtomicUsize::new(0));
        let counted = Data::from(Arc::clone(&hits));
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    App::new()
                        .app_data(counted.clone())
                        .app_data(web::PayloadConfig::new(64 << 20))
                        .route("/sse", web::to(sse))
                        .route("/slow", web::to(slow))
                        .route("/status", web::to(status))
                        .route("/cookies", web::to(cookies))
                        .route("/gzip", web::to(gzip))
                        .default_service(web::to(echo))
                });
                let server = server.workers(1).disable_signals().listen(listener).unwrap().run();
                sender.send(server.handle()).unwrap();
                server.await.ok();
            });
        });
        Self { url, hits, server: receiver.recv().unwrap() }
    }

    /// Requests that came so far.
    pub fn hits(&self) -> usize {
        self.hits.load(Ordering::Relaxed)
    }
}

impl Drop for EchoUpstream {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

async fn echo(request: HttpRequest, body: Bytes, hits: Data<AtomicUsize>) -> HttpResponse {
    hits.fetch_add(1, Ordering::Relaxed);
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in request.headers() {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.entry(name.as_str().to_owned()).or_default().push(value);
    }
    HttpResponse::Ok().insert_header(("x-upstream", "echo")).json(Echo {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().map(str::to_owned),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

#[derive(Deserialize)]
struct Pace {
    #[serde(default = "one")]
    n: usize,
    ms: u64,
}

const fn one() -> usize {
    1
}

async fn sse(pace: web::Query<Pace>) -> HttpResponse {
    let Pace { n, ms } = pace.into_inner();
    let events = futures_util::stream::iter(0..n).then(move |index| async move {
        tokio::time::sleep(Duration::from_millis(if index == 0 { 0 } else { ms })).await;
        Ok::<_, std::io::Error>(Bytes::from(format!("data: {index}\n\n")))
    });
    HttpResponse::Ok().content_type("text/event-stream").streaming(events)
}

async fn slow(pace: web::Query<Pace>, _body: Bytes) -> HttpResponse {
    tokio::time::sleep(Duration::from_millis(pace.ms)).await;
    HttpResponse::Ok().body("late")
}

#[derive(Deserialize)]
struct Code {
    code: u16,
}

async fn status(code: web::Query<Code>) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(code.code).unwrap();
    HttpResponse::build(status).insert_header(("x-upstream", "status")).finish()
}

async fn cookies() -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    answer.append_header(("set-cookie", "a=1; Path=/")).append_header(("set-cookie", "b=2"));
    answer.body("cookies")
}

async fn gzip() -> HttpResponse {
    HttpResponse::Ok().insert_header(("content-encoding", "gzip")).body(Bytes::from_static(b"\x1f\x8b not really"))
}
