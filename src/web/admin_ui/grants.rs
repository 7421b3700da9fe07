//! Roles and badges as pages show them.

use super::extractors::AdminSession;
use crate::domain::admin::AdminStatus;
use crate::domain::rbac::{Action, GrantSource};
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
    /// Whether the visitor may take it away.
    pub(super) removable: bool,
}

impl RoleGrant {
    /// A role of the visitor itself.
    pub(super) fn own(held: &HeldRole) -> Self {
        let (source, tone) = source_words(&held.source);
        Self {
            workspace: held.workspace.to_string(),
            role: held.role.to_string(),
            source,
            tone: tone.to_owned(),
            removable: false,
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

/// The roles of somebody that the visitor may know of: those of workspaces where `door`, the path of that somebody's
/// roles, is readable. Roles given here are removable where the visitor may do that.
pub(super) fn role_grants(visitor: &AdminSession, held: &[HeldRole], door: &str) -> Vec<RoleGrant> {
    let may = |held: &HeldRole, action| {
        visitor.find_workspace(held.workspace.as_str()).is_some_and(|place| visitor.may(place, door, action))
    };
    let is_local = |held: &HeldRole| held.source == GrantSource::Own(RoleSource::Local);
    let seen = held.iter().filter(|held| may(held, Action::Read));
    seen.map(|held| RoleGrant { removable: is_local(held) && may(held, Action::Delete), ..RoleGrant::own(held) })
        .collect()
}

/// A token, shown once.
pub(super) struct TokenOnce {
    pub(super) owner: String,
    pub(super) token: String,
    pub(super) header: String,
    pub(super) replaced: bool,
}
