//! Errors as pages of the portal. Who is not signed in goes to the login, and who may not go on to the state of the
//! account.

use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use url::form_urlencoded;

use super::shell::PortalShell;
use super::visitor::see_other;
use crate::web::error::{ApiError, PROVIDER, UNUSABLE};
use crate::web::pages;
use crate::web::portal_api::guard::{Mount, PortalVisit};

#[derive(Template)]
#[template(path = "portal/failure.html")]
struct FailurePage {
    shell: PortalShell,
    status: u16,
    heading: &'static str,
    sentence: String,
    advice: &'static str,
    retry_url: Option<String>,
    home_url: Option<String>,
}

/// The page of an error.
#[must_use]
pub fn page(request: &HttpRequest, error: &ApiError, request_id: &str) -> HttpResponse {
    let visit = PortalVisit::of(request).ok();
    if let Some(visit) = &visit
        && error.status() == StatusCode::UNAUTHORIZED
    {
        return see_other(&way_in(visit, error));
    }
    let Some(mount) = request.app_data::<Data<Mount>>() else { return error.clone().into_response() };
    let (heading, advice) = words(error);
    let is_news = error.status().canonical_reason() != Some(error.sentence()) && error.sentence() != heading;
    let page = FailurePage {
        status: error.status().as_u16(),
        heading,
        sentence: if is_news { error.sentence().to_owned() } else { String::new() },
        advice,
        retry_url: visit.as_ref().filter(|_| is_of_sign_in(error)).map(|visit| visit.url("/login")),
        home_url: visit.as_ref().map(|visit| visit.url("/")),
        shell: PortalShell::bare(mount, heading, visit.map(|visit| visit.base()).unwrap_or_default(), request_id),
    };
    let mut response = pages::render(error.status(), &page).unwrap_or_else(ApiError::into_response);
    if let Some(seconds) = error.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn is_of_sign_in(error: &ApiError) -> bool {
    error.code() == PROVIDER || error.is_portal_sign_in()
}

/// The login with the way back, or the state of the account.
fn way_in(visit: &PortalVisit, error: &ApiError) -> String {
    if error.code() == UNUSABLE {
        return visit.url("/pending");
    }
    let asked = visit.request.uri().path_and_query().filter(|_| *visit.request.method() == Method::GET);
    match asked {
        None => visit.url("/login"),
        Some(asked) => {
            let query =
                form_urlencoded::Serializer::new(String::new()).append_pair("return_to", asked.as_str()).finish();
            format!("{}?{query}", visit.url("/login"))
        }
    }
}

fn words(error: &ApiError) -> (&'static str, &'static str) {
    match (error.code(), error.status().as_u16()) {
        (PROVIDER, _) => {
            ("Not available right now", "Nobody can sign in through it meanwhile. This is usually over soon.")
        }
        _ if error.is_portal_sign_in() => (
            "This sign-in cannot be finished",
            "It was finished before, took too long, was started in another browser, or the identity provider refused it. \
             Start again; if it keeps failing, quote the request id.",
        ),
        ("cross_site_request", _) => {
            ("Refused", "The request came from another site. Open the page here and repeat it.")
        }
        ("stale_form", _) => (
            "Refused",
            "Nothing was changed. Open the page again and repeat it; you may have signed in anew meanwhile.",
        ),
        (_, 403) => ("No access", "Your account may not do this."),
        (_, 404) => ("Not found", "The page does not exist, or what it showed was removed."),
        (_, 429) => ("Too many attempts", "Wait a little, then try again."),
        (_, 500..) => {
            ("Something went wrong", "Try again in a few seconds. If it keeps failing, quote the request id.")
        }
        _ => ("The request was not accepted", ""),
    }
}
