//! Groups: the list with roles and members, values of sign-ins that no group maps, and one group.

use crate::domain::admin::Admin;
use crate::domain::group::{Group, GroupRole, SeenGroupValue};
use crate::domain::ids::GroupId;
use crate::services::Services;
use crate::services::error::ServiceError;
use crate::store::directory::{self, Found, Window};
use crate::store::{group_roles, group_values, groups};

/// Most members that a group's page lists.
const MEMBERS: u32 = 200;

/// A group in a list.
#[derive(Clone, Debug)]
pub struct ListedGroup {
    /// The group.
    pub group: Group,
    /// Its roles.
    pub roles: Vec<GroupRole>,
    /// How many admins their last sign-in put in it.
    pub members: u64,
}

/// A part of the groups; `text` is a part of the name.
///
/// # Errors
/// The store failed.
pub async fn list(services: &Services, text: &str, window: Window) -> Result<Found<ListedGroup>, ServiceError> {
    let mut connection = services.store.read().await?;
    let found = directory::list_groups(&mut connection, text, window).await?;
    let ids: Vec<GroupId> = found.items.iter().map(|(group, _)| group.id).collect();
    let mut links = group_roles::list_of_groups(&mut connection, &ids).await?;
    let with_roles = |(group, members): (Group, u64)| {
        let roles = links.extract_if(.., |link| link.group.id == group.id).collect();
        ListedGroup { group, roles, members }
    };
    Ok(Found { items: found.items.into_iter().map(with_roles).collect(), total: found.total })
}

/// Values of last sign-ins that no group maps, the latest first.
///
/// # Errors
/// The store failed.
pub async fn list_unmapped(services: &Services, limit: u32) -> Result<Vec<SeenGroupValue>, ServiceError> {
    Ok(group_values::list_unmapped(&mut *services.store.read().await?, limit).await?)
}

/// A group with its roles and members.
#[derive(Clone, Debug)]
pub struct GroupDetail {
    /// The group.
    pub group: Group,
    /// Its roles.
    pub roles: Vec<GroupRole>,
    /// The first members by name, and how many there are.
    pub members: Found<Admin>,
}

/// The group that a path names by id or name.
///
/// # Errors
/// [`ServiceError::NotFound`]; the store failed.
pub async fn find(services: &Services, name_or_id: &str) -> Result<GroupDetail, ServiceError> {
    let mut connection = services.store.read().await?;
    let group = groups::find(&mut connection, name_or_id).await?.ok_or(ServiceError::NotFound)?;
    let window = Window { offset: 0, size: MEMBERS };
    Ok(GroupDetail {
        roles: group_roles::list(&mut connection, group.id).await?,
        members: directory::list_members(&mut connection, group.id, window).await?,
        group,
    })
}

/// Whether some group gives a role.
///
/// # Errors
/// The store failed.
pub async fn is_any_mapped(services: &Services) -> Result<bool, ServiceError> {
    Ok(!group_roles::list_all(&mut *services.store.read().await?).await?.is_empty())
}
