//! From an upstream's or the engine's answer to the client's.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};

use crate::kong::headers::OneHop;
use crate::services::gateway::Answer;

/// The id of a request, on its way up and on the answer.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-kong-request-id");

/// The engine's own answer.
pub(super) fn of_engine(answer: &Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut built = HttpResponse::build(status);
    built.insert_header((CACHE_CONTROL, "no-store"));
    let mut response = match &answer.body {
        Some(body) => built.json(body),
        None => built.finish(),
    };
    add_headers(&mut response, &answer.headers);
    response
}

/// What is percent-encoded in `grpc-message`.
const GRPC_MESSAGE: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS.add(b'%');

/// The engine's refusal as gRPC clients read it (openid-connect.md 1.5; gRPC over HTTP/2, Trailers-Only): never a redirect,
/// and the status in a header. Only for clients: a proxy that asks by forward-auth would take its 200 for consent.
pub(super) fn of_engine_for(request: &HttpRequest, answer: &Answer) -> HttpResponse {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let status = match answer.status {
        401 | 302 => "16",
        403 => "7",
        500..=599 => "13",
        _ => return of_engine(answer),
    };
    if !kind.starts_with("application/grpc") {
        return of_engine(answer);
    }
    let told = answer.body.as_ref().and_then(|body| body.get("message")?.as_str()).unwrap_or("Unauthorized");
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_TYPE, "application/grpc"))
        .insert_header(("grpc-status", status))
        .insert_header(("grpc-message", percent_encoding::utf8_percent_encode(told, GRPC_MESSAGE).to_string()))
        .finish()
}

/// Puts headers on an answer: each cookie as a line of its own, everything else in place of what was there.
pub(super) fn add_headers(answer: &mut HttpResponse, headers: &[(String, String)]) {
    let mut replaced: Vec<&str> = Vec::new();
    for (name, value) in headers {
        let (Ok(header), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str()))
        else {
            tracing::warn!(header = name.as_str(), "a header of the answer cannot be sent and is left out");
            continue;
        };
        if header != SET_COOKIE && !replaced.contains(&name.as_str()) {
            answer.headers_mut().remove(&header);
            replaced.push(name);
        }
        answer.headers_mut().append(header, value);
    }
    if headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(SET_COOKIE.as_str())) {
        forbid_sharing(answer.headers_mut());
    }
}

/// A shared cache that keeps the answer would hand its cookie to others.
fn forbid_sharing(headers: &mut HeaderMap) {
    let forbids = |directive: &str| matches!(directive.trim().to_ascii_lowercase().as_str(), "private" | "no-store");
    let mut lines = headers.get_all(CACHE_CONTROL).filter_map(|line| line.to_str().ok());
    if !lines.any(|line| line.split(',').any(forbids)) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// Copies what of an upstream's headers is for the client.
pub(super) fn copy_headers(from: &HeaderMap, to: &mut HeaderMap) {
    let hop = OneHop::of(from);
    for (name, value) in from {
        if !hop.holds(name.as_str()) && name.as_str() != "content-length" {
            to.append(name.clone(), value.clone());
        }
    }
}

/// The request's id.
pub(super) fn mark(answer: &mut HttpResponse, request_id: &str) {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        answer.headers_mut().insert(REQUEST_ID, value);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn no_shared_cache_keeps_an_answer_with_a_cookie_of_the_gateway() {
        let cookie = [("set-cookie".to_owned(), "session=x".to_owned())];
        for (said, headers, expected) in [
            (Some("public, max-age=600"), cookie.as_slice(), Some("no-store")),
            (Some("private=\"x\""), &cookie, Some("no-store")),
            (Some("max-age=1, Private"), &cookie, Some("max-age=1, Private")),
            (None, &cookie, Some("no-store")),
            (Some("public"), &[], Some("public")),
        ] {
            let mut answer = HttpResponse::Ok().finish();
            if let Some(said) = said {
                answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(said));
            }
            add_headers(&mut answer, headers);
            let lines: Vec<_> = answer.headers().get_all(CACHE_CONTROL).map(|line| line.to_str().unwrap()).collect();
            assert_eq!(lines, expected.into_iter().collect::<Vec<_>>(), "{said:?}");
        }
    }
}
