//! The mails about accounts (dev-portal.md 10.1): who gets which one, and what it says. Links begin with the configured
//! address of the portal, never with what a request said.

use super::{Portal, tokens};
use crate::domain::developer::{AccountMail, Developer, EmailAddress};
use crate::domain::portal_token::Purpose;
use crate::services::Services;
use crate::services::change::Change;
use crate::services::error::ServiceError;
use crate::services::mail::{self, Link, Message};

impl Portal {
    pub(super) fn message(&self, template: &'static str, to: &EmailAddress, subject: impl Into<String>) -> Message {
        Message {
            template,
            to: to.clone(),
            subject: subject.into(),
            paragraphs: Vec::new(),
            links: Vec::new(),
            footnote: String::new(),
            portal_name: self.name(),
            portal_url: self.url(),
            from: self.settings.mails.from.clone(),
            reply_to: self.settings.mails.reply_to.clone(),
        }
    }

    /// The address of a page that a token opens.
    pub(super) fn token_url(&self, page: &str, token: &str) -> String {
        format!("{}{page}?token={token}", self.url())
    }

    fn home(&self, label: &'static str) -> Link {
        Link { label, url: self.url() }
    }

    /// How long a link is good, in words.
    pub(super) fn expiry(&self) -> String {
        let seconds = self.settings.token_exp;
        match seconds {
            7200.. => format!("{} hours", seconds / 3600),
            120.. => format!("{} minutes", seconds / 60),
            _ => format!("{seconds} seconds"),
        }
    }
}

/// Queues mails as part of a change.
pub(super) async fn send(
    services: &Services,
    portal: &Portal,
    change: &mut Change<'_>,
    messages: impl IntoIterator<Item = Message>,
) -> Result<(), ServiceError> {
    let now = change.now();
    for message in messages {
        mail::queue(services, change.connection(), portal.workspace.id, &message, now).await?;
    }
    Ok(())
}

/// Queues what the status machine asks for, as far as the switches allow.
pub(super) async fn of_status(
    services: &Services,
    portal: &Portal,
    change: &mut Change<'_>,
    developer: &Developer,
    mails: &[AccountMail],
) -> Result<(), ServiceError> {
    for which in mails {
        let messages = match which {
            AccountMail::Verification => vec![verification(portal, change, developer).await?],
            AccountMail::VerifiedApproved => vec![verified(portal, developer, true)],
            AccountMail::VerifiedPending => vec![verified(portal, developer, false)],
            AccountMail::Approved if portal.settings.mails.approved => vec![approved(portal, developer)],
            AccountMail::AccessRequest if portal.settings.mails.access_request => {
                access_requests(services, portal, developer)
            }
            AccountMail::Approved | AccountMail::AccessRequest => Vec::new(),
        };
        send(services, portal, change, messages).await?;
    }
    Ok(())
}

/// Asks a person to prove an address.
pub(super) async fn verification(
    portal: &Portal,
    change: &mut Change<'_>,
    developer: &Developer,
) -> Result<Message, ServiceError> {
    let now = change.now();
    let token = tokens::issue(change.connection(), portal, developer, Purpose::Verify, None, now).await?;
    let mut message = portal.message("account-verification", &developer.email, "Verify your e-mail address");
    message.paragraphs = vec![format!(
        "Somebody registered at the {} with this address. If it was you, verify the address to go on.",
        portal.name()
    )];
    message.links = vec![
        Link { label: "Verify this address", url: portal.token_url("/account/verify", &token) },
        Link { label: "It was not me", url: portal.token_url("/account/invalidate-verification", &token) },
    ];
    message.footnote = format!("The link is good for {}.", portal.expiry());
    Ok(message)
}

fn verified(portal: &Portal, developer: &Developer, is_approved: bool) -> Message {
    let (template, sentence) = match is_approved {
        true => {
            ("account-verification-approved", "Your address is verified and your account is open. You can sign in.")
        }
        false => (
            "account-verification-pending",
            "Your address is verified. An administrator now has to approve your account; you will get a mail.",
        ),
    };
    let mut message = portal.message(template, &developer.email, "Your e-mail address is verified");
    message.paragraphs = vec![sentence.to_owned()];
    message.links = vec![portal.home("Open the portal")];
    message
}

fn approved(portal: &Portal, developer: &Developer) -> Message {
    let mut message = portal.message("approved-access", &developer.email, "Your account was approved");
    message.paragraphs = vec![
        format!("Hello {},", developer.display_name()),
        format!("your account of the {} is open. You can sign in with your e-mail address.", portal.name()),
    ];
    message.links = vec![portal.home("Open the portal")];
    message
}

fn access_requests(services: &Services, portal: &Portal, developer: &Developer) -> Vec<Message> {
    let gui = &services.settings.gui;
    let page = |url: &url::Url| {
        let origin = url.origin().ascii_serialization();
        format!("{origin}{}{}/developers?workspace={}&status=1", gui.path, gui.ui_path, portal.workspace.name)
    };
    let admin_url = gui.urls.first().map(page);
    let to_admin = |admin: &EmailAddress| {
        let subject = format!("{} asks for access", developer.email);
        let mut message = portal.message("request-access", admin, subject);
        message.paragraphs = vec![format!(
            "{} ({}) registered at the {} and waits for approval.",
            developer.display_name(),
            developer.email,
            portal.name()
        )];
        message.links = admin_url.iter().map(|url| Link { label: "Look at the request", url: url.clone() }).collect();
        message
    };
    portal.settings.mails.admins.iter().map(to_admin).collect()
}
