//! Developers: people with an account of the developer portal (dev-portal.md 3.1).

mod email;
mod identity;
mod machine;
mod status;

use serde_json::{Map, Value};

use super::ids::{DeveloperId, WorkspaceId};
use super::time::UnixSeconds;
pub use email::{EmailAddress, EmailError};
pub use identity::DeveloperIdentity;
pub use machine::{AccountMail, Entry, Event, Refused, Rules, SsoApproval, Transition, contracts_of};
pub use status::DeveloperStatus;

/// The member of `meta` that names a developer.
pub const FULL_NAME: &str = "full_name";

/// A person with an account of one workspace's portal.
#[derive(Clone, Debug, PartialEq)]
pub struct Developer {
    /// Key.
    pub id: DeveloperId,
    /// The workspace whose portal it is.
    pub ws_id: WorkspaceId,
    /// Login name, unique in the workspace.
    pub email: EmailAddress,
    /// A second key to find the account of an identity by, unique in the workspace.
    pub custom_id: Option<String>,
    /// Life cycle.
    pub status: DeveloperStatus,
    /// Why an admin set the status.
    pub status_reason: Option<String>,
    /// Approved before the address was verified: no login until it is.
    pub must_verify: bool,
    /// What the registration form asked for.
    pub meta: Map<String, Value>,
    /// Hash of the password; `None` until one is set.
    pub password_hash: Option<String>,
    /// Wrong passwords since the last right one or the last reset.
    pub failed_logins: i64,
    /// The stable id that answers show as `consumer`.
    pub consumer_id: String,
    /// Last successful login.
    pub last_login_at: Option<UnixSeconds>,
    /// When a disowned account is removed.
    pub purge_at: Option<UnixSeconds>,
    /// When it was created.
    pub created_at: UnixSeconds,
    /// When it was last changed.
    pub updated_at: UnixSeconds,
}

impl Developer {
    /// A developer that was just made up.
    #[must_use]
    pub fn new(ws_id: WorkspaceId, email: EmailAddress, status: DeveloperStatus, now: UnixSeconds) -> Self {
        Self {
            id: DeveloperId::generate(),
            ws_id,
            email,
            custom_id: None,
            status,
            status_reason: None,
            must_verify: false,
            meta: Map::new(),
            password_hash: None,
            failed_logins: 0,
            consumer_id: uuid::Uuid::now_v7().to_string(),
            last_login_at: None,
            purge_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether the account may be used: approved, and verified where that was asked for.
    #[must_use]
    pub fn may_act(&self) -> bool {
        self.status == DeveloperStatus::Approved && !self.must_verify
    }

    /// The status as the person meets it: somebody approved before verifying still has to verify.
    #[must_use]
    pub const fn shown_status(&self) -> DeveloperStatus {
        if self.must_verify { DeveloperStatus::Unverified } else { self.status }
    }

    /// The full name, or the address of who has none.
    #[must_use]
    pub fn display_name(&self) -> &str {
        let name = self.meta.get(FULL_NAME).and_then(Value::as_str).map(str::trim);
        name.filter(|name| !name.is_empty()).unwrap_or(self.email.as_str())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn who_has_no_name_is_called_by_address() {
        let email = EmailAddress::parse("Ann@Example.com").unwrap();
        let mut ann = Developer::new(WorkspaceId::generate(), email, DeveloperStatus::Approved, UnixSeconds(0));
        assert_eq!(ann.display_name(), "ann@example.com");
        ann.meta.insert(FULL_NAME.to_owned(), " ".into());
        assert_eq!(ann.display_name(), "ann@example.com");
        ann.meta.insert(FULL_NAME.to_owned(), "Ann Other".into());
        assert_eq!(ann.display_name(), "Ann Other");
    }

    #[test]
    fn who_must_verify_may_not_act_yet() {
        let email = EmailAddress::parse("a@b.c").unwrap();
        let mut ann = Developer::new(WorkspaceId::generate(), email, DeveloperStatus::Approved, UnixSeconds(0));
        assert!(ann.may_act());
        ann.must_verify = true;
        assert!(!ann.may_act() && ann.shown_status() == DeveloperStatus::Unverified);
    }
}
