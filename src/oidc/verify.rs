//! The check list of every signed token, in one place and in this order (openid-connect.md 2.10): algorithm, key,
//! signature, `typ`, then the claims (`claim_checks`). Each failure is its own variant. Called by `relying_party` and the
//! engine. Pure: the time is an argument.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use crate::domain::time::UnixSeconds;

use super::claim_checks;
use super::issuer::IssuerRule;
use super::jws::UnverifiedToken;
use super::keys::{KeySet, algorithm_named, hmac_named};

pub use super::token_error::TokenError;

/// The kind of token that is expected; it decides which claims must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// OpenID Connect Core 3.1.3.7.
    IdToken,
    /// An ID token that travels with an access token, made for whichever client the caller is.
    CarriedIdToken,
    /// RFC 9068, without its `aud`: the token is for somebody else, only its claims are read.
    AccessToken,
    /// OpenID Connect Core 5.3.2: `iss` and `aud` count when they are there.
    UserInfo,
    /// RFC 7662, RFC 9701: `iss` and times count when they are there.
    Introspection,
    /// OpenID Connect Back-Channel Logout 1.0, 2.4.
    LogoutToken,
}

impl TokenKind {
    /// Whether it is the provider's answer to a question: then nothing is required of it.
    pub(super) fn is_answer(self) -> bool {
        matches!(self, Self::UserInfo | Self::Introspection)
    }

    /// Whether it must be made for this client.
    pub(super) fn is_for_client(self) -> bool {
        matches!(self, Self::IdToken | Self::UserInfo | Self::LogoutToken)
    }

    /// Whether `sub` must be there.
    pub(super) fn has_subject(self) -> bool {
        matches!(self, Self::IdToken | Self::CarriedIdToken | Self::UserInfo)
    }

    /// `typ` besides `JWT`.
    fn typ(self) -> &'static str {
        match self {
            Self::IdToken | Self::CarriedIdToken => "id_token+jwt",
            Self::AccessToken => "at+jwt",
            Self::UserInfo => "token-userinfo+jwt",
            Self::Introspection => "token-introspection+jwt",
            Self::LogoutToken => "logout+jwt",
        }
    }
}

/// The parts of the list that a configuration may switch off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checks {
    /// `verify_signature`, without `ignore_signature`.
    pub signature: bool,
    /// `verify_claims`.
    pub claims: bool,
}

impl Checks {
    /// The whole list.
    pub const ALL: Self = Self { signature: true, claims: true };
}

/// What a token is held against.
#[derive(Clone, Debug)]
pub struct Expectations<'e> {
    /// The kind of token.
    pub kind: TokenKind,
    /// Issuers that count.
    pub issuers: &'e IssuerRule,
    /// This client.
    pub client_id: &'e str,
    /// The login's nonce; `None` = unchecked.
    pub nonce: Option<&'e str>,
    /// Oldest acceptable login at the provider, seconds.
    pub max_age: Option<i64>,
    /// The access token that came along, for `at_hash`.
    pub access_token: Option<&'e str>,
    /// Accepted values of `hd`; empty = unchecked.
    pub domains: &'e [String],
    /// The secret that HMAC signatures are checked with; `None` = they are refused.
    pub hmac_secret: Option<&'e SecretString>,
    /// Which parts of the list count.
    pub checks: Checks,
    /// Tolerated clock skew, seconds.
    pub leeway: i64,
    /// The current time.
    pub now: UnixSeconds,
}

impl<'e> Expectations<'e> {
    /// The whole list, with nothing that depends on a login.
    #[must_use]
    pub fn new(kind: TokenKind, issuers: &'e IssuerRule, client_id: &'e str, now: UnixSeconds) -> Self {
        Self {
            kind,
            issuers,
            client_id,
            nonce: None,
            max_age: None,
            access_token: None,
            domains: &[],
            hmac_secret: None,
            checks: Checks::ALL,
            leeway: 0,
            now,
        }
    }
}

/// A token with which nothing is wrong.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Its claims.
    pub claims: Value,
    /// The JWK that verified it; `None` for HMAC and when the signature was not checked.
    pub jwk: Option<Arc<Value>>,
}

/// Runs the whole list over a token.
///
/// # Errors
/// The first failure of the list.
pub fn verify(token: &str, keys: &KeySet, expected: &Expectations<'_>) -> Result<Verified, TokenError> {
    let token = UnverifiedToken::parse(token)?;
    let algorithm = check_header(&token, expected)?;
    let jwk = if expected.checks.signature { check_signature(&token, algorithm, keys, expected)? } else { None };
    check_type(token.typ(), expected.kind)?;
    claim_checks::check(token.claims(), expected)?;
    if expected.checks.claims && matches!(expected.kind, TokenKind::IdToken | TokenKind::CarriedIdToken) {
        claim_checks::check_access_token_hash(token.claims(), algorithm, expected.access_token)?;
    }
    Ok(Verified { claims: token.into_claims(), jwk })
}

/// Runs the part of the list that concerns claims over an answer that came without a signature.
///
/// # Errors
/// The first failure of the list.
pub fn verify_claims(claims: &Map<String, Value>, expected: &Expectations<'_>) -> Result<(), TokenError> {
    claim_checks::check(claims, expected)
}

/// A point in time among claims, if it is there and readable.
#[must_use]
pub fn time_of(claims: &Value, name: &'static str) -> Option<UnixSeconds> {
    claim_checks::seconds(claims.as_object()?, name).ok().flatten()
}

fn check_header(token: &UnverifiedToken<'_>, expected: &Expectations<'_>) -> Result<Algorithm, TokenError> {
    let hmac = || hmac_named(token.alg()).filter(|_| expected.hmac_secret.is_some());
    let algorithm = algorithm_named(token.alg()).or_else(hmac).ok_or(TokenError::Algorithm)?;
    if token.has_crit() { Err(TokenError::Critical) } else { Ok(algorithm) }
}

fn check_signature(
    token: &UnverifiedToken<'_>,
    algorithm: Algorithm,
    keys: &KeySet,
    expected: &Expectations<'_>,
) -> Result<Option<Arc<Value>>, TokenError> {
    let (signature, message) = (token.signature(), token.signing_input().as_bytes());
    let fits = |key: &DecodingKey| jsonwebtoken::crypto::verify(signature, message, key, algorithm).unwrap_or(false);
    if hmac_named(token.alg()).is_some() {
        // Never with a key of the provider: those are public.
        let secret = expected.hmac_secret.ok_or(TokenError::Algorithm)?.expose_secret();
        let fits = !secret.is_empty() && fits(&DecodingKey::from_secret(secret.as_bytes()));
        return if fits { Ok(None) } else { Err(TokenError::Signature) };
    }
    let mut candidates = keys.candidates(algorithm, token.kid()).peekable();
    if candidates.peek().is_none() {
        return Err(TokenError::UnknownKey);
    }
    match (candidates.find(|key| fits(key.decoding_key())), token.kid()) {
        (Some(key), _) => Ok(Some(Arc::clone(key.jwk()))),
        // A token without kid that no key verifies may be signed by a new key.
        (None, None) => Err(TokenError::UnknownKey),
        (None, Some(_)) => Err(TokenError::Signature),
    }
}

/// RFC 8725 3.11: a token says what it is, and one of another kind is refused. Many ID tokens say nothing.
fn check_type(typ: Option<&str>, kind: TokenKind) -> Result<(), TokenError> {
    let Some(typ) = typ.map(str::to_ascii_lowercase) else {
        return Ok(());
    };
    let typ = typ.strip_prefix("application/").unwrap_or(&typ);
    if typ == "jwt" || typ == kind.typ() { Ok(()) } else { Err(TokenError::Type) }
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
