//! A node in front of a Kong, an admin, and developers.

use actix_web::dev::ServerHandle;
use kong_sso::config::Settings;
use kong_sso::config::portal::PortalAuth;
use kong_sso::domain::developer::{Developer, DeveloperStatus, EmailAddress};
use kong_sso::domain::ids::DeveloperId;
use kong_sso::domain::time::UnixSeconds;
use kong_sso::services::applications::NewCredential;
use kong_sso::services::bootstrap;
use kong_sso::services::change::{Actor, Change};
use kong_sso::services::{Services, applications};
use kong_sso::store::{Store, developers, workspaces};
use serde_json::{Value, json};

use crate::own_doors::gateway::{Client, Gateway, ROOT};
use crate::portal::{Client as Portal, PASSWORD};
use crate::store::{NOW, databases};
use crate::support::kong::Kong;
use crate::support::node;

/// A developer's client of the portal's JSON API.
pub struct Session(Portal);

/// An answer of the portal.
#[derive(Debug)]
pub struct Said {
    pub status: u16,
    pub body: Value,
}

impl From<crate::support::browser::Reply> for Said {
    fn from(reply: crate::support::browser::Reply) -> Self {
        Self { status: reply.status, body: serde_json::from_str(&reply.text).unwrap_or_default() }
    }
}

impl Session {
    pub async fn get(&mut self, path: &str) -> Said {
        self.0.get(path).await.into()
    }

    pub async fn post(&mut self, path: &str, body: Value) -> Said {
        self.0.post(path, body).await.into()
    }

    pub async fn patch(&mut self, path: &str, body: Value) -> Said {
        self.0.patch(path, body).await.into()
    }

    pub async fn delete(&mut self, path: &str) -> Said {
        self.0.delete(path).await.into()
    }
}

/// What a test works with.
pub struct Desk {
    pub kong: Kong,
    pub gateway: Gateway,
    pub settings: Settings,
    /// URL of the portal's pages.
    pub pages: String,
    /// URL of the portal's JSON API.
    pub portal: String,
    handles: Vec<ServerHandle>,
}

/// Runs `test` on each database against a node whose settings `edit` changed.
pub async fn with_settings<F: AsyncFn(&Desk)>(edit: impl Fn(&mut Settings), test: F) {
    for database in databases().await {
        let kong = Kong::start();
        bootstrap::first_super_admin(&database.store, &ROOT.to_owned().into(), NOW).await.unwrap();
        let mut settings = node::settings(&kong.admin);
        settings.database = database.settings.clone();
        settings.audit.enabled = true;
        settings.audit.record_ttl = 86_400;
        let (gui, api) = (node::bind(), node::bind());
        settings.portal.enabled = true;
        settings.portal.gui_url = gui.1.clone();
        settings.portal.auth = Some(PortalAuth::Basic);
        settings.portal.session.secret = "a session secret of the portal tests".to_owned().into();
        edit(&mut settings);
        let running = node::start(settings.clone()).await;
        let servers =
            [running.node.serve_portal_gui(gui.0, None).unwrap(), running.node.serve_portal_api(api.0, None).unwrap()];
        let mut handles = Vec::new();
        for server in servers {
            handles.push(server.handle());
            actix_web::rt::spawn(server);
        }
        let gateway = Gateway::of(running, database.store.clone());
        let desk = Desk { kong, gateway, settings, pages: gui.1, portal: api.1, handles };
        test(&desk).await;
        for handle in &desk.handles {
            handle.stop(false).await;
        }
        desk.gateway.running.stop().await;
    }
}

/// Runs `test` on each database.
pub async fn with_desk<F: AsyncFn(&Desk)>(test: F) {
    with_settings(|_| {}, test).await;
}

impl Desk {
    pub fn admin(&self) -> Client<'_> {
        self.gateway.root()
    }

    /// A client of the portal in which a developer with that address is signed in; an admin made the account.
    pub async fn signed_in(&self, email: &str) -> Portal {
        let body = json!({ "email": email, "password": PASSWORD, "status": 0, "meta": { "full_name": "Ann Other" } });
        let made = self.admin().post("/developers", body).await;
        assert_eq!(made.status, 200, "{made:?}");
        let mut client = self.client();
        assert_eq!(client.log_in(email, PASSWORD).await.status, 204);
        client
    }

    /// The same, with answers as JSON.
    pub async fn session(&self, email: &str) -> Session {
        Session(self.signed_in(email).await)
    }

    /// A client of the portal of `default`.
    pub fn client(&self) -> Portal {
        Portal::at(&format!("{}/default", self.portal))
    }

    pub fn services(&self) -> &Services {
        self.gateway.running.node.services()
    }

    pub fn store(&self) -> &Store {
        &self.gateway.store
    }

    /// An approved developer of `default`.
    pub async fn developer(&self, name: &str) -> DeveloperId {
        let mut tx = self.store().write().await.unwrap();
        let default = workspaces::list(&mut tx).await.unwrap().into_iter().find(|it| it.name.is_default()).unwrap();
        let email = EmailAddress::parse(&format!("{name}@example.test")).unwrap();
        let developer = Developer::new(default.id, email, DeveloperStatus::Approved, UnixSeconds(0));
        developers::create(&mut tx, &developer).await.unwrap();
        tx.commit().await.unwrap();
        developer.id
    }

    /// A service of Kong, published; gives the API.
    pub async fn publish(&self, name: &str, more: Value) -> Value {
        let service = self.kong.service(name).await;
        self.publish_existing(&service, more).await
    }

    pub async fn publish_existing(&self, service: &str, more: Value) -> Value {
        let mut body = json!({ "service": { "id": service } });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.admin().create("/portal/apis", body).await
    }

    /// An application of a developer.
    pub async fn application(&self, developer: DeveloperId, name: &str) -> String {
        let made = self.admin().create(&format!("/developers/{developer}/applications"), json!({ "name": name })).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// A key of an application: its value and its id.
    pub async fn key(&self, developer: DeveloperId, application: &str) -> (String, String) {
        let actor = Actor::Developer { id: developer, request_id: "test" };
        let workspace = self.workspace().await;
        let reach = applications::Reach::developer(workspace, developer);
        let made =
            applications::credentials::create(self.services(), &actor, reach, application, NewCredential::default())
                .await
                .unwrap();
        (made.key.expose().to_owned(), made.credential.id.to_string())
    }

    pub async fn workspace(&self) -> kong_sso::domain::ids::WorkspaceId {
        let workspaces = self.services().access.workspaces().await.unwrap();
        workspaces.iter().find(|it| it.name.is_default()).unwrap().id
    }

    /// A contract of an application for an API.
    pub async fn contract(&self, application: &str, api: &Value) -> Value {
        let path = format!("/applications/{application}/application_instances");
        self.admin().create(&path, json!({ "service": { "id": api["service"]["id"] } })).await
    }

    /// Sets the status of a contract; gives it afterwards.
    pub async fn set(&self, contract: &Value, status: u8) -> Value {
        let path = format!("/application_instances/{}", contract["id"].as_str().unwrap());
        let reply = self.admin().patch(&path, json!({ "status": status })).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body
    }

    pub async fn read(&self, contract: &Value) -> Value {
        self.admin().get(&format!("/application_instances/{}", contract["id"].as_str().unwrap())).await.body
    }

    /// Waits until Kong guards a published API: the worker may have been faster than whoever published it.
    pub async fn guarded(&self, api: &Value) {
        let path = format!("/portal/apis/{}", api["id"].as_str().unwrap());
        let is_guarded = async || self.admin().get(&path).await.body["gateway"]["state"] == json!("in_sync");
        self.eventually("guarded", is_guarded).await;
    }

    /// Waits until `look` is satisfied with what it sees.
    pub async fn eventually(&self, what: &str, look: impl AsyncFn() -> bool) {
        for _ in 0..200 {
            if look().await {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("never: {what}");
    }

    /// What developers' accounts do in one transaction.
    pub async fn owner(&self, developer: DeveloperId, has_access: bool) {
        let mut change = Change::begin_sign_in(self.services(), "test").await.unwrap();
        match has_access {
            true => applications::owner_regained_access(&mut change, developer).await.unwrap(),
            false => applications::owner_lost_access(&mut change, developer).await.unwrap(),
        }
        change.commit().await.unwrap();
    }

    /// How many audit records of a kind there are of an entity.
    pub async fn audited(&self, kind: &str, id: &Value) -> Vec<Value> {
        let path = format!("/audit/objects?dao_name={kind}&entity_key={}", id.as_str().unwrap());
        let found = self.admin().get(&path).await;
        assert_eq!(found.status, 200, "{found:?}");
        found.body["data"].as_array().unwrap().clone()
    }
}
