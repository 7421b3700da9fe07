//! `/login` and `/logout`.

use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;

use super::forms::PageForm;
use super::shell::{PortalSection, PortalShell};
use super::visitor::{PageVisitor, see_other};
use crate::services::portal::login::{self, Login, Unusable};
use crate::services::portal::sessions;
use crate::web::admin_ui::flash::Flash;
use crate::web::admin_ui::form::{Errors, Field};
use crate::web::error::ApiError;
use crate::web::portal_api::guard::PortalResult;

#[derive(Template)]
#[template(path = "portal/sign_in.html")]
struct SignInPage {
    shell: PortalShell,
    errors: Errors,
    email: Field,
    return_to: String,
    can_reset: bool,
    /// Whether failures lock an account.
    locks: bool,
}

#[derive(Template)]
#[template(path = "portal/sign_out.html")]
struct SignOutPage {
    shell: PortalShell,
}

/// Where to go afterwards.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SignInQuery {
    return_to: String,
}

/// `GET /login`; somebody who is signed in goes home.
pub(super) async fn show(visitor: PageVisitor, query: Query<SignInQuery>) -> PortalResult {
    visitor.require_accounts()?;
    if visitor.is_signed_in() {
        return Ok(see_other(&way_back(&visitor, &query.return_to)));
    }
    page(&visitor, "", &query.return_to, Errors::default(), StatusCode::OK)
}

fn page(visitor: &PageVisitor, email: &str, return_to: &str, errors: Errors, status: StatusCode) -> PortalResult {
    let settings = &visitor.portal.settings;
    let page = SignInPage {
        shell: visitor.shell("Sign in", PortalSection::None)?,
        email: Field::of(email),
        return_to: return_to.to_owned(),
        can_reset: settings.mails.reset,
        locks: settings.login_attempts > 0,
        errors,
    };
    visitor.render(status, &page)
}

/// `POST /login`
pub(super) async fn sign_in(form: PageForm) -> PortalResult {
    let PageForm { visitor, fields } = form;
    visitor.require_accounts()?;
    let (email, return_to) = (fields.text("email"), fields.text("return_to"));
    let pair = [email, fields.exact("password")];
    let visit = visitor.visit.visit();
    match login::login(&visitor.services, &visitor.portal, &visit, pair, Unusable::LimitedSession).await? {
        Login::Known { key: Some(key), developer } => {
            let is_usable = developer.may_act();
            let event = if is_usable { "portal.login.success" } else { "portal.login.failure" };
            visitor.note(format!("{event} developer {}", developer.id), is_usable);
            let to = if is_usable { way_back(&visitor, return_to) } else { visitor.url("/pending") };
            let mut response = see_other(&to);
            visitor.send_key(&mut response, &key);
            Ok(response)
        }
        Login::TooMany => Err(ApiError::portal_too_many().into()),
        Login::Known { key: None, .. } | Login::Refused => {
            visitor.note("portal.login.failure", false);
            let errors = Errors::of_field("email", "", "the e-mail address or the password is wrong.");
            page(&visitor, email, return_to, errors.headed("You are not signed in."), StatusCode::UNAUTHORIZED)
        }
    }
}

/// A page of this workspace's portal, or home. Browsers drop tabs and line ends, and take `%2e` for a dot.
fn way_back(visitor: &PageVisitor, return_to: &str) -> String {
    let lower = return_to.to_ascii_lowercase();
    let is_ours = return_to.starts_with(&visitor.url("/"))
        && !return_to.contains(|c: char| c == '\\' || c.is_control())
        && !["//", "/..", "%2e", "%2f", "%5c"].iter().any(|part| lower.contains(part));
    if is_ours { return_to.to_owned() } else { visitor.url("/") }
}

/// `GET /logout`: asks first, because a link on another site must not sign anybody out.
pub(super) async fn ask(visitor: PageVisitor) -> PortalResult {
    visitor.require_accounts()?;
    if visitor.live.is_none() {
        return Ok(see_other(&visitor.url("/")));
    }
    let page = SignOutPage { shell: visitor.shell("Sign out", PortalSection::None)? };
    visitor.render(StatusCode::OK, &page)
}

/// `POST /logout`
pub(super) async fn sign_out(form: PageForm) -> PortalResult {
    let PageForm { visitor, .. } = form;
    visitor.require_accounts()?;
    if let Some(live) = &visitor.live {
        sessions::end(&visitor.services, live.session.id).await?;
        visitor.note(format!("portal.logout developer {}", live.developer.id), true);
    }
    let visitor = visitor.signed_out();
    let mut response = visitor.done(&visitor.url("/"), &Flash::ok("You are signed out."))?;
    visitor.forget_key(&mut response);
    Ok(response)
}
