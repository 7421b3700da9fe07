//! Tokens that were verified a moment ago (openid-connect.md 2.2): the signature of the same token is not checked again
//! while it is good and what is known of the provider is the same. Called by `tokens`.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use serde_json::Value;

use crate::config::settings::EngineSettings;
use crate::domain::time::UnixSeconds;
use crate::oidc::provider::ProviderSnapshot;
use crate::sealing::{LookupKey, LookupKeys};

use super::cache::Key;

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
    /// [`Key::of_token`].
    about: Key,
}

/// The memory of one engine; clones share it.
#[derive(Clone)]
pub struct VerifiedTokens {
    keys: LookupKeys,
    known: Cache<LookupKey, Arc<Remembered>>,
}

impl VerifiedTokens {
    /// An empty memory of so many bytes.
    #[must_use]
    pub fn within(bytes: u64) -> Self {
        let weigh = |_: &LookupKey, known: &Arc<Remembered>| u32::try_from(known.bytes).unwrap_or(u32::MAX);
        let known = Cache::builder().max_capacity(bytes).weigher(weigh).time_to_live(LIFETIME).build();
        Self { keys: LookupKeys::new(), known }
    }

    /// The key of a token and of all that its verification depends on.
    #[must_use]
    pub fn key<'p>(&self, parts: impl IntoIterator<Item = &'p str>) -> LookupKey {
        self.keys.of(parts.into_iter().map(str::as_bytes))
    }

    /// The verified token of a key, if it is still good.
    pub async fn find(&self, key: LookupKey, snapshot: &Arc<ProviderSnapshot>, now: UnixSeconds) -> Option<KnownToken> {
        let known = self.known.get(&key).await?;
        let is_good = known.good_until.is_none_or(|end| now < end) && Arc::ptr_eq(&known.snapshot, snapshot);
        is_good.then(|| known.token.clone())
    }

    /// Remembers a token that was just verified.
    pub async fn keep(
        &self,
        key: LookupKey,
        token: &str,
        known: KnownToken,
        good_until: Option<UnixSeconds>,
        snapshot: Arc<ProviderSnapshot>,
    ) {
        let bytes = token.len().saturating_mul(SIZE_FACTOR);
        let remembered = Remembered { token: known, good_until, snapshot, bytes, about: Key::of_token(token) };
        self.known.insert(key, Arc::new(remembered)).await;
    }

    /// Forgets these tokens, each by [`Key::of_token`]. Looks at all that is remembered, which has a bound.
    pub async fn forget_about(&self, tokens: &[Key]) {
        let found = self.known.iter().filter(|(_, known)| tokens.contains(&known.about));
        let found: Vec<LookupKey> = found.map(|(key, _)| *key).collect();
        for key in found {
            self.known.invalidate(&key).await;
        }
    }
}

impl Default for VerifiedTokens {
    fn default() -> Self {
        Self::within(EngineSettings::default().cache_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::plugin::EndpointOverrides;
    use crate::oidc::keys::KeySet;
    use crate::oidc::metadata::ProviderMetadata;
    use serde_json::json;

    const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

    fn snapshot() -> Arc<ProviderSnapshot> {
        Arc::new(ProviderSnapshot {
            metadata: ProviderMetadata::configured("https://op.test", &EndpointOverrides::default()),
            keys: KeySet::default(),
            discovery_url: None,
            document: Arc::default(),
            discovered_at: NOW,
        })
    }

    #[tokio::test]
    async fn a_token_is_known_until_its_end_and_forgotten_when_it_is_given_up() {
        let (tokens, snapshot) = (VerifiedTokens::default(), snapshot());
        let known = || KnownToken { claims: Arc::new(json!({})), jwk: None };
        for token in ["one", "two"] {
            tokens.keep(tokens.key([token]), token, known(), Some(NOW.plus(10)), Arc::clone(&snapshot)).await;
        }
        let is_known =
            async |token: &str, at: i64| tokens.find(tokens.key([token]), &snapshot, NOW.plus(at)).await.is_some();
        assert!(is_known("one", 9).await && !is_known("one", 10).await);
        tokens.forget_about(&[Key::of_token("one")]).await;
        assert!(!is_known("one", 0).await && is_known("two", 0).await);
    }
}
