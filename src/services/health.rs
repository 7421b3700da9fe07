//! Whether a node can serve: asked by `web::status`.
//!
//! Only the store makes a node unready, because nothing works without it. Kong and the identity provider are reported:
//! every node shares them, so taking nodes out of service for their sake would turn a part that fails into a whole that
//! does. The same holds for the audit log, which refuses changes by itself.

use std::time::Duration;

use moka::future::Cache;
use serde::Serialize;

use super::Services;
use crate::kong::client::{KongAdmin, KongError};

/// How long one check may take: probes of orchestrators wait for one second by default.
const PATIENCE: Duration = Duration::from_millis(700);
/// How long an answer of Kong is reported before it is asked again.
const KONG_KEPT: Duration = Duration::from_secs(5);

/// The state of one part, in a word or two without any address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// It works.
    Ok,
    /// It is not configured.
    Off,
    /// It answers with an error.
    Failing,
    /// It cannot be reached.
    Unreachable,
    /// It did not answer in time.
    Timeout,
    /// Nothing is known of it yet.
    Unknown,
    /// Records wait longer than they should.
    Behind,
}

/// What a node says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// Whether it should get requests.
    pub ready: bool,
    /// What keeps it from that.
    pub failing: Vec<&'static str>,
    /// kong-sso's own store.
    pub store: Part,
    /// Kong's Admin API of the server's own upstream.
    pub kong: Part,
    /// The provider: whether its metadata and keys are known.
    pub identity_provider: Part,
    /// The audit log.
    pub audit_log: Part,
    /// The gateway: whether the present content of its file could be used.
    pub gateway: Part,
}

/// What was last seen of Kong.
pub struct Health {
    kong: Cache<(), Part>,
}

impl Default for Health {
    fn default() -> Self {
        Self { kong: Cache::builder().max_capacity(1).time_to_live(KONG_KEPT).build() }
    }
}

impl Health {
    /// The node's state now.
    pub async fn readiness(&self, services: &Services) -> Readiness {
        let (store, kong) = tokio::join!(ask_store(services), self.kong.get_with((), ask_kong(&services.kong)));
        let ready = store == Part::Ok;
        Readiness {
            ready,
            failing: if ready { Vec::new() } else { vec!["store"] },
            store,
            kong,
            identity_provider: provider(services),
            audit_log: audit_log(services),
            gateway: gateway(services),
        }
    }
}

async fn ask_store(services: &Services) -> Part {
    match tokio::time::timeout(PATIENCE, services.store.ping()).await {
        Ok(Ok(())) => Part::Ok,
        Ok(Err(error)) => {
            tracing::warn!(error = %crate::telemetry::chain(&error), "the store failed");
            Part::Unreachable
        }
        Err(_) => Part::Timeout,
    }
}

async fn ask_kong(kong: &KongAdmin) -> Part {
    match tokio::time::timeout(PATIENCE, kong.get(None, "/status")).await {
        Ok(Ok(_)) => Part::Ok,
        Ok(Err(KongError::Unreachable(_) | KongError::Address | KongError::NotAdmitted)) => Part::Unreachable,
        Ok(Err(KongError::Status(_) | KongError::Refused(..) | KongError::NotJson)) => Part::Failing,
        Err(_) => Part::Timeout,
    }
}

fn provider(services: &Services) -> Part {
    match services.login.as_ref().map(|login| login.provider().discovered_at) {
        None => Part::Off,
        Some(None) => Part::Unknown,
        Some(Some(_)) => Part::Ok,
    }
}

fn gateway(services: &Services) -> Part {
    let following = services.gateway.following();
    match (following.is_on(), following.is_broken()) {
        (false, _) => Part::Off,
        (true, true) => Part::Failing,
        (true, false) => Part::Ok,
    }
}

fn audit_log(services: &Services) -> Part {
    match (services.audit.is_on(), services.audit.is_behind()) {
        (false, _) => Part::Off,
        (true, true) => Part::Behind,
        (true, false) => Part::Ok,
    }
}
