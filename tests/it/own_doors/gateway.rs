//! A node in front of a small Kong, and clients that speak to it with their tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use kong_sso::config::Settings;
use kong_sso::services::bootstrap;
use kong_sso::store::Store;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use crate::store::{NOW, databases};
use crate::support::node::{self, Running, bind};

/// Token of `kong_admin`, the first super-admin.
pub const ROOT: &str = "root-token";

/// A node with one super-admin.
pub struct Gateway {
    pub running: Running,
    pub store: Store,
    /// How often Kong was asked.
    pub hits: Arc<AtomicUsize>,
    http: reqwest::Client,
}

/// A caller.
pub struct Client<'g> {
    gateway: &'g Gateway,
    url: String,
    token: Option<String>,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Reply {
    /// The answer's status and `message`.
    pub fn refusal(&self) -> (u16, &str) {
        (self.status, self.body["message"].as_str().unwrap_or_default())
    }

    /// The text members called `name` of a list's entities, or of a list in member `list`.
    pub fn names(&self, list: &str, name: &str) -> Vec<String> {
        let items = self.body[list].as_array().unwrap_or_else(|| panic!("no {list} in {self:?}"));
        items.iter().map(|item| item[name].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl Client<'_> {
    /// The same caller at another listener.
    pub fn at(&self, url: &str) -> Self {
        Self { gateway: self.gateway, url: url.to_owned(), token: self.token.clone() }
    }

    pub async fn send(&self, method: &str, path: &str, content_type: Option<&str>, body: String) -> Reply {
        let url = format!("{}{path}", self.url);
        let mut request = self.gateway.http.request(method.parse().unwrap(), url);
        request = match &self.token {
            Some(token) => request.header("kong-admin-token", token),
            None => request.header("sec-fetch-site", "same-origin"),
        };
        if let Some(content_type) = content_type {
            request = request.header("content-type", HeaderValue::from_str(content_type).unwrap());
        }
        let response = request.body(body).send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Reply { status, headers, body: serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default() }
    }

    async fn json(&self, method: &str, path: &str, body: Value) -> Reply {
        self.send(method, path, Some("application/json"), body.to_string()).await
    }

    pub async fn form(&self, method: &str, path: &str, body: &str) -> Reply {
        self.send(method, path, Some("application/x-www-form-urlencoded"), body.to_owned()).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None, String::new()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.json("POST", path, body).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.json("PATCH", path, body).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.json("PUT", path, body).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None, String::new()).await
    }

    pub async fn delete_with(&self, path: &str, body: Value) -> Reply {
        self.json("DELETE", path, body).await
    }

    /// POST that must succeed.
    pub async fn create(&self, path: &str, body: Value) -> Value {
        let reply = self.post(path, body.clone()).await;
        assert!(matches!(reply.status, 200 | 201), "POST {path} {body}: {reply:?}");
        reply.body
    }
}

impl Gateway {
    /// A node that somebody else started, with its store.
    pub fn of(running: Running, store: Store) -> Self {
        Self { running, store, hits: Arc::new(AtomicUsize::new(0)), http: reqwest::Client::new() }
    }

    /// A caller with a token.
    pub fn client(&self, token: &str) -> Client<'_> {
        Client { gateway: self, url: self.running.admin.clone(), token: Some(token.to_owned()) }
    }

    /// A browser on the same origin, without credentials.
    pub fn anonymous(&self) -> Client<'_> {
        Client { gateway: self, url: self.running.admin.clone(), token: None }
    }

    /// The super-admin `kong_admin`.
    pub fn root(&self) -> Client<'_> {
        self.client(ROOT)
    }

    /// A service account of `default` whose token is its name, with roles named `workspace:role`.
    pub async fn user_with(&self, name: &str, roles: &[&str]) -> Client<'_> {
        let root = self.root();
        root.create("/rbac/users", json!({ "name": name, "user_token": name })).await;
        for role in roles {
            let (workspace, role) = role.split_once(':').unwrap();
            root.create(&format!("/{workspace}/rbac/users/{name}/roles"), json!({ "roles": role })).await;
        }
        self.client(name)
    }

    /// A service account of `default` whose token is its name, with one role of rules (workspace, endpoint, actions);
    /// a `!` before the actions makes the rule negative.
    pub async fn user(&self, name: &str, rules: &[(&str, &str, &str)]) -> Client<'_> {
        self.role(&format!("role-of-{name}"), rules).await;
        self.user_with(name, &[&format!("default:role-of-{name}")]).await
    }

    /// A role of `default` with rules as [`Gateway::user`] takes them.
    pub async fn role(&self, name: &str, rules: &[(&str, &str, &str)]) {
        let root = self.root();
        root.create("/rbac/roles", json!({ "name": name })).await;
        for (workspace, endpoint, actions) in rules {
            let body = json!({
                "workspace": workspace, "endpoint": endpoint, "actions": actions.trim_start_matches('!'),
                "negative": actions.starts_with('!'),
            });
            root.create(&format!("/rbac/roles/{name}/endpoints"), body).await;
        }
    }

    /// An approved admin whose token is its name, with roles named `workspace:role`.
    pub async fn admin(&self, name: &str, roles: &[&str]) -> Client<'_> {
        let root = self.root();
        root.create("/admins", json!({ "username": name })).await;
        assert_eq!(root.patch(&format!("/admins/{name}"), json!({ "status": 0 })).await.status, 200);
        let token = root.patch(&format!("/rbac/users/{name}"), json!({ "user_token": name })).await;
        assert_eq!(token.status, 200, "{token:?}");
        for role in roles {
            let (workspace, role) = role.split_once(':').unwrap();
            root.create(&format!("/{workspace}/admins/{name}/roles"), json!({ "roles": role })).await;
        }
        self.client(name)
    }
}

/// What a small Kong answers: its paths, lists of three services in pages of two, and what reached it.
async fn kong(request: HttpRequest, hits: web::Data<AtomicUsize>) -> HttpResponse {
    hits.fetch_add(1, Ordering::Relaxed);
    match (request.method().as_str(), request.path(), request.query_string().contains("offset=second")) {
        ("GET", "/endpoints", _) => {
            HttpResponse::Ok().json(json!({ "data": ["/", "/services", "/services/{services}", "/frobnicate/{id}"] }))
        }
        ("GET", "/services", false) => {
            HttpResponse::Ok().json(json!({ "data": [{}, {}], "next": "/services?offset=second", "offset": "second" }))
        }
        ("GET", "/services", true) => HttpResponse::Ok().json(json!({ "data": [{}], "next": null })),
        ("GET", "/connection", _) => {
            let port = request.peer_addr().unwrap().port();
            HttpResponse::Ok().json(json!({ "data": [{ "port": port }], "next": null }))
        }
        ("GET", "/routes", _) => HttpResponse::Ok().json(json!({ "data": [], "next": null })),
        ("POST", path, _) => HttpResponse::Created().json(json!({ "target": path })),
        _ => HttpResponse::NotFound().json(json!({ "message": "Not found" })),
    }
}

/// A small Kong on a free port, with its counter; it lives as long as the test.
pub fn start_kong() -> (String, Arc<AtomicUsize>) {
    let hits = web::Data::new(AtomicUsize::new(0));
    let counter = hits.clone().into_inner();
    let (listener, url) = bind();
    let app = move || App::new().app_data(hits.clone()).default_service(web::to(kong));
    let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap().run();
    actix_web::rt::spawn(server);
    (url, counter)
}

/// Runs `test` on each database against a node whose settings `edit` changed.
pub async fn with_settings<F: AsyncFn(&Gateway)>(edit: impl Fn(&mut Settings), test: F) {
    for database in databases().await {
        let (kong, hits) = start_kong();
        bootstrap::first_super_admin(&database.store, &ROOT.to_owned().into(), NOW).await.unwrap();
        let mut settings = node::settings(&kong);
        settings.database = database.settings.clone();
        edit(&mut settings);
        let running = node::start(settings).await;
        let gateway = Gateway { running, store: database.store.clone(), hits, http: reqwest::Client::new() };
        test(&gateway).await;
        gateway.running.stop().await;
    }
}

/// Runs `test` on each database.
pub async fn with_gateway<F: AsyncFn(&Gateway)>(test: F) {
    with_settings(|_| {}, test).await;
}

/// Kong's words for a missing permission.
pub fn no_permission(name: &str, verb: &str) -> String {
    format!("{name}, you do not have permissions to {verb} this resource")
}
