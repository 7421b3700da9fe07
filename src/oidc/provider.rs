//! What is known of the provider: metadata and keys, fetched when first needed and kept (openid-connect.md 3).
//! Called by `relying_party`; the status page asks [`Provider::status`].
//!
//! ```text
//! nothing known --fetch--> known --older than cache_ttl--> known, refreshed in the background
//!      |  failed: none for 5 s         |  unknown key: fetched again, once per rediscovery_lifetime
//!      +--<--------------------+       +--> a failed refresh changes nothing
//! ```

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use openidconnect::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::config::plugin::ProviderConf;
use crate::domain::time::{Clock, UnixSeconds};
use crate::http_client::HttpClient;

use super::error::{Endpoint, OidcError};
use super::keys::{KeySet, KeySummary};
use super::metadata::{Endpoints, ProviderMetadata, discovery_urls, is_same_issuer};

/// Seconds without a new attempt after a failed one.
pub const FAILURE_PAUSE: i64 = 5;

/// What was fetched at one moment.
#[derive(Clone, Debug)]
pub struct ProviderSnapshot {
    /// Metadata.
    pub metadata: ProviderMetadata,
    /// The issuer's keys, then those of `extra_jwks_uris`.
    pub keys: KeySet,
    /// Where the discovery document was found; `None` without discovery.
    pub discovery_url: Option<Url>,
    /// The discovery document as it was published; `null` without discovery.
    pub document: Arc<Value>,
    /// When it was fetched.
    pub discovered_at: UnixSeconds,
}

impl ProviderSnapshot {
    /// Whether nothing but the time is another.
    fn says_the_same_as(&self, other: &Self) -> bool {
        self.metadata == other.metadata && self.document == other.document && self.keys.jwks().eq(other.keys.jwks())
    }
}

/// What the status page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProviderStatus {
    /// The discovered issuer; before discovery, the configured one.
    pub issuer: String,
    /// Where its discovery document was found; before discovery, where it is sought first.
    pub discovery_url: Option<String>,
    /// The last successful discovery.
    pub discovered_at: Option<UnixSeconds>,
    /// The last failure, also when a later attempt went well.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<UnixSeconds>,
    /// Usable keys.
    pub keys: Vec<KeySummary>,
    /// Endpoints.
    pub endpoints: Endpoints,
}

/// The provider; clones share what is known.
#[derive(Clone, Debug)]
pub struct Provider(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    conf: ProviderConf,
    http: HttpClient,
    clock: Clock,
    known: ArcSwapOption<ProviderSnapshot>,
    attempts: Mutex<Attempts>,
    /// Whoever holds it may fetch; the others wait for the result.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug, Default)]
struct Attempts {
    failure: Option<(UnixSeconds, OidcError)>,
    /// Whether the failure is newer than the last success.
    failing: bool,
    last_rediscovery: Option<UnixSeconds>,
}

impl Provider {
    /// The provider of a configuration. Asks nothing yet.
    #[must_use]
    pub fn new(conf: &ProviderConf, http: HttpClient, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            conf: conf.clone(),
            http,
            clock,
            known: ArcSwapOption::empty(),
            attempts: Mutex::default(),
            turn: Arc::default(),
        }))
    }

    /// What is known, fetched first if nothing is. Old knowledge is given at once and refreshed in the background.
    ///
    /// # Errors
    /// The provider gave nothing usable and nothing is known yet; for 5 s after a failure without asking again.
    pub async fn snapshot(&self) -> Result<Arc<ProviderSnapshot>, OidcError> {
        if let Some(known) = self.0.known.load_full() {
            self.refresh_if_old(&known);
            return Ok(known);
        }
        // Boxed: it happens once, and every request would carry it.
        Box::pin(self.first_snapshot()).await
    }

    async fn first_snapshot(&self) -> Result<Arc<ProviderSnapshot>, OidcError> {
        let _turn = self.0.turn.lock().await;
        if let Some(fetched_meanwhile) = self.0.known.load_full() {
            return Ok(fetched_meanwhile);
        }
        match self.0.recent_failure() {
            Some(failure) => Err(failure),
            None => self.0.fetch_and_keep().await,
        }
    }

    /// Newer knowledge than `seen`, because a token named a key that is not in it. `None` when there is none, and
    /// when the provider was asked for that reason less than `rediscovery_lifetime` ago.
    pub async fn rediscover(&self, seen: &Arc<ProviderSnapshot>) -> Option<Arc<ProviderSnapshot>> {
        let _turn = self.0.turn.lock().await;
        match self.0.known.load_full() {
            Some(known) if !Arc::ptr_eq(&known, seen) => return Some(known),
            _ if self.0.may_rediscover() => {}
            _ => return None,
        }
        self.0.attempts().last_rediscovery = Some(self.0.clock.now());
        let is_new = |newer: &ProviderSnapshot| !newer.says_the_same_as(seen);
        self.0.fetch_and_keep_if(is_new).await.ok().filter(|newer| !Arc::ptr_eq(newer, seen))
    }

    /// What is known now. Asks nothing.
    #[must_use]
    pub fn known(&self) -> Option<Arc<ProviderSnapshot>> {
        self.0.known.load_full()
    }

    /// Whether anybody else holds it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Forgets what is known: the next request that needs it asks again.
    pub fn forget(&self) {
        self.0.known.store(None);
    }

    /// What the status page shows. Asks nothing.
    #[must_use]
    pub fn status(&self) -> ProviderStatus {
        let known = self.0.known.load_full();
        let failure = self.0.attempts().failure.clone();
        ProviderStatus {
            issuer: known
                .as_ref()
                .map_or_else(|| self.0.conf.issuer.to_string(), |known| known.metadata.issuer.clone()),
            discovery_url: match &known {
                Some(known) => known.discovery_url.as_ref().map(Url::to_string),
                None => discovery_urls(&self.0.conf.issuer).first().map(Url::to_string),
            },
            discovered_at: known.as_ref().map(|known| known.discovered_at),
            last_error_at: failure.as_ref().map(|(at, _)| *at),
            last_error: failure.map(|(_, error)| error.to_string()),
            keys: known.as_ref().map(|known| known.keys.summaries()).unwrap_or_default(),
            endpoints: known.map(|known| known.metadata.endpoints.clone()).unwrap_or_default(),
        }
    }

    fn refresh_if_old(&self, known: &ProviderSnapshot) {
        let old = self.0.clock.now().since(known.discovered_at) >= self.0.conf.cache_ttl;
        if !old || self.0.recent_failure().is_some() {
            return;
        }
        if let Ok(turn) = Arc::clone(&self.0.turn).try_lock_owned() {
            let inner = Arc::clone(&self.0);
            tokio::spawn(async move {
                // The failure is logged and kept for the status page; the old knowledge stays.
                let _ = inner.fetch_and_keep().await;
                drop(turn);
            });
        }
    }
}

impl Inner {
    /// The state of attempts. Held for a few instructions, never while waiting.
    fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recent_failure(&self) -> Option<OidcError> {
        let attempts = self.attempts();
        let (at, error) = attempts.failure.as_ref().filter(|_| attempts.failing)?;
        let recent = is_within(self.clock.now(), *at, FAILURE_PAUSE);
        recent.then(|| OidcError::RecentFailure(error.to_string(), error.class()))
    }

    fn may_rediscover(&self) -> bool {
        let (last, failing) = {
            let attempts = self.attempts();
            (attempts.last_rediscovery, attempts.failing)
        };
        if failing {
            // After a failed attempt the short pause counts instead.
            return self.recent_failure().is_none();
        }
        !last.is_some_and(|at| is_within(self.clock.now(), at, self.conf.rediscovery_lifetime))
    }

    async fn fetch_and_keep(&self) -> Result<Arc<ProviderSnapshot>, OidcError> {
        self.fetch_and_keep_if(|_| true).await
    }

    /// Fetches; what is known stays the same object unless `is_new`, and with it the tokens that were verified with it:
    /// whoever sends an unknown key must not make all of them be verified again.
    async fn fetch_and_keep_if(
        &self,
        is_new: impl Fn(&ProviderSnapshot) -> bool,
    ) -> Result<Arc<ProviderSnapshot>, OidcError> {
        let result = self.fetch().await;
        let mut attempts = self.attempts();
        match result {
            Ok(snapshot) => {
                attempts.failing = false;
                if let Some(known) = self.known.load_full().filter(|_| !is_new(&snapshot)) {
                    return Ok(known);
                }
                let snapshot = Arc::new(snapshot);
                self.known.store(Some(Arc::clone(&snapshot)));
                Ok(snapshot)
            }
            Err(error) => {
                tracing::warn!(issuer = %self.conf.issuer, code = error.code(), %error, "discovery failed");
                attempts.failing = true;
                attempts.failure = Some((self.clock.now(), error.clone()));
                Err(error)
            }
        }
    }

    async fn fetch(&self) -> Result<ProviderSnapshot, OidcError> {
        let (metadata, document, discovery_url) = self.fetch_metadata().await?;
        if !is_same_issuer(&self.conf.issuer, &metadata.issuer) {
            tracing::warn!(configured = %self.conf.issuer, discovered = metadata.issuer, "the provider names another issuer");
        }
        let mut keys = self.fetch_keys(metadata.endpoints.jwks.as_ref()).await?;
        for url in &self.conf.extra_jwks {
            match self.fetch_key_set(url).await {
                Ok(more) => keys.append(more),
                // Tokens of the other keys are good without it, and those of this one are refused.
                Err(error) => tracing::warn!(%url, code = error.code(), %error, "an extra key set cannot be used"),
            }
        }
        tracing::info!(issuer = metadata.issuer, keys = keys.summaries().len(), "provider discovered");
        Ok(ProviderSnapshot { metadata, keys, discovery_url, document, discovered_at: self.clock.now() })
    }

    /// The issuer's keys. A provider that is only configured may have none: introspection needs no key.
    async fn fetch_keys(&self, jwks: Option<&Url>) -> Result<KeySet, OidcError> {
        match jwks {
            Some(url) => self.fetch_key_set(url).await,
            None if self.conf.is_pseudo || !self.conf.extra_jwks.is_empty() => Ok(KeySet::default()),
            None => Err(OidcError::NoEndpoint(Endpoint::Jwks)),
        }
    }

    async fn fetch_key_set(&self, url: &Url) -> Result<KeySet, OidcError> {
        Ok(KeySet::parse(&self.fetch_document(url, Endpoint::Jwks).await?)?)
    }

    async fn fetch_metadata(&self) -> Result<(ProviderMetadata, Arc<Value>, Option<Url>), OidcError> {
        if self.conf.is_pseudo {
            let issuer = self.conf.name.as_str();
            return Ok((ProviderMetadata::configured(issuer, &self.conf.endpoints), Arc::default(), None));
        }
        let mut failure = OidcError::Status(Endpoint::Discovery, 404);
        for url in discovery_urls(&self.conf.issuer) {
            match self.fetch_document(&url, Endpoint::Discovery).await {
                Ok(document) => {
                    let metadata = ProviderMetadata::parse(&document, &url, &self.conf.endpoints)?;
                    let document = serde_json::from_slice(&document).unwrap_or_default();
                    return Ok((metadata, Arc::new(document), Some(url)));
                }
                Err(not_found @ OidcError::Status(_, 404)) => failure = not_found,
                Err(error) => return Err(error),
            }
        }
        Err(failure)
    }

    /// `discovery_headers_*`: for the discovery document only. The configuration has checked names and values.
    fn headers(&self, which: Endpoint) -> HeaderMap {
        let pairs = self.conf.discovery_headers.iter().filter(|_| which == Endpoint::Discovery);
        pairs
            .filter_map(|(name, value)| Some((HeaderName::try_from(name).ok()?, HeaderValue::from_str(value).ok()?)))
            .collect()
    }

    async fn fetch_document(&self, url: &Url, which: Endpoint) -> Result<Vec<u8>, OidcError> {
        let answer = self
            .http
            .get_with(url, &self.headers(which))
            .await
            .map_err(|error| OidcError::Unreachable(which, error))?;
        if answer.status.as_u16() == 200 {
            Ok(answer.body)
        } else {
            Err(OidcError::Status(which, answer.status.as_u16()))
        }
    }
}

/// Whether `now` is less than `seconds` after `at`. A clock that was set back does not prolong a pause.
fn is_within(now: UnixSeconds, at: UnixSeconds, seconds: i64) -> bool {
    (0..seconds).contains(&now.since(at))
}
