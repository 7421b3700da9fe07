//! Authenticated encryption of what leaves the process and must come back unread and unchanged: cookies and stored
//! tokens. Also the random values and the digest of the rest. Called by `oidc::login_cookie`, the store's session
//! code and the services. HKDF (RFC 5869) with SHA-256 gives each purpose its own AES-256-GCM key, so a value sealed
//! for one purpose never opens for another (openid-connect.md 2.9.2, 5.4).

mod lookup;

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{digest, hkdf, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

pub use lookup::{LookupKey, LookupKeys};

/// Separates these keys from any other use of the same secret.
const SALT: &[u8] = b"kong-sso sealing v1";
/// Marks the format; a later one gets another mark, and both can be opened side by side.
const VERSION: &str = "v1.";
/// Bytes of an AES-256 key.
const KEY_LEN: usize = 32;

/// A value could not be sealed: it is longer than AES-GCM can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value could not be sealed")]
pub struct SealError;

/// Seals and opens with one secret; opens with earlier ones too, so a secret can be rotated.
#[derive(Clone)]
pub struct Sealer {
    current: hkdf::Prk,
    previous: Vec<hkdf::Prk>,
}

impl Sealer {
    /// A sealer from a secret of any length. The secret should have 256 bits of randomness; a short pass phrase is
    /// not strengthened.
    #[must_use]
    pub fn from_secret(secret: &[u8]) -> Self {
        Self { current: extract(secret), previous: Vec::new() }
    }

    /// The same sealer, able to open what was sealed with an earlier secret.
    #[must_use]
    pub fn with_previous(mut self, secret: &[u8]) -> Self {
        self.previous.push(extract(secret));
        self
    }

    /// Encrypts `plain` for `purpose`: text that may stand in a cookie, a URL or a column. Twice the same value gives
    /// two different texts.
    ///
    /// # Errors
    /// [`SealError`] for values beyond 64 GiB.
    pub fn seal(&self, purpose: &'static str, plain: &[u8]) -> Result<String, SealError> {
        let nonce = random_bytes::<NONCE_LEN>();
        let mut sealed = plain.to_vec();
        key_for(&self.current, purpose)
            .ok_or(SealError)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose), &mut sealed)
            .map_err(|_| SealError)?;
        let mut message = nonce.to_vec();
        message.extend_from_slice(&sealed);
        Ok(format!("{VERSION}{}", URL_SAFE_NO_PAD.encode(message)))
    }

    /// Decrypts what [`Sealer::seal`] made for the same `purpose` with the current or an earlier secret. `None` when
    /// the text was changed, cut, made for something else, or never sealed.
    #[must_use]
    pub fn open(&self, purpose: &'static str, sealed: &str) -> Option<Vec<u8>> {
        let message = URL_SAFE_NO_PAD.decode(sealed.strip_prefix(VERSION)?).ok()?;
        std::iter::once(&self.current).chain(&self.previous).find_map(|secret| open_with(secret, purpose, &message))
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("previous", &self.previous.len()).finish_non_exhaustive()
    }
}

fn extract(secret: &[u8]) -> hkdf::Prk {
    hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(secret)
}

fn key_for(secret: &hkdf::Prk, purpose: &'static str) -> Option<LessSafeKey> {
    let mut key = Zeroizing::new([0_u8; KEY_LEN]);
    secret.expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256).ok()?.fill(key.as_mut_slice()).ok()?;
    UnboundKey::new(&AES_256_GCM, key.as_slice()).ok().map(LessSafeKey::new)
}

fn open_with(secret: &hkdf::Prk, purpose: &'static str, message: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = message.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut buffer = sealed.to_vec();
    let plain = key_for(secret, purpose)?.open_in_place(nonce, Aad::from(purpose), &mut buffer).ok()?;
    Some(plain.to_vec())
}

/// Bytes that nobody can guess.
#[must_use]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0_u8; N];
    if rand::fill(&mut bytes).is_err() {
        // Without randomness every secret from here on would be guessable: ending the process is the safe answer.
        tracing::error!("the operating system gives no random bytes");
        std::process::abort();
    }
    bytes
}

/// 256 random bits in base64url, 43 characters: session ids, `state`, `nonce`, PKCE verifiers (RFC 7636 4.1).
#[must_use]
pub fn random_token() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<32>())
}

/// SHA-256 of `bytes` in lower-case hex: what the store keeps of a random token.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    digest::digest(&digest::SHA256, bytes)
        .as_ref()
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_sealed_value_opens_for_its_purpose_only() {
        let sealer = Sealer::from_secret(b"secret");
        let sealed = sealer.seal("session", b"value").unwrap();
        assert_eq!(sealer.open("session", &sealed).unwrap(), b"value");
        assert_eq!(sealer.open("login", &sealed), None);
        assert_eq!(Sealer::from_secret(b"other").open("session", &sealed), None);
        assert_ne!(sealed, sealer.seal("session", b"value").unwrap());
    }

    #[test]
    fn a_changed_or_cut_value_does_not_open() {
        let sealer = Sealer::from_secret(b"secret");
        let sealed = sealer.seal("session", b"value").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(sealer.open("session", &String::from_utf8(changed).unwrap()), None, "changed at {at}");
            assert_eq!(sealer.open("session", &sealed[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn an_earlier_secret_opens_but_no_longer_seals() {
        let old = Sealer::from_secret(b"old");
        let new = Sealer::from_secret(b"new").with_previous(b"old");
        assert_eq!(new.open("p", &old.seal("p", b"x").unwrap()).unwrap(), b"x");
        assert_eq!(old.open("p", &new.seal("p", b"x").unwrap()), None);
    }

    #[test]
    fn digests_and_tokens_have_their_form() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(random_token().len(), 43);
        assert_ne!(random_token(), random_token());
        assert!(!format!("{:?}", Sealer::from_secret(b"hunter2")).contains("hunter2"));
    }

    proptest! {
        #[test]
        fn any_text_is_refused_without_panic(text in ".{0,200}", tail in "[A-Za-z0-9_-]{0,200}") {
            let sealer = Sealer::from_secret(b"secret");
            prop_assert_eq!(sealer.open("p", &text), None);
            prop_assert_eq!(sealer.open("p", &format!("v1.{tail}")), None);
        }

        #[test]
        fn any_bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            let sealer = Sealer::from_secret(b"secret");
            prop_assert_eq!(sealer.open("p", &sealer.seal("p", &bytes).unwrap()).unwrap(), bytes);
        }
    }
}
