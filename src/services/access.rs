//! From a credential to a [`Principal`], and from a principal to a decision. Called by the guard of `web`.
//!
//! A warm request reads no database and computes no slow hash: principals are cached under the generation in which they
//! were loaded, and every change of RBAC data starts a new generation on every node ([`Access::follow_changes`]).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use moka::future::Cache;
use tokio::sync::Semaphore;

use super::error::ServiceError;
use super::token::{self, Fingerprint};
use crate::domain::access::{Principal, Proof};
use crate::domain::admin::AdminStatus;
use crate::domain::ids::{RbacUserId, WorkspaceName};
use crate::domain::rbac::{Action, Decision, Endpoint, Policy};
use crate::domain::workspace::Workspace;
use crate::store::{Store, StoreError, admins, epochs, grants, rbac_users, workspaces};

/// How long the change counter may take to read before cached rights are dropped.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// Slow hashes computed at the same time.
const HASHES_AT_ONCE: usize = 2;

/// Why a credential is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Unknown, empty or disabled.
    #[error("the credentials are not valid")]
    Invalid,
    /// The proof could not be checked.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<StoreError> for AccessError {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

/// The decision path's state.
pub struct Access {
    store: Store,
    generation: AtomicU64,
    epoch: AtomicI64,
    tokens: Cache<(Fingerprint, u64), RbacUserId>,
    principals: Cache<(RbacUserId, u64), Arc<Principal>>,
    workspaces: Cache<u64, Arc<Vec<Workspace>>>,
    hashing: Semaphore,
}

impl Access {
    /// Empty caches over `store`.
    #[must_use]
    pub fn new(store: Store) -> Self {
        let minute = Duration::from_secs(60);
        Self {
            store,
            generation: AtomicU64::new(0),
            epoch: AtomicI64::new(0),
            tokens: Cache::builder().max_capacity(10_000).time_to_live(minute).build(),
            principals: Cache::builder().max_capacity(10_000).time_to_live(minute).build(),
            workspaces: Cache::builder().max_capacity(2).time_to_live(minute).build(),
            hashing: Semaphore::new(HASHES_AT_ONCE),
        }
    }

    /// Forgets everything cached: call it after a change on this node was committed.
    pub fn forget(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Reads the change counter once. When another node changed something, or the counter cannot be read, cached rights
    /// are not used again, so that a withdrawn right never outlives a store that is down.
    pub async fn follow_changes(&self) {
        let read = async { epochs::read_all(&mut *self.store.read().await?).await };
        match tokio::time::timeout(ANSWER_WITHIN, read).await {
            Ok(Ok(epochs)) if self.epoch.swap(epochs.rbac, Ordering::AcqRel) == epochs.rbac => {}
            Ok(Ok(_)) => self.forget(),
            Ok(Err(error)) => {
                tracing::warn!(error = %error, "the change counter could not be read; cached rights are dropped");
                self.forget();
            }
            Err(_) => {
                tracing::warn!("the store does not answer; cached rights are dropped");
                self.forget();
            }
        }
    }

    /// The caller behind an RBAC token.
    ///
    /// # Errors
    /// [`AccessError::Invalid`] for an empty, unknown or disabled token.
    pub async fn authenticate_token(&self, token: &str) -> Result<Arc<Principal>, AccessError> {
        if token.is_empty() {
            return Err(AccessError::Invalid);
        }
        let key = (token::fingerprint(token), self.generation.load(Ordering::Acquire));
        let user = match self.tokens.get(&key).await {
            Some(user) => user,
            None => {
                let user = self.find_by_token(token).await?;
                self.tokens.insert(key, user).await;
                user
            }
        };
        self.principal(user).await
    }

    async fn find_by_token(&self, token: &str) -> Result<RbacUserId, AccessError> {
        let candidates =
            rbac_users::list_token_candidates(&mut *self.store.read().await?, &token::ident(token)).await?;
        for (user, token_enabled) in candidates {
            let Some(stored) = user.user_token.filter(|_| token_enabled) else { continue };
            let _permit = self.hashing.acquire().await.map_err(|_| ServiceError::Hash)?;
            let given = token.to_owned();
            let verified = tokio::task::spawn_blocking(move || token::verify(&stored, &given)).await;
            if verified.map_err(|_| ServiceError::Hash)? {
                return Ok(user.id);
            }
        }
        Err(AccessError::Invalid)
    }

    /// A user with its compiled rules; the one place that refuses disabled users and admins who are not approved.
    async fn principal(&self, id: RbacUserId) -> Result<Arc<Principal>, AccessError> {
        let key = (id, self.generation.load(Ordering::Acquire));
        if let Some(principal) = self.principals.get(&key).await {
            return Ok(principal);
        }
        let mut connection = self.store.read().await?;
        let user = rbac_users::find_by_id(&mut connection, id).await?.filter(|user| user.enabled);
        let user = user.ok_or(AccessError::Invalid)?;
        if let Some(admin) = user.admin_id {
            let approved = admins::find_by_id(&mut connection, admin).await?;
            approved.filter(|admin| admin.status == AdminStatus::Approved).ok_or(AccessError::Invalid)?;
        }
        let principal = Arc::new(Principal {
            rbac_user_id: id,
            name: user.name,
            admin_id: user.admin_id,
            groups: Arc::new([]),
            policy: Arc::new(Policy::compile(grants::load_rules(&mut connection, id).await?)),
            is_super_admin: grants::list_super_admins(&mut connection).await?.contains(&id),
            proof: Proof::Token,
        });
        self.principals.insert(key, Arc::clone(&principal)).await;
        Ok(principal)
    }

    /// Every workspace.
    ///
    /// # Errors
    /// The store failed.
    pub async fn workspaces(&self) -> Result<Arc<Vec<Workspace>>, ServiceError> {
        let generation = self.generation.load(Ordering::Acquire);
        if let Some(list) = self.workspaces.get(&generation).await {
            return Ok(list);
        }
        let list = Arc::new(workspaces::list(&mut *self.store.read().await?).await?);
        self.workspaces.insert(generation, Arc::clone(&list)).await;
        Ok(list)
    }

    /// The one decision of the product: whether `principal` may do `action` on `endpoint` of `workspace`.
    #[must_use]
    pub fn decide(
        &self,
        principal: &Principal,
        workspace: &WorkspaceName,
        endpoint: &Endpoint,
        action: Action,
    ) -> Decision {
        principal.policy.decide(workspace, endpoint, action)
    }
}
