//! A change of kong-sso's own entities: one transaction that holds the change, its audit records and the counter that
//! tells every node. Every service that writes goes through it.

use serde_json::Value;
use uuid::Uuid;

use super::Services;
use super::error::ServiceError;
use crate::domain::access::Caller;
use crate::domain::audit::ObjectRecord;
use crate::domain::ids::{DeveloperId, RbacUserId};
use crate::store::epochs::{self, Epoch};
use crate::store::grants::{Membership, Supervision};
use crate::store::{Connection, Transaction, audit_objects, grants};

/// What was done to an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It is new.
    Create,
    /// It is different.
    Update,
    /// It is gone.
    Delete,
}

impl Operation {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// Who changes something of the portal.
#[derive(Clone, Copy, Debug)]
pub enum Actor<'a> {
    /// An admin, through a door that judged its rights.
    Admin(&'a Caller),
    /// A developer who is signed in, on things of its own.
    Developer {
        /// Who.
        id: DeveloperId,
        /// The request.
        request_id: &'a str,
    },
}

impl<'a> Actor<'a> {
    /// The request.
    #[must_use]
    pub fn request_id(&self) -> &'a str {
        match *self {
            Self::Admin(caller) => &caller.request_id,
            Self::Developer { request_id, .. } => request_id,
        }
    }
}

/// How well the store is looked after now, and after the next sign-in of everybody.
type Outlook = [Supervision; 2];

/// A change in progress; nothing of it remains when it is dropped without commit.
pub struct Change<'s> {
    services: &'s Services,
    transaction: Transaction,
    request_id: String,
    actor: Option<RbacUserId>,
    objects: Vec<ObjectRecord>,
    ends_sessions: bool,
    /// Whether nothing of it concerns the rights of admins.
    keeps_rights: bool,
    outlook: Option<Outlook>,
}

impl<'s> Change<'s> {
    /// Begins a change by a caller. Changes of RBAC data wait for each other from here on.
    ///
    /// # Errors
    /// The store failed.
    pub async fn begin(services: &'s Services, caller: &Caller) -> Result<Self, ServiceError> {
        let mut change = Self::begin_as(services, &caller.request_id, caller.principal.rbac_user_id).await?;
        epochs::bump(change.connection(), Epoch::Rbac).await?;
        Ok(change)
    }

    /// Begins a change that a sign-in makes. It waits for other changes too, but tells the other nodes only when
    /// [`Change::touch_rights`] was called.
    ///
    /// # Errors
    /// The store failed.
    pub async fn begin_sign_in(services: &'s Services, request_id: &str) -> Result<Self, ServiceError> {
        let mut change = Self::begin_as(services, request_id, None).await?;
        epochs::hold_rights(change.connection()).await?;
        Ok(change)
    }

    /// Begins a change of the portal by whoever it is: it waits for other changes, but tells no node to forget rights.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn begin_by(services: &'s Services, actor: &Actor<'_>) -> Result<Self, ServiceError> {
        let by = match actor {
            Actor::Admin(caller) => caller.principal.rbac_user_id,
            Actor::Developer { .. } => None,
        };
        Self::begin_as(services, actor.request_id(), by).await?.of_portal().await
    }

    /// Begins a change that a worker makes for a request that was answered already.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn begin_late(
        services: &'s Services,
        request_id: &str,
        actor: Option<&str>,
    ) -> Result<Self, ServiceError> {
        let actor = actor.and_then(|actor| actor.parse().ok());
        Self::begin_as(services, request_id, actor).await?.of_portal().await
    }

    /// The request that makes it.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Who makes it, when that is an RBAC user.
    #[must_use]
    pub fn actor(&self) -> Option<String> {
        self.actor.map(|actor| actor.to_string())
    }

    /// Waits for other changes of rights, accounts and applications to end, and lets later ones wait.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn hold(&mut self) -> Result<(), ServiceError> {
        Ok(epochs::hold_rights(self.connection()).await?)
    }

    /// Begins a change that a developer makes, or somebody who becomes one. Rights of admins have no part in it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn begin_portal(services: &'s Services, request_id: &str) -> Result<Self, ServiceError> {
        Self::begin_as(services, request_id, None).await?.of_portal().await
    }

    /// The same by an admin.
    ///
    /// # Errors
    /// The store failed.
    pub async fn begin_portal_by(services: &'s Services, caller: &Caller) -> Result<Self, ServiceError> {
        Self::begin_by(services, &Actor::Admin(caller)).await
    }

    /// Changes of the portal wait for each other from their beginning: each reads a row, decides by it and writes it whole, so
    /// that two at once could undo each other, a sign-in a revocation for one.
    async fn of_portal(mut self) -> Result<Self, ServiceError> {
        self.keeps_rights = true;
        self.hold().await?;
        Ok(self)
    }

    async fn begin_as(
        services: &'s Services,
        request_id: &str,
        actor: Option<RbacUserId>,
    ) -> Result<Self, ServiceError> {
        Ok(Self {
            services,
            transaction: services.store.write().await?,
            request_id: request_id.to_owned(),
            actor,
            objects: Vec::new(),
            ends_sessions: false,
            keeps_rights: false,
            outlook: None,
        })
    }

    /// Names who does it, once that is known.
    pub fn act_as(&mut self, user: RbacUserId) {
        self.actor = Some(user);
    }

    /// What statements of this change run on.
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.transaction
    }

    /// The present time of this change, whole seconds.
    #[must_use]
    pub fn now(&self) -> crate::domain::time::UnixSeconds {
        self.services.clock.now()
    }

    /// Notes an audit record. `entity` is the entity after the change (before it for a deletion) without secrets;
    /// `dao_name` is its kind, such as `rbac_roles`.
    pub fn record(&mut self, operation: Operation, dao_name: &str, key: impl ToString, entity: Value) {
        let now = self.now();
        self.objects.push(ObjectRecord {
            id: Uuid::now_v7().to_string(),
            request_id: self.request_id.clone(),
            request_timestamp: now,
            dao_name: dao_name.to_owned(),
            entity_key: key.to_string(),
            entity,
            operation: operation.as_str().to_owned(),
            rbac_user_id: self.actor.map(|id| id.to_string()),
        });
    }

    /// Lets every node load rights anew. Also makes changes that do so wait for each other.
    ///
    /// # Errors
    /// The store failed.
    pub async fn touch_rights(&mut self) -> Result<(), ServiceError> {
        Ok(epochs::bump(self.connection(), Epoch::Rbac).await?)
    }

    /// Lets every node forget its sessions.
    ///
    /// # Errors
    /// The store failed.
    pub async fn touch_sessions(&mut self) -> Result<(), ServiceError> {
        self.ends_sessions = true;
        Ok(epochs::bump(self.connection(), Epoch::Sessions).await?)
    }

    /// Refuses this change at its end if no super-admin is left who can act although there was one, or none whom the
    /// rules still let repair anything; or if that will be so once everybody has signed in again, because a group was
    /// renamed.
    ///
    /// # Errors
    /// The store failed.
    pub async fn guard_last_super_admin(&mut self) -> Result<(), ServiceError> {
        self.outlook = Some(self.look_out().await?);
        Ok(())
    }

    async fn look_out(&mut self) -> Result<Outlook, ServiceError> {
        let now = grants::supervision(self.connection(), Membership::Present).await?;
        Ok([now, grants::supervision(self.connection(), Membership::Expected).await?])
    }

    /// Makes the change permanent and forgets what this node cached.
    ///
    /// # Errors
    /// [`ServiceError::Conflict`] when the last super-admin would be gone; the store failed. Then nothing has changed.
    pub async fn commit(mut self) -> Result<(), ServiceError> {
        if let Some(before) = self.outlook
            && self.look_out().await?.iter().zip(&before).any(|(after, before)| after < before)
        {
            return Err(ServiceError::last_super_admin());
        }
        if let Some(ttl) = self.services.audit.object_ttl() {
            for object in std::mem::take(&mut self.objects) {
                if self.services.audit.keeps_table(&object.dao_name) {
                    audit_objects::create(&mut self.transaction, &object, ttl).await?;
                }
            }
        }
        self.transaction.commit().await?;
        if !self.keeps_rights {
            self.services.access.forget();
        }
        if self.ends_sessions {
            self.services.sessions.forget();
        }
        Ok(())
    }
}
