//! The key set of the plugin's clients (openid-connect.md 11.2): sealed in the store, one for all nodes, made when it is first
//! needed.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::domain::access::Caller;
use crate::oidc::own_keys::{OwnKeyRing, OwnKeys};
use crate::oidc::signing_key::KeyError;
use crate::sealing::Sealer;
use crate::services::Services;
use crate::services::change::{Change, Operation};
use crate::services::error::ServiceError;
use crate::store::epochs::{self, Epoch};
use crate::store::{Store, secrets};

/// Name of the value in the store, and purpose of its seal.
const NAME: &str = "openid_connect_jwks";

/// The key set of this node and, through the store, of all.
pub struct KeyRing {
    store: Store,
    sealer: Sealer,
    /// What was read. Whoever holds it may make keys; the others wait for them.
    known: Mutex<Option<Arc<OwnKeys>>>,
}

impl KeyRing {
    pub(super) fn new(store: Store, sealer: Sealer) -> Self {
        Self { store, sealer, known: Mutex::default() }
    }

    pub(super) async fn forget(&self) {
        *self.known.lock().await = None;
    }

    async fn get(&self) -> Result<Arc<OwnKeys>, ServiceError> {
        let mut known = self.known.lock().await;
        if let Some(keys) = known.as_ref() {
            return Ok(Arc::clone(keys));
        }
        let stored = secrets::find(&mut *self.store.read().await?, NAME).await?;
        let stored = match stored {
            Some(stored) => stored,
            None => self.make().await?,
        };
        let keys = Arc::new(self.open(&stored)?);
        *known = Some(Arc::clone(&keys));
        Ok(keys)
    }

    async fn make(&self) -> Result<String, ServiceError> {
        let sealed = self.seal(&in_background(OwnKeys::generate).await?)?;
        let mut transaction = self.store.write().await?;
        let counts = secrets::insert_if_absent(&mut transaction, NAME, &sealed).await?;
        transaction.commit().await?;
        Ok(counts)
    }

    fn seal(&self, keys: &OwnKeys) -> Result<String, ServiceError> {
        let json = keys.to_json().map_err(|_| ServiceError::Seal)?;
        self.sealer.seal(NAME, &json).map_err(|_| ServiceError::Seal)
    }

    fn open(&self, sealed: &str) -> Result<OwnKeys, ServiceError> {
        let json = self.sealer.open(NAME, sealed).ok_or(ServiceError::Seal)?;
        OwnKeys::from_json(&json).map_err(|_| ServiceError::Seal)
    }
}

impl OwnKeyRing for KeyRing {
    fn keys(&self) -> BoxFuture<'_, Result<Arc<OwnKeys>, String>> {
        async { self.get().await.map_err(|error| crate::telemetry::chain(&error)) }.boxed()
    }
}

/// RSA keys take their time.
async fn in_background(
    make: impl FnOnce() -> Result<OwnKeys, KeyError> + Send + 'static,
) -> Result<OwnKeys, ServiceError> {
    let made = tokio::task::spawn_blocking(make).await;
    let made = made.map_err(|error| ServiceError::Shared(error.to_string()))?;
    made.map_err(|error| ServiceError::Shared(error.to_string()))
}

/// The public JWK Set.
///
/// # Errors
/// The store failed, or no key could be made.
pub async fn public_set(services: &Services) -> Result<Value, ServiceError> {
    Ok(services.openid_connect.keys.get().await?.public_set())
}

/// New keys; those before are published once more.
///
/// # Errors
/// The store failed, or no key could be made.
pub async fn rotate(services: &Services, caller: &Caller) -> Result<(), ServiceError> {
    let ring = &services.openid_connect.keys;
    let current = ring.get().await?;
    let rotated = in_background(move || current.rotated()).await?;
    let sealed = ring.seal(&rotated)?;
    let mut change = Change::begin(services, caller).await?;
    secrets::replace(change.connection(), NAME, &sealed).await?;
    epochs::bump(change.connection(), Epoch::OpenIdConnect).await?;
    change.record(Operation::Update, NAME, NAME, json!({ "jwks": rotated.public_set() }));
    change.commit().await?;
    ring.forget().await;
    Ok(())
}
