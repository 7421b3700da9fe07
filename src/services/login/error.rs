//! Why a sign-in failed. `web/error.rs` turns it into an answer; the message goes to the log and the status page.

use crate::domain::admin::AdminStatus;
use crate::oidc::{ErrorClass, OidcError};
use crate::services::error::ServiceError;
use crate::store::StoreError;

/// The failure of a sign-in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The provider, its answer or its tokens are not acceptable.
    #[error(transparent)]
    Oidc(#[from] OidcError),
    /// The answer belongs to no pending login of this browser, or was used before.
    #[error("the login is unknown, has expired or was finished before; was the page open for long, or reloaded?")]
    State,
    /// What came back is no well-formed answer.
    #[error("the provider's answer is malformed: {0}")]
    Malformed(String),
    /// The claim that names the admin is missing or empty.
    #[error("admin_claim '{0}' not found in ID token or userinfo")]
    ClaimMissing(String),
    /// The provider says that the address is not verified.
    #[error("the e-mail address of '{0}' is not verified by the identity provider")]
    EmailUnverified(String),
    /// Nobody of that name, and `admin_auto_create` is off.
    #[error("'{0}' is no admin and admin_auto_create is off")]
    Unknown(String),
    /// Two admins fit.
    #[error("'{0}' fits more than one admin")]
    Ambiguous(String),
    /// The admin is bound to somebody else.
    #[error("admin '{0}' is bound to another subject of the identity provider")]
    OtherSubject(String),
    /// The status of the admin forbids it.
    #[error("admin '{0}' is {status}", status = .1.word())]
    Status(String, AdminStatus),
    /// The paired RBAC user is disabled.
    #[error("the RBAC user of admin '{0}' is disabled")]
    Disabled(String),
    /// The claim value cannot name an admin.
    #[error("the claim value cannot name an admin: {0}")]
    BadName(String),
    /// The provider holds the groups back (overage).
    #[error("groups could not be read from the identity provider: the token only points at them")]
    GroupsUnreadable,
    /// No role, and `sso_oidc_unmapped = deny`.
    #[error("'{0}' has no role here")]
    Unmapped(String),
    /// kong-sso itself failed.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<StoreError> for LoginError {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

impl LoginError {
    /// The class of provider errors that refuse the person, rather than being trouble with the provider itself.
    pub const REFUSED: ErrorClass = ErrorClass::Unauthorized;

    /// A stable word for logs and audit records.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Oidc(error) => error.code(),
            Self::State => "login_state",
            Self::Malformed(_) => "login_answer_malformed",
            Self::ClaimMissing(_) => "admin_claim_missing",
            Self::EmailUnverified(_) => "email_unverified",
            Self::Unknown(_) => "not_an_admin",
            Self::Ambiguous(_) => "admin_ambiguous",
            Self::OtherSubject(_) => "admin_bound_to_other_subject",
            Self::Status(..) | Self::Disabled(_) => "admin_not_approved",
            Self::BadName(_) => "admin_name_invalid",
            Self::GroupsUnreadable => "groups_unreadable",
            Self::Unmapped(_) => "no_role",
            Self::Service(_) => "service",
        }
    }
}
