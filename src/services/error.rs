//! What a service refuses, and why. `web/error.rs` alone knows the status codes.

use crate::domain::access::Caller;
use crate::domain::ids::{NameError, UserName};
use crate::domain::rbac::{Action, ParseActionError, PatternError};
use crate::kong::client::KongError;
use crate::store::StoreError;

/// The refusal of a service, in words fit for the caller.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// No such entity.
    #[error("Not found")]
    NotFound,
    /// A member of the body is wrong: (member, sentence) pairs.
    #[error("schema violation")]
    Schema(Vec<(String, String)>),
    /// The request as a whole is wrong.
    #[error("{0}")]
    BadRequest(String),
    /// An entity with these values exists: (member, value) pairs.
    #[error("unique constraint violation")]
    Unique(Vec<(String, String)>),
    /// The state of the entity forbids it.
    #[error("{0}")]
    Conflict(String),
    /// The caller may not.
    #[error("{0}")]
    Forbidden(String),
    /// The caller has no permission for the action there.
    #[error("{name}, you do not have permissions to {action} this resource")]
    NoPermission {
        /// The caller's name.
        name: UserName,
        /// What it wanted to do.
        action: Action,
    },
    /// The client tried too many tokens.
    #[error("too many tokens; try again in a minute")]
    TooManyTokens,
    /// kong-sso's own store failed.
    #[error("the store failed")]
    Store(#[source] StoreError),
    /// Kong's Admin API failed.
    #[error("Kong's Admin API could not be reached")]
    Kong(#[from] KongError),
    /// A slow hash could not be computed.
    #[error("a credential could not be hashed")]
    Hash,
    /// Tokens could not be sealed.
    #[error("a value could not be sealed")]
    Seal,
    /// Work that several requests waited for failed.
    #[error("{0}")]
    Shared(String),
    /// The audit log takes no records, and changes are refused meanwhile.
    #[error("audit log unavailable")]
    AuditUnavailable,
}

impl ServiceError {
    /// One wrong member.
    #[must_use]
    pub fn field(member: &str, sentence: impl Into<String>) -> Self {
        Self::Schema(vec![(member.to_owned(), sentence.into())])
    }

    /// No permission for `action`.
    #[must_use]
    pub fn no_permission(caller: &Caller, action: Action) -> Self {
        Self::NoPermission { name: caller.principal.name.clone(), action }
    }

    /// Nobody would be super-admin any more.
    #[must_use]
    pub fn last_super_admin() -> Self {
        Self::Conflict("cannot remove the last super admin".to_owned())
    }

    /// A name that breaks its rules.
    #[must_use]
    pub fn name(member: &str, error: &NameError) -> Self {
        Self::field(member, error.to_string())
    }

    /// An endpoint pattern that breaks its rules.
    #[must_use]
    pub fn pattern(error: &PatternError) -> Self {
        Self::field("endpoint", error.to_string())
    }

    /// A bad list of actions.
    #[must_use]
    pub fn actions(error: &ParseActionError) -> Self {
        Self::field("actions", error.to_string())
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            StoreError::Unique { fields, .. } => Self::Unique(fields),
            offset @ StoreError::Offset(_) => Self::BadRequest(offset.to_string()),
            StoreError::Nul => Self::BadRequest("a text must not hold the NUL character".to_owned()),
            other => Self::Store(other),
        }
    }
}
