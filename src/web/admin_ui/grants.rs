//! Roles and badges as pages show them.

use crate::domain::admin::AdminStatus;
use crate::domain::rbac::GrantSource;
use crate::domain::role::{HeldRole, RoleSource};

/// A few words with a colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Badge {
    /// ok, warn, bad, info or plain.
    pub(super) tone: String,
    pub(super) text: String,
}

impl Badge {
    pub(super) fn new(tone: &str, text: impl Into<String>) -> Self {
        Self { tone: tone.to_owned(), text: text.into() }
    }

    /// The status of an admin.
    pub(super) fn of_status(status: AdminStatus) -> Self {
        let tone = match status {
            AdminStatus::Approved => "ok",
            AdminStatus::Rejected | AdminStatus::Revoked => "bad",
            AdminStatus::Pending | AdminStatus::Unverified => "warn",
            AdminStatus::Invited => "info",
        };
        Self::new(tone, status.word())
    }
}

/// A role in a workspace.
pub(super) struct RoleRef {
    pub(super) workspace: String,
    pub(super) role: String,
}

/// A role that somebody has.
pub(super) struct RoleGrant {
    pub(super) workspace: String,
    pub(super) role: String,
    /// `local`, `idp` or `group NAME`.
    pub(super) source: String,
    pub(super) tone: String,
    /// Whether it was given here.
    pub(super) removable: bool,
}

impl From<&HeldRole> for RoleGrant {
    fn from(held: &HeldRole) -> Self {
        let (source, tone) = source_words(&held.source);
        Self {
            workspace: held.workspace.to_string(),
            role: held.role.to_string(),
            source,
            tone: tone.to_owned(),
            removable: held.source == GrantSource::Own(RoleSource::Local),
        }
    }
}

/// How somebody came to a role, and the tone of its badge.
pub(super) fn source_words(source: &GrantSource) -> (String, &'static str) {
    match source {
        GrantSource::Own(RoleSource::Local) => ("local".to_owned(), "plain"),
        GrantSource::Own(RoleSource::Idp) => ("idp".to_owned(), "info"),
        GrantSource::DefaultRole => ("own role".to_owned(), "plain"),
        GrantSource::Group(name) => (format!("group {name}"), "info"),
    }
}

/// The same for a list of them.
pub(super) fn role_grants(held: &[HeldRole]) -> Vec<RoleGrant> {
    held.iter().map(RoleGrant::from).collect()
}

/// A token, shown once.
pub(super) struct TokenOnce {
    pub(super) owner: String,
    pub(super) token: String,
    pub(super) header: String,
    pub(super) replaced: bool,
}
