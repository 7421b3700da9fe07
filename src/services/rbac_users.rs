//! RBAC users: service accounts, and the pairs of admins as far as their token and switch go (kong-manager.md 4.1, 4.2).

use super::change::{Change, Operation};
use super::edit::Edit;
use super::error::ServiceError;
use super::escalation::{Guard, Rights};
use super::here::Here;
use super::token::PlainToken;
use super::user_token::{Issued, Prepared};
use super::{Services, granted, representation, role_grants};
use crate::domain::access::Caller;
use crate::domain::admin::RbacUser;
use crate::domain::ids::{RbacUserId, UserName, WorkspaceId};
use crate::domain::role::RoleSource;
use crate::store::{Connection, Page, Paged, admins, login_sessions, rbac_users, roles, user_roles};

/// A user to be made.
#[derive(Clone, Debug)]
pub struct NewRbacUser {
    /// Its id, when the client chose one.
    pub id: Option<RbacUserId>,
    /// Name.
    pub name: UserName,
    /// Token; generated when absent.
    pub token: Option<PlainToken>,
    /// Whether it may act.
    pub enabled: bool,
    /// Free text.
    pub comment: Option<String>,
}

/// Changes of a user.
#[derive(Clone, Debug, Default)]
pub struct RbacUserEdit {
    /// Another name.
    pub name: Option<UserName>,
    /// Another token.
    pub token: Option<PlainToken>,
    /// Whether it may act.
    pub enabled: Option<bool>,
    /// Free text.
    pub comment: Edit<Option<String>>,
}

/// Users of a workspace that belong to no admin.
///
/// # Errors
/// The store failed.
pub async fn list(services: &Services, workspace: WorkspaceId, page: &Page) -> Result<Paged<RbacUser>, ServiceError> {
    Ok(rbac_users::list(&mut *services.store.read().await?, workspace, page).await?)
}

/// The user of that name or id.
///
/// # Errors
/// [`ServiceError::NotFound`], also when it lives where the caller may not look.
pub async fn get(services: &Services, caller: &Caller, here: &Here<'_>, key: &str) -> Result<RbacUser, ServiceError> {
    let mut connection = services.store.read().await?;
    find(services, caller, here, &mut connection, key).await?.ok_or(ServiceError::NotFound)
}

async fn find(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    connection: &mut Connection,
    key: &str,
) -> Result<Option<RbacUser>, ServiceError> {
    let Some(user) = rbac_users::find(connection, key).await? else { return Ok(None) };
    Ok(here.reaches(services, caller, connection, user.ws_id).await?.then_some(user))
}

/// Makes a user. It gets the role of its own name, if the workspace has one (kong-manager.md 2.9).
///
/// # Errors
/// [`ServiceError::Unique`] for a taken name or token, [`ServiceError::Forbidden`] when the caller may not grant the
/// role of that name.
pub async fn create(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    new: NewRbacUser,
) -> Result<Issued, ServiceError> {
    let token = Prepared::of(services, new.token).await?;
    let clear = token.generated();
    let mut change = Change::begin(services, caller).await?;
    let now = change.now();
    let mut user = RbacUser {
        id: new.id.unwrap_or_else(RbacUserId::generate),
        name: new.name,
        user_token: None,
        user_token_ident: None,
        enabled: new.enabled,
        comment: new.comment,
        ws_id: here.workspace.id,
        admin_id: None,
        created_at: now,
        updated_at: now,
    };
    token.give(services, caller, &mut change, &mut user).await?;
    rbac_users::create(change.connection(), &user).await?;
    change.record(Operation::Create, "rbac_users", user.id, representation::audited_rbac_user(&user));
    assign_namesake(services, caller, &mut change, &user).await?;
    change.commit().await?;
    Ok(Issued { user, clear })
}

async fn assign_namesake(
    services: &Services,
    caller: &Caller,
    change: &mut Change<'_>,
    user: &RbacUser,
) -> Result<(), ServiceError> {
    let found = roles::find(change.connection(), user.ws_id, user.name.as_str()).await?;
    let Some(role) = found.filter(|role| role.name.as_str() == user.name.as_str()) else { return Ok(()) };
    let role = granted::of_role(change.connection(), role).await?;
    Guard::of(services, caller).may_grant_role(&role)?;
    user_roles::assign(change.connection(), user.id, role.role.id, RoleSource::Local).await?;
    role_grants::record(change, Operation::Create, user.id, &role.role);
    Ok(())
}

/// Changes a user.
///
/// # Errors
/// [`ServiceError::NotFound`]; see [`create`]; [`ServiceError::Conflict`] for the last super-admin.
pub async fn update(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    key: &str,
    mut edit: RbacUserEdit,
) -> Result<RbacUser, ServiceError> {
    let token = match edit.token.take() {
        Some(chosen) => Some(Prepared::of(services, Some(chosen)).await?),
        None => None,
    };
    store(services, caller, here, key, edit, token).await
}

async fn store(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    key: &str,
    edit: RbacUserEdit,
    token: Option<Prepared>,
) -> Result<RbacUser, ServiceError> {
    let mut change = Change::begin(services, caller).await?;
    let found = find(services, caller, here, change.connection(), key).await?;
    let user = found.ok_or(ServiceError::NotFound)?;
    refuse_lock_out(services, caller, here, &mut change, &user, &edit).await?;
    let user = apply(services, caller, &mut change, user, edit, token).await?;
    change.commit().await?;
    Ok(user)
}

/// An admin's rights follow the groups of each sign-in. A token set by somebody else would follow them too, however few
/// they are now.
fn refuse_foreign_token(services: &Services, caller: &Caller, admin: RbacUserId) -> Result<(), ServiceError> {
    let is_free = !services.access.is_enforced() || caller.is_user(admin) || caller.principal.is_super_admin;
    let sentence = "The RBAC token of an admin is set by that admin or by a super-admin";
    if is_free { Ok(()) } else { Err(ServiceError::Forbidden(sentence.to_owned())) }
}

/// Somebody who has not signed in yet is nobody's: to keep them from it takes the right in `default`.
async fn refuse_lock_out(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    change: &mut Change<'_>,
    user: &RbacUser,
    edit: &RbacUserEdit,
) -> Result<(), ServiceError> {
    let Some(admin) = user.admin_id.filter(|_| user.enabled && edit.enabled == Some(false)) else { return Ok(()) };
    match admins::find_by_id(change.connection(), admin).await? {
        Some(admin) if admin.binding.is_none() => here.require_in_default(services, caller),
        _ => Ok(()),
    }
}

async fn apply(
    services: &Services,
    caller: &Caller,
    change: &mut Change<'_>,
    mut user: RbacUser,
    edit: RbacUserEdit,
    token: Option<Prepared>,
) -> Result<RbacUser, ServiceError> {
    let is_pair = user.admin_id.is_some();
    if is_pair && edit.name.as_ref().is_some_and(|name| *name != user.name) {
        return Err(ServiceError::field("name", "belongs to an admin: change the admin's username"));
    }
    let token = token.filter(|token| !token.is_echo(&user));
    let wakes = edit.enabled == Some(true) && !user.enabled;
    if token.is_some() && is_pair {
        refuse_foreign_token(services, caller, user.id)?;
    }
    if token.is_some() || wakes {
        let rights = Rights::of(change.connection(), user.id).await?;
        Guard::of(services, caller).may_control(user.id, &rights)?;
    }
    let is_renamed = edit.name.as_ref().is_some_and(|name| *name != user.name);
    if is_renamed || edit.enabled.is_some_and(|enabled| enabled != user.enabled) {
        Guard::of(services, caller).spare_super_admins(change.connection(), &[user.id]).await?;
    }
    change.guard_last_super_admin().await?;
    if let Some(token) = token {
        token.give(services, caller, change, &mut user).await?;
    }
    user.name = edit.name.unwrap_or(user.name);
    user.enabled = edit.enabled.unwrap_or(user.enabled);
    edit.comment.apply(&mut user.comment);
    user.updated_at = change.now();
    rbac_users::update(change.connection(), &user).await?;
    if let Some(admin) = user.admin_id.filter(|_| !user.enabled) {
        login_sessions::delete_of_admin(change.connection(), admin, None).await?;
        change.touch_sessions().await?;
    }
    change.record(Operation::Update, "rbac_users", user.id, representation::audited_rbac_user(&user));
    Ok(user)
}

/// Makes a user what the request says, or makes one; with it, whether it is new. A user keeps its token when the request
/// names none.
///
/// # Errors
/// See [`create`] and [`update`].
pub async fn put(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    key: &str,
    edit: RbacUserEdit,
) -> Result<(Issued, bool), ServiceError> {
    match get(services, caller, here, key).await {
        Err(ServiceError::NotFound) => {}
        Err(error) => return Err(error),
        Ok(_) => {
            let user = update(services, caller, here, key, edit).await?;
            return Ok((Issued { user, clear: None }, false));
        }
    }
    let id = key.parse().ok();
    let name = match (id, edit.name) {
        (Some(_), Some(name)) => name,
        (Some(_), None) => return Err(ServiceError::field("name", "required field missing")),
        (None, _) => UserName::parse(key).map_err(|error| ServiceError::name("name", &error))?,
    };
    let mut comment = None;
    edit.comment.apply(&mut comment);
    let new = NewRbacUser { id, name, token: edit.token, enabled: edit.enabled.unwrap_or(true), comment };
    Ok((create(services, caller, here, new).await?, true))
}

/// Gives a user another token, generated when `token` is absent; returns it in clear.
///
/// # Errors
/// See [`update`].
pub async fn reset_token(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    key: &str,
    token: Option<PlainToken>,
) -> Result<PlainToken, ServiceError> {
    let token = Prepared::of(services, token).await?;
    let clear = token.clear();
    store(services, caller, here, key, RbacUserEdit::default(), Some(token)).await?;
    Ok(clear)
}

/// Deletes a user. One that is not there counts as deleted.
///
/// # Errors
/// [`ServiceError::Conflict`] for the pair of an admin, and for the last super-admin; [`ServiceError::Forbidden`] for a
/// super-admin when the caller is none.
pub async fn delete(services: &Services, caller: &Caller, here: &Here<'_>, key: &str) -> Result<(), ServiceError> {
    let mut change = Change::begin(services, caller).await?;
    let Some(user) = find(services, caller, here, change.connection(), key).await? else { return Ok(()) };
    if user.admin_id.is_some() {
        return Err(ServiceError::Conflict("the user belongs to an admin: delete the admin".to_owned()));
    }
    Guard::of(services, caller).spare_super_admins(change.connection(), &[user.id]).await?;
    change.guard_last_super_admin().await?;
    rbac_users::delete(change.connection(), user.id).await?;
    change.record(Operation::Delete, "rbac_users", user.id, representation::audited_rbac_user(&user));
    change.commit().await
}
