//! The status listener: health, version, metrics.

use std::time::Duration;

use actix_web::{App, HttpServer, web};
use kong_sso::services::bootstrap;
use serde_json::{Value, json};

use crate::admin_api::{add_user, call, echo};
use crate::store::{Database, NOW, databases};
use crate::support::node::{self, Running, bind};

async fn start(upstream: &str, database: &Database) -> Running {
    bootstrap::ensure_default(&database.store, NOW).await.unwrap();
    add_user(&database.store, "root", true, &[("*", "*", "*")]).await;
    let mut settings = node::settings(upstream);
    settings.database = database.settings.clone();
    settings.audit.enabled = true;
    settings.audit.record_ttl = 1000;
    node::start(settings).await
}

/// A Kong that answers everything with 200.
fn kong() -> (actix_web::dev::ServerHandle, String) {
    let (listener, url) = bind();
    let server = HttpServer::new(|| App::new().default_service(web::to(echo))).workers(1).disable_signals();
    let server = server.listen(listener).unwrap().run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    (handle, url)
}

async fn ask(running: &Running, path: &str) -> (u16, Value) {
    let reply = call("GET", format!("{}{path}", running.status), &[], "").await;
    (reply.status, reply.body)
}

#[actix_web::test]
async fn a_node_with_all_its_parts_is_live_and_ready() {
    for database in databases().await {
        let (kong, url) = kong();
        let running = start(&url, &database).await;
        assert_eq!(ask(&running, "/health/live").await, (200, json!({"live": true})));
        assert_eq!(
            ask(&running, "/health/ready").await,
            (
                200,
                json!({"ready": true, "failing": [], "store": "ok", "kong": "ok", "identity_provider": "off",
                    "audit_log": "ok", "gateway": "off"})
            )
        );
        let version = json!({"name": "kong-sso", "version": env!("CARGO_PKG_VERSION")});
        assert_eq!(ask(&running, "/version").await, (200, version));
        assert_eq!(ask(&running, "/services").await.0, 404);
        assert_eq!(ask(&running, "/").await.0, 404);
        let post = call("POST", format!("{}/metrics", running.status), &[], "").await;
        assert_eq!((post.status, post.headers["allow"].to_str().unwrap()), (405, "GET, HEAD"));
        assert_eq!(call("HEAD", format!("{}/health/ready", running.status), &[], "").await.status, 200);
        running.stop().await;
        kong.stop(false).await;
    }
}

#[actix_web::test]
async fn a_dead_kong_is_reported_and_does_not_make_a_node_unready() {
    for database in databases().await {
        let (unused, dead) = bind();
        drop(unused);
        let running = start(&dead, &database).await;
        let (status, body) = ask(&running, "/health/ready").await;
        assert_eq!((status, &body["kong"], &body["failing"]), (200, &json!("unreachable"), &json!([])));
        assert!(!body.to_string().contains("127.0.0.1"), "{body}");
        running.stop().await;
    }
}

#[actix_web::test]
async fn a_node_without_its_store_is_live_but_not_ready() {
    for database in databases().await {
        let (unused, dead) = bind();
        drop(unused);
        let running = start(&dead, &database).await;
        let store = running.node.services().store.clone();
        let mut taken = Vec::new();
        while let Ok(Ok(connection)) = tokio::time::timeout(Duration::from_millis(300), store.read()).await {
            taken.push(connection);
        }
        let asked_at = std::time::Instant::now();
        let (status, body) = ask(&running, "/health/ready").await;
        assert_eq!((status, &body["store"], &body["failing"]), (503, &json!("timeout"), &json!(["store"])));
        assert!(asked_at.elapsed() < Duration::from_secs(1), "a probe waits for a second only");
        drop(taken);
        assert_eq!(ask(&running, "/health/ready").await.0, 200);

        store.close().await;
        let (status, body) = ask(&running, "/health/ready").await;
        assert_eq!((status, &body["ready"], &body["store"]), (503, &json!(false), &json!("unreachable")));
        assert_eq!(ask(&running, "/health/live").await.0, 200);
        running.stop().await;
    }
}

#[actix_web::test]
async fn metrics_count_what_was_answered_and_tell_no_secret() {
    for database in databases().await {
        let (kong, url) = kong();
        let running = start(&url, &database).await;
        let admin = |path: &str| format!("{}{path}", running.admin);
        for _ in 0..3 {
            call("GET", admin("/services"), &[("kong-admin-token", "root")], "").await;
        }
        call("DELETE", admin("/services/x"), &[("kong-admin-token", "root")], "").await;
        call("GET", admin("/services"), &[("kong-admin-token", "a-wrong-token")], "").await;
        call("GET", format!("{}/services", running.gui), &[], "").await;
        running.node.services().audit.close().await;

        let response = reqwest::get(format!("{}/metrics", running.status)).await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        let text = response.text().await.unwrap();
        for line in [
            "kong_sso_requests_total{door=\"admin-api\",method=\"GET\",status=\"2xx\",verdict=\"allowed\"} 3",
            "kong_sso_requests_total{door=\"admin-api\",method=\"DELETE\",status=\"2xx\",verdict=\"allowed\"} 1",
            "kong_sso_requests_total{door=\"admin-api\",method=\"GET\",status=\"4xx\",verdict=\"unauthenticated\"} 1",
            "kong_sso_requests_total{door=\"documents\",method=\"GET\",status=\"2xx\",verdict=\"none\"} 1",
            "kong_sso_upstream_seconds_count{outcome=\"answered\"} 4",
            "kong_sso_upstream_seconds_count{outcome=\"unreachable\"} 0",
            "kong_sso_audit_written_total 5",
            "kong_sso_audit_queue_length 0",
            "kong_sso_audit_write_failures_total 0",
            "# TYPE kong_sso_requests_total counter",
        ] {
            assert!(text.lines().any(|printed| printed == line), "{line} is missing in\n{text}");
        }
        assert!(!text.contains("wrong-token") && !text.contains("root"), "{text}");
        running.stop().await;
        kong.stop(false).await;
    }
}
