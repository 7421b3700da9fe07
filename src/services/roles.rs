//! Roles of a workspace (kong-manager.md 4.1, 4.7, 4.11). Hidden default roles are never seen here.

use super::change::{Change, Operation};
use super::edit::Edit;
use super::error::ServiceError;
use super::escalation::{self, Guard, Watch};
use super::here::Here;
use super::{Services, granted, representation};
use crate::domain::access::Caller;
use crate::domain::ids::{RoleId, RoleName, WorkspaceId};
use crate::domain::role::{Role, SUPER_ADMIN};
use crate::store::{Connection, Page, Paged, roles};

/// A role to be made.
#[derive(Clone, Debug)]
pub struct NewRole {
    /// Its id, when the client chose one.
    pub id: Option<RoleId>,
    /// Name.
    pub name: RoleName,
    /// Free text.
    pub comment: Option<String>,
}

/// Changes of a role.
#[derive(Clone, Debug, Default)]
pub struct RoleEdit {
    /// The name: it cannot change, but may be repeated.
    pub name: Option<RoleName>,
    /// Free text.
    pub comment: Edit<Option<String>>,
}

/// A role and how many users hold it directly.
#[derive(Clone, Debug)]
pub struct CountedRole {
    /// The role.
    pub role: Role,
    /// Its direct holders.
    pub users: i64,
}

/// Visible roles of a workspace.
///
/// # Errors
/// The store failed.
pub async fn list(services: &Services, workspace: WorkspaceId, page: &Page) -> Result<Paged<Role>, ServiceError> {
    Ok(roles::list(&mut *services.store.read().await?, workspace, page).await?)
}

/// Visible roles of a workspace with the number of their holders.
///
/// # Errors
/// The store failed.
pub async fn list_with_counts(
    services: &Services,
    workspace: WorkspaceId,
    page: &Page,
) -> Result<Paged<CountedRole>, ServiceError> {
    let mut connection = services.store.read().await?;
    let counts = roles::count_users(&mut connection, workspace).await?;
    let Paged { items, offset } = roles::list(&mut connection, workspace, page).await?;
    let count = |role: Role| CountedRole { users: counts.get(&role.id).copied().unwrap_or_default(), role };
    Ok(Paged { items: items.into_iter().map(count).collect(), offset })
}

/// The role of that name or id.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn get(services: &Services, workspace: WorkspaceId, key: &str) -> Result<Role, ServiceError> {
    find(&mut *services.store.read().await?, workspace, key).await
}

pub(super) async fn find(connection: &mut Connection, workspace: WorkspaceId, key: &str) -> Result<Role, ServiceError> {
    roles::find(connection, workspace, key).await?.ok_or(ServiceError::NotFound)
}

/// Makes a role without rules.
///
/// # Errors
/// [`ServiceError::Unique`] for a taken name.
pub async fn create(services: &Services, caller: &Caller, here: &Here<'_>, new: NewRole) -> Result<Role, ServiceError> {
    let mut change = Change::begin(services, caller).await?;
    let now = change.now();
    let role = Role {
        id: new.id.unwrap_or_else(RoleId::generate),
        name: new.name,
        comment: new.comment,
        is_default: false,
        ws_id: here.workspace.id,
        created_at: now,
        updated_at: now,
    };
    roles::create(change.connection(), &role).await?;
    change.record(Operation::Create, "rbac_roles", role.id, representation::role(&role));
    change.commit().await?;
    Ok(role)
}

/// Changes a role.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Schema`] for another name.
pub async fn update(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    key: &str,
    edit: RoleEdit,
) -> Result<Role, ServiceError> {
    let mut change = Change::begin(services, caller).await?;
    let mut role = find(change.connection(), here.workspace.id, key).await?;
    if edit.name.is_some_and(|name| name != role.name) {
        return Err(ServiceError::field("name", "immutable"));
    }
    edit.comment.apply(&mut role.comment);
    role.updated_at = change.now();
    roles::update_comment(change.connection(), role.id, role.comment.as_deref(), role.updated_at).await?;
    change.record(Operation::Update, "rbac_roles", role.id, representation::role(&role));
    change.commit().await?;
    Ok(role)
}

/// Makes a role what the request says, or makes one; with it, whether it is new.
///
/// # Errors
/// See [`create`] and [`update`].
pub async fn put(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    key: &str,
    edit: RoleEdit,
) -> Result<(Role, bool), ServiceError> {
    match get(services, here.workspace.id, key).await {
        Err(ServiceError::NotFound) => {}
        Err(error) => return Err(error),
        Ok(_) => return Ok((update(services, caller, here, key, edit).await?, false)),
    }
    let id = key.parse().ok();
    let name = match (id, edit.name) {
        (Some(_), Some(name)) => name,
        (Some(_), None) => return Err(ServiceError::field("name", "required field missing")),
        (None, _) => RoleName::parse(key).map_err(|error| ServiceError::name("name", &error))?,
    };
    let mut comment = None;
    edit.comment.apply(&mut comment);
    Ok((create(services, caller, here, NewRole { id, name, comment }).await?, true))
}

/// Deletes a role with its rules and assignments.
///
/// # Errors
/// [`ServiceError::NotFound`]; [`ServiceError::Conflict`] for `super-admin`, and when the last super-admin would be
/// locked out; [`ServiceError::Forbidden`] for a role of the caller, and when its holders would gain rights that the
/// caller does not have.
pub async fn delete(services: &Services, caller: &Caller, here: &Here<'_>, key: &str) -> Result<(), ServiceError> {
    let guard = Guard::of(services, caller);
    let mut change = Change::begin(services, caller).await?;
    change.guard_last_super_admin().await?;
    let role = find(change.connection(), here.workspace.id, key).await?;
    if granted::is_super_admin(&role, &here.workspace.name) {
        return Err(ServiceError::Conflict(format!("the role {SUPER_ADMIN} cannot be deleted")));
    }
    let holders = escalation::holders(change.connection(), role.id).await?;
    guard.refuse_holder(&holders)?;
    let watch = Watch::begin(&mut change, &guard, escalation::of_role(role.id, &holders)).await?;
    roles::delete(change.connection(), role.id).await?;
    change.record(Operation::Delete, "rbac_roles", role.id, representation::role(&role));
    watch.end(&mut change, &guard).await?;
    change.commit().await
}
