//! The bounded queue of the audit log and its one writer. A record leaves the queue when its transaction is committed,
//! so an attempt that fails, hangs or is cancelled loses nothing; keys made beforehand make a repetition harmless.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::domain::audit::RequestRecord;
use crate::domain::time::Clock;
use crate::metrics::AuditMeters;
use crate::store::audit_requests::{self, NewRecord};
use crate::store::{Store, StoreError, audit};
use crate::telemetry::chain;

/// How long records gather before they are written.
const GATHER: Duration = Duration::from_millis(200);
/// How many are written in one transaction.
const BATCH: usize = 500;
/// How long a write may take before records count as not kept.
const SLOW: Duration = Duration::from_secs(2);
/// How long it may go on after that, until it is given up and repeated.
const LONGEST: Duration = Duration::from_secs(13);
/// Longest pause before a failed write is repeated.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long the end of the process waits for the last records.
const CLOSE_WITHIN: Duration = Duration::from_secs(10);
/// Seconds between two removals of expired records.
const PURGE_EVERY: i64 = 60;

/// Why a batch was not written.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("the store did not answer in time")]
    TimedOut,
}

/// The queue and what writes it.
pub(super) struct Writer {
    store: Store,
    clock: Clock,
    ttl: i64,
    capacity: usize,
    meters: AuditMeters,
    waiting: Mutex<VecDeque<NewRecord>>,
    /// What is being written. Whoever holds it is the writer.
    batch: tokio::sync::Mutex<Vec<NewRecord>>,
    /// Records in `waiting` and `batch`.
    length: AtomicUsize,
    is_failing: AtomicBool,
    is_losing: AtomicBool,
    is_ended: AtomicBool,
    full: Notify,
    ended: Notify,
    purged_at: AtomicI64,
}

impl Writer {
    pub(super) fn new(store: Store, clock: Clock, ttl: i64, capacity: usize, meters: AuditMeters) -> Self {
        Self {
            store,
            clock,
            ttl,
            capacity,
            meters,
            waiting: Mutex::default(),
            batch: tokio::sync::Mutex::default(),
            length: AtomicUsize::new(0),
            is_failing: AtomicBool::new(false),
            is_losing: AtomicBool::new(false),
            is_ended: AtomicBool::new(false),
            full: Notify::new(),
            ended: Notify::new(),
            purged_at: AtomicI64::new(0),
        }
    }

    /// Whether the queue is full or the last write failed.
    pub(super) fn is_behind(&self) -> bool {
        self.is_failing.load(Ordering::Acquire) || self.length.load(Ordering::Acquire) >= self.capacity
    }

    /// Queues a record, or drops it when `limit` of them wait already.
    pub(super) fn push(&self, record: RequestRecord, limit: usize) {
        let mut waiting = self.waiting();
        let length = self.length.load(Ordering::Acquire);
        if length >= limit {
            drop(waiting);
            self.meters.lost.increment(1);
            if !self.is_losing.swap(true, Ordering::AcqRel) {
                tracing::error!(waiting = length, "the queue of audit records is full: some requests leave no record");
            }
            return;
        }
        waiting.push_back(NewRecord::of(record));
        self.length.fetch_add(1, Ordering::AcqRel);
        self.meters.queue.increment(1);
        if waiting.len() >= BATCH {
            self.full.notify_one();
        }
    }

    /// Held for a few instructions, never while waiting.
    fn waiting(&self) -> MutexGuard<'_, VecDeque<NewRecord>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes until [`Writer::end_work`].
    pub(super) async fn work(&self) {
        let mut pause = GATHER;
        while !self.is_ended.load(Ordering::Acquire) {
            tokio::select! {
                () = sleep(pause) => {}
                () = self.full.notified(), if pause == GATHER => {}
                () = self.ended.notified() => {}
            }
            let is_written = self.write_all().await.is_ok();
            pause = if is_written { GATHER } else { LONGEST_PAUSE.min(pause * 2) };
        }
        // Of a log that was dropped, nobody writes the rest but this.
        let _ = self.write_all().await;
    }

    pub(super) fn end_work(&self) {
        self.is_ended.store(true, Ordering::Release);
        self.ended.notify_one();
    }

    /// Ends the work and writes what is left.
    pub(super) async fn close(&self) {
        self.end_work();
        let write_rest = async {
            while self.write_all().await.is_err() {
                sleep(GATHER).await;
            }
        };
        let _ = timeout(CLOSE_WITHIN, write_rest).await;
        let left = self.length.load(Ordering::Acquire);
        if left > 0 {
            tracing::error!(left, "audit records could not be written before the end and are lost");
        }
    }

    /// Writes batch by batch until nothing waits, or one fails.
    async fn write_all(&self) -> Result<(), WriteError> {
        let mut batch = self.batch.lock().await;
        loop {
            if batch.is_empty() {
                let mut waiting = self.waiting();
                let count = waiting.len().min(BATCH);
                batch.extend(waiting.drain(..count));
            }
            if batch.is_empty() {
                return Ok(());
            }
            self.write(&batch).await?;
            self.length.fetch_sub(batch.len(), Ordering::AcqRel);
            self.meters.queue.decrement(batch.len() as f64);
            self.meters.written.increment(batch.len() as u64);
            batch.clear();
            self.purge().await;
        }
    }

    /// One attempt. It counts as failed as soon as it is slow, so that changes do not pile up behind a store that hangs.
    async fn write(&self, batch: &[NewRecord]) -> Result<(), WriteError> {
        let mut attempt = std::pin::pin!(self.store_batch(batch));
        let outcome = match timeout(SLOW, &mut attempt).await {
            Ok(outcome) => outcome,
            Err(_) => {
                self.note_failure(&WriteError::TimedOut);
                timeout(LONGEST, attempt).await.unwrap_or(Err(WriteError::TimedOut))
            }
        };
        match &outcome {
            Ok(()) => self.note_success(),
            Err(error) => {
                self.meters.failures.increment(1);
                self.note_failure(error);
            }
        }
        outcome
    }

    async fn store_batch(&self, batch: &[NewRecord]) -> Result<(), WriteError> {
        let mut transaction = self.store.write().await?;
        audit_requests::create_all(&mut transaction, batch, self.ttl).await?;
        Ok(transaction.commit().await?)
    }

    fn note_failure(&self, error: &WriteError) {
        if !self.is_failing.swap(true, Ordering::AcqRel) {
            tracing::error!(error = %chain(error), "audit records cannot be written; trying again");
        }
    }

    fn note_success(&self) {
        self.is_losing.store(false, Ordering::Release);
        if self.is_failing.swap(false, Ordering::AcqRel) {
            tracing::info!("audit records are written again");
        }
    }

    /// Removes expired records now and then (kong-manager.md 7.5). A failure costs nothing: reads leave them out.
    async fn purge(&self) {
        let now = self.clock.now();
        if now.0 - self.purged_at.load(Ordering::Relaxed) < PURGE_EVERY {
            return;
        }
        self.purged_at.store(now.0, Ordering::Relaxed);
        let purge = async {
            let mut transaction = self.store.write().await?;
            audit::purge_expired(&mut transaction, now).await?;
            transaction.commit().await
        };
        if let Ok(Err(error)) = timeout(LONGEST, purge).await {
            tracing::warn!(error = %error, "expired audit records could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::settings::DatabaseSettings;
    use crate::domain::audit::Verdict;
    use crate::domain::time::UnixSeconds;
    use crate::metrics::Metrics;
    use crate::store::audit_requests::RequestFilter;
    use crate::store::migrations;

    const TTL: i64 = 100;

    fn record(at: UnixSeconds) -> RequestRecord {
        RequestRecord {
            request_id: "0".repeat(32),
            client_ip: "192.0.2.1".to_owned(),
            method: "GET".to_owned(),
            path: "/services".to_owned(),
            rbac_user_id: None,
            rbac_user_name: None,
            request_source: None,
            request_timestamp: at,
            status: 200,
            workspace: None,
            verdict: Verdict::Allowed,
            rule: None,
        }
    }

    struct Bench {
        settings: DatabaseSettings,
        metrics: Metrics,
        writer: Writer,
        _directory: tempfile::TempDir,
    }

    async fn bench(capacity: usize) -> Bench {
        let directory = tempfile::tempdir().unwrap();
        let settings = DatabaseSettings::Sqlite(directory.path().join("audit.db"));
        let store = Store::connect(&settings).await.unwrap();
        migrations::up(&store).await.unwrap();
        let metrics = Metrics::new();
        let writer = Writer::new(store, Clock::System, TTL, capacity, metrics.audit.clone());
        Bench { settings, metrics, writer, _directory: directory }
    }

    impl Bench {
        /// Rows of the table, expired ones too.
        async fn rows(&self) -> i64 {
            let mut connection = self.writer.store.read().await.unwrap();
            audit_requests::count_requests(&mut connection, &RequestFilter::default(), UnixSeconds(0)).await.unwrap()
        }

        fn has(&self, line: &str) -> bool {
            self.metrics.render().lines().any(|printed| printed == line)
        }
    }

    #[tokio::test]
    async fn a_full_queue_counts_as_behind_and_drops_what_was_not_admitted() {
        let bench = bench(3).await;
        let now = Clock::System.now();
        for _ in 0..3 {
            assert!(!bench.writer.is_behind());
            bench.writer.push(record(now), 3);
        }
        assert!(bench.writer.is_behind());
        bench.writer.push(record(now), 3);
        bench.writer.push(record(now), 6);
        assert!(bench.has("kong_sso_audit_queue_length 4") && bench.has("kong_sso_audit_lost_total 1"));
        bench.writer.write_all().await.unwrap();
        assert!(!bench.writer.is_behind());
        assert_eq!(bench.rows().await, 4);
        assert!(bench.has("kong_sso_audit_queue_length 0") && bench.has("kong_sso_audit_written_total 4"));
    }

    #[tokio::test]
    async fn more_than_a_batch_is_written_in_order() {
        let bench = bench(10_000).await;
        let now = Clock::System.now();
        for _ in 0..BATCH * 2 + 1 {
            bench.writer.push(record(now), 10_000);
        }
        bench.writer.close().await;
        assert_eq!(bench.rows().await, i64::try_from(BATCH * 2 + 1).unwrap());
    }

    #[tokio::test]
    async fn km_101_expired_records_are_removed_when_others_are_written() {
        let bench = bench(10).await;
        let now = Clock::System.now();
        bench.writer.push(record(now.plus(-TTL - 1)), 10);
        bench.writer.push(record(now), 10);
        bench.writer.write_all().await.unwrap();
        assert_eq!(bench.rows().await, 1);
        // The next removal is due in a minute.
        bench.writer.push(record(now.plus(-TTL - 1)), 10);
        bench.writer.write_all().await.unwrap();
        assert_eq!(bench.rows().await, 2);
    }

    #[tokio::test]
    async fn an_attempt_that_is_cancelled_loses_nothing() {
        let bench = bench(10).await;
        bench.writer.push(record(Clock::System.now()), 10);
        let other = Store::connect(&bench.settings).await.unwrap();
        let held = other.write().await.unwrap();
        let cancelled = timeout(Duration::from_millis(100), bench.writer.write_all()).await;
        assert!(cancelled.is_err());
        drop(held);
        bench.writer.close().await;
        assert_eq!(bench.rows().await, 1);
    }

    #[tokio::test]
    async fn the_work_ends_when_it_is_told_to_and_leaves_nothing() {
        let bench = bench(10).await;
        bench.writer.push(record(Clock::System.now()), 10);
        bench.writer.end_work();
        timeout(Duration::from_secs(5), bench.writer.work()).await.unwrap();
        assert_eq!(bench.rows().await, 1);
    }
}
