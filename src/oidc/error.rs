//! Why a login or a refresh failed. The services turn the class into an answer (kong-manager.md 2.4); the code and
//! the message go to the log. No message holds a token, a code or a secret.

use crate::http_client::HttpError;

use super::keys::KeySetError;
use super::verify::TokenError;

/// What a failure means for the person at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// The login is refused: 401.
    Unauthorized,
    /// The provider does not answer or answers nonsense: 502, and trying again may help.
    ProviderUnreachable,
    /// Provider and configuration do not fit: an operator must act.
    Misconfigured,
}

/// An endpoint of the provider, as messages name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// The discovery document.
    Discovery,
    /// The key set.
    Jwks,
    /// `authorization_endpoint`.
    Authorization,
    /// `token_endpoint`.
    Token,
    /// `userinfo_endpoint`.
    UserInfo,
    /// `end_session_endpoint`.
    EndSession,
    /// `introspection_endpoint`.
    Introspection,
    /// `revocation_endpoint`.
    Revocation,
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Discovery => "discovery document",
            Self::Jwks => "key set",
            Self::Authorization => "authorization endpoint",
            Self::Token => "token endpoint",
            Self::UserInfo => "UserInfo endpoint",
            Self::EndSession => "end-session endpoint",
            Self::Introspection => "introspection endpoint",
            Self::Revocation => "revocation endpoint",
        })
    }
}

/// Why the engine could not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OidcError {
    /// No answer.
    #[error("the provider's {0} gave no answer: {1}")]
    Unreachable(Endpoint, #[source] HttpError),
    /// An error status.
    #[error("the provider's {0} answered with status {1}")]
    Status(Endpoint, u16),
    /// An answer that is not what the endpoint should give.
    #[error("the provider's {0} answered with something else: {1}")]
    BadAnswer(Endpoint, String),
    /// The key set holds nothing usable.
    #[error("the provider's key set is unusable: {0}")]
    Keys(#[from] KeySetError),
    /// The last attempt failed moments ago; the message is its own.
    #[error("{0} (next attempt in a few seconds)")]
    RecentFailure(String, ErrorClass),
    /// The provider publishes no such endpoint and none is configured.
    #[error("the provider has no {0}, and none is configured")]
    NoEndpoint(Endpoint),
    /// The discovery document was fetched by https but names an endpoint without it.
    #[error("the provider's {0} is not https although its discovery document is")]
    InsecureEndpoint(Endpoint),
    /// `redirect_uri` has no such element.
    #[error("redirect_uri has no element {0}")]
    NoRedirectUri(usize),
    /// `client_auth` needs a secret and `client_secret` is unset.
    #[error("client_auth needs a client_secret")]
    NoClientSecret,
    /// The provider accepts none of basic, post and none.
    #[error("the provider offers only client authentication methods that are not supported: {0}")]
    NoClientAuth(String),
    /// The client's key cannot be used.
    #[error("the client's key cannot be used: {0}")]
    ClientKey(String),
    /// The token endpoint does not accept this client.
    #[error("the token endpoint refuses this client: {0}")]
    ClientRefused(String),
    /// The provider sent the person back with an error.
    #[error("the provider refused the login: {0}")]
    Refused(String),
    /// The answer belongs to another login.
    #[error("the state of the answer is not that of this login")]
    State,
    /// The metadata promise `iss` and the answer has none (RFC 9207).
    #[error("the answer has no iss parameter although the provider promises one")]
    IssuerParameterMissing,
    /// The answer comes from somebody else (RFC 9207).
    #[error("the iss parameter of the answer is not the provider's")]
    IssuerParameter,
    /// The token endpoint does not accept the code.
    #[error("the token endpoint refused the code: {0}")]
    CodeRefused(String),
    /// The token answer has no ID token.
    #[error("the token answer has no ID token; is openid among the scopes?")]
    NoIdToken,
    /// The ID token is not acceptable.
    #[error("the ID token is not acceptable: {0}")]
    IdToken(#[source] TokenError),
    /// UserInfo does not accept the access token.
    #[error("UserInfo refused the access token with status {0}")]
    UserInfoRefused(u16),
    /// The signed UserInfo answer is not acceptable.
    #[error("the signed UserInfo answer is not acceptable: {0}")]
    UserInfoToken(#[source] TokenError),
    /// UserInfo speaks of another person.
    #[error("the sub of UserInfo is not that of the ID token")]
    UserInfoSubject,
    /// The refreshed ID token speaks of another person, issuer or client.
    #[error("the {0} of the refreshed ID token differs")]
    RefreshedIdToken(&'static str),
}

impl OidcError {
    /// What the failure means.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Unreachable(..) | Self::Status(..) | Self::BadAnswer(..) | Self::Keys(_) => {
                ErrorClass::ProviderUnreachable
            }
            Self::RecentFailure(_, class) => *class,
            Self::NoEndpoint(_)
            | Self::InsecureEndpoint(_)
            | Self::NoRedirectUri(_)
            | Self::NoClientSecret
            | Self::NoClientAuth(_)
            | Self::ClientKey(_)
            | Self::ClientRefused(_) => ErrorClass::Misconfigured,
            Self::Refused(_)
            | Self::State
            | Self::IssuerParameterMissing
            | Self::IssuerParameter
            | Self::CodeRefused(_)
            | Self::NoIdToken
            | Self::IdToken(_)
            | Self::UserInfoRefused(_)
            | Self::UserInfoToken(_)
            | Self::UserInfoSubject
            | Self::RefreshedIdToken(_) => ErrorClass::Unauthorized,
        }
    }

    /// A stable word for logs, metrics and the audit record.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(..) => "provider_unreachable",
            Self::Status(..) => "provider_status",
            Self::BadAnswer(..) => "provider_answer",
            Self::Keys(_) => "provider_keys",
            Self::RecentFailure(..) => "provider_backoff",
            Self::NoEndpoint(_) => "endpoint_missing",
            Self::InsecureEndpoint(_) => "endpoint_insecure",
            Self::NoRedirectUri(_) => "redirect_uri_missing",
            Self::NoClientSecret => "client_secret_missing",
            Self::NoClientAuth(_) => "client_auth_unsupported",
            Self::ClientKey(_) => "client_key",
            Self::ClientRefused(_) => "client_refused",
            Self::Refused(_) => "login_refused",
            Self::State => "state_mismatch",
            Self::IssuerParameterMissing => "iss_parameter_missing",
            Self::IssuerParameter => "iss_parameter_mismatch",
            Self::CodeRefused(_) => "code_refused",
            Self::NoIdToken => "id_token_missing",
            Self::IdToken(error) | Self::UserInfoToken(error) => error.code(),
            Self::UserInfoRefused(_) => "userinfo_refused",
            Self::UserInfoSubject => "userinfo_sub_mismatch",
            Self::RefreshedIdToken(_) => "refreshed_id_token_mismatch",
        }
    }
}

/// Why tokens could not be refreshed (openid-connect.md 5.6).
#[derive(Clone, Debug, thiserror::Error)]
pub enum RefreshError {
    /// There is no refresh token.
    #[error("there is no refresh token")]
    NoRefreshToken,
    /// The provider refused: the login is over.
    #[error("the provider refused the refresh: {0}")]
    Rejected(String),
    /// What came back is not acceptable: the login is over.
    #[error("the refreshed tokens are not acceptable: {0}")]
    Unacceptable(#[source] OidcError),
    /// The provider could not be asked: keep the session and try again.
    #[error("the refresh could not be made: {0}")]
    Transport(#[source] OidcError),
}

impl RefreshError {
    /// Whether the session must end. A failure of the way to the provider does not end it.
    #[must_use]
    pub fn ends_session(&self) -> bool {
        !matches!(self, Self::Transport(_))
    }

    /// A stable word for logs, metrics and the audit record.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoRefreshToken => "refresh_token_missing",
            Self::Rejected(_) => "refresh_rejected",
            Self::Unacceptable(error) | Self::Transport(error) => error.code(),
        }
    }
}
