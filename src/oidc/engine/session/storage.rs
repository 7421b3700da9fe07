//! Where sessions of the plugin live on the server (openid-connect.md 5.5): one trait, implemented by `services` for the
//! database and for Redis. What is stored is sealed; a storage sees hashes of ids, ends and the index for logouts.

use std::fmt;

use futures_util::future::BoxFuture;

use crate::domain::time::UnixSeconds;

use super::Who;

/// Seconds for which the key of a replaced session leads to its successor.
pub const STALE_WINDOW: i64 = 10;

/// The storage could not be asked. The request cannot be judged: nobody is logged out because of it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the session storage failed: {0}")]
pub struct StorageError(pub String);

/// What the provider calls a session; logouts from outside name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogoutName {
    /// `iss`.
    pub issuer: String,
    /// `sub`.
    pub subject: Option<String>,
    /// `sid`.
    pub idp_session: Option<String>,
}

impl LogoutName {
    /// Whether that is whom it names.
    #[must_use]
    pub fn names(&self, who: &Who) -> bool {
        let is = |named: &Option<String>, known: &Option<String>| named.is_none() || named == known;
        let names_somebody = self.subject.is_some() || self.idp_session.is_some();
        let is_of_issuer = who.issuer.as_ref() == Some(&self.issuer);
        names_somebody && is_of_issuer && is(&self.subject, &who.subject) && is(&self.idp_session, &who.idp_session)
    }
}

/// A stored session. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// The sealed content; of a session that was replaced, its successor's sealed id.
    pub sealed: String,
    /// Whether it was replaced.
    pub is_replaced: bool,
    /// How logouts find it; `None` for a session without subject.
    pub name: Option<LogoutName>,
    /// Last recorded use.
    pub last_seen_at: UnixSeconds,
    /// From this second on it does not exist.
    pub expires_at: UnixSeconds,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// What ended or was replaced in a storage since somebody last looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The number of the last change: what to ask for next.
    pub last: i64,
    /// The keys of all that changed; `None` when not all of them are known any more.
    pub keys: Option<Vec<String>>,
}

impl Changes {
    /// The changes after `number` up to `last`, of which `keys` are left.
    #[must_use]
    pub fn of(number: i64, last: i64, keys: Vec<String>) -> Self {
        let is_complete = i64::try_from(keys.len()).ok() == last.checked_sub(number);
        Self { last, keys: is_complete.then_some(keys) }
    }
}

/// A step of a storage.
pub type Step<'s, T> = BoxFuture<'s, Result<T, StorageError>>;

/// A server-side storage. Keys are hashes of session ids. Each step is atomic, over all nodes.
pub trait SessionStorage: fmt::Debug + Send + Sync {
    /// The record of that key, unless it is over.
    fn load<'s>(&'s self, key: &'s str) -> Step<'s, Option<Record>>;

    /// Stores a new session.
    fn create<'s>(&'s self, key: &'s str, record: &'s Record) -> Step<'s, ()>;

    /// Stores a session under a new key in place of the one at `old`, where `pointer` stays for a short time. `false`,
    /// and nothing is stored, when the old one has ended or was replaced already.
    fn replace<'s>(&'s self, old: &'s str, pointer: &'s Record, new: &'s str, record: &'s Record) -> Step<'s, bool>;

    /// Records a use; never moves the time back. Without effect when the session is gone or replaced.
    fn touch<'s>(&'s self, key: &'s str, seen: UnixSeconds, expires_at: UnixSeconds) -> Step<'s, ()>;

    /// Ends a session. `false`, and nothing has ended, when a successor took its place: that one has to be ended.
    fn end<'s>(&'s self, key: &'s str) -> Step<'s, bool>;

    /// Ends the sessions of that name: by subject, by the provider's session, or by both together; returns how many. One that
    /// is replaced at the same moment ends as well.
    fn delete_named<'s>(&'s self, name: &'s LogoutName) -> Step<'s, u64>;

    /// The ends and replacements after the one of that number, in their order: none is jumped over.
    fn changes_after(&self, number: i64) -> Step<'_, Changes>;

    /// Tries to become the one who refreshes the tokens of a session, for some seconds; `false` when another is.
    fn lease<'s>(&'s self, key: &'s str, owner: &'s str, seconds: i64) -> Step<'s, bool>;

    /// Gives the lease back; without effect when `owner` lost it.
    fn release<'s>(&'s self, key: &'s str, owner: &'s str) -> Step<'s, ()>;
}
