//! Watches who gains rights by a change that takes rules away: what a narrow rule denied, a broader one may allow.

use super::{Guard, Rights};
use crate::domain::ids::{GroupId, GroupName, RbacUserId, RoleId};
use crate::domain::rbac::{GrantSource, Policy};
use crate::services::change::Change;
use crate::services::error::ServiceError;
use crate::services::granted;
use crate::store::{Connection, grants, role_holders, roles, user_groups};

/// Something that has rights.
#[derive(Clone, Copy)]
pub(in crate::services) enum Subject {
    /// A user as it is now.
    User(RbacUserId),
    /// Whoever holds a role and nothing else, now or later.
    Role(RoleId),
    /// Whoever is in a group and holds nothing else, now or later.
    Group(GroupId),
}

impl Subject {
    const fn user(self) -> Option<RbacUserId> {
        match self {
            Self::User(id) => Some(id),
            Self::Role(_) | Self::Group(_) => None,
        }
    }

    async fn policy(self, connection: &mut Connection) -> Result<Policy, ServiceError> {
        let rules = match self {
            Self::User(id) => grants::load_rules(connection, id).await?,
            Self::Group(id) => granted::of_group(connection, id).await?,
            Self::Role(id) => match roles::find_by_id(connection, id).await? {
                Some(role) => granted::of_role(connection, role).await?.rules,
                None => Vec::new(),
            },
        };
        Ok(Policy::compile(rules))
    }
}

/// A role and those who hold it.
pub(in crate::services) fn of_role(role: RoleId, holders: &[RbacUserId]) -> Vec<Subject> {
    of_users(holders).into_iter().chain([Subject::Role(role)]).collect()
}

/// A group and its members.
pub(in crate::services) fn of_group(group: GroupId, members: &[RbacUserId]) -> Vec<Subject> {
    of_users(members).into_iter().chain([Subject::Group(group)]).collect()
}

/// Some users.
pub(in crate::services) fn of_users(users: &[RbacUserId]) -> Vec<Subject> {
    users.iter().copied().map(Subject::User).collect()
}

/// The rights before a change.
pub(in crate::services) struct Watch {
    before: Vec<(Subject, Policy)>,
}

impl Watch {
    /// Notes the rights of `subjects`; of nobody when the caller may hand out everything. Refuses to change those of a
    /// super-admin when the caller is none.
    pub(in crate::services) async fn begin(
        change: &mut Change<'_>,
        guard: &Guard<'_>,
        subjects: Vec<Subject>,
    ) -> Result<Self, ServiceError> {
        let users: Vec<_> = subjects.iter().filter_map(|subject| subject.user()).collect();
        guard.spare_super_admins(change.connection(), &users).await?;
        let mut before = Vec::new();
        if !guard.is_unlimited() {
            for subject in subjects {
                before.push((subject, subject.policy(change.connection()).await?));
            }
        }
        Ok(Self { before })
    }

    /// Refuses the change when somebody gained a right that the caller does not have.
    pub(in crate::services) async fn end(self, change: &mut Change<'_>, guard: &Guard<'_>) -> Result<(), ServiceError> {
        for (subject, before) in self.before {
            guard.may_gain(&subject.policy(change.connection()).await?.gains_over(&before))?;
        }
        Ok(())
    }

    /// Refuses to let users leave a group when one of them would gain a right by it that the caller does not have. They
    /// are in it still, and leave at their next sign-in.
    pub(in crate::services) async fn end_without(
        self,
        change: &mut Change<'_>,
        guard: &Guard<'_>,
        group: &GroupName,
    ) -> Result<(), ServiceError> {
        for (subject, before) in self.before {
            let Some(user) = subject.user() else { continue };
            let mut rules = grants::load_rules(change.connection(), user).await?;
            rules.retain(|rule| !matches!(&rule.grant.source, GrantSource::Group(name) if name == group));
            guard.may_gain(&Policy::compile(rules).gains_over(&before))?;
        }
        Ok(())
    }
}

impl Rights {
    /// The rights of a user as they are now.
    pub(in crate::services) async fn of(connection: &mut Connection, user: RbacUserId) -> Result<Self, ServiceError> {
        Ok(Self {
            policy: Subject::User(user).policy(connection).await?,
            is_super_admin: grants::is_super_admin(connection, user).await?,
        })
    }
}

/// Who holds a role, directly or by a group.
pub(in crate::services) async fn holders(
    connection: &mut Connection,
    role: RoleId,
) -> Result<Vec<RbacUserId>, ServiceError> {
    Ok(role_holders::list(connection, role).await?)
}

/// Who is in a group.
pub(in crate::services) async fn members(
    connection: &mut Connection,
    group: GroupId,
) -> Result<Vec<RbacUserId>, ServiceError> {
    Ok(user_groups::list_users(connection, group).await?.into_iter().map(|user| user.id).collect())
}
