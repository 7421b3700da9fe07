//! Giving roles to users and admins, and taking them away (kong-manager.md 4.8, 4.11, 5.2). Roles are those of the
//! request's workspace; the user may live in any.

use serde_json::json;

use super::change::{Change, Operation};
use super::error::ServiceError;
use super::escalation::{Guard, Watch, of_users};
use super::here::Here;
use super::{Services, granted};
use crate::domain::access::Caller;
use crate::domain::admin::RbacUser;
use crate::domain::ids::{RbacUserId, WorkspaceName};
use crate::domain::role::{AssignedRole, Role, RoleSource};
use crate::store::{Connection, admins, grants, rbac_users, roles, user_roles};

/// Whose roles: the part of a path that names a user or an admin.
#[derive(Clone, Copy, Debug)]
pub enum Holder<'k> {
    /// An RBAC user by name or id.
    User(&'k str),
    /// An admin by username, e-mail, custom id or id.
    Admin(&'k str),
}

impl Holder<'_> {
    async fn find(self, connection: &mut Connection) -> Result<RbacUser, ServiceError> {
        let user = match self {
            Self::User(key) => rbac_users::find(connection, key).await?,
            Self::Admin(key) => match admins::find(connection, key).await? {
                Some(admin) => rbac_users::find_by_id(connection, admin.rbac_user_id).await?,
                None => None,
            },
        };
        user.ok_or(ServiceError::NotFound)
    }
}

/// A user with the roles that it holds directly.
#[derive(Clone, Debug)]
pub struct Held {
    /// The user.
    pub user: RbacUser,
    /// Whether the caller may see more of the user than its name: it lives where the caller may do the same.
    pub is_near: bool,
    /// Its roles in workspaces where the caller may look.
    pub roles: Vec<AssignedRole>,
}

/// The roles that somebody holds directly.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn of(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    holder: Holder<'_>,
) -> Result<Held, ServiceError> {
    let mut connection = services.store.read().await?;
    let user = holder.find(&mut connection).await?;
    held(services, caller, here, &mut connection, user).await
}

async fn held(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    connection: &mut Connection,
    user: RbacUser,
) -> Result<Held, ServiceError> {
    let mut roles = user_roles::list(connection, user.id).await?;
    roles.retain(|held| here.may_in(services, caller, &held.workspace));
    let is_near = here.reaches(services, caller, connection, user.ws_id).await?;
    Ok(Held { user, is_near, roles })
}

/// Gives roles; those that are held already stay as they are. Returns all roles.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::BadRequest`] for an unknown role, [`ServiceError::Forbidden`] for oneself
/// for super-admins, and for roles with rights that the caller does not have; [`ServiceError::Conflict`] when the roles
/// would lock out the last super-admin.
pub async fn assign(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    holder: Holder<'_>,
    names: &[String],
) -> Result<Held, ServiceError> {
    let guard = Guard::of(services, caller);
    let mut change = Change::begin(services, caller).await?;
    change.guard_last_super_admin().await?;
    let user = holder.find(change.connection()).await?;
    guard.refuse_own_roles(user.id)?;
    guard.spare_super_admins(change.connection(), &[user.id]).await?;
    let before = user_roles::list(change.connection(), user.id).await?;
    for role in find_roles(change.connection(), here, names).await? {
        let role = granted::of_role(change.connection(), role).await?;
        guard.may_grant_role(&role)?;
        if !before.iter().any(|held| held.role.id == role.role.id) {
            user_roles::assign(change.connection(), user.id, role.role.id, RoleSource::Local).await?;
            record(&mut change, Operation::Create, user.id, &role.role);
        }
    }
    let held = held(services, caller, here, change.connection(), user).await?;
    change.commit().await?;
    Ok(held)
}

/// Takes roles away; those that are not held do not matter.
///
/// # Errors
/// As [`assign`], and [`ServiceError::Conflict`] for the last super-admin.
pub async fn unassign(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    holder: Holder<'_>,
    names: &[String],
) -> Result<(), ServiceError> {
    let guard = Guard::of(services, caller);
    let mut change = Change::begin(services, caller).await?;
    change.guard_last_super_admin().await?;
    let user = holder.find(change.connection()).await?;
    let unwanted = find_roles(change.connection(), here, names).await?;
    if let Err(refused) = guard.refuse_own_roles(user.id) {
        let is_last = would_be_last(&mut change, &here.workspace.name, user.id, &unwanted).await?;
        return Err(if is_last { ServiceError::last_super_admin() } else { refused });
    }
    let watch = Watch::begin(&mut change, &guard, of_users(&[user.id])).await?;
    let held = user_roles::list(change.connection(), user.id).await?;
    for role in unwanted.iter().filter(|role| held.iter().any(|held| held.role.id == role.id)) {
        user_roles::unassign(change.connection(), user.id, role.id).await?;
        record(&mut change, Operation::Delete, user.id, role);
    }
    watch.end(&mut change, &guard).await?;
    change.commit().await
}

/// Whether it is the last super-admin who wants to be none: that is refused for the better reason.
async fn would_be_last(
    change: &mut Change<'_>,
    workspace: &WorkspaceName,
    user: RbacUserId,
    unwanted: &[Role],
) -> Result<bool, ServiceError> {
    let loses = unwanted.iter().any(|role| granted::is_super_admin(role, workspace));
    Ok(loses
        && grants::is_super_admin(change.connection(), user).await?
        && grants::count_super_admins(change.connection(), Some(user)).await? == 0)
}

async fn find_roles(connection: &mut Connection, here: &Here<'_>, names: &[String]) -> Result<Vec<Role>, ServiceError> {
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        let role = roles::find(connection, here.workspace.id, name).await?;
        found.push(role.ok_or_else(|| ServiceError::BadRequest(format!("role not found with name '{name}'")))?);
    }
    Ok(found)
}

/// Notes that a role was given or taken.
pub(super) fn record(change: &mut Change<'_>, operation: Operation, user: RbacUserId, role: &Role) {
    let entity =
        json!({ "user": { "id": user }, "role": { "id": role.id, "name": role.name }, "role_source": "local" });
    change.record(operation, "rbac_user_roles", format!("{user}:{}", role.id), entity);
}
