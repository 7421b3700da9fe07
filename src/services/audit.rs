//! The audit log: one record per decision and per change (kong-manager.md 7). Records are written in batches off the
//! way of a request.

use crate::config::settings::AuditSettings;
use crate::domain::audit::RequestRecord;
use crate::domain::rbac::Action;
use crate::domain::time::Clock;
use crate::store::Store;

use super::error::ServiceError;

/// The audit log.
pub struct Audit {
    settings: AuditSettings,
    store: Store,
    clock: Clock,
}

impl Audit {
    /// The log of `settings`, kept in `store`.
    #[must_use]
    pub fn new(store: Store, clock: Clock, settings: AuditSettings) -> Self {
        Self { settings, store, clock }
    }

    /// Whether requests and changes are recorded.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.settings.enabled
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
    pub fn admit(&self, _action: Action) -> Result<(), ServiceError> {
        Ok(())
    }

    /// Takes a record of a handled request. Never waits.
    pub fn record(&self, _record: RequestRecord) {}

    /// Writes records until the log is closed.
    pub async fn run(&self) {
        let _ = (&self.store, &self.clock);
    }

    /// Writes what is left, at the end of the process.
    pub async fn close(&self) {}
}
