//! Groups: the list with roles and members, values of sign-ins that no group maps, and one group.

use crate::domain::admin::Admin;
use crate::domain::group::{Group, GroupRole, SeenGroupValue};
use crate::domain::group_claim::direct_role;
use crate::domain::ids::GroupId;
use crate::services::Services;
use crate::services::error::ServiceError;
use crate::store::directory::{self, Found, Window};
use crate::store::{Connection, group_roles, group_values, groups, roles, workspaces};

/// Most values that are listed as not mapped, and most that are looked at for it.
const UNMAPPED: usize = 30;
const LOOKED_AT: u32 = 200;
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

/// Values of last sign-ins that lead to no role, the latest first: neither a group has their name, nor do they name a
/// role directly, nor does `sso_bootstrap_groups` list them.
///
/// # Errors
/// The store failed.
pub async fn list_unmapped(services: &Services) -> Result<Vec<SeenGroupValue>, ServiceError> {
    let login = &services.settings.login;
    let mut connection = services.store.read().await?;
    let mut unmapped = Vec::new();
    for seen in group_values::list_unmapped(&mut connection, LOOKED_AT).await? {
        let is_bootstrap = login.bootstrap_groups.contains(&seen.value);
        let is_direct = login.direct_role_claims && names_a_role(&mut connection, &seen.value).await?;
        if !is_bootstrap && !is_direct {
            unmapped.push(seen);
        }
        if unmapped.len() == UNMAPPED {
            break;
        }
    }
    Ok(unmapped)
}

async fn names_a_role(connection: &mut Connection, value: &str) -> Result<bool, ServiceError> {
    let Some((workspace, role)) = direct_role(value) else { return Ok(false) };
    let Some(workspace) = workspaces::find_by_name(connection, &workspace).await? else { return Ok(false) };
    let found = roles::find(connection, workspace.id, role.as_str()).await?;
    Ok(found.is_some_and(|found| found.name == role))
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
