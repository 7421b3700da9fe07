//! The door for logout tokens (`sso_backchannel_logout_path`; OpenID Connect Back-Channel Logout 1.0, 2.5 and 2.8).

use actix_web::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use url::form_urlencoded;

use crate::services::Services;
use crate::services::gateway::LogoutFailure;
use crate::telemetry::chain;
use crate::web::outlive::read_body;

/// Longest form that is read, bytes: a token and its name.
const LONGEST: usize = 64 * 1024;

/// Answers a provider.
pub(super) async fn answer(request: &HttpRequest, body: Payload, services: &Services) -> HttpResponse {
    if *request.method() != Method::POST {
        let mut refused = refusal(StatusCode::METHOD_NOT_ALLOWED, "logout tokens are posted");
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        return refused;
    }
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        return refusal(StatusCode::BAD_REQUEST, "the body must be a form with logout_token");
    }
    let Ok(form) = read_body(body, LONGEST).await else {
        return refusal(StatusCode::BAD_REQUEST, "the form is too long, broke off, or came too slowly");
    };
    let mut tokens = form_urlencoded::parse(&form).filter(|(name, _)| name == "logout_token").map(|(_, value)| value);
    let (Some(token), None) = (tokens.next(), tokens.next()) else {
        return refusal(StatusCode::BAD_REQUEST, "the form must have one logout_token");
    };
    match services.gateway.log_out(&services.store, &token).await {
        Ok(ended) => {
            tracing::info!(ended, "openid-connect: sessions were ended by the provider");
            HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).finish()
        }
        Err(failure @ (LogoutFailure::Token(_) | LogoutFailure::Issuer | LogoutFailure::Used)) => {
            // Whoever posts may be anybody: why is for the log.
            tracing::info!(%failure, "openid-connect: a logout token was refused");
            refusal(StatusCode::BAD_REQUEST, "the logout token is not acceptable")
        }
        Err(failure) => {
            tracing::error!(error = chain(&failure), "openid-connect: a logout token had no effect");
            let mut broken = refusal(StatusCode::SERVICE_UNAVAILABLE, "the sessions could not be ended; send it again");
            broken.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
            broken
        }
    }
}

fn refusal(status: StatusCode, description: &str) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(json!({ "error": "invalid_request", "error_description": description }))
}
