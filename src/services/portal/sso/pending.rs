//! Identities that were proven and are nobody's yet: the browser holds a key, the store what the provider said. What a form
//! says of the address is never read.

use serde_json::{Map, Value};

use super::person::Person;
use crate::domain::developer::FULL_NAME;
use crate::domain::time::UnixSeconds;
use crate::sealing::{random_token, sha256_hex};
use crate::services::Services;
use crate::services::error::ServiceError;
use crate::services::portal::Portal;
use crate::store::{Connection, pending_identities};

/// What it is sealed for.
const PURPOSE: &str = "pending identity of a developer";
/// Seconds that a person has for the form.
pub(super) const LIFETIME: i64 = 1800;

/// What a form shows of a pending identity.
#[derive(Clone, Debug)]
pub struct PendingIdentity {
    /// The address, which the form does not change.
    pub email: String,
    /// `meta` with what the provider told.
    pub meta: Map<String, Value>,
}

/// Keeps a person; returns the key for the cookie.
pub(super) async fn keep(
    services: &Services,
    connection: &mut Connection,
    portal: &Portal,
    person: &Person,
    now: UnixSeconds,
) -> Result<String, ServiceError> {
    let key = random_token();
    let json = serde_json::to_vec(person).map_err(|_| ServiceError::Seal)?;
    let sealed = services.portal.sealer.seal(PURPOSE, &json).map_err(|_| ServiceError::Seal)?;
    let until = now.plus(LIFETIME);
    pending_identities::create(connection, portal.workspace.id, &hash(&key), &sealed, until).await?;
    Ok(key)
}

fn hash(key: &str) -> String {
    sha256_hex(key.as_bytes())
}

fn open(services: &Services, sealed: &str) -> Option<Person> {
    serde_json::from_slice(&services.portal.sealer.open(PURPOSE, sealed)?).ok()
}

/// The person of a key, while it is good; it stays good.
pub(super) async fn read(
    services: &Services,
    connection: &mut Connection,
    portal: &Portal,
    key: &str,
) -> Result<Option<Person>, ServiceError> {
    let (workspace, now) = (portal.workspace.id, services.clock.now());
    let sealed = pending_identities::find(connection, workspace, &hash(key), now).await?;
    Ok(sealed.and_then(|sealed| open(services, &sealed)))
}

/// Uses a key up: of several at once one gets the person.
pub(super) async fn take(
    services: &Services,
    connection: &mut Connection,
    portal: &Portal,
    key: &str,
) -> Result<Option<Person>, ServiceError> {
    let (workspace, now) = (portal.workspace.id, services.clock.now());
    let sealed = pending_identities::take(connection, workspace, &hash(key), now).await?;
    Ok(sealed.and_then(|sealed| open(services, &sealed)))
}

/// What the registration form shows for a key.
///
/// # Errors
/// The store failed.
pub async fn find(services: &Services, portal: &Portal, key: &str) -> Result<Option<PendingIdentity>, ServiceError> {
    if portal.settings.provider().is_none() {
        return Ok(None);
    }
    let mut connection = services.store.read().await?;
    let Some(person) = read(services, &mut connection, portal, key).await? else { return Ok(None) };
    let Some(email) = person.email() else { return Ok(None) };
    Ok(Some(PendingIdentity { email: email.to_string(), meta: meta_of(portal, &person) }))
}

/// `meta` as far as claims fill it.
pub(super) fn meta_of(portal: &Portal, person: &Person) -> Map<String, Value> {
    let has_name = portal.settings.meta_fields.iter().any(|field| field.title == FULL_NAME);
    let name = person.name.clone().filter(|_| has_name);
    name.map(|name| (FULL_NAME.to_owned(), Value::String(name))).into_iter().collect()
}
