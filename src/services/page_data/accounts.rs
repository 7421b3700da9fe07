//! Admins: the list, and one account with everything that belongs to it.

use crate::domain::admin::Admin;
use crate::domain::group::ReceivedValue;
use crate::domain::ids::RbacUserId;
use crate::domain::role::HeldRole;
use crate::services::Services;
use crate::services::error::ServiceError;
use crate::store::directory::{self, Found, Window};
pub use crate::store::directory::{AdminOrder, AdminSearch};
use crate::store::{admins, grants, group_values, held_roles, login_sessions, rbac_users};

/// Most names that are suggested.
const SUGGESTED: u32 = 200;

/// An admin in a list.
#[derive(Clone, Debug)]
pub struct ListedAdmin {
    /// The admin.
    pub admin: Admin,
    /// Its roles, also those of groups.
    pub roles: Vec<HeldRole>,
}

/// A part of the admins.
///
/// # Errors
/// The store failed.
pub async fn list(
    services: &Services,
    search: &AdminSearch,
    window: Window,
) -> Result<Found<ListedAdmin>, ServiceError> {
    let mut connection = services.store.read().await?;
    let found = directory::list_admins(&mut connection, search, window).await?;
    let users: Vec<RbacUserId> = found.items.iter().map(|admin| admin.rbac_user_id).collect();
    let mut held = held_roles::list(&mut connection, &users).await?;
    let with_roles = |admin: Admin| ListedAdmin { roles: held.remove(&admin.rbac_user_id).unwrap_or_default(), admin };
    Ok(Found { items: found.items.into_iter().map(with_roles).collect(), total: found.total })
}

/// An admin with everything that belongs to it.
#[derive(Clone, Debug)]
pub struct Account {
    /// The admin.
    pub admin: Admin,
    /// Whether there is an RBAC token.
    pub has_token: bool,
    /// Roles, also those of groups.
    pub roles: Vec<HeldRole>,
    /// Group values of the last sign-in.
    pub values: Vec<ReceivedValue>,
    /// Sessions that hold now.
    pub sessions: u64,
    /// Whether nobody else is super-admin.
    pub is_last_super_admin: bool,
}

/// The account that a path names by id or name.
///
/// # Errors
/// [`ServiceError::NotFound`]; the store failed.
pub async fn find(services: &Services, name_or_id: &str) -> Result<Account, ServiceError> {
    let mut connection = services.store.read().await?;
    let admin = admins::find(&mut connection, name_or_id).await?.ok_or(ServiceError::NotFound)?;
    let user = rbac_users::find_by_id(&mut connection, admin.rbac_user_id).await?;
    let mut held = held_roles::list(&mut connection, &[admin.rbac_user_id]).await?;
    let (limits, now) = (services.sessions.limits(), services.clock.now());
    let sessions = login_sessions::list_of_admin(&mut connection, admin.id).await?;
    Ok(Account {
        has_token: user.is_some_and(|user| user.user_token.is_some()),
        roles: held.remove(&admin.rbac_user_id).unwrap_or_default(),
        values: group_values::list_of_admin(&mut connection, admin.id).await?,
        sessions: sessions.iter().filter(|session| limits.check(&session.times, now).is_ok()).count() as u64,
        is_last_super_admin: grants::list_super_admins(&mut connection).await? == [admin.rbac_user_id],
        admin,
    })
}

/// The roles of one user, also those of groups.
///
/// # Errors
/// The store failed.
pub async fn roles_of(services: &Services, user: RbacUserId) -> Result<Vec<HeldRole>, ServiceError> {
    let mut held = held_roles::list(&mut *services.store.read().await?, &[user]).await?;
    Ok(held.remove(&user).unwrap_or_default())
}

/// How many super-admins can act.
///
/// # Errors
/// The store failed.
pub async fn count_super_admins(services: &Services) -> Result<usize, ServiceError> {
    Ok(grants::count_super_admins(&mut *services.store.read().await?, None).await?)
}

/// The page of a user below the admin pages: that of the admin, or of the service account; `None` when it is gone.
///
/// # Errors
/// The store failed.
pub async fn page_of(services: &Services, user: RbacUserId) -> Result<Option<String>, ServiceError> {
    let found = rbac_users::find_by_id(&mut *services.store.read().await?, user).await?;
    Ok(found.map(|user| match user.admin_id {
        Some(admin) => format!("/admins/{admin}"),
        None => format!("/rbac-users/{}", user.id),
    }))
}

/// Names of admins and service accounts, to choose from.
///
/// # Errors
/// The store failed.
pub async fn suggest_names(services: &Services) -> Result<Vec<String>, ServiceError> {
    Ok(directory::list_names(&mut *services.store.read().await?, SUGGESTED).await?)
}
