//! Tokens that the provider is asked about (openid-connect.md 2.4; RFC 7662, RFC 9701).

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::domain::method::Method;
use crate::domain::time::UnixSeconds;
use crate::http_client::Fetched;
use crate::oidc::engine::cache::{self, Fresh, Key};
use crate::oidc::engine::context::Context;
use crate::oidc::engine::extras::Extras;
use crate::oidc::engine::proof::Proof;
use crate::oidc::engine::refusal::{ChallengeError, Refusal};
use crate::oidc::engine::request::RequestView;
use crate::oidc::engine::tokens::{self, Wanted};
use crate::oidc::error::{Endpoint, OidcError};
use crate::oidc::form_request::FormRequest;
use crate::oidc::provider::ProviderSnapshot;
use crate::oidc::verify::{TokenKind, time_of, verify_claims};

/// Proves a token by asking the provider.
///
/// # Errors
/// It is not active or not acceptable, or the provider does not answer.
pub async fn prove(context: &Context, view: &RequestView<'_>, client: usize, token: &str) -> Result<Proof, Refusal> {
    let introspected = ask(context, view, client, token).await?;
    let mut proof = Proof::new(Method::Introspection, client);
    proof.tokens.access_token = Some(token.into());
    if tokens::is_signed(token) {
        let wanted = Wanted::new(TokenKind::AccessToken, Method::Introspection, client);
        proof.set_access_token(context.known_token(token, wanted).await?);
    }
    proof.tokens.expires_at = time_of(&introspected, "exp").or(proof.tokens.expires_at);
    proof.claims.introspection = Some(introspected);
    Ok(proof)
}

/// What the provider says of a token, now or a moment ago.
///
/// # Errors
/// The token is not active, what is said of it is not acceptable, or the provider does not answer.
pub async fn ask(context: &Context, view: &RequestView<'_>, client: usize, token: &str) -> Result<Arc<Value>, Refusal> {
    let snapshot = context.provider.snapshot().await?;
    let extras = Extras::of_introspection(&context.conf, view);
    let fetch = async { Box::pin(fetch(context, &snapshot, client, token, &extras)).await };
    let introspected = if context.conf.cache.introspection {
        let (key, now) = (key(context, &snapshot, client, token, &extras), context.clock.now());
        let fetch = async {
            match &context.shared {
                Some(shared) => shared.get_or_fetch(Key::of_token(token), key, now, fetch).await,
                None => fetch.await,
            }
        };
        context.introspections.get_or_fetch(key, now, fetch, Refusal::is_temporary).await?
    } else {
        fetch.await?.value
    };
    check(context, &snapshot, client, &introspected)?;
    Ok(introspected)
}

fn key(context: &Context, snapshot: &ProviderSnapshot, client: usize, token: &str, extras: &Extras) -> Key {
    let conf = &context.conf.introspection;
    let endpoint = snapshot.metadata.endpoints.introspection.as_ref().map(url::Url::as_str).unwrap_or_default();
    let client = context.client(client).map(|client| client.id.as_str()).unwrap_or_default();
    Key::of([endpoint, client, token, conf.token_name.as_str(), conf.hint.as_str()].into_iter().chain(extras.parts()))
}

/// The checks of every use: an answer may have been remembered for a while.
fn check(context: &Context, snapshot: &ProviderSnapshot, client: usize, introspected: &Value) -> Result<(), Refusal> {
    if context.conf.introspection.check_active && !is_active(introspected) {
        let detail = "the provider says that the token is not active";
        return Err(Refusal::unauthorized(ChallengeError::InvalidToken, "token_inactive", detail));
    }
    let issuers = context.issuers(snapshot);
    let wanted = Wanted::new(TokenKind::Introspection, Method::Introspection, client);
    let empty = Map::new();
    let claims = introspected.as_object().unwrap_or(&empty);
    verify_claims(claims, &context.expectations(wanted, &issuers)).map_err(|error| {
        let detail = format!("the introspection answer is not acceptable: {error}");
        Refusal::unauthorized(ChallengeError::InvalidToken, error.code(), detail)
    })
}

fn is_active(claims: &Value) -> bool {
    claims.get("active") == Some(&Value::Bool(true))
}

async fn fetch(
    context: &Context,
    snapshot: &ProviderSnapshot,
    client: usize,
    token: &str,
    extras: &Extras,
) -> Result<Fresh<Arc<Value>>, Refusal> {
    let url = snapshot.metadata.endpoints.introspection.as_ref();
    let url = url.ok_or(OidcError::NoEndpoint(Endpoint::Introspection))?;
    let request = request(context, snapshot, client, token, extras).await?;
    let answer = request.send(&context.http, url, Endpoint::Introspection).await?;
    if answer.status.as_u16() != 200 {
        return Err(OidcError::Status(Endpoint::Introspection, answer.status.as_u16()).into());
    }
    let bytes = answer.body.len();
    let value = read(context, client, answer).await?;
    Ok(Fresh { ttl: ttl(context, &value), value, bytes, about: vec![Key::of_token(token)] })
}

async fn request(
    context: &Context,
    snapshot: &ProviderSnapshot,
    client: usize,
    token: &str,
    extras: &Extras,
) -> Result<FormRequest, OidcError> {
    let conf = &context.conf.introspection;
    let mut request = FormRequest::new();
    request.push(&conf.token_name, token);
    request.push("token_type_hint", &conf.hint);
    context.prove_client(client, Endpoint::Introspection, &snapshot.metadata, &mut request).await?;
    extras.add_to(&mut request);
    Ok(request)
}

/// An answer in JSON, or signed: with the result in a claim of its own (RFC 9701), or being it (the older draft).
async fn read(context: &Context, client: usize, answer: Fetched) -> Result<Arc<Value>, Refusal> {
    let bad = |what: &str| Refusal::from(OidcError::BadAnswer(Endpoint::Introspection, what.to_owned()));
    if !answer.media_type.ends_with("jwt") {
        return match serde_json::from_slice(&answer.body) {
            Ok(claims @ Value::Object(_)) => Ok(Arc::new(claims)),
            _ => Err(bad("not a JSON object")),
        };
    }
    let token = String::from_utf8(answer.body).map_err(|_| bad("not a token"))?;
    let token = token.trim();
    let wanted = Wanted::new(TokenKind::Introspection, Method::Introspection, client);
    let verified = context.verify(token, wanted).await?;
    let claims = match verified.claims.get("token_introspection") {
        Some(inner @ Value::Object(_)) => inner.clone(),
        _ => verified.claims,
    };
    Ok(Arc::new(claims))
}

fn ttl(context: &Context, claims: &Value) -> Option<i64> {
    let conf = &context.conf.cache;
    if !is_active(claims) {
        return cache::negative_ttl(conf);
    }
    let until_end = |end: UnixSeconds| end.since(context.clock.now());
    let lifetime = time_of(claims, "exp").map(until_end);
    cache::ttl(conf, lifetime.or_else(|| claims.get("expires_in").and_then(Value::as_i64)))
}
