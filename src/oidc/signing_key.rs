//! Private keys that sign for a client of the plugin (openid-connect.md 4.1): out of a JWK (RFC 7517), or made here. The
//! cryptography is the library's; this brings keys into the form that it takes. Called by `own_keys` and
//! `client_assertion`.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{self, KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// A key cannot be used. Says what is wrong, never what the key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// ES512, or no algorithm at all.
    #[error("the signature algorithm is not supported")]
    Algorithm,
    /// The members do not make a private key for the algorithm.
    #[error("the JWK is no private key for its algorithm")]
    Jwk,
    /// The library makes no key.
    #[error("no key could be made")]
    Generate,
}

/// A private key with its algorithm. `Debug` hides it.
#[derive(Clone)]
pub struct SigningKey {
    algorithm: Algorithm,
    key: EncodingKey,
    kid: Option<String>,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("algorithm", &self.algorithm).field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// A key in PKCS #8 form.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8], kid: Option<String>) -> Result<Self, KeyError> {
        let key = match algorithm {
            Algorithm::ES256 | Algorithm::ES384 => EncodingKey::from_ec_der(der),
            Algorithm::EdDSA => EncodingKey::from_ed_der(der),
            _ if is_rsa(algorithm) => EncodingKey::from_rsa_pem(pem(der).as_bytes()).map_err(|_| KeyError::Jwk)?,
            _ => return Err(KeyError::Algorithm),
        };
        Ok(Self { algorithm, key, kid })
    }

    /// The key of a private JWK; its own `alg` counts when `algorithm` is not given.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_jwk(jwk: &Value, algorithm: Option<Algorithm>) -> Result<Self, KeyError> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let algorithm = algorithm
            .or_else(|| text("alg").and_then(super::keys::algorithm_named))
            .or_else(|| default_algorithm(text("kty")?, text("crv")))
            .ok_or(KeyError::Algorithm)?;
        let der = match algorithm {
            Algorithm::ES256 => ec_pkcs8(jwk, &ECDSA_P256_SHA256_FIXED_SIGNING, 32),
            Algorithm::ES384 => ec_pkcs8(jwk, &ECDSA_P384_SHA384_FIXED_SIGNING, 48),
            Algorithm::EdDSA => ed_pkcs8(jwk),
            _ if is_rsa(algorithm) => rsa_pkcs8(jwk),
            _ => return Err(KeyError::Algorithm),
        };
        Self::from_pkcs8(algorithm, &der.ok_or(KeyError::Jwk)?, text("kid").map(str::to_owned))
    }

    /// HMAC with a client secret.
    #[must_use]
    pub fn from_secret(algorithm: Algorithm, secret: &[u8]) -> Self {
        Self { algorithm, key: EncodingKey::from_secret(secret), kid: None }
    }

    /// The public half as it stands in a key set: `kid` is the thumbprint of RFC 7638.
    ///
    /// # Errors
    /// [`KeyError::Jwk`].
    pub fn public_jwk(&self) -> Result<Value, KeyError> {
        let jwk = Jwk::from_encoding_key(&self.key, self.algorithm).map_err(|_| KeyError::Jwk)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(|_| KeyError::Jwk)?;
        let mut jwk = serde_json::to_value(jwk).map_err(|_| KeyError::Jwk)?;
        let members = jwk.as_object_mut().ok_or(KeyError::Jwk)?;
        members.insert("kid".to_owned(), json!(kid));
        members.insert("use".to_owned(), json!("sig"));
        members.insert("alg".to_owned(), json!(name(self.algorithm)));
        Ok(jwk)
    }

    /// Signs claims: a compact JWS of type `typ`.
    ///
    /// # Errors
    /// [`KeyError::Jwk`] when the key does not fit its algorithm.
    pub fn sign(&self, typ: &str, claims: &Value) -> Result<String, KeyError> {
        let mut header = json!({"alg": name(self.algorithm), "typ": typ});
        if let (Some(kid), Some(members)) = (&self.kid, header.as_object_mut()) {
            members.insert("kid".to_owned(), json!(kid));
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", part(&header), part(claims));
        let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &self.key, self.algorithm);
        Ok(format!("{input}.{}", signature.map_err(|_| KeyError::Jwk)?))
    }
}

/// Makes a private key in PKCS #8 form.
///
/// # Errors
/// [`KeyError`].
pub fn generate(algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let der = match algorithm {
        Algorithm::ES256 => {
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok().and_then(|pair| ec_der(&pair))
        }
        Algorithm::ES384 => {
            EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).ok().and_then(|pair| ec_der(&pair))
        }
        Algorithm::EdDSA => Ed25519KeyPair::generate().ok().and_then(|pair| ed_der(&pair)),
        _ if is_rsa(algorithm) => rsa::KeyPair::generate(rsa::KeySize::Rsa2048).ok().and_then(|pair| rsa_der(&pair)),
        _ => return Err(KeyError::Algorithm),
    };
    der.ok_or(KeyError::Generate)
}

/// The word for an algorithm (RFC 7518).
pub(super) fn name(algorithm: Algorithm) -> String {
    format!("{algorithm:?}")
}

fn is_rsa(algorithm: Algorithm) -> bool {
    matches!(
        algorithm,
        Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 | Algorithm::PS256 | Algorithm::PS384 | Algorithm::PS512
    )
}

fn default_algorithm(kty: &str, crv: Option<&str>) -> Option<Algorithm> {
    Some(match (kty, crv) {
        ("RSA", _) => Algorithm::RS256,
        ("EC", Some("P-256")) => Algorithm::ES256,
        ("EC", Some("P-384")) => Algorithm::ES384,
        ("OKP", Some("Ed25519")) => Algorithm::EdDSA,
        _ => return None,
    })
}

type Der = Zeroizing<Vec<u8>>;

fn ec_der(pair: &EcdsaKeyPair) -> Option<Der> {
    pair.to_pkcs8v1().ok().map(|der| Zeroizing::new(der.as_ref().to_vec()))
}

/// Version 1: the library reads the public half from the private one.
fn ed_der(pair: &Ed25519KeyPair) -> Option<Der> {
    pair.to_pkcs8v1().ok().map(|der| Zeroizing::new(der.as_ref().to_vec()))
}

fn rsa_der(pair: &rsa::KeyPair) -> Option<Der> {
    AsDer::<Pkcs8V1Der<'_>>::as_der(pair).ok().map(|der| Zeroizing::new(der.as_ref().to_vec()))
}

fn number(jwk: &Value, name: &str) -> Option<Der> {
    let text = jwk.get(name)?.as_str()?;
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?);
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Some(Zeroizing::new(bytes.get(zeros..)?.to_vec()))
}

fn rsa_pkcs8(jwk: &Value) -> Option<Der> {
    let number = |name| number(jwk, name);
    let (n, e) = (number("n")?, number("e")?);
    let components = KeyPairComponents {
        public_key: PublicKeyComponents { n: n.as_slice(), e: e.as_slice() },
        d: number("d")?,
        p: number("p")?,
        q: number("q")?,
        dP: number("dp")?,
        dQ: number("dq")?,
        qInv: number("qi")?,
    };
    rsa_der(&rsa::KeyPair::from_components(&components).ok()?)
}

/// A coordinate or scalar, which has the curve's length (RFC 7518 6.2).
fn fixed(jwk: &Value, name: &str, length: usize) -> Option<Der> {
    let bytes = URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?.trim_end_matches('=')).ok()?;
    (bytes.len() == length).then(|| Zeroizing::new(bytes))
}

fn ec_pkcs8(jwk: &Value, algorithm: &'static EcdsaSigningAlgorithm, length: usize) -> Option<Der> {
    let (x, y, d) = (fixed(jwk, "x", length)?, fixed(jwk, "y", length)?, fixed(jwk, "d", length)?);
    let point = [&[4_u8], x.as_slice(), y.as_slice()].concat();
    ec_der(&EcdsaKeyPair::from_private_key_and_public_key(algorithm, &d, &point).ok()?)
}

fn ed_pkcs8(jwk: &Value) -> Option<Der> {
    let pair = Ed25519KeyPair::from_seed_and_public_key(&fixed(jwk, "d", 32)?, &fixed(jwk, "x", 32)?);
    ed_der(&pair.ok()?)
}

/// The library takes RSA keys in PKCS #8 form as PEM only.
fn pem(der: &[u8]) -> Zeroizing<String> {
    let text = Zeroizing::new(STANDARD.encode(der));
    let lines = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap_or_default());
    let body = Zeroizing::new(lines.collect::<Vec<_>>().join("\n"));
    Zeroizing::new(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", body.as_str()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::oidc::keys::KeySet;

    fn is_verified(token: &str, jwk: &Value, algorithm: Algorithm) -> bool {
        let set = KeySet::parse(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap();
        let (input, signature) = token.rsplit_once('.').unwrap();
        set.candidates(algorithm, jwk["kid"].as_str()).any(|key| {
            jsonwebtoken::crypto::verify(signature, input.as_bytes(), key.decoding_key(), algorithm).unwrap()
        })
    }

    #[test]
    fn a_key_that_was_made_signs_what_its_public_half_verifies() {
        for algorithm in [Algorithm::RS256, Algorithm::PS512, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA] {
            let key = SigningKey::from_pkcs8(algorithm, &generate(algorithm).unwrap(), None).unwrap();
            let public = key.public_jwk().unwrap();
            assert_eq!(public["kid"].as_str().unwrap().len(), 43);
            assert_eq!((public["use"].as_str(), public["alg"].as_str().unwrap()), (Some("sig"), &*name(algorithm)));
            for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                assert!(public.get(private).is_none(), "{algorithm:?} shows {private}");
            }
            let token = key.sign("JWT", &json!({"sub": "x"})).unwrap();
            assert!(is_verified(&token, &public, algorithm), "{algorithm:?}");
        }
        assert_eq!(generate(Algorithm::HS256).unwrap_err(), KeyError::Algorithm);
    }

    #[test]
    fn a_private_jwk_signs_with_its_kid() {
        // RFC 8037 appendix A.1 and RFC 7515 appendix A.3.
        let ed = json!({"kty": "OKP", "crv": "Ed25519", "kid": "ed-1",
            "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        let ec = json!({"kty": "EC", "crv": "P-256", "kid": "ec-1",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"});
        for (jwk, algorithm) in [(ed, Algorithm::EdDSA), (ec, Algorithm::ES256)] {
            let token = SigningKey::from_jwk(&jwk, None).unwrap().sign("JWT", &json!({})).unwrap();
            let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
            let header: Value = serde_json::from_slice(&header).unwrap();
            assert_eq!((&header["kid"], &header["typ"]), (&jwk["kid"], &json!("JWT")));
            assert!(is_verified(&token, &jwk, algorithm), "{algorithm:?}");
        }
    }

    #[test]
    fn what_is_no_private_key_is_refused_without_panic() {
        for jwk in [
            json!({}),
            json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
            json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "d": "AQ", "p": "AQ", "q": "AQ", "dp": "AQ", "dq": "AQ", "qi": "AQ"}),
            json!({"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ", "d": "AQ"}),
            json!({"kty": "EC", "crv": "P-521", "x": "AQ", "y": "AQ", "d": "AQ"}),
            json!({"kty": "oct", "k": "AQ"}),
        ] {
            assert!(SigningKey::from_jwk(&jwk, None).is_err(), "{jwk}");
        }
    }
}
