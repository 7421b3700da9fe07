//! Callers without valid credentials fill no table; what others do is recorded meanwhile.

use std::time::{Duration, Instant};

use kong_sso::domain::audit::{RequestRecord, Verdict};

use super::{Audited, all_records};
use crate::admin_api::call;
use crate::store::databases;

const CALLS: usize = 300;

/// Calls without valid credentials, all at once.
async fn flood(audited: &Audited) {
    let url = format!("{}/rbac/users", audited.running.admin);
    let calls = (0..CALLS).map(|number| {
        let url = url.clone();
        async move {
            match number % 2 {
                0 => call("POST", url, &[("kong-admin-token", "wrong")], "{}").await,
                _ => call("GET", url, &[], "").await,
            }
        }
    });
    futures_util::future::join_all(calls).await;
}

/// How many records strangers may have left since `began`.
fn most_since(began: Instant) -> usize {
    62 + usize::try_from(began.elapsed().as_secs()).unwrap()
}

async fn suppressed(audited: &Audited) -> usize {
    let metrics = reqwest::get(format!("{}/metrics", audited.running.status)).await.unwrap().text().await.unwrap();
    let line = metrics.lines().find_map(|line| line.strip_prefix("kong_sso_audit_suppressed_total "));
    line.unwrap().parse().unwrap()
}

fn of_nobody(records: &[RequestRecord]) -> Vec<&RequestRecord> {
    records.iter().filter(|record| record.rbac_user_id.is_none()).collect()
}

/// The rule that tells of what has no record, once it is written.
async fn told(audited: &Audited) -> String {
    for _ in 0..100 {
        let now = audited.running.node.services().clock.now();
        let records = all_records(&audited.database.store, now).await;
        let mut rules = records.into_iter().filter_map(|record| record.rule);
        if let Some(rule) = rules.find(|rule| rule.contains("more requests without valid credentials")) {
            return rule;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing tells of the others");
}

#[actix_web::test]
async fn km_098_a_flood_of_strangers_leaves_few_records_and_one_that_counts_the_others() {
    for database in databases().await {
        let audited = Audited::start(database, |_| {}).await;
        let began = Instant::now();
        flood(&audited).await;
        for _ in 0..10 {
            assert_eq!(audited.call("GET", "/services", "root").await.status, 200);
            assert_eq!(audited.call("DELETE", "/services/x", "alex").await.status, 403);
        }
        let most = most_since(began);
        let lost = suppressed(&audited).await;
        audited.running.later(61);
        let rule = told(&audited).await;
        assert!(rule.starts_with(&format!("{lost} more requests")), "{rule} but {lost}");
        let records = audited.stop().await;
        let strangers = of_nobody(&records);
        assert_eq!(strangers.len() + lost, CALLS);
        assert!((61..=most).contains(&strangers.len()), "{} of at most {most}", strangers.len());
        assert!(strangers.iter().all(|record| record.verdict == Verdict::Unauthenticated));
        assert_eq!(records.len() - strangers.len(), 20, "everything that was done by somebody");
    }
}

#[actix_web::test]
async fn km_098_what_was_held_back_is_told_at_the_end_of_the_process() {
    for database in databases().await {
        let audited = Audited::start(database, |_| {}).await;
        flood(&audited).await;
        let lost = suppressed(&audited).await;
        let records = audited.stop().await;
        assert_eq!(records.len() + lost, CALLS);
        let told = |record: &&RequestRecord| record.rule.as_deref().is_some_and(|rule| rule.contains("left no record"));
        assert_eq!(records.iter().filter(told).count(), 1);
    }
}
