//! How a node may believe in stored sessions for minutes and still notice within a second that one has ended elsewhere: the
//! storage numbers every end and replacement, and the node asks, four times a second while sessions are used, what came
//! after the last number that it knows.
//!
//! ```text
//! request --> a session from memory --read after the feed began, and the feed is fresh--> believed
//!                                   +--otherwise--> read from the storage
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{Inner, Sessions, StorageError};

/// How often the storage is asked, while anybody asks for sessions.
const ASK_EVERY: Duration = Duration::from_millis(250);
/// How long after an answer sessions are believed: this long a session that was ended elsewhere may still be used here.
pub(super) const FRESH_FOR: Duration = Duration::from_secs(1);

/// What a node knows of the changes in a storage. Times are milliseconds since it began, plus one.
#[derive(Debug)]
pub(super) struct Feed {
    begun: Instant,
    /// The number of the last change that is known; negative before the first answer.
    last: AtomicI64,
    /// Since when every change was heard of; 0 = never.
    complete_since: AtomicU64,
    /// When the last answer was asked for; 0 = never.
    asked_at: AtomicU64,
    /// Answers that were taken in.
    answers: AtomicU64,
    is_asking: AtomicBool,
}

impl Feed {
    pub(super) fn new() -> Self {
        Self {
            begun: Instant::now(),
            last: AtomicI64::new(-1),
            complete_since: AtomicU64::new(0),
            asked_at: AtomicU64::new(0),
            answers: AtomicU64::new(0),
            is_asking: AtomicBool::new(false),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }

    fn time_of(&self, moment: Instant) -> u64 {
        u64::try_from(moment.saturating_duration_since(self.begun).as_millis()).unwrap_or(u64::MAX - 1) + 1
    }

    /// Whether the last answer is young enough to be believed.
    fn is_fresh(&self) -> bool {
        let fresh_for = u64::try_from(FRESH_FOR.as_millis()).unwrap_or_default();
        self.now().saturating_sub(self.asked_at.load(Ordering::Acquire)) < fresh_for
    }

    /// Whether nothing can have happened to a session that was read at that moment without this node knowing.
    pub(super) fn vouches_for(&self, read_at: Instant) -> bool {
        let since = self.complete_since.load(Ordering::Acquire);
        // A reading of the same millisecond may have been before.
        since > 0 && self.time_of(read_at) > since && self.is_fresh()
    }

    /// How many answers were taken in. One that comes while a session is read may tell of it in vain.
    pub(super) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Acquire)
    }

    fn is_due(&self) -> bool {
        let every = u64::try_from(ASK_EVERY.as_millis()).unwrap_or_default();
        self.now().saturating_sub(self.asked_at.load(Ordering::Acquire)) >= every
    }
}

impl Sessions {
    /// Has the feed brought up to date in the background, when it is time.
    pub(super) fn keep_fed(&self) {
        let feed = &self.0.feed;
        if self.0.parts.storage.is_none() || !feed.is_due() || feed.is_asking.swap(true, Ordering::AcqRel) {
            return;
        }
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move {
            if let Err(error) = inner.ask_feed().await {
                tracing::debug!(%error, "openid-connect: changes of sessions are not known; each is read again");
            }
            inner.feed.is_asking.store(false, Ordering::Release);
        });
    }

    /// Takes in what has changed in the storage until now: a session that has ended is not believed any more.
    pub async fn look_again(&self) {
        if self.0.ask_feed().await.is_err() {
            self.0.feed.answers.fetch_add(1, Ordering::AcqRel);
            self.0.stored.invalidate_all();
        }
    }
}

impl Inner {
    /// Forgets a session that this node has changed: what others are reading at this moment is not kept either.
    pub(super) async fn forget(&self, key: &str) {
        self.feed.answers.fetch_add(1, Ordering::AcqRel);
        self.stored.invalidate(key).await;
    }

    async fn ask_feed(&self) -> Result<(), StorageError> {
        let (Some(storage), feed) = (&self.parts.storage, &self.feed) else {
            return Ok(());
        };
        let (asked_at, known) = (feed.now(), feed.last.load(Ordering::Acquire));
        let is_continued = feed.is_fresh();
        let changes = storage.changes_after(known.max(0)).await?;
        feed.answers.fetch_add(1, Ordering::AcqRel);
        // After a pause the storage may have lost writes and given their numbers to other changes.
        match changes.keys.filter(|_| known >= 0 && is_continued) {
            Some(keys) => {
                for key in &keys {
                    self.stored.invalidate(key).await;
                }
            }
            None => {
                feed.complete_since.store(feed.now(), Ordering::Release);
                self.stored.invalidate_all();
            }
        }
        feed.last.store(changes.last, Ordering::Release);
        feed.asked_at.fetch_max(asked_at, Ordering::AcqRel);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_vouches_for_what_was_read_while_it_was_complete_and_fresh() {
        let feed = Feed { begun: Instant::now() - Duration::from_secs(60), ..Feed::new() };
        let ago = |ms: u64| Instant::now() - Duration::from_millis(ms);
        assert!(!feed.vouches_for(ago(0)), "nothing was asked yet");
        feed.complete_since.store(feed.now() - 5_000, Ordering::Release);
        assert!(!feed.vouches_for(ago(0)), "nor was it answered");
        feed.asked_at.store(feed.now(), Ordering::Release);
        assert!(feed.vouches_for(ago(0)) && feed.vouches_for(ago(4_900)) && !feed.vouches_for(ago(5_100)));
        feed.asked_at.store(feed.now() - 1_000, Ordering::Release);
        assert!(!feed.vouches_for(ago(0)), "the answer is old");
    }
}
