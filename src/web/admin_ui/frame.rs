//! Around every page: the trail of the request, errors as pages, and the request's id in the answer.
//!
//! ```text
//! request --> trail --> handler --> answer --> error page or redirect --> audit record of a change --> browser
//! ```

use std::fmt;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue, LOCATION, REFERER};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::rt;
use actix_web::web::Data;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, ResponseError};
use url::{Url, form_urlencoded};

use super::flash;
use crate::domain::access::Door;
use crate::metrics::Face;
use crate::services::Services;
use crate::services::error::ServiceError;
use crate::web::admin_api::REQUEST_ID_HEADER;
use crate::web::auth::is_navigation;
use crate::web::error::ApiError;
use crate::web::guard::Arrival;
use crate::web::pages::{self, Ways};
use crate::web::peer::Peer;
use crate::web::trail::SharedTrail;

/// What a page answers.
pub(super) type PageResult = Result<HttpResponse, PageError>;

/// An error on the way to its page: [`frame`] alone shows it.
#[derive(Debug)]
pub(super) struct PageError(ApiError);

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code())
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        self.0.status()
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(self.0.status())
    }
}

impl From<ApiError> for PageError {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl From<ServiceError> for PageError {
    fn from(error: ServiceError) -> Self {
        Self(error.into())
    }
}

/// The middleware.
///
/// # Errors
/// Never by itself.
pub(super) async fn frame(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return answer(request, next).await;
    }
    // A change is finished and recorded although its browser may have gone.
    rt::spawn(answer(request, next)).await.unwrap_or_else(|error| {
        tracing::error!(error = %error, "a request could not be finished");
        Err(PageError(ApiError::internal()).into())
    })
}

async fn answer(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let services = request.app_data::<Data<Services>>().cloned().ok_or_else(|| PageError(ApiError::internal()))?;
    let trail = SharedTrail::new(request.method(), Door::OwnPages);
    request.extensions_mut().insert(trail.clone());
    if services.login.is_none() && services.access.is_enforced() {
        let page = pages::no_sign_in(&services.settings.gui, &trail.request_id()).map_err(PageError)?;
        return Ok(request.into_response(page));
    }
    let (request, response) = next.call(request).await?.map_into_boxed_body().into_parts();
    let mut response = face(&request, response, &services, &trail);
    if let Ok(id) = HeaderValue::from_str(&trail.request_id()) {
        response.headers_mut().insert(HeaderName::from_static(REQUEST_ID_HEADER), id);
    }
    flash::forget_shown(&request, &mut response, &pages::base(&services.settings.gui));
    leave_trail(&request, response.status().as_u16(), &services, &trail);
    Ok(ServiceResponse::new(request, response))
}

/// Counts the request, and has the audit log record it.
fn leave_trail(request: &HttpRequest, status: u16, services: &Services, trail: &SharedTrail) {
    let (known, is_recorded) = trail.take(Door::OwnPages);
    services.metrics.count_request(Face::OwnPages, request.method().as_str(), status, known.verdict);
    if is_recorded && services.audit.is_on() {
        let peer = Peer::of(request, &services.settings.trusted_proxies);
        services.audit.record(known.record(request, &peer, request.path(), status, services.clock.now()));
    }
}

/// Errors become pages for browsers that navigate, and JSON for the rest.
fn face(request: &HttpRequest, response: HttpResponse, services: &Services, trail: &SharedTrail) -> HttpResponse {
    let error = match response.error() {
        Some(cause) => cause.as_error::<PageError>().map_or_else(
            || ApiError::bad_request("bad_address", "This address or form is not one of these pages"),
            |error| error.0.clone(),
        ),
        None if response.status() == StatusCode::METHOD_NOT_ALLOWED => ApiError::method_not_allowed("GET, POST"),
        None => return response,
    };
    let request_id = trail.request_id();
    let peer = Peer::of(request, &services.settings.trusted_proxies);
    let arrival = Arrival { request, services, peer: &peer, request_id: &request_id };
    if !is_navigation(request) {
        return error.into_response();
    }
    if error.status() == StatusCode::UNAUTHORIZED {
        return to_sign_in(&arrival);
    }
    let gui = &services.settings.gui;
    let status = error.status();
    let is_signed_in = trail.has_caller() && services.login.is_some();
    let ways = Ways {
        retry: status.is_server_error().then(|| page_of(&arrival)),
        sign_in: (status == StatusCode::FORBIDDEN && is_signed_in).then(|| pages::ui_url(gui, "/logout")),
        home: status.is_client_error().then(|| pages::ui_url(gui, "/")),
    };
    pages::error_with(gui, &error, &request_id, ways)
}

/// To the page with the sign-in button, with the way back.
fn to_sign_in(arrival: &Arrival<'_>) -> HttpResponse {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("return_to", &page_of(arrival)).finish();
    let login = pages::ui_url(&arrival.services.settings.gui, "/login");
    HttpResponse::SeeOther()
        .insert_header((LOCATION, format!("{login}?{query}")))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

/// The page that the browser shows: the one asked for, or the one whose form was sent.
pub(super) fn page_of(arrival: &Arrival<'_>) -> String {
    let request = arrival.request;
    let asked = request.uri().path_and_query().map(|wanted| wanted.as_str().to_owned());
    if *request.method() == Method::GET
        && let Some(asked) = asked
    {
        return asked;
    }
    let base = pages::base(&arrival.services.settings.gui);
    let from = request.headers().get(REFERER).and_then(|value| Url::parse(value.to_str().ok()?).ok());
    let from = from.filter(|url| url.origin().ascii_serialization() == arrival.peer.origin());
    let page = from.map(|url| url.path().to_owned()).filter(|path| path.starts_with(&format!("{base}/")));
    page.unwrap_or_else(|| format!("{base}/"))
}
