//! The door that providers open in a frame of their sign-out page (`sso_frontchannel_logout_path`; OpenID Connect Front-Channel
//! Logout 1.0, 2 and 3).

use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY, RETRY_AFTER, SET_COOKIE,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use url::{Url, form_urlencoded};

use crate::services::Services;
use crate::services::gateway::{Departure, LogoutFailure};
use crate::telemetry::chain;

use super::arrival::Arrival;

/// Longest `iss` and `sid`, bytes.
const LONGEST: usize = 1024;

/// Answers a browser in which a provider signs somebody out.
pub(super) async fn answer(request: &HttpRequest, services: &Services) -> HttpResponse {
    if *request.method() != Method::GET {
        return page(StatusCode::METHOD_NOT_ALLOWED).insert_header((ALLOW, "GET")).body("The method must be GET.\n");
    }
    let arrival = Arrival::of(request, &services.settings.trusted_proxies);
    let named = only(request, "iss").zip(only(request, "sid"));
    let Some((issuer, idp_session)) = named else {
        return page(StatusCode::BAD_REQUEST).body("iss and sid must be there, once each.\n");
    };
    match services.gateway.depart(&arrival.view(), &issuer, &idp_session).await {
        Ok(departure) => farewell(&issuer, departure),
        Err(LogoutFailure::Issuer) => page(StatusCode::BAD_REQUEST).body("No session is of this issuer.\n"),
        Err(failure) => {
            tracing::error!(error = chain(&failure), "openid-connect: a front-channel logout had no effect");
            page(StatusCode::SERVICE_UNAVAILABLE)
                .insert_header((RETRY_AFTER, "5"))
                .body("The sessions could not be ended.\n")
        }
    }
}

/// The same for sessions that were there and for those that were not: whoever guesses learns nothing.
fn farewell(issuer: &str, departure: Departure) -> HttpResponse {
    tracing::info!(ended = departure.ended, "openid-connect: a provider signed somebody out in a browser");
    let mut answer = page(StatusCode::OK);
    if let Some(policy) = framed_by(issuer) {
        answer.insert_header((CONTENT_SECURITY_POLICY, policy));
    }
    for cookie in departure.cookies {
        answer.append_header((SET_COOKIE, cookie));
    }
    answer.body("Signed out.\n")
}

/// Only the provider's own pages may show the answer in a frame.
fn framed_by(issuer: &str) -> Option<HeaderValue> {
    let origin = Url::parse(issuer).ok()?.origin();
    let policy = format!("default-src 'none'; frame-ancestors {}", origin.ascii_serialization());
    origin.is_tuple().then(|| HeaderValue::try_from(policy).ok()).flatten()
}

fn page(status: StatusCode) -> HttpResponseBuilder {
    let mut page = HttpResponse::build(status);
    page.insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"));
    page
}

/// The only value of an argument, unless it is empty or too long.
fn only(request: &HttpRequest, name: &str) -> Option<String> {
    let mut values = form_urlencoded::parse(request.query_string().as_bytes()).filter(|(known, _)| known == name);
    let (_, value) = values.next()?;
    (values.next().is_none() && !value.is_empty() && value.len() <= LONGEST).then(|| value.into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_the_origin_of_the_issuer_is_allowed_to_frame() {
        for (issuer, ancestors) in [
            ("https://op.test/realms/a", Some("https://op.test")),
            ("https://op.test:8443/", Some("https://op.test:8443")),
            ("data:text/plain,x", None),
            ("no URL", None),
        ] {
            let policy = ancestors.map(|origin| format!("default-src 'none'; frame-ancestors {origin}"));
            assert_eq!(framed_by(issuer).map(|value| value.to_str().unwrap().to_owned()), policy, "{issuer}");
        }
    }
}
