//! From a credential to a [`Principal`], and from a principal to a decision. Called by the guard of `web`.
//!
//! A warm request reads no database and computes no slow hash: principals are cached under the generation in which they
//! were loaded, and every change of RBAC data starts a new generation on every node ([`Access::follow`]).

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use moka::future::Cache;
use tokio::sync::Semaphore;

use super::error::ServiceError;
use super::token::{self, PlainToken};
use crate::config::settings::{EnforceRbac, RbacSettings};
use crate::domain::access::{Principal, may_act};
use crate::domain::client_network::client_network;
use crate::domain::ids::{RbacUserId, WorkspaceName};
use crate::domain::rbac::{Action, Decision, Endpoint, GrantSource, GrantedRule, Policy};
use crate::domain::role::{RoleSource, SUPER_ADMIN};
use crate::domain::time::{Clock, UnixSeconds};
use crate::domain::workspace::Workspace;
use crate::sealing::{LookupKey, LookupKeys};
use crate::store::{Store, StoreError, admins, grants, rbac_users, workspaces};

/// Wrong tokens of one client within a minute after which no more are looked at.
const FAILURES_A_MINUTE: u32 = 600;
/// The same for those that cost a slow hash each.
const SLOW_FAILURES_A_MINUTE: u32 = 30;
/// How long the list of workspaces is kept in one generation.
const KEEP_WORKSPACES: Duration = Duration::from_secs(60);
/// Slow hashes computed at the same time.
const HASHES_AT_ONCE: usize = 2;

/// Why a credential is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Unknown, empty or disabled.
    #[error("the credentials are not valid")]
    Invalid,
    /// The client sent too many wrong tokens that looked like right ones.
    #[error("too many wrong tokens")]
    TooManyFailures,
    /// The proof could not be checked.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<StoreError> for AccessError {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

/// A cached principal, and what limits the use of its token.
#[derive(Clone)]
struct Loaded {
    principal: Arc<Principal>,
    /// The same without the roles that the IdP gave.
    local: Arc<Principal>,
    /// The last sign-in; `None` for service accounts.
    last_login: Option<UnixSeconds>,
    /// Hash of the token that may be used now.
    token: Option<Arc<str>>,
}

/// Every workspace, as read in one generation.
struct KnownWorkspaces {
    generation: u64,
    read_at: Instant,
    list: Arc<Vec<Workspace>>,
}

/// A token that was verified against a stored hash. It counts only while its user still has that hash.
#[derive(Clone)]
struct Verified {
    user: RbacUserId,
    stored: Arc<str>,
}

/// Wrong tokens of one client.
#[derive(Default)]
struct Failures {
    any: AtomicU32,
    slow: AtomicU32,
}

impl Failures {
    /// Lets a client try a token, or turns it away. One that may be somebody's counts before it is known to be wrong, so
    /// that many at once find the same limit; a right one is to be taken out again.
    fn admit(&self, may_be_right: bool) -> Result<(), AccessError> {
        if self.any.load(Ordering::Relaxed) >= FAILURES_A_MINUTE {
            return Err(AccessError::TooManyFailures);
        }
        if !may_be_right {
            self.any.fetch_add(1, Ordering::Relaxed);
        } else if self.slow.fetch_add(1, Ordering::Relaxed) >= SLOW_FAILURES_A_MINUTE {
            return Err(AccessError::TooManyFailures);
        }
        Ok(())
    }
}

/// The decision path's state.
pub struct Access {
    store: Store,
    clock: Clock,
    enforce: EnforceRbac,
    idp_role_max_age: i64,
    generation: AtomicU64,
    epoch: AtomicI64,
    token_keys: LookupKeys,
    tokens: Cache<LookupKey, Verified>,
    /// What [`Access::authenticate_token`] found in one generation: one look for a warm request.
    callers: Cache<(LookupKey, u64), Loaded>,
    failures: Cache<IpAddr, Arc<Failures>>,
    principals: Cache<(RbacUserId, u64), Loaded>,
    workspaces: ArcSwapOption<KnownWorkspaces>,
    hashing: Semaphore,
}

impl Access {
    /// Empty caches over `store`.
    #[must_use]
    pub fn new(store: Store, clock: Clock, settings: &RbacSettings) -> Self {
        let (minute, half) = (Duration::from_secs(60), Duration::from_secs(30));
        Self {
            store,
            clock,
            enforce: settings.enforce,
            idp_role_max_age: settings.idp_role_max_age,
            generation: AtomicU64::new(0),
            epoch: AtomicI64::new(0),
            token_keys: LookupKeys::new(),
            tokens: Cache::builder().max_capacity(10_000).time_to_live(minute).build(),
            callers: Cache::builder().max_capacity(10_000).time_to_live(half).build(),
            principals: Cache::builder().max_capacity(10_000).time_to_live(half).build(),
            failures: Cache::builder().max_capacity(10_000).time_to_live(minute).build(),
            workspaces: ArcSwapOption::empty(),
            hashing: Semaphore::new(HASHES_AT_ONCE),
        }
    }

    /// Forgets everything cached: call it after a change on this node was committed.
    pub fn forget(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Starts a new generation when the store's counter of RBAC changes moved.
    pub fn follow(&self, epoch: i64) {
        if self.epoch.swap(epoch, Ordering::AcqRel) != epoch {
            self.forget();
        }
    }

    /// The caller behind an RBAC token that `client` sent.
    ///
    /// # Errors
    /// [`AccessError::Invalid`] for an empty, unknown or disabled token, [`AccessError::TooManyFailures`] for a client
    /// that guesses.
    pub async fn authenticate_token(&self, token: &str, client: IpAddr) -> Result<Arc<Principal>, AccessError> {
        if token.is_empty() {
            return Err(AccessError::Invalid);
        }
        let token_key = self.token_keys.of([token.as_bytes()]);
        let key = (token_key, self.generation.load(Ordering::Acquire));
        if let Some(loaded) = self.callers.get(&key).await {
            return Ok(self.with_rights(loaded));
        }
        let loaded = Box::pin(self.load_by_token(token, token_key, client)).await?;
        self.callers.insert(key, loaded.clone()).await;
        Ok(self.with_rights(loaded))
    }

    async fn load_by_token(&self, token: &str, key: LookupKey, client: IpAddr) -> Result<Loaded, AccessError> {
        if let Some(verified) = self.tokens.get(&key).await {
            match self.load(verified.user).await {
                Ok(loaded) if loaded.token.as_ref() == Some(&verified.stored) => return Ok(loaded),
                Ok(_) | Err(AccessError::Invalid) => self.tokens.invalidate(&key).await,
                Err(error) => return Err(error),
            }
        }
        let verified = self.find_by_token(token, client).await?;
        let loaded = self.load(verified.user).await?;
        self.tokens.insert(key, verified).await;
        Ok(loaded)
    }

    /// The caller that a user's RBAC token would be.
    ///
    /// # Errors
    /// As [`Access::principal`].
    pub async fn token_principal(&self, user: RbacUserId) -> Result<Arc<Principal>, AccessError> {
        Ok(self.with_rights(self.load(user).await?))
    }

    /// What a token gives: everything, or what is left once roles of the IdP have outlived `sso_idp_role_max_age`.
    fn with_rights(&self, loaded: Loaded) -> Arc<Principal> {
        let limit = self.idp_role_max_age;
        let is_old = |login: UnixSeconds| self.clock.now().since(login) > limit;
        if limit > 0 && loaded.last_login.is_some_and(is_old) { loaded.local } else { loaded.principal }
    }

    /// The caller behind a session's user.
    ///
    /// # Errors
    /// [`AccessError::Invalid`] for a disabled user, or an admin who is not approved.
    pub async fn principal(&self, user: RbacUserId) -> Result<Arc<Principal>, AccessError> {
        Ok(self.load(user).await?.principal)
    }

    /// Compares with the stored hashes that may fit; slow, so a client that only guesses is soon turned away.
    async fn find_by_token(&self, token: &str, client: IpAddr) -> Result<Verified, AccessError> {
        let candidates =
            rbac_users::list_token_candidates(&mut *self.store.read().await?, &token::ident(token)).await?;
        let candidates: Vec<_> = candidates
            .into_iter()
            .filter(|(_, token_enabled)| *token_enabled)
            .filter_map(|(user, _)| Some((user.id, user.user_token?)))
            .collect();
        let failures = self.failures_of(client).await;
        failures.admit(!candidates.is_empty())?;
        for (user, stored) in candidates {
            if self.verify(stored.clone(), token).await? {
                failures.slow.fetch_sub(1, Ordering::Relaxed);
                let stored = if token::is_dated(&stored) { self.rehash(user, stored, token).await? } else { stored };
                return Ok(Verified { user, stored: stored.into() });
            }
        }
        Err(AccessError::Invalid)
    }

    async fn failures_of(&self, client: IpAddr) -> Arc<Failures> {
        self.failures.get_with(client_network(client), async { Arc::default() }).await
    }

    /// Counts a token that `client` chose for a user: whether somebody has it already is told, so choosing is as good as
    /// guessing. `may_be_taken` says that it has to be compared with others.
    ///
    /// # Errors
    /// [`ServiceError::TooManyTokens`] for a client that guesses.
    pub async fn admit_choice(&self, client: IpAddr, may_be_taken: bool) -> Result<(), ServiceError> {
        self.failures_of(client).await.admit(may_be_taken).map_err(|_| ServiceError::TooManyTokens)
    }

    /// Replaces an imported hash of a token that was just proven right; returns the one that is stored from now on.
    async fn rehash(&self, user: RbacUserId, stored: String, token: &str) -> Result<String, AccessError> {
        let Ok(plain) = PlainToken::parse(token) else { return Ok(stored) };
        let fresh = self.hash(&plain).await?;
        let mut transaction = self.store.write().await?;
        let is_replaced = rbac_users::replace_hash(&mut transaction, user, &stored, &fresh).await?;
        transaction.commit().await?;
        self.forget();
        Ok(if is_replaced { fresh } else { stored })
    }

    /// Whether `token` is the one behind a stored hash. Few hashes are computed at a time.
    ///
    /// # Errors
    /// [`ServiceError::Hash`].
    pub async fn verify(&self, stored: String, token: &str) -> Result<bool, ServiceError> {
        let _permit = self.hashing.acquire().await.map_err(|_| ServiceError::Hash)?;
        let given = token.to_owned();
        tokio::task::spawn_blocking(move || token::verify(&stored, &given)).await.map_err(|_| ServiceError::Hash)
    }

    /// The hash of a new token. Few hashes are computed at a time.
    ///
    /// # Errors
    /// [`ServiceError::Hash`].
    pub async fn hash(&self, token: &PlainToken) -> Result<String, ServiceError> {
        let _permit = self.hashing.acquire().await.map_err(|_| ServiceError::Hash)?;
        let given = token.clone();
        tokio::task::spawn_blocking(move || token::hash(given.expose())).await.map_err(|_| ServiceError::Hash)?
    }

    /// A user with its compiled rules; the one place that refuses disabled users and admins who are not approved.
    async fn load(&self, id: RbacUserId) -> Result<Loaded, AccessError> {
        let key = (id, self.generation.load(Ordering::Acquire));
        if let Some(loaded) = self.principals.get(&key).await {
            return Ok(loaded);
        }
        let loaded = Box::pin(self.read(id)).await?;
        self.principals.insert(key, loaded.clone()).await;
        Ok(loaded)
    }

    async fn read(&self, id: RbacUserId) -> Result<Loaded, AccessError> {
        let mut connection = self.store.read().await?;
        let user = rbac_users::find_by_id(&mut connection, id).await?.filter(|user| user.enabled);
        let user = user.ok_or(AccessError::Invalid)?;
        let (mut last_login, mut token) = (None, user.user_token.map(Arc::from));
        if let Some(admin) = user.admin_id {
            let admin = admins::find_by_id(&mut connection, admin).await?;
            let admin = admin.filter(|admin| may_act(admin.status)).ok_or(AccessError::Invalid)?;
            last_login = admin.last_login_at;
            token = token.filter(|_| admin.rbac_token_enabled);
        }
        let rules = grants::load_rules(&mut connection, id).await?;
        let local = rules.iter().filter(|rule| !is_of_idp(rule)).cloned().collect::<Vec<_>>();
        let principal = Principal {
            rbac_user_id: Some(id),
            name: user.name,
            admin_id: user.admin_id,
            policy: Arc::new(Policy::compile(rules)),
            is_super_admin: grants::is_super_admin(&mut connection, id).await?,
        };
        let holds_locally =
            |rule: &GrantedRule| rule.grant.role_workspace.is_default() && rule.grant.role.as_str() == SUPER_ADMIN;
        let is_super_admin = principal.is_super_admin && local.iter().any(holds_locally);
        let local = Principal { policy: Arc::new(Policy::compile(local)), is_super_admin, ..principal.clone() };
        Ok(Loaded { principal: Arc::new(principal), local: Arc::new(local), last_login, token })
    }

    /// Every workspace.
    ///
    /// # Errors
    /// The store failed.
    pub async fn workspaces(&self) -> Result<Arc<Vec<Workspace>>, ServiceError> {
        let generation = self.generation.load(Ordering::Acquire);
        if let Some(known) = &*self.workspaces.load()
            && known.generation == generation
            && known.read_at.elapsed() < KEEP_WORKSPACES
        {
            return Ok(Arc::clone(&known.list));
        }
        Box::pin(self.read_workspaces(generation)).await
    }

    async fn read_workspaces(&self, generation: u64) -> Result<Arc<Vec<Workspace>>, ServiceError> {
        let read_at = Instant::now();
        let list = Arc::new(workspaces::list(&mut *self.store.read().await?).await?);
        self.workspaces.store(Some(Arc::new(KnownWorkspaces { generation, read_at, list: Arc::clone(&list) })));
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
        match self.enforce {
            EnforceRbac::Off => Decision::unrestricted(),
            EnforceRbac::On => principal.policy.decide(workspace, endpoint, action),
        }
    }

    /// Whether `principal` sees `workspace` in lists.
    #[must_use]
    pub fn reaches(&self, principal: &Principal, workspace: &WorkspaceName) -> bool {
        self.enforce == EnforceRbac::Off || principal.policy.reaches(workspace)
    }

    /// Whether rights are checked at all.
    #[must_use]
    pub fn is_enforced(&self) -> bool {
        self.enforce == EnforceRbac::On
    }
}

/// Whether a rule came from the IdP: by a role of the groups claim, or by a group.
fn is_of_idp(rule: &GrantedRule) -> bool {
    matches!(rule.grant.source, GrantSource::Own(RoleSource::Idp) | GrantSource::Group(_))
}
