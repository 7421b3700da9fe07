//! Tokens that were verified a moment ago (openid-connect.md 2.2): the signature of the same token is not checked again
//! while it is good and what is known of the provider is the same. Called by `tokens`.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use serde_json::Value;

use crate::domain::time::UnixSeconds;
use crate::oidc::provider::ProviderSnapshot;

use super::cache::Key;

/// Bytes of verified tokens that one engine remembers.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// Bytes that a token takes, as a multiple of its text: claims in memory are larger than as text.
const SIZE_FACTOR: usize = 4;
/// Seconds for which a token is remembered at most.
const LIFETIME: Duration = Duration::from_secs(600);

/// What a verified token says.
#[derive(Clone, Debug)]
pub struct KnownToken {
    /// Its claims.
    pub claims: Arc<Value>,
    /// The JWK that verified it.
    pub jwk: Option<Arc<Value>>,
}

#[derive(Clone)]
struct Remembered {
    token: KnownToken,
    /// When time alone makes it unacceptable; `None` = never.
    good_until: Option<UnixSeconds>,
    /// What was known of the provider when it was verified.
    snapshot: Arc<ProviderSnapshot>,
    bytes: usize,
}

/// The memory of one engine; clones share it.
#[derive(Clone)]
pub struct VerifiedTokens(Cache<Key, Arc<Remembered>>);

impl VerifiedTokens {
    /// The verified token of a key, if it is still good.
    pub async fn find(&self, key: Key, snapshot: &Arc<ProviderSnapshot>, now: UnixSeconds) -> Option<KnownToken> {
        let known = self.0.get(&key).await?;
        let is_good = known.good_until.is_none_or(|end| now < end) && Arc::ptr_eq(&known.snapshot, snapshot);
        is_good.then(|| known.token.clone())
    }

    /// Remembers a token of `length` bytes that was just verified.
    pub async fn keep(
        &self,
        key: Key,
        token: KnownToken,
        good_until: Option<UnixSeconds>,
        snapshot: Arc<ProviderSnapshot>,
        length: usize,
    ) {
        let bytes = length.saturating_mul(SIZE_FACTOR);
        self.0.insert(key, Arc::new(Remembered { token, good_until, snapshot, bytes })).await;
    }
}

impl Default for VerifiedTokens {
    fn default() -> Self {
        let weigh = |_: &Key, known: &Arc<Remembered>| u32::try_from(known.bytes).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(MAX_BYTES).weigher(weigh).time_to_live(LIFETIME).build())
    }
}
