//! Invitations by mail (dev-portal.md 3.3): a record in status invited, and a link that completes the registration.

use super::developers::portal_of;
use super::{Portal, notices, tokens, transitions};
use crate::domain::access::Caller;
use crate::domain::developer::{Developer, DeveloperStatus, EmailAddress};
use crate::domain::portal_token::Purpose;
use crate::domain::workspace::Workspace;
use crate::services::Services;
use crate::services::change::{Change, Operation};
use crate::services::error::ServiceError;
use crate::services::mail::Link;
use crate::store::developers;

/// What became of each address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invited {
    /// Addresses with a mail on its way.
    pub sent: Vec<String>,
    /// The others, with the reason.
    pub refused: Vec<(String, String)>,
}

/// Invites people.
///
/// # Errors
/// [`ServiceError::BadRequest`] where invitations are off or nobody is named; the store failed.
pub async fn invite(
    services: &Services,
    caller: &Caller,
    workspace: &Workspace,
    emails: &[String],
) -> Result<Invited, ServiceError> {
    let portal = portal_of(services, workspace)?;
    if !portal.settings.mails.invite {
        return Err(switched_off());
    }
    if emails.is_empty() {
        return Err(ServiceError::field("emails", "required field missing"));
    }
    let mut invited = Invited::default();
    for email in emails {
        match invite_one(services, caller, &portal, email).await {
            Ok(()) => invited.sent.push(email.clone()),
            Err(ServiceError::Store(error)) => return Err(ServiceError::Store(error)),
            Err(ServiceError::Unique(_)) => invited.refused.push((email.clone(), "has an account already".to_owned())),
            Err(error) => invited.refused.push((email.clone(), error.to_string())),
        }
    }
    Ok(invited)
}

/// Where nobody is invited.
pub(super) fn switched_off() -> ServiceError {
    ServiceError::BadRequest("portal_invite_email is off: no invitations are sent".to_owned())
}

async fn invite_one(services: &Services, caller: &Caller, portal: &Portal, email: &str) -> Result<(), ServiceError> {
    let email = EmailAddress::parse(email).map_err(|error| ServiceError::BadRequest(error.to_string()))?;
    let mut change = Change::begin_portal_by(services, caller).await?;
    let known = developers::find_by_email(change.connection(), portal.workspace.id, &email).await?;
    let developer = match known {
        Some(invited) if invited.status == DeveloperStatus::Invited => invited,
        Some(_) => return Err(ServiceError::Unique(Vec::new())),
        None => {
            let developer = Developer::new(portal.workspace.id, email, DeveloperStatus::Invited, change.now());
            developers::create(change.connection(), &developer).await?;
            transitions::record(&mut change, Operation::Create, &developer, "developer.invited");
            developer
        }
    };
    send(services, portal, &mut change, &developer).await?;
    change.commit().await
}

/// Sends the link of an invitation; an earlier one is worth nothing from now on.
pub(super) async fn send(
    services: &Services,
    portal: &Portal,
    change: &mut Change<'_>,
    developer: &Developer,
) -> Result<(), ServiceError> {
    let now = change.now();
    let token = tokens::issue(change.connection(), portal, developer, Purpose::Invite, None, now).await?;
    let subject = format!("You are invited to the {}", portal.name().replace("Developer", "developer"));
    let mut message = portal.message("invite", &developer.email, subject);
    message.paragraphs =
        vec!["You are invited to find APIs, create applications and get credentials for them.".to_owned()];
    message.links = vec![Link { label: "Complete your registration", url: portal.token_url("/register", &token) }];
    message.footnote = format!("The link is good for {}.", portal.expiry());
    notices::send(services, portal, change, [message]).await
}
