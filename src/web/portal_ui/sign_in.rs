//! `/login` and `/logout`.

use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;
use url::form_urlencoded;

use super::forms::PageForm;
use super::shell::{PortalSection, PortalShell};
use super::sso::{self, way_back};
use super::visitor::{PageVisitor, see_other};
use crate::domain::developer::Developer;
use crate::services::portal::login::{self, Login, Unusable};
use crate::services::portal::{sessions, sso as services_sso};
use crate::web::admin_ui::flash::Flash;
use crate::web::admin_ui::form::{Errors, Field};
use crate::web::error::ApiError;
use crate::web::portal_api::guard::{PortalError, PortalResult};

#[derive(Template)]
#[template(path = "portal/sign_in.html")]
struct SignInPage {
    shell: PortalShell,
    errors: Errors,
    email: Field,
    return_to: String,
    sso: Option<SsoWay>,
    has_passwords: bool,
    can_reset: bool,
    /// Whether failures lock an account.
    locks: bool,
}

/// The way to the identity provider.
struct SsoWay {
    url: String,
    is_down: bool,
    retry_url: String,
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
    pub(super) return_to: String,
}

/// `GET /login`; somebody who is signed in goes home.
pub(super) async fn show(visitor: PageVisitor, query: Query<SignInQuery>) -> PortalResult {
    visitor.require_accounts()?;
    if visitor.is_signed_in() {
        return Ok(see_other(&way_back(&visitor, &query.return_to)));
    }
    page(&visitor, "", &query.return_to, Errors::default(), StatusCode::OK).await
}

/// The button, or that the provider is not there.
async fn sso_way(visitor: &PageVisitor, return_to: &str) -> Option<SsoWay> {
    visitor.portal.settings.provider()?;
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("return_to", return_to).finish();
    let with_query = |page: &str| if return_to.is_empty() { page.to_owned() } else { format!("{page}?{query}") };
    Some(SsoWay {
        is_down: !services_sso::is_provider_there(&visitor.services, &visitor.portal).await,
        // The provider leads back to the public address, so the way begins there.
        url: with_query(&format!("{}/login/sso", visitor.portal.url())),
        retry_url: with_query(&visitor.url("/login")),
    })
}

async fn page(visitor: &PageVisitor, email: &str, return_to: &str, errors: Errors, status: StatusCode) -> PortalResult {
    let settings = &visitor.portal.settings;
    let sso = sso_way(visitor, return_to).await;
    let is_down = sso.as_ref().is_some_and(|way| way.is_down);
    let status = if is_down && status == StatusCode::OK { StatusCode::SERVICE_UNAVAILABLE } else { status };
    let page = SignInPage {
        shell: visitor.shell("Sign in", PortalSection::None)?,
        email: Field::of(email),
        return_to: return_to.to_owned(),
        sso,
        has_passwords: settings.has_passwords(),
        can_reset: settings.mails.reset,
        locks: settings.login_attempts > 0,
        errors,
    };
    visitor.render(status, &page)
}

/// `POST /login`
pub(super) async fn sign_in(form: PageForm) -> PortalResult {
    let PageForm { visitor, fields } = form;
    visitor.require_passwords()?;
    let (email, return_to) = (fields.text("email"), fields.text("return_to"));
    let pair = [email, fields.exact("password")];
    let visit = visitor.visit.visit();
    match login::login(&visitor.services, &visitor.portal, &visit, pair, Unusable::LimitedSession).await? {
        Login::Known { key: Some(key), developer } => {
            let is_usable = developer.may_act();
            let event = if is_usable { "portal.login.success" } else { "portal.login.failure" };
            visitor.note(format!("{event} developer {}", developer.id), is_usable);
            let to = if is_usable { way_back(&visitor, return_to) } else { visitor.url("/pending") };
            let mut response = match !fields.text("link").is_empty() && link(&visitor, &developer).await? {
                true => visitor.clone().renewed(&key).await?.done(&to, &Flash::ok("Your account is linked."))?,
                false => see_other(&to),
            };
            sso::forget_identity(&visitor, &mut response);
            visitor.send_key(&mut response, &key);
            Ok(response)
        }
        Login::TooMany => Err(ApiError::portal_too_many().into()),
        Login::Known { key: None, .. } | Login::Refused => {
            visitor.note("portal.login.failure", false);
            let errors = Errors::of_field("email", "", "the e-mail address or the password is wrong.");
            let errors = errors.headed("You are not signed in.");
            page(&visitor, email, return_to, errors, StatusCode::UNAUTHORIZED).await
        }
    }
}

/// Links the identity that waits in this browser to the account whose password was right.
async fn link(visitor: &PageVisitor, developer: &Developer) -> Result<bool, PortalError> {
    let (services, portal, key) = (&visitor.services, &visitor.portal, sso::identity_key(visitor));
    Ok(services_sso::link_by_password(services, portal, &visitor.visit.visit(), &key, developer).await?)
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
    let at_provider = match &visitor.live {
        Some(live) => services_sso::logout_url(&visitor.services, &visitor.portal, &live.session).await,
        None => None,
    };
    let visitor = visitor.signed_out();
    let to = at_provider.map_or_else(|| after_logout(&visitor), String::from);
    let mut response = visitor.done(&to, &Flash::ok("You are signed out."))?;
    visitor.forget_key(&mut response);
    Ok(response)
}

/// Where the provider has no part in the sign-out: `logout_redirect_uri`, or home.
fn after_logout(visitor: &PageVisitor) -> String {
    let configured = visitor.portal.settings.provider().and_then(|conf| conf.logout_redirect_uri.as_ref());
    configured.map_or_else(|| visitor.url("/"), |url| url.to_string())
}
