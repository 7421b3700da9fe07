//! What anonymous callers may write into the audit log: a bounded number of records for each client. Beyond it a record
//! is held back, and once a minute the last of those that were held back is written and tells of the others.
//!
//! ```text
//! record of nobody --bucket of its client: 60, one more a second--> queue
//!                       |  empty: held back and counted
//!                       +--a minute later--> queue, as one record
//! ```

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use metrics::Counter;

use crate::domain::audit::{RequestRecord, Verdict};
use crate::domain::client_network::client_network;
use crate::domain::time::UnixSeconds;

/// Records of one client that are kept at once, and within each further minute.
const RECORDS_A_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);
/// Clients that are told apart at a time; all others share one bucket. Bounds the memory.
const MOST_CLIENTS: usize = 1000;
/// Seconds after which a record tells what was held back, and after which a bucket is full again.
const MINUTE: i64 = 60;

/// Whose bucket: an address (for IPv6 the network that one customer gets), or everybody beyond [`MOST_CLIENTS`].
type Client = Option<IpAddr>;

/// The bucket of a client.
struct Bucket {
    limiter: DefaultDirectRateLimiter,
    used_at: UnixSeconds,
    held: Option<Held>,
}

impl Bucket {
    fn new() -> Self {
        let limiter = RateLimiter::direct(Quota::per_minute(RECORDS_A_MINUTE));
        Self { limiter, used_at: UnixSeconds(0), held: None }
    }

    /// Keeps a record instead of the one that was held back before.
    fn hold(&mut self, record: RequestRecord) {
        let (others, since) = self.held.take().map_or((0, self.used_at), |held| (held.others + 1, held.since));
        self.held = Some(Held { record, others, since });
    }
}

/// What was held back of a client.
struct Held {
    /// The last one.
    record: RequestRecord,
    /// How many before it.
    others: u64,
    /// When it began.
    since: UnixSeconds,
}

impl Held {
    /// The record that stands for all of them.
    fn into_record(self) -> RequestRecord {
        let Self { mut record, others, since } = self;
        if others > 0 {
            let seconds = record.request_timestamp.since(since).max(1);
            let told = format!("{others} more requests without valid credentials within {seconds} s left no record");
            record.rule = Some(record.rule.map_or_else(|| told.clone(), |rule| format!("{rule}; {told}")));
        }
        record
    }
}

/// The buckets of all clients.
pub(super) struct Flood {
    buckets: Mutex<HashMap<Client, Bucket>>,
    suppressed: Counter,
}

impl Flood {
    /// Full buckets; `suppressed` counts the records that are never written.
    pub(super) fn new(suppressed: Counter) -> Self {
        Self { buckets: Mutex::default(), suppressed }
    }

    /// The record, unless it is held back. What somebody did, and what was let through, always passes.
    pub(super) fn pass(&self, record: RequestRecord) -> Option<RequestRecord> {
        if record.rbac_user_id.is_some() || record.verdict == Verdict::Allowed {
            return Some(record);
        }
        let mut buckets = self.buckets();
        let named = record.client_ip.parse().ok().map(client_network);
        let is_known = buckets.len() < MOST_CLIENTS || buckets.contains_key(&named);
        let bucket = buckets.entry(named.filter(|_| is_known)).or_insert_with(Bucket::new);
        bucket.used_at = record.request_timestamp;
        if bucket.limiter.check().is_ok() {
            return Some(record);
        }
        if bucket.held.is_some() {
            self.suppressed.increment(1);
        }
        bucket.hold(record);
        None
    }

    /// The records that tell of what was held back a minute ago or more; forgets clients that were not seen since.
    pub(super) fn due(&self, now: UnixSeconds) -> Vec<RequestRecord> {
        let mut due = Vec::new();
        self.buckets().retain(|_, bucket| {
            if let Some(held) = bucket.held.take_if(|held| now.since(held.since) >= MINUTE) {
                due.push(held.into_record());
            }
            bucket.held.is_some() || now.since(bucket.used_at) < MINUTE
        });
        due
    }

    /// The same for everything, at the end.
    pub(super) fn rest(&self) -> Vec<RequestRecord> {
        let buckets = std::mem::take(&mut *self.buckets());
        buckets.into_values().filter_map(|bucket| bucket.held).map(Held::into_record).collect()
    }

    /// Held for a few instructions, never while waiting.
    fn buckets(&self) -> MutexGuard<'_, HashMap<Client, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::metrics::Metrics;

    const START: UnixSeconds = UnixSeconds(1000);

    fn record(client: &str, at: UnixSeconds) -> RequestRecord {
        RequestRecord {
            request_id: "0".repeat(32),
            client_ip: client.to_owned(),
            method: "POST".to_owned(),
            path: "/services".to_owned(),
            rbac_user_id: None,
            rbac_user_name: None,
            request_source: None,
            request_timestamp: at,
            status: 401,
            workspace: None,
            verdict: Verdict::Unauthenticated,
            rule: None,
        }
    }

    fn flood() -> Flood {
        Flood::new(Metrics::new().audit.suppressed)
    }

    /// How many of some records pass.
    fn passing(flood: &Flood, records: impl IntoIterator<Item = RequestRecord>) -> usize {
        records.into_iter().filter_map(|record| flood.pass(record)).count()
    }

    #[test]
    fn a_flood_leaves_a_bounded_number_of_records_and_one_that_counts_the_rest() {
        let flood = flood();
        let passed = passing(&flood, (0..1000).map(|_| record("192.0.2.1", START)));
        assert!((60..70).contains(&passed), "{passed}");
        assert_eq!(passing(&flood, [record("192.0.2.2", START)]), 1, "others are not concerned");
        assert!(flood.due(START.plus(59)).is_empty());
        let due = flood.due(START.plus(60));
        let told = format!("{} more requests without valid credentials within 1 s left no record", 1000 - passed - 1);
        assert_eq!(due.iter().map(|record| record.rule.as_deref()).collect::<Vec<_>>(), [Some(told.as_str())]);
        assert!(flood.due(START.plus(120)).is_empty(), "it is told once");
        assert!(flood.buckets().is_empty(), "and the clients are forgotten");
    }

    #[test]
    fn one_that_was_held_back_alone_is_written_as_it_is() {
        let flood = flood();
        while flood.pass(record("192.0.2.1", START)).is_some() {}
        assert_eq!(flood.rest(), [record("192.0.2.1", START)]);
    }

    #[test]
    fn what_somebody_did_and_what_was_let_through_is_never_held_back() {
        let flood = flood();
        let known = RequestRecord { rbac_user_id: Some("id".to_owned()), ..record("192.0.2.1", START) };
        let denied = RequestRecord { verdict: Verdict::Denied, ..known.clone() };
        let allowed = RequestRecord { verdict: Verdict::Allowed, ..record("192.0.2.1", START) };
        for some in [known, denied, allowed] {
            assert_eq!(passing(&flood, (0..500).map(|_| some.clone())), 500);
        }
    }

    #[test]
    fn many_clients_share_what_is_left_and_take_no_more_memory() {
        let flood = flood();
        let address = |n: u32| std::net::Ipv4Addr::from_bits(n).to_string();
        let passed = passing(&flood, (0..3000).map(|n| record(&address(n), START)));
        assert!((MOST_CLIENTS..MOST_CLIENTS + 100).contains(&passed), "{passed}");
        assert_eq!(flood.buckets().len(), MOST_CLIENTS + 1);
        assert_eq!(passing(&flood, [record(&address(7), START)]), 1, "who was known before keeps the own bucket");
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_client() {
        let flood = flood();
        let passed = passing(&flood, (0..500).map(|n| record(&format!("2001:db8::{n:x}"), START)));
        assert!((60..70).contains(&passed), "{passed}");
        assert_eq!(passing(&flood, [record("2001:db8:0:1::1", START), record("::ffff:192.0.2.1", START)]), 2);
    }
}
