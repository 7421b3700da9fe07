//! Strategies: how callers of published APIs prove who they are (dev-portal.md 5.5).

use super::Services;
use super::change::{Actor, Change, Operation};
use super::edit::Edit;
use super::error::ServiceError;
use super::{gateway_sync, issuer_keys, portal_representation as shown};
use crate::domain::ids::{StrategyId, WorkspaceId};
use crate::domain::strategy::{
    BUILT_IN, Enforcer, KeyAuthConfig, OpenidConnectConfig, SigningKey, Strategy, StrategyConfig, StrategyType,
};
use crate::domain::time::UnixSeconds;
use crate::domain::workspace::Workspace;
use crate::store::{Connection, applications, published_apis, strategies};

/// A strategy to be made.
#[derive(Clone, Debug)]
pub struct NewStrategy {
    /// Name for admins.
    pub name: String,
    /// Name for developers; the same when missing.
    pub display_name: Option<String>,
    /// Settings.
    pub config: StrategyConfig,
}

/// Changes of a strategy.
#[derive(Clone, Debug, Default)]
pub struct StrategyEdit {
    /// Name for admins.
    pub name: Edit<String>,
    /// Name for developers.
    pub display_name: Edit<String>,
    /// Settings, of the kind that it has. Keys that exist keep their end.
    pub config: Edit<StrategyConfig>,
}

fn built_in(workspace: WorkspaceId, now: UnixSeconds) -> Strategy {
    Strategy {
        id: StrategyId::generate(),
        ws_id: workspace,
        name: BUILT_IN.to_owned(),
        display_name: "API key".to_owned(),
        config: StrategyConfig::KeyAuth(KeyAuthConfig::default()),
        created_at: now,
        updated_at: now,
    }
}

/// The strategy of that name or id, or the one that counts where none is named: that of `portal_app_auth`, or else the one
/// that every workspace has. That one is made the first time.
pub(super) async fn find_or_default(
    services: &Services,
    connection: &mut Connection,
    workspace: WorkspaceId,
    key: Option<&str>,
) -> Result<Strategy, ServiceError> {
    let now = services.clock.now();
    if let (None, Some(kind)) = (key, services.settings.portal_gateway.default_kind) {
        return only_of_kind(connection, workspace, kind).await;
    }
    let name = key.unwrap_or(BUILT_IN);
    if name == BUILT_IN {
        strategies::insert_if_absent(connection, &built_in(workspace, now)).await?;
    }
    let found = strategies::find(connection, workspace, name).await?;
    found.ok_or_else(|| ServiceError::field("auth_strategy_id", format!("no strategy '{name}'")))
}

async fn only_of_kind(
    connection: &mut Connection,
    workspace: WorkspaceId,
    kind: StrategyType,
) -> Result<Strategy, ServiceError> {
    let mut all = strategies::list(connection, workspace).await?;
    all.retain(|strategy| strategy.kind() == kind);
    let count = all.len();
    match (all.pop(), count) {
        (Some(only), 1) => Ok(only),
        _ => {
            let message = format!(
                "required field missing: portal_app_auth asks for a strategy of type {}, and the workspace has {count}",
                kind.as_str()
            );
            Err(ServiceError::field("auth_strategy_id", message))
        }
    }
}

/// Whether credentials of applications with one strategy open APIs with the other. Under `sso_portal_key_auth_value` =
/// `client_id` one credential serves Kong's `key-auth` and `oauth2`.
#[must_use]
pub fn are_compatible(services: &Services, one: &Strategy, other: &Strategy) -> bool {
    let is_shared = |strategy: &Strategy| matches!(strategy.kind(), StrategyType::KeyAuth | StrategyType::KongOauth2);
    let has_client_id_keys = services.settings.portal_gateway.has_client_id_keys;
    one.id == other.id || (has_client_id_keys && is_shared(one) && is_shared(other))
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
    workspace: &Workspace,
    new: NewStrategy,
) -> Result<Strategy, ServiceError> {
    // Before the transaction: providers may take their time, and the database has one writer.
    let (config, key) = settled(services, workspace, new.config, None).await?;
    let mut change = Change::begin_by(services, actor).await?;
    let now = change.now();
    let strategy = Strategy {
        id: StrategyId::generate(),
        ws_id: workspace.id,
        display_name: new.display_name.unwrap_or_else(|| new.name.clone()),
        name: new.name,
        config,
        created_at: now,
        updated_at: now,
    };
    strategies::create(change.connection(), &strategy).await?;
    if strategy.kind().is_external() {
        issuer_keys::keep(&mut change, &strategy, key).await?;
    }
    change.record(Operation::Create, "auth_strategies", strategy.id, shown::strategy(&strategy));
    change.commit().await?;
    Ok(strategy)
}

fn refused(kind: StrategyType, sentence: impl Into<String>) -> ServiceError {
    ServiceError::field(&format!("configs.{}", kind.member()), sentence)
}

/// Settings as they are stored: checked, and of a provider with what checks its tokens and the key with which it signs.
async fn settled(
    services: &Services,
    workspace: &Workspace,
    config: StrategyConfig,
    known: Option<&SigningKey>,
) -> Result<(StrategyConfig, Option<SigningKey>), ServiceError> {
    let kind = config.kind();
    config.check().map_err(|sentence| refused(kind, sentence))?;
    let StrategyConfig::OpenidConnect(config) = config else { return Ok((config, None)) };
    let mut config = config.normalized();
    config.enforcer = Some(enforcer(services, workspace, &config).await?);
    let asked = issuer_keys::ask(services, &config, known).await;
    let key = asked.map_err(|sentence| refused(kind, sentence))?;
    if key.is_none() && config.enforcer == Some(Enforcer::Jwt) {
        return Err(refused(kind, "issuer: the provider publishes no signing key that Kong's jwt plugin takes"));
    }
    Ok((StrategyConfig::OpenidConnect(config), key))
}

/// What checks tokens: as the settings say, or the best that the workspace's Kong has.
async fn enforcer(
    services: &Services,
    workspace: &Workspace,
    config: &OpenidConnectConfig,
) -> Result<Enforcer, ServiceError> {
    let has_plugin = async || gateway_sync::has_plugin(services, workspace, Enforcer::OpenidConnect.as_str()).await;
    let enforcer = match services.settings.portal_gateway.enforcer {
        Some(enforcer) => enforcer,
        None if has_plugin().await? => Enforcer::OpenidConnect,
        None => Enforcer::Jwt,
    };
    if enforcer == Enforcer::Jwt && config.top_level_claim().is_none() {
        let message = "credential_claim: Kong's jwt plugin sees top-level claims only";
        return Err(refused(StrategyType::OpenidConnect, message));
    }
    Ok(enforcer)
}

/// Changes one; the gates of its APIs and, with another provider, its applications follow.
///
/// # Errors
/// See [`create`]; [`ServiceError::NotFound`]; [`ServiceError::Conflict`] for another claim or provider while there are
/// applications: their client ids would mean somebody else.
pub async fn update(
    services: &Services,
    actor: &Actor<'_>,
    workspace: &Workspace,
    key: &str,
    mut edit: StrategyEdit,
) -> Result<Strategy, ServiceError> {
    let mut signing_key = None;
    if let Edit::To(config) = edit.config {
        let present = get(services, workspace.id, key).await?;
        if present.kind() != config.kind() {
            return Err(ServiceError::field("strategy_type", "immutable"));
        }
        let known = issuer_keys::find(services, present.id).await?.and_then(|known| known.key);
        let (config, found) = settled(services, workspace, config, known.as_ref()).await?;
        signing_key = Some(found);
        edit.config = Edit::To(config);
    }
    let mut change = Change::begin_by(services, actor).await?;
    let found = strategies::find(change.connection(), workspace.id, key).await?;
    let mut strategy = found.ok_or(ServiceError::NotFound)?;
    if strategy.name == BUILT_IN && edit.name.changes(&strategy.name) {
        return Err(ServiceError::field("name", "the built-in strategy keeps its name"));
    }
    edit.name.apply(&mut strategy.name);
    edit.display_name.apply(&mut strategy.display_name);
    refuse_other_provider(&mut change, &strategy, &edit.config).await?;
    edit.config.apply(&mut strategy.config);
    strategy.updated_at = change.now();
    strategies::update(change.connection(), &strategy).await?;
    change.record(Operation::Update, "auth_strategies", strategy.id, shown::strategy(&strategy));
    for api in published_apis::list_all(change.connection(), workspace.id).await? {
        if api.strategy_id == strategy.id {
            gateway_sync::enqueue(&mut change, workspace.id, api.id).await?;
        }
    }
    if strategy.kind().is_external() {
        if let Some(found) = signing_key {
            issuer_keys::keep(&mut change, &strategy, found).await?;
        }
        for application in applications::list_all_with(change.connection(), strategy.id).await? {
            gateway_sync::enqueue(&mut change, workspace.id, application.id).await?;
        }
    }
    change.commit().await?;
    Ok(strategy)
}

async fn refuse_other_provider(
    change: &mut Change<'_>,
    strategy: &Strategy,
    edit: &Edit<StrategyConfig>,
) -> Result<(), ServiceError> {
    let (StrategyConfig::OpenidConnect(present), Edit::To(StrategyConfig::OpenidConnect(wanted))) =
        (&strategy.config, edit)
    else {
        return Ok(());
    };
    let is_same = (&present.issuer, &present.credential_claim) == (&wanted.issuer, &wanted.credential_claim);
    if is_same || applications::list_all_with(change.connection(), strategy.id).await?.is_empty() {
        return Ok(());
    }
    let message =
        "issuer and credential_claim cannot change while applications have clients there: make another strategy";
    Err(ServiceError::Conflict(message.to_owned()))
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
