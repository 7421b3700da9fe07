//! Points in time as Kong writes them: whole seconds since the Unix epoch. Called by every layer; only the composition
//! root decides which [`Clock`] the others get, so a test can move time by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct UnixSeconds(pub i64);

impl UnixSeconds {
    /// The point `seconds` later; saturates instead of wrapping.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Whole seconds from `earlier` to `self`; negative when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Where the current time comes from.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The clock of the machine.
    #[default]
    System,
    /// The clock of the machine, moved by this many seconds. Tests move it while the server runs.
    Shifted(Arc<AtomicI64>),
}

impl Clock {
    /// The current time, in seconds since the epoch. A machine clock before 1970 reads as 0.
    #[must_use]
    pub fn now(&self) -> UnixSeconds {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX);
        match self {
            Self::System => UnixSeconds(seconds),
            Self::Shifted(by) => UnixSeconds(seconds).plus(by.load(Ordering::Relaxed)),
        }
    }
}
