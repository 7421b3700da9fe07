//! Proving an address: the page after a registration, and the pages that links in mails lead to. A mail scanner follows
//! links too, so only the button of a page does something.

use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;

use super::forms::PageForm;
use super::shell::{PortalSection, PortalShell};
use super::visitor::PageVisitor;
use crate::domain::developer::DeveloperStatus;
use crate::services::portal::verification;
use crate::web::admin_ui::flash::Flash;
use crate::web::portal_api::guard::PortalResult;

#[derive(Template)]
#[template(path = "portal/check_mail.html")]
struct CheckMailPage {
    shell: PortalShell,
}

#[derive(Template)]
#[template(path = "portal/confirm.html")]
struct ConfirmPage {
    shell: PortalShell,
    heading: &'static str,
    sentence: &'static str,
    button: &'static str,
    action: String,
    token: String,
}

#[derive(Template)]
#[template(path = "portal/outcome.html")]
struct OutcomePage {
    shell: PortalShell,
    tone: &'static str,
    icon: &'static str,
    heading: &'static str,
    sentence: &'static str,
    link: Option<(String, &'static str)>,
}

/// The token of a link.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct TokenQuery {
    pub(super) token: String,
}

/// What a page says at the end.
pub(super) struct Outcome {
    pub(super) is_good: bool,
    pub(super) heading: &'static str,
    pub(super) sentence: &'static str,
    pub(super) link: Option<(&'static str, &'static str)>,
}

/// The page of an outcome.
pub(super) fn outcome(visitor: &PageVisitor, outcome: &Outcome) -> PortalResult {
    let (tone, icon) = if outcome.is_good { ("ok", "check") } else { ("warn", "alert") };
    let page = OutcomePage {
        shell: visitor.shell(outcome.heading, PortalSection::None)?,
        tone,
        icon,
        heading: outcome.heading,
        sentence: outcome.sentence,
        link: outcome.link.map(|(page, label)| (visitor.url(page), label)),
    };
    let status = if outcome.is_good { StatusCode::OK } else { StatusCode::GONE };
    visitor.render_secret(status, &page)
}

/// `GET /check-mail`
pub(super) async fn check_mail(visitor: PageVisitor) -> PortalResult {
    visitor.require_accounts()?;
    let page = CheckMailPage { shell: visitor.shell("Check your mail", PortalSection::None)? };
    visitor.render(StatusCode::OK, &page)
}

/// `POST /check-mail`: sends the link again.
pub(super) async fn resend(form: PageForm) -> PortalResult {
    let PageForm { visitor, fields } = form;
    visitor.require_accounts()?;
    let visit = visitor.visit.visit();
    verification::resend(&visitor.services, &visitor.portal, &visit, fields.text("email")).await?;
    let message = Flash::ok("If an account waits for this address to be verified, another link is on its way.");
    visitor.done(&visitor.url("/check-mail"), &message)
}

/// `GET /account/verify`
pub(super) async fn show(visitor: PageVisitor, query: Query<TokenQuery>) -> PortalResult {
    visitor.require_accounts()?;
    let page = ConfirmPage {
        shell: visitor.shell("Verify your address", PortalSection::None)?,
        heading: "Verify your e-mail address",
        sentence: "One click, and the address counts as yours.",
        button: "Verify this address",
        action: visitor.url("/account/verify"),
        token: query.into_inner().token,
    };
    visitor.render_secret(StatusCode::OK, &page)
}

/// `POST /account/verify`
pub(super) async fn verify(form: PageForm) -> PortalResult {
    let PageForm { visitor, fields } = form;
    visitor.require_accounts()?;
    let token = fields.text("token");
    if token.is_empty() {
        return outcome(&visitor, &WORTHLESS);
    }
    let visit = visitor.visit.visit();
    let verified = verification::verify(&visitor.services, &visitor.portal, &visit, token).await?;
    let said = match verified.map(|developer| developer.status) {
        None => WORTHLESS,
        Some(DeveloperStatus::Approved) => Outcome {
            is_good: true,
            heading: "Your address is verified",
            sentence: "You can sign in now.",
            link: Some(("/login", "Sign in")),
        },
        Some(_) => Outcome {
            is_good: true,
            heading: "Your address is verified",
            sentence: "An administrator has to approve your account next. You will get a mail.",
            link: Some(("/", "Go to the portal")),
        },
    };
    outcome(&visitor, &said)
}

const WORTHLESS: Outcome = Outcome {
    is_good: false,
    heading: "This link does not work any more",
    sentence: "It was used, or it is too old, or a newer one was sent. Ask for another one.",
    link: Some(("/check-mail", "Send another link")),
};

/// `GET /account/invalidate-verification`
pub(super) async fn show_disown(visitor: PageVisitor, query: Query<TokenQuery>) -> PortalResult {
    visitor.require_accounts()?;
    let page = ConfirmPage {
        shell: visitor.shell("It was not me", PortalSection::None)?,
        heading: "Somebody else used your address?",
        sentence: "The link in that mail will not work any more, and the account is removed after a week.",
        button: "It was not me",
        action: visitor.url("/account/invalidate-verification"),
        token: query.into_inner().token,
    };
    visitor.render_secret(StatusCode::OK, &page)
}

/// `POST /account/invalidate-verification`
pub(super) async fn disown(form: PageForm) -> PortalResult {
    let PageForm { visitor, fields } = form;
    visitor.require_accounts()?;
    let token = fields.text("token");
    let visit = visitor.visit.visit();
    let is_done =
        !token.is_empty() && verification::invalidate(&visitor.services, &visitor.portal, &visit, token).await?;
    let said = if is_done {
        Outcome {
            is_good: true,
            heading: "The account will be removed",
            sentence: "Nobody can verify it any more. Nothing else has to be done.",
            link: None,
        }
    } else {
        Outcome { link: None, sentence: "It was used, or it is too old, or a newer one was sent.", ..WORTHLESS }
    };
    outcome(&visitor, &said)
}
