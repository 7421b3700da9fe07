//! Strategies: how callers of published APIs prove who they are (dev-portal.md 5.5).

use super::Services;
use super::change::{Actor, Change, Operation};
use super::edit::Edit;
use super::error::ServiceError;
use super::{gateway_sync, portal_representation as shown};
use crate::domain::ids::{StrategyId, WorkspaceId};
use crate::domain::strategy::{BUILT_IN, KeyAuthConfig, Strategy};
use crate::domain::time::UnixSeconds;
use crate::store::{Connection, published_apis, strategies};

/// A strategy to be made.
#[derive(Clone, Debug)]
pub struct NewStrategy {
    /// Name for admins.
    pub name: String,
    /// Name for developers; the same when missing.
    pub display_name: Option<String>,
    /// Settings.
    pub key_auth: KeyAuthConfig,
}

/// Changes of a strategy.
#[derive(Clone, Debug, Default)]
pub struct StrategyEdit {
    /// Name for admins.
    pub name: Edit<String>,
    /// Name for developers.
    pub display_name: Edit<String>,
    /// Settings. Keys that exist keep their end.
    pub key_auth: Edit<KeyAuthConfig>,
}

fn built_in(workspace: WorkspaceId, now: UnixSeconds) -> Strategy {
    Strategy {
        id: StrategyId::generate(),
        ws_id: workspace,
        name: BUILT_IN.to_owned(),
        display_name: "API key".to_owned(),
        key_auth: KeyAuthConfig::default(),
        created_at: now,
        updated_at: now,
    }
}

/// The strategy of that name or id, or the one that every workspace has; it is made the first time.
pub(super) async fn find_or_default(
    connection: &mut Connection,
    workspace: WorkspaceId,
    key: Option<&str>,
    now: UnixSeconds,
) -> Result<Strategy, ServiceError> {
    let name = key.unwrap_or(BUILT_IN);
    if name == BUILT_IN {
        strategies::insert_if_absent(connection, &built_in(workspace, now)).await?;
    }
    let found = strategies::find(connection, workspace, name).await?;
    found.ok_or_else(|| ServiceError::field("auth_strategy_id", format!("no strategy '{name}'")))
}

/// All of a workspace; the built-in one is made the first time.
///
/// # Errors
/// The store failed.
pub async fn list(services: &Services, workspace: WorkspaceId) -> Result<Vec<Strategy>, ServiceError> {
    let found = strategies::list(&mut *services.store.read().await?, workspace).await?;
    if found.iter().any(|strategy| strategy.name == BUILT_IN) {
        return Ok(found);
    }
    let mut tx = services.store.write().await?;
    strategies::insert_if_absent(&mut tx, &built_in(workspace, services.clock.now())).await?;
    tx.commit().await?;
    Ok(strategies::list(&mut *services.store.read().await?, workspace).await?)
}

/// The one of that name or id.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn get(services: &Services, workspace: WorkspaceId, key: &str) -> Result<Strategy, ServiceError> {
    let all = list(services, workspace).await?;
    let found = all.into_iter().find(|strategy| strategy.name == key || strategy.id.to_string() == key);
    found.ok_or(ServiceError::NotFound)
}

/// Makes one.
///
/// # Errors
/// [`ServiceError::Schema`] for wrong settings, [`ServiceError::Unique`] for a taken name.
pub async fn create(
    services: &Services,
    actor: &Actor<'_>,
    workspace: WorkspaceId,
    new: NewStrategy,
) -> Result<Strategy, ServiceError> {
    check(&new.key_auth)?;
    let mut change = Change::begin_by(services, actor).await?;
    let now = change.now();
    let strategy = Strategy {
        id: StrategyId::generate(),
        ws_id: workspace,
        display_name: new.display_name.unwrap_or_else(|| new.name.clone()),
        name: new.name,
        key_auth: new.key_auth,
        created_at: now,
        updated_at: now,
    };
    strategies::create(change.connection(), &strategy).await?;
    change.record(Operation::Create, "auth_strategies", strategy.id, shown::strategy(&strategy));
    change.commit().await?;
    Ok(strategy)
}

fn check(config: &KeyAuthConfig) -> Result<(), ServiceError> {
    config.check().map_err(|sentence| ServiceError::field("configs.key-auth", sentence))
}

/// Changes one; the gates of its APIs follow.
///
/// # Errors
/// See [`create`]; [`ServiceError::NotFound`].
pub async fn update(
    services: &Services,
    actor: &Actor<'_>,
    workspace: WorkspaceId,
    key: &str,
    edit: StrategyEdit,
) -> Result<Strategy, ServiceError> {
    if let Edit::To(config) = &edit.key_auth {
        check(config)?;
    }
    let mut change = Change::begin_by(services, actor).await?;
    let found = strategies::find(change.connection(), workspace, key).await?;
    let mut strategy = found.ok_or(ServiceError::NotFound)?;
    if strategy.name == BUILT_IN && edit.name.changes(&strategy.name) {
        return Err(ServiceError::field("name", "the built-in strategy keeps its name"));
    }
    edit.name.apply(&mut strategy.name);
    edit.display_name.apply(&mut strategy.display_name);
    edit.key_auth.apply(&mut strategy.key_auth);
    strategy.updated_at = change.now();
    strategies::update(change.connection(), &strategy).await?;
    change.record(Operation::Update, "auth_strategies", strategy.id, shown::strategy(&strategy));
    for api in published_apis::list_all(change.connection(), workspace).await? {
        if api.strategy_id == strategy.id {
            gateway_sync::enqueue(&mut change, workspace, api.id).await?;
        }
    }
    change.commit().await?;
    Ok(strategy)
}

/// Deletes one that nothing uses.
///
/// # Errors
/// [`ServiceError::Conflict`] while something does; [`ServiceError::NotFound`].
pub async fn delete(
    services: &Services,
    actor: &Actor<'_>,
    workspace: WorkspaceId,
    key: &str,
) -> Result<(), ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let found = strategies::find(change.connection(), workspace, key).await?;
    let strategy = found.ok_or(ServiceError::NotFound)?;
    if strategy.name == BUILT_IN {
        return Err(ServiceError::Conflict("the built-in strategy cannot be deleted".to_owned()));
    }
    if strategies::count_uses(change.connection(), strategy.id).await? > 0 {
        return Err(ServiceError::Conflict("the strategy is used by APIs or applications".to_owned()));
    }
    strategies::delete(change.connection(), strategy.id).await?;
    change.record(Operation::Delete, "auth_strategies", strategy.id, shown::strategy(&strategy));
    change.commit().await
}
