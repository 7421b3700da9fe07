//! A whole site: a provider with real keys, an upstream that tells what reached it, and a node in front of it.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use kong_sso::config::Settings;
use kong_sso::config::auth_conf::{AdminAuthConf, AdminField, AdminMappingConf, SameSite, SessionConf};
use kong_sso::domain::claims::ClaimPath;
use kong_sso::domain::time::Clock;
use kong_sso::store::Store;
use serde_json::json;
use url::Url;

use super::browser::{Browser, Reply};
use super::database::Database;
use super::node::{self, Running, bind};
use super::op::{Op, User};

/// The site.
pub struct Site {
    pub op: Op,
    pub running: Running,
    pub store: Store,
    pub settings: Settings,
    upstream: ServerHandle,
}

/// Answers every request with what it received, as JSON or, for documents, as a page.
async fn echo(request: HttpRequest, body: web::Bytes) -> HttpResponse {
    if request.headers().get("accept").is_some_and(|accept| accept.as_bytes().starts_with(b"text/html")) {
        return HttpResponse::Ok()
            .content_type("text/html")
            .insert_header(("content-security-policy", "default-src 'none'"))
            .body("<title>Kong Manager</title>");
    }
    let headers: serde_json::Map<String, serde_json::Value> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), json!(String::from_utf8_lossy(value.as_bytes()))))
        .collect();
    HttpResponse::Ok().json(json!({
        "method": request.method().as_str(), "target": request.uri().to_string(), "headers": headers,
        "body": String::from_utf8_lossy(&body), "version": "3.9.1",
        "next": "/services?offset=x", "configuration": {"database": "postgres", "pg_host": "db"},
    }))
}

/// Starts a site on a database. `edit` changes the settings before the start; `admin_auth` is set in them.
pub async fn start(database: &Database, edit: impl FnOnce(&mut Settings)) -> Site {
    let shift = Arc::new(AtomicI64::new(0));
    let op = Op::start_with(Clock::Shifted(Arc::clone(&shift))).await;
    let (listener, upstream_url) = bind();
    let server = HttpServer::new(|| App::new().default_service(web::to(echo))).workers(1).disable_signals();
    let server = server.listen(listener).unwrap().run();
    let upstream = server.handle();
    actix_web::rt::spawn(server);
    let (admin, gui) = (bind(), bind());
    let mut settings = node::settings(&upstream_url);
    settings.upstream.gui_url = Some(upstream_url.parse().unwrap());
    settings.database = database.settings.clone();
    settings.gui.urls = vec![gui.1.parse().unwrap()];
    settings.login.bootstrap_groups = vec!["platform-admins".to_owned()];
    settings.admin_auth = Some(admin_auth(&op, &gui.1));
    edit(&mut settings);
    let running = node::start_with(settings.clone(), admin, gui, shift).await;
    Site { op, running, store: database.store.clone(), settings, upstream }
}

fn admin_auth(op: &Op, gui: &str) -> AdminAuthConf {
    let url = |path: &str| Url::parse(&format!("{gui}{path}")).unwrap();
    let mut relying_party = op.conf();
    relying_party.redirect_uri = vec![url("/_api/auth")];
    relying_party.logout_redirect_uri = vec![url("/")];
    let path = |name: &str| ClaimPath::new(vec![name.to_owned()]).unwrap();
    AdminAuthConf {
        relying_party,
        mapping: AdminMappingConf {
            admin_claim: path("email"),
            admin_by: vec![AdminField::Username, AdminField::CustomId],
            groups_claim: path("groups"),
            groups_delimiter: None,
            auto_create: true,
            auto_create_token_enabled: true,
        },
        session: SessionConf {
            secret: Some("a session secret of the tests".to_owned().into()),
            cookie_name: "kong_sso_session".to_owned(),
            cookie_domain: None,
            cookie_secure: false,
            cookie_same_site: SameSite::Lax,
            idling_timeout: 900,
            rolling_timeout: 3600,
            absolute_timeout: 86_400,
            transaction_cookie_name: "authorization".to_owned(),
            transaction_timeout: 600,
        },
        login_redirect_uri: vec![url("/")],
    }
}

impl Site {
    /// A browser at the GUI's origin.
    pub fn browser(&self) -> Browser {
        Browser::at(&self.running.gui)
    }

    /// Moves the clock of node and provider.
    pub fn later(&self, seconds: i64) {
        self.running.later(seconds);
    }

    /// Whom the provider signs in from now on: `claims` of `sub`.
    pub fn person(&self, sub: &str, claims: serde_json::Value) {
        self.op.change(|b| b.user = User::new(sub, claims));
    }

    /// Another node on the same store, with the same settings.
    pub async fn another_node(&self) -> Running {
        node::start_with(self.settings.clone(), bind(), bind(), self.running.clock()).await
    }

    /// Starts a login and returns the path and query of the provider's answer.
    pub async fn answer(&self, browser: &mut Browser, return_to: &str) -> String {
        let started = browser.navigate(&format!("/_api/auth{return_to}")).await;
        assert_eq!(started.status, 302, "{}", started.text);
        let query = self.op.sign_in(&Url::parse(started.location()).unwrap()).await;
        format!("/_api/auth?{query}")
    }

    /// Signs whoever the provider knows in; returns the answer of the callback.
    pub async fn sign_in(&self, browser: &mut Browser) -> Reply {
        let answer = self.answer(browser, "").await;
        browser.navigate(&answer).await
    }

    /// A browser that is signed in.
    pub async fn signed_in(&self) -> Browser {
        let mut browser = self.browser();
        let reply = self.sign_in(&mut browser).await;
        assert_eq!(reply.status, 302, "{}", reply.text);
        browser
    }

    pub async fn stop(self) {
        self.running.stop().await;
        self.upstream.stop(false).await;
    }
}
