//! Bearer tokens that are signed (openid-connect.md 2.2): verified here, with nothing asked of anybody unless their key is
//! unknown.

use std::sync::Arc;

use crate::domain::method::Method;
use crate::oidc::engine::context::Context;
use crate::oidc::engine::proof::{ClaimSources, Proof, ProvedTokens};
use crate::oidc::engine::refusal::Refusal;
use crate::oidc::engine::tokens::{self, Wanted};
use crate::oidc::verify::TokenKind;

/// Proves a signed access token.
///
/// # Errors
/// It is not acceptable, or the provider is unknown and does not answer.
pub async fn prove(context: &Context, client: usize, token: &str) -> Result<Proof, Refusal> {
    let wanted = Wanted::new(TokenKind::AccessToken, Method::Bearer, client);
    let verified = context.verify(token, wanted).await?;
    Ok(Proof {
        method: Method::Bearer,
        client,
        tokens: ProvedTokens {
            access_token: Some(token.into()),
            expires_at: tokens::expiry(&verified.claims),
            ..ProvedTokens::default()
        },
        claims: ClaimSources { access_token: Some(Arc::new(verified.claims)), ..ClaimSources::default() },
        access_token_jwk: verified.jwk,
        id_token_jwk: None,
        consumer: None,
        token_answer: None,
    })
}
