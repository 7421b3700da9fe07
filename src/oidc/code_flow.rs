//! The code flow's own steps, shared by the admin login and the engine: what the provider's answer must say before its code
//! is redeemed, and where the login ends at the provider (openid-connect.md 2.9.4, 6.2).

use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use url::Url;

use super::authorization_response::{AuthorizationOutcome, AuthorizationResponse};
use super::error::OidcError;
use super::issuer::is_response_issuer;
use super::pending_login::PendingLogin;
use super::provider::ProviderSnapshot;

/// The code of an answer that belongs to `pending` and comes from this provider.
///
/// # Errors
/// The answer is another login's or another provider's, or the provider refused.
pub(super) fn checked_code(
    snapshot: &ProviderSnapshot,
    pending: &PendingLogin,
    response: &AuthorizationResponse,
) -> Result<SecretString, OidcError> {
    if !bool::from(response.state.as_bytes().ct_eq(pending.state.as_bytes())) {
        return Err(OidcError::State);
    }
    check_issuer_parameter(snapshot, response.issuer.as_deref())?;
    match &response.outcome {
        AuthorizationOutcome::Code(code) => Ok(code.clone()),
        AuthorizationOutcome::Error { code, description } => {
            let description = description.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
            Err(OidcError::Refused(format!("{code}{description}")))
        }
    }
}

/// RFC 9207: protects against an answer that another provider sent.
fn check_issuer_parameter(snapshot: &ProviderSnapshot, parameter: Option<&str>) -> Result<(), OidcError> {
    match parameter {
        Some(issuer) if is_response_issuer(&snapshot.metadata.issuer, issuer) => Ok(()),
        Some(_) => Err(OidcError::IssuerParameter),
        None if snapshot.metadata.promises_iss_parameter => Err(OidcError::IssuerParameterMissing),
        None => Ok(()),
    }
}

/// Where a login ends at the provider (OpenID Connect RP-Initiated Logout 1.0).
pub(super) struct EndSession<'e> {
    /// `end_session_endpoint`.
    pub(super) endpoint: Url,
    /// `client_id`: without a session it alone says who asks.
    pub(super) client_id: Option<&'e str>,
    /// The ID token of the session.
    pub(super) id_token_hint: Option<&'e SecretString>,
    /// `post_logout_redirect_uri`.
    pub(super) redirect_uri: Option<&'e str>,
    /// `state`.
    pub(super) state: &'e str,
}

impl EndSession<'_> {
    /// The URL to send the browser to.
    pub(super) fn url(self) -> Url {
        let mut url = self.endpoint;
        let mut query = url.query_pairs_mut();
        if let Some(hint) = self.id_token_hint {
            query.append_pair("id_token_hint", hint.expose_secret());
        }
        if let Some(redirect_uri) = self.redirect_uri {
            query.append_pair("post_logout_redirect_uri", redirect_uri);
        }
        if let Some(client_id) = self.client_id {
            query.append_pair("client_id", client_id);
        }
        query.append_pair("state", self.state);
        drop(query);
        url
    }
}
