//! Keys with which identity providers of strategies sign (dev-portal.md 9.2).

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::row::{Columns, all};
use crate::domain::ids::StrategyId;
use crate::domain::strategy::SigningKey;
use crate::domain::time::UnixSeconds;

/// What is known of the keys of one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownKey {
    /// The key that the gateway holds; `None` when the provider withdrew it and publishes no other.
    pub key: Option<SigningKey>,
    /// When the provider was asked last.
    pub checked_at: UnixSeconds,
    /// Why it gave no answer.
    pub problem: Option<String>,
}

fn read(row: &AnyRow) -> Result<KnownKey, StoreError> {
    let key = match (row.maybe_parsed("algorithm")?, row.maybe_text("public_key")?) {
        (Some(algorithm), Some(public_key)) => {
            Some(SigningKey { kid: row.maybe_text("kid")?, algorithm, public_key, chosen_at: row.time("chosen_at")? })
        }
        _ => None,
    };
    Ok(KnownKey { key, checked_at: row.time("checked_at")?, problem: row.maybe_text("problem")? })
}

/// Stores the key of a strategy, or that there is none, as the provider's latest word.
///
/// # Errors
/// The database failed.
pub async fn put(
    connection: &mut Connection,
    strategy: StrategyId,
    key: Option<&SigningKey>,
    now: UnixSeconds,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO strategy_keys (strategy_id, kid, algorithm, public_key, chosen_at, checked_at, problem)
         VALUES ($1, $2, $3, $4, $5, $6, NULL)
         ON CONFLICT (strategy_id) DO UPDATE SET kid = $2, algorithm = $3, public_key = $4, chosen_at = $5,
            checked_at = $6, problem = NULL",
    )
    .bind(strategy.to_string())
    .bind(key.and_then(|key| key.kid.as_deref()))
    .bind(key.map(|key| key.algorithm.as_str()))
    .bind(key.map(|key| key.public_key.as_str()))
    .bind(key.map_or(now, |key| key.chosen_at).0)
    .bind(now.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that the provider gave no answer; the key stays.
///
/// # Errors
/// The database failed.
pub async fn note(connection: &mut Connection, strategy: StrategyId, problem: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE strategy_keys SET problem = $2 WHERE strategy_id = $1")
        .bind(strategy.to_string())
        .bind(problem)
        .execute(connection)
        .await?;
    Ok(())
}

/// What is known of a strategy's key.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut Connection, strategy: StrategyId) -> Result<Option<KnownKey>, StoreError> {
    let row = sqlx::query("SELECT * FROM strategy_keys WHERE strategy_id = $1")
        .bind(strategy.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Strategies whose provider was not asked since `before`.
///
/// # Errors
/// The database failed.
pub async fn list_due(connection: &mut Connection, before: UnixSeconds) -> Result<Vec<StrategyId>, StoreError> {
    let rows = sqlx::query("SELECT strategy_id FROM strategy_keys WHERE checked_at <= $1 ORDER BY checked_at")
        .bind(before.0)
        .fetch_all(connection)
        .await?;
    all(&rows, |row| row.parsed("strategy_id"))
}

/// Takes the turn to ask a provider; `false` when another node did since `before`.
///
/// # Errors
/// The database failed.
pub async fn claim(
    connection: &mut Connection,
    strategy: StrategyId,
    before: UnixSeconds,
    now: UnixSeconds,
) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE strategy_keys SET checked_at = $3 WHERE strategy_id = $1 AND checked_at <= $2")
        .bind(strategy.to_string())
        .bind(before.0)
        .bind(now.0)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}
