//! Credentials of applications (dev-portal.md 6.3). A value is shown once, to whoever made it; the store keeps it sealed, so that
//! what is lost in Kong can be put back.

use super::issuing::{Mint, managed_elsewhere};
use super::{Effect, NewCredential, Reach, find, find_kept};
use crate::domain::application::Application;
use crate::domain::credential::{Credential, CredentialKind, CredentialStatus, LONGEST_GRACE, SecretValue};
use crate::domain::ids::CredentialId;
use crate::domain::time::UnixSeconds;
use crate::sealing::sha256_hex;
use crate::services::Services;
use crate::services::change::{Actor, Change, Operation};
use crate::services::error::ServiceError;
use crate::services::{gateway_sync, portal_representation as shown};
use crate::store::application_credentials::{self as store, Sealed};
use crate::store::{Connection, strategies, workspaces};

/// A credential that was just made. Its value is known here for the last time.
#[derive(Clone, Debug)]
pub struct Issued {
    /// What is known of it.
    pub credential: Credential,
    /// Its value.
    pub key: SecretValue,
    /// Whether Kong knows it already.
    pub effect: Effect,
}

impl Issued {
    /// The value, if it is the caller's to keep: a public key is the caller's already.
    #[must_use]
    pub fn secret(&self) -> Option<&SecretValue> {
        let is_public = self.credential.algorithm.is_some_and(|algorithm| !algorithm.is_symmetric());
        (!is_public).then_some(&self.key)
    }
}

/// All of an application, the oldest first.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Forbidden`] where an identity provider has the credentials.
pub async fn list(services: &Services, reach: Reach, application: &str) -> Result<Vec<Credential>, ServiceError> {
    let mut connection = services.store.read().await?;
    let application = find(&mut connection, reach, application).await?;
    if strategies::get(&mut connection, application.strategy_id).await?.kind().is_external() {
        return Err(managed_elsewhere());
    }
    Ok(store::list(&mut connection, application.id).await?.into_iter().map(|sealed| sealed.credential).collect())
}

/// One of an application.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn get(services: &Services, reach: Reach, application: &str, id: &str) -> Result<Credential, ServiceError> {
    let all = list(services, reach, application).await?;
    all.into_iter().find(|credential| credential.id.to_string() == id).ok_or(ServiceError::NotFound)
}

/// Makes a credential of the kind that the application's strategy has.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Conflict`] beyond the limit, [`ServiceError::Forbidden`] where an identity
/// provider has the credentials, [`ServiceError::Schema`] for what the kind does not take, [`ServiceError::Unique`] for a
/// client id that is taken.
pub async fn create(
    services: &Services,
    actor: &Actor<'_>,
    reach: Reach,
    application: &str,
    new: NewCredential,
) -> Result<Issued, ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let application = find_kept(change.connection(), reach, application).await?;
    let (credential, key) = add(services, &mut change, &application, new, 0).await?;
    gateway_sync::enqueue(&mut change, application.ws_id, application.id).await?;
    change.commit().await?;
    let effect = settled(services, &application).await?;
    Ok(Issued { credential, key, effect })
}

/// Stores a new key. `spare` is how far a rotation may go beyond the limit: its old key has its grace.
async fn add(
    services: &Services,
    change: &mut Change<'_>,
    application: &Application,
    new: NewCredential,
    spare: i64,
) -> Result<(Credential, SecretValue), ServiceError> {
    let now = change.now();
    let held = store::list(change.connection(), application.id).await?;
    let live = held.iter().filter(|sealed| sealed.credential.is_live(now)).count();
    let most = services.settings.portal_gateway.max_credentials;
    if i64::try_from(live).unwrap_or(i64::MAX) >= most.saturating_add(spare) {
        return Err(ServiceError::Conflict(format!("an application may have at most {most} credentials")));
    }
    let strategy = strategies::get(change.connection(), application.strategy_id).await?;
    let workspace = workspaces::find_by_id(change.connection(), application.ws_id).await?;
    let workspace = workspace.ok_or(ServiceError::NotFound)?;
    let mint = Mint {
        strategy: &strategy,
        prefix: &services.settings.portal_gateway.key_prefix,
        workspace: workspace.name.as_str(),
        has_client_id_keys: services.settings.portal_gateway.has_client_id_keys,
    };
    let name = new.display_name.clone().unwrap_or_else(|| format!("Credential {}", held.len() + 1));
    let (credential, key) = mint.make(new, name, application, now)?;
    let sealed = Sealed { credential: credential.clone(), value: services.gateway_sync.seal(&key)? };
    let stored = store::create(change.connection(), &sealed, &value_hash(&credential, &key)).await;
    stored.map_err(ServiceError::from).map_err(|error| named_as_asked(error, &credential))?;
    change.record(Operation::Create, "application_credentials", credential.id, shown::credential(&credential, now));
    Ok((credential, key))
}

/// A taken identifier by the name that it has in requests.
fn named_as_asked(error: ServiceError, credential: &Credential) -> ServiceError {
    match (error, &credential.identifier) {
        (ServiceError::Unique(_), Some(identifier)) => {
            ServiceError::Unique(vec![("client_id".to_owned(), identifier.clone())])
        }
        (other, _) => other,
    }
}

/// What no two credentials share. A public key may serve under several names.
fn value_hash(credential: &Credential, value: &SecretValue) -> String {
    match (&credential.kind, &credential.identifier) {
        (CredentialKind::ApiKey, _) | (_, None) => sha256_hex(value.expose().as_bytes()),
        (_, Some(identifier)) => sha256_hex(format!("{identifier}\n{}", value.expose()).as_bytes()),
    }
}

/// Whether Kong has what the application should have by now.
async fn settled(services: &Services, application: &Application) -> Result<Effect, ServiceError> {
    gateway_sync::settle(services, application.id).await;
    let overview = gateway_sync::overview(services, application.ws_id).await?;
    let is_done = overview.of(application.id).state == crate::domain::sync::SyncState::InSync;
    Ok(if is_done { Effect::Done } else { Effect::NotYet })
}

/// Makes a credential in place of another one, which works for `grace` more seconds. `new` says what is to be different: a
/// credential with a public key needs another one.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Schema`] for a wrong grace period, [`ServiceError::Conflict`] for a key that
/// does not work any more.
pub async fn rotate(
    services: &Services,
    actor: &Actor<'_>,
    reach: Reach,
    application: &str,
    id: &str,
    grace: i64,
    mut new: NewCredential,
) -> Result<Issued, ServiceError> {
    if !(0..=LONGEST_GRACE).contains(&grace) {
        let message = format!("must be between 0 and {LONGEST_GRACE}");
        return Err(ServiceError::field("grace_seconds", message));
    }
    let mut change = Change::begin_by(services, actor).await?;
    let application = find_kept(change.connection(), reach, application).await?;
    let now = change.now();
    let mut old = find_live(change.connection(), &application, id, now).await?;
    new.display_name = new.display_name.or_else(|| Some(old.display_name.clone()));
    new.algorithm = new.algorithm.or(old.algorithm);
    new.hash_secret = new.hash_secret.or(Some(old.is_hashed));
    let end = now.plus(grace);
    match grace {
        0 => old.status = CredentialStatus::RevokePending,
        _ => old.expires_at = Some(old.expires_at.map_or(end, |there| there.min(end))),
    }
    store::update(change.connection(), &old).await?;
    if grace > 0 {
        change.record(Operation::Update, "application_credentials", old.id, shown::credential(&old, now));
    }
    let (credential, key) = add(services, &mut change, &application, new, 1).await?;
    gateway_sync::enqueue(&mut change, application.ws_id, application.id).await?;
    change.commit().await?;
    let effect = settled(services, &application).await?;
    Ok(Issued { credential, key, effect })
}

async fn find_live(
    connection: &mut Connection,
    application: &Application,
    id: &str,
    now: UnixSeconds,
) -> Result<Credential, ServiceError> {
    let id: CredentialId = id.parse().map_err(|_| ServiceError::NotFound)?;
    let found = store::find(connection, id).await?.map(|sealed| sealed.credential);
    let found = found.filter(|credential| credential.application_id == application.id);
    let credential = found.ok_or(ServiceError::NotFound)?;
    if credential.is_live(now) {
        Ok(credential)
    } else {
        Err(ServiceError::Conflict("the credential does not work any more".to_owned()))
    }
}

/// Revokes a key: first in Kong, then here.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn revoke(
    services: &Services,
    actor: &Actor<'_>,
    reach: Reach,
    application: &str,
    id: &str,
) -> Result<Effect, ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let application = find(change.connection(), reach, application).await?;
    let id: CredentialId = id.parse().map_err(|_| ServiceError::NotFound)?;
    let found = store::find(change.connection(), id).await?.map(|sealed| sealed.credential);
    let mut credential =
        found.filter(|credential| credential.application_id == application.id).ok_or(ServiceError::NotFound)?;
    if credential.status == CredentialStatus::Revoked {
        return Ok(Effect::Done);
    }
    credential.status = CredentialStatus::RevokePending;
    store::update(change.connection(), &credential).await?;
    gateway_sync::enqueue(&mut change, application.ws_id, application.id).await?;
    change.commit().await?;
    gateway_sync::settle(services, application.id).await;
    let left = store::find(&mut *services.store.read().await?, id).await?;
    let is_done = left.is_none_or(|sealed| sealed.credential.status == CredentialStatus::Revoked);
    Ok(if is_done { Effect::Done } else { Effect::NotYet })
}

/// Ends credentials whose grace is over where Kong does not do it by itself: it knows an end of API keys only.
///
/// # Errors
/// The store failed.
pub async fn end_due(services: &Services) -> Result<(), ServiceError> {
    let now = services.clock.now();
    for id in store::list_over(&mut *services.store.read().await?, now).await? {
        let mut change = Change::begin_late(services, &uuid::Uuid::now_v7().to_string(), None).await?;
        let Some(mut credential) = store::find(change.connection(), id).await?.map(|sealed| sealed.credential) else {
            continue;
        };
        if credential.status == CredentialStatus::Active {
            credential.status = CredentialStatus::RevokePending;
            store::update(change.connection(), &credential).await?;
            gateway_sync::enqueue(&mut change, credential.ws_id, credential.application_id).await?;
        }
        change.commit().await?;
    }
    Ok(())
}
