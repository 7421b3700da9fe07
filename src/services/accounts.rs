//! What an admin's account has besides its members: the own profile and token, the bound identity, the sign-ins
//! (kong-manager.md 2.5, 2.6, 5.2, 5.4).

use super::change::{Change, Operation};
use super::error::ServiceError;
use super::here::Here;
use super::token::PlainToken;
use super::user_token::Prepared;
use super::{Services, admins as people, representation};
use crate::domain::access::Caller;
use crate::domain::admin::Admin;
use crate::store::{admins, rbac_users};

/// The admin who calls; `None` for service accounts and while nobody is asked who they are.
///
/// # Errors
/// The store failed.
pub async fn of_caller(services: &Services, caller: &Caller) -> Result<Option<Admin>, ServiceError> {
    match caller.principal.admin_id {
        Some(id) => Ok(admins::find_by_id(&mut *services.store.read().await?, id).await?),
        None => Ok(None),
    }
}

/// Gives the caller another token, generated when `token` is absent; returns it in clear.
///
/// # Errors
/// [`ServiceError::NotFound`] for who is no admin, [`ServiceError::Forbidden`] when the admin may have no token,
/// [`ServiceError::Unique`] when somebody has that token.
pub async fn reset_own_token(
    services: &Services,
    caller: &Caller,
    token: Option<PlainToken>,
) -> Result<PlainToken, ServiceError> {
    let admin = of_caller(services, caller).await?.ok_or(ServiceError::NotFound)?;
    let prepared = Prepared::of(services, token).await?;
    let plain = prepared.clear();
    let mut change = Change::begin(services, caller).await?;
    let user = rbac_users::find_by_id(change.connection(), admin.rbac_user_id).await?;
    let mut user = user.ok_or(ServiceError::NotFound)?;
    prepared.give(services, caller, &mut change, &mut user).await?;
    user.updated_at = change.now();
    rbac_users::update(change.connection(), &user).await?;
    change.record(Operation::Update, "rbac_users", user.id, representation::audited_rbac_user(&user));
    change.commit().await?;
    Ok(plain)
}

/// Forgets the identity that an admin is bound to: the next matching sign-in takes the account. For super-admins only.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Forbidden`].
pub async fn clear_binding(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    key: &str,
) -> Result<(), ServiceError> {
    if services.access.is_enforced() && !caller.principal.is_super_admin {
        return Err(ServiceError::Forbidden("Only super-admins may clear the bound identity".to_owned()));
    }
    let mut change = Change::begin(services, caller).await?;
    let mut admin = people::find(services, caller, here, change.connection(), key).await?;
    admin.updated_at = change.now();
    admins::clear_binding(change.connection(), admin.id, admin.updated_at).await?;
    admin.binding = None;
    change.record(Operation::Update, "admins", admin.id, representation::admin(&admin));
    change.commit().await
}

/// Signs an admin out everywhere.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn end_sessions(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    key: &str,
) -> Result<(), ServiceError> {
    let mut change = Change::begin(services, caller).await?;
    let admin = people::find(services, caller, here, change.connection(), key).await?;
    people::sign_out(&mut change, admin.id).await?;
    change.commit().await
}
