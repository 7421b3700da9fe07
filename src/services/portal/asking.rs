//! A developer who sees an API but may not use it asks the admins for the right: a mail, and nothing else. Only an admin
//! puts developers into teams.

use super::{Portal, Visit, notices, sight};
use crate::domain::catalogue::PublishedApi;
use crate::domain::developer::Developer;
use crate::domain::visibility::ApiRight;
use crate::services::change::Change;
use crate::services::error::ServiceError;
use crate::services::{Services, catalogue};

/// Longest reason that is mailed, characters.
const LONGEST_REASON: usize = 1000;

/// Whether somebody would get the mail.
#[must_use]
pub fn is_possible(portal: &Portal) -> bool {
    portal.settings.mails.access_request && !portal.settings.mails.admins.is_empty()
}

/// Tells the admins that a developer wants to use an API that it may only read about.
///
/// # Errors
/// [`ServiceError::NotFound`] for an API that is hidden and where nobody would be told, [`ServiceError::Conflict`] for one
/// that may be used already, [`ServiceError::Forbidden`] beyond three in an hour.
pub async fn ask(
    services: &Services,
    portal: &Portal,
    visit: &Visit,
    developer: &Developer,
    api: &str,
    reason: &str,
) -> Result<PublishedApi, ServiceError> {
    let sight = sight::of_visitor(services, &portal.workspace, Some(developer.id)).await?;
    let api = catalogue::get_visible(services, portal.workspace.id, &sight, api).await?;
    if !is_possible(portal) {
        return Err(ServiceError::NotFound);
    }
    if sight.right(&api) == ApiRight::Register {
        return Err(ServiceError::Conflict(format!("you may use {} already", api.name)));
    }
    if !services.portal.pace.admit_question(developer.id).await {
        return Err(ServiceError::Forbidden("you have asked often enough for now: try again in an hour".to_owned()));
    }
    let subject = format!("{} asks to use {}", developer.email, api.name);
    let mut paragraphs = vec![format!(
        "{} ({}) may read about the API {} and asks to use it. A team with the role \"API Consumer\" on it gives that right.",
        developer.display_name(),
        developer.email,
        api.name
    )];
    let reason: String = reason.trim().chars().take(LONGEST_REASON).collect();
    if !reason.is_empty() {
        paragraphs.push(format!("Reason: {reason}"));
    }
    let messages = portal.settings.mails.admins.iter().map(|admin| {
        let mut message = portal.message("request-api-access", admin, subject.clone());
        message.paragraphs.clone_from(&paragraphs);
        message
    });
    let mut change = Change::begin_portal(services, &visit.request_id).await?;
    notices::send(services, portal, &mut change, messages).await?;
    change.commit().await?;
    Ok(api)
}
