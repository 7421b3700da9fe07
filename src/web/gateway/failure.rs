//! What the gateway answers by itself, in Kong's words: status, message and request id.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONNECTION, LOCATION, UPGRADE, WWW_AUTHENTICATE};
use serde_json::json;

use super::arrival::Arrival;
use crate::services::gateway::Refusal;

/// An answer other than the upstream's or the engine's.
#[derive(Debug)]
pub(super) enum Failure {
    /// A method that no proxy forwards.
    Method,
    /// No route fits.
    NoRoute,
    /// The route wants TLS: the status and, for a redirect, where to.
    NeedsTls(StatusCode, String),
    /// `key-auth` or `acl`.
    Refused(Refusal),
    /// The body is above the limit.
    TooLarge,
    /// The client did not send its body in time.
    SlowClient,
    /// The upstream's name cannot be resolved.
    NoName,
    /// The upstream cannot be reached, or does not speak HTTP.
    BadGateway,
    /// The upstream does not answer in time.
    Timeout,
    /// The request cannot be expressed.
    Malformed,
}

impl Failure {
    /// `https_redirect_status_code`.
    pub(super) fn needs_tls(status: u16, arrival: &Arrival<'_>) -> Self {
        let host = arrival.peer.authority.split(':').next().unwrap_or_default();
        let query = arrival.query.as_deref().map(|query| format!("?{query}")).unwrap_or_default();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::UPGRADE_REQUIRED);
        Self::NeedsTls(status, format!("https://{host}{}{query}", arrival.external_path()))
    }

    /// A body that the client did not bring to its end.
    pub(super) fn of_client(error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::TimedOut { Self::SlowClient } else { Self::Malformed }
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoRoute => StatusCode::NOT_FOUND,
            Self::NeedsTls(status, _) => *status,
            Self::Refused(Refusal::NotInGroup) => StatusCode::FORBIDDEN,
            Self::Refused(_) => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::SlowClient => StatusCode::REQUEST_TIMEOUT,
            Self::NoName => StatusCode::SERVICE_UNAVAILABLE,
            Self::BadGateway => StatusCode::BAD_GATEWAY,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Malformed => StatusCode::BAD_REQUEST,
        }
    }

    const fn message(&self) -> &'static str {
        match self {
            Self::Method => "Method not allowed",
            Self::NoRoute => "no Route matched with those values",
            Self::NeedsTls(..) => "Please use HTTPS protocol",
            Self::Refused(refusal) => match refusal {
                Refusal::NoKey(_) => "No API key found in request",
                Refusal::DuplicateKey(_) => "Duplicate API key found",
                Refusal::UnknownKey(_) | Refusal::NoAnonymous | Refusal::Unauthenticated => "Unauthorized",
                Refusal::NotInGroup => "You cannot consume this service",
            },
            Self::TooLarge => "Payload too large",
            Self::SlowClient => "Request timeout",
            Self::NoName => "name resolution failed",
            Self::BadGateway => "An invalid response was received from the upstream server",
            Self::Timeout => "The upstream server is timing out",
            Self::Malformed => "Bad request",
        }
    }

    pub(super) fn into_response(self, request_id: &str) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status());
        match &self {
            Self::NeedsTls(StatusCode::UPGRADE_REQUIRED, _) => {
                answer.insert_header((CONNECTION, "Upgrade")).insert_header((UPGRADE, "TLS/1.2, HTTP/1.1"));
            }
            Self::NeedsTls(_, location) => {
                answer.insert_header((LOCATION, location.as_str()));
            }
            Self::Refused(Refusal::NoKey(realm) | Refusal::DuplicateKey(realm) | Refusal::UnknownKey(realm)) => {
                answer.insert_header((WWW_AUTHENTICATE, challenge(realm.as_deref())));
            }
            _ => {}
        }
        answer.json(json!({ "message": self.message(), "request_id": request_id }))
    }
}

/// The challenge of `key-auth`.
fn challenge(realm: Option<&str>) -> String {
    match realm {
        Some(realm) => format!("Key realm=\"{}\"", realm.replace(['"', '\\'], "")),
        None => "Key".to_owned(),
    }
}
