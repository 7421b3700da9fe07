//! Strategies of published APIs (dev-portal.md 5.5).

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::row::{Columns, all, found, on_unique};
use crate::domain::ids::{StrategyId, WorkspaceId};
use crate::domain::strategy::{Strategy, StrategyConfig};

fn read(row: &AnyRow) -> Result<Strategy, StoreError> {
    Ok(Strategy {
        id: row.parsed("id")?,
        ws_id: row.parsed("ws_id")?,
        name: row.text("name")?,
        display_name: row.text("display_name")?,
        config: config(row)?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

fn config(row: &AnyRow) -> Result<StrategyConfig, StoreError> {
    let settings = serde_json::from_str(&row.text("configs")?).map_err(|_| StoreError::Corrupt("configs"))?;
    StrategyConfig::read(row.parsed("strategy_type")?, &settings).map_err(|_| StoreError::Corrupt("configs"))
}

/// Stores a new strategy.
///
/// # Errors
/// [`StoreError::Unique`] when the name is taken in its workspace.
pub async fn create(connection: &mut Connection, strategy: &Strategy) -> Result<(), StoreError> {
    let id = strategy.id.to_string();
    sqlx::query(
        "INSERT INTO auth_strategies (id, ws_id, name, display_name, strategy_type, configs, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&id)
    .bind(strategy.ws_id.to_string())
    .bind(&strategy.name)
    .bind(&strategy.display_name)
    .bind(strategy.kind().as_str())
    .bind(strategy.config.to_value().to_string())
    .bind(strategy.created_at.0)
    .bind(strategy.updated_at.0)
    .execute(connection)
    .await
    .map_err(|error| on_unique(error, "auth_strategies", &[("id", &id), ("name", &strategy.name)]))?;
    Ok(())
}

/// Stores one unless its workspace has one of that name.
///
/// # Errors
/// The database failed.
pub async fn insert_if_absent(connection: &mut Connection, strategy: &Strategy) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO auth_strategies (id, ws_id, name, display_name, strategy_type, configs, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (ws_id, name) DO NOTHING",
    )
    .bind(strategy.id.to_string())
    .bind(strategy.ws_id.to_string())
    .bind(&strategy.name)
    .bind(&strategy.display_name)
    .bind(strategy.kind().as_str())
    .bind(strategy.config.to_value().to_string())
    .bind(strategy.created_at.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores names and settings of an existing one.
///
/// # Errors
/// [`StoreError::Unique`], [`StoreError::NotFound`].
pub async fn update(connection: &mut Connection, strategy: &Strategy) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE auth_strategies SET name = $2, display_name = $3, configs = $4, updated_at = $5 WHERE id = $1",
    )
    .bind(strategy.id.to_string())
    .bind(&strategy.name)
    .bind(&strategy.display_name)
    .bind(strategy.config.to_value().to_string())
    .bind(strategy.updated_at.0)
    .execute(connection)
    .await
    .map_err(|error| on_unique(error, "auth_strategies", &[("name", &strategy.name)]))?;
    found(&done)
}

/// All strategies of a workspace, by name.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut Connection, workspace: WorkspaceId) -> Result<Vec<Strategy>, StoreError> {
    let rows = sqlx::query("SELECT * FROM auth_strategies WHERE ws_id = $1 ORDER BY name, id")
        .bind(workspace.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// The strategy of that id or name in a workspace.
///
/// # Errors
/// The database failed.
pub async fn find(
    connection: &mut Connection,
    workspace: WorkspaceId,
    key: &str,
) -> Result<Option<Strategy>, StoreError> {
    let row = sqlx::query("SELECT * FROM auth_strategies WHERE ws_id = $1 AND (id = $2 OR name = $2)")
        .bind(workspace.to_string())
        .bind(key)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The strategy with that id.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn get(connection: &mut Connection, id: StrategyId) -> Result<Strategy, StoreError> {
    let row = sqlx::query("SELECT * FROM auth_strategies WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()?.ok_or(StoreError::NotFound)
}

/// How many APIs and applications use it.
///
/// # Errors
/// The database failed.
pub async fn count_uses(connection: &mut Connection, id: StrategyId) -> Result<i64, StoreError> {
    let row = sqlx::query(
        "SELECT (SELECT COUNT(*) FROM published_apis WHERE auth_strategy_id = $1)
              + (SELECT COUNT(*) FROM applications WHERE auth_strategy_id = $1) AS total",
    )
    .bind(id.to_string())
    .fetch_one(connection)
    .await?;
    row.number("total")
}

/// Deletes one that nothing uses.
///
/// # Errors
/// [`StoreError::ForeignKey`] while something does.
pub async fn delete(connection: &mut Connection, id: StrategyId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM auth_strategies WHERE id = $1").bind(id.to_string()).execute(connection).await?;
    Ok(())
}
