//! Plugin sessions in kong-sso's own database.

use futures_util::FutureExt as _;

use crate::domain::time::{Clock, UnixSeconds};
use crate::oidc::engine::session::{Changes, LogoutName, Record, SessionStorage, Step, StorageError};
use crate::store::plugin_sessions::{self, PluginSession};
use crate::store::{Store, StoreError, plugin_session_changes};

/// The database as a storage of sessions.
#[derive(Clone, Debug)]
pub struct DatabaseSessions {
    store: Store,
    clock: Clock,
}

impl DatabaseSessions {
    /// The storage.
    #[must_use]
    pub const fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    async fn replaced(&self, pointer: &PluginSession, session: &PluginSession) -> Result<bool, StoreError> {
        let mut transaction = self.store.write().await?;
        if !plugin_sessions::replace(&mut transaction, pointer, self.clock.now()).await? {
            return Ok(false);
        }
        plugin_sessions::create(&mut transaction, session).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

impl From<StoreError> for StorageError {
    fn from(error: StoreError) -> Self {
        Self(crate::telemetry::chain(&error))
    }
}

/// Runs a statement in a transaction of its own.
macro_rules! alone {
    ($self:ident, |$transaction:ident| $statement:expr) => {
        async move {
            let mut $transaction = $self.store.write().await?;
            let done = $statement.await?;
            $transaction.commit().await?;
            Ok(done)
        }
        .boxed()
    };
}

impl SessionStorage for DatabaseSessions {
    fn load<'s>(&'s self, key: &'s str) -> Step<'s, Option<Record>> {
        async move {
            let found = plugin_sessions::find(&mut *self.store.read().await?, key, self.clock.now()).await?;
            Ok(found.map(record))
        }
        .boxed()
    }

    fn create<'s>(&'s self, key: &'s str, record: &'s Record) -> Step<'s, ()> {
        let session = row(key, record);
        alone!(self, |transaction| plugin_sessions::create(&mut transaction, &session))
    }

    fn replace<'s>(&'s self, old: &'s str, pointer: &'s Record, new: &'s str, record: &'s Record) -> Step<'s, bool> {
        async move { Ok(self.replaced(&row(old, pointer), &row(new, record)).await?) }.boxed()
    }

    fn touch<'s>(&'s self, key: &'s str, seen: UnixSeconds, expires_at: UnixSeconds) -> Step<'s, ()> {
        alone!(self, |transaction| plugin_sessions::touch(&mut transaction, key, seen, expires_at))
    }

    fn end<'s>(&'s self, key: &'s str) -> Step<'s, bool> {
        alone!(self, |transaction| plugin_sessions::end(&mut transaction, key, self.clock.now()))
    }

    fn delete_named<'s>(&'s self, name: &'s LogoutName) -> Step<'s, u64> {
        let (subject, idp_session) = (name.subject.as_deref(), name.idp_session.as_deref());
        let now = self.clock.now();
        alone!(self, |transaction| {
            plugin_sessions::delete_named(&mut transaction, &name.issuer, subject, idp_session, now)
        })
    }

    fn changes_after(&self, number: i64) -> Step<'_, Changes> {
        async move {
            let missed = plugin_session_changes::after(&mut *self.store.read().await?, number).await?;
            Ok(Changes::of(number, missed.last, missed.key_hashes))
        }
        .boxed()
    }

    fn lease<'s>(&'s self, key: &'s str, owner: &'s str, seconds: i64) -> Step<'s, bool> {
        let now = self.clock.now();
        alone!(self, |transaction| plugin_sessions::try_lease(&mut transaction, key, owner, now, now.plus(seconds)))
    }

    fn release<'s>(&'s self, key: &'s str, owner: &'s str) -> Step<'s, ()> {
        alone!(self, |transaction| plugin_sessions::release_lease(&mut transaction, key, owner))
    }
}

fn row(key: &str, record: &Record) -> PluginSession {
    let name = record.name.clone();
    PluginSession {
        key_hash: key.to_owned(),
        sealed: record.sealed.clone(),
        is_replaced: record.is_replaced,
        issuer: name.as_ref().map(|name| name.issuer.clone()),
        subject: name.as_ref().and_then(|name| name.subject.clone()),
        idp_session: name.and_then(|name| name.idp_session),
        last_seen_at: record.last_seen_at,
        expires_at: record.expires_at,
    }
}

fn record(row: PluginSession) -> Record {
    let (subject, idp_session) = (row.subject, row.idp_session);
    Record {
        sealed: row.sealed,
        is_replaced: row.is_replaced,
        name: row.issuer.filter(|_| !row.is_replaced).map(|issuer| LogoutName { issuer, subject, idp_session }),
        last_seen_at: row.last_seen_at,
        expires_at: row.expires_at,
    }
}
