//! What the portal decides, kept true in Kong (dev-portal.md 6.5 to 6.8).
//!
//! ```text
//! business change --+-- own tables        \  one transaction
//!                   +-- gateway_changes   /
//! worker: lease a row -> read the target -> look at Kong -> plan -> steps, renewing the lease before each
//!         -> all that takes away is done: revocations count -> all is done: the row goes, unless the subject changed
//! scan:   everything tagged in Kong against everything here, each interval; what differs becomes a row
//! ```
//!
//! A node may die anywhere: the row is still there when its lease ends, and every step can be done twice.

pub mod credentials;
pub mod gate;
#[cfg(test)]
mod model;
pub mod names;
pub mod plan;
#[cfg(test)]
mod plan_tests;
mod reading;
mod scan;
mod states;
pub mod target;
mod work;

use std::sync::atomic::{AtomicI64, Ordering};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::sync::Semaphore;

use super::Services;
use super::change::Change;
use super::error::ServiceError;
use crate::config::settings::PortalGatewaySettings;
use crate::domain::credential::SecretValue;
use crate::domain::ids::{ApiId, ServiceId, WorkspaceId};
use crate::domain::strategy::Strategy;
use crate::domain::sync::Subject;
use crate::domain::time::UnixSeconds;
use crate::domain::workspace::Workspace;
use crate::sealing::Sealer;
use crate::store::gateway_changes::{self, Cause};
pub use reading::SEALED_KEY;
pub use scan::{PlannedSubject, Report};
pub use states::{Overview, View};

/// Requests to Kong at a time.
const LANES: usize = 8;
/// Subjects that one round takes on.
const A_ROUND: i64 = 64;

/// The synchronization of one node.
#[derive(Debug)]
pub struct GatewaySync {
    rules: reading::Rules,
    lanes: Semaphore,
    /// When somebody last changed Kong through this node, seconds; 0 = never.
    changed_at: AtomicI64,
}

impl GatewaySync {
    /// A node of its own, however many others there are.
    #[must_use]
    pub fn new(sealer: Sealer, settings: &PortalGatewaySettings) -> Self {
        let rules =
            reading::Rules { sealer, enforcer: settings.enforcer, has_client_id_keys: settings.has_client_id_keys };
        Self { rules, lanes: Semaphore::new(LANES), changed_at: AtomicI64::new(0) }
    }

    /// Takes note that somebody changed something in Kong: it may have been a gate or a grant, so Kong is compared within
    /// seconds instead of at the next interval.
    pub fn note_change(&self, now: UnixSeconds) {
        self.changed_at.store(now.0, Ordering::Relaxed);
    }

    /// Seals the value of a credential.
    ///
    /// # Errors
    /// It could not be sealed.
    pub fn seal(&self, value: &SecretValue) -> Result<String, ServiceError> {
        self.rules.sealer.seal(SEALED_KEY, value.expose().as_bytes()).map_err(|_| ServiceError::Seal)
    }
}

/// Notes in the transaction of a change that a subject may differ in Kong from now on.
///
/// # Errors
/// The store failed.
pub async fn enqueue(
    change: &mut Change<'_>,
    workspace: WorkspaceId,
    subject: impl Into<Subject>,
) -> Result<(), ServiceError> {
    let (request_id, actor, now) = (change.request_id().to_owned(), change.actor(), change.now());
    let cause = Cause { cause: "change", request_id: &request_id, actor: actor.as_deref() };
    Ok(gateway_changes::enqueue(change.connection(), workspace, subject.into(), cause, now).await?)
}

/// Refuses to guard a service that has a guard of its own, before anything is stored or written.
///
/// # Errors
/// [`ServiceError::Conflict`] with what stands in the way, [`ServiceError::NotFound`] without such a service; Kong failed.
pub async fn check_gate(
    services: &Services,
    workspace: &Workspace,
    service: ServiceId,
    strategy: &Strategy,
) -> Result<(), ServiceError> {
    let upstream = reading::Upstream::of(&services.kong, &services.gateway_sync.lanes, workspace);
    // Ids of plugins follow from the service alone.
    let target =
        target::ApiTarget { id: ApiId::generate(), service, gate: Some(services.gateway_sync.rules.gate(strategy)) };
    let seen = upstream.api(&target).await?;
    if !seen.has_service {
        return Err(ServiceError::NotFound);
    }
    match plan::of_api(&upstream.names, &target, &seen).conflicts.as_slice() {
        [] => check_abilities(services, workspace, &target).await,
        conflicts => Err(ServiceError::Conflict(conflicts.join("; "))),
    }
}

/// Refuses a gate that a workspace's Kong cannot have: it would stay half made.
async fn check_abilities(
    services: &Services,
    workspace: &Workspace,
    target: &target::ApiTarget,
) -> Result<(), ServiceError> {
    let Some(plugin) = target.gate.as_ref().and_then(|gate| gate.auth.as_ref()) else { return Ok(()) };
    match plugin.name {
        "oauth2" => {
            let node = node(services, workspace).await?;
            let told = |pointer: &str| node.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            let (role, database) = (told("/configuration/role"), told("/configuration/database"));
            if role == "traditional" && database != "off" {
                return Ok(());
            }
            let message = format!(
                "Kong's oauth2 plugin keeps tokens in the database of every node, and this Kong has none there \
                 (role {role}, database {database}): choose another strategy"
            );
            Err(ServiceError::Conflict(message))
        }
        "openid-connect" if !has_plugin(services, workspace, plugin.name).await? => {
            let message = "this Kong has no openid-connect plugin: set sso_portal_external_enforcer to auto or jwt";
            Err(ServiceError::Conflict(message.to_owned()))
        }
        _ => Ok(()),
    }
}

/// Whether a workspace's Kong has a plugin.
///
/// # Errors
/// Kong failed.
pub async fn has_plugin(services: &Services, workspace: &Workspace, name: &str) -> Result<bool, ServiceError> {
    let node = node(services, workspace).await?;
    Ok(node.pointer("/plugins/available_on_server").is_some_and(|all| all.get(name).is_some()))
}

/// What a workspace's Kong tells of itself.
async fn node(services: &Services, workspace: &Workspace) -> Result<Value, ServiceError> {
    let upstream = reading::Upstream::of(&services.kong, &services.gateway_sync.lanes, workspace);
    Ok(upstream.find("/").await?.unwrap_or_default())
}

/// The services of a workspace's Kong: id, name and the rest as Kong tells it.
///
/// # Errors
/// Kong failed.
pub async fn kong_services(services: &Services, workspace: &Workspace) -> Result<Vec<Value>, ServiceError> {
    let upstream = reading::Upstream::of(&services.kong, &services.gateway_sync.lanes, workspace);
    Ok(upstream.list("/services", "").await?)
}

/// The service of that name or id.
///
/// # Errors
/// Kong failed.
pub async fn kong_service(
    services: &Services,
    workspace: &Workspace,
    key: &str,
) -> Result<Option<Value>, ServiceError> {
    let upstream = reading::Upstream::of(&services.kong, &services.gateway_sync.lanes, workspace);
    Ok(upstream.find(&format!("/services/{}", utf8_percent_encode(key, NON_ALPHANUMERIC))).await?)
}

/// Takes on what is due, up to a round's worth.
pub async fn run_due(services: &Services) {
    if let Err(error) = work::round(services).await {
        tracing::warn!(error = %error, "changes for Kong could not be looked at");
    }
}

/// Does the work of one subject now if nobody else is at it, so that the answer to its change can tell how it went. Whatever
/// happens, the row stays until Kong is what it should be.
pub async fn settle(services: &Services, subject: impl Into<Subject>) {
    let subject = subject.into();
    if let Err(error) = work::attempt(services, subject).await {
        tracing::warn!(%subject, error = %error, "a change for Kong could not be worked on");
    }
}

/// Compares every workspace whose turn it is.
pub async fn scan_due(services: &Services) {
    if let Err(error) = scan::due(services).await {
        tracing::warn!(error = %error, "Kong could not be compared");
    }
}

/// Compares a workspace now, and makes rows of what differs.
///
/// # Errors
/// Kong or the store failed.
pub async fn scan_now(services: &Services, workspace: WorkspaceId) -> Result<Report, ServiceError> {
    scan::now(services, workspace).await
}

/// What a comparison of a workspace would change, without changing anything.
///
/// # Errors
/// Kong or the store failed.
pub async fn dry_run(services: &Services, workspace: WorkspaceId) -> Result<Report, ServiceError> {
    scan::dry_run(services, workspace).await
}

/// States of subjects for answers and pages.
///
/// # Errors
/// The store failed.
pub async fn overview(services: &Services, workspace: WorkspaceId) -> Result<Overview, ServiceError> {
    states::overview(services, workspace).await
}
