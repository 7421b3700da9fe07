//! The provider's key set (RFC 7517): which keys there are and which of them may have signed a token
//! (openid-connect.md 3.4). Called by `provider` and `verify`. Keys that are not understood are passed over, so that
//! one exotic key does not make the others useless.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Keys of one set that are looked at; the rest is ignored.
pub const MAX_KEYS: usize = 1000;

/// Why a key set is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// Not `{"keys": [...]}`.
    #[error("it is not a JSON object with a list of keys")]
    Malformed,
}

/// The kind of a public key, as far as algorithms care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyKind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl KeyKind {
    fn of(algorithm: Algorithm) -> Option<Self> {
        Some(match algorithm {
            Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512 => Self::Rsa,
            Algorithm::ES256 => Self::P256,
            Algorithm::ES384 => Self::P384,
            Algorithm::EdDSA => Self::Ed25519,
            _ => return None,
        })
    }
}

/// The asymmetric signature algorithm of that name (RFC 7518, RFC 8037, RFC 9864); `None` for `none`, for HMAC, where
/// whoever can verify can also sign, and for what is not supported (ES512, ES256K, Ed448).
#[must_use]
pub fn algorithm_named(name: &str) -> Option<Algorithm> {
    Some(match name {
        "RS256" => Algorithm::RS256,
        "RS384" => Algorithm::RS384,
        "RS512" => Algorithm::RS512,
        "PS256" => Algorithm::PS256,
        "PS384" => Algorithm::PS384,
        "PS512" => Algorithm::PS512,
        "ES256" => Algorithm::ES256,
        "ES384" => Algorithm::ES384,
        "EdDSA" | "Ed25519" => Algorithm::EdDSA,
        _ => return None,
    })
}

/// The HMAC algorithm of that name. Only for whoever shares a secret with the provider.
#[must_use]
pub fn hmac_named(name: &str) -> Option<Algorithm> {
    Some(match name {
        "HS256" => Algorithm::HS256,
        "HS384" => Algorithm::HS384,
        "HS512" => Algorithm::HS512,
        _ => return None,
    })
}

/// A public key that can verify signatures.
#[derive(Clone)]
pub struct VerificationKey {
    kid: Option<String>,
    alg: Option<String>,
    kty: String,
    kind: KeyKind,
    key: DecodingKey,
    jwk: Arc<Value>,
}

impl VerificationKey {
    /// The key for the signature check.
    #[must_use]
    pub fn decoding_key(&self) -> &DecodingKey {
        &self.key
    }

    /// The key as it was published.
    #[must_use]
    pub fn jwk(&self) -> &Arc<Value> {
        &self.jwk
    }
}

/// What the status page shows of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeySummary {
    /// `kid`.
    pub kid: Option<String>,
    /// `kty`.
    pub kty: String,
    /// `alg`.
    pub alg: Option<String>,
}

/// The usable keys of a set, in its order.
#[derive(Clone, Default)]
pub struct KeySet(Vec<VerificationKey>);

impl KeySet {
    /// Reads a key set document.
    ///
    /// # Errors
    /// [`KeySetError`]. A set without any usable key is accepted: the provider may be about to publish one.
    pub fn parse(document: &[u8]) -> Result<Self, KeySetError> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<Value>,
        }
        let document: Document = serde_json::from_slice(document).map_err(|_| KeySetError::Malformed)?;
        if document.keys.len() > MAX_KEYS {
            tracing::warn!(keys = document.keys.len(), "the provider's key set is too long; only {MAX_KEYS} are used");
        }
        Ok(Self(document.keys.into_iter().take(MAX_KEYS).filter_map(parse_key).collect()))
    }

    /// Adds the keys of another set behind these (openid-connect.md 3.4: the issuer's own come first).
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
        self.0.truncate(MAX_KEYS);
    }

    /// The keys as they were published.
    pub fn jwks(&self) -> impl Iterator<Item = &Arc<Value>> {
        self.0.iter().map(VerificationKey::jwk)
    }

    /// The keys that may have signed with `algorithm`: those named `kid`, or all that fit when the token names none.
    pub fn candidates(&self, algorithm: Algorithm, kid: Option<&str>) -> impl Iterator<Item = &VerificationKey> {
        let kind = KeyKind::of(algorithm);
        self.0.iter().filter(move |key| {
            Some(key.kind) == kind
                && key.alg.as_deref().is_none_or(|alg| algorithm_named(alg) == Some(algorithm))
                && kid.is_none_or(|kid| key.kid.as_deref() == Some(kid))
        })
    }

    /// What the status page shows.
    #[must_use]
    pub fn summaries(&self) -> Vec<KeySummary> {
        let summary =
            |key: &VerificationKey| KeySummary { kid: key.kid.clone(), kty: key.kty.clone(), alg: key.alg.clone() };
        self.0.iter().map(summary).collect()
    }
}

impl std::fmt::Debug for KeySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.summaries()).finish()
    }
}

fn parse_key(jwk: Value) -> Option<VerificationKey> {
    #[derive(Deserialize)]
    struct Jwk {
        kty: String,
        kid: Option<String>,
        alg: Option<String>,
        #[serde(rename = "use")]
        usage: Option<String>,
        key_ops: Option<Vec<String>>,
        crv: Option<String>,
        n: Option<String>,
        e: Option<String>,
        x: Option<String>,
        y: Option<String>,
    }
    let published = Arc::new(jwk);
    let jwk = Jwk::deserialize(published.as_ref()).ok()?;
    let for_signatures = jwk.usage.as_deref().is_none_or(|usage| usage == "sig")
        && jwk.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|name| name == "verify"));
    if !for_signatures {
        return None;
    }
    let (kind, key) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => {
            // Some providers pad or prefix with zero bytes; the library takes numbers.
            let number = |text: &str| Some(without_leading_zeros(&bytes(text)?).to_vec());
            let key = DecodingKey::from_rsa_raw_components(&number(jwk.n.as_deref()?)?, &number(jwk.e.as_deref()?)?);
            (KeyKind::Rsa, key)
        }
        ("EC", Some("P-256")) => (KeyKind::P256, ec_key(&jwk.x?, &jwk.y?, 32)?),
        ("EC", Some("P-384")) => (KeyKind::P384, ec_key(&jwk.x?, &jwk.y?, 48)?),
        ("OKP", Some("Ed25519")) => (KeyKind::Ed25519, DecodingKey::from_ed_der(&bytes(&jwk.x?)?)),
        _ => return None,
    };
    Some(VerificationKey { kid: jwk.kid, alg: jwk.alg, kty: jwk.kty, kind, key, jwk: published })
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// The uncompressed point of two coordinates, which must have the curve's length (RFC 7518 6.2.1.2).
fn ec_key(x: &str, y: &str, length: usize) -> Option<DecodingKey> {
    let (x, y) = (bytes(x)?, bytes(y)?);
    let point = [&[4_u8], x.as_slice(), y.as_slice()].concat();
    (x.len() == length && y.len() == length).then(|| DecodingKey::from_ec_der(&point))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn parse(keys: Value) -> KeySet {
        KeySet::parse(&serde_json::to_vec(&json!({ "keys": keys })).unwrap()).unwrap()
    }

    fn rsa(kid: Option<&str>, extra: Value) -> Value {
        let mut key = json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": kid});
        key.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        key
    }

    #[test]
    fn keys_that_are_not_for_signatures_or_not_understood_are_passed_over() {
        let set = parse(json!([
            rsa(Some("enc"), json!({"use": "enc"})),
            rsa(Some("ops"), json!({"key_ops": ["encrypt"]})),
            {"kty": "oct", "k": "c2VjcmV0", "kid": "hmac"},
            {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ", "kid": "short"},
            {"kty": 7},
            "text",
            rsa(Some("good"), json!({"x5c": ["..."], "use": "sig"})),
        ]));
        let kids: Vec<_> = set.summaries().into_iter().filter_map(|key| key.kid).collect();
        assert_eq!(kids, ["good"]);
    }

    #[test]
    fn a_key_fits_by_kid_kind_and_algorithm() {
        let set =
            parse(json!([rsa(Some("a"), json!({"alg": "RS256"})), rsa(Some("b"), json!({})), rsa(None, json!({}))]));
        let count = |algorithm, kid| set.candidates(algorithm, kid).count();
        assert_eq!(count(Algorithm::RS256, Some("a")), 1);
        assert_eq!(count(Algorithm::PS256, Some("a")), 0);
        assert_eq!(count(Algorithm::PS256, None), 2);
        assert_eq!(count(Algorithm::ES256, None), 0);
        assert_eq!(count(Algorithm::RS256, Some("unknown")), 0);
        assert_eq!(count(Algorithm::HS256, None), 0);
    }

    #[test]
    fn the_set_is_bounded_and_must_be_a_set() {
        let set = parse(Value::Array((0..1500).map(|_| rsa(None, json!({}))).collect()));
        assert_eq!(set.summaries().len(), MAX_KEYS);
        for bad in ["", "<html>", "[]", "{\"keys\":{}}"] {
            assert_eq!(KeySet::parse(bad.as_bytes()).unwrap_err(), KeySetError::Malformed);
        }
    }
}
