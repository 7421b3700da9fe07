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

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use secrecy::SecretString;

use self::keys::KeyRing;
use super::session_storage;
use super::shared_answers::RedisAnswers;
use crate::config::plugin::OpenIdConnectConf;
use crate::config::settings::EgressSettings;
use crate::domain::time::Clock;
use crate::oidc::engine::session::{SessionParts, SessionSecret, StorageError};
use crate::oidc::engine::shared_answers::SharedStore;
use crate::oidc::own_keys::OwnKeyRing;
use crate::oidc::provider::Provider;
use crate::sealing::{Sealer, random_token};
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
    known: Mutex<Known>,
    epoch: AtomicI64,
}

/// What this node has of the issuers of its plugin instances, by name.
#[derive(Default)]
struct Known {
    secrets: HashMap<String, GeneratedSecret>,
    providers: Vec<(String, Provider)>,
}

/// A secret that was made here, until the store says which one counts.
#[derive(Clone)]
struct GeneratedSecret {
    handle: SessionSecret,
    /// The row that it came from, sealed.
    stored: Option<String>,
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
        let (known, epoch) = (Mutex::default(), AtomicI64::new(0));
        Self { store, clock, sealer, egress, previous_secrets, keys, known, epoch }
    }

    /// What the sessions of a plugin instance need. Whoever makes instances calls [`Self::settle`] before they serve: only
    /// then all nodes have the same generated secrets.
    ///
    /// # Errors
    /// The session storage cannot be used as it is configured.
    pub fn session_parts(&self, conf: &OpenIdConnectConf) -> Result<SessionParts, StorageError> {
        let storage = session_storage::of(&conf.session.storage, &self.store, &self.clock, &self.egress)?;
        let secret = match &conf.session.secret {
            Some(configured) => SessionSecret::new(configured, &self.previous_secrets),
            None => self.generated_secret(&conf.provider.name),
        };
        Ok(SessionParts { secret, storage })
    }

    /// Where the nodes of a plugin instance share what they remember, when they do. Connects to nothing yet.
    ///
    /// # Errors
    /// It cannot be used as it is configured.
    pub fn shared_store(&self, conf: &OpenIdConnectConf) -> Result<Option<Arc<dyn SharedStore>>, StorageError> {
        let Some(redis) = &conf.cache.shared else {
            return Ok(None);
        };
        Ok(Some(Arc::new(RedisAnswers::new(redis, &self.egress)?)))
    }

    /// The key set, for clients that sign with it.
    #[must_use]
    pub fn own_keys(&self) -> Arc<dyn OwnKeyRing> {
        Arc::clone(&self.keys) as Arc<dyn OwnKeyRing>
    }

    /// Lets the discovery cache know what an instance learns of its provider, and forget it when it is told to.
    pub fn register(&self, name: &str, provider: &Provider) {
        let mut known = self.known();
        known.providers.retain(|(_, provider)| provider.is_shared());
        known.providers.push((name.to_owned(), provider.clone()));
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

    /// All instances of an issuer share its secret.
    fn generated_secret(&self, issuer: &str) -> SessionSecret {
        let mut known = self.known();
        let made = || {
            let handle = SessionSecret::new(&random_token().into(), &[]);
            GeneratedSecret { handle, stored: None }
        };
        known.secrets.entry(issuer.to_owned()).or_insert_with(made).handle.clone()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
