//! Real keys of the test provider, generated once per test run because RSA keys take their time.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

/// A signing key with its public half.
#[derive(Clone)]
pub struct OpKey {
    pub kid: String,
    pub algorithm: Algorithm,
    key: EncodingKey,
}

static RSA: LazyLock<[EncodingKey; 2]> = LazyLock::new(|| [rsa_key(), rsa_key()]);
static EC: LazyLock<EncodingKey> = LazyLock::new(ec_key);

fn rsa_key() -> EncodingKey {
    let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", wrapped(der.as_ref()));
    EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()
}

fn wrapped(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>().join("\n")
}

fn ec_key() -> EncodingKey {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref())
}

impl OpKey {
    pub fn rsa(kid: &str) -> Self {
        Self { kid: kid.into(), algorithm: Algorithm::RS256, key: RSA[0].clone() }
    }

    /// Another RSA key, which nobody published.
    pub fn foreign_rsa(kid: &str) -> Self {
        Self { kid: kid.into(), algorithm: Algorithm::RS256, key: RSA[1].clone() }
    }

    pub fn ec(kid: &str) -> Self {
        Self { kid: kid.into(), algorithm: Algorithm::ES256, key: EC.clone() }
    }

    /// The public half as it stands in a key set.
    pub fn jwk(&self) -> Value {
        let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&self.key, self.algorithm).unwrap()).unwrap();
        jwk["kid"] = json!(self.kid);
        jwk["use"] = json!("sig");
        jwk
    }

    /// Signs with this key, whatever the header says.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&signing_input(header, claims))
    }

    /// Signs any text and puts the signature behind it.
    pub fn sign_text(&self, input: &str) -> String {
        let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &self.key, self.algorithm).unwrap();
        format!("{input}.{signature}")
    }

    /// HMAC keyed with the public key: the forgery that a verifier falls for when it lets the header choose.
    pub fn sign_with_public_key_as_secret(&self, header: &Value, claims: &Value) -> String {
        let input = signing_input(header, claims);
        let secret = EncodingKey::from_secret(self.jwk().to_string().as_bytes());
        let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &secret, Algorithm::HS256).unwrap();
        format!("{input}.{signature}")
    }
}

pub fn signing_input(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}
