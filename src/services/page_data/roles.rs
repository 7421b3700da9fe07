//! Roles: the list of a workspace, one role with its rules and holders, and what may be chosen in a form.

use crate::domain::admin::RbacUser;
use crate::domain::group::GroupRole;
use crate::domain::ids::RoleId;
use crate::domain::role::{Role, RoleEndpoint, RoleSource};
use crate::domain::workspace::Workspace;
use crate::services::Services;
use crate::services::error::ServiceError;
pub use crate::store::directory::CountedRole;
use crate::store::directory::{self, Found, Window};
use crate::store::{Page, group_roles, role_endpoints, roles, user_roles};

/// Most roles of one workspace that a form offers.
const CHOICES: u32 = 1000;

/// A part of the roles of a workspace.
///
/// # Errors
/// The store failed.
pub async fn list(
    services: &Services,
    workspace: &Workspace,
    window: Window,
) -> Result<Found<CountedRole>, ServiceError> {
    Ok(directory::list_roles(&mut *services.store.read().await?, workspace.id, window).await?)
}

/// Every role of some workspaces, for a form.
///
/// # Errors
/// The store failed.
pub async fn choices<'w>(
    services: &Services,
    workspaces: impl IntoIterator<Item = &'w Workspace>,
) -> Result<Vec<(&'w Workspace, Vec<Role>)>, ServiceError> {
    let page = Page { size: CHOICES, after: String::new() };
    let mut connection = services.store.read().await?;
    let mut choices = Vec::new();
    for workspace in workspaces {
        let mut items = roles::list(&mut connection, workspace.id, &page).await?.items;
        items.sort_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
        choices.push((workspace, items));
    }
    Ok(choices)
}

/// A role with its rules and everybody who has it.
#[derive(Clone, Debug)]
pub struct RoleDetail {
    /// The role.
    pub role: Role,
    /// Its rules.
    pub rules: Vec<RoleEndpoint>,
    /// Direct holders.
    pub users: Vec<(RbacUser, RoleSource)>,
    /// Groups that give it, with the workspace it then counts in.
    pub groups: Vec<GroupRole>,
}

/// The visible role with that id.
///
/// # Errors
/// [`ServiceError::NotFound`]; the store failed.
pub async fn find(services: &Services, id: &str) -> Result<RoleDetail, ServiceError> {
    let id: RoleId = id.parse().map_err(|_| ServiceError::NotFound)?;
    let mut connection = services.store.read().await?;
    let role = roles::find_by_id(&mut connection, id).await?;
    let role = role.filter(|role| !role.is_default).ok_or(ServiceError::NotFound)?;
    Ok(RoleDetail {
        rules: role_endpoints::list(&mut connection, id).await?,
        users: user_roles::list_users(&mut connection, id).await?,
        groups: group_roles::list_of_role(&mut connection, id).await?,
        role,
    })
}
