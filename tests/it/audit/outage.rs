//! What happens while records cannot be written, and at the end of a node.

use kong_sso::config::settings::DatabaseSettings;
use kong_sso::store::Transaction;
use serde_json::json;

use super::*;

/// Keeps everybody else from writing records until it is dropped.
async fn lock(database: &Database) -> Transaction {
    let mut transaction = database.another_node().await.write().await.unwrap();
    if matches!(database.settings, DatabaseSettings::Postgres(_)) {
        sqlx::query("LOCK TABLE audit_requests IN EXCLUSIVE MODE").execute(&mut *transaction).await.unwrap();
    }
    transaction
}

/// Calls again and again until the answer has `status`; returns every answer.
async fn call_until(audited: &Audited, method: &str, status: u16) -> Vec<Reply> {
    let mut replies = Vec::new();
    for _ in 0..300 {
        replies.push(audited.call(method, "/services", "root").await);
        if replies.last().unwrap().status == status {
            return replies;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{method} never got {status}");
}

#[actix_web::test]
async fn an_outage_refuses_changes_lets_reads_through_and_loses_nothing() {
    for database in databases().await {
        let audited = Audited::start(database, |_| {}).await;
        let mut replies = vec![audited.call("POST", "/services", "root").await];
        let held = lock(&audited.database).await;
        replies.extend(call_until(&audited, "POST", 503).await);
        let refused = replies.last().unwrap();
        assert_eq!(refused.body, json!({"message": "audit log unavailable"}));
        assert_eq!(refused.headers["retry-after"].to_str().unwrap(), "2");
        let read = audited.call("GET", "/services", "root").await;
        assert_eq!(read.status, 200);
        replies.push(read);
        drop(held);
        replies.extend(call_until(&audited, "POST", 200).await);
        let metrics = audited.running.node.services().metrics.render();
        assert!(
            !metrics.contains("kong_sso_audit_queue_length 0\n") || metrics.contains("kong_sso_audit_lost_total 0")
        );
        let records = audited.stop().await;
        assert_eq!(records.len(), replies.len());
        assert_eq!(ids(&records), replies.iter().map(request_id).collect());
    }
}

#[actix_web::test]
async fn an_outage_refuses_nothing_when_the_log_fails_open() {
    for database in databases().await {
        let audited = Audited::start(database, |settings| settings.audit.fail_closed = false).await;
        let held = lock(&audited.database).await;
        audited.call("GET", "/services", "root").await;
        for _ in 0..200 {
            if audited.running.node.services().audit.is_behind() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(audited.running.node.services().audit.is_behind());
        assert_eq!(audited.call("POST", "/services", "root").await.status, 200);
        drop(held);
        assert_eq!(audited.stop().await.len(), 2);
    }
}

#[actix_web::test]
async fn what_waits_at_the_end_is_written_before_it() {
    for database in databases().await {
        let audited = Audited::start(database, |_| {}).await;
        let mut expected = BTreeSet::new();
        for number in 0..50 {
            expected.insert(request_id(&audited.call("GET", &format!("/services/{number}"), "root").await));
        }
        // Even when the store cannot be written at the moment of the end.
        let held = lock(&audited.database).await;
        expected.insert(request_id(&audited.call("GET", "/last", "root").await));
        actix_web::rt::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(held);
        });
        assert_eq!(ids(&audited.stop().await), expected);
    }
}
