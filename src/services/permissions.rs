//! What users and roles may do, all rules merged (kong-manager.md 4.11).

use super::error::ServiceError;
use super::{Services, granted};
use crate::domain::ids::RbacUserId;
use crate::domain::rbac::Policy;
use crate::domain::role::Role;
use crate::store::grants;

/// The rules of a user: of its roles, its groups and its own hidden role.
///
/// # Errors
/// The store failed.
pub async fn of_user(services: &Services, user: RbacUserId) -> Result<Policy, ServiceError> {
    Ok(Policy::compile(grants::load_rules(&mut *services.store.read().await?, user).await?))
}

/// The rules of a role.
///
/// # Errors
/// The store failed.
pub async fn of_role(services: &Services, role: Role) -> Result<Policy, ServiceError> {
    Ok(Policy::compile(granted::of_role(&mut *services.store.read().await?, role).await?.rules))
}
