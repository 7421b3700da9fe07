//! Public keys in the form that Kong's `jwt` plugin takes: a SubjectPublicKeyInfo (RFC 5280 4.1.2.7) as PEM. Out of a JWK of
//! a provider's key set, or as an application gives it. Called by the services.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pkcs1::{RsaPublicKey, UintRef};
use serde_json::Value;
use spki::der::asn1::{AnyRef, BitString};
use spki::der::pem::LineEnding;
use spki::der::{Any, Decode as _, DecodePem as _, Encode as _, EncodePem as _};
use spki::{AlgorithmIdentifierOwned, ObjectIdentifier, SubjectPublicKeyInfoOwned};

use crate::domain::strategy::JwtAlgorithm;

/// id-ecPublicKey (RFC 5480 2.1.1).
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
/// RFC 8410 3.
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// How a point that is not compressed begins (SEC 1 2.3.3).
const UNCOMPRESSED: u8 = 4;
/// Shortest RSA modulus, bytes (RFC 7518 3.3).
const SHORTEST_MODULUS: usize = 256;
/// Longest key that is read, bytes of text.
const LONGEST: usize = 8192;

/// The algorithm with which a published key signs: its `alg`, or the usual one of its kind. `None` for what Kong's plugin
/// does not know.
#[must_use]
pub fn algorithm_of(jwk: &Value) -> Option<JwtAlgorithm> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    match (text("alg"), text("kty")?, text("crv")) {
        (Some("Ed25519"), ..) => Some(JwtAlgorithm::EdDsa),
        (Some(alg), ..) => alg.parse().ok().filter(|alg: &JwtAlgorithm| !alg.is_symmetric()),
        (None, "RSA", _) => Some(JwtAlgorithm::Rs256),
        (None, "EC", Some("P-256")) => Some(JwtAlgorithm::Es256),
        (None, "EC", Some("P-384")) => Some(JwtAlgorithm::Es384),
        (None, "OKP", Some("Ed25519")) => Some(JwtAlgorithm::EdDsa),
        _ => None,
    }
}

/// A published key as PEM; `None` when its members make no key.
#[must_use]
pub fn of_jwk(jwk: &Value) -> Option<String> {
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?.trim_end_matches('=')).ok();
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let point = || Some([&[UNCOMPRESSED][..], &bytes("x")?, &bytes("y")?].concat());
    let (oid, parameters, key) = match (text("kty")?, text("crv")) {
        ("RSA", _) => {
            let (modulus, exponent) = (bytes("n")?, bytes("e")?);
            let (modulus, public_exponent) = (UintRef::new(&modulus).ok()?, UintRef::new(&exponent).ok()?);
            let key = RsaPublicKey { modulus, public_exponent };
            (pkcs1::ALGORITHM_OID, Some(AnyRef::NULL), key.to_der().ok()?)
        }
        ("EC", Some("P-256")) => (EC, Some(AnyRef::from(&P256)), point()?),
        ("EC", Some("P-384")) => (EC, Some(AnyRef::from(&P384)), point()?),
        ("OKP", Some("Ed25519")) => (ED25519, None, bytes("x")?),
        _ => return None,
    };
    let key = SubjectPublicKeyInfoOwned {
        algorithm: AlgorithmIdentifierOwned { oid, parameters: parameters.map(Any::from) },
        subject_public_key: BitString::from_bytes(&key).ok()?,
    };
    fits(&key, algorithm_of(jwk)?).ok()?;
    key.to_pem(LineEnding::LF).ok()
}

/// Checks a public key that somebody gave for an algorithm; gives it as Kong takes it.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str, algorithm: JwtAlgorithm) -> Result<String, &'static str> {
    const EXPECTED: &str = "expected one PEM block PUBLIC KEY";
    if text.contains("PRIVATE KEY") {
        return Err("this is a private key: keep it, and give its public half");
    }
    if text.len() > LONGEST {
        return Err("longer than any public key");
    }
    let key = SubjectPublicKeyInfoOwned::from_pem(text.trim()).map_err(|_| EXPECTED)?;
    fits(&key, algorithm)?;
    key.to_pem(LineEnding::LF).map_err(|_| EXPECTED)
}

/// Whether a key is one for the algorithm.
fn fits(key: &SubjectPublicKeyInfoOwned, algorithm: JwtAlgorithm) -> Result<(), &'static str> {
    let bits = key.subject_public_key.as_bytes().unwrap_or_default();
    let (oid, parameters) = (key.algorithm.oid, key.algorithm.parameters.as_ref());
    let is_point = |curve: ObjectIdentifier, coordinate: usize| {
        let is_on = parameters.is_some_and(|it| it.decode_as::<ObjectIdentifier>().is_ok_and(|found| found == curve));
        oid == EC && is_on && bits.first() == Some(&UNCOMPRESSED) && bits.len() == 1 + 2 * coordinate
    };
    match algorithm {
        JwtAlgorithm::Hs256 | JwtAlgorithm::Hs384 | JwtAlgorithm::Hs512 => Err("the algorithm has no public key"),
        JwtAlgorithm::Es256 if is_point(P256, 32) => Ok(()),
        JwtAlgorithm::Es256 => Err("ES256 needs a key on the curve P-256"),
        JwtAlgorithm::Es384 if is_point(P384, 48) => Ok(()),
        JwtAlgorithm::Es384 => Err("ES384 needs a key on the curve P-384"),
        JwtAlgorithm::EdDsa if oid == ED25519 && parameters.is_none() && bits.len() == 32 => Ok(()),
        JwtAlgorithm::EdDsa => Err("EdDSA needs an Ed25519 key"),
        _ => match RsaPublicKey::from_der(bits) {
            Ok(rsa) if oid == pkcs1::ALGORITHM_OID && rsa.modulus.as_bytes().len() >= SHORTEST_MODULUS => Ok(()),
            Ok(_) if oid == pkcs1::ALGORITHM_OID => Err("the RSA key is shorter than 2048 bits"),
            _ => Err("the algorithm needs an RSA key"),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::oidc::signing_key::{SigningKey, generate};
    use base64::engine::general_purpose::STANDARD;
    use jsonwebtoken::{Algorithm, DecodingKey};
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_published_key_verifies_as_pem_what_its_private_half_signed() {
        for algorithm in [Algorithm::RS256, Algorithm::PS384, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA] {
            let key = SigningKey::from_pkcs8(algorithm, &generate(algorithm).unwrap(), None).unwrap();
            let jwk = key.public_jwk().unwrap();
            let pem = of_jwk(&jwk).unwrap();
            let decoding = match algorithm {
                Algorithm::ES256 | Algorithm::ES384 => DecodingKey::from_ec_pem(pem.as_bytes()),
                Algorithm::EdDSA => DecodingKey::from_ed_pem(pem.as_bytes()),
                _ => DecodingKey::from_rsa_pem(pem.as_bytes()),
            };
            let token = key.sign("JWT", &json!({})).unwrap();
            let (input, signature) = token.rsplit_once('.').unwrap();
            assert!(
                jsonwebtoken::crypto::verify(signature, input.as_bytes(), &decoding.unwrap(), algorithm).unwrap(),
                "{algorithm:?}"
            );
            let name = algorithm_of(&jwk).unwrap();
            assert_eq!(parse(&pem.replace('\n', "\r\n"), name).unwrap(), pem);
            let other = if name == JwtAlgorithm::Es384 { JwtAlgorithm::Rs256 } else { JwtAlgorithm::Es384 };
            assert!(parse(&pem, other).is_err(), "{name:?} as {other:?}");
            assert!(parse(&pem, JwtAlgorithm::Hs256).is_err());
        }
    }

    #[test]
    fn private_short_and_broken_keys_are_refused() {
        let short = json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xc1; 128]), "e": "AQAB" });
        assert_eq!(of_jwk(&short), None);
        for text in [
            "",
            "text",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
            "-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----",
            "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----",
            "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
        ] {
            assert!(parse(text, JwtAlgorithm::Rs256).is_err(), "{text}");
        }
        for jwk in [
            json!({}),
            json!({ "kty": "oct", "k": "AQ" }),
            json!({ "kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ" }),
        ] {
            assert_eq!(of_jwk(&jwk), None, "{jwk}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), at in 0_usize..40) {
            let armoured = |bytes: &[u8]| {
                let text = STANDARD.encode(bytes);
                format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----")
            };
            prop_assert!(parse(&armoured(&bytes), JwtAlgorithm::Rs256).is_err());
            let jwk = json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xc1; 256]), "e": "AQAB" });
            let good = of_jwk(&jwk).unwrap();
            let mut der = SubjectPublicKeyInfoOwned::from_pem(&good).unwrap().to_der().unwrap();
            der[at] ^= 1;
            let _ = parse(&armoured(&der), JwtAlgorithm::Rs256);
        }
    }
}
