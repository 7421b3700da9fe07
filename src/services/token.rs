//! RBAC tokens: slow hashes at rest, a short index to find candidates (kong-manager.md 4.2).

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret as _, SecretString};

use super::error::ServiceError;
use crate::sealing::{random_token, sha256_hex};

/// Longest token, characters.
const LONGEST: usize = 512;

/// A token in clear, on its way to its hash or, once, to its owner. Not shown by `Debug`.
#[derive(Clone, Debug)]
pub struct PlainToken(SecretString);

/// Why a token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {LONGEST} printable ascii characters without a space at either end")]
pub struct TokenError;

impl PlainToken {
    /// Parses a token that somebody chose: it must fit into a header line.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let fits = (1..=LONGEST).contains(&text.len())
            && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
            && text.trim() == text;
        if fits { Ok(Self(text.to_owned().into())) } else { Err(TokenError) }
    }

    /// A new one of 256 random bits.
    #[must_use]
    pub fn generate() -> Self {
        Self(random_token().into())
    }

    /// The text.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The stored index of a token: the first five hexadecimal characters of its SHA-256.
#[must_use]
pub fn ident(token: &str) -> String {
    sha256_hex(token.as_bytes()).chars().take(5).collect()
}

/// argon2id with 19456 KiB, 2 passes, 1 lane.
fn argon2id() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19_456, 2, 1, None).unwrap_or_default())
}

/// Hashes a token in PHC form with a random salt. Takes tens of milliseconds: call it in a blocking task.
///
/// # Errors
/// The system has no randomness.
pub fn hash(token: &str) -> Result<String, ServiceError> {
    argon2id()
        .hash_password(token.as_bytes())
        .map(|hash: PasswordHash| hash.to_string())
        .map_err(|_| ServiceError::Hash)
}

/// Whether `token` is the one behind a stored argon2 or bcrypt hash. As slow as [`hash`].
#[must_use]
pub fn verify(stored: &str, token: &str) -> bool {
    if stored.starts_with("$2") {
        return bcrypt::verify(token, stored).unwrap_or(false);
    }
    argon2id().verify_password(token.as_bytes(), stored).is_ok()
}

/// Whether a stored hash is of another making than [`hash`] and should be replaced once its token is known.
#[must_use]
pub fn is_dated(stored: &str) -> bool {
    !stored.starts_with("$argon2id$")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_token_is_known_by_its_hash_only() {
        let stored = hash("secret").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify(&stored, "secret") && !verify(&stored, "Secret") && !verify("garbage", "secret"));
        assert_ne!(stored, hash("secret").unwrap());
        assert_eq!(ident("secret"), "2bb80");
    }

    #[test]
    fn a_token_fits_into_a_header_line_and_is_not_printed() {
        for good in ["t", "a b", "$argon2id$v=19$x", &"x".repeat(512)] {
            assert_eq!(PlainToken::parse(good).unwrap().expose(), good);
        }
        for bad in ["", " a", "a ", "a\nb", "ä", "\0", &"x".repeat(513)] {
            assert!(PlainToken::parse(bad).is_err(), "{bad}");
        }
        let made = PlainToken::generate();
        assert!(made.expose().len() >= 43 && !format!("{made:?}").contains(made.expose()));
    }

    #[test]
    fn an_imported_bcrypt_hash_is_accepted() {
        let stored = bcrypt::hash("secret", 4).unwrap();
        assert!(verify(&stored, "secret") && !verify(&stored, "other"));
    }
}
