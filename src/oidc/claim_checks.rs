//! The part of the check list that concerns claims (openid-connect.md 2.10), in this order: `iss`, `aud` and `azp`, times,
//! `sub`, `hd`, `nonce`, `at_hash`. Called by `verify`.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;

use crate::domain::time::UnixSeconds;

use super::token_error::TokenError;
use super::verify::{Expectations, TokenKind};

type Claims = Map<String, Value>;

/// Holds claims against what is expected of them. `verify_claims = false` leaves only a configured list of issuers.
pub(super) fn check(claims: &Claims, expected: &Expectations<'_>) -> Result<(), TokenError> {
    if expected.checks.claims || expected.issuers.is_configured() {
        check_issuer(claims, expected)?;
    }
    if !expected.checks.claims {
        return Ok(());
    }
    check_audience(claims, expected)?;
    check_times(claims, expected)?;
    if expected.kind.has_subject() {
        text(claims, "sub")?.filter(|sub| !sub.is_empty()).ok_or(TokenError::Claim("sub"))?;
    }
    check_domain(claims, expected)?;
    check_nonce(claims, expected.nonce)
}

fn check_issuer(claims: &Claims, expected: &Expectations<'_>) -> Result<(), TokenError> {
    match text(claims, "iss")? {
        Some(iss) if expected.issuers.accepts(iss, claims) => Ok(()),
        Some(iss) => Err(TokenError::Issuer(iss.chars().take(200).collect())),
        None if expected.kind.is_answer() => Ok(()),
        None => Err(TokenError::Claim("iss")),
    }
}

fn check_audience(claims: &Claims, expected: &Expectations<'_>) -> Result<(), TokenError> {
    // A plugin may do without any client; then nothing can be made for it.
    let is_nobodys = expected.kind == TokenKind::UserInfo && expected.client_id.is_empty();
    if !expected.kind.is_for_client() || is_nobodys {
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

fn check_times(claims: &Claims, expected: &Expectations<'_>) -> Result<(), TokenError> {
    let (now, leeway) = (expected.now, expected.leeway);
    let required = |name| seconds(claims, name)?.ok_or(TokenError::Claim(name));
    let expiry = if expected.kind.is_answer() { seconds(claims, "exp")? } else { Some(required("exp")?) };
    if expiry.is_some_and(|exp| now >= exp.plus(leeway)) {
        return Err(TokenError::Expired);
    }
    if seconds(claims, "nbf")?.is_some_and(|nbf| now.plus(leeway) < nbf) {
        return Err(TokenError::NotYetValid);
    }
    let is_dated = matches!(expected.kind, TokenKind::IdToken | TokenKind::LogoutToken);
    let issued = if is_dated { Some(required("iat")?) } else { seconds(claims, "iat")? };
    if issued.is_some_and(|iat| now.plus(leeway) < iat) {
        return Err(TokenError::IssuedInFuture);
    }
    match (expected.max_age, last_login(claims, expected.kind)?) {
        (Some(max_age), Some(login)) if now > login.plus(max_age).plus(leeway) => Err(TokenError::AuthenticationTooOld),
        (Some(_), None) if expected.kind == TokenKind::IdToken => Err(TokenError::Claim("auth_time")),
        _ => Ok(()),
    }
}

fn last_login(claims: &Claims, kind: TokenKind) -> Result<Option<UnixSeconds>, TokenError> {
    if kind.is_answer() { Ok(None) } else { seconds(claims, "auth_time") }
}

fn check_domain(claims: &Claims, expected: &Expectations<'_>) -> Result<(), TokenError> {
    if expected.domains.is_empty() || matches!(expected.kind, TokenKind::UserInfo | TokenKind::LogoutToken) {
        return Ok(());
    }
    let domain = text(claims, "hd")?.ok_or(TokenError::Domain)?;
    if expected.domains.iter().any(|accepted| accepted == domain) { Ok(()) } else { Err(TokenError::Domain) }
}

fn check_nonce(claims: &Claims, nonce: Option<&str>) -> Result<(), TokenError> {
    match nonce {
        None => Ok(()),
        Some(nonce) => match text(claims, "nonce")? {
            Some(sent) if bool::from(sent.as_bytes().ct_eq(nonce.as_bytes())) => Ok(()),
            _ => Err(TokenError::Nonce),
        },
    }
}

/// OpenID Connect Core 3.1.3.6: the left half of the hash that belongs to the signature algorithm.
pub(super) fn check_access_token_hash(
    claims: &Claims,
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
        Algorithm::RS384 | Algorithm::PS384 | Algorithm::ES384 | Algorithm::HS384 => &digest::SHA384,
        Algorithm::RS512 | Algorithm::PS512 | Algorithm::EdDSA | Algorithm::HS512 => &digest::SHA512,
        _ => &digest::SHA256,
    }
}

fn text<'c>(claims: &'c Claims, name: &'static str) -> Result<Option<&'c str>, TokenError> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(TokenError::Claim(name)),
    }
}

/// A NumericDate (RFC 7519): a number, perhaps with a fraction, or a number written as text.
pub(super) fn seconds(claims: &Claims, name: &'static str) -> Result<Option<UnixSeconds>, TokenError> {
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
