//! What becomes of a proven person: all of it or nothing, in one change.

use serde_json::{Map, Value};

use super::link::{self, Refusal};
use super::person::Person;
use super::{Arrived, account, pending};
use crate::config::portal::Provisioning;
use crate::domain::developer::{Developer, DeveloperIdentity, DeveloperStatus, EmailAddress};
use crate::services::Services;
use crate::services::change::Change;
use crate::services::error::ServiceError;
use crate::services::portal::{Portal, Visit, sessions, transitions};
use crate::store::{developer_identities, developers};

/// What the ID token of a session is sealed for.
pub(super) const ID_TOKEN: &str = "ID token of a developer's session";

/// Lets a person in, to the form, or not at all.
///
/// # Errors
/// The store failed.
pub(super) async fn arrive(
    services: &Services,
    portal: &Portal,
    visit: &Visit,
    person: &Person,
) -> Result<Arrived, ServiceError> {
    match try_to_arrive(services, portal, visit, person).await {
        // Another tab made or linked the same account in the meantime: now it is found.
        Err(ServiceError::Unique(_)) => try_to_arrive(services, portal, visit, person).await,
        other => other,
    }
}

async fn try_to_arrive(
    services: &Services,
    portal: &Portal,
    visit: &Visit,
    person: &Person,
) -> Result<Arrived, ServiceError> {
    let mut change = Change::begin_portal(services, &visit.request_id).await?;
    let (workspace, issuer, subject) = (portal.workspace.id, &person.issuer, &person.subject);
    if let Some(identity) = developer_identities::find(change.connection(), workspace, issuer, subject).await? {
        let developer = developers::find_by_id(change.connection(), identity.developer_id).await?;
        let developer = developer.ok_or(ServiceError::NotFound)?;
        return enter(services, portal, visit, change, (developer, identity), person).await;
    }
    let Some(mut developer) = account::candidate(change.connection(), portal, person).await? else {
        return provision(services, portal, visit, change, person).await;
    };
    if let Some(refusal) = link::refusal(change.connection(), portal, person, &developer).await? {
        return refuse(services, portal, change, person, &developer, refusal).await;
    }
    if developer.status == DeveloperStatus::Invited {
        match account::meta_from_claims(portal, person, &developer.meta, &developer.email) {
            Some(meta) if portal.settings.sso.provisioning == Provisioning::Auto => developer.meta = meta,
            _ => return to_form(services, portal, change, person).await,
        }
    }
    let identity = link::link(&mut change, &mut developer, person).await?;
    enter(services, portal, visit, change, (developer, identity), person).await
}

/// Nobody has the identity, and no account is named.
async fn provision(
    services: &Services,
    portal: &Portal,
    visit: &Visit,
    mut change: Change<'_>,
    person: &Person,
) -> Result<Arrived, ServiceError> {
    if portal.settings.sso.provisioning == Provisioning::Deny {
        return Ok(Arrived::Denied);
    }
    let Some(email) = person.email() else { return Ok(Arrived::NoEmail) };
    let meta = account::meta_from_claims(portal, person, &Map::new(), &email);
    match meta.filter(|_| portal.settings.sso.provisioning == Provisioning::Auto) {
        Some(meta) => {
            let made = account::create(services, portal, &mut change, person, email, meta).await?;
            enter(services, portal, visit, change, made, person).await
        }
        None => to_form(services, portal, change, person).await,
    }
}

async fn to_form(
    services: &Services,
    portal: &Portal,
    mut change: Change<'_>,
    person: &Person,
) -> Result<Arrived, ServiceError> {
    let now = change.now();
    let key = pending::keep(services, change.connection(), portal, person, now).await?;
    change.commit().await?;
    Ok(Arrived::Form { key })
}

async fn refuse(
    services: &Services,
    portal: &Portal,
    mut change: Change<'_>,
    person: &Person,
    developer: &Developer,
    refusal: Refusal,
) -> Result<Arrived, ServiceError> {
    link::record_refusal(&mut change, person, developer, refusal);
    let now = change.now();
    // Who is found by another claim than the address is not told whose account it is.
    let names_address = person.email().is_some_and(|email| email == developer.email);
    let opens_by_password = names_address && portal.settings.has_passwords() && refusal != Refusal::OtherSubject;
    let key = match opens_by_password {
        true => Some(pending::keep(services, change.connection(), portal, person, now).await?),
        false => None,
    };
    change.commit().await?;
    Ok(Arrived::LinkRefused { email: names_address.then(|| developer.email.to_string()), key })
}

/// Starts the session of a linked account.
async fn enter(
    services: &Services,
    portal: &Portal,
    visit: &Visit,
    mut change: Change<'_>,
    (mut developer, identity): (Developer, DeveloperIdentity),
    person: &Person,
) -> Result<Arrived, ServiceError> {
    account::refresh(services, portal, &mut change, &mut developer, person, &identity).await?;
    let now = change.now();
    let email = person.email();
    let email = email.as_ref().map(EmailAddress::as_str);
    developer_identities::note_login(change.connection(), identity.id, email, now).await?;
    if developer.may_act() {
        developers::note_login(change.connection(), developer.id, now).await?;
    }
    let sealed = services.portal.sealer.seal(ID_TOKEN, person.id_token.as_bytes()).map_err(|_| ServiceError::Seal)?;
    let key = sessions::start(change.connection(), portal, &developer, visit, Some(sealed), now).await?;
    change.commit().await?;
    Ok(Arrived::In { developer: Box::new(developer), key })
}

/// Completes the registration of a pending identity. The address is the provider's, whatever the form says.
///
/// # Errors
/// [`ServiceError::Schema`] for `meta` (members as `meta.title`), [`ServiceError::BadRequest`] for a key that is over,
/// [`ServiceError::Unique`] for an address that was taken meanwhile, [`ServiceError::TooManyTokens`].
pub async fn complete_registration(
    services: &Services,
    portal: &Portal,
    visit: &Visit,
    key: &str,
    meta: &Map<String, Value>,
) -> Result<Arrived, ServiceError> {
    let named = |(title, sentence): (String, String)| (format!("meta.{title}"), sentence);
    let checked = portal.settings.meta_fields.check(meta);
    let meta = checked.map_err(|wrong| ServiceError::Schema(wrong.into_iter().map(named).collect()))?;
    if !services.portal.pace.admit_registration(visit.client).await {
        return Err(ServiceError::TooManyTokens);
    }
    let over = || ServiceError::BadRequest("this sign-in is over: sign in again".to_owned());
    let mut change = Change::begin_portal(services, &visit.request_id).await?;
    let mut person = pending::take(services, change.connection(), portal, key).await?.ok_or_else(over)?;
    let email = person.email().ok_or_else(over)?;
    let made = match account::candidate(change.connection(), portal, &person).await? {
        Some(mut invited) if invited.status == DeveloperStatus::Invited => {
            if link::refusal(change.connection(), portal, &person, &invited).await?.is_some() {
                return Err(over());
            }
            invited.meta = meta;
            transitions::store(&mut change, &mut invited, "developer.registered").await?;
            let identity = link::link(&mut change, &mut invited, &person).await?;
            (invited, identity)
        }
        Some(_) => return Err(ServiceError::Unique(vec![("email".to_owned(), email.to_string())])),
        None if portal.settings.sso.provisioning == Provisioning::Deny => return Err(over()),
        None => account::create(services, portal, &mut change, &person, email, meta).await?,
    };
    // The form may have said another name than the provider: the form counts until the next sign-in.
    person.name = None;
    enter(services, portal, visit, change, made, &person).await
}
