//! What pages show of Kong: whether it answers, and how much it holds. Asked at most every few seconds however many
//! pages are opened, and never waited for long: a dead Kong is a problem on a page, not a failed page.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use serde_json::Value;

use super::kong_facts::count;
use crate::domain::time::{Clock, UnixSeconds};
use crate::kong::client::{KongAdmin, KongError};

/// How long an answer about health is shown.
const HEALTH_KEPT: Duration = Duration::from_secs(5);
/// How long counts are shown.
const COUNTS_KEPT: Duration = Duration::from_secs(15);
/// How long a page waits.
const PATIENCE: Duration = Duration::from_secs(2);
/// What is counted: path and name of the list, in the order shown.
const COUNTED: &[&str] = &["services", "routes", "consumers", "plugins"];

/// Whether a Kong answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KongHealth {
    /// When it was asked.
    pub checked_at: UnixSeconds,
    /// Its version, when it answered.
    pub version: Option<String>,
    /// Why it counts as down.
    pub problem: Option<String>,
}

/// How much a Kong holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KongCounts {
    /// When it was counted.
    pub counted_at: UnixSeconds,
    /// Names of lists and their lengths; a list that could not be read is absent.
    pub counts: Vec<(&'static str, u64)>,
    /// Why nothing could be counted.
    pub problem: Option<String>,
}

/// The watch over every Kong that a workspace names. An upstream is a workspace's own, or `None` for the server's.
#[derive(Debug)]
pub struct KongWatch {
    kong: KongAdmin,
    clock: Clock,
    health: Cache<Option<String>, Arc<KongHealth>>,
    counts: Cache<Option<String>, Arc<KongCounts>>,
}

impl KongWatch {
    /// A watch that has asked nothing yet.
    #[must_use]
    pub fn new(kong: KongAdmin, clock: Clock) -> Self {
        Self {
            kong,
            clock,
            health: Cache::builder().max_capacity(1000).time_to_live(HEALTH_KEPT).build(),
            counts: Cache::builder().max_capacity(1000).time_to_live(COUNTS_KEPT).build(),
        }
    }

    /// The address of an upstream, for people.
    #[must_use]
    pub fn address(&self, upstream: Option<&str>) -> String {
        let base = self.kong.base(upstream);
        base.map_or_else(
            |_| upstream.unwrap_or_default().to_owned(),
            |url| url.as_str().trim_end_matches('/').to_owned(),
        )
    }

    /// Whether an upstream answers.
    pub async fn health(&self, upstream: Option<&str>) -> Arc<KongHealth> {
        self.health.get_with(upstream.map(str::to_owned), async { Arc::new(self.ask_health(upstream).await) }).await
    }

    async fn ask_health(&self, upstream: Option<&str>) -> KongHealth {
        let asked = tokio::time::timeout(PATIENCE, self.kong.get(upstream, "/")).await;
        let checked_at = self.clock.now();
        match asked.unwrap_or(Err(KongError::Status(504))) {
            Ok(root) => {
                let version = root.get("version").and_then(Value::as_str).map(str::to_owned);
                KongHealth { checked_at, version, problem: None }
            }
            Err(error) => KongHealth { checked_at, version: None, problem: Some(words(&error)) },
        }
    }

    /// How much an upstream holds.
    pub async fn counts(&self, upstream: Option<&str>) -> Arc<KongCounts> {
        self.counts.get_with(upstream.map(str::to_owned), async { Arc::new(self.ask_counts(upstream).await) }).await
    }

    async fn ask_counts(&self, upstream: Option<&str>) -> KongCounts {
        let asked = COUNTED.iter().map(|list| async move {
            let counted = tokio::time::timeout(PATIENCE, count(&self.kong, upstream, &format!("/{list}"))).await;
            (*list, counted.unwrap_or(Err(KongError::Status(504))))
        });
        let mut counts = Vec::new();
        let mut problem = None;
        for (list, counted) in futures_util::future::join_all(asked).await {
            match counted {
                Ok(Some(count)) => counts.push((list, count)),
                Ok(None) => {}
                Err(error) => problem = Some(words(&error)),
            }
        }
        let problem = problem.filter(|_| counts.is_empty());
        KongCounts { counted_at: self.clock.now(), counts, problem }
    }
}

/// The cause in one sentence, without addresses: not everybody who sees the page may see those.
fn words(error: &KongError) -> String {
    match error {
        KongError::Unreachable(_) => "Kong's Admin API does not answer.".to_owned(),
        KongError::Status(504) => "Kong's Admin API did not answer in time.".to_owned(),
        KongError::Status(status) | KongError::Refused(status, _) => {
            format!("Kong's Admin API answered with status {status}.")
        }
        KongError::NotJson => "What answers is no Kong Admin API.".to_owned(),
        KongError::Address => "The stored address of the Admin API is unusable.".to_owned(),
        KongError::NotAdmitted => "The address of the Admin API is not listed in sso_workspace_upstreams.".to_owned(),
    }
}
