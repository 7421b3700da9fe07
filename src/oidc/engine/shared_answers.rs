//! Introspection answers that nodes remember together (openid-connect.md 2.4, 10.4): sealed by the session secret, which all nodes
//! have, and bound to what they answer. A store that fails is as good as one that knows nothing.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::time::UnixSeconds;

use super::cache::{Fresh, Key};
use super::session::SessionSecret;

/// What answers are sealed for.
const ANSWER: &str = "shared introspection answer";
/// Seconds for which a store that failed is not asked again: requests must not wait for it one after the other.
const PAUSE: i64 = 5;

/// A step of a store; its failure in words for the log.
pub type Step<'s, T> = BoxFuture<'s, Result<T, String>>;

/// Where nodes keep what they share. Texts come sealed; `about` and `key` are digests.
pub trait SharedStore: fmt::Debug + Send + Sync {
    /// The text under `key` among those about a token.
    fn find<'s>(&'s self, about: &'s str, key: &'s str) -> Step<'s, Option<String>>;

    /// Keeps a text for at least so many seconds.
    fn keep<'s>(&'s self, about: &'s str, key: &'s str, sealed: &'s str, seconds: i64) -> Step<'s, ()>;

    /// Forgets everything about a token.
    fn forget<'s>(&'s self, about: &'s str) -> Step<'s, ()>;
}

/// What is kept.
#[derive(Serialize, Deserialize)]
struct Shared {
    key: String,
    until: UnixSeconds,
    value: Arc<Value>,
}

/// The answers; clones share them.
#[derive(Clone)]
pub struct SharedAnswers(Arc<Inner>);

struct Inner {
    store: Arc<dyn SharedStore>,
    secret: SessionSecret,
    paused_until: AtomicI64,
}

impl SharedAnswers {
    /// The answers in a store.
    #[must_use]
    pub fn new(store: Arc<dyn SharedStore>, secret: SessionSecret) -> Self {
        Self(Arc::new(Inner { store, secret, paused_until: AtomicI64::new(i64::MIN) }))
    }

    /// The answer that some node has fetched, or a fetched one, which all have from now on.
    ///
    /// # Errors
    /// It could not be fetched.
    pub async fn get_or_fetch<E>(
        &self,
        about: Key,
        key: Key,
        now: UnixSeconds,
        fetch: impl Future<Output = Result<Fresh<Arc<Value>>, E>>,
    ) -> Result<Fresh<Arc<Value>>, E> {
        let (about_hex, key_hex) = (about.hex(), key.hex());
        let found = self.attempt(now, self.0.store.find(&about_hex, &key_hex)).await.flatten();
        if let Some(fresh) = found.and_then(|sealed| self.opened(&sealed, &key_hex, about, now)) {
            return Ok(fresh);
        }
        let fresh = fetch.await?;
        if let Some(seconds) = fresh.ttl
            && let Some(sealed) = self.sealed(&fresh, &key_hex, now.plus(seconds))
        {
            self.attempt(now, self.0.store.keep(&about_hex, &key_hex, &sealed, seconds)).await;
        }
        Ok(fresh)
    }

    /// Forgets what all nodes remember of a token.
    pub async fn forget_about(&self, token: Key, now: UnixSeconds) {
        self.attempt(now, self.0.store.forget(&token.hex())).await;
    }

    fn opened(&self, sealed: &str, key: &str, about: Key, now: UnixSeconds) -> Option<Fresh<Arc<Value>>> {
        let plain = self.0.secret.sealer().open(ANSWER, sealed)?;
        let shared: Shared = serde_json::from_slice(&plain).ok()?;
        let left = shared.until.since(now);
        (shared.key == key && left > 0).then(|| Fresh {
            value: shared.value,
            ttl: Some(left),
            bytes: plain.len(),
            about: vec![about],
        })
    }

    fn sealed(&self, fresh: &Fresh<Arc<Value>>, key: &str, until: UnixSeconds) -> Option<String> {
        let shared = Shared { key: key.to_owned(), until, value: Arc::clone(&fresh.value) };
        self.0.secret.sealer().seal(ANSWER, &serde_json::to_vec(&shared).ok()?).ok()
    }

    /// Asks the store, unless it failed a moment ago.
    async fn attempt<T>(&self, now: UnixSeconds, step: Step<'_, T>) -> Option<T> {
        if now.0 < self.0.paused_until.load(Ordering::Relaxed) {
            return None;
        }
        match step.await {
            Ok(done) => Some(done),
            Err(error) => {
                self.0.paused_until.store(now.plus(PAUSE).0, Ordering::Relaxed);
                tracing::warn!(error, "openid-connect: the cache that nodes share cannot be used for {PAUSE} s");
                None
            }
        }
    }
}
