//! How long a session lives: idle, rolling and absolute limits (kong-manager.md 2.6, openid-connect.md 5.6).

use super::time::UnixSeconds;

/// The limits, seconds; 0 switches one off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Unused this long: gone.
    pub idling: i64,
    /// Not renewed this long: gone.
    pub rolling: i64,
    /// Older than this: gone, however active.
    pub absolute: i64,
}

/// The times of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionTimes {
    /// Sign-in.
    pub created_at: UnixSeconds,
    /// Last recorded use.
    pub last_seen_at: UnixSeconds,
    /// Last renewal.
    pub renewed_at: UnixSeconds,
}

/// Which limit ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEnd {
    /// Idle too long.
    Idle,
    /// Not renewed in time.
    Rolling,
    /// Too old.
    Absolute,
}

/// What a live session needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upkeep {
    /// Record the use; asked for at most once a minute.
    pub touch: bool,
    /// Renew: three quarters of the rolling limit have passed.
    pub renew: bool,
}

impl SessionLimits {
    /// Judges a session at `now`.
    ///
    /// # Errors
    /// The limit that ended it.
    pub fn check(&self, times: &SessionTimes, now: UnixSeconds) -> Result<Upkeep, SessionEnd> {
        let (age, unrenewed, idle) =
            (now.since(times.created_at), now.since(times.renewed_at), now.since(times.last_seen_at));
        if self.absolute > 0 && age >= self.absolute {
            Err(SessionEnd::Absolute)
        } else if self.rolling > 0 && unrenewed >= self.rolling {
            Err(SessionEnd::Rolling)
        } else if self.idling > 0 && idle >= self.idling {
            Err(SessionEnd::Idle)
        } else {
            let renew = self.rolling > 0 && unrenewed.saturating_mul(4) >= self.rolling.saturating_mul(3);
            Ok(Upkeep { touch: renew || self.idling > 0 && idle >= self.touch_interval(), renew })
        }
    }

    /// Limits within which sessions of either kind hold.
    #[must_use]
    pub fn widest(self, other: Self) -> Self {
        let wider = |one: i64, other: i64| if one == 0 || other == 0 { 0 } else { one.max(other) };
        Self {
            idling: wider(self.idling, other.idling),
            rolling: wider(self.rolling, other.rolling),
            absolute: wider(self.absolute, other.absolute),
        }
    }

    /// What is over at `now`: sessions last seen, renewed or begun at these times or before. A limit of 0 is off: no time is
    /// that early.
    #[must_use]
    pub const fn latest_over(&self, now: UnixSeconds) -> SessionTimes {
        const fn latest(now: UnixSeconds, limit: i64) -> UnixSeconds {
            UnixSeconds(if limit > 0 { now.0.saturating_sub(limit) } else { i64::MIN })
        }
        SessionTimes {
            last_seen_at: latest(now, self.idling),
            renewed_at: latest(now, self.rolling),
            created_at: latest(now, self.absolute),
        }
    }

    /// Seconds between two recorded uses: a minute, or a quarter of a short idle limit.
    const fn touch_interval(&self) -> i64 {
        let quarter = self.idling / 4;
        if quarter == 0 {
            1
        } else if quarter < 60 {
            quarter
        } else {
            60
        }
    }

    /// Seconds until the first limit, for people; `None` when every limit is off.
    #[must_use]
    pub fn remaining(&self, times: &SessionTimes, now: UnixSeconds) -> Option<i64> {
        [
            (self.idling, now.since(times.last_seen_at)),
            (self.rolling, now.since(times.renewed_at)),
            (self.absolute, now.since(times.created_at)),
        ]
        .into_iter()
        .filter(|(limit, _)| *limit > 0)
        .map(|(limit, used)| limit.saturating_sub(used).max(0))
        .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: SessionLimits = SessionLimits { idling: 900, rolling: 3600, absolute: 86400 };

    fn times(created: i64, seen: i64, renewed: i64) -> SessionTimes {
        SessionTimes {
            created_at: UnixSeconds(created),
            last_seen_at: UnixSeconds(seen),
            renewed_at: UnixSeconds(renewed),
        }
    }

    #[test]
    fn km_036_each_limit_ends_the_session_at_its_second() {
        let now = UnixSeconds(100_000);
        let cases = [
            (times(99_000, 99_101, 99_000), Ok(Upkeep { touch: true, renew: false })),
            (times(99_000, 99_990, 99_000), Ok(Upkeep { touch: false, renew: false })),
            (times(99_000, 99_100, 99_000), Err(SessionEnd::Idle)),
            (times(90_000, 99_999, 96_400), Err(SessionEnd::Rolling)),
            (times(90_000, 99_999, 97_300), Ok(Upkeep { touch: true, renew: true })),
            (times(13_600, 99_999, 99_999), Err(SessionEnd::Absolute)),
        ];
        for (times, expected) in cases {
            assert_eq!(LIMITS.check(&times, now), expected, "{times:?}");
        }
    }

    #[test]
    fn zero_switches_a_limit_off() {
        let off = SessionLimits { idling: 0, rolling: 0, absolute: 0 };
        assert_eq!(off.check(&times(0, 0, 0), UnixSeconds(i64::MAX)), Ok(Upkeep { touch: false, renew: false }));
        assert_eq!(off.remaining(&times(0, 0, 0), UnixSeconds(5)), None);
    }
}
