//! The keys with which identity providers of strategies sign, kept as the gateway needs them (dev-portal.md 9.2).
//!
//! ```text
//! strategy made --> discovery, key set --> first usable key
//! every 5 min   --> key set: the key is still there --> nothing
//!                            another is instead     --> all applications get it in one burst, which is recorded
//!                            none is there          --> withdrawn: tokens are refused
//!                   no answer                       --> the key stays, the reason is shown
//! ```
//!
//! A credential of Kong's `jwt` plugin holds one key, so while a provider publishes two, the old one counts until it goes.

use serde_json::{Value, json};
use url::Url;

use super::Services;
use super::change::{Actor, Change, Operation};
use super::error::ServiceError;
use super::gateway_sync;
use crate::config::plugin::ProviderConf;
use crate::domain::ids::{StrategyId, WorkspaceId};
use crate::domain::strategy::{OpenidConnectConfig, SigningKey, Strategy, StrategyConfig};
use crate::domain::time::UnixSeconds;
use crate::http_client::HttpError;
use crate::oidc::keys::KeySet;
use crate::oidc::metadata::is_same_issuer;
use crate::oidc::{OidcError, Provider, public_pem};
use crate::store::strategy_keys::KnownKey;
use crate::store::{applications, strategies, strategy_keys};

/// Seconds between two looks at a provider's keys.
const POLL: i64 = 300;

/// Asks a provider for the key with which it signs; the one that is known counts while it is published.
///
/// # Errors
/// Why the provider cannot be used, in words for admins.
pub(super) async fn ask(
    services: &Services,
    config: &OpenidConnectConfig,
    known: Option<&SigningKey>,
) -> Result<Option<SigningKey>, String> {
    let issuer: Url = config.issuer_url()?;
    let mut conf = ProviderConf::at(issuer.clone());
    conf.name.clone_from(&config.issuer);
    let provider = Provider::new(&conf, services.outside.clone(), services.clock.clone());
    let snapshot = provider.snapshot().await.map_err(|error| words(&error))?;
    if !is_same_issuer(&issuer, &snapshot.metadata.issuer) {
        return Err(format!("issuer: the provider calls itself '{}'", snapshot.metadata.issuer));
    }
    Ok(choose(&snapshot.keys, known, services.clock.now()))
}

fn words(error: &OidcError) -> String {
    match error {
        OidcError::Unreachable(_, HttpError::Forbidden(why)) => format!("issuer: no request may go there: {why}"),
        other => format!("issuer: the provider cannot be used: {other}"),
    }
}

/// The key that the gateway shall hold.
fn choose(published: &KeySet, known: Option<&SigningKey>, now: UnixSeconds) -> Option<SigningKey> {
    let usable = || published.jwks().filter_map(|jwk| read(jwk, now));
    let is_known = |key: &SigningKey| known.is_some_and(|known| same(known, key));
    usable().find(is_known).and(known.cloned()).or_else(|| usable().next())
}

/// Whether two keys verify the same tokens.
fn same(one: &SigningKey, other: &SigningKey) -> bool {
    one.algorithm == other.algorithm && one.public_key == other.public_key
}

fn read(jwk: &Value, now: UnixSeconds) -> Option<SigningKey> {
    Some(SigningKey {
        kid: jwk.get("kid").and_then(Value::as_str).map(str::to_owned),
        algorithm: public_pem::algorithm_of(jwk)?,
        public_key: public_pem::of_jwk(jwk)?,
        chosen_at: now,
    })
}

/// Asks providers whose turn it is.
pub async fn refresh_due(services: &Services) {
    if let Err(error) = look_at_due(services).await {
        tracing::warn!(error = %error, "keys of identity providers could not be looked at");
    }
}

async fn look_at_due(services: &Services) -> Result<(), ServiceError> {
    let now = services.clock.now();
    let before = now.plus(-POLL);
    for id in strategy_keys::list_due(&mut *services.store.read().await?, before).await? {
        let mut tx = services.store.write().await?;
        let is_ours = strategy_keys::claim(&mut tx, id, before, now).await?;
        tx.commit().await?;
        // One that is deleted at this moment keeps nobody else waiting.
        if is_ours && let Err(error) = look_at(services, id).await {
            tracing::warn!(strategy = %id, error = %error, "the keys of an identity provider could not be looked at");
        }
    }
    Ok(())
}

async fn look_at(services: &Services, id: StrategyId) -> Result<(), ServiceError> {
    let strategy = strategies::get(&mut *services.store.read().await?, id).await?;
    refresh(services, &strategy, None).await
}

/// Asks the provider of a strategy now: somebody saw tokens with an unknown key.
///
/// # Errors
/// [`ServiceError::NotFound`]; [`ServiceError::Conflict`] for a strategy without provider.
pub async fn refresh_now(
    services: &Services,
    actor: &Actor<'_>,
    workspace: WorkspaceId,
    key: &str,
) -> Result<Option<KnownKey>, ServiceError> {
    let strategy = super::strategies::get(services, workspace, key).await?;
    if !strategy.kind().is_external() {
        return Err(ServiceError::Conflict("the strategy has no identity provider".to_owned()));
    }
    refresh(services, &strategy, Some(actor)).await?;
    find(services, strategy.id).await
}

/// What is known of the key of a strategy's provider.
///
/// # Errors
/// The store failed.
pub async fn find(services: &Services, strategy: StrategyId) -> Result<Option<KnownKey>, ServiceError> {
    Ok(strategy_keys::find(&mut *services.store.read().await?, strategy).await?)
}

async fn refresh(services: &Services, strategy: &Strategy, actor: Option<&Actor<'_>>) -> Result<(), ServiceError> {
    let StrategyConfig::OpenidConnect(config) = &strategy.config else { return Ok(()) };
    let known = find(services, strategy.id).await?.and_then(|known| known.key);
    let answer = ask(services, config, known.as_ref()).await;
    let found = match answer {
        Ok(found) => found,
        Err(problem) => {
            tracing::warn!(strategy = %strategy.id, problem, "the keys of an identity provider could not be read");
            let mut tx = services.store.write().await?;
            strategy_keys::note(&mut tx, strategy.id, &problem).await?;
            return Ok(tx.commit().await?);
        }
    };
    let mut change = match actor {
        Some(actor) => Change::begin_by(services, actor).await?,
        None => Change::begin_late(services, &uuid::Uuid::now_v7().to_string(), None).await?,
    };
    // Somebody may have given the strategy another provider meanwhile, or another look may have found a newer key: what is
    // older than that must not bring a withdrawn one back.
    let is_still_so = strategies::get(change.connection(), strategy.id).await?.config == strategy.config;
    let present = strategy_keys::find(change.connection(), strategy.id).await?.and_then(|present| present.key);
    if is_still_so && present == known {
        keep(&mut change, strategy, found).await?;
    }
    change.commit().await
}

/// Stores what a provider answered; another key goes to every application of the strategy.
pub(super) async fn keep(
    change: &mut Change<'_>,
    strategy: &Strategy,
    found: Option<SigningKey>,
) -> Result<(), ServiceError> {
    let now = change.now();
    let known = strategy_keys::find(change.connection(), strategy.id).await?;
    strategy_keys::put(change.connection(), strategy.id, found.as_ref(), now).await?;
    let Some(KnownKey { key: former, .. }) = known else { return Ok(()) };
    let is_same = match (&former, &found) {
        (Some(former), Some(found)) => same(former, found),
        (None, None) => true,
        _ => false,
    };
    if is_same {
        return Ok(());
    }
    let affected = applications::list_all_with(change.connection(), strategy.id).await?;
    for application in &affected {
        gateway_sync::enqueue(change, strategy.ws_id, application.id).await?;
    }
    let kid = |key: &Option<SigningKey>| key.as_ref().and_then(|key| key.kid.clone());
    let names: Vec<Value> = affected.iter().map(|it| json!({ "id": it.id, "name": it.name })).collect();
    let event = if found.is_some() { "strategy.signing_key_changed" } else { "strategy.signing_key_withdrawn" };
    tracing::warn!(strategy = %strategy.id, applications = names.len(), event, "the key of an identity provider changed");
    let told = json!({
        "event": event, "id": strategy.id, "name": strategy.name, "former_kid": kid(&former), "kid": kid(&found),
        "applications": names,
    });
    change.record(Operation::Update, "auth_strategies", strategy.id, told);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::oidc::signing_key::{SigningKey as Private, generate};
    use jsonwebtoken::Algorithm;

    fn jwk(algorithm: Algorithm) -> Value {
        Private::from_pkcs8(algorithm, &generate(algorithm).unwrap(), None).unwrap().public_jwk().unwrap()
    }

    fn set(keys: &[&Value]) -> KeySet {
        KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }

    #[test]
    fn dp_099_the_known_key_counts_while_it_is_published() {
        let (old, new, now) = (jwk(Algorithm::ES256), jwk(Algorithm::RS256), UnixSeconds(5));
        let first = choose(&set(&[&old, &new]), None, now).unwrap();
        assert_eq!(first.algorithm.as_str(), "ES256");
        let later = UnixSeconds(9);
        assert_eq!(choose(&set(&[&new, &old]), Some(&first), later).as_ref(), Some(&first));
        let second = choose(&set(&[&new]), Some(&first), later).unwrap();
        assert_eq!((second.algorithm.as_str(), second.chosen_at), ("RS256", later));
        assert_eq!(choose(&set(&[]), Some(&first), later), None, "withdrawn");
    }
}
