//! What a super-admin does about somebody's sign-ins: ending them, and forgetting the identity an admin is bound to
//! (kong-manager.md 2.5, 2.6). The Admin API has no doors for these; the admin pages call them.

use serde_json::json;

use super::Services;
use super::change::{Change, Operation};
use super::error::ServiceError;
use super::representation;
use crate::domain::access::{Caller, Proof};
use crate::domain::admin::Admin;
use crate::store::{admins, login_sessions};

/// Ends every session of an admin but the one that asks; returns how many ended.
///
/// # Errors
/// The store failed.
pub async fn end_all(services: &Services, caller: &Caller, admin: &Admin) -> Result<usize, ServiceError> {
    let kept = match caller.proof {
        Proof::Session(id) => Some(id),
        Proof::Token | Proof::Off => None,
    };
    let mut change = Change::begin_as(services, &caller.request_id, caller.principal.rbac_user_id).await?;
    let ended = login_sessions::delete_of_admin(change.connection(), admin.id, kept).await?;
    change.touch_sessions().await?;
    change.commit().await?;
    tracing::info!(admin = %admin.username, count = ended.len(), "sessions were ended");
    Ok(ended.len())
}

/// Forgets the identity an admin is bound to: the next person who signs in by the admin's name takes the account over.
///
/// # Errors
/// [`ServiceError::NotFound`] when the admin is gone; the store failed.
pub async fn clear_binding(services: &Services, caller: &Caller, admin: &Admin) -> Result<(), ServiceError> {
    let mut change = Change::begin_as(services, &caller.request_id, caller.principal.rbac_user_id).await?;
    let now = change.now();
    admins::clear_binding(change.connection(), admin.id, now).await?;
    let mut entity = representation::admin(&Admin { binding: None, updated_at: now, ..admin.clone() });
    if let Some(members) = entity.as_object_mut() {
        members.insert("identity".to_owned(), json!(null));
    }
    change.record(Operation::Update, "admins", admin.id, entity);
    change.commit().await?;
    tracing::warn!(admin = %admin.username, "the bound identity was cleared");
    Ok(())
}
