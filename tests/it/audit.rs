//! The audit log through real listeners: what is recorded, that nothing of it is lost, and how it is read.

mod flood;
mod outage;
mod reading;
mod sign_in;

use std::collections::BTreeSet;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use kong_sso::config::Settings;
use kong_sso::domain::audit::{RequestRecord, Verdict};
use kong_sso::domain::ids::WorkspaceName;
use kong_sso::store::audit_requests::{self, RequestFilter};
use kong_sso::store::{Page, Store, roles, workspaces};
use serde_json::Value;

use crate::admin_api::{Reply, add_user, call, echo};
use crate::store::{Database, NOW, databases};
use crate::support::node::{self, Running, bind};

/// A node with the audit log on, in front of an upstream that answers everything with 200. `root` may do everything,
/// `pat` everything in `payments`, `alex` may read services.
struct Audited {
    running: Running,
    database: Database,
    upstream: ServerHandle,
}

impl Audited {
    async fn start(database: Database, change: impl FnOnce(&mut Settings)) -> Self {
        let (listener, url) = bind();
        let upstream = HttpServer::new(|| App::new().default_service(web::to(echo))).workers(1).disable_signals();
        let upstream = upstream.listen(listener).unwrap().run();
        let handle = upstream.handle();
        actix_web::rt::spawn(upstream);
        let mut tx = database.store.write().await.unwrap();
        for name in ["default", "payments"] {
            let workspace = workspaces::new(WorkspaceName::parse(name).unwrap(), NOW);
            workspaces::create(&mut tx, &workspace).await.unwrap();
            roles::install_built_ins(&mut tx, &workspace, NOW).await.unwrap();
        }
        tx.commit().await.unwrap();
        add_user(&database.store, "root", true, &[("*", "*", "*")]).await;
        add_user(&database.store, "pat", true, &[("payments", "*", "*")]).await;
        add_user(&database.store, "alex", true, &[("default", "/services/*", "read")]).await;
        let mut settings = node::settings(&url);
        settings.database = database.settings.clone();
        settings.audit.enabled = true;
        settings.audit.record_ttl = 1000;
        change(&mut settings);
        Self { running: node::start(settings).await, database, upstream: handle }
    }

    async fn call(&self, method: &str, path: &str, token: &str) -> Reply {
        call(method, format!("{}{path}", self.running.admin), &[("kong-admin-token", token)], "").await
    }

    /// The log as `root` reads it.
    async fn read(&self, path: &str) -> Value {
        let reply = self.call("GET", path, "root").await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        reply.body
    }

    /// The record of an answer, once it is written.
    async fn record_of(&self, reply: &Reply) -> RequestRecord {
        let id = reply.headers["x-kong-admin-request-id"].to_str().unwrap().to_owned();
        let now = self.running.node.services().clock.now();
        for _ in 0..100 {
            let mut connection = self.database.store.read().await.unwrap();
            if let Some(kept) = audit_requests::find_request(&mut connection, &id, now).await.unwrap() {
                return kept.record;
            }
            drop(connection);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no record of {id}");
    }

    /// Ends the node; returns every record that is then in the store.
    async fn stop(self) -> Vec<RequestRecord> {
        let now = self.running.node.services().clock.now();
        self.running.stop().await;
        self.upstream.stop(false).await;
        all_records(&self.database.store, now).await
    }
}

async fn all_records(store: &Store, now: kong_sso::domain::time::UnixSeconds) -> Vec<RequestRecord> {
    let (mut records, mut offset) = (Vec::new(), None);
    let mut connection = store.read().await.unwrap();
    loop {
        let page = Page::new(1000, offset.as_deref()).unwrap();
        let filter = RequestFilter::default();
        let paged = audit_requests::list_requests(&mut connection, &filter, &page, now).await.unwrap();
        records.extend(paged.items.into_iter().map(|kept| kept.record));
        offset = paged.offset;
        if offset.is_none() {
            return records;
        }
    }
}

fn request_id(reply: &Reply) -> String {
    reply.headers["x-kong-admin-request-id"].to_str().unwrap().to_owned()
}

fn ids(records: &[RequestRecord]) -> BTreeSet<String> {
    records.iter().map(|record| record.request_id.clone()).collect()
}

#[actix_web::test]
async fn km_095_a_request_leaves_a_record_under_the_id_of_its_answer() {
    for database in databases().await {
        let audited = Audited::start(database, |_| {}).await;
        let reply = audited.call("GET", "/status?x=1", "root").await;
        let id = request_id(&reply);
        let record = audited.record_of(&reply).await;
        assert_eq!((record.request_id.as_str(), record.request_id.len()), (id.as_str(), 32));
        assert_eq!((record.method.as_str(), record.path.as_str(), record.status), ("GET", "/status?x=1", 200));
        assert_eq!((record.client_ip.as_str(), record.rbac_user_name.as_deref()), ("127.0.0.1", Some("root")));
        assert_eq!((record.verdict, record.request_source.as_deref()), (Verdict::Allowed, None));
        let workspaces = audited.running.node.services().access.workspaces().await.unwrap();
        let default = workspaces.iter().find(|workspace| workspace.name.is_default()).unwrap();
        assert_eq!(record.workspace, Some(default.id.to_string()));
        audited.stop().await;
    }
}

#[actix_web::test]
async fn km_098_a_denied_request_is_recorded_with_its_user_and_the_missing_rule() {
    for database in databases().await {
        let audited = Audited::start(database, |_| {}).await;
        let denied = audited.call("DELETE", "/services/foo", "alex").await;
        let record = audited.record_of(&denied).await;
        assert_eq!((denied.status, record.status, record.verdict), (403, 403, Verdict::Denied));
        assert_eq!(record.rbac_user_name.as_deref(), Some("alex"));
        let rule = record.rule.unwrap();
        assert!(rule.contains("/services/* in default: allow read") && rule.contains("role-of-alex"), "{rule}");

        let stranger = audited.call("GET", "/payments/services", "wrong").await;
        let record = audited.record_of(&stranger).await;
        assert_eq!((record.status, record.verdict, record.rbac_user_name), (401, Verdict::Unauthenticated, None));
        assert_eq!(record.path, "/payments/services");

        let odd = audited.call("GET", "/a%5Cb", "root").await;
        let record = audited.record_of(&odd).await;
        assert_eq!((record.status, record.path.as_str()), (400, "/a%5Cb"));

        let odd = call("GET", format!("{}/_api/a%5Cb", audited.running.gui), &[], "").await;
        let record = audited.record_of(&odd).await;
        assert_eq!((odd.status, record.status, record.path.as_str()), (400, 400, "/a%5Cb"));
        audited.stop().await;
    }
}

#[actix_web::test]
async fn km_097_requests_leave_records_by_kongs_truth_table() {
    let ignored = [
        "/status",
        "/status/",
        "/foo",
        "/foo/",
        "/services",
        "/services/example/",
        "/one/services/two",
        "/one/test/two",
        "/routes",
        "/plugins/routes",
        "/one/routes/two",
        "/upstreams/",
    ];
    let kept = ["/example/services", "/routes/plugins", "/one/two", "/routes/", "/upstreams", "/one///two"];
    for database in databases().await {
        let audited = Audited::start(database, |settings| {
            let patterns = ["/foo", "/status", "^/services", "/routes$", "/one/.+/two", "/upstreams/"];
            settings.audit.ignore_paths = patterns.map(|pattern| regex::Regex::new(pattern).unwrap()).to_vec();
            settings.audit.ignore_methods = vec!["PATCH".to_owned()];
        })
        .await;
        for path in ignored.iter().chain(&kept) {
            audited.call("GET", path, "root").await;
        }
        audited.call("PATCH", "/example", "root").await;
        audited.call("PATCH", "/payments/rbac/roles/x", "root").await;
        audited.call("GET", "/payments/services", "root").await;
        let mut recorded: Vec<_> =
            audited.stop().await.into_iter().map(|record| format!("{} {}", record.method, record.path)).collect();
        recorded.reverse();
        let expected = [
            "GET /example/services",
            "GET /routes/plugins",
            "GET /one/two",
            "GET /routes/",
            "GET /upstreams",
            "GET /one/two",
            "PATCH /payments/rbac/roles/x",
            "GET /payments/services",
        ];
        assert_eq!(recorded, expected);
    }
}

#[actix_web::test]
async fn km_095_without_audit_log_nothing_is_recorded() {
    for database in databases().await {
        let audited = Audited::start(database, |settings| settings.audit.enabled = false).await;
        audited.call("GET", "/services", "root").await;
        assert!(audited.stop().await.is_empty());
    }
}

#[actix_web::test]
async fn a_node_that_is_dropped_leaves_no_worker_behind() {
    for database in databases().await {
        let audited = Audited::start(database, |_| {}).await;
        let last = request_id(&audited.call("GET", "/services", "root").await);
        let now = audited.running.node.services().clock.now();
        let services = std::sync::Arc::downgrade(audited.running.node.services());
        audited.running.forget().await;
        for _ in 0..100 {
            if services.strong_count() == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(services.strong_count(), 0);
        // The worker ended after it had written what was there.
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(ids(&all_records(&audited.database.store, now).await).contains(&last));
        audited.upstream.stop(false).await;
    }
}
