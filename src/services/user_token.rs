//! Giving an RBAC user its token: hashed before the transaction begins, unique over all users (kong-manager.md 4.2).

use super::Services;
use super::change::Change;
use super::error::ServiceError;
use super::token::{self, PlainToken};
use crate::domain::access::Caller;
use crate::domain::admin::RbacUser;
use crate::store::{admins, rbac_users};

/// An RBAC user after a change, with its token in clear when it was generated: the only time that it is shown.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The user.
    pub user: RbacUser,
    /// The generated token.
    pub clear: Option<PlainToken>,
}

/// A token and its hash.
pub(super) struct Prepared {
    plain: PlainToken,
    hash: String,
    is_generated: bool,
}

impl Prepared {
    /// Computes the slow hash of the token that somebody chose, or of a generated one; call it while no transaction is
    /// open.
    pub(super) async fn of(services: &Services, chosen: Option<PlainToken>) -> Result<Self, ServiceError> {
        let is_generated = chosen.is_none();
        let plain = chosen.unwrap_or_else(PlainToken::generate);
        let hash = services.access.hash(&plain).await?;
        Ok(Self { plain, hash, is_generated })
    }

    /// The token in clear when it was generated.
    pub(super) fn generated(&self) -> Option<PlainToken> {
        self.is_generated.then(|| self.plain.clone())
    }

    /// The token in clear.
    pub(super) fn clear(&self) -> PlainToken {
        self.plain.clone()
    }

    /// Whether this is no new token but the stored hash, as a client sends it that writes back what it read.
    pub(super) fn is_echo(&self, user: &RbacUser) -> bool {
        user.user_token.as_deref() == Some(self.plain.expose())
    }

    /// Makes it the token of `user`, who is stored afterwards.
    ///
    /// # Errors
    /// [`ServiceError::Unique`] when another user has the token, [`ServiceError::TooManyTokens`] for a client that tries
    /// many, [`ServiceError::Forbidden`] when the user's admin may have none.
    pub(super) async fn give(
        self,
        services: &Services,
        caller: &Caller,
        change: &mut Change<'_>,
        user: &mut RbacUser,
    ) -> Result<(), ServiceError> {
        if let Some(admin) = user.admin_id {
            let admin = admins::find_by_id(change.connection(), admin).await?.ok_or(ServiceError::NotFound)?;
            if !admin.rbac_token_enabled {
                return Err(ServiceError::Forbidden("The RBAC token of this admin is disabled".to_owned()));
            }
        }
        let ident = token::ident(self.plain.expose());
        let alike = rbac_users::list_token_candidates(change.connection(), &ident).await?;
        let others = alike.into_iter().filter(|(other, _)| other.id != user.id);
        let hashes: Vec<_> = others.filter_map(|(other, _)| other.user_token).collect();
        if !self.is_generated {
            services.access.admit_choice(caller.client, !hashes.is_empty()).await?;
        }
        for stored in hashes {
            if services.access.verify(stored, self.plain.expose()).await? {
                // The value is a credential of somebody else: the answer does not repeat it.
                return Err(ServiceError::Unique(vec![("user_token".to_owned(), "***".to_owned())]));
            }
        }
        user.user_token = Some(self.hash);
        user.user_token_ident = Some(ident);
        Ok(())
    }
}
