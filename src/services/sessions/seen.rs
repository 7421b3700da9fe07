//! Browsers that were let in a moment ago: the same cookies stand for the same sign-in, as long as no session has ended
//! anywhere, for a minute at most. Opening a cookie costs more than all the rest of a request.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Known, LiveSession, Sessions};
use crate::domain::ids::SessionId;
use crate::domain::session::Upkeep;
use crate::sealing::LookupKey;

/// The cookies of a request, and the moment in which they were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seen {
    cookies: LookupKey,
    generation: u64,
}

impl Sessions {
    /// Takes note of a request's `Cookie` line before anything is read for it.
    #[must_use]
    pub fn see(&self, cookies: &[u8]) -> Seen {
        Seen { cookies: self.cookie_lines.of([cookies]), generation: self.generation.load(Ordering::Acquire) }
    }

    /// The sign-in that the same cookies stood for, if there is nothing to do but to let it in: no limit reached, no use to
    /// be recorded, no token to be refreshed.
    #[must_use]
    pub fn recall(&self, seen: &Seen) -> Option<LiveSession> {
        let known: Arc<Known> = self.seen.get(seen)?;
        let now = self.clock.now();
        let upkeep = self.limits.check(&known.times(), now).ok()?;
        if upkeep != (Upkeep { touch: false, renew: false }) || self.needs_refresh(&known, now) {
            return None;
        }
        if let Some(lookups) = &self.lookups {
            lookups.hits.increment(1);
        }
        Some(known.live(false))
    }

    /// Remembers that the cookies stood for a sign-in that holds.
    pub async fn remember(&self, seen: Seen, id: SessionId) {
        if let Some(known) = self.known.get(&(id, seen.generation)).await {
            self.seen.insert(seen, known);
        }
    }
}
