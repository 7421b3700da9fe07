//! What kong-sso asks Kong about by itself and may remember for a while: the paths of the Admin API (kong-manager.md
//! 4.12) and how many entities there are (6.3).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use serde_json::Value;

use crate::http_client::HttpError;
use crate::kong::client::{KongAdmin, KongError};

/// How long the list of paths is believed.
const ENDPOINTS_FOR: Duration = Duration::from_secs(300);
/// How long counts are believed.
const COUNTS_FOR: Duration = Duration::from_secs(60);
/// How long all counts of one Kong may take.
const COUNT_WITHIN: Duration = Duration::from_secs(10);
/// Most pages of one list that are walked.
const MOST_PAGES: usize = 200;
/// Entities a page; fewer when a page is longer than the client reads.
const PAGE_SIZES: &[u32] = &[1000, 100];

/// Lists that are counted: the name in the answer and the path.
const COUNTED: &[(&str, &str)] = &[
    ("certificates", "/certificates"),
    ("consumers", "/consumers"),
    ("key_sets", "/key-sets"),
    ("keys", "/keys"),
    ("plugins", "/plugins"),
    ("routes", "/routes"),
    ("services", "/services"),
    ("snis", "/snis"),
    ("upstreams", "/upstreams"),
    ("vaults", "/vaults"),
];

/// Number of entities by kind.
pub type Counts = BTreeMap<String, u64>;

/// The caches; a Kong is known by its URL, `None` is the server's own.
#[derive(Debug)]
pub struct KongFacts {
    endpoints: Cache<Option<String>, Arc<Vec<String>>>,
    counts: Cache<Option<String>, Arc<Counts>>,
}

impl Default for KongFacts {
    fn default() -> Self {
        Self {
            endpoints: Cache::builder().max_capacity(1000).time_to_live(ENDPOINTS_FOR).build(),
            counts: Cache::builder().max_capacity(1000).time_to_live(COUNTS_FOR).build(),
        }
    }
}

impl KongFacts {
    /// The paths of a Kong's Admin API, such as `/services/{services}`.
    ///
    /// # Errors
    /// Kong gave no usable answer.
    pub async fn endpoints(&self, kong: &KongAdmin, upstream: Option<&str>) -> Result<Arc<Vec<String>>, KongError> {
        let key = upstream.map(str::to_owned);
        if let Some(known) = self.endpoints.get(&key).await {
            return Ok(known);
        }
        let answer = kong.get(upstream, "/endpoints").await?;
        let data = answer.get("data").and_then(Value::as_array).ok_or(KongError::NotJson)?;
        let paths = Arc::new(data.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>());
        self.endpoints.insert(key, Arc::clone(&paths)).await;
        Ok(paths)
    }

    /// How many entities a Kong has. Kinds that it does not tell in time are absent; several askers wait for one count.
    ///
    /// # Errors
    /// The Kong must not be asked.
    pub async fn counts(&self, kong: &KongAdmin, upstream: Option<&str>) -> Result<Arc<Counts>, KongError> {
        kong.admit(upstream)?;
        let key = upstream.map(str::to_owned);
        Ok(self.counts.get_with(key, async { Arc::new(count_all(kong, upstream).await) }).await)
    }
}

async fn count_all(kong: &KongAdmin, upstream: Option<&str>) -> Counts {
    let mut counts = Counts::new();
    let walk = async {
        for (name, path) in COUNTED {
            match count(kong, upstream, path).await {
                Ok(Some(total)) => {
                    counts.insert((*name).to_owned(), total);
                }
                Ok(None) | Err(KongError::Status(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    };
    match tokio::time::timeout(COUNT_WITHIN, walk).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(error = %error, "Kong's entities could not be counted"),
        Err(_) => tracing::warn!("Kong took too long to have its entities counted"),
    }
    counts
}

/// The length of a list, walked page by page; `None` when it is too long to walk.
pub(super) async fn count(kong: &KongAdmin, upstream: Option<&str>, path: &str) -> Result<Option<u64>, KongError> {
    let mut total: u64 = 0;
    let mut offset = None;
    for _ in 0..MOST_PAGES {
        let page = fetch_page(kong, upstream, path, offset.as_deref()).await?;
        let length = page.get("data").and_then(Value::as_array).ok_or(KongError::NotJson)?.len();
        total = total.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        offset = page.get("offset").and_then(Value::as_str).map(str::to_owned);
        if offset.is_none() {
            return Ok(Some(total));
        }
    }
    Ok(None)
}

async fn fetch_page(
    kong: &KongAdmin,
    upstream: Option<&str>,
    path: &str,
    offset: Option<&str>,
) -> Result<Value, KongError> {
    let mut last = KongError::NotJson;
    for size in PAGE_SIZES {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("size", &size.to_string());
        if let Some(offset) = offset {
            query.append_pair("offset", offset);
        }
        match kong.get(upstream, &format!("{path}?{}", query.finish())).await {
            Err(error @ KongError::Unreachable(HttpError::TooLarge)) => last = error,
            other => return other,
        }
    }
    Err(last)
}
