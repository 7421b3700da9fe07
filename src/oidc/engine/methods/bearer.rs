//! Bearer tokens that are signed (openid-connect.md 2.2): verified here, with nothing asked of anybody unless their key is
//! unknown or the configuration wants to notice revocations.

use std::sync::Arc;

use secrecy::ExposeSecret as _;
use serde_json::Value;
use subtle::ConstantTimeEq as _;

use crate::domain::method::Method;
use crate::oidc::engine::authentication::malformed;
use crate::oidc::engine::context::Context;
use crate::oidc::engine::proof::Proof;
use crate::oidc::engine::refusal::{ChallengeError, Refusal};
use crate::oidc::engine::request::RequestView;
use crate::oidc::engine::search;
use crate::oidc::engine::tokens::Wanted;
use crate::oidc::verify::TokenKind;

use super::introspection;

/// Proves a signed access token.
///
/// # Errors
/// It is not acceptable, or the provider is unknown and does not answer.
pub async fn prove(context: &Context, view: &RequestView<'_>, client: usize, token: &str) -> Result<Proof, Refusal> {
    let wanted = Wanted::new(TokenKind::AccessToken, Method::Bearer, client);
    let known = context.known_token(token, wanted).await?;
    check_session_cookie(context, view, &known.claims)?;
    let mut proof = Proof::new(Method::Bearer, client);
    proof.tokens.access_token = Some(token.into());
    proof.set_access_token(known);
    if context.conf.introspection.jwt_tokens {
        proof.claims.introspection = Some(Box::pin(introspection::ask(context, view, client, token)).await?);
    }
    Ok(proof)
}

/// `jwt_session_cookie`: the token is good only beside the cookie of the same login.
fn check_session_cookie(context: &Context, view: &RequestView<'_>, claims: &Value) -> Result<(), Refusal> {
    let Some((cookie, claim)) = &context.conf.verification.jwt_session else {
        return Ok(());
    };
    let sent = view.cookie(cookie).unwrap_or_default();
    let said = claims.get(claim).and_then(Value::as_str).unwrap_or_default();
    if !said.is_empty() && bool::from(sent.as_bytes().ct_eq(said.as_bytes())) {
        return Ok(());
    }
    let detail = "the session cookie is not that of the token";
    Err(Refusal::unauthorized(ChallengeError::InvalidToken, "jwt_session_mismatch", detail))
}

/// Adds the ID token that travels with an access token (openid-connect.md 1.4), once it is verified and known to speak
/// of the same person.
///
/// # Errors
/// It is there, and not acceptable.
pub async fn add_id_token(context: &Context, view: &RequestView<'_>, proof: &mut Proof) -> Result<(), Refusal> {
    let sent = search::find_id_token(&context.conf.search, view).map_err(malformed)?;
    let (Some(id_token), Some(access_token)) = (sent, &proof.tokens.access_token) else {
        return Ok(());
    };
    let wanted = Wanted {
        access_token: Some(access_token.expose_secret()),
        is_unproved: true,
        ..Wanted::new(TokenKind::CarriedIdToken, proof.method, proof.client)
    };
    let known = context.known_token(id_token.expose_secret(), wanted).await?;
    // Providers may give the two tokens different subjects; then `at_hash` has to hold them together.
    let is_bound = known.claims.get("at_hash").is_some_and(Value::is_string);
    if !is_bound && proof.subject().as_deref() != known.claims.get("sub").and_then(Value::as_str) {
        let detail = "the ID token speaks of somebody else than the access token";
        return Err(Refusal::unauthorized(ChallengeError::InvalidToken, "id_token_sub_mismatch", detail));
    }
    proof.tokens.id_token = Some(id_token);
    proof.id_token_jwk = known.jwk;
    proof.claims.id_token = Some(Arc::clone(&known.claims));
    Ok(())
}
