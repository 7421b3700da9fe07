//! RBAC users that are no person's: the list, and one of them.

use crate::domain::admin::RbacUser;
use crate::domain::ids::{RbacUserId, WorkspaceId};
use crate::domain::role::HeldRole;
use crate::services::Services;
use crate::services::error::ServiceError;
use crate::store::directory::{self, Found, Window};
use crate::store::{held_roles, rbac_users};

/// A service account with its roles.
#[derive(Clone, Debug)]
pub struct ServiceAccount {
    /// The user.
    pub user: RbacUser,
    /// Its roles.
    pub roles: Vec<HeldRole>,
}

/// Which service accounts, and in which order.
#[derive(Clone, Debug)]
pub struct Search {
    /// Of this workspace.
    pub workspace: WorkspaceId,
    /// A part of the name; empty = all.
    pub text: String,
    /// By age instead of by name.
    pub newest_first: bool,
}

/// A part of the service accounts of a workspace.
///
/// # Errors
/// The store failed.
pub async fn list(services: &Services, search: &Search, window: Window) -> Result<Found<ServiceAccount>, ServiceError> {
    let mut connection = services.store.read().await?;
    let Search { workspace, text, newest_first } = search;
    let found = directory::list_rbac_users(&mut connection, *workspace, text, *newest_first, window).await?;
    let users: Vec<RbacUserId> = found.items.iter().map(|user| user.id).collect();
    let mut held = held_roles::list(&mut connection, &users).await?;
    let with_roles = |user: RbacUser| ServiceAccount { roles: held.remove(&user.id).unwrap_or_default(), user };
    Ok(Found { items: found.items.into_iter().map(with_roles).collect(), total: found.total })
}

/// The service account that a path names by id or name; an admin's pair is none.
///
/// # Errors
/// [`ServiceError::NotFound`]; the store failed.
pub async fn find(services: &Services, name_or_id: &str) -> Result<ServiceAccount, ServiceError> {
    let mut connection = services.store.read().await?;
    let user = rbac_users::find(&mut connection, name_or_id).await?;
    let user = user.filter(|user| user.admin_id.is_none()).ok_or(ServiceError::NotFound)?;
    let mut held = held_roles::list(&mut connection, &[user.id]).await?;
    Ok(ServiceAccount { roles: held.remove(&user.id).unwrap_or_default(), user })
}
