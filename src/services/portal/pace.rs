//! How often somebody may try: wrong passwords and mails of one client, mails to one account.

use std::future::Future;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use moka::future::Cache;

use crate::domain::client_network::client_network;
use crate::domain::ids::DeveloperId;

/// Wrong passwords of one client in a minute.
const WRONG_PASSWORDS: u32 = 30;
/// Requests of one client for a mail in an hour.
const MAILS_OF_CLIENT: u32 = 10;
/// Mails of recovery to one account in an hour.
const MAILS_TO_ACCOUNT: u32 = 3;
/// Mails to admins that one developer causes in an hour by asking for rights.
const QUESTIONS: u32 = 3;
/// Registrations of one client in an hour: each costs a slow hash and a row.
const REGISTRATIONS: u32 = 60;

/// How long an answer takes at least whose time must tell nothing.
const ANSWER_AFTER: Duration = Duration::from_millis(300);

/// Does `work`, and answers no sooner than after a while, whatever there was to do.
pub(super) async fn evenly<T>(work: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let done = work.await;
    tokio::time::sleep(ANSWER_AFTER.saturating_sub(begun.elapsed())).await;
    done
}

/// Counts that a window forgets.
struct Counter<K> {
    counts: Cache<K, Arc<AtomicU32>>,
    most: u32,
}

impl<K: Hash + Eq + Send + Sync + 'static> Counter<K> {
    fn new(window: Duration, most: u32) -> Self {
        Self { counts: Cache::builder().max_capacity(10_000).time_to_live(window).build(), most }
    }

    /// Counts one more; `false` when that is too many.
    async fn admit(&self, key: K) -> bool {
        self.counts.get_with(key, async { Arc::default() }).await.fetch_add(1, Ordering::Relaxed) < self.most
    }

    /// Takes one back that was counted before it was known to be harmless.
    async fn forgive(&self, key: &K) {
        if let Some(count) = self.counts.get(key).await {
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// The counters of one node.
pub(in crate::services) struct Pace {
    passwords: Counter<IpAddr>,
    mails: Counter<IpAddr>,
    accounts: Counter<DeveloperId>,
    registrations: Counter<IpAddr>,
    questions: Counter<DeveloperId>,
}

impl Default for Pace {
    fn default() -> Self {
        let (minute, hour) = (Duration::from_secs(60), Duration::from_secs(3600));
        Self {
            passwords: Counter::new(minute, WRONG_PASSWORDS),
            mails: Counter::new(hour, MAILS_OF_CLIENT),
            accounts: Counter::new(hour, MAILS_TO_ACCOUNT),
            registrations: Counter::new(hour, REGISTRATIONS),
            questions: Counter::new(hour, QUESTIONS),
        }
    }
}

impl Pace {
    /// Whether a client may try a password; it counts as wrong until [`Pace::forgive_password`].
    pub(super) async fn admit_password(&self, client: IpAddr) -> bool {
        self.passwords.admit(client_network(client)).await
    }

    pub(super) async fn forgive_password(&self, client: IpAddr) {
        self.passwords.forgive(&client_network(client)).await;
    }

    /// Whether a client may ask for a mail.
    pub(super) async fn admit_mail(&self, client: IpAddr) -> bool {
        self.mails.admit(client_network(client)).await
    }

    /// Whether an account may get another mail.
    pub(super) async fn admit_mail_to(&self, developer: DeveloperId) -> bool {
        self.accounts.admit(developer).await
    }

    /// Whether a developer may ask the admins for another right.
    pub(super) async fn admit_question(&self, developer: DeveloperId) -> bool {
        self.questions.admit(developer).await
    }

    /// Whether a client may register.
    pub(super) async fn admit_registration(&self, client: IpAddr) -> bool {
        self.registrations.admit(client_network(client)).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn right_passwords_are_taken_out_of_the_count() {
        let (pace, client): (Pace, IpAddr) = (Pace::default(), "192.0.2.1".parse().unwrap());
        for _ in 0..WRONG_PASSWORDS - 1 {
            assert!(pace.admit_password(client).await);
        }
        for _ in 0..5 {
            assert!(pace.admit_password(client).await);
            pace.forgive_password(client).await;
        }
        assert!(pace.admit_password(client).await && !pace.admit_password(client).await);
        assert!(pace.admit_password("192.0.2.2".parse().unwrap()).await, "others go on");
    }
}
