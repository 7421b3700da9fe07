//! The schema's history, embedded in the binary and applied in order.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Executor};

use super::database::{Connection, Dialect, Store, quoted};
use super::error::StoreError;
use super::row::Columns;

/// The history. The transaction of [`up`] locks out other nodes, so the migrator itself takes no lock.
static MIGRATOR: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrator = sqlx::migrate!("./migrations");
    migrator.set_locking(false);
    migrator
});

/// Key of the advisory lock on PostgreSQL: `kong-sso` in ASCII.
const LOCK: i64 = 0x6b6f_6e67_2d73_736f;

/// SQLSTATE `insufficient_privilege`.
const NO_RIGHT: &str = "42501";

/// How the store's schema compares with this binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Every migration is applied.
    Current,
    /// This many are still to apply.
    Pending(usize),
    /// The store was made by a newer kong-sso.
    Newer,
}

/// One migration, for `migrations list`.
#[derive(Clone, Debug)]
pub struct Entry {
    /// `YYYYMMDDhhmmss`.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Whether the store has it.
    pub is_applied: bool,
}

/// Applies every pending migration in one transaction: all or nothing. A second run changes nothing, and nodes that
/// start together wait for each other.
///
/// # Errors
/// A migration fails, was changed after it was applied, or is unknown to this binary.
pub async fn up(store: &Store) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    if let Dialect::Postgres { schema } = store.dialect() {
        // Another node may migrate for long: wait for it without limit.
        tx.execute("SET LOCAL lock_timeout = 0").await?;
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *tx).await?;
        ensure_schema(&mut tx, schema).await?;
    }
    MIGRATOR.run_direct(None, &mut *tx, false).await?;
    tx.commit().await
}

/// Creates the schema when it is missing; a database user without the right to do so needs it made beforehand.
async fn ensure_schema(connection: &mut Connection, schema: &str) -> Result<(), StoreError> {
    let found = sqlx::query("SELECT 1 AS one FROM pg_namespace WHERE nspname = $1")
        .bind(schema)
        .fetch_optional(&mut *connection)
        .await?;
    if found.is_some() {
        return Ok(());
    }
    // Asked beforehand: after a refusal the transaction answers no more.
    let names = "SELECT quote_ident(current_database()) AS database, quote_ident(current_user) AS person";
    let names = sqlx::query(names).fetch_one(&mut *connection).await?;
    // Audited: the name is quoted and comes from the operator's settings.
    match connection.execute(AssertSqlSafe(format!("CREATE SCHEMA {}", quoted(schema)))).await {
        Err(sqlx::Error::Database(cause)) if cause.code().as_deref() == Some(NO_RIGHT) => {
            Err(StoreError::SchemaRights {
                schema: schema.to_owned(),
                database: names.text("database")?,
                user: names.text("person")?,
            })
        }
        other => Ok(other.map(drop)?),
    }
}

/// All migrations with their state.
///
/// # Errors
/// The database cannot be read.
pub async fn list(store: &Store) -> Result<Vec<Entry>, StoreError> {
    Ok(entries(&applied(store).await?))
}

/// All migrations of a store that does not exist yet.
#[must_use]
pub fn list_pending() -> Vec<Entry> {
    entries(&BTreeSet::new())
}

fn entries(applied: &BTreeSet<i64>) -> Vec<Entry> {
    let entry = |migration: &sqlx::migrate::Migration| Entry {
        version: migration.version,
        name: migration.description.to_string(),
        is_applied: applied.contains(&migration.version),
    };
    MIGRATOR.iter().map(entry).collect()
}

/// Compares the store with this binary.
///
/// # Errors
/// The database cannot be read.
pub async fn state(store: &Store) -> Result<State, StoreError> {
    let applied = applied(store).await?;
    let known: BTreeSet<i64> = MIGRATOR.iter().map(|migration| migration.version).collect();
    Ok(if !applied.is_subset(&known) {
        State::Newer
    } else if applied == known {
        State::Current
    } else {
        State::Pending(known.len() - applied.len())
    })
}

/// Versions in the store; none when its table of migrations does not exist yet.
async fn applied(store: &Store) -> Result<BTreeSet<i64>, StoreError> {
    let mut connection = store.read().await?;
    let table = match store.dialect() {
        Dialect::Sqlite => sqlx::query("SELECT 1 AS one FROM sqlite_master WHERE name = '_sqlx_migrations'"),
        Dialect::Postgres { schema } => {
            sqlx::query("SELECT 1 AS one FROM pg_tables WHERE tablename = '_sqlx_migrations' AND schemaname = $1")
                .bind(schema.as_str())
        }
    };
    if table.fetch_optional(&mut *connection).await?.is_none() {
        return Ok(BTreeSet::new());
    }
    let rows = sqlx::query("SELECT version FROM _sqlx_migrations").fetch_all(&mut *connection).await?;
    rows.iter().map(|row| row.number("version")).collect()
}
