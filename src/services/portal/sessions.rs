//! Sessions of developers (dev-portal.md 2.6): always in the store, under a hash that needs `portal_session_conf.secret`.
//! Each request looks, so that a session that an admin ends is over at the next one, on every node.

use aws_lc_rs::hmac;
use secrecy::ExposeSecret as _;

use super::{Portal, Visit};
use crate::domain::developer::Developer;
use crate::domain::ids::PortalSessionId;
use crate::domain::session::{SessionLimits, SessionTimes, Upkeep};
use crate::sealing::random_token;
use crate::services::Services;
use crate::services::error::ServiceError;
use crate::store::portal_sessions;
pub use crate::store::portal_sessions::PortalSession;
use crate::store::{Connection, developers};

/// Longest name of a browser that is kept, characters.
const LONGEST_AGENT: usize = 200;

/// A session that holds now.
#[derive(Clone, Debug)]
pub struct LiveSession {
    /// Which.
    pub session: PortalSession,
    /// Whose.
    pub developer: Developer,
}

impl LiveSession {
    /// Whether it is good for more than the state of the account.
    #[must_use]
    pub fn is_full(&self) -> bool {
        !self.session.is_limited && self.developer.may_act()
    }
}

/// The hash under which a session is kept. Another secret ends every session.
fn hash(portal: &Portal, key: &str) -> String {
    let secret = portal.settings.session.secret.expose_secret();
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), key.as_bytes());
    mac.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Starts a session; returns the key for the cookie.
pub(super) async fn start(
    connection: &mut Connection,
    portal: &Portal,
    developer: &Developer,
    visit: &Visit,
    sealed_id_token: Option<String>,
    now: crate::domain::time::UnixSeconds,
) -> Result<String, ServiceError> {
    let key = random_token();
    let session = PortalSession {
        id: PortalSessionId::generate(),
        developer_id: developer.id,
        is_limited: !developer.may_act(),
        client: visit.client.to_string(),
        user_agent: visit.user_agent.chars().filter(|c| !c.is_control()).take(LONGEST_AGENT).collect(),
        sealed_id_token,
        times: SessionTimes { created_at: now, last_seen_at: now, renewed_at: now },
    };
    portal_sessions::create(connection, &session, &hash(portal, &key)).await?;
    Ok(key)
}

/// The session of a cookie's key, while it holds.
///
/// # Errors
/// The store failed.
pub async fn find(services: &Services, portal: &Portal, key: &str) -> Result<Option<LiveSession>, ServiceError> {
    let mut connection = services.store.read().await?;
    let Some(session) = portal_sessions::find(&mut connection, &hash(portal, key)).await? else { return Ok(None) };
    let now = services.clock.now();
    let Ok(upkeep) = portal.settings.session.limits.check(&session.times, now) else { return Ok(None) };
    let developer = developers::find_by_id(&mut connection, session.developer_id).await?;
    drop(connection);
    let Some(developer) = developer.filter(|developer| developer.ws_id == portal.workspace.id) else {
        return Ok(None);
    };
    if !session.is_limited && !developer.may_act() {
        return Ok(None);
    }
    keep(services, &session, upkeep).await?;
    Ok(Some(LiveSession { session, developer }))
}

async fn keep(services: &Services, session: &PortalSession, upkeep: Upkeep) -> Result<(), ServiceError> {
    if !upkeep.touch {
        return Ok(());
    }
    let mut transaction = services.store.write().await?;
    portal_sessions::touch(&mut transaction, session.id, services.clock.now(), upkeep.renew).await?;
    Ok(transaction.commit().await?)
}

/// The limits that no workspace's sessions outlive: what is over by them may be forgotten.
///
/// # Errors
/// The store failed.
pub async fn widest_limits(services: &Services) -> Result<SessionLimits, ServiceError> {
    let workspaces = services.access.workspaces().await?;
    let all = workspaces.iter().filter_map(|it| Portal::of(services, it)).map(|it| it.settings.session.limits);
    Ok(all.reduce(SessionLimits::widest).unwrap_or(services.settings.portal.session.limits))
}

/// Ends one session.
///
/// # Errors
/// The store failed.
pub async fn end(services: &Services, id: PortalSessionId) -> Result<(), ServiceError> {
    let mut transaction = services.store.write().await?;
    portal_sessions::delete(&mut transaction, id).await?;
    Ok(transaction.commit().await?)
}

/// The sessions of a developer that hold now, the latest first.
///
/// # Errors
/// The store failed.
pub async fn list(
    services: &Services,
    portal: &Portal,
    developer: &Developer,
) -> Result<Vec<PortalSession>, ServiceError> {
    let mut sessions = portal_sessions::list(&mut *services.store.read().await?, developer.id).await?;
    let (limits, now) = (portal.settings.session.limits, services.clock.now());
    sessions.retain(|session| limits.check(&session.times, now).is_ok());
    Ok(sessions)
}

/// Ends every session of a developer but this one.
///
/// # Errors
/// The store failed.
pub async fn end_others(services: &Services, live: &LiveSession) -> Result<u64, ServiceError> {
    let mut transaction = services.store.write().await?;
    let (developer, own) = (live.developer.id, live.session.id);
    let ended = portal_sessions::delete_of_developer(&mut transaction, developer, Some(own)).await?;
    transaction.commit().await?;
    Ok(ended)
}
