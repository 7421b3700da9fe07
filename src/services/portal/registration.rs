//! Registration (dev-portal.md 3.2, 3.4): somebody asks for an account, or completes an invitation.

use serde_json::{Map, Value};

use super::sso::identities::unlink_all;
use super::{Portal, Visit, invitations, notices, tokens, transitions};
use crate::domain::developer::{AccountMail, Developer, DeveloperStatus, EmailAddress, Entry, Event};
use crate::domain::portal_token::Purpose;
use crate::services::Services;
use crate::services::change::{Change, Operation};
use crate::services::error::ServiceError;
use crate::store::{developers, portal_sessions, portal_tokens};

/// What somebody fills in.
#[derive(Clone, Debug, Default)]
pub struct Registration {
    /// Address, as typed.
    pub email: String,
    /// Password, as typed.
    pub password: String,
    /// `meta`.
    pub meta: Map<String, Value>,
    /// Token of an invitation.
    pub invitation: Option<String>,
}

/// A registration whose parts are right by themselves.
struct Checked {
    email: EmailAddress,
    password_hash: String,
    meta: Map<String, Value>,
    invitation: Option<String>,
}

/// Registers somebody.
///
/// # Errors
/// [`ServiceError::NotFound`] where there are no passwords, [`ServiceError::Schema`] with the wrong members (`meta` members as `meta.title`), [`ServiceError::Unique`] for a taken
/// address and for an invited one without the token, [`ServiceError::BadRequest`] for an invitation that is worth nothing, [`ServiceError::TooManyTokens`] for a
/// client that registers again and again.
pub async fn register(
    services: &Services,
    portal: &Portal,
    visit: &Visit,
    given: Registration,
) -> Result<Developer, ServiceError> {
    if !portal.settings.has_passwords() {
        return Err(ServiceError::NotFound);
    }
    let checked = check(services, portal, visit, given).await?;
    let mut change = Change::begin_portal(services, &visit.request_id).await?;
    let known = developers::find_by_email(change.connection(), portal.workspace.id, &checked.email).await?;
    let developer = match known {
        Some(invited) if invited.status == DeveloperStatus::Invited => match &checked.invitation {
            Some(token) => {
                let token = tokens::hash(token);
                complete(services, portal, &mut change, invited, checked, &token).await?
            }
            None => {
                remind(services, portal, &mut change, &invited).await?;
                change.commit().await?;
                return Err(taken(&checked.email));
            }
        },
        Some(unproven) if unproven.shown_status() == DeveloperStatus::Unverified => {
            replace(services, portal, &mut change, unproven, checked).await?
        }
        Some(_) => return Err(taken(&checked.email)),
        None if checked.invitation.is_some() => return Err(worthless()),
        None => create(services, portal, &mut change, checked).await?,
    };
    change.commit().await?;
    Ok(developer)
}

fn taken(email: &EmailAddress) -> ServiceError {
    ServiceError::Unique(vec![("email".to_owned(), email.to_string())])
}

fn worthless() -> ServiceError {
    ServiceError::BadRequest("this invitation was used or is over".to_owned())
}

async fn check(
    services: &Services,
    portal: &Portal,
    visit: &Visit,
    given: Registration,
) -> Result<Checked, ServiceError> {
    let mut wrong = Vec::new();
    let email = EmailAddress::parse(&given.email);
    if let Err(error) = &email {
        wrong.push(("email".to_owned(), error.to_string()));
    }
    if given.password.is_empty() {
        wrong.push(("password".to_owned(), "password is required".to_owned()));
    } else if let Err(error) = portal.settings.passwords.check(&given.password) {
        wrong.push(("password".to_owned(), error.to_string()));
    }
    let meta = portal.settings.meta_fields.check(&given.meta);
    if let Err(fields) = &meta {
        wrong.extend(fields.iter().map(|(title, sentence)| (format!("meta.{title}"), sentence.clone())));
    }
    let (Ok(email), Ok(meta), true) = (email, meta, wrong.is_empty()) else {
        return Err(ServiceError::Schema(wrong));
    };
    if !services.portal.pace.admit_registration(visit.client).await {
        return Err(ServiceError::TooManyTokens);
    }
    let password_hash = services.portal.passwords.hash(&given.password).await?;
    let invitation = given.invitation.filter(|token| !token.is_empty());
    Ok(Checked { email, password_hash, meta, invitation })
}

async fn create(
    services: &Services,
    portal: &Portal,
    change: &mut Change<'_>,
    checked: Checked,
) -> Result<Developer, ServiceError> {
    let entry = Entry::of_registration(portal.settings.rules);
    let mut developer = Developer::new(portal.workspace.id, checked.email, entry.status, change.now());
    developer.meta = checked.meta;
    developer.password_hash = Some(checked.password_hash);
    developers::create(change.connection(), &developer).await?;
    transitions::record(change, Operation::Create, &developer, "developer.registered");
    notices::of_status(services, portal, change, &developer, entry.mails).await?;
    Ok(developer)
}

/// Completes an invitation by its link: that alone proves the address.
async fn complete(
    services: &Services,
    portal: &Portal,
    change: &mut Change<'_>,
    mut developer: Developer,
    checked: Checked,
    token_hash: &str,
) -> Result<Developer, ServiceError> {
    let now = change.now();
    let taken = portal_tokens::take(change.connection(), Purpose::Invite, token_hash, now).await?;
    taken.filter(|token| token.developer_id == developer.id).ok_or_else(worthless)?;
    developer.meta = checked.meta;
    developer.password_hash = Some(checked.password_hash);
    transitions::apply(services, portal, change, &mut developer, Event::CompleteInvitation).await?;
    Ok(developer)
}

/// Tells an invited person who registers without the link to use it. A link that is good stays so: whoever knows the
/// address could ask. One that is over is sent anew.
async fn remind(
    services: &Services,
    portal: &Portal,
    change: &mut Change<'_>,
    invited: &Developer,
) -> Result<(), ServiceError> {
    if !services.portal.pace.admit_mail_to(invited.id).await {
        return Ok(());
    }
    let now = change.now();
    if portal_tokens::is_live(change.connection(), invited.id, Purpose::Invite, now).await? {
        let mut message = portal.message("invite-waits", &invited.email, "An invitation waits for you");
        message.paragraphs = vec![format!(
            "Somebody registered at the {} with this address, which is invited. If it was you, follow the link in the \
             mail of the invitation. If not, nothing has happened.",
            portal.name()
        )];
        return notices::send(services, portal, change, [message]).await;
    }
    if portal.settings.mails.invite { invitations::send(services, portal, change, invited).await } else { Ok(()) }
}

/// Registers an address again that nobody has proven yet: the newest registration counts, and nothing of the earlier
/// ones is left, neither links nor sessions nor identities. Else whoever came first would keep a password to the account of whoever
/// proves the address.
async fn replace(
    services: &Services,
    portal: &Portal,
    change: &mut Change<'_>,
    mut developer: Developer,
    checked: Checked,
) -> Result<Developer, ServiceError> {
    developer.meta = checked.meta;
    developer.password_hash = Some(checked.password_hash);
    developer.purge_at = None;
    transitions::store(change, &mut developer, "developer.registered").await?;
    developers::forget_failures(change.connection(), developer.id).await?;
    portal_sessions::delete_of_developer(change.connection(), developer.id, None).await?;
    portal_tokens::delete_of_developer(change.connection(), developer.id).await?;
    unlink_all(change, developer.id).await?;
    if services.portal.pace.admit_mail_to(developer.id).await {
        notices::of_status(services, portal, change, &developer, &[AccountMail::Verification]).await?;
    }
    Ok(developer)
}

/// The address that an invitation is for, while it is good.
///
/// # Errors
/// The store failed.
pub async fn invited(services: &Services, portal: &Portal, token: &str) -> Result<Option<EmailAddress>, ServiceError> {
    let mut connection = services.store.read().await?;
    let now = services.clock.now();
    let Some(token) = portal_tokens::find(&mut connection, Purpose::Invite, &tokens::hash(token), now).await? else {
        return Ok(None);
    };
    let developer = developers::find_by_id(&mut connection, token.developer_id).await?;
    Ok(developer.filter(|developer| developer.ws_id == portal.workspace.id).map(|developer| developer.email))
}

/// Tells the owner of a taken address that somebody registered with it, where the page must not tell the visitor.
///
/// # Errors
/// The store failed.
pub async fn tell_owner(services: &Services, portal: &Portal, visit: &Visit, email: &str) -> Result<(), ServiceError> {
    let Ok(email) = EmailAddress::parse(email) else { return Ok(()) };
    let mut change = Change::begin_portal(services, &visit.request_id).await?;
    let known = developers::find_by_email(change.connection(), portal.workspace.id, &email).await?;
    let Some(developer) = known else { return Ok(()) };
    // Who is invited was reminded by the registration itself.
    let is_invited = developer.status == DeveloperStatus::Invited;
    if is_invited || !services.portal.pace.admit_mail_to(developer.id).await {
        return Ok(());
    }
    let mut message = portal.message("account-exists", &developer.email, "You have an account already");
    message.paragraphs = vec![format!(
        "Somebody registered at the {} with this address, which has an account. If it was you, sign in, or reset the \
         password. If not, nothing has happened.",
        portal.name()
    )];
    notices::send(services, portal, &mut change, [message]).await?;
    change.commit().await
}
