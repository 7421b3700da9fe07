//! New tokens for a session (openid-connect.md 5.6): one refresh, however many requests of however many nodes ask. A
//! shared future holds the requests of one node together, a lease in the storage the nodes. With sessions in cookies
//! nodes know nothing of each other.
//!
//! ```text
//! expired --> shared future --> lease --> ask --accepted--> saved under a new id, the old one leads there
//!                                 |        +----refused---> the session ends
//!                                 |        +--no answer---> "unexpected"; the session stays
//!                                 +--another node was faster--> its successor
//! ```

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

use crate::domain::method::Method;
use crate::oidc::engine::proof::Proof;
use crate::oidc::error::RefreshError;
use crate::sealing::random_token;

use super::opening::{Found, Known, storage_key};
use super::{Inner, OpenSession, SessionContent, SessionError, Sessions, StorageError};

/// How often a node looks whether another one has finished.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Seconds that a lease outlasts the time-out of requests to the provider.
const LEASE_MARGIN: i64 = 5;

/// Who asks the provider for new tokens.
pub trait Refresh: Send + Sync {
    /// Trades the refresh token of a session for new tokens, verified, with the client at that index.
    fn refresh(&self, client: usize, content: &SessionContent) -> BoxFuture<'static, Result<Proof, RefreshError>>;
}

/// What became of a session.
#[derive(Debug)]
pub enum Refreshed {
    /// It holds, with tokens that do too.
    Live(OpenSession),
    /// Its tokens have ended for good, and it with them.
    Over,
}

type Outcome = Result<Option<Arc<Known>>, SessionError>;
pub(super) type SharedRefresh = Shared<BoxFuture<'static, Outcome>>;

impl Sessions {
    /// A session whose access token holds now: as it is, or refreshed once for everybody who asks.
    ///
    /// # Errors
    /// The provider or the storage could not be asked; the session stays.
    pub async fn freshen(&self, open: OpenSession) -> Result<Refreshed, SessionError> {
        let content = &open.known.content;
        let leeway = self.0.conf.verification.leeway;
        if !content.tokens().needs_refresh(self.0.clock.now(), leeway) {
            return Ok(Refreshed::Live(open));
        }
        if !self.0.session_conf().refresh_tokens || content.refresh_token.is_none() {
            self.0.drop_line(&content.id).await?;
            return Ok(Refreshed::Over);
        }
        let id = content.id.clone();
        let (known, client) = (Arc::clone(&open.known), open.client);
        let begin = futures_util::future::lazy(|_| self.spawn_refresh(known, client));
        let shared = self.0.refreshes.get_with(id.clone(), begin).await;
        match shared.await {
            Ok(Some(known)) => Ok(Refreshed::Live(OpenSession { known, is_outdated: true, ..open })),
            Ok(None) => Ok(Refreshed::Over),
            Err(error) => {
                // The next request asks again.
                self.0.refreshes.invalidate(&id).await;
                Err(error)
            }
        }
    }

    /// A task of its own: a browser that goes away must not leave a used-up refresh token behind.
    fn spawn_refresh(&self, known: Arc<Known>, client: usize) -> SharedRefresh {
        let inner = Arc::clone(&self.0);
        let task = tokio::spawn(async move { inner.refresh(&known.content, client).await });
        let outcome = async {
            task.await.unwrap_or_else(|error| Err(StorageError(format!("the refresh ended early: {error}")).into()))
        };
        outcome.boxed().shared()
    }
}

impl Inner {
    async fn refresh(&self, old: &SessionContent, client: usize) -> Outcome {
        let key = storage_key(&old.id);
        let owner = random_token();
        if let Some(faster) = self.wait_for_lease(&key, &owner).await? {
            return Ok(faster.0);
        }
        match self.refresher.refresh(client, old).await {
            Ok(proof) => {
                let mut content = old.clone();
                content.take_proof(&proof);
                if !self.session_conf().disabled_for.has(Method::Session) {
                    content.renewed_at = self.clock.now();
                }
                self.succeed(old, content).await
            }
            Err(error) if error.ends_session() => {
                tracing::warn!(code = error.code(), %error, "openid-connect: a session ends, its tokens cannot be refreshed");
                self.drop_line(&old.id).await?;
                Ok(None)
            }
            Err(error) => {
                tracing::error!(code = error.code(), %error, "openid-connect: tokens could not be refreshed");
                if let Some(storage) = &self.parts.storage {
                    storage.release(&key, &owner).await?;
                }
                Err(error.into())
            }
        }
    }

    /// Waits until this node may refresh; `Some` when that is no longer needed: with the session that took the place, or
    /// without any when it has ended.
    async fn wait_for_lease(&self, key: &str, owner: &str) -> Result<Option<Faster>, SessionError> {
        let Some(storage) = &self.parts.storage else {
            return Ok(None);
        };
        let timeout = i64::try_from(self.conf.provider.timeout_ms / 1000).unwrap_or(i64::MAX);
        let lease = timeout.saturating_add(LEASE_MARGIN);
        let waiting = Duration::from_secs(lease.unsigned_abs()) * 2;
        let start = tokio::time::Instant::now();
        while start.elapsed() < waiting {
            match self.load(key).await? {
                None => return Ok(Some(Faster(None))),
                Some(Found::Successor(id)) => return Ok(Some(Faster(self.by_id(&id).await?))),
                Some(Found::Session(_)) if storage.lease(key, owner, lease).await? => return Ok(None),
                Some(Found::Session(_)) => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
        Err(StorageError("another node is refreshing the session for too long".to_owned()).into())
    }
}

/// What another node has made of a session.
struct Faster(Option<Arc<Known>>);
