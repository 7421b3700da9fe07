//! Public keys in the form that Kong's `jwt` plugin takes: a SubjectPublicKeyInfo (RFC 5280 4.1.2.7) as PEM. Out of a JWK of
//! a provider's key set, or as an application gives it. Called by the services.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::domain::strategy::JwtAlgorithm;

/// AlgorithmIdentifier of RSA keys: rsaEncryption with NULL.
const RSA: &[u8] = &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
/// Everything before the point of a P-256 key: id-ecPublicKey, prime256v1.
const P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];
/// The same of P-384: secp384r1.
const P384: &[u8] = &[
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00,
    0x22, 0x03, 0x62, 0x00, 0x04,
];
/// The same of Ed25519 (RFC 8410).
const ED25519: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// Shortest RSA modulus, bytes (RFC 7518 3.3).
const SHORTEST_MODULUS: usize = 256;
/// Longest key that is read, bytes of text.
const LONGEST: usize = 8192;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;

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
    let der = match (text("kty")?, text("crv")) {
        ("RSA", _) => {
            let key = element(SEQUENCE, &[integer(&bytes("n")?), integer(&bytes("e")?)].concat());
            element(SEQUENCE, &[RSA, &element(BIT_STRING, &[&[0], key.as_slice()].concat())].concat())
        }
        ("EC", Some("P-256")) => [P256, &bytes("x")?, &bytes("y")?].concat(),
        ("EC", Some("P-384")) => [P384, &bytes("x")?, &bytes("y")?].concat(),
        ("OKP", Some("Ed25519")) => [ED25519, &bytes("x")?].concat(),
        _ => return None,
    };
    fits(&der, algorithm_of(jwk)?).ok().map(|()| pem(&der))
}

/// Checks a public key that somebody gave for an algorithm; gives it as Kong takes it.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str, algorithm: JwtAlgorithm) -> Result<String, &'static str> {
    if text.contains("PRIVATE KEY") {
        return Err("this is a private key: keep it, and give its public half");
    }
    if text.len() > LONGEST {
        return Err("longer than any public key");
    }
    let body = text.trim().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END));
    let body: String = body.ok_or("expected one PEM block PUBLIC KEY")?.split_whitespace().collect();
    let der = STANDARD.decode(body).map_err(|_| "expected one PEM block PUBLIC KEY")?;
    fits(&der, algorithm)?;
    Ok(pem(&der))
}

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap_or_default());
    format!("{BEGIN}\n{}\n{END}\n", lines.collect::<Vec<_>>().join("\n"))
}

/// Whether a key is one for the algorithm.
fn fits(der: &[u8], algorithm: JwtAlgorithm) -> Result<(), &'static str> {
    let curve = |prefix: &[u8], length: usize, wrong| {
        if der.starts_with(prefix) && der.len() == prefix.len() + length { Ok(()) } else { Err(wrong) }
    };
    match algorithm {
        JwtAlgorithm::Hs256 | JwtAlgorithm::Hs384 | JwtAlgorithm::Hs512 => Err("the algorithm has no public key"),
        JwtAlgorithm::Es256 => curve(P256, 64, "ES256 needs a key on the curve P-256"),
        JwtAlgorithm::Es384 => curve(P384, 96, "ES384 needs a key on the curve P-384"),
        JwtAlgorithm::EdDsa => curve(ED25519, 32, "EdDSA needs an Ed25519 key"),
        _ => match rsa_modulus(der) {
            Some(length) if length >= SHORTEST_MODULUS => Ok(()),
            Some(_) => Err("the RSA key is shorter than 2048 bits"),
            None => Err("the algorithm needs an RSA key"),
        },
    }
}

/// Bytes of the modulus of an RSA key.
fn rsa_modulus(der: &[u8]) -> Option<usize> {
    let (outer, after) = read(SEQUENCE, der)?;
    let (bits, rest) = read(BIT_STRING, outer.strip_prefix(RSA)?)?;
    let (key, more) = read(SEQUENCE, bits.strip_prefix(&[0])?)?;
    let (modulus, exponent) = read(INTEGER, key)?;
    let (_, end) = read(INTEGER, exponent)?;
    let is_whole = [after, rest, more, end].iter().all(|left| left.is_empty());
    let significant = modulus.iter().skip_while(|byte| **byte == 0).count();
    is_whole.then_some(significant)
}

/// The content of the element at the beginning, and what follows it (X.690, definite lengths).
fn read(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81 | 0x82 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (bytes.iter().fold(0_usize, |sum, byte| sum * 256 + usize::from(*byte)), rest)
        }
        _ => return None,
    };
    (*first == tag).then(|| rest.split_at_checked(length))?
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut der = vec![tag];
    match length.as_slice() {
        [] => der.push(0),
        [short @ 0..=0x7f] => der.push(*short),
        long => {
            der.push(0x80 | u8::try_from(long.len()).unwrap_or(0x7f));
            der.extend(long);
        }
    }
    der.extend(content);
    der
}

/// A number without sign: a leading zero where its first bit is set.
fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let number = number.get(zeros..).unwrap_or_default();
    let is_high = number.first().is_none_or(|first| *first >= 0x80);
    element(INTEGER, &[if is_high { &[0_u8][..] } else { &[] }, number].concat())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::oidc::signing_key::{SigningKey, generate};
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
        fn any_bytes_are_judged_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), at in 0_usize..20) {
            let _ = fits(&bytes, JwtAlgorithm::Rs256);
            let mut key = [&[0x30, 0x82, 0x01, 0x22], RSA, &bytes].concat();
            key[at] ^= 1;
            let _ = rsa_modulus(&key);
        }
    }
}
