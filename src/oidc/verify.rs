//! The check list of every signed token, in one place and in this order (openid-connect.md 2.10): algorithm, key,
//! signature, `typ`, `iss`, `aud` and `azp`, times, `nonce`, `at_hash`. Each failure is its own variant. Called by
//! `relying_party` and `user_info`. Pure: the time is an argument.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;

use crate::domain::time::UnixSeconds;

use super::issuer::IssuerRule;
use super::jws::UnverifiedToken;
use super::keys::{KeySet, algorithm_named};

/// Why a token is not acceptable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Longer than is looked at.
    #[error("it is too long")]
    TooLong,
    /// Five parts: encrypted.
    #[error("it is encrypted, which is not supported")]
    Encrypted,
    /// Not a signed token.
    #[error("it is not a signed token")]
    Malformed,
    /// `none`, HMAC or unknown.
    #[error("its signature algorithm is not allowed")]
    Algorithm,
    /// The header demands extensions.
    #[error("its header has crit")]
    Critical,
    /// No key of the provider fits.
    #[error("no key of the provider fits its kid and algorithm")]
    UnknownKey,
    /// The signature is wrong.
    #[error("its signature is wrong")]
    Signature,
    /// A token of another kind.
    #[error("its typ is that of another kind of token")]
    Type,
    /// A required claim is absent or not of its type.
    #[error("its claim {0} is missing or has the wrong type")]
    Claim(&'static str),
    /// From another issuer.
    #[error("its iss {0:?} is not the provider's")]
    Issuer(String),
    /// For another client.
    #[error("its aud does not name this client")]
    Audience,
    /// Authorized for another client.
    #[error("its azp does not name this client")]
    AuthorizedParty,
    /// Too old.
    #[error("it has expired")]
    Expired,
    /// `nbf` lies ahead.
    #[error("it is not valid yet (nbf); do the clocks differ by more than leeway?")]
    NotYetValid,
    /// `iat` lies ahead.
    #[error("it was issued in the future (iat); do the clocks differ by more than leeway?")]
    IssuedInFuture,
    /// The login at the provider is older than `max_age`.
    #[error("the login at the provider is older than max_age")]
    AuthenticationTooOld,
    /// For another login.
    #[error("its nonce is not that of this login")]
    Nonce,
    /// For another access token.
    #[error("its at_hash is not that of the access token")]
    AccessTokenHash,
}

impl TokenError {
    /// A stable word for logs, metrics and the audit record.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "token_too_long",
            Self::Encrypted => "token_encrypted",
            Self::Malformed => "token_malformed",
            Self::Algorithm => "token_alg",
            Self::Critical => "token_crit",
            Self::UnknownKey => "token_key_unknown",
            Self::Signature => "token_signature",
            Self::Type => "token_typ",
            Self::Claim(_) => "token_claim",
            Self::Issuer(_) => "token_iss",
            Self::Audience => "token_aud",
            Self::AuthorizedParty => "token_azp",
            Self::Expired => "token_expired",
            Self::NotYetValid => "token_nbf",
            Self::IssuedInFuture => "token_iat",
            Self::AuthenticationTooOld => "token_auth_time",
            Self::Nonce => "token_nonce",
            Self::AccessTokenHash => "token_at_hash",
        }
    }
}

/// The kind of token that is expected; it decides which claims must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// OpenID Connect Core 3.1.3.7.
    IdToken,
    /// RFC 9068, without its `aud`: the token is for somebody else, only its claims are read.
    AccessToken,
    /// OpenID Connect Core 5.3.2: `iss` and `aud` count when they are there.
    UserInfo,
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
    /// Tolerated clock skew, seconds.
    pub leeway: i64,
    /// The current time.
    pub now: UnixSeconds,
}

/// Runs the whole list over a token; its claims when nothing is wrong.
///
/// # Errors
/// The first failure of the list.
pub fn verify(token: &str, keys: &KeySet, expected: &Expectations<'_>) -> Result<Value, TokenError> {
    let token = UnverifiedToken::parse(token)?;
    let algorithm = check_header(&token)?;
    check_signature(&token, algorithm, keys)?;
    check_type(token.typ(), expected.kind)?;
    let claims = token.claims();
    check_issuer(claims, expected)?;
    check_audience(claims, expected)?;
    check_times(claims, expected)?;
    if expected.kind != TokenKind::AccessToken {
        text(claims, "sub")?.filter(|sub| !sub.is_empty()).ok_or(TokenError::Claim("sub"))?;
    }
    check_nonce(claims, expected.nonce)?;
    if expected.kind == TokenKind::IdToken {
        check_access_token_hash(claims, algorithm, expected.access_token)?;
    }
    Ok(token.into_claims())
}

fn check_header(token: &UnverifiedToken<'_>) -> Result<Algorithm, TokenError> {
    let algorithm = algorithm_named(token.alg()).ok_or(TokenError::Algorithm)?;
    if token.has_crit() { Err(TokenError::Critical) } else { Ok(algorithm) }
}

fn check_signature(token: &UnverifiedToken<'_>, algorithm: Algorithm, keys: &KeySet) -> Result<(), TokenError> {
    let (signature, message) = (token.signature(), token.signing_input().as_bytes());
    let mut candidates = keys.candidates(algorithm, token.kid()).peekable();
    if candidates.peek().is_none() {
        return Err(TokenError::UnknownKey);
    }
    let fits = candidates
        .any(|key| jsonwebtoken::crypto::verify(signature, message, key.decoding_key(), algorithm).unwrap_or(false));
    match (fits, token.kid()) {
        (true, _) => Ok(()),
        // A token without kid that no key verifies may be signed by a new key.
        (false, None) => Err(TokenError::UnknownKey),
        (false, Some(_)) => Err(TokenError::Signature),
    }
}

/// RFC 8725 3.11: a token says what it is, and one of another kind is refused. Many ID tokens say nothing.
fn check_type(typ: Option<&str>, kind: TokenKind) -> Result<(), TokenError> {
    let Some(typ) = typ.map(str::to_ascii_lowercase) else {
        return Ok(());
    };
    let own = match kind {
        TokenKind::IdToken => "id_token+jwt",
        TokenKind::AccessToken => "at+jwt",
        TokenKind::UserInfo => "token-userinfo+jwt",
    };
    let typ = typ.strip_prefix("application/").unwrap_or(&typ);
    if typ == "jwt" || typ == own { Ok(()) } else { Err(TokenError::Type) }
}

fn check_issuer(claims: &Map<String, Value>, expected: &Expectations<'_>) -> Result<(), TokenError> {
    match text(claims, "iss")? {
        Some(iss) if expected.issuers.accepts(iss, claims) => Ok(()),
        Some(iss) => Err(TokenError::Issuer(iss.chars().take(200).collect())),
        None if expected.kind == TokenKind::UserInfo => Ok(()),
        None => Err(TokenError::Claim("iss")),
    }
}

fn check_audience(claims: &Map<String, Value>, expected: &Expectations<'_>) -> Result<(), TokenError> {
    if expected.kind == TokenKind::AccessToken {
        return Ok(());
    }
    let others = match claims.get("aud") {
        None if expected.kind == TokenKind::UserInfo => false,
        Some(Value::String(only)) if only == expected.client_id => false,
        Some(Value::Array(list)) if list.iter().any(|one| one == expected.client_id) => {
            list.iter().any(|one| one != expected.client_id)
        }
        Some(Value::String(_) | Value::Array(_)) => return Err(TokenError::Audience),
        _ => return Err(TokenError::Claim("aud")),
    };
    match text(claims, "azp")? {
        Some(azp) if azp == expected.client_id => Ok(()),
        Some(_) => Err(TokenError::AuthorizedParty),
        // Several audiences without azp: nobody says whom the token was made for (OpenID Connect Core 3.1.3.7).
        None if others && expected.kind == TokenKind::IdToken => Err(TokenError::AuthorizedParty),
        None => Ok(()),
    }
}

fn check_times(claims: &Map<String, Value>, expected: &Expectations<'_>) -> Result<(), TokenError> {
    let (now, leeway) = (expected.now, expected.leeway);
    let required = |name| seconds(claims, name)?.ok_or(TokenError::Claim(name));
    let expiry = match expected.kind {
        TokenKind::UserInfo => seconds(claims, "exp")?,
        TokenKind::IdToken | TokenKind::AccessToken => Some(required("exp")?),
    };
    if expiry.is_some_and(|exp| now >= exp.plus(leeway)) {
        return Err(TokenError::Expired);
    }
    if seconds(claims, "nbf")?.is_some_and(|nbf| now.plus(leeway) < nbf) {
        return Err(TokenError::NotYetValid);
    }
    let issued = if expected.kind == TokenKind::IdToken { Some(required("iat")?) } else { seconds(claims, "iat")? };
    if issued.is_some_and(|iat| now.plus(leeway) < iat) {
        return Err(TokenError::IssuedInFuture);
    }
    match expected.max_age {
        Some(max_age) if now > required("auth_time")?.plus(max_age).plus(leeway) => {
            Err(TokenError::AuthenticationTooOld)
        }
        _ => Ok(()),
    }
}

fn check_nonce(claims: &Map<String, Value>, nonce: Option<&str>) -> Result<(), TokenError> {
    match nonce {
        None => Ok(()),
        Some(nonce) => match text(claims, "nonce")? {
            Some(sent) if bool::from(sent.as_bytes().ct_eq(nonce.as_bytes())) => Ok(()),
            _ => Err(TokenError::Nonce),
        },
    }
}

/// OpenID Connect Core 3.1.3.6: the left half of the hash that belongs to the signature algorithm.
fn check_access_token_hash(
    claims: &Map<String, Value>,
    algorithm: Algorithm,
    access_token: Option<&str>,
) -> Result<(), TokenError> {
    let (Some(at_hash), Some(access_token)) = (text(claims, "at_hash")?, access_token) else {
        return Ok(());
    };
    let hash = digest::digest(hash_of(algorithm), access_token.as_bytes());
    let half = hash.as_ref().get(..hash.as_ref().len() / 2).unwrap_or_default();
    let sent = URL_SAFE_NO_PAD.decode(at_hash.trim_end_matches('=')).unwrap_or_default();
    if bool::from(sent.ct_eq(half)) { Ok(()) } else { Err(TokenError::AccessTokenHash) }
}

fn hash_of(algorithm: Algorithm) -> &'static digest::Algorithm {
    match algorithm {
        Algorithm::RS384 | Algorithm::PS384 | Algorithm::ES384 => &digest::SHA384,
        Algorithm::RS512 | Algorithm::PS512 | Algorithm::EdDSA => &digest::SHA512,
        _ => &digest::SHA256,
    }
}

fn text<'c>(claims: &'c Map<String, Value>, name: &'static str) -> Result<Option<&'c str>, TokenError> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(TokenError::Claim(name)),
    }
}

/// A NumericDate (RFC 7519): a number, perhaps with a fraction, or a number written as text.
fn seconds(claims: &Map<String, Value>, name: &'static str) -> Result<Option<UnixSeconds>, TokenError> {
    let number = match claims.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => None,
    };
    number.map(UnixSeconds).map(Some).ok_or(TokenError::Claim(name))
}

/// The whole part of a sensible point in time.
#[allow(clippy::cast_possible_truncation)]
fn whole(number: f64) -> Option<i64> {
    (number.abs() < 1e15).then_some(number.floor() as i64)
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
