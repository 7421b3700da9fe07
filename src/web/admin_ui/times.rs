//! Points in time for people: relative words, the exact UTC on hover. The words are those of `static/app.js`, which
//! lets them grow older while a page is open.

use time::OffsetDateTime;
use time::macros::format_description;

use crate::domain::time::UnixSeconds;

/// Units and their seconds, the largest first.
const UNITS: [(&str, i64); 5] =
    [("year", 31_536_000), ("month", 2_592_000), ("day", 86_400), ("hour", 3_600), ("minute", 60)];

/// A point in time on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web) struct When {
    /// `2026-11-24T05:15:37Z`
    pub(in crate::web) iso: String,
    /// `2026-11-24 05:15:37 UTC`
    pub(in crate::web) utc: String,
    /// `3 minutes ago`
    pub(in crate::web) relative: String,
}

impl When {
    /// `at`, seen from `now`.
    pub(in crate::web) fn new(at: UnixSeconds, now: UnixSeconds) -> Self {
        let moment = OffsetDateTime::from_unix_timestamp(at.0).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let text = |form| moment.format(form).unwrap_or_default();
        Self {
            iso: text(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z")),
            utc: text(format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC")),
            relative: relative(at.since(now)),
        }
    }
}

/// `seconds` from now; negative is past.
fn relative(seconds: i64) -> String {
    let distance = seconds.saturating_abs();
    match UNITS.iter().find(|(_, size)| distance >= *size) {
        Some((unit, size)) => {
            let count = distance / size;
            let plural = if count == 1 { "" } else { "s" };
            if seconds < 0 { format!("{count} {unit}{plural} ago") } else { format!("in {count} {unit}{plural}") }
        }
        None if seconds > 0 => "in a moment".to_owned(),
        None => "just now".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_script() {
        for (seconds, words) in [
            (0, "just now"),
            (-59, "just now"),
            (30, "in a moment"),
            (-60, "1 minute ago"),
            (-179, "2 minutes ago"),
            (1200, "in 20 minutes"),
            (-7200, "2 hours ago"),
            (86_400, "in 1 day"),
            (-2_592_000, "1 month ago"),
            (-63_072_000, "2 years ago"),
        ] {
            assert_eq!(relative(seconds), words, "{seconds}");
        }
    }

    #[test]
    fn the_exact_time_is_utc() {
        let at = When::new(UnixSeconds(1_795_497_337), UnixSeconds(1_795_497_337));
        assert_eq!((at.iso.as_str(), at.utc.as_str()), ("2026-11-24T05:15:37Z", "2026-11-24 05:15:37 UTC"));
    }
}
