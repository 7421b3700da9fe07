//! Around every request of the portal: its workspace, who may call from where, its trail, and the face of its errors.

use std::rc::Rc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::rt;
use actix_web::web::Data;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};

use super::cors;
use super::guard::{Face, Opened, PortalError, PortalResult, PortalVisit, Site};
use crate::domain::access::Door;
use crate::metrics;
use crate::services::{Services, portal};
use crate::web::admin_api::REQUEST_ID_HEADER;
use crate::web::error::ApiError;
use crate::web::peer::Peer;
use crate::web::portal_ui;
use crate::web::trail::SharedTrail;

/// The middleware of both faces.
///
/// # Errors
/// Never by itself.
pub async fn frame(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return answer(request, next).await;
    }
    // A change is finished and recorded although its client may have gone.
    rt::spawn(answer(request, next)).await.unwrap_or_else(|error| {
        tracing::error!(error = %error, "a request could not be finished");
        Err(PortalError(ApiError::internal()).into())
    })
}

/// The answer of a path that is nothing.
///
/// # Errors
/// 404, always.
pub async fn nothing_here() -> PortalResult {
    Err(ApiError::not_found().into())
}

async fn answer(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let services = request.app_data::<Data<Services>>().cloned().ok_or_else(|| PortalError(ApiError::internal()))?;
    let face = request.app_data::<Data<Face>>().map_or(Face::Api, |face| *face.get_ref());
    let trail = SharedTrail::new(request.method(), Door::Portal);
    let peer = Rc::new(Peer::of(request.request(), &services.settings.trusted_proxies));
    // The router needs the only handle to the request, so the visit ends before the handler is called.
    let early = match open(&request, &services, &trail, &peer).await {
        Ok(visit) => refused_early(&visit, face),
        Err(error) => Some(HttpResponse::from_error(PortalError(error))),
    };
    let (request, response) = match early {
        Some(early) => (request.into_parts().0, early),
        None => next.call(request).await?.map_into_boxed_body().into_parts(),
    };
    let mut response = shown(&request, response, face, &trail);
    dress(&request, &mut response, face, &trail);
    leave_trail(&request, response.status().as_u16(), &services, &trail, &peer);
    Ok(ServiceResponse::new(request, response))
}

/// The portal that the path names, or the host.
async fn open(
    request: &ServiceRequest,
    services: &Services,
    trail: &SharedTrail,
    peer: &Rc<Peer>,
) -> Result<PortalVisit, ApiError> {
    let found = match request.match_info().get("ws") {
        Some(name) => portal::open(services, name).await?,
        None if peer.is_host_clear(request.request()) => portal::open_host(services, &peer.authority).await?,
        None => None,
    };
    let portal = found.ok_or_else(ApiError::not_found)?;
    trail.note(|trail| trail.workspace = Some(portal.workspace.id));
    let opened = Opened { portal: Rc::new(portal), peer: Rc::clone(peer), trail: trail.clone() };
    request.extensions_mut().insert(opened);
    PortalVisit::of(request.request()).map_err(|error| error.0)
}

/// What no handler sees: preflights, and changes that another site made a browser send.
fn refused_early(visit: &PortalVisit, face: Face) -> Option<HttpResponse> {
    if face == Face::Pages {
        return None;
    }
    let method = visit.request.method();
    if *method == Method::OPTIONS {
        return Some(HttpResponse::NoContent().finish());
    }
    let has_session = visit.request.cookie(&visit.portal.settings.session.cookie_name).is_some();
    if matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let is_json =
        visit.request.headers().get(CONTENT_TYPE).is_none_or(|kind| kind.as_bytes().starts_with(b"application/json"));
    let may = match visit.site() {
        Site::Own => true,
        // A form needs no permission of the browser, so it counts from this origin only.
        Site::Listed => is_json || !has_session,
        Site::Unknown => is_json || !has_session,
        Site::Foreign => false,
    };
    (!may).then(|| HttpResponse::from_error(PortalError(ApiError::cross_site())))
}

/// Errors as JSON, or as pages.
fn shown(request: &HttpRequest, response: HttpResponse, face: Face, trail: &SharedTrail) -> HttpResponse {
    let error = match response.error() {
        Some(cause) => cause.as_error::<PortalError>().map_or_else(
            || ApiError::bad_request("bad_address", "This address or body cannot be read"),
            |error| error.0.clone(),
        ),
        None if response.status() == StatusCode::METHOD_NOT_ALLOWED => ApiError::method_not_allowed("GET, POST"),
        None => return response,
    };
    match face {
        Face::Api => error.into_response(),
        Face::Pages => portal_ui::failure::page(request, &error, &trail.request_id()),
    }
}

fn dress(request: &HttpRequest, response: &mut HttpResponse, face: Face, trail: &SharedTrail) {
    if face == Face::Api
        && let Ok(visit) = PortalVisit::of(request)
    {
        cors::decorate(&visit, response.headers_mut());
    }
    if face == Face::Pages {
        portal_ui::message::forget_shown(request, response);
    }
    let headers = response.headers_mut();
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::from_str(&trail.request_id()) {
        headers.insert(HeaderName::from_static(REQUEST_ID_HEADER), id);
    }
}

/// Counts the request, and has the audit log record it when it is a change or a sign-in.
fn leave_trail(request: &HttpRequest, status: u16, services: &Services, trail: &SharedTrail, peer: &Peer) {
    let (known, is_recorded) = trail.take(Door::Portal);
    services.metrics.count_request(metrics::Face::Portal, request.method().as_str(), status, known.verdict);
    if is_recorded && *request.method() != Method::OPTIONS && services.audit.is_on() {
        services.audit.record(known.record(request, peer, request.path(), status, services.clock.now()));
    }
}
