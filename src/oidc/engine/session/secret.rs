//! The secret that seals sessions and started logins (openid-connect.md 5.4). Engines hold a handle: a generated secret
//! can be replaced while they run, and then everything made with the former one is over.

use std::sync::Arc;

use arc_swap::ArcSwap;
use secrecy::{ExposeSecret as _, SecretString};

use crate::sealing::Sealer;

/// A secret that can be replaced; clones share it.
#[derive(Clone, Debug)]
pub struct SessionSecret(Arc<ArcSwap<Sealer>>);

impl SessionSecret {
    /// The secret, and earlier ones that may still open what they sealed, the newest first.
    #[must_use]
    pub fn new(secret: &SecretString, previous: &[SecretString]) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(sealer(secret, previous))))
    }

    /// Replaces it, for every engine that shares it.
    pub fn replace(&self, secret: &SecretString, previous: &[SecretString]) {
        self.0.store(Arc::new(sealer(secret, previous)));
    }

    /// What seals and opens now.
    #[must_use]
    pub fn sealer(&self) -> Arc<Sealer> {
        self.0.load_full()
    }
}

fn sealer(secret: &SecretString, previous: &[SecretString]) -> Sealer {
    let current = Sealer::from_secret(secret.expose_secret().as_bytes());
    previous.iter().fold(current, |sealer, secret| sealer.with_previous(secret.expose_secret().as_bytes()))
}
