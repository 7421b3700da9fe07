//! What the engine remembers of the provider's answers (openid-connect.md 2.4, 2.5, 2.7): keyed by a digest, for as long
//! as the configuration says, bounded in memory, and asked for once when many want the same at the same time.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use moka::Expiry;
use moka::future::Cache;

use crate::config::plugin::CacheConf;
use crate::domain::time::UnixSeconds;

/// Bytes of answers that one engine remembers of each kind.
const MAX_BYTES: u64 = 8 * 1024 * 1024;
/// Bytes of an entry besides its value.
const OVERHEAD: usize = 256;
/// Seconds for which a refusal is remembered, unless `cache_ttl_neg` says otherwise.
const TTL_NEG: i64 = 5;
/// Seconds for which an old answer may stand in for an unreachable provider, unless `cache_ttl_resurrect` says otherwise.
const TTL_RESURRECT: i64 = 30;
/// Seconds without a new attempt while an old answer stands in.
const PAUSE: i64 = 5;

/// A digest of everything that an answer depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of these parts. Each is preceded by its length, so that no two lists of parts look the same.
    #[must_use]
    pub fn of<'p>(parts: impl IntoIterator<Item = &'p str>) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut key = [0; 32];
        key.copy_from_slice(context.finish().as_ref());
        Self(key)
    }

    /// In lower-case hexadecimal.
    #[must_use]
    pub fn hex(&self) -> String {
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
        self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }

    /// By which everything that is remembered of a token is found.
    #[must_use]
    pub fn of_token(token: &str) -> Self {
        Self::of([token])
    }
}

/// An answer that was just fetched.
#[derive(Clone, Debug)]
pub struct Fresh<V> {
    /// The answer.
    pub value: V,
    /// Seconds for which it may be remembered; `None` = not at all.
    pub ttl: Option<i64>,
    /// Its size, bytes.
    pub bytes: usize,
    /// The tokens that it is about, each by [`Key::of_token`].
    pub about: Vec<Key>,
}

/// Seconds for which an answer that lives for `lifetime` seconds is remembered; `None` = not at all. An answer that has
/// ended already is never remembered, whatever the lower bound.
#[must_use]
pub fn ttl(conf: &CacheConf, lifetime: Option<i64>) -> Option<i64> {
    let wanted = lifetime.unwrap_or(conf.ttl);
    if wanted <= 0 {
        return None;
    }
    let at_least = conf.ttl_min.map_or(wanted, |min| wanted.max(min));
    let at_most = conf.ttl_max.map_or(at_least, |max| at_least.min(max));
    (at_most > 0).then_some(at_most)
}

/// Seconds for which a refusal is remembered.
#[must_use]
pub fn negative_ttl(conf: &CacheConf) -> Option<i64> {
    Some(conf.ttl_neg.unwrap_or(TTL_NEG)).filter(|seconds| *seconds > 0)
}

/// Answers of one kind.
#[derive(Clone)]
pub struct Answers<V: Clone + Send + Sync + 'static> {
    kept: Cache<Key, Arc<Kept<V>>>,
    resurrect: i64,
}

struct Kept<V> {
    value: V,
    until: UnixSeconds,
    /// Until when it may stand in for an unreachable provider.
    stands_in_until: UnixSeconds,
    bytes: usize,
    lifetime: Duration,
    about: Vec<Key>,
}

/// Why nothing was put into the cache.
enum Unkept<V, E> {
    Value(V),
    Failure(E),
}

impl<V: Clone + Send + Sync + 'static> Answers<V> {
    /// An empty cache.
    #[must_use]
    pub fn new(conf: &CacheConf) -> Self {
        let kept = Cache::builder()
            .max_capacity(MAX_BYTES)
            .weigher(|_, kept: &Arc<Kept<V>>| u32::try_from(kept.bytes + OVERHEAD).unwrap_or(u32::MAX))
            .expire_after(End)
            .build();
        Self { kept, resurrect: conf.ttl_resurrect.unwrap_or(TTL_RESURRECT).max(0) }
    }

    /// The remembered answer, or a fetched one. `is_temporary` says of a failure whether an old answer may stand in.
    ///
    /// # Errors
    /// It could not be fetched.
    pub async fn get_or_fetch<E: Clone + Send + Sync + 'static>(
        &self,
        key: Key,
        now: UnixSeconds,
        fetch: impl Future<Output = Result<Fresh<V>, E>>,
        is_temporary: impl Fn(&E) -> bool,
    ) -> Result<V, E> {
        let old = self.kept.get(&key).await;
        match old {
            Some(kept) if now < kept.until => return Ok(kept.value.clone()),
            Some(_) => self.kept.invalidate(&key).await,
            None => {}
        }
        // Boxed: what waits for the provider is large, and every request would carry it.
        let fetched = Box::pin(self.kept.try_get_with(key, async {
            let fresh = fetch.await.map_err(Unkept::Failure)?;
            match fresh.ttl {
                Some(ttl) => Ok(Arc::new(self.keep(fresh, now, ttl))),
                None => Err(Unkept::Value(fresh.value)),
            }
        }));
        match fetched.await {
            Ok(kept) => Ok(kept.value.clone()),
            Err(unkept) => match (&*unkept, old) {
                (Unkept::Value(value), _) => Ok(value.clone()),
                (Unkept::Failure(error), Some(old)) if is_temporary(error) && now < old.stands_in_until => {
                    Ok(self.stand_in(key, &old, now).await)
                }
                (Unkept::Failure(error), _) => Err(error.clone()),
            },
        }
    }

    /// Forgets an answer.
    pub async fn forget(&self, key: Key) {
        self.kept.invalidate(&key).await;
    }

    /// Forgets every answer about one of these tokens. Looks at all that is remembered, which has a bound.
    pub async fn forget_about(&self, tokens: &[Key]) {
        let is_about = |kept: &Kept<V>| kept.about.iter().any(|token| tokens.contains(token));
        let found: Vec<Key> = self.kept.iter().filter(|(_, kept)| is_about(kept)).map(|(key, _)| *key).collect();
        for key in found {
            self.kept.invalidate(&key).await;
        }
    }

    fn keep(&self, fresh: Fresh<V>, now: UnixSeconds, ttl: i64) -> Kept<V> {
        let until = now.plus(ttl);
        let lifetime = Duration::from_secs(u64::try_from(ttl.saturating_add(self.resurrect)).unwrap_or(0));
        Kept {
            value: fresh.value,
            until,
            stands_in_until: until.plus(self.resurrect),
            bytes: fresh.bytes,
            lifetime,
            about: fresh.about,
        }
    }

    async fn stand_in(&self, key: Key, old: &Kept<V>, now: UnixSeconds) -> V {
        let lifetime = Duration::from_secs(u64::try_from(old.stands_in_until.since(now)).unwrap_or(0));
        let kept = Kept {
            value: old.value.clone(),
            until: now.plus(PAUSE).min(old.stands_in_until),
            stands_in_until: old.stands_in_until,
            bytes: old.bytes,
            lifetime,
            about: old.about.clone(),
        };
        self.kept.insert(key, Arc::new(kept)).await;
        old.value.clone()
    }
}

/// Frees memory when nothing may use an entry any more.
struct End;

impl<V> Expiry<Key, Arc<Kept<V>>> for End {
    fn expire_after_create(&self, _: &Key, kept: &Arc<Kept<V>>, _: Instant) -> Option<Duration> {
        Some(kept.lifetime)
    }

    fn expire_after_update(&self, _: &Key, kept: &Arc<Kept<V>>, _: Instant, _: Option<Duration>) -> Option<Duration> {
        Some(kept.lifetime)
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
