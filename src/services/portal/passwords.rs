//! Passwords of developers: the same slow hash as RBAC tokens have, a few at a time, and apart from those of admins, so
//! that a flood at the portal never keeps an admin out.

use std::sync::LazyLock;

use tokio::sync::Semaphore;

use crate::services::error::ServiceError;
use crate::services::token;

/// Slow hashes computed at the same time.
const AT_ONCE: usize = 2;

/// What the password of nobody is compared with, so that an unknown address costs as much as a known one.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| token::hash("nobody's password").ok());

/// The bounded hashing.
pub(in crate::services) struct Passwords(Semaphore);

impl Default for Passwords {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Passwords {
    /// The hash of a new password.
    pub(super) async fn hash(&self, password: &str) -> Result<String, ServiceError> {
        let _permit = self.0.acquire().await.map_err(|_| ServiceError::Hash)?;
        let given = password.to_owned();
        tokio::task::spawn_blocking(move || token::hash(&given)).await.map_err(|_| ServiceError::Hash)?
    }

    /// Whether a password is the one behind a stored hash; without a stored hash it is not, after the same time.
    pub(super) async fn verify(&self, stored: Option<&str>, password: &str) -> Result<bool, ServiceError> {
        let _permit = self.0.acquire().await.map_err(|_| ServiceError::Hash)?;
        let (stored, given) = (stored.map(str::to_owned), password.to_owned());
        let compare = move || {
            let against = stored.as_deref().or(NOBODY.as_deref()).unwrap_or_default();
            token::verify(against, &given) && stored.is_some()
        };
        tokio::task::spawn_blocking(compare).await.map_err(|_| ServiceError::Hash)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn nobody_has_a_password() {
        let passwords = Passwords::default();
        let stored = passwords.hash("pässword of ann").await.unwrap();
        assert!(passwords.verify(Some(&stored), "pässword of ann").await.unwrap());
        assert!(!passwords.verify(Some(&stored), "pässword of bob").await.unwrap());
        assert!(!passwords.verify(None, "nobody's password").await.unwrap());
    }
}
