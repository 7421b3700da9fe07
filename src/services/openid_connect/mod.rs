//! What all instances of the `openid-connect` plugin share: the discovery cache with the session secrets made for it, and the
//! key set that clients sign with (openid-connect.md 5.4, 11). Both live in the store; a counter tells every node when
//! something was deleted or made anew.
//!
//! ```text
//! plugin --parts--> secret of its issuer, storage of its sessions, key set
//! deleted issuer --> counter --> every node: provider forgotten, new secret, sessions over
//! ```

pub mod issuers;
pub mod keys;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use secrecy::SecretString;

use self::issuers::Registered;
use self::keys::KeyRing;
use super::error::ServiceError;
use super::session_storage;
use crate::config::plugin::OpenIdConnectConf;
use crate::config::settings::EgressSettings;
use crate::domain::time::Clock;
use crate::oidc::engine::session::{SessionParts, SessionSecret};
use crate::oidc::own_keys::OwnKeyRing;
use crate::oidc::provider::Provider;
use crate::sealing::Sealer;
use crate::store::Store;

/// The shared surroundings of plugin instances.
pub struct OpenIdConnect {
    store: Store,
    clock: Clock,
    sealer: Sealer,
    egress: EgressSettings,
    /// Former values of `session_secret`, the newest first.
    previous_secrets: Vec<SecretString>,
    keys: Arc<KeyRing>,
    registered: Mutex<Vec<Registered>>,
    epoch: AtomicI64,
}

impl std::fmt::Debug for OpenIdConnect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenIdConnect").finish_non_exhaustive()
    }
}

impl OpenIdConnect {
    /// Nothing is made before it is needed.
    #[must_use]
    pub fn new(
        store: Store,
        clock: Clock,
        sealer: Sealer,
        egress: EgressSettings,
        previous_secrets: Vec<SecretString>,
    ) -> Self {
        let keys = Arc::new(KeyRing::new(store.clone(), sealer.clone()));
        let (registered, epoch) = (Mutex::default(), AtomicI64::new(0));
        Self { store, clock, sealer, egress, previous_secrets, keys, registered, epoch }
    }

    /// What the sessions of a plugin instance need. A generated secret is shared by all instances of the issuer.
    ///
    /// # Errors
    /// The store failed, or the session storage cannot be used as it is configured.
    pub async fn session_parts(&self, conf: &OpenIdConnectConf) -> Result<SessionParts, ServiceError> {
        let storage = session_storage::of(&conf.session.storage, &self.store, &self.clock, &self.egress);
        let storage = storage.map_err(|error| ServiceError::Shared(error.to_string()))?;
        let secret = match &conf.session.secret {
            Some(configured) => SessionSecret::new(configured, &self.previous_secrets),
            None => self.shared_secret(&conf.provider.name).await?,
        };
        Ok(SessionParts { secret, storage })
    }

    /// The key set, for clients that sign with it.
    #[must_use]
    pub fn own_keys(&self) -> Arc<dyn OwnKeyRing> {
        Arc::clone(&self.keys) as Arc<dyn OwnKeyRing>
    }

    /// Lets the discovery cache know what an instance learns of its provider, and forget it when it is told to.
    pub fn register(&self, name: &str, provider: &Provider, secret: &SessionSecret, is_generated: bool) {
        let mut registered = self.registered();
        registered.retain(Registered::is_alive);
        registered.push(Registered::new(name, provider, secret, is_generated));
    }

    /// Follows the counter that every node's changes move.
    pub async fn follow(&self, epoch: i64) {
        if self.epoch.swap(epoch, Ordering::AcqRel) == epoch {
            return;
        }
        self.keys.forget().await;
        if let Err(error) = self.reload_issuers().await {
            tracing::error!(%error, "the discovery cache could not be read; session secrets stay as they were");
            // Tried again at the next look.
            self.epoch.store(-1, Ordering::Release);
        }
    }

    fn registered(&self) -> MutexGuard<'_, Vec<Registered>> {
        self.registered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
