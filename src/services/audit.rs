//! The audit log: one record per decision and per change (kong-manager.md 7). Records of requests are written in batches
//! off the way of a request; records of changes are written with their change (`services::change`).
//!
//! ```text
//! web --record--> queue --every 200 ms or 500--> one transaction
//!          |        |  full, or the last write failed: changes are refused (sso_audit_fail = closed), reads go on
//!          |        +--close--> drained within 10 s at the end of the process
//!          +--too many of somebody unknown--> counted, and told once a minute (flood)
//! ```

mod flood;
mod reading;
mod writer;

use std::future::Future;
use std::sync::Arc;

use crate::config::settings::AuditSettings;
use crate::domain::audit::RequestRecord;
use crate::domain::rbac::Action;
use crate::domain::time::{Clock, UnixSeconds};
use crate::metrics::AuditMeters;
use crate::store::Store;

use super::error::ServiceError;
use flood::Flood;
pub use reading::{
    Kept, Listing, ObjectFilter, Page, Paged, RequestFilter, Span, export_objects, export_requests, find_request,
    list_objects, list_objects_of, list_requests, page,
};
use writer::Writer;

/// Records that wait at most; the same number again is kept free for records of what was admitted.
const CAPACITY: usize = 10_000;

/// The audit log. Its worker ends when it is closed or dropped.
pub struct Audit {
    settings: AuditSettings,
    flood: Flood,
    writer: Arc<Writer>,
}

impl Audit {
    /// The log of `settings`, kept in `store`.
    #[must_use]
    pub fn new(store: Store, clock: Clock, settings: AuditSettings, meters: AuditMeters) -> Self {
        let flood = Flood::new(meters.suppressed.clone());
        let writer = Writer::new(store, clock, settings.record_ttl, CAPACITY, meters);
        Self { settings, flood, writer: Arc::new(writer) }
    }

    /// Whether requests and changes are recorded.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.settings.enabled
    }

    /// Whether records cannot be kept right now.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.settings.enabled && self.writer.is_behind()
    }

    /// Seconds for which records of changes are kept; `None` when they are not recorded.
    #[must_use]
    pub fn object_ttl(&self) -> Option<i64> {
        self.settings.enabled.then_some(self.settings.record_ttl)
    }

    /// Whether changes of this kind of entity are recorded.
    #[must_use]
    pub fn keeps_table(&self, dao_name: &str) -> bool {
        !self.settings.ignore_tables.iter().any(|table| table == dao_name)
    }

    /// Refuses a change while records cannot be kept and `sso_audit_fail = closed`.
    ///
    /// # Errors
    /// [`ServiceError::AuditUnavailable`].
    pub fn admit(&self, action: Action) -> Result<(), ServiceError> {
        if action != Action::Read && self.settings.fail_closed && self.is_behind() {
            return Err(ServiceError::AuditUnavailable);
        }
        Ok(())
    }

    /// Takes a record of a handled request, unless a rule ignores it or its client, whom nobody knows, has left enough
    /// of them. Never waits.
    pub fn record(&self, record: RequestRecord) {
        if self.settings.enabled
            && !self.is_ignored(&record)
            && let Some(record) = self.flood.pass(record)
        {
            // What was admitted must find room although others fill the queue meanwhile.
            let was_admitted = !record.is_refused() && (record.is_change() || record.is_essential());
            self.writer.push(record, if was_admitted { CAPACITY * 2 } else { CAPACITY });
        }
    }

    /// Records what was held back of floods that are a minute old. Call it every second or so.
    pub fn tell_of_floods(&self, now: UnixSeconds) {
        self.push_all(self.flood.due(now));
    }

    fn push_all(&self, records: Vec<RequestRecord>) {
        for record in records {
            self.writer.push(record, CAPACITY);
        }
    }

    /// kong-manager.md 7.4.
    fn is_ignored(&self, record: &RequestRecord) -> bool {
        if self.settings.always && record.is_essential() {
            return false;
        }
        let path = record.path_only();
        self.settings.ignore_methods.iter().any(|method| method.eq_ignore_ascii_case(&record.method))
            || self.settings.ignore_paths.iter().any(|pattern| pattern.is_match(path))
    }

    /// Writes records until the log is closed or dropped. The work does not borrow the log, so a worker keeps nothing
    /// alive but the writer.
    pub fn run(&self) -> impl Future<Output = ()> + 'static + use<> {
        let writer = self.settings.enabled.then(|| Arc::clone(&self.writer));
        async move {
            if let Some(writer) = writer {
                writer.work().await;
            }
        }
    }

    /// Writes what is left, at the end of the process.
    pub async fn close(&self) {
        self.push_all(self.flood.rest());
        self.writer.close().await;
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        self.push_all(self.flood.rest());
        self.writer.end_work();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::audit::Verdict;
    use crate::domain::time::UnixSeconds;
    use crate::metrics::Metrics;

    fn record(method: &str, path: &str) -> RequestRecord {
        RequestRecord {
            request_id: "0".repeat(32),
            client_ip: "192.0.2.1".to_owned(),
            method: method.to_owned(),
            path: path.to_owned(),
            rbac_user_id: None,
            rbac_user_name: None,
            request_source: None,
            request_timestamp: UnixSeconds(0),
            status: 200,
            workspace: None,
            verdict: Verdict::Allowed,
            rule: None,
        }
    }

    async fn log(patterns: &[&str], methods: &[&str], always: bool) -> Audit {
        let directory = tempfile::tempdir().unwrap();
        let database = crate::config::settings::DatabaseSettings::Sqlite(directory.path().join("audit.db"));
        let settings = AuditSettings {
            enabled: true,
            ignore_methods: methods.iter().map(|method| (*method).to_owned()).collect(),
            ignore_paths: patterns.iter().map(|pattern| regex::Regex::new(pattern).unwrap()).collect(),
            ignore_tables: vec![],
            record_ttl: 60,
            payload_exclude: vec![],
            fail_closed: true,
            always,
        };
        let store = Store::connect(&database).await.unwrap();
        Audit::new(store, Clock::System, settings, Metrics::new().audit)
    }

    #[tokio::test]
    async fn km_097_paths_are_ignored_by_kongs_truth_table() {
        let patterns = ["/foo", "/status", "^/services", "/routes$", "/one/.+/two", "/upstreams/"];
        let log = log(&patterns, &[], true).await;
        for ignored in [
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
            "/routes?size=1",
        ] {
            assert!(log.is_ignored(&record("GET", ignored)), "{ignored}");
        }
        for kept in ["/example/services", "/routes/plugins", "/one/two", "/routes/", "/upstreams", "/x?y=/status"] {
            assert!(!log.is_ignored(&record("GET", kept)), "{kept}");
        }
    }

    #[tokio::test]
    async fn km_097_methods_are_ignored_but_changes_of_rights_never_are() {
        let log_always = log(&["^/rbac", "^/auth"], &["POST"], true).await;
        assert!(log_always.is_ignored(&record("POST", "/services")));
        assert!(log_always.is_ignored(&record("GET", "/rbac/users")));
        assert!(!log_always.is_ignored(&record("POST", "/rbac/users")));
        assert!(!log_always.is_ignored(&record("GET", "/auth")));
        let log_by_pattern = log(&["^/rbac", "^/auth"], &["POST"], false).await;
        assert!(log_by_pattern.is_ignored(&record("POST", "/rbac/users")));
        assert!(log_by_pattern.is_ignored(&record("GET", "/auth")));
    }
}
