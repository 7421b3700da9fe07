//! Groups: names of IdP group values (kong-manager.md 3.2). They belong to no workspace: to change one takes the right
//! in `default`.

use super::change::{Change, Operation};
use super::edit::Edit;
use super::error::ServiceError;
use super::escalation::{self, Guard, Watch};
use super::here::Here;
use super::{Services, granted, representation};
use crate::domain::access::Caller;
use crate::domain::group::Group;
use crate::domain::ids::{GroupId, GroupName, RbacUserId};
use crate::store::{Connection, Page, Paged, groups, user_groups};

/// A group to be made.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// Its id, when the client chose one.
    pub id: Option<GroupId>,
    /// Name.
    pub name: GroupName,
    /// Free text.
    pub comment: Option<String>,
}

/// Changes of a group.
#[derive(Clone, Debug, Default)]
pub struct GroupEdit {
    /// Another name: members of the old one leave at their next sign-in.
    pub name: Option<GroupName>,
    /// Free text.
    pub comment: Edit<Option<String>>,
}

/// All groups.
///
/// # Errors
/// The store failed.
pub async fn list(services: &Services, page: &Page) -> Result<Paged<Group>, ServiceError> {
    Ok(groups::list(&mut *services.store.read().await?, page).await?)
}

/// The group of that name or id.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn get(services: &Services, key: &str) -> Result<Group, ServiceError> {
    find(&mut *services.store.read().await?, key).await
}

/// The groups that the last sign-in put a user in.
///
/// # Errors
/// The store failed.
pub async fn of_user(services: &Services, user: RbacUserId) -> Result<Vec<Group>, ServiceError> {
    Ok(user_groups::list(&mut *services.store.read().await?, user).await?)
}

pub(super) async fn find(connection: &mut Connection, key: &str) -> Result<Group, ServiceError> {
    groups::find(connection, key).await?.ok_or(ServiceError::NotFound)
}

/// Makes a group without roles.
///
/// # Errors
/// [`ServiceError::Unique`] for a taken name.
pub async fn create(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    new: NewGroup,
) -> Result<Group, ServiceError> {
    here.require_in_default(services, caller)?;
    let mut change = Change::begin(services, caller).await?;
    let now = change.now();
    let id = new.id.unwrap_or_else(GroupId::generate);
    let group = Group { id, name: new.name, comment: new.comment, created_at: now, updated_at: now };
    groups::create(change.connection(), &group).await?;
    change.record(Operation::Create, "groups", group.id, representation::group(&group));
    change.commit().await?;
    Ok(group)
}

/// Changes a group. Another name hands its roles to other people, so it takes the rights of these roles; and its members
/// lose them at their next sign-in, so it takes what deleting the group takes.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Unique`] for a taken name, [`ServiceError::Forbidden`],
/// [`ServiceError::Conflict`] when the last super-admin would be none from the next sign-in on.
pub async fn update(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    key: &str,
    edit: GroupEdit,
) -> Result<Group, ServiceError> {
    here.require_in_default(services, caller)?;
    let guard = Guard::of(services, caller);
    let mut change = Change::begin(services, caller).await?;
    change.guard_last_super_admin().await?;
    let mut group = find(change.connection(), key).await?;
    if let Some(name) = edit.name.filter(|name| *name != group.name) {
        guard_rename(&mut change, &guard, &group).await?;
        group.name = name;
        guard.spare_super_admins_of(change.connection(), &group).await?;
    }
    edit.comment.apply(&mut group.comment);
    group.updated_at = change.now();
    groups::update(change.connection(), &group).await?;
    change.record(Operation::Update, "groups", group.id, representation::group(&group));
    change.commit().await?;
    Ok(group)
}

/// Refuses what a new name gives to whom it fits, and what it takes from the members, as if they had left already.
async fn guard_rename(change: &mut Change<'_>, guard: &Guard<'_>, group: &Group) -> Result<(), ServiceError> {
    let members = escalation::members(change.connection(), group.id).await?;
    guard.refuse_holder(&members)?;
    guard.may_grant(&granted::of_group(change.connection(), group.id).await?)?;
    let watch = Watch::begin(change, guard, escalation::of_group(group.id, &members)).await?;
    watch.end_without(change, guard, &group.name).await
}

/// Makes a group what the request says, or makes one; with it, whether it is new.
///
/// # Errors
/// See [`create`] and [`update`].
pub async fn put(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    key: &str,
    edit: GroupEdit,
) -> Result<(Group, bool), ServiceError> {
    match get(services, key).await {
        Err(ServiceError::NotFound) => {}
        Err(error) => return Err(error),
        Ok(_) => return Ok((update(services, caller, here, key, edit).await?, false)),
    }
    let id = key.parse().ok();
    // A group may be named by a UUID (Entra ID): without a name in the body the path is the name.
    let named = edit.name.map_or_else(|| GroupName::parse(key), Ok);
    let name = named.map_err(|error| ServiceError::name("name", &error))?;
    let mut comment = None;
    edit.comment.apply(&mut comment);
    Ok((create(services, caller, here, NewGroup { id, name, comment }).await?, true))
}

/// Deletes a group with its links; its members lose these roles at once.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Conflict`] when the last super-admin is one by this group,
/// [`ServiceError::Forbidden`].
pub async fn delete(services: &Services, caller: &Caller, here: &Here<'_>, key: &str) -> Result<(), ServiceError> {
    here.require_in_default(services, caller)?;
    let guard = Guard::of(services, caller);
    let mut change = Change::begin(services, caller).await?;
    change.guard_last_super_admin().await?;
    let group = find(change.connection(), key).await?;
    let members = escalation::members(change.connection(), group.id).await?;
    guard.refuse_holder(&members)?;
    let watch = Watch::begin(&mut change, &guard, escalation::of_group(group.id, &members)).await?;
    groups::delete(change.connection(), group.id).await?;
    change.record(Operation::Delete, "groups", group.id, representation::group(&group));
    watch.end(&mut change, &guard).await?;
    change.commit().await
}
