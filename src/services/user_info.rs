//! Who calls, and what that somebody may do: `GET /userinfo` (kong-manager.md 4.11).

use std::sync::Arc;

use super::error::ServiceError;
use super::sessions::SessionError;
use super::{Services, accounts, admins, groups, workspaces};
use crate::domain::access::{Caller, Proof};
use crate::domain::admin::Admin;
use crate::domain::group::Group;
use crate::domain::rbac::Policy;
use crate::domain::time::UnixSeconds;
use crate::domain::workspace::Workspace;

/// The caller, as a client may know it.
#[derive(Debug)]
pub struct UserInfo {
    /// The admin with its workspaces, for a person.
    pub admin: Option<(Admin, Vec<Workspace>)>,
    /// The caller's groups.
    pub groups: Vec<Group>,
    /// The caller's rules; `None` while RBAC is off and everything is allowed.
    pub policy: Option<Arc<Policy>>,
    /// The workspaces that the caller sees.
    pub workspaces: Vec<Workspace>,
    /// When the session ends unless it is renewed: the outer `None` is no session, the inner one no limit.
    pub session_end: Option<Option<UnixSeconds>>,
}

/// Everything about the caller.
///
/// # Errors
/// The store failed.
pub async fn of_caller(services: &Services, caller: &Caller) -> Result<UserInfo, ServiceError> {
    let admin = match accounts::of_caller(services, caller).await? {
        Some(admin) => {
            let of_admin = admins::workspaces_of(services, caller, &admin).await?;
            Some((admin, of_admin))
        }
        None => None,
    };
    let groups = match caller.principal.rbac_user_id {
        Some(user) => groups::of_user(services, user).await?,
        None => Vec::new(),
    };
    Ok(UserInfo {
        admin,
        groups,
        policy: services.access.is_enforced().then(|| Arc::clone(&caller.principal.policy)),
        workspaces: workspaces::reachable(services, caller).await?,
        session_end: session_end(services, caller).await?,
    })
}

async fn session_end(services: &Services, caller: &Caller) -> Result<Option<Option<UnixSeconds>>, ServiceError> {
    let Proof::Session(id) = caller.proof else { return Ok(None) };
    match services.sessions.remaining(id).await {
        Ok(remaining) => Ok(Some([remaining.rolling_end, remaining.absolute_end].into_iter().flatten().min())),
        Err(SessionError::Over) => Ok(None),
        Err(SessionError::Service(error)) => Err(error),
    }
}
