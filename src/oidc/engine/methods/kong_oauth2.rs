//! Opaque tokens that the gateway's own OAuth 2.0 plugin has issued (openid-connect.md 2.3). They are looked up where that
//! plugin keeps them; the consumer that owns the credential is the caller.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::json;

use crate::domain::consumer::Consumer;
use crate::domain::method::Method;
use crate::domain::time::UnixSeconds;
use crate::oidc::engine::cache::{self, Fresh, Key};
use crate::oidc::engine::context::Context;
use crate::oidc::engine::proof::Proof;
use crate::oidc::engine::refusal::{ChallengeError, Refusal};

/// Seconds for which a token is remembered at most: nobody tells when it is revoked.
const MAX_TTL: i64 = 60;

/// A token of the gateway's own.
#[derive(Clone, Debug)]
pub struct GatewayToken {
    /// Owner of the credential that it was issued for.
    pub consumer: Arc<Consumer>,
    /// Its end; `None` = never.
    pub expires_at: Option<UnixSeconds>,
    /// Id of the service that it is bound to; `None` = good everywhere (`global_credentials`).
    pub service: Option<String>,
    /// `scope`.
    pub scope: Option<String>,
    /// `authenticated_userid`.
    pub user_id: Option<String>,
}

/// What the upstream is told besides the consumer. Names are lower case.
pub type Told = Vec<(String, String)>;

/// The tokens of the gateway's OAuth 2.0 plugin.
pub trait GatewayTokens: Send + Sync {
    /// The token of that text, if there is one. A failure is told in words for the log.
    fn find(&self, token: &str) -> BoxFuture<'_, Result<Option<GatewayToken>, String>>;
}

/// Proves a token, or finds none: then the next method has its turn.
///
/// # Errors
/// It is there but not good, or nobody could say.
pub async fn prove(
    context: &Context,
    tokens: &dyn GatewayTokens,
    client: usize,
    token: &str,
) -> Result<Option<(Proof, Told)>, Refusal> {
    let fetch = async {
        let value = tokens.find(token).await;
        let value = value.map_err(|error| Refusal::unexpected("gateway_tokens_unreachable", error))?;
        let conf = &context.conf.cache;
        let found = || cache::ttl(conf, None).map(|seconds| seconds.min(MAX_TTL));
        let ttl = if value.is_some() { found() } else { cache::negative_ttl(conf) };
        Ok(Fresh { value, ttl, bytes: 512, about: vec![Key::of_token(token)] })
    };
    let key = Key::of(["gateway token", token]);
    let now = context.clock.now();
    let found = context.gateway_tokens.get_or_fetch(key, now, fetch, Refusal::is_temporary).await?;
    let Some(found) = found else {
        return Ok(None);
    };
    let refused = |reason, detail| Err(Refusal::unauthorized(ChallengeError::InvalidToken, reason, detail));
    if found.expires_at.is_some_and(|end| now >= end) {
        return refused("token_expired", "the token of the gateway has expired");
    }
    if found.service.is_some() {
        return refused("token_of_service", "the token of the gateway is bound to a service of its own");
    }
    Ok(Some(proof_of(found, client, token)))
}

fn proof_of(found: GatewayToken, client: usize, token: &str) -> (Proof, Told) {
    let mut proof = Proof::new(Method::KongOAuth2, client);
    proof.tokens.access_token = Some(token.into());
    proof.tokens.expires_at = found.expires_at;
    proof.consumer = Some(found.consumer);
    // Its scope counts as a claim; there are no others (openid-connect.md 2.3).
    proof.claims.introspection = found.scope.as_ref().map(|scope| Arc::new(json!({ "scope": scope })));
    let told = [("x-authenticated-scope", found.scope), ("x-authenticated-userid", found.user_id)];
    (proof, told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}
