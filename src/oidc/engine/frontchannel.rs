//! Logouts that the provider tells of in the browser (openid-connect.md 6.3; OpenID Connect Front-Channel Logout 1.0): what of
//! them concerns this plugin. Called by `services::gateway`, which ends the sessions.

use crate::oidc::error::OidcError;
use crate::oidc::issuer::is_response_issuer;

use super::Engine;
use super::request::RequestView;
use super::session::{LogoutName, SessionError};

impl Engine {
    /// Whether sessions of this plugin may be of that issuer.
    ///
    /// # Errors
    /// The provider is unknown and does not answer.
    pub async fn is_of_issuer(&self, issuer: &str) -> Result<bool, OidcError> {
        let snapshot = self.context.provider.snapshot().await?;
        Ok(self.context.issuers(&snapshot).names().iter().any(|known| is_response_issuer(known, issuer)))
    }

    /// Ends the caller's own session if it is the named one; the cookies that take it out of the browser.
    ///
    /// # Errors
    /// The session storage failed.
    pub async fn leave(&self, view: &RequestView<'_>, name: &LogoutName) -> Result<Vec<String>, SessionError> {
        let open = self.sessions.open(view).await?;
        let Some(open) = open.filter(|open| name.names(&open.content().who)) else {
            return Ok(Vec::new());
        };
        let mut cookies = self.sessions.end(view, &open).await?;
        cookies.extend(self.login.forget(view));
        Ok(cookies)
    }
}
