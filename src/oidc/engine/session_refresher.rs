//! New tokens for sessions (openid-connect.md 5.6), with the refresh grant of the session's client. Called by `session`, which
//! sees to it that many requests ask once.

use futures_util::future::BoxFuture;

use crate::domain::method::Method;
use crate::oidc::error::{Endpoint, OidcError, RefreshError};

use super::context::Context;
use super::methods::grants;
use super::proof::{ClaimSources, Proof};
use super::refusal::Refusal;
use super::session::{Refresh, SessionContent};

/// Asks the provider.
pub(super) struct SessionRefresher(pub(super) Context);

impl Refresh for SessionRefresher {
    fn refresh(&self, client: usize, content: &SessionContent) -> BoxFuture<'static, Result<Proof, RefreshError>> {
        let (context, tokens, claims) = (self.0.clone(), content.tokens(), content.claims());
        Box::pin(async move {
            let refresh_token = tokens.refresh_token.clone().ok_or(RefreshError::NoRefreshToken)?;
            let old = Proof {
                tokens,
                claims: ClaimSources { id_token: claims.id_token, ..ClaimSources::default() },
                ..Proof::new(Method::Session, client)
            };
            grants::refresh(&context, client, &refresh_token, &old).await.map_err(failure)
        })
    }
}

/// What is refused ends the session; a provider with a problem does not.
fn failure(refusal: Refusal) -> RefreshError {
    if refusal.is_temporary() {
        RefreshError::Transport(OidcError::BadAnswer(Endpoint::Token, refusal.detail))
    } else {
        RefreshError::Rejected(refusal.detail)
    }
}
