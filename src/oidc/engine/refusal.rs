//! Why a request does not go on (openid-connect.md 1.5): what class of answer it gets, what the challenge says, and what
//! the log says. Made by every step of the pipeline; `failure` turns it into an answer.

use crate::oidc::error::{ErrorClass, OidcError};

/// The three classes of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalClass {
    /// No or no acceptable credential: 401.
    Unauthorized,
    /// Known, but not allowed: 403.
    Forbidden,
    /// The provider or this server has a problem: 500.
    Unexpected,
}

/// `error` of a challenge (RFC 6750 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeError {
    /// `invalid_request`: malformed, or there twice.
    InvalidRequest,
    /// `invalid_token`: expired, revoked, forged, or from elsewhere.
    InvalidToken,
    /// `insufficient_scope`.
    InsufficientScope,
}

impl ChallengeError {
    /// The code.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
        }
    }

    /// What callers may always know.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::InvalidRequest => "The request is malformed",
            Self::InvalidToken => "The credential is not acceptable",
            Self::InsufficientScope => "The token does not have the scope that is needed",
        }
    }
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The class of answer.
    pub class: RefusalClass,
    /// `error` of the challenge; `None` when no credential was sent.
    pub error: Option<ChallengeError>,
    /// `scope` of the challenge.
    pub scope: Option<String>,
    /// A stable word for logs and metrics.
    pub reason: &'static str,
    /// What happened, for the log and for `display_errors`. Holds no token and no secret.
    pub detail: String,
}

impl Refusal {
    /// Nobody has sent a credential.
    #[must_use]
    pub fn no_credential() -> Self {
        Self {
            class: RefusalClass::Unauthorized,
            error: None,
            scope: None,
            reason: "no_credential",
            detail: "no credential was sent".to_owned(),
        }
    }

    /// A credential that is not acceptable.
    #[must_use]
    pub fn unauthorized(error: ChallengeError, reason: &'static str, detail: impl Into<String>) -> Self {
        Self { class: RefusalClass::Unauthorized, error: Some(error), scope: None, reason, detail: detail.into() }
    }

    /// A known caller who may not.
    #[must_use]
    pub fn forbidden(reason: &'static str, detail: impl Into<String>) -> Self {
        Self { class: RefusalClass::Forbidden, error: None, scope: None, reason, detail: detail.into() }
    }

    /// Whether trying again later may help.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.class == RefusalClass::Unexpected
    }

    /// A problem that is not the caller's.
    #[must_use]
    pub fn unexpected(reason: &'static str, detail: impl Into<String>) -> Self {
        Self { class: RefusalClass::Unexpected, error: None, scope: None, reason, detail: detail.into() }
    }
}

impl From<OidcError> for Refusal {
    fn from(error: OidcError) -> Self {
        match error.class() {
            ErrorClass::Unauthorized => {
                Self::unauthorized(ChallengeError::InvalidToken, error.code(), error.to_string())
            }
            ErrorClass::ProviderUnreachable | ErrorClass::Misconfigured => {
                Self::unexpected(error.code(), error.to_string())
            }
        }
    }
}
