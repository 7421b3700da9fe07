//! The message that follows a change: `POST` answers 303 with it in a sealed cookie, the next page shows it once.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use crate::web::portal_api::guard::PortalVisit;

/// Name of the cookie.
const NAME: &str = "portal_message";

/// The sealed message that a request brings.
pub(super) fn sealed(request: &HttpRequest) -> Option<String> {
    request.cookie(NAME).map(|cookie| cookie.value().to_owned())
}

/// Sends a sealed message along.
pub(super) fn send(response: &mut HttpResponse, sealed: String, path: &str, is_secure: bool) {
    let cookie = Cookie::build(NAME, sealed)
        .path(path.to_owned())
        .http_only(true)
        .secure(is_secure)
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(60))
        .finish();
    if response.add_cookie(&cookie).is_err() {
        tracing::warn!("a message could not be sent along");
    }
}

/// Lets the browser forget a message that a page showed.
pub fn forget_shown(request: &HttpRequest, response: &mut HttpResponse) {
    if response.status() != StatusCode::OK || request.cookie(NAME).is_none() {
        return;
    }
    let Ok(visit) = PortalVisit::of(request) else { return };
    let cookie = Cookie::build(NAME, "").path(visit.cookie_path()).max_age(Duration::ZERO).finish();
    if response.add_cookie(&cookie).is_err() {
        tracing::warn!("a message could not be forgotten");
    }
}
