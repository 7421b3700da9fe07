//! `/pending`: the state of an account that may not be used.

use actix_web::http::StatusCode;
use askama::Template;

use super::shell::{PortalSection, PortalShell};
use super::visitor::{PageVisitor, see_other};
use crate::domain::developer::DeveloperStatus;
use crate::web::portal_api::guard::PortalResult;

#[derive(Template)]
#[template(path = "portal/pending.html")]
struct PendingPage {
    shell: PortalShell,
    email: String,
    tone: &'static str,
    icon: &'static str,
    heading: &'static str,
    sentence: &'static str,
    can_resend: bool,
    can_sign_in: bool,
}

/// `GET /pending`; who may go on goes home, and who is nobody to the login.
pub(super) async fn show(visitor: PageVisitor) -> PortalResult {
    visitor.require_accounts()?;
    let Some(live) = visitor.live.as_ref() else { return Ok(see_other(&visitor.url("/login"))) };
    if live.is_full() {
        return Ok(see_other(&visitor.url("/")));
    }
    let status = live.developer.shown_status();
    let (tone, icon, heading, sentence) = words(status);
    let page = PendingPage {
        shell: visitor.shell(heading, PortalSection::None)?,
        email: live.developer.email.to_string(),
        tone,
        icon,
        heading,
        sentence,
        can_resend: status == DeveloperStatus::Unverified,
        can_sign_in: status == DeveloperStatus::Approved,
    };
    visitor.render(StatusCode::OK, &page)
}

const fn words(status: DeveloperStatus) -> (&'static str, &'static str, &'static str, &'static str) {
    match status {
        DeveloperStatus::Approved => ("ok", "check", "Your account was approved", "Sign in once more to go on."),
        DeveloperStatus::Pending | DeveloperStatus::Invited => (
            "info",
            "info",
            "Your account waits for approval",
            "An administrator has to approve it. You will get a mail when that is done.",
        ),
        DeveloperStatus::Rejected => (
            "bad",
            "alert",
            "Your account was not approved",
            "Ask whoever runs this portal if you think that this is a mistake.",
        ),
        DeveloperStatus::Revoked => (
            "bad",
            "alert",
            "Your access was revoked",
            "Your applications do not work any more. Ask whoever runs this portal if you think that this is a mistake.",
        ),
        DeveloperStatus::Unverified => (
            "warn",
            "alert",
            "Verify your e-mail address first",
            "Follow the link in the mail that was sent to you. Nothing there? Look into the spam folder, or send another one.",
        ),
    }
}
