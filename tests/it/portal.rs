//! The developer portal through its listeners, on both databases: JSON API, pages, admin doors, mails.

mod accounts;
mod admin;
mod admin_pages;
mod configuration;
mod login;
mod mail;

mod pages;
pub(crate) mod sso;
mod sso_accounts;
mod sso_admin;
mod sso_teams;
mod sso_workspaces;
mod verification;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use kong_sso::config::Settings;
use kong_sso::config::portal::PortalAuth;
use kong_sso::domain::developer::EmailAddress;
use kong_sso::store::Store;
use serde_json::{Value, json};

use crate::admin_api::add_user;
use crate::store::{Database, databases};
use crate::support::browser::Reply;
use crate::support::node::{self, Running, bind};
use crate::support::page_browser;

pub(crate) const PASSWORD: &str = "a good password";

/// A node with its portal, and the directory that its mails are written to.
pub(crate) struct Scene {
    pub(crate) running: Running,
    pub(crate) store: Store,
    /// URL of the pages' listener.
    pub(crate) gui: String,
    /// URL of the JSON API's listener.
    pub(crate) api: String,
    outbox: tempfile::TempDir,
    handles: Vec<ServerHandle>,
}

/// A mail as it was written.
#[derive(Debug)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
}

impl Mail {
    /// The token of the link to a page.
    pub(crate) fn token(&self, page: &str) -> String {
        let begin = format!("{page}?token=");
        let at = self.text.find(&begin).unwrap_or_else(|| panic!("no {page} in {}", self.text)) + begin.len();
        self.text[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
    }
}

/// Runs `test` on each database; `change` edits the settings.
pub(crate) async fn with_portal<F: AsyncFn(&Scene)>(change: impl Fn(&mut Settings), test: F) {
    for database in databases().await {
        let scene = start(&database, &change).await;
        test(&scene).await;
        scene.stop().await;
    }
}

/// The portal with its usual settings: basic-auth, an admin who is told, mails into files.
pub(crate) async fn start(database: &Database, change: &impl Fn(&mut Settings)) -> Scene {
    let (gui, api) = (bind(), bind());
    let outbox = tempfile::tempdir().unwrap();
    let mut settings = node::settings("http://127.0.0.1:9");
    settings.database = database.settings.clone();
    settings.mail.outbox = Some(outbox.path().to_owned());
    settings.portal.enabled = true;
    settings.portal.gui_url = gui.1.clone();
    settings.portal.auth = Some(PortalAuth::Basic);
    settings.portal.session.secret = "a session secret of the portal tests".to_owned().into();
    settings.portal.mails.admins = vec![EmailAddress::parse("boss@example.com").unwrap()];
    change(&mut settings);
    kong_sso::services::bootstrap::ensure_default(&database.store, crate::store::NOW).await.unwrap();
    add_user(&database.store, "root", true, &[("*", "*", "create,read,update,delete")]).await;
    let running = node::start(settings).await;
    let servers =
        [running.node.serve_portal_gui(gui.0, None).unwrap(), running.node.serve_portal_api(api.0, None).unwrap()];
    let mut handles = Vec::new();
    for server in servers {
        handles.push(server.handle());
        actix_web::rt::spawn(server);
    }
    Scene { running, store: database.store.clone(), gui: gui.1, api: api.1, outbox, handles }
}

impl Scene {
    /// A client of the JSON API of `default`.
    pub(crate) fn client(&self) -> Client {
        self.client_of("default")
    }

    pub(crate) fn client_of(&self, workspace: &str) -> Client {
        Client::at(&format!("{}/{workspace}", self.api))
    }

    /// A browser at the pages.
    pub(crate) fn browser(&self) -> page_browser::Browser {
        page_browser::Browser::new(&self.gui)
    }

    /// A call of the Admin API by a user whose token is its name.
    pub(crate) async fn admin_as(&self, token: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.running.admin);
        let request = reqwest::Client::new().request(method.parse().unwrap(), url).header("kong-admin-token", token);
        let request = if body.is_null() {
            request
        } else {
            request.header("content-type", "application/json").body(body.to_string())
        };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// The same by somebody who may do everything.
    pub(crate) async fn admin(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.admin_as("root", method, path, body).await
    }

    /// Registers somebody in `default` by the JSON API.
    pub(crate) async fn register(&self, email: &str) -> Value {
        let reply = self.client().post("/register", registration(email)).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()
    }

    /// An approved developer.
    pub(crate) async fn developer(&self, email: &str) {
        let body = json!({"email": email, "password": PASSWORD, "status": 0, "meta": {"full_name": "Ann Other"}});
        let (status, made) = self.admin("POST", "/developers", body).await;
        assert_eq!(status, 200, "{made}");
    }

    /// A client in which a developer is signed in.
    pub(crate) async fn signed_in(&self, email: &str) -> Client {
        let mut client = self.client();
        let reply = client.log_in(email, PASSWORD).await;
        assert_eq!(reply.status, 204, "{}", reply.text);
        client
    }

    /// Sends what waits, and returns every mail so far, the oldest first.
    pub(crate) async fn mails(&self) -> Vec<Mail> {
        // The worker of the node may be at it: nothing is left once the queue is empty.
        for _ in 0..100 {
            self.running.node.services().deliver_mails().await.unwrap();
            let mut connection = self.store.read().await.unwrap();
            if kong_sso::store::mails::count(&mut connection).await.unwrap().0 == 0 {
                break;
            }
            drop(connection);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut files: Vec<PathBuf> = std::fs::read_dir(self.outbox.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|kind| kind == "eml"))
            .collect();
        files.sort();
        files.iter().map(|path| read_mail(&std::fs::read_to_string(path).unwrap())).collect()
    }

    /// Mails to one address.
    pub(crate) async fn mails_to(&self, email: &str) -> Vec<Mail> {
        self.mails().await.into_iter().filter(|mail| mail.to == email).collect()
    }

    pub(crate) async fn stop(self) {
        for handle in &self.handles {
            handle.stop(false).await;
        }
        self.running.stop().await;
    }
}

/// What a registration says.
pub(crate) fn registration(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "meta": "{\"full_name\":\"Ann Other\"}"})
}

fn read_mail(raw: &str) -> Mail {
    let header = |name: &str| {
        let line = raw.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")));
        line.map(|line| line[name.len() + 1..].trim().to_owned()).unwrap_or_default()
    };
    let plain = raw.split("text/plain").nth(1).unwrap_or_default();
    let plain = plain.split("text/html").next().unwrap_or_default();
    // Quoted-printable, as far as ASCII needs it.
    let text = plain.replace("=\r\n", "").replace("=3D", "=");
    Mail { to: header("to"), subject: header("subject"), text }
}

/// A client of the JSON API: keeps cookies, and says nothing of an origin unless told to.
pub(crate) struct Client {
    base: String,
    pub(crate) cookies: BTreeMap<String, String>,
    http: reqwest::Client,
}

impl Client {
    pub(crate) fn at(base: &str) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { base: base.to_owned(), cookies: BTreeMap::new(), http }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Reply {
        self.send("GET", path, &[], None).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: Value) -> Reply {
        self.send("POST", path, &[("content-type", "application/json")], Some(body.to_string())).await
    }

    pub(crate) async fn patch(&mut self, path: &str, body: Value) -> Reply {
        self.send("PATCH", path, &[("content-type", "application/json")], Some(body.to_string())).await
    }

    pub(crate) async fn delete(&mut self, path: &str) -> Reply {
        self.send("DELETE", path, &[], None).await
    }

    pub(crate) async fn log_in(&mut self, email: &str, password: &str) -> Reply {
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{email}:{password}"));
        self.send("GET", "/auth", &[("authorization", &format!("Basic {encoded}"))], None).await
    }

    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Reply {
        let mut request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", pairs.join("; "));
        }
        let response = request.body(body.unwrap_or_default()).send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for line in headers.get_all("set-cookie") {
            let (pair, attributes) = line.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            match attributes.contains("Max-Age=0") {
                true => drop(self.cookies.remove(name)),
                false => drop(self.cookies.insert(name.to_owned(), value.to_owned())),
            }
        }
        Reply { status, headers, text: response.text().await.unwrap() }
    }
}
