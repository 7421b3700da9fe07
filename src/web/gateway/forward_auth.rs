//! Forward-auth: another proxy asks whether a request that it has may pass (`sso_forward_auth_path`; docs/gateway.md). The same
//! routes, plugins and engines decide as for a request that comes here itself.
//!
//! The proxy is believed because its address is in `trusted_ips`; what it says of the request must say one thing only:
//! headers that a client slipped past the proxy make a contradiction, and a contradiction is refused.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::arrival::Arrival;
use super::headers::{IDENTITY_NAMES, spelled};
use super::{answer, changes, passed, refuse_clear_text};
use crate::domain::routing::has_plain_segments;
use crate::services::Services;
use crate::services::gateway::Passage;
use crate::web::peer::Peer;

/// Envoy's list of headers that the upstream must not get.
const TO_REMOVE: HeaderName = HeaderName::from_static("x-envoy-auth-headers-to-remove");

/// What of a path follows the reserved one; `None` for any other path.
pub(super) fn rest_of<'p>(path: &'p str, reserved: &str) -> Option<&'p str> {
    path.strip_prefix(reserved).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// How the asking proxy tells of a request.
struct Told {
    method: String,
    uri: String,
    /// nginx can pass 401 and 403, but no redirect.
    is_nginx: bool,
}

/// Answers another proxy, and gives the request's id.
pub(super) async fn answer(request: &HttpRequest, rest: &str, services: &Services) -> (HttpResponse, String) {
    let peer = Peer::of(request, &services.settings.trusted_proxies);
    if !peer.is_trusted {
        let message = "forward-auth answers only to the addresses in trusted_ips";
        tracing::warn!(peer = %peer.connection, "{message}");
        return (refusal(StatusCode::FORBIDDEN, message), String::new());
    }
    if !peer.is_host_clear(request) {
        return (refusal(StatusCode::BAD_REQUEST, "the host of the request is none"), String::new());
    }
    let told = match read(request, rest) {
        Ok(told) => told,
        Err(message) => return (refusal(StatusCode::BAD_REQUEST, message), String::new()),
    };
    let arrival = Arrival::told(request, peer, &told.method, &told.uri);
    let answer = judge(&arrival, services).await;
    let answer = if told.is_nginx { for_nginx(answer) } else { answer };
    (answer, arrival.request_id)
}

fn refusal(status: StatusCode, message: &str) -> HttpResponse {
    HttpResponse::build(status).json(json!({ "message": message }))
}

async fn judge(arrival: &Arrival<'_>, services: &Services) -> HttpResponse {
    let state = services.gateway.current();
    let Some((route, _)) = state.route(&arrival.routing()) else {
        // A proxy must not forward what no route is declared for.
        return refusal(StatusCode::FORBIDDEN, "no Route matched with those values");
    };
    let judged = match refuse_clear_text(route, arrival) {
        Ok(()) => passed(route.decide(&state, &arrival.view()).await, answer::of_engine),
        Err(failure) => Err(failure),
    };
    match judged {
        Ok(Ok(passage)) => allowed(arrival, &passage),
        Ok(Err(answer)) => answer,
        Err(failure) => failure.into_response(&arrival.request_id),
    }
}

/// 200 with every header that the gateway decides on: its value, or nothing where the upstream must not get it.
fn allowed(arrival: &Arrival<'_>, passage: &Passage) -> HttpResponse {
    let mut response = HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).finish();
    let mut removed: Vec<&str> = Vec::new();
    let named = passage.changes.remove_headers.iter().map(AsRef::as_ref).filter(|name| !name.ends_with('*'));
    for name in IDENTITY_NAMES.into_iter().chain(named) {
        let is_set = passage.changes.set_headers.iter().any(|(set, _)| spelled(set) == spelled(name));
        if !is_set && !removed.contains(&name) {
            removed.push(name);
            put(response.headers_mut(), name, b"");
        }
    }
    for (name, value) in &passage.changes.set_headers {
        put(response.headers_mut(), name, value);
    }
    if !passage.changes.remove_cookies.is_empty() {
        let rest = changes::cookies(arrival.request.headers(), &passage.changes.remove_cookies);
        put(response.headers_mut(), "cookie", rest.as_ref().map_or(b"", HeaderValue::as_bytes));
    }
    put(response.headers_mut(), TO_REMOVE.as_str(), removed.join(", ").as_bytes());
    answer::add_headers(&mut response, &passage.response_headers);
    response
}

fn put(headers: &mut HeaderMap, name: &str, value: &[u8]) {
    match (HeaderName::try_from(name), HeaderValue::from_bytes(value)) {
        (Ok(name), Ok(value)) => {
            headers.insert(name, value);
        }
        _ => tracing::warn!(header = name, "a header for the upstream cannot be sent and is left out"),
    }
}

/// nginx takes 2xx, 401 and 403 from `auth_request`: a redirect becomes a 401 that keeps its `Location`.
fn for_nginx(mut answer: HttpResponse) -> HttpResponse {
    if answer.status().is_redirection() && answer.headers().contains_key(LOCATION) {
        *answer.status_mut() = StatusCode::UNAUTHORIZED;
    }
    answer
}

/// Reads method and URI of the other request: from nginx's `X-Original-*`, from the `X-Forwarded-*` of Traefik and Caddy,
/// or from the path behind the reserved one, as Envoy sends it.
fn read(request: &HttpRequest, rest: &str) -> Result<Told, &'static str> {
    let header = |name: &str| {
        let mut lines = request.headers().get_all(name);
        match (lines.next(), lines.next()) {
            (None, _) => Ok(None),
            (Some(line), None) => line.to_str().map(Some).map_err(|_| "a header about the request is not text"),
            (Some(_), Some(_)) => Err("a header about the request came twice"),
        }
    };
    let (original, forwarded) = (header("x-original-uri")?, header("x-forwarded-uri")?);
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let appended = (!rest.is_empty()).then(|| format!("{rest}{query}"));
    let uri = the_one([original, forwarded, appended.as_deref()])
        .map_err(|()| "X-Original-URI, X-Forwarded-Uri and the path contradict each other")?
        .ok_or("neither X-Original-URI nor X-Forwarded-Uri tells the request's URI")?;
    if !uri.starts_with('/') {
        return Err("the URI of the request must begin with '/'");
    }
    // The proxy forwards the URI as it came: what is judged must be what the upstream reads.
    let path = uri.split('?').next().unwrap_or(uri);
    if uri.contains('#') || !has_plain_segments(path) {
        return Err("the URI of the request has '#', '\\', '//' or a dot segment and may be read in two ways");
    }
    let own = appended.as_ref().map(|_| request.method().as_str());
    let method = the_one([header("x-original-method")?, header("x-forwarded-method")?, own])
        .map_err(|()| "X-Original-Method, X-Forwarded-Method and the method contradict each other")?
        .ok_or("neither X-Original-Method nor X-Forwarded-Method tells the request's method")?;
    Ok(Told { method: method.to_owned(), uri: uri.to_owned(), is_nginx: original.is_some() })
}

/// What all that say something agree on.
fn the_one(said: [Option<&str>; 3]) -> Result<Option<&str>, ()> {
    let mut said = said.into_iter().flatten();
    let Some(first) = said.next() else { return Ok(None) };
    said.all(|other| other == first).then_some(Some(first)).ok_or(())
}
