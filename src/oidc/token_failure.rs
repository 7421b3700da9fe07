//! Why the token endpoint gave no tokens, and what that means for a login and for a refresh. Used by
//! `token_endpoint` and `relying_party`.

use super::error::{Endpoint, OidcError, RefreshError};

/// Why the token endpoint gave no tokens.
#[derive(Clone, Debug)]
pub enum TokenFailure {
    /// It said no.
    Refused {
        /// The error code.
        code: String,
        /// The same with its description, for the log.
        text: String,
    },
    /// It could not be asked, or its answer is no answer.
    Failed(OidcError),
}

impl From<OidcError> for TokenFailure {
    fn from(error: OidcError) -> Self {
        Self::Failed(error)
    }
}

/// Whether a refusal means that the provider has a problem, not the login.
pub(super) fn is_temporary(code: &str) -> bool {
    matches!(code, "server_error" | "temporarily_unavailable" | "slow_down")
}

impl From<TokenFailure> for OidcError {
    /// What the failure means when a code was redeemed.
    fn from(failure: TokenFailure) -> Self {
        match failure {
            TokenFailure::Failed(error) => error,
            TokenFailure::Refused { code, text } if is_temporary(&code) => OidcError::BadAnswer(Endpoint::Token, text),
            TokenFailure::Refused { code, text } => match code.as_str() {
                "invalid_client" | "unauthorized_client" | "unsupported_grant_type" => OidcError::ClientRefused(text),
                _ => OidcError::CodeRefused(text),
            },
        }
    }
}

impl From<TokenFailure> for RefreshError {
    /// What the failure means when tokens were refreshed.
    fn from(failure: TokenFailure) -> Self {
        match failure {
            TokenFailure::Failed(error) => RefreshError::Transport(error),
            TokenFailure::Refused { code, text } if is_temporary(&code) => {
                RefreshError::Transport(OidcError::BadAnswer(Endpoint::Token, text))
            }
            TokenFailure::Refused { text, .. } => RefreshError::Rejected(text),
        }
    }
}
