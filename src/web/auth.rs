//! `/auth` of the Admin API: starts a sign-in, takes the provider's answer, and signs out (kong-manager.md 2.4, 2.8).
//!
//! ```text
//! GET  /auth?return_to=   --> 302 to the provider (or straight on, when a session lives)
//! GET  /auth?code&state   --> 302 to Kong Manager with a session    POST: the same by form_post
//! DELETE /auth            --> 200 {"logout_url"}
//! ```

use actix_session::SessionExt as _;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::header::{ACCEPT, LOCATION};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use url::{Url, form_urlencoded};

use super::error::ApiError;
use super::guard::Arrival;
use super::outlive::read_body;
use super::pages;
use super::session::{self, SignIn};
use super::trail::Trail;
use crate::config::auth_conf::{ResponseMode, SameSite as ConfiguredSameSite};
use crate::domain::access::{Door, Proof};
use crate::domain::audit::Verdict;
use crate::services::login::error::LoginError;
use crate::services::login::{Login, LoginPurpose, SignOutUrl, Started, Taken};

/// Longest form of the provider's answer, bytes.
const LONGEST_ANSWER: usize = 64 * 1024;
/// Longest place to return to, bytes.
const LONGEST_RETURN_TO: usize = 2048;

/// Answers a request of `/auth`. Browsers that navigate get a page for an error, others JSON.
///
/// # Errors
/// 401, 403 or 502 by kong-manager.md 2.4.
pub async fn answer(arrival: &Arrival<'_>, body: Payload, trail: &mut Trail) -> Result<HttpResponse, ApiError> {
    trail.door = Door::KongManager;
    let Some(login) = &arrival.services.login else { return Err(ApiError::not_found()) };
    let outcome = match *arrival.request.method() {
        Method::GET => get(arrival, login, trail).await,
        Method::POST => post(arrival, login, body, trail).await,
        Method::DELETE => return sign_out(arrival, login, trail).await,
        _ => return Err(ApiError::method_not_allowed("GET, POST, DELETE, OPTIONS")),
    };
    outcome.or_else(|error| if is_navigation(arrival.request) { Ok(error_page(arrival, &error)) } else { Err(error) })
}

/// Whether a browser loads a document: only then may an answer be a redirect or a page.
#[must_use]
pub fn is_navigation(request: &HttpRequest) -> bool {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    match text("sec-fetch-mode") {
        Some(mode) => mode == "navigate",
        None => text(ACCEPT.as_str()).is_some_and(|accept| accept.trim_start().starts_with("text/html")),
    }
}

async fn get(arrival: &Arrival<'_>, login: &Login, trail: &mut Trail) -> Result<HttpResponse, ApiError> {
    let query = arrival.request.query_string();
    match Login::answer(query.as_bytes()) {
        Ok(Some(response)) => finish(arrival, login, response, trail).await,
        Ok(None) => begin(arrival, login, return_to(query)).await,
        Err(error) => Err(refuse(arrival, login, error, trail)),
    }
}

async fn post(
    arrival: &Arrival<'_>,
    login: &Login,
    payload: Payload,
    trail: &mut Trail,
) -> Result<HttpResponse, ApiError> {
    let form = read_body(payload, LONGEST_ANSWER).await?;
    match Login::answer(&form) {
        Ok(Some(response)) => finish(arrival, login, response, trail).await,
        Ok(None) => Err(ApiError::bad_request("no_login_answer", "POST here is for answers of the identity provider")),
        Err(error) => Err(refuse(arrival, login, error, trail)),
    }
}

/// Sends the browser to the provider, or on when it is signed in already.
async fn begin(arrival: &Arrival<'_>, login: &Login, return_to: Option<String>) -> Result<HttpResponse, ApiError> {
    if let SignIn::Of(_) = session::sign_in(&arrival.request.get_session())
        && arrival.caller().await.is_ok_and(|caller| matches!(caller.proof, Proof::Session(_)))
    {
        let index = login.redirect_index(&arrival.peer.origin());
        return Ok(see(&landing(login, index, return_to.as_deref())));
    }
    start(arrival, login, return_to, LoginPurpose::SignIn).await
}

/// Starts a login and sends the browser to the provider.
///
/// # Errors
/// 502 when the provider is not known and does not answer.
pub async fn start(
    arrival: &Arrival<'_>,
    login: &Login,
    return_to: Option<String>,
    purpose: LoginPurpose,
) -> Result<HttpResponse, ApiError> {
    let started = begin_login(arrival, login, return_to, purpose).await?;
    let mut response = see(started.url.as_str());
    add_state_cookie(&mut response, login, Some(started.cookie));
    Ok(response)
}

/// The same for a form: a page leads to the provider.
///
/// # Errors
/// 502 when the provider is not known and does not answer.
pub async fn start_by_page(
    arrival: &Arrival<'_>,
    login: &Login,
    purpose: LoginPurpose,
) -> Result<HttpResponse, ApiError> {
    let started = begin_login(arrival, login, None, purpose).await?;
    let mut response = pages::continue_to(&arrival.services.settings.gui, started.url.as_str())?;
    add_state_cookie(&mut response, login, Some(started.cookie));
    Ok(response)
}

async fn begin_login(
    arrival: &Arrival<'_>,
    login: &Login,
    return_to: Option<String>,
    purpose: LoginPurpose,
) -> Result<Started, ApiError> {
    let services = arrival.services;
    let present = state_cookie_value(arrival, login);
    let now = services.clock.now();
    login.start(&arrival.peer.origin(), return_to, purpose, &present, now).await.map_err(|error| {
        login.note_failure(now, &error, arrival.request_id);
        services.metrics.count_sign_in(error.code());
        tracing::warn!(request_id = arrival.request_id, code = error.code(), error = %error, "no login could be started");
        ApiError::from(error)
    })
}

/// Takes the provider's answer: proves it, signs in, and sends the browser on.
async fn finish(
    arrival: &Arrival<'_>,
    login: &Login,
    response: crate::services::login::AuthorizationResponse,
    trail: &mut Trail,
) -> Result<HttpResponse, ApiError> {
    let present = state_cookie_value(arrival, login);
    let Taken { pending, cookie } = match login.take(arrival.services, &response.state, &present).await {
        Ok(taken) => taken,
        Err(error) => return Err(refuse(arrival, login, error, trail)),
    };
    let outcome = match login.prove(&pending, response).await {
        Ok(outcome) => outcome,
        Err(error) => return Err(refuse(arrival, login, error, trail)),
    };
    let mut response = match pending.purpose {
        LoginPurpose::SignIn => {
            let signed_in = match login.sign_in(arrival.services, &outcome, arrival.request_id).await {
                Ok(signed_in) => signed_in,
                Err(error) => return Err(refuse(arrival, login, error, trail)),
            };
            let browser = arrival.request.get_session();
            session::start(&browser, signed_in.session).map_err(|_| ApiError::internal())?;
            trail.caller = arrival.caller().await.ok();
            trail.verdict = Verdict::Allowed;
            trail.rule = Some("signed in".into());
            arrival.services.metrics.count_sign_in("ok");
            tracing::info!(request_id = arrival.request_id, admin = %signed_in.name, "signed in");
            onward(arrival, login, &landing(login, pending.redirect_index, pending.return_to.as_deref()))?
        }
        LoginPurpose::Test => {
            let report = login.test(arrival.services, &outcome).await?;
            session::keep_test(&arrival.request.get_session(), &report).map_err(|_| ApiError::internal())?;
            onward(arrival, login, &pages::ui_url(&arrival.services.settings.gui, "/sso"))?
        }
    };
    add_state_cookie(&mut response, login, cookie);
    Ok(response)
}

/// After the provider's redirect a `Strict` cookie is not sent with the next document: a page of our own must lead there
/// (kong-manager.md 8.4).
fn onward(arrival: &Arrival<'_>, login: &Login, target: &str) -> Result<HttpResponse, ApiError> {
    match login.conf().session.cookie_same_site {
        ConfiguredSameSite::Strict => pages::continue_to(&arrival.services.settings.gui, target),
        _ => Ok(see(target)),
    }
}

fn refuse(arrival: &Arrival<'_>, login: &Login, error: LoginError, trail: &mut Trail) -> ApiError {
    tracing::warn!(request_id = arrival.request_id, code = error.code(), error = %error, "a sign-in was refused");
    login.note_failure(arrival.services.clock.now(), &error, arrival.request_id);
    arrival.services.metrics.count_sign_in(error.code());
    trail.verdict = Verdict::Unauthenticated;
    trail.rule = Some(format!("sign-in refused: {error}").into());
    error.into()
}

/// Ends the session here and says where the provider's is ended.
async fn sign_out(arrival: &Arrival<'_>, login: &Login, trail: &mut Trail) -> Result<HttpResponse, ApiError> {
    let caller = arrival.caller().await?;
    trail.caller = Some(caller.clone());
    let Proof::Session(_) = caller.proof else {
        return Err(ApiError::bad_request("no_session", "Only a session can be signed out"));
    };
    arrival.require_same_site()?;
    trail.rule = Some("signed out".into());
    let to = end_session(arrival, login, caller.proof).await?;
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(json!({ "logout_url": to.url.map(String::from) })))
}

/// Ends the caller's session on every node; returns where the browser goes.
///
/// # Errors
/// The store failed: then the session still holds.
pub async fn end_session(arrival: &Arrival<'_>, login: &Login, proof: Proof) -> Result<SignOutUrl, ApiError> {
    let tokens = match proof {
        Proof::Session(id) => arrival.services.sessions.end(id).await?,
        Proof::Token | Proof::Off => None,
    };
    session::end(&arrival.request.get_session());
    Ok(login.sign_out_url(&arrival.peer.origin(), tokens.as_ref().map(|tokens| &tokens.id_token)).await)
}

fn return_to(query: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "return_to").map(|(_, value)| value.into_owned())
}

/// Where a signed-in browser lands: `login_redirect_uri`, or a path on its origin.
fn landing(login: &Login, index: usize, return_to: Option<&str>) -> String {
    let configured = &login.conf().login_redirect_uri;
    let Some(base) = configured.get(index).or_else(|| configured.first()) else { return "/".to_owned() };
    return_to.and_then(|path| safe_join(base, path)).unwrap_or_else(|| base.clone()).into()
}

/// A path on the origin of `base`, and nothing that a browser could read as another place.
fn safe_join(base: &Url, path: &str) -> Option<Url> {
    let is_plain_path = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= LONGEST_RETURN_TO
        && !path.contains('\\')
        && !path.chars().any(char::is_control);
    let joined = is_plain_path.then(|| base.join(path).ok()).flatten()?;
    (joined.origin() == base.origin()).then_some(joined)
}

fn see(target: &str) -> HttpResponse {
    HttpResponse::build(StatusCode::FOUND)
        .insert_header((LOCATION, target))
        .insert_header(("cache-control", "no-store"))
        .finish()
}

fn error_page(arrival: &Arrival<'_>, error: &ApiError) -> HttpResponse {
    pages::error(&arrival.services.settings.gui, error, arrival.request_id, Some(&arrival.login_url()))
}

fn state_cookie_value(arrival: &Arrival<'_>, login: &Login) -> String {
    let cookie = arrival.request.cookie(&login.conf().session.transaction_cookie_name);
    cookie.map(|cookie| cookie.value().to_owned()).unwrap_or_default()
}

/// The login-state cookie. The return from the provider is cross-site, so it is never `Strict`; a form post needs `None`.
fn add_state_cookie(response: &mut HttpResponse, login: &Login, value: Option<String>) {
    let conf = login.conf();
    let is_posted = conf.relying_party.request.response_mode == ResponseMode::FormPost;
    let same_site = if is_posted && conf.session.cookie_secure { SameSite::None } else { SameSite::Lax };
    let lifetime = if value.is_some() { conf.session.transaction_timeout } else { 0 };
    let cookie = Cookie::build(conf.session.transaction_cookie_name.clone(), value.unwrap_or_default())
        .path("/")
        .http_only(true)
        .secure(conf.session.cookie_secure)
        .same_site(same_site)
        .max_age(Duration::seconds(lifetime))
        .finish();
    if response.add_cookie(&cookie).is_err() {
        tracing::error!("the login-state cookie could not be written");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn km_026_only_a_path_of_the_own_origin_is_returned_to() {
        let base = Url::parse("https://kong.example.com/manager/").unwrap();
        assert_eq!(safe_join(&base, "/services?x=1#y").unwrap().as_str(), "https://kong.example.com/services?x=1#y");
        for bad in
            ["//evil.example", "https://evil.example/", "/\\evil.example", "services", "", "/a\nb", "javascript:1"]
        {
            assert_eq!(safe_join(&base, bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_path_leaves_the_origin(path in "\\PC{0,60}") {
            let base = Url::parse("https://kong.example.com/").unwrap();
            if let Some(url) = safe_join(&base, &path) {
                prop_assert_eq!(url.origin(), base.origin());
            }
        }
    }
}
