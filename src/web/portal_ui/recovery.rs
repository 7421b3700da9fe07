//! `/forgot-password` and `/reset-password`.

use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;

use super::forms::PageForm;
use super::shell::{PortalSection, PortalShell};
use super::verify::{Outcome, TokenQuery, outcome};
use super::visitor::PageVisitor;
use crate::services::portal::recovery;
use crate::web::admin_ui::flash::Flash;
use crate::web::admin_ui::form::{Errors, Field};
use crate::web::error::ApiError;
use crate::web::portal_api::guard::{PortalError, PortalResult};

#[derive(Template)]
#[template(path = "portal/forgot_password.html")]
struct ForgotPage {
    shell: PortalShell,
}

#[derive(Template)]
#[template(path = "portal/reset_password.html")]
struct ResetPage {
    shell: PortalShell,
    errors: Errors,
    token: String,
    password: Field,
    password_hint: String,
}

const WORTHLESS: Outcome = Outcome {
    is_good: false,
    heading: "This link does not work any more",
    sentence: "It was used, or it is too old, or a newer one was sent.",
    link: Some(("/forgot-password", "Ask for another link")),
};

/// Pages of recovery are not there where it is switched off.
fn require(visitor: &PageVisitor) -> Result<(), PortalError> {
    visitor.require_passwords()?;
    if visitor.portal.settings.mails.reset { Ok(()) } else { Err(ApiError::not_found().into()) }
}

/// `GET /forgot-password`
pub(super) async fn show(visitor: PageVisitor) -> PortalResult {
    require(&visitor)?;
    let page = ForgotPage { shell: visitor.shell("Forgot password", PortalSection::None)? };
    visitor.render(StatusCode::OK, &page)
}

/// `POST /forgot-password`
pub(super) async fn forgot(form: PageForm) -> PortalResult {
    let PageForm { visitor, fields } = form;
    require(&visitor)?;
    recovery::forgot(&visitor.services, &visitor.portal, &visitor.visit.visit(), fields.text("email")).await?;
    let message = Flash::ok("If this address has an account, a link to set another password is on its way.");
    visitor.done(&visitor.url("/forgot-password"), &message)
}

/// `GET /reset-password`
pub(super) async fn show_reset(visitor: PageVisitor, query: Query<TokenQuery>) -> PortalResult {
    require(&visitor)?;
    let is_good =
        !query.token.is_empty() && recovery::is_good(&visitor.services, &visitor.portal, &query.token).await?;
    if is_good { page(&visitor, &query.token, Errors::default()) } else { outcome(&visitor, &WORTHLESS) }
}

fn page(visitor: &PageVisitor, token: &str, errors: Errors) -> PortalResult {
    let page = ResetPage {
        shell: visitor.shell("Set another password", PortalSection::None)?,
        token: token.to_owned(),
        password: Field::checked("", &errors, "password"),
        password_hint: visitor.portal.settings.passwords.hint(),
        errors,
    };
    visitor.render_secret(page.errors.status(), &page)
}

/// `POST /reset-password`
pub(super) async fn reset(form: PageForm) -> PortalResult {
    let PageForm { visitor, fields } = form;
    require(&visitor)?;
    let (token, password) = (fields.text("token"), fields.exact("password"));
    if token.is_empty() {
        return outcome(&visitor, &WORTHLESS);
    }
    match recovery::reset(&visitor.services, &visitor.portal, &visitor.visit.visit(), token, password).await {
        Ok(true) => {
            let visitor = visitor.signed_out();
            let message = Flash::ok("Your password was changed. Sign in with the new one.");
            let mut response = visitor.done(&visitor.url("/login"), &message)?;
            visitor.forget_key(&mut response);
            Ok(response)
        }
        Ok(false) => outcome(&visitor, &WORTHLESS),
        Err(refusal) => page(&visitor, token, Errors::of_refusal(refusal.into(), &[("password", "New password")])?),
    }
}
