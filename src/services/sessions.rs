//! Browser sessions of admins (kong-manager.md 2.6, openid-connect.md 5.6). A cookie stands for a row of `web_sessions`,
//! which names a sign-in in `login_sessions`; the sign-in has the times and the IdP's sealed tokens.
//!
//! A warm request reads no database: both rows are cached, and every ended session moves a counter that all nodes follow.
//!
//! ```text
//! cookie --> browser state --> sign-in --limits--> live --token near its end--> refreshed once --> rbac user
//!                                 |                             |
//!                                 +--> over: 401                +--> refused by the IdP: session ends, 401
//! ```

mod refresh;
mod seen;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use moka::future::Cache;

use self::refresh::{Refreshed, refresh_time};
pub use self::seen::Seen;
use super::error::ServiceError;
use crate::config::auth_conf::SessionConf;
use crate::domain::ids::{AdminId, RbacUserId, SessionId};
use crate::domain::session::{SessionLimits, SessionTimes, Upkeep};
use crate::domain::time::{Clock, UnixSeconds};
use crate::metrics::LookupMeters;
use crate::oidc::{RelyingParty, TokenSet};
use crate::sealing::{LookupKeys, Sealer, random_token, sha256_hex};
use crate::store::epochs::{self, Epoch};
use crate::store::login_sessions::{LoginSession, SealedTokens};
use crate::store::web_sessions::WebSession;
use crate::store::{Store, StoreError, login_sessions, web_sessions};

/// Purpose of sealed tokens.
const TOKENS: &str = "session tokens";
/// What actix-session keeps for a browser: names and JSON texts.
pub type BrowserState = HashMap<String, String>;

/// Member of the state that names the sign-in.
pub const SIGN_IN: &str = "sign_in";

/// A live sign-in as this node knows it.
struct Known {
    session: LoginSession,
    last_seen: AtomicI64,
    renewed: AtomicI64,
    refresh_at: AtomicI64,
}

impl Known {
    fn times(&self) -> SessionTimes {
        SessionTimes {
            created_at: self.session.times.created_at,
            last_seen_at: UnixSeconds(self.last_seen.load(Ordering::Relaxed)),
            renewed_at: UnixSeconds(self.renewed.load(Ordering::Relaxed)),
        }
    }

    fn live(&self, was_renewed: bool) -> LiveSession {
        let LoginSession { id, rbac_user_id, admin_id, .. } = self.session;
        LiveSession { id, rbac_user_id, admin_id, was_renewed }
    }
}

/// A session that holds now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveSession {
    /// The sign-in.
    pub id: SessionId,
    /// Whose rights count.
    pub rbac_user_id: RbacUserId,
    /// Who signed in.
    pub admin_id: AdminId,
    /// Whether it was renewed just now: the cookie is to be sent again.
    pub was_renewed: bool,
}

/// How long a session still lasts, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// The sign-in.
    pub started_at: UnixSeconds,
    /// When it ends if unused from now on; `None` without that limit.
    pub idle_end: Option<UnixSeconds>,
    /// When it ends unless it is renewed; `None` without that limit.
    pub rolling_end: Option<UnixSeconds>,
    /// When it ends however it is used; `None` without that limit.
    pub absolute_end: Option<UnixSeconds>,
}

/// Why a session does not hold.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Unknown, ended or timed out.
    #[error("the session is over")]
    Over,
    /// It could not be checked.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<StoreError> for SessionError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::Over,
            other => Self::Service(other.into()),
        }
    }
}

/// The sessions of this node and, through the store, of all.
pub struct Sessions {
    store: Store,
    clock: Clock,
    limits: SessionLimits,
    sealer: Sealer,
    relying_party: Option<RelyingParty>,
    epoch: AtomicI64,
    /// Part of every cache key: what was read before something ended is never found afterwards.
    generation: AtomicU64,
    browsers: Cache<(String, u64), Option<Arc<WebSession>>>,
    known: Cache<(SessionId, u64), Arc<Known>>,
    cookie_lines: LookupKeys,
    seen: moka::sync::Cache<Seen, Arc<Known>>,
    refreshes: Cache<(SessionId, Option<UnixSeconds>), Refreshed>,
    lookups: Option<LookupMeters>,
}

impl Sessions {
    /// Sessions with the limits of `conf` (`None` = no sign-in is configured, so nothing is ever stored).
    #[must_use]
    pub fn new(
        store: Store,
        clock: Clock,
        sealer: Sealer,
        conf: Option<&SessionConf>,
        relying_party: Option<RelyingParty>,
    ) -> Self {
        let limits =
            conf.map_or(SessionLimits { idling: 900, rolling: 3600, absolute: 86_400 }, |conf| SessionLimits {
                idling: conf.idling_timeout,
                rolling: conf.rolling_timeout,
                absolute: conf.absolute_timeout,
            });
        let minute = Duration::from_secs(60);
        Self {
            store,
            clock,
            limits,
            sealer,
            relying_party,
            epoch: AtomicI64::new(0),
            generation: AtomicU64::new(0),
            browsers: Cache::builder().max_capacity(20_000).time_to_live(minute).build(),
            known: Cache::builder().max_capacity(20_000).time_to_live(minute).build(),
            cookie_lines: LookupKeys::new(),
            seen: moka::sync::Cache::builder().max_capacity(20_000).time_to_live(minute).build(),
            refreshes: Cache::builder().max_capacity(10_000).time_to_live(Duration::from_secs(5)).build(),
            lookups: None,
        }
    }

    /// The same, with checks of sessions counted.
    #[must_use]
    pub fn counted_by(self, lookups: LookupMeters) -> Self {
        Self { lookups: Some(lookups), ..self }
    }

    /// Forgets what is cached: sessions are read from the store again.
    pub fn forget(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    fn keyed<T>(&self, key: T) -> (T, u64) {
        (key, self.generation.load(Ordering::Acquire))
    }

    /// Forgets when the store's counter of ended sessions moved.
    pub fn follow(&self, epoch: i64) {
        if self.epoch.swap(epoch, Ordering::AcqRel) != epoch {
            self.forget();
        }
    }

    /// The state of the browser that shows `key`; `None` when there is no such session.
    ///
    /// # Errors
    /// The store failed.
    pub async fn load_browser(&self, key: &str) -> Result<Option<BrowserState>, ServiceError> {
        let key = self.keyed(sha256_hex(key.as_bytes()));
        let found = match self.browsers.get(&key).await {
            Some(found) => found,
            None => {
                let now = self.clock.now();
                let found = web_sessions::find(&mut *self.store.read().await?, &key.0, now).await?.map(Arc::new);
                self.browsers.insert(key, found.clone()).await;
                found
            }
        };
        let live = found.filter(|session| session.expires_at > self.clock.now());
        Ok(live.and_then(|session| serde_json::from_str(&session.state).ok()))
    }

    /// Stores the state of a new browser session; returns its key, 256 random bits.
    ///
    /// # Errors
    /// The store failed.
    pub async fn save_browser(&self, state: &BrowserState) -> Result<String, ServiceError> {
        let key = random_token();
        let session = self.web_session(&key, state);
        let cached = self.keyed(session.key_hash.clone());
        let mut transaction = self.store.write().await?;
        web_sessions::create(&mut transaction, &session).await?;
        transaction.commit().await?;
        self.browsers.insert(cached, Some(Arc::new(session))).await;
        Ok(key)
    }

    /// Stores a changed state under its key; `false` when the session is gone.
    ///
    /// # Errors
    /// The store failed.
    pub async fn update_browser(&self, key: &str, state: &BrowserState) -> Result<bool, ServiceError> {
        let session = self.web_session(key, state);
        let cached = self.keyed(session.key_hash.clone());
        let mut transaction = self.store.write().await?;
        let is_there = web_sessions::update(&mut transaction, &session).await?;
        transaction.commit().await?;
        self.browsers.insert(cached, is_there.then(|| Arc::new(session))).await;
        Ok(is_there)
    }

    /// Ends a browser session.
    ///
    /// # Errors
    /// The store failed.
    pub async fn delete_browser(&self, key: &str) -> Result<(), ServiceError> {
        let cached = self.keyed(sha256_hex(key.as_bytes()));
        let mut transaction = self.store.write().await?;
        web_sessions::delete(&mut transaction, &cached.0).await?;
        transaction.commit().await?;
        self.browsers.insert(cached, None).await;
        // Its cookie is forgotten too.
        self.forget();
        Ok(())
    }

    fn web_session(&self, key: &str, state: &BrowserState) -> WebSession {
        let absolute = if self.limits.absolute > 0 { self.limits.absolute } else { 10 * 365 * 86_400 };
        let sign_in = state.get(SIGN_IN).and_then(|json| serde_json::from_str(json).ok());
        WebSession {
            key_hash: sha256_hex(key.as_bytes()),
            state: serde_json::to_string(state).unwrap_or_default(),
            expires_at: self.clock.now().plus(absolute),
            login_session_id: sign_in,
        }
    }

    /// A new sign-in for the store, its tokens sealed. The caller stores it in its transaction.
    ///
    /// # Errors
    /// The tokens could not be sealed.
    pub fn begin(
        &self,
        admin_id: AdminId,
        rbac_user_id: RbacUserId,
        identity: (&str, &str, Option<&str>),
        tokens: &TokenSet,
    ) -> Result<LoginSession, ServiceError> {
        let now = self.clock.now();
        let (issuer, subject, idp_session) = identity;
        Ok(LoginSession {
            id: SessionId::generate(),
            admin_id,
            rbac_user_id,
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            idp_session: idp_session.map(str::to_owned),
            times: SessionTimes { created_at: now, last_seen_at: now, renewed_at: now },
            token_expires_at: tokens.expires_at,
            sealed_tokens: Some(self.seal(tokens)?),
            source: "authorization_code".to_owned(),
        })
    }

    fn seal(&self, tokens: &TokenSet) -> Result<SealedTokens, ServiceError> {
        let json = serde_json::to_vec(tokens).map_err(|_| ServiceError::Seal)?;
        self.sealer.seal(TOKENS, &json).map(SealedTokens).map_err(|_| ServiceError::Seal)
    }

    fn open(&self, session: &LoginSession) -> Option<TokenSet> {
        let sealed = session.sealed_tokens.as_ref()?;
        serde_json::from_slice(&self.sealer.open(TOKENS, &sealed.0)?).ok()
    }

    /// Checks a sign-in: limits, then the end of its tokens. Records its use at most once a minute.
    ///
    /// # Errors
    /// [`SessionError::Over`] when it ended, timed out, or the IdP refused to go on.
    pub async fn authenticate(&self, id: SessionId) -> Result<LiveSession, SessionError> {
        let now = self.clock.now();
        let mut known = self.get(id).await?;
        if self.limits.check(&known.times(), now).is_err() {
            // Another node may have recorded a later use.
            self.known.invalidate(&self.keyed(id)).await;
            known = self.get(id).await?;
        }
        let upkeep = match self.limits.check(&known.times(), now) {
            Ok(upkeep) => upkeep,
            Err(end) => {
                tracing::info!(session = %id, limit = ?end, "session timed out");
                Box::pin(self.end(id)).await?;
                return Err(SessionError::Over);
            }
        };
        if self.needs_refresh(&known, now) && Box::pin(self.refresh_once(&known)).await? == Refreshed::Refused {
            Box::pin(self.end(id)).await?;
            return Err(SessionError::Over);
        }
        if upkeep.renew || upkeep.touch {
            Box::pin(self.record_use(&known, upkeep, now)).await?;
        }
        Ok(known.live(upkeep.renew))
    }

    async fn record_use(&self, known: &Known, upkeep: Upkeep, now: UnixSeconds) -> Result<(), SessionError> {
        let id = known.session.id;
        let mut transaction = self.store.write().await?;
        if upkeep.renew {
            login_sessions::renew(&mut transaction, id, now).await?;
        } else {
            login_sessions::touch(&mut transaction, id, now).await?;
        }
        transaction.commit().await?;
        if upkeep.renew {
            known.renewed.fetch_max(now.0, Ordering::Relaxed);
        }
        known.last_seen.fetch_max(now.0, Ordering::Relaxed);
        Ok(())
    }

    async fn get(&self, id: SessionId) -> Result<Arc<Known>, SessionError> {
        let key = self.keyed(id);
        let found = self.known.get(&key).await;
        if let Some(lookups) = &self.lookups {
            if found.is_some() { lookups.hits.increment(1) } else { lookups.misses.increment(1) }
        }
        match found {
            Some(known) => Ok(known),
            None => Box::pin(self.read(id, key)).await,
        }
    }

    async fn read(&self, id: SessionId, key: (SessionId, u64)) -> Result<Arc<Known>, SessionError> {
        let session = login_sessions::find(&mut *self.store.read().await?, id).await?.ok_or(SessionError::Over)?;
        let can_refresh = self.open(&session).is_some_and(|tokens| tokens.refresh_token.is_some());
        let token_end = session.token_expires_at.filter(|_| can_refresh);
        let known = Arc::new(Known {
            last_seen: AtomicI64::new(session.times.last_seen_at.0),
            renewed: AtomicI64::new(session.times.renewed_at.0),
            refresh_at: AtomicI64::new(refresh_time(token_end, self.clock.now())),
            session,
        });
        self.known.insert(key, Arc::clone(&known)).await;
        Ok(known)
    }

    /// Ends a sign-in with all its browser sessions, on every node; returns the IdP's tokens that it had.
    ///
    /// # Errors
    /// The store failed.
    pub async fn end(&self, id: SessionId) -> Result<Option<TokenSet>, ServiceError> {
        let mut transaction = self.store.write().await?;
        let session = login_sessions::find(&mut transaction, id).await?;
        login_sessions::delete(&mut transaction, id).await?;
        epochs::bump(&mut transaction, Epoch::Sessions).await?;
        transaction.commit().await?;
        self.forget();
        Ok(session.and_then(|session| self.open(&session)))
    }

    /// How long a session lasts.
    ///
    /// # Errors
    /// [`SessionError::Over`] when it is gone.
    pub async fn remaining(&self, id: SessionId) -> Result<Remaining, SessionError> {
        let times = self.get(id).await?.times();
        let end = |from: UnixSeconds, limit: i64| (limit > 0).then(|| from.plus(limit));
        Ok(Remaining {
            started_at: times.created_at,
            idle_end: end(self.clock.now(), self.limits.idling),
            rolling_end: end(times.renewed_at, self.limits.rolling),
            absolute_end: end(times.created_at, self.limits.absolute),
        })
    }

    /// The limits that apply, seconds.
    #[must_use]
    pub const fn limits(&self) -> SessionLimits {
        self.limits
    }

    /// Removes what is over from the store.
    ///
    /// # Errors
    /// The store failed.
    pub async fn purge(&self) -> Result<(), ServiceError> {
        let now = self.clock.now();
        let mut transaction = self.store.write().await?;
        login_sessions::purge_expired(&mut transaction, now, &self.limits).await?;
        web_sessions::purge_expired(&mut transaction, now).await?;
        Ok(transaction.commit().await?)
    }
}
