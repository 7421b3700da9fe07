//! The (workspace, role) pairs of groups (kong-manager.md 3.2).

use super::change::{Change, Operation};
use super::error::ServiceError;
use super::escalation::{self, Guard, Watch};
use super::here::Here;
use super::{Services, granted, groups, representation};
use crate::domain::access::Caller;
use crate::domain::group::GroupRole;
use crate::domain::ids::RoleId;
use crate::domain::role::Role;
use crate::domain::workspace::Workspace;
use crate::store::{Connection, group_roles, roles, workspaces};

/// A role and the workspace it counts in, as a request names them.
#[derive(Clone, Debug)]
pub struct Link {
    /// Id of a role, or its name in that workspace or in `default`.
    pub role: String,
    /// Id or name of a workspace.
    pub workspace: String,
}

impl Link {
    /// The role and workspace that are meant.
    async fn find(&self, connection: &mut Connection) -> Result<(Role, Workspace), ServiceError> {
        let all = workspaces::list(connection).await?;
        let named = all.iter().find(|workspace| workspace.is_called(&self.workspace)).ok_or(ServiceError::NotFound)?;
        if let Ok(id) = self.role.parse::<RoleId>()
            && let Some(role) = roles::find_by_id(connection, id).await?.filter(|role| !role.is_default)
        {
            return Ok((role, named.clone()));
        }
        for home in [Some(named), all.iter().find(|workspace| workspace.name.is_default())].into_iter().flatten() {
            if let Some(role) = roles::find(connection, home.id, &self.role).await? {
                return Ok((role, named.clone()));
            }
        }
        Err(ServiceError::NotFound)
    }
}

/// The links of a group that count in workspaces where the caller may look.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn list(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    group: &str,
) -> Result<Vec<GroupRole>, ServiceError> {
    let mut connection = services.store.read().await?;
    let group = groups::find(&mut connection, group).await?;
    let mut links = group_roles::list(&mut connection, group.id).await?;
    links.retain(|link| here.may_in(services, caller, &link.workspace_name));
    Ok(links)
}

/// Links a role to a group.
///
/// # Errors
/// [`ServiceError::NotFound`] for an unknown group, role or workspace and for a role of a third workspace,
/// [`ServiceError::Unique`] for an existing link, and the refusals of kong-manager.md 4.8.
pub async fn create(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    group: &str,
    link: &Link,
) -> Result<GroupRole, ServiceError> {
    let guard = Guard::of(services, caller);
    let mut change = Change::begin(services, caller).await?;
    let group = groups::find(change.connection(), group).await?;
    change.guard_last_super_admin().await?;
    let (role, workspace) = link.find(change.connection()).await?;
    require_right(services, caller, here, &workspace)?;
    guard.refuse_holder(&escalation::members(change.connection(), group.id).await?)?;
    guard.spare_super_admins_of(change.connection(), &group).await?;
    let rules = granted::of_role(change.connection(), role.clone()).await?;
    guard.may_link(rules, &workspace.name)?;
    group_roles::create(change.connection(), group.id, role.id, workspace.id).await?;
    let link = GroupRole {
        group,
        role_id: role.id,
        role_name: role.name,
        workspace_id: workspace.id,
        workspace_name: workspace.name,
    };
    record(&mut change, Operation::Create, &link);
    change.commit().await?;
    Ok(link)
}

/// Removes a link; one that does not exist counts as removed.
///
/// # Errors
/// [`ServiceError::NotFound`] for an unknown group, role or workspace; [`ServiceError::Conflict`] when the last
/// super-admin is one by it; [`ServiceError::Forbidden`].
pub async fn delete(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    group: &str,
    link: &Link,
) -> Result<(), ServiceError> {
    let guard = Guard::of(services, caller);
    let mut change = Change::begin(services, caller).await?;
    change.guard_last_super_admin().await?;
    let group = groups::find(change.connection(), group).await?;
    let (role, workspace) = link.find(change.connection()).await?;
    require_right(services, caller, here, &workspace)?;
    let links = group_roles::list(change.connection(), group.id).await?;
    let meant = |link: &GroupRole| link.role_id == role.id && link.workspace_id == workspace.id;
    let Some(link) = links.into_iter().find(meant) else { return Ok(()) };
    let members = escalation::members(change.connection(), group.id).await?;
    guard.refuse_holder(&members)?;
    let watch = Watch::begin(&mut change, &guard, escalation::of_group(group.id, &members)).await?;
    group_roles::delete(change.connection(), group.id, role.id, workspace.id).await?;
    record(&mut change, Operation::Delete, &link);
    watch.end(&mut change, &guard).await?;
    change.commit().await
}

/// A link acts in its workspace, so that is where the caller needs the right.
fn require_right(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    workspace: &Workspace,
) -> Result<(), ServiceError> {
    if here.may_in(services, caller, &workspace.name) {
        Ok(())
    } else {
        Err(ServiceError::no_permission(caller, here.action))
    }
}

fn record(change: &mut Change<'_>, operation: Operation, link: &GroupRole) {
    let key = format!("{}:{}:{}", link.group.id, link.role_id, link.workspace_id);
    change.record(operation, "group_rbac_roles", key, representation::group_role(link));
}
