//! Calls of the JSON API from other origins: those that `portal_cors_origins` lists, or the configured one of the pages.
//! Where it lists `*`, any origin may read what needs no session, and none may send one.

use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, HeaderMap, HeaderValue, ORIGIN, VARY,
};

use super::guard::PortalVisit;
use crate::services::portal::Portal;

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
/// Seconds for which browsers keep a preflight's answer.
const MAX_AGE: &str = "600";

/// Whether an origin may send the session.
pub(super) fn is_listed(portal: &Portal, origin: &str) -> bool {
    match &portal.settings.cors_origins {
        Some(origins) => origin != "*" && origins.iter().any(|listed| listed == origin),
        None => url::Url::parse(&portal.url()).is_ok_and(|url| url.origin().ascii_serialization() == origin),
    }
}

/// Adds what the browser of an allowed origin needs, and nothing for others.
pub(super) fn decorate(visit: &PortalVisit, headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = visit.request.headers().get(ORIGIN) else { return };
    let is_any = visit.portal.settings.cors_origins.as_ref().is_some_and(|origins| origins.iter().any(|it| it == "*"));
    if origin.to_str().is_ok_and(|origin| is_listed(&visit.portal, origin)) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    } else if is_any {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    } else {
        return;
    }
    if *visit.request.method() == Method::OPTIONS {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type, authorization"));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    }
}
