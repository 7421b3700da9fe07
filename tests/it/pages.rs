//! The admin pages through the GUI's listener, with a sign-in at a real provider.

mod audit;
mod explain;
mod listing;
mod people;
mod rights;
mod security;
mod session;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use kong_sso::store::Store;
use serde_json::json;

use crate::support::database::databases;
use crate::support::node::{self, Running, bind};
use crate::support::op::{Op, User};
use crate::support::page_browser::Browser;

/// A node with a provider and a small Kong.
pub struct Scene {
    pub op: Op,
    pub running: Running,
    pub store: Store,
}

impl Scene {
    /// A browser in which somebody with these groups has signed in.
    pub async fn signed_in(&self, name: &str, groups: &[&str]) -> Browser {
        let browser = self.browser();
        browser.sign_in(&self.op, person(name, groups), "/_sso/").await;
        browser
    }

    /// A browser that knows nobody.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.running.gui)
    }

    /// A browser of a super-admin.
    pub async fn root(&self) -> Browser {
        self.signed_in("root", &["platform-admins"]).await
    }
}

/// Somebody at the provider.
pub fn person(name: &str, groups: &[&str]) -> User {
    User::new(&format!("{name}-id"), json!({"email": format!("{name}@example.com"), "groups": groups}))
}

/// Runs `test` on each database.
pub async fn with_scene<F: AsyncFn(&Scene)>(test: F) {
    with_changed_scene(|_| {}, test).await;
}

/// The same with other settings.
pub async fn with_changed_scene<F: AsyncFn(&Scene)>(change: impl Fn(&mut kong_sso::config::Settings), test: F) {
    for database in databases().await {
        let (kong_listener, kong_url) = bind();
        let kong = HttpServer::new(|| App::new().default_service(web::to(small_kong)));
        let kong = kong.workers(1).disable_signals().listen(kong_listener).unwrap().run();
        let handle = kong.handle();
        actix_web::rt::spawn(kong);
        let op = Op::start().await;
        let (admin, gui) = (bind(), bind());
        let mut settings = node::settings(&kong_url);
        settings.admin_auth = Some(node::admin_auth(&op, &gui.1));
        settings.login.bootstrap_groups = vec!["platform-admins".to_owned()];
        settings.audit.enabled = true;
        settings.audit.record_ttl = 3600;
        settings.upstream.workspace_upstreams =
            vec![kong_sso::config::settings::UpstreamRule::Host("127.0.0.1".to_owned(), None)];
        settings.upstream.gui_url = Some(kong_url.parse().unwrap());
        settings.database = database.settings.clone();
        change(&mut settings);
        let running = node::start_at(settings, admin, gui).await;
        let scene = Scene { op, running, store: database.store.clone() };
        test(&scene).await;
        scene.running.stop().await;
        handle.stop(false).await;
    }
}

/// Kong with two services.
async fn small_kong(request: HttpRequest) -> HttpResponse {
    let body = match request.path() {
        "/" => json!({"version": "3.9.3", "tagline": "Welcome to kong"}),
        "/services" => json!({"data": [{"id": "1"}, {"id": "2"}], "next": null}),
        "/endpoints" => json!({"data": ["/", "/services", "/services/{services}"]}),
        _ => json!({"data": [], "next": null}),
    };
    HttpResponse::Ok().json(body)
}
