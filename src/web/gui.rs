//! The GUI's origin: Kong Manager behind the sign-in, the protected Admin API below one path, own pages below another
//! (kong-manager.md 8.2).

use std::sync::Arc;

use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use url::form_urlencoded;

use super::admin_api::{self, Mount, REQUEST_ID_HEADER};
use super::auth;
use super::error::ApiError;
use super::guard::Arrival;
use super::kconfig;
use super::outlive::outlive;
use super::pages;
use super::peer::Peer;
use super::proxy::{Forward, Upstream, stream_answer};
use crate::config::settings::GuiSettings;
use crate::domain::audit::Verdict;
use crate::kong::path::{CanonicalPath, PathError};
use crate::metrics::Face;
use crate::services::Services;

/// Endings of files that hold no data and are served without a session.
const STATIC_ENDINGS: &[&str] = &[
    "js", "mjs", "css", "map", "woff", "woff2", "ttf", "otf", "eot", "png", "jpg", "jpeg", "gif", "svg", "ico", "webp",
    "avif", "wasm",
];

/// Answers every request of the GUI's listener that is none of the own pages.
pub async fn handle(
    request: HttpRequest,
    body: Payload,
    services: Data<Services>,
    upstream: Data<Upstream>,
) -> HttpResponse {
    let gui = &services.settings.gui;
    let prefix = format!("{}{}", gui.path, gui.api_path);
    let path = CanonicalPath::parse(request.uri().path());
    let of_api = match &path {
        Ok(path) => path.below(&prefix).map(Ok),
        Err(error) => request.uri().path().starts_with(&format!("{prefix}/")).then_some(Err(*error)),
    };
    match of_api.filter(|_| gui.single_origin) {
        Some(inner) => {
            outlive(admin_api::changes(&request), async move {
                admin_api::serve(&request, body, &services, &upstream, inner, &Mount { prefix }).await
            })
            .await
        }
        None => outlive(true, async move { beside_api(&request, body, &services, &upstream, path).await }).await,
    }
}

/// Answers what is none of the Admin API's paths.
async fn beside_api(
    request: &HttpRequest,
    body: Payload,
    services: &Arc<Services>,
    upstream: &Upstream,
    path: Result<CanonicalPath, PathError>,
) -> HttpResponse {
    match path {
        Ok(path) => serve_manager(request, body, services, upstream, &path).await,
        Err(error) => serve_page(request, services, |_| Err(ApiError::bad_path(error))).await,
    }
}

async fn serve_manager(
    request: &HttpRequest,
    body: Payload,
    services: &Arc<Services>,
    upstream: &Upstream,
    path: &CanonicalPath,
) -> HttpResponse {
    let gui = &services.settings.gui;
    let Some(inner) = path.below(&gui.path) else {
        let target = format!("{}/", gui.path);
        return HttpResponse::Found().insert_header((LOCATION, target)).finish();
    };
    let peer = Peer::of(request, &services.settings.trusted_proxies);
    let request_id = uuid::Uuid::new_v4().simple().to_string();
    let arrival = Arrival { request, services, peer: &peer, request_id: &request_id };
    let answer = manager(&arrival, body, upstream, path, &inner).await;
    finish(&arrival, answer)
}

/// Kong Manager: its configuration, its files, its documents.
async fn manager(
    arrival: &Arrival<'_>,
    body: Payload,
    upstream: &Upstream,
    path: &CanonicalPath,
    inner: &CanonicalPath,
) -> Result<HttpResponse, ApiError> {
    let services = arrival.services;
    if !matches!(*arrival.request.method(), Method::GET | Method::HEAD) {
        return Err(ApiError::method_not_allowed("GET, HEAD"));
    }
    let name = inner.text();
    if name == "/kconfig.js" {
        let caller = arrival.visitor().await.ok();
        return Ok(kconfig::answer(arrival, caller.as_ref()).await?);
    }
    if is_static(&name) {
        let found = fetch(arrival, body, upstream, path).await?;
        if !is_document(&found) {
            return Ok(stream_answer(found));
        }
        // Kong Manager answers unknown names with its document, which is for whoever is signed in.
        return match arrival.visitor().await {
            Ok(_) => Ok(dress(arrival, found)),
            Err(error) if error.status() == StatusCode::UNAUTHORIZED => Ok(to_sign_in(arrival)),
            Err(error) => Err(error),
        };
    }
    if services.login.is_none() && services.access.is_enforced() {
        return pages::no_sign_in(&services.settings.gui, arrival.request_id);
    }
    match arrival.visitor().await {
        Ok(_) => document(arrival, body, upstream, path).await,
        Err(error) if error.status() == StatusCode::UNAUTHORIZED => Ok(to_sign_in(arrival)),
        Err(error) => Err(error),
    }
}

/// Whether a path is a file that tells nothing: anything else is a document and needs a session.
fn is_static(path: &str) -> bool {
    let ending = path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending);
    path.starts_with("/assets/") || path == "/robots.txt" || ending.is_some_and(|it| STATIC_ENDINGS.contains(&it))
}

async fn fetch(
    arrival: &Arrival<'_>,
    body: Payload,
    upstream: &Upstream,
    path: &CanonicalPath,
) -> Result<super::proxy::UpstreamResponse, ApiError> {
    let forward = Forward {
        origin: upstream.gui.as_ref().ok_or_else(ApiError::no_manager)?,
        path: &path.text(),
        query: arrival.request.uri().query(),
        headers: &[],
        request_id: (HeaderName::from_static(REQUEST_ID_HEADER), arrival.id_line()?),
        may_compress: arrival.request.headers().contains_key(ACCEPT_ENCODING),
        peer: arrival.peer,
    };
    upstream.send(arrival.request, body, &forward).await
}

/// A document of Kong Manager for somebody who is signed in; never kept by a cache.
async fn document(
    arrival: &Arrival<'_>,
    body: Payload,
    upstream: &Upstream,
    path: &CanonicalPath,
) -> Result<HttpResponse, ApiError> {
    Ok(dress(arrival, fetch(arrival, body, upstream, path).await?))
}

fn is_document(answer: &super::proxy::UpstreamResponse) -> bool {
    answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// A document with the headers that documents have here.
fn dress(arrival: &Arrival<'_>, found: super::proxy::UpstreamResponse) -> HttpResponse {
    let mut response = stream_answer(found);
    let gui = &arrival.services.settings.gui;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in [
        ("x-frame-options", "sameorigin"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    // Kong's own policy names its own ports, which a browser behind kong-sso cannot reach.
    headers.remove(CONTENT_SECURITY_POLICY);
    if let Some(policy) = content_security_policy(gui)
        && let Ok(policy) = HeaderValue::from_str(&policy)
    {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn content_security_policy(gui: &GuiSettings) -> Option<String> {
    let configured = gui.csp.as_ref()?;
    Some(configured.clone().unwrap_or_else(|| {
        let api =
            gui.api_url.as_deref().filter(|_| !gui.single_origin).map(|url| format!(" {url}")).unwrap_or_default();
        format!(
            "default-src 'self'; connect-src 'self'{api}; img-src 'self' data:; script-src 'self' 'wasm-unsafe-eval'; \
             script-src-elem 'self'; style-src 'self' 'unsafe-inline'"
        )
    }))
}

/// Sends a document's visitor to the sign-in, with the way back.
fn to_sign_in(arrival: &Arrival<'_>) -> HttpResponse {
    let uri = arrival.request.uri();
    let wanted = uri.path_and_query().map_or("/", |wanted| wanted.as_str());
    let login = arrival.login_url();
    let separator = if login.contains('?') { '&' } else { '?' };
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("return_to", wanted).finish();
    HttpResponse::Found()
        .insert_header((LOCATION, format!("{login}{separator}{query}")))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

/// Errors become pages for browsers that navigate, and JSON for the rest.
fn finish(arrival: &Arrival<'_>, answer: Result<HttpResponse, ApiError>) -> HttpResponse {
    let response = answer.unwrap_or_else(|error| {
        if auth::is_navigation(arrival.request) {
            pages::error(&arrival.services.settings.gui, &error, arrival.request_id, Some(&arrival.login_url()))
        } else {
            error.into_response()
        }
    });
    let (method, status) = (arrival.request.method().as_str(), response.status().as_u16());
    arrival.services.metrics.count_request(Face::Documents, method, status, Verdict::None);
    response
}

async fn serve_page(
    request: &HttpRequest,
    services: &Arc<Services>,
    answer: impl FnOnce(&Arrival<'_>) -> Result<HttpResponse, ApiError>,
) -> HttpResponse {
    let peer = Peer::of(request, &services.settings.trusted_proxies);
    let request_id = uuid::Uuid::new_v4().simple().to_string();
    let arrival = Arrival { request, services, peer: &peer, request_id: &request_id };
    finish(&arrival, answer(&arrival))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn km_107_files_are_told_from_documents() {
        for file in ["/assets/x.js", "/favicon.ico", "/robots.txt", "/logo.svg"] {
            assert!(is_static(file), "{file}");
        }
        for document in ["/", "/services", "/services/my.api", "/assetsx", "/consumers/a.json"] {
            assert!(!is_static(document), "{document}");
        }
    }
}
