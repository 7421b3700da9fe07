//! Certificates and keys: a path, PEM text or base64 of PEM, tried in that order (kong-manager.md 1.4).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use secrecy::SecretString;

use super::finding::Findings;
use super::settings::TlsPair;
use super::values::Values;

const PEM_START: &str = "-----BEGIN";

/// The pairs of `<prefix>ssl_cert` and `<prefix>ssl_cert_key`; called when an address of the matching listener has `ssl`.
pub(super) fn load_pairs(prefix: &str, values: &Values, findings: &mut Findings) -> Vec<TlsPair> {
    let cert_key = format!("{prefix}ssl_cert");
    let key_key = format!("{prefix}ssl_cert_key");
    let (certificates, keys) = (values.list(&cert_key), values.list(&key_key));
    for (name, items) in [(&cert_key, certificates), (&key_key, keys)] {
        if items.is_empty() {
            findings.error(name, format!("{name} must be specified"));
        }
    }
    if certificates.is_empty() || keys.is_empty() {
        return Vec::new();
    }
    if certificates.len() != keys.len() {
        let (n, m) = (certificates.len(), keys.len());
        findings
            .error(&cert_key, format!("{cert_key} was specified {n} times while {key_key} was specified {m} times"));
        return Vec::new();
    }
    let pairs = certificates.iter().zip(keys);
    pairs.filter_map(|(certificate, key)| load_pair(prefix, certificate, key, findings)).collect()
}

fn load_pair(prefix: &str, certificate: &str, key: &str, findings: &mut Findings) -> Option<TlsPair> {
    let chain = load_certificates(certificate);
    if chain.is_none() {
        let message = format!("{prefix}ssl_cert: failed loading certificate from {}", shown(certificate));
        findings.error(&format!("{prefix}ssl_cert"), message);
    }
    let loaded_key = pem_text(key).and_then(|pem| Some((PrivateKeyDer::from_pem_slice(pem.as_bytes()).ok()?, pem)));
    if loaded_key.is_none() {
        let message = format!("{prefix}ssl_cert_key: failed loading key from {}", shown(key));
        findings.error(&format!("{prefix}ssl_cert_key"), message);
    }
    let ((chain, certificate), (der, key)) = (chain?, loaded_key?);
    let signer = any_supported_type(&der).ok();
    // A key whose public half is unknown cannot be compared; that is no mismatch.
    let fits = signer.is_some_and(|signer| match CertifiedKey::new(chain, Arc::clone(&signer)).keys_match() {
        Ok(()) => true,
        Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => true,
        Err(_) => false,
    });
    if !fits {
        let message = format!("{prefix}ssl_cert_key: the key does not belong to the certificate in {prefix}ssl_cert");
        findings.error(&format!("{prefix}ssl_cert_key"), message);
        return None;
    }
    Some(TlsPair { certificate, key: SecretString::from(key) })
}

/// The certificates of a value and their PEM text; `None` when there is none or one is broken.
pub(super) fn load_certificates(value: &str) -> Option<(Vec<CertificateDer<'static>>, String)> {
    let pem = pem_text(value)?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().ok()?;
    (!chain.is_empty()).then_some((chain, pem))
}

fn pem_text(value: &str) -> Option<String> {
    if let Ok(text) = std::fs::read_to_string(value) {
        return Some(text);
    }
    if value.contains(PEM_START) {
        return Some(value.to_owned());
    }
    let compact: String = value.split_ascii_whitespace().collect();
    let decoded = String::from_utf8(STANDARD.decode(compact).ok()?).ok()?;
    decoded.contains(PEM_START).then_some(decoded)
}

/// A path as it stands; anything that may be key material is not repeated.
pub(super) fn shown(value: &str) -> String {
    let looks_like_path =
        value.len() <= 256 && (value.contains('/') || value.contains('.')) && !value.contains(PEM_START);
    match looks_like_path && STANDARD.decode(value).is_err() {
        true => value.to_owned(),
        false => "the text given".to_owned(),
    }
}
