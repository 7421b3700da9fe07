//! What super-admins hold is changed by super-admins only: a rule that denies everything takes no right to write, but
//! would lock out whoever holds it.

use std::collections::BTreeSet;

use super::{Guard, members};
use crate::domain::group::Group;
use crate::domain::ids::RbacUserId;
use crate::services::error::ServiceError;
use crate::store::{Connection, grants};

impl Guard<'_> {
    /// Refuses a change of what `users` are or hold when one of them is super-admin and the caller is not.
    pub(in crate::services) async fn spare_super_admins(
        &self,
        connection: &mut Connection,
        users: &[RbacUserId],
    ) -> Result<(), ServiceError> {
        if !self.applies || self.caller.principal.is_super_admin {
            return Ok(());
        }
        for user in users {
            if grants::is_super_admin(connection, *user).await? {
                return Err(only_super_admins());
            }
        }
        Ok(())
    }

    /// The same for those who are in a group, and those whom the next sign-in puts there.
    pub(in crate::services) async fn spare_super_admins_of(
        &self,
        connection: &mut Connection,
        group: &Group,
    ) -> Result<(), ServiceError> {
        let mut users: BTreeSet<RbacUserId> = members(connection, group.id).await?.into_iter().collect();
        users.extend(grants::list_expected(connection, &group.name).await?);
        let users: Vec<_> = users.into_iter().collect();
        self.spare_super_admins(connection, &users).await
    }
}

pub(super) fn only_super_admins() -> ServiceError {
    ServiceError::Forbidden("Super-admins can be changed only by super-admins".to_owned())
}
