//! The account of a proven person: found by the claimed value, made, and kept as the provider knows it.

use serde_json::{Map, Value, json};

use super::pending::meta_of;
use super::person::Person;
use crate::config::portal::{DeveloperField, LinkByEmail};
use crate::domain::developer::{Developer, DeveloperIdentity, EmailAddress, Entry, Event, FULL_NAME};
use crate::domain::ids::{DeveloperId, DeveloperIdentityId};
use crate::services::change::{Change, Operation};
use crate::services::error::ServiceError;
use crate::services::portal::teams::members::set_memberships_from_groups;
use crate::services::portal::{Portal, notices, transitions};
use crate::services::{Services, representation};
use crate::store::{Connection, developer_identities, developers, portal_tokens};

/// The account that the claimed value names, by the fields of `consumer_by` in order.
pub(super) async fn candidate(
    connection: &mut Connection,
    portal: &Portal,
    person: &Person,
) -> Result<Option<Developer>, ServiceError> {
    let (Some(conf), Some(value)) = (portal.settings.provider(), &person.value) else { return Ok(None) };
    let workspace = portal.workspace.id;
    for field in &conf.consumer_by {
        let found = match field {
            DeveloperField::Email => match EmailAddress::parse(value) {
                Ok(email) => developers::find_by_email(connection, workspace, &email).await?,
                Err(_) => None,
            },
            DeveloperField::CustomId => developers::find_by_custom_id(connection, workspace, value).await?,
            DeveloperField::Id => match value.parse::<DeveloperId>() {
                Ok(id) => developers::find_by_id(connection, id).await?.filter(|found| found.ws_id == workspace),
                Err(_) => None,
            },
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    // Whatever names accounts here, an address is that of one account.
    match person.email() {
        Some(email) => Ok(developers::find_by_email(connection, workspace, &email).await?),
        None => Ok(None),
    }
}

/// A new account of a person, with `meta` as checked.
pub(super) async fn create(
    services: &Services,
    portal: &Portal,
    change: &mut Change<'_>,
    person: &Person,
    email: EmailAddress,
    meta: Map<String, Value>,
) -> Result<(Developer, DeveloperIdentity), ServiceError> {
    let entry = Entry::of_sso(portal.settings.rules, portal.settings.sso.approval, is_proven(portal, person, &email));
    let mut developer = Developer::new(portal.workspace.id, email, entry.status, change.now());
    developer.meta = meta;
    developers::create(change.connection(), &developer).await?;
    transitions::record(change, Operation::Create, &developer, "developer.registered");
    let identity = bind(change, &developer, person, "identity.created").await?;
    notices::of_status(services, portal, change, &developer, entry.mails).await?;
    Ok((developer, identity))
}

/// `meta` from claims alone; `None` when the form asks for more.
pub(super) fn meta_from_claims(
    portal: &Portal,
    person: &Person,
    known: &Map<String, Value>,
    email: &EmailAddress,
) -> Option<Map<String, Value>> {
    let local_part = email.as_str().split('@').next().unwrap_or_default();
    let mut meta = known.clone();
    if portal.settings.meta_fields.iter().any(|field| field.title == FULL_NAME) {
        meta.entry(FULL_NAME).or_insert_with(|| json!(local_part));
    }
    meta.extend(meta_of(portal, person));
    portal.settings.meta_fields.check(&meta).ok()
}

/// Binds an identity to a developer.
pub(super) async fn bind(
    change: &mut Change<'_>,
    developer: &Developer,
    person: &Person,
    event: &str,
) -> Result<DeveloperIdentity, ServiceError> {
    let identity = DeveloperIdentity {
        id: DeveloperIdentityId::generate(),
        ws_id: developer.ws_id,
        developer_id: developer.id,
        issuer: person.issuer.clone(),
        subject: person.subject.clone(),
        email: person.email().map(|email| email.to_string()),
        created_at: change.now(),
        last_login_at: None,
    };
    developer_identities::create(change.connection(), &identity).await?;
    let entity = representation::audited_identity(&identity, event);
    change.record(Operation::Create, "developer_identities", identity.id, entity);
    Ok(identity)
}

/// Whether the provider's word proves an address here.
pub(super) fn is_proven(portal: &Portal, person: &Person, email: &EmailAddress) -> bool {
    let is_always = portal.settings.sso.link_by_email == LinkByEmail::Always;
    person.has_proven(email) || is_always && person.email().as_ref() == Some(email)
}

/// What every sign-in does to an account: its status as far as the provider's word goes, its name, its address.
pub(super) async fn refresh(
    services: &Services,
    portal: &Portal,
    change: &mut Change<'_>,
    developer: &mut Developer,
    person: &Person,
    identity: &DeveloperIdentity,
) -> Result<(), ServiceError> {
    refresh_address(change, developer, person, identity).await?;
    let name = meta_of(portal, person);
    if name.iter().any(|(title, value)| developer.meta.get(title) != Some(value)) {
        let meta: Map<String, Value> = developer.meta.clone().into_iter().chain(name).collect();
        if let Ok(meta) = portal.settings.meta_fields.check(&meta) {
            developer.meta = meta;
            transitions::store(change, developer, "developer.updated_by_provider").await?;
        }
    }
    let proves_address = is_proven(portal, person, &developer.email);
    let event = Event::SignIn { approval: portal.settings.sso.approval, proves_address };
    let outlook = developer.status.after(event, developer.must_verify, portal.settings.rules);
    if outlook.is_ok_and(|it| it.to != developer.status || it.must_verify != developer.must_verify) {
        transitions::apply(services, portal, change, developer, event).await?;
    }
    match portal.settings.sso.followed_groups() {
        Some((_, mode)) => set_memberships_from_groups(change, developer, person.groups.as_deref(), mode).await,
        None => Ok(()),
    }
}

/// Follows the provider to another address that it verified and nobody has; else tells the audit log once.
async fn refresh_address(
    change: &mut Change<'_>,
    developer: &mut Developer,
    person: &Person,
    identity: &DeveloperIdentity,
) -> Result<(), ServiceError> {
    let Some(email) = person.email() else { return Ok(()) };
    if email == developer.email || identity.email.as_deref() == Some(email.as_str()) {
        return Ok(());
    }
    let is_free = developers::find_by_email(change.connection(), developer.ws_id, &email).await?.is_none();
    if person.has_proven(&email) && is_free {
        developer.email = email;
        transitions::store(change, developer, "developer.email_changed_by_provider").await?;
        // Links that are on their way to the former address.
        portal_tokens::delete_of_developer(change.connection(), developer.id).await?;
    } else {
        let mut entity = representation::audited_identity(identity, "identity.email_kept");
        if let Some(members) = entity.as_object_mut() {
            members.insert("told_email".to_owned(), json!(email));
        }
        change.record(Operation::Update, "developer_identities", identity.id, entity);
    }
    Ok(())
}
