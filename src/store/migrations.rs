//! The schema's history, embedded in the binary and applied in order.

use sqlx::migrate::Migrator;

use super::database::Store;
use super::error::StoreError;

static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

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

/// Applies every pending migration; a second run changes nothing.
///
/// # Errors
/// A migration fails or was changed after it was applied.
pub async fn up(store: &Store) -> Result<(), StoreError> {
    Ok(MIGRATOR.run(store.pool()).await?)
}

/// All migrations with their state.
///
/// # Errors
/// The database cannot be read.
pub async fn list(store: &Store) -> Result<Vec<Entry>, StoreError> {
    let applied = applied(store).await;
    let entry = |migration: &sqlx::migrate::Migration| Entry {
        version: migration.version,
        name: migration.description.to_string(),
        is_applied: applied.contains(&migration.version),
    };
    Ok(MIGRATOR.iter().map(entry).collect())
}

/// Compares the store with this binary.
///
/// # Errors
/// The database cannot be read.
pub async fn state(store: &Store) -> Result<State, StoreError> {
    store.ping().await?;
    let applied = applied(store).await;
    let known: Vec<i64> = MIGRATOR.iter().map(|migration| migration.version).collect();
    if applied.iter().any(|version| !known.contains(version)) {
        return Ok(State::Newer);
    }
    Ok(match known.iter().filter(|version| !applied.contains(version)).count() {
        0 => State::Current,
        pending => State::Pending(pending),
    })
}

/// Versions in the store; none when its table of migrations does not exist yet.
async fn applied(store: &Store) -> Vec<i64> {
    sqlx::query_scalar("SELECT version FROM _sqlx_migrations ORDER BY version")
        .fetch_all(store.pool())
        .await
        .unwrap_or_default()
}
