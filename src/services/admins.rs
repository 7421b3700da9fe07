//! Admins: people who sign in (kong-manager.md 5). Each has a paired RBAC user that carries its roles and token.

use super::change::{Change, Operation};
use super::edit::Edit;
use super::error::ServiceError;
use super::escalation::{Guard, Rights};
use super::here::Here;
use super::{Services, representation};
use crate::domain::access::{Caller, may_act};
use crate::domain::admin::{Admin, AdminStatus};
use crate::domain::ids::{AdminId, RbacUserId, UserName, WorkspaceId};
use crate::domain::rbac::Action;
use crate::domain::workspace::Workspace;
use crate::store::{
    Connection, Page, Paged, admins, grants, group_roles, login_sessions, rbac_users, user_groups, user_roles,
    workspaces,
};

/// An admin to be invited.
#[derive(Clone, Debug)]
pub struct NewAdmin {
    /// Equal to the IdP's claim value.
    pub username: UserName,
    /// Second name.
    pub custom_id: Option<String>,
    /// Address.
    pub email: Option<String>,
    /// Whether it may have an RBAC token.
    pub rbac_token_enabled: bool,
}

/// Changes of an admin.
#[derive(Clone, Debug, Default)]
pub struct AdminEdit {
    /// Another username.
    pub username: Option<UserName>,
    /// Another second name.
    pub custom_id: Edit<Option<String>>,
    /// Another address.
    pub email: Edit<Option<String>>,
    /// Whether it may have an RBAC token.
    pub rbac_token_enabled: Option<bool>,
    /// Another status.
    pub status: Option<AdminStatus>,
}

/// Admins whose home is `workspace` (`None` = all), and whose username or e-mail holds `text` (empty = all).
///
/// # Errors
/// The store failed.
pub async fn list(
    services: &Services,
    workspace: Option<WorkspaceId>,
    text: &str,
    page: &Page,
) -> Result<Paged<Admin>, ServiceError> {
    Ok(admins::list(&mut *services.store.read().await?, workspace, text, page).await?)
}

/// Refuses to list admins of every workspace to callers who may not look everywhere.
///
/// # Errors
/// [`ServiceError::NoPermission`].
pub fn require_right_everywhere(services: &Services, caller: &Caller, here: &Here<'_>) -> Result<(), ServiceError> {
    let may = !services.access.is_enforced() || caller.principal.policy.allows_everywhere(&here.endpoint, here.action);
    if may { Ok(()) } else { Err(ServiceError::no_permission(caller, here.action)) }
}

/// The admin of that username, e-mail, custom id or id.
///
/// # Errors
/// [`ServiceError::NotFound`], also when its home is where the caller may not look.
pub async fn get(services: &Services, caller: &Caller, here: &Here<'_>, key: &str) -> Result<Admin, ServiceError> {
    find(services, caller, here, &mut *services.store.read().await?, key).await
}

pub(super) async fn find(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    connection: &mut Connection,
    key: &str,
) -> Result<Admin, ServiceError> {
    let admin = admins::find(connection, key).await?.ok_or(ServiceError::NotFound)?;
    let is_near = here.reaches(services, caller, connection, admin.ws_id).await?;
    is_near.then_some(admin).ok_or(ServiceError::NotFound)
}

/// Invites an admin: its first sign-in approves it.
///
/// # Errors
/// [`ServiceError::Unique`] for a taken name or address, [`ServiceError::NoPermission`] for a custom id without the right
/// in `default`.
pub async fn create(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    new: NewAdmin,
) -> Result<Admin, ServiceError> {
    if new.custom_id.is_some() {
        here.require_in_default(services, caller)?;
    }
    let mut change = Change::begin(services, caller).await?;
    let now = change.now();
    let admin = Admin {
        id: AdminId::generate(),
        username: new.username,
        custom_id: new.custom_id,
        email: new.email,
        status: AdminStatus::Invited,
        rbac_token_enabled: new.rbac_token_enabled,
        rbac_user_id: RbacUserId::generate(),
        ws_id: here.workspace.id,
        binding: None,
        last_login_at: None,
        created_at: now,
        updated_at: now,
    };
    refuse_namesake(&mut change, &admin).await?;
    admins::create(change.connection(), &admin).await?;
    change.record(Operation::Create, "admins", admin.id, representation::admin(&admin));
    change.commit().await?;
    Ok(admin)
}

/// Changes an admin. Who may not act any more is signed out everywhere.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Unique`], [`ServiceError::Conflict`] for the last super-admin,
/// [`ServiceError::Forbidden`] when the change would hand the admin's rights to somebody,
/// [`ServiceError::NoPermission`] when it decides who can sign in and the caller has no right in `default`.
pub async fn update(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    key: &str,
    edit: AdminEdit,
) -> Result<Admin, ServiceError> {
    let mut change = Change::begin(services, caller).await?;
    change.guard_last_super_admin().await?;
    let mut admin = find(services, caller, here, change.connection(), key).await?;
    let guard = Guard::of(services, caller);
    if decides_sign_in(&admin, &edit) {
        here.require_in_default(services, caller)?;
    }
    if affects(&admin, &edit) {
        guard.spare_super_admins(change.connection(), &[admin.rbac_user_id]).await?;
    }
    if hands_over(&admin, &edit) {
        let rights = Rights::of(change.connection(), admin.rbac_user_id).await?;
        guard.may_control(admin.rbac_user_id, &rights)?;
    }
    if edit.rbac_token_enabled == Some(false) {
        refuse_last_token(services, &mut change, &admin).await?;
    }
    let is_renamed = renames(&admin, &edit);
    admin.username = edit.username.unwrap_or(admin.username);
    edit.custom_id.apply(&mut admin.custom_id);
    edit.email.apply(&mut admin.email);
    admin.rbac_token_enabled = edit.rbac_token_enabled.unwrap_or(admin.rbac_token_enabled);
    admin.status = edit.status.unwrap_or(admin.status);
    admin.updated_at = change.now();
    if is_renamed {
        refuse_namesake(&mut change, &admin).await?;
    }
    admins::update(change.connection(), &admin).await?;
    if !may_act(admin.status) {
        sign_out(&mut change, admin.id).await?;
    }
    change.record(Operation::Update, "admins", admin.id, representation::admin(&admin));
    change.commit().await?;
    Ok(admin)
}

/// Whether a change decides who acts as this admin: by the names that a sign-in is matched with, or by letting it act.
fn hands_over(admin: &Admin, edit: &AdminEdit) -> bool {
    renames(admin, edit) || edit.status.is_some_and(|status| status != admin.status && may_come(status))
}

/// Whether a change decides for people of every workspace whether they can sign in: by the names that a sign-in is
/// matched with, or by keeping out somebody who has not come yet.
fn decides_sign_in(admin: &Admin, edit: &AdminEdit) -> bool {
    let keeps_out = |status: AdminStatus| status != admin.status && admin.binding.is_none() && !may_come(status);
    renames(admin, edit) || edit.status.is_some_and(keeps_out)
}

/// Whether a change is one of the names that a sign-in is matched with.
fn renames(admin: &Admin, edit: &AdminEdit) -> bool {
    edit.username.as_ref().is_some_and(|username| *username != admin.username)
        || edit.custom_id.changes(&admin.custom_id)
}

/// Whether a sign-in accepts this status.
const fn may_come(status: AdminStatus) -> bool {
    matches!(status, AdminStatus::Approved | AdminStatus::Invited)
}

/// A sign-in that fits two admins signs nobody in, so no two may fit one.
async fn refuse_namesake(change: &mut Change<'_>, admin: &Admin) -> Result<(), ServiceError> {
    match admins::find_namesake(change.connection(), admin).await? {
        Some((field, value)) => Err(ServiceError::Unique(vec![(field.to_owned(), value)])),
        None => Ok(()),
    }
}

/// Whether a change decides who acts as this admin, whether it can act at all, or where it is written to.
fn affects(admin: &Admin, edit: &AdminEdit) -> bool {
    hands_over(admin, edit)
        || edit.email.changes(&admin.email)
        || edit.rbac_token_enabled.is_some_and(|enabled| enabled != admin.rbac_token_enabled)
        || edit.status.is_some_and(|status| status != admin.status)
}

/// Without a sign-in the token is all that an admin has.
async fn refuse_last_token(services: &Services, change: &mut Change<'_>, admin: &Admin) -> Result<(), ServiceError> {
    let user = admin.rbac_user_id;
    if services.login.is_none()
        && grants::is_super_admin(change.connection(), user).await?
        && grants::count_super_admins(change.connection(), Some(user)).await? == 0
    {
        return Err(ServiceError::last_super_admin());
    }
    Ok(())
}

/// Ends every sign-in of an admin, on every node.
pub(super) async fn sign_out(change: &mut Change<'_>, admin: AdminId) -> Result<(), ServiceError> {
    login_sessions::delete_of_admin(change.connection(), admin, None).await?;
    change.touch_sessions().await
}

/// Deletes an admin with its RBAC user, token and sign-ins.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Conflict`] for the last super-admin, [`ServiceError::Forbidden`] for a
/// super-admin when the caller is none.
pub async fn delete(services: &Services, caller: &Caller, here: &Here<'_>, key: &str) -> Result<(), ServiceError> {
    let mut change = Change::begin(services, caller).await?;
    change.guard_last_super_admin().await?;
    let admin = find(services, caller, here, change.connection(), key).await?;
    Guard::of(services, caller).spare_super_admins(change.connection(), &[admin.rbac_user_id]).await?;
    remove(&mut change, &admin).await?;
    change.commit().await
}

pub(super) async fn remove(change: &mut Change<'_>, admin: &Admin) -> Result<(), ServiceError> {
    let pair = rbac_users::find_by_id(change.connection(), admin.rbac_user_id).await?;
    sign_out(change, admin.id).await?;
    admins::delete(change.connection(), admin.id).await?;
    change.record(Operation::Delete, "admins", admin.id, representation::admin(admin));
    if let Some(pair) = pair {
        change.record(Operation::Delete, "rbac_users", pair.id, representation::audited_rbac_user(&pair));
    }
    Ok(())
}

/// Moves an admin to another home workspace.
///
/// # Errors
/// [`ServiceError::NotFound`], also for a workspace that the caller does not see; [`ServiceError::NoPermission`] when
/// it may not change admins there.
pub async fn move_home(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    key: &str,
    workspace: &str,
) -> Result<Admin, ServiceError> {
    let mut change = Change::begin(services, caller).await?;
    let mut admin = find(services, caller, here, change.connection(), key).await?;
    let all = workspaces::list(change.connection()).await?;
    let home = all.into_iter().find(|home| home.is_called(workspace)).ok_or(ServiceError::NotFound)?;
    if !services.access.reaches(&caller.principal, &home.name) {
        return Err(ServiceError::NotFound);
    }
    if !here.may_in(services, caller, &home.name) {
        return Err(ServiceError::no_permission(caller, Action::Update));
    }
    admin.ws_id = home.id;
    admin.updated_at = change.now();
    admins::update(change.connection(), &admin).await?;
    change.record(Operation::Update, "admins", admin.id, representation::admin(&admin));
    change.commit().await?;
    Ok(admin)
}

/// The workspaces of an admin, by name: its home and those in which it has roles, directly or by groups. Only those that
/// the caller sees.
///
/// # Errors
/// The store failed.
pub async fn workspaces_of(
    services: &Services,
    caller: &Caller,
    admin: &Admin,
) -> Result<Vec<Workspace>, ServiceError> {
    let mut connection = services.store.read().await?;
    let direct = user_roles::list(&mut connection, admin.rbac_user_id).await?;
    let mut names: Vec<_> = direct.into_iter().map(|held| held.workspace).collect();
    for group in user_groups::list(&mut connection, admin.rbac_user_id).await? {
        let links = group_roles::list(&mut connection, group.id).await?;
        names.extend(links.into_iter().map(|link| link.workspace_name));
    }
    let mut all = workspaces::list(&mut connection).await?;
    all.retain(|workspace| {
        (workspace.id == admin.ws_id || names.contains(&workspace.name))
            && services.access.reaches(&caller.principal, &workspace.name)
    });
    Ok(all)
}
