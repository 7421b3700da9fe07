//! Sessions of the plugin (openid-connect.md 2.1, 5). The pipeline opens one before it searches for other credentials,
//! and keeps, starts or ends one when the request has been judged.
//!
//! ```text
//! cookie --open--> slot of the audience --cookie storage--> content
//!                        |  id                                 |
//!                        +--server storage, cached (feed) ---->+
//!        limits, binding, issuer, client --> OpenSession --freshen--> one refresh for all --> keep: cookies to send
//! ```
//!
//! A session gets a new id each time that it is saved. The old id leads to its successor for ten seconds, so that
//! requests which were under way find it.

pub mod codec;
pub mod content;
mod facts;
mod feed;
mod keeping;
mod opening;
mod refreshing;
mod rules;
mod secret;
pub mod storage;

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;

pub use codec::names as cookie_names;
pub use content::{SessionContent, Who};
pub use facts::SessionFacts;
pub use opening::OpenSession;
pub use refreshing::{Refresh, Refreshed};
pub use secret::SessionSecret;
pub use storage::{Changes, LogoutName, Record, SessionStorage, Step, StorageError};

use self::codec::CodecError;
use self::feed::Feed;
use self::opening::{Known, Opened};
use self::refreshing::SharedRefresh;
use crate::config::plugin::{OpenIdConnectConf, PluginSessionConf};
use crate::domain::session::SessionLimits;
use crate::domain::time::Clock;
use crate::oidc::error::RefreshError;
use crate::sealing::{LookupKey, LookupKeys};

/// What session cookies are sealed for.
const SESSION: &str = "plugin session cookie";
/// What remember cookies are sealed for.
const REMEMBER: &str = "plugin remember cookie";
/// What stored sessions are sealed for.
const RECORD: &str = "plugin session record";
/// What the id of a successor is sealed for.
const POINTER: &str = "plugin session successor";

/// Refreshes that are kept in memory.
const CACHED: u64 = 10_000;
/// How long a stored session is kept in memory; whether it is still believed there is for the [`feed`] to say.
const CACHED_FOR: Duration = Duration::from_secs(300);
/// How long a cookie that was opened is kept: it cannot change, only the limits of its session are looked at again.
const COOKIE_CACHED_FOR: Duration = Duration::from_secs(300);

/// What the engine needs for sessions.
#[derive(Clone, Debug)]
pub struct SessionParts {
    /// What seals them.
    pub secret: SessionSecret,
    /// Where they are stored; `None` = in the cookie.
    pub storage: Option<Arc<dyn SessionStorage>>,
}

/// A session could not be handled. The request gets "unexpected", and nobody is logged out.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SessionError {
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The cookie could not be written.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The provider could not be asked for new tokens.
    #[error(transparent)]
    Refresh(#[from] RefreshError),
}

impl SessionError {
    /// A stable word for logs and metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Storage(_) => "session_storage",
            Self::Codec(CodecError::TooLarge) => "session_too_large",
            Self::Codec(CodecError::Seal) => "session_seal",
            Self::Refresh(error) => error.code(),
        }
    }
}

/// The sessions of one plugin instance; clones share caches.
#[derive(Clone)]
pub struct Sessions(Arc<Inner>);

struct Inner {
    conf: Arc<OpenIdConnectConf>,
    parts: SessionParts,
    clock: Clock,
    refresher: Arc<dyn Refresh>,
    /// What decides who may get a session here.
    rules: String,
    /// Stored sessions by key.
    stored: Cache<String, Arc<Known>>,
    feed: Feed,
    /// Cookies that were opened.
    cookies: Cache<LookupKey, Arc<Opened>>,
    cookie_keys: LookupKeys,
    refreshes: Cache<String, SharedRefresh>,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

impl Sessions {
    /// Sessions of a plugin instance. `cache_bytes` bounds the memory for stored sessions, and that for opened cookies.
    #[must_use]
    pub fn new(
        conf: Arc<OpenIdConnectConf>,
        parts: SessionParts,
        clock: Clock,
        refresher: Arc<dyn Refresh>,
        cache_bytes: u64,
    ) -> Self {
        let refreshes_for = Duration::from_secs(storage::STALE_WINDOW.unsigned_abs());
        Self(Arc::new(Inner {
            rules: rules::digest(&conf),
            conf,
            parts,
            clock,
            refresher,
            stored: cache(cache_bytes, CACHED_FOR, |known: &Arc<Known>| known.bytes()),
            feed: Feed::new(),
            cookie_keys: LookupKeys::new(),
            cookies: cache(cache_bytes, COOKIE_CACHED_FOR, |opened: &Arc<Opened>| opened.bytes()),
            refreshes: Cache::builder().max_capacity(CACHED).time_to_live(refreshes_for).build(),
        }))
    }
}

/// A cache that is bounded by the bytes of what it holds.
fn cache<K: Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static>(
    most: u64,
    lifetime: Duration,
    bytes: impl Fn(&V) -> usize + Send + Sync + 'static,
) -> Cache<K, V> {
    let weigh = move |_: &K, value: &V| u32::try_from(bytes(value)).unwrap_or(u32::MAX);
    Cache::builder().max_capacity(most).weigher(weigh).time_to_live(lifetime).build()
}

impl Inner {
    fn session_conf(&self) -> &PluginSessionConf {
        &self.conf.session
    }

    fn limits(&self) -> SessionLimits {
        let conf = self.session_conf();
        SessionLimits { idling: conf.idling_timeout, rolling: conf.rolling_timeout, absolute: conf.absolute_timeout }
    }

    /// The limits of the persistent session; it has no idle limit.
    fn remember_limits(&self) -> Option<SessionLimits> {
        let conf = self.session_conf().remember.as_ref()?;
        Some(SessionLimits { idling: 0, rolling: conf.rolling_timeout, absolute: conf.absolute_timeout })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn known(bytes: usize) -> Arc<Known> {
        let content = json!({
            "id": "i", "audience": "a", "method": "bearer", "plugin_issuer": "p", "created_at": 0, "renewed_at": 0,
            "last_seen_at": 0, "access_token": "x".repeat(bytes),
        });
        Arc::new(Known::new(serde_json::from_value(content).unwrap()))
    }

    #[tokio::test]
    async fn the_memory_that_sessions_take_is_bounded_by_their_bytes() {
        const MOST: u64 = 64 << 20;
        let stored = cache(MOST, CACHED_FOR, |known: &Arc<Known>| known.bytes());
        for number in 0..100 {
            stored.insert(number.to_string(), known(1024 * 1024)).await;
        }
        stored.run_pending_tasks().await;
        assert!(stored.weighted_size() <= MOST && (1..=16).contains(&stored.entry_count()));
        let small = cache(MOST, COOKIE_CACHED_FOR, |known: &Arc<Known>| known.bytes());
        for number in 0..10_000 {
            small.insert(number.to_string(), known(100)).await;
        }
        small.run_pending_tasks().await;
        assert!(small.entry_count() > 9_000, "many small ones are kept: {}", small.entry_count());
    }
}
