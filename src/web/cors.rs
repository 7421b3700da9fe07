//! Cross-origin calls of Kong Manager on a separate origin (kong-manager.md 8.5). Only origins of `admin_gui_url` get
//! an answer; Kong's own way of echoing any origin would hand a session to every page.

use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, HeaderMap, HeaderValue,
    ORIGIN, VARY,
};
use actix_web::{HttpRequest, HttpResponse};

use super::guard::Arrival;

/// Methods of the Admin API.
pub const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
const EXPOSED: &str = "X-Kong-Sso-Login, X-Kong-Sso-Error, X-Kong-Admin-Request-ID, Retry-After";
/// Seconds for which browsers keep a preflight's answer.
const MAX_AGE: &str = "600";

/// Answers OPTIONS before any credential is looked at; `None` for other methods.
#[must_use]
pub fn preflight(request: &HttpRequest) -> Option<HttpResponse> {
    let is_options = *request.method() == Method::OPTIONS;
    is_options.then(|| HttpResponse::NoContent().insert_header((ALLOW, METHODS)).finish())
}

/// Adds what the browser of an allowed origin needs, and nothing for others.
pub fn decorate(arrival: &Arrival<'_>, headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = arrival.request.headers().get(ORIGIN) else { return };
    if !origin.to_str().is_ok_and(|origin| arrival.is_allowed_origin(origin)) {
        return;
    }
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    if *arrival.request.method() == Method::OPTIONS {
        let rbac = &arrival.services.settings.rbac;
        let allowed = format!("content-type, {}, {}", rbac.auth_header, rbac.user_header);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
        if let Ok(allowed) = HeaderValue::from_str(&allowed) {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        }
    }
}
