//! Whether an identity may become that of an account that exists, and making it so (dev-portal.md 2.3).

use serde_json::json;

use super::account::{bind, candidate};
use super::identities::unlink_all;
use super::pending;
use super::person::Person;
use crate::config::portal::LinkByEmail;
use crate::domain::developer::{Developer, DeveloperIdentity, DeveloperStatus, EmailAddress};
use crate::services::Services;
use crate::services::change::{Change, Operation};
use crate::services::error::ServiceError;
use crate::services::portal::{Portal, Visit, transitions};
use crate::store::{Connection, developer_identities, developers, portal_sessions, portal_tokens};

/// Why the provider's word does not open an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is somebody else's at the same provider. No password changes that: an address may have got another owner there.
    OtherSubject,
    /// The provider did not verify the address.
    Unverified,
    /// `sso_portal_link_by_email = never`.
    Never,
}

impl Refusal {
    const fn word(self) -> &'static str {
        match self {
            Self::OtherSubject => "bound to another subject of the provider",
            Self::Unverified => "the provider did not verify the address",
            Self::Never => "sso_portal_link_by_email is never",
        }
    }
}

/// Why an identity may not become that of `developer`; `None` when it may.
pub(super) async fn refusal(
    connection: &mut Connection,
    portal: &Portal,
    person: &Person,
    developer: &Developer,
) -> Result<Option<Refusal>, ServiceError> {
    let bound = developer_identities::list(connection, developer.id).await?;
    // The same subject was bound by another tab just now: the caller finds that at the second look.
    let is_other = |it: &DeveloperIdentity| it.issuer == person.issuer && it.subject != person.subject;
    if bound.iter().any(is_other) && !replaces_claim(person, developer) {
        return Ok(Some(Refusal::OtherSubject));
    }
    Ok(match portal.settings.sso.link_by_email {
        LinkByEmail::Never => Some(Refusal::Never),
        LinkByEmail::Always => None,
        LinkByEmail::Verified if is_named_by_key(person, developer) || person.has_proven(&developer.email) => None,
        LinkByEmail::Verified => Some(Refusal::Unverified),
    })
}

/// Whether nobody has proven the account's address yet, and the provider does: then it is theirs, whoever claimed it first.
fn replaces_claim(person: &Person, developer: &Developer) -> bool {
    developer.shown_status() == DeveloperStatus::Unverified && person.has_proven(&developer.email)
}

/// Whether the account is named by a key that an admin gave it. A value that is an address proves nothing by itself.
fn is_named_by_key(person: &Person, developer: &Developer) -> bool {
    let Some(value) = &person.value else { return false };
    developer.custom_id.as_deref() == Some(value) && EmailAddress::parse(value).is_err()
}

/// Notes a refusal in the audit log.
pub(super) fn record_refusal(change: &mut Change<'_>, person: &Person, developer: &Developer, refusal: Refusal) {
    let entity = json!({
        "event": "identity.link_refused", "developer": { "id": developer.id }, "workspace": { "id": developer.ws_id },
        "issuer": person.issuer, "subject": person.subject, "reason": refusal.word(),
    });
    change.record(Operation::Update, "developer_identities", developer.id, entity);
}

/// Makes an identity that of an account because the provider proves the address. What was there before may be of somebody
/// who only claimed it: the password, sessions and links are worth nothing from now on.
pub(super) async fn link(
    change: &mut Change<'_>,
    developer: &mut Developer,
    person: &Person,
) -> Result<DeveloperIdentity, ServiceError> {
    if replaces_claim(person, developer) {
        unlink_all(change, developer.id).await?;
    }
    let identity = bind(change, developer, person, "identity.linked").await?;
    if developer.password_hash.take().is_some() {
        transitions::store(change, developer, "developer.password_removed").await?;
        developers::forget_failures(change.connection(), developer.id).await?;
    }
    portal_sessions::delete_of_developer(change.connection(), developer.id, None).await?;
    portal_tokens::delete_of_developer(change.connection(), developer.id).await?;
    Ok(identity)
}

/// Links a pending identity to the account whose password was just given; `false` when there is nothing to link.
///
/// # Errors
/// The store failed.
pub async fn link_by_password(
    services: &Services,
    portal: &Portal,
    visit: &Visit,
    key: &str,
    developer: &Developer,
) -> Result<bool, ServiceError> {
    let mut change = Change::begin_portal(services, &visit.request_id).await?;
    let Some(person) = pending::take(services, change.connection(), portal, key).await? else { return Ok(false) };
    let named = candidate(change.connection(), portal, &person).await?;
    if named.is_none_or(|named| named.id != developer.id) {
        return Ok(false);
    }
    if refusal(change.connection(), portal, &person, developer).await? == Some(Refusal::OtherSubject) {
        return Ok(false);
    }
    bind(&mut change, developer, &person, "identity.linked").await?;
    // The provider tells the address from now on: no change of it that is under way may end elsewhere.
    portal_tokens::delete_of_developer(change.connection(), developer.id).await?;
    change.commit().await?;
    Ok(true)
}
