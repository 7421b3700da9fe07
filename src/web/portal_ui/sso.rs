//! `/login/sso` and `/auth/callback`: the way to the identity provider and back. Kong's own door, `/auth` of the JSON API,
//! takes the provider's answer too.
//!
//! ```text
//! /login/sso --302, login-state cookie--> provider --302--> /auth/callback --> session --> where the person wanted to go
//!                                                                |--> /register with a pending identity
//!                                                                |--> /pending, while the account may not be used
//!                                                                \--> a page that says why not
//! ```

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::{Data, Query};
use askama::Template;
use url::Url;

use super::shell::{PortalSection, PortalShell};
use super::sign_in::SignInQuery;
use super::visitor::{PageVisitor, see_other};
use crate::config::auth_conf::SameSite;
use crate::services::login::error::LoginError;
use crate::services::login::{AuthorizationResponse, Login, Started};
use crate::services::portal::sso::{self, Arrived};
use crate::web::error::ApiError;
use crate::web::pages::{self, BareShell};
use crate::web::portal_api::guard::{Face, PortalResult, PortalVisit};

/// Cookie of logins on their way.
const STATE: &str = "portal_login";
/// Cookie of an identity that is nobody's yet.
const IDENTITY: &str = "portal_identity";
/// Seconds for which the browser keeps the latter; the store decides.
const IDENTITY_LIFETIME: i64 = 1800;

#[derive(Template)]
#[template(path = "portal/link_refused.html")]
struct LinkRefusedPage {
    shell: PortalShell,
    email: String,
    /// Whether the password of the account links it.
    can_link: bool,
}

#[derive(Template)]
#[template(path = "portal/not_admitted.html")]
struct NotAdmittedPage {
    shell: PortalShell,
    sentence: &'static str,
}

/// `GET /login/sso`
pub(super) async fn start(visitor: PageVisitor, query: Query<SignInQuery>) -> PortalResult {
    visitor.require_provider()?;
    if visitor.is_signed_in() {
        return Ok(see_other(&way_back(&visitor, &query.return_to)));
    }
    begin(&visitor, &query.return_to).await
}

/// Sends the browser to the provider.
///
/// # Errors
/// 503 when the provider is not known and does not answer.
pub(in crate::web) async fn begin(visit: &PortalVisit, return_to: &str) -> PortalResult {
    let return_to = Some(return_to.to_owned()).filter(|path| is_ours(visit, path));
    let started = sso::start(&visit.services, &visit.portal, return_to, &visit.cookie(STATE)).await;
    let Started { url, cookie } = started.map_err(|error| refused(visit, &error))?;
    let mut response = HttpResponse::Found()
        .insert_header((LOCATION, url.as_str()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish();
    visit.set_lax_cookie(&mut response, (STATE, &cookie), sso::timeout(&visit.services));
    Ok(response)
}

/// `GET /auth/callback`
pub(super) async fn callback(visit: PortalVisit) -> PortalResult {
    visit.require_provider()?;
    match answer_of(&visit)? {
        Some(answer) => finish(visit, answer).await,
        None => {
            Err(ApiError::bad_request("no_login_answer", "This address is for answers of the identity provider").into())
        }
    }
}

/// The provider's answer, if the request is one.
///
/// # Errors
/// 400 for a malformed one.
pub(in crate::web) fn answer_of(visit: &PortalVisit) -> Result<Option<AuthorizationResponse>, ApiError> {
    Login::answer(visit.request.query_string().as_bytes()).map_err(|error| refused(visit, &error))
}

/// Takes the provider's answer, and lets the person in as far as the settings do.
///
/// # Errors
/// 400 when the answer belongs to no login of this browser or proves nothing, 503 when the provider does not answer.
pub(in crate::web) async fn finish(visit: PortalVisit, answer: AuthorizationResponse) -> PortalResult {
    let (services, portal) = (&visit.services, &visit.portal);
    let taken = sso::take(services, portal, &answer.state, &visit.cookie(STATE)).await;
    let taken = taken.map_err(|error| refused(&visit, &error))?;
    let arrived = sso::finish(services, portal, &visit.visit(), &taken, answer).await;
    let arrived = arrived.map_err(|error| refused(&visit, &error))?;
    let mut response = match arrived {
        Arrived::In { developer, key } => {
            let is_usable = developer.may_act();
            let event = if is_usable { "portal.login.success" } else { "portal.login.failure" };
            visit.record(format!("{event} sso developer {}", developer.id), is_usable);
            let to =
                if is_usable { landing(&visit, taken.pending.return_to.as_deref()) } else { at(&visit, "/pending") };
            let mut response = onward(&visit, &to)?;
            visit.send_key(&mut response, &key);
            response
        }
        Arrived::Form { key } => {
            visit.record("portal.login.form sso", true);
            let mut response = see_other(&at(&visit, "/register"));
            send_identity(&visit, &mut response, &key);
            response
        }
        Arrived::LinkRefused { email, key } => {
            visit.record("portal.login.failure sso identity.link_refused", false);
            let mut response = link_refused(&visit, email.unwrap_or_default(), key.is_some()).await?;
            send_identity(&visit, &mut response, key.as_deref().unwrap_or_default());
            response
        }
        Arrived::Denied => {
            visit.record("portal.login.failure sso not admitted", false);
            not_admitted(&visit, "You have no account here, and accounts are made by administrators only.").await?
        }
        Arrived::NoEmail => {
            visit.record("portal.login.failure sso no address", false);
            not_admitted(&visit, "The identity provider did not tell your e-mail address.").await?
        }
    };
    visit.set_lax_cookie(&mut response, (STATE, &taken.cookie.unwrap_or_default()), sso::timeout(services));
    Ok(response)
}

/// What a failed sign-in is told. The cause is in the log, without tokens.
fn refused(visit: &PortalVisit, error: &LoginError) -> ApiError {
    visit.record(format!("portal.login.failure sso {}", error.code()), false);
    tracing::warn!(workspace = %visit.portal.workspace.name, code = error.code(), %error, "a developer's sign-in failed");
    match error {
        LoginError::Oidc(error) if error.class() != LoginError::REFUSED => ApiError::portal_provider(),
        LoginError::Service(_) => ApiError::store_unavailable(),
        _ => ApiError::portal_sign_in(error.code()),
    }
}

/// The address of a page: on its own listener the JSON API leads to the public one.
fn at(visit: &PortalVisit, page: &str) -> String {
    match face(visit) {
        Face::Pages => visit.url(page),
        Face::Api => format!("{}{page}", visit.portal.url()),
    }
}

fn face(visit: &PortalVisit) -> Face {
    visit.request.app_data::<Data<Face>>().map_or(Face::Api, |face| *face.get_ref())
}

/// Where an approved developer goes: where the login began, `login_redirect_uri`, or home.
fn landing(visit: &PortalVisit, return_to: Option<&str>) -> String {
    let wanted = return_to.filter(|path| is_ours(visit, path));
    let configured = visit.portal.settings.provider().and_then(|conf| conf.login_redirect_uri.as_ref());
    match (wanted, configured, face(visit)) {
        (Some(path), _, Face::Pages) => path.to_owned(),
        (Some(path), _, Face::Api) => {
            let joined = Url::parse(&visit.portal.url()).and_then(|base| base.join(path));
            joined.map_or_else(|_| at(visit, "/"), String::from)
        }
        (None, Some(url), _) => url.to_string(),
        (None, None, _) => at(visit, "/"),
    }
}

/// A page of this workspace's portal, or home.
pub(super) fn way_back(visit: &PortalVisit, return_to: &str) -> String {
    if is_ours(visit, return_to) { return_to.to_owned() } else { visit.url("/") }
}

/// Whether a path is of this workspace's portal. Browsers drop tabs and line ends, and take `%2e` for a dot.
fn is_ours(visit: &PortalVisit, path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    path.starts_with(&visit.url("/"))
        && !path.contains(|c: char| c == '\\' || c.is_control())
        && !["//", "/..", "%2e", "%2f", "%5c"].iter().any(|part| lower.contains(part))
}

/// After the provider's redirect a `Strict` cookie is not sent with the next page: a page of our own must lead there.
fn onward(visit: &PortalVisit, to: &str) -> Result<HttpResponse, ApiError> {
    if visit.portal.settings.session.cookie_same_site != SameSite::Strict {
        return Ok(see_other(to));
    }
    pages::continue_from(BareShell::at(&super::assets_base(&visit.mount), &visit.base(), "One moment", ""), to)
}

fn send_identity(visit: &PortalVisit, response: &mut HttpResponse, key: &str) {
    visit.set_lax_cookie(response, (IDENTITY, key), IDENTITY_LIFETIME);
}

/// The key of the pending identity; empty when there is none.
pub(super) fn identity_key(visit: &PortalVisit) -> String {
    visit.cookie(IDENTITY)
}

/// Lets the browser forget its pending identity.
pub(super) fn forget_identity(visit: &PortalVisit, response: &mut HttpResponse) {
    send_identity(visit, response, "");
}

async fn link_refused(visit: &PortalVisit, email: String, can_link: bool) -> PortalResult {
    if face(visit) == Face::Api {
        return Err(ApiError::forbidden("link_refused", "An account with this address exists").into());
    }
    let visitor = PageVisitor::of(visit.clone()).await?;
    let page = LinkRefusedPage { shell: visitor.shell("Not linked", PortalSection::None)?, email, can_link };
    visitor.render(StatusCode::FORBIDDEN, &page)
}

async fn not_admitted(visit: &PortalVisit, sentence: &'static str) -> PortalResult {
    if let Some(url) = visit.portal.settings.provider().and_then(|conf| conf.forbidden_redirect_uri.as_ref()) {
        return Ok(see_other(url.as_str()));
    }
    if face(visit) == Face::Api {
        return Err(ApiError::forbidden("not_admitted", sentence).into());
    }
    let visitor = PageVisitor::of(visit.clone()).await?;
    let page = NotAdmittedPage { shell: visitor.shell("No access", PortalSection::None)?, sentence };
    visitor.render(StatusCode::FORBIDDEN, &page)
}
