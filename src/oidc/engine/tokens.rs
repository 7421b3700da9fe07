//! Verifying tokens for the engine (openid-connect.md 2.10, 3.4): what the configuration expects of them, and one more
//! try with newly fetched keys when no known key fits. The check list itself is `oidc::verify`.

use std::sync::Arc;

use serde_json::Value;

use crate::domain::time::UnixSeconds;
use crate::oidc::issuer::IssuerRule;
use crate::oidc::provider::ProviderSnapshot;
use crate::oidc::verify::{Expectations, TokenError, TokenKind, verify};

use super::context::Context;
use super::refusal::Refusal;

/// Whether a token has the form of a signed one: three parts. Everything else is opaque.
#[must_use]
pub fn is_signed(token: &str) -> bool {
    token.bytes().filter(|byte| *byte == b'.').count() == 2
}

/// The end of a token by its claims.
#[must_use]
pub fn expiry(claims: &Value) -> Option<UnixSeconds> {
    claims.get("exp").and_then(Value::as_i64).map(UnixSeconds)
}

/// Verifies an access token.
///
/// # Errors
/// It is not acceptable, or the provider is unknown and does not answer.
pub async fn verify_access_token(context: &Context, client: usize, token: &str) -> Result<Value, Refusal> {
    let snapshot = context.provider.snapshot().await?;
    let check = |snapshot: &ProviderSnapshot| {
        let issuers = IssuerRule::new(&context.conf.provider.issuers_allowed, &snapshot.metadata.issuer);
        let expected = Expectations {
            kind: TokenKind::AccessToken,
            issuers: &issuers,
            client_id: context.client(client).map(|client| client.id.as_str()).unwrap_or_default(),
            nonce: None,
            max_age: context.conf.authorization.max_age,
            access_token: None,
            leeway: context.conf.verification.leeway,
            now: context.clock.now(),
        };
        verify(token, &snapshot.keys, &expected)
    };
    with_newer_keys(context, &snapshot, check).await.map_err(|error| Refusal::token("access token", &error))
}

async fn with_newer_keys<T>(
    context: &Context,
    snapshot: &Arc<ProviderSnapshot>,
    check: impl Fn(&ProviderSnapshot) -> Result<T, TokenError>,
) -> Result<T, TokenError> {
    match check(snapshot) {
        Err(TokenError::UnknownKey) => match context.provider.rediscover(snapshot).await {
            Some(newer) => check(&newer),
            None => Err(TokenError::UnknownKey),
        },
        verdict => verdict,
    }
}
