//! What every page of kong-sso shares: the frame's values, assets with hashed names, security headers, and the pages
//! without a session. All text reaches a page through askama's escaping.

pub mod assets;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::error::ApiError;
use crate::config::settings::GuiSettings;
use assets::Assets;

/// Scripts, styles and images of this origin only; no frames, no plugins, no other base.
const CSP: &str = "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'";

/// The frame of a page without a session.
pub struct BareShell {
    /// Title of the tab.
    pub title: String,
    /// Path of the admin pages, no trailing slash.
    pub base: String,
    /// Id to quote when asking for help.
    pub request_id: String,
    /// Style, script and icons.
    pub assets: Assets,
}

impl BareShell {
    /// A frame.
    #[must_use]
    pub fn new(gui: &GuiSettings, title: &str, request_id: &str) -> Self {
        let base = base(gui);
        Self { title: title.to_owned(), request_id: request_id.to_owned(), assets: Assets::below(&base), base }
    }
}

impl BareShell {
    /// A frame of other pages than the admins', whose assets are below `assets`.
    #[must_use]
    pub fn at(assets: &str, base: &str, title: &str, request_id: &str) -> Self {
        let (title, request_id) = (title.to_owned(), request_id.to_owned());
        Self { title, request_id, assets: Assets::below(assets), base: base.to_owned() }
    }
}

/// Path of the admin pages on the GUI's origin, e.g. `/_sso`.
#[must_use]
pub fn base(gui: &GuiSettings) -> String {
    format!("{}{}", gui.path, gui.ui_path)
}

/// Path of one admin page.
#[must_use]
pub fn ui_url(gui: &GuiSettings, page: &str) -> String {
    format!("{}{page}", base(gui))
}

/// A rendered page with the headers of every page.
///
/// # Errors
/// The template could not be rendered.
pub fn render(status: StatusCode, page: &impl Template) -> Result<HttpResponse, ApiError> {
    let html = page.render().map_err(|error| {
        tracing::error!(error = %error, "a page could not be rendered");
        ApiError::internal()
    })?;
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header(("cache-control", "no-store"))
        .insert_header(("content-security-policy", CSP))
        .insert_header(("x-content-type-options", "nosniff"))
        .insert_header(("x-frame-options", "DENY"))
        .insert_header(("referrer-policy", "same-origin"))
        .insert_header(("cross-origin-opener-policy", "same-origin"))
        .body(html))
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    shell: BareShell,
    status: u16,
    heading: String,
    sentence: String,
    advice: String,
    retry_url: Option<String>,
    sign_in_url: Option<String>,
    home_url: Option<String>,
}

/// Ways out of an error page.
#[derive(Clone, Debug, Default)]
pub struct Ways {
    /// The same again.
    pub retry: Option<String>,
    /// Signing in as somebody else.
    pub sign_in: Option<String>,
    /// The home page.
    pub home: Option<String>,
}

/// The face of an error for people. `sign_in_url` starts a new sign-in, when there is one.
#[must_use]
pub fn error(gui: &GuiSettings, error: &ApiError, request_id: &str, sign_in_url: Option<&str>) -> HttpResponse {
    let status = error.status();
    let sign_in_url = sign_in_url.filter(|url| !url.is_empty()).map(str::to_owned);
    let may_retry = status.is_server_error() || status == StatusCode::UNAUTHORIZED;
    let ways = Ways {
        retry: sign_in_url.clone().filter(|_| may_retry),
        sign_in: sign_in_url.filter(|_| !may_retry),
        home: (status == StatusCode::NOT_FOUND).then(|| ui_url(gui, "/")),
    };
    error_with(gui, error, request_id, ways)
}

/// The face of an error with given ways out.
#[must_use]
pub fn error_with(gui: &GuiSettings, error: &ApiError, request_id: &str, ways: Ways) -> HttpResponse {
    let status = error.status();
    let Words { heading, sentence, advice } = words(error);
    let page = ErrorPage {
        shell: BareShell::new(gui, heading, request_id),
        status: status.as_u16(),
        heading: heading.to_owned(),
        sentence,
        advice,
        retry_url: ways.retry,
        sign_in_url: ways.sign_in,
        home_url: ways.home,
    };
    let mut response =
        render(status, &page).unwrap_or_else(|_| HttpResponse::build(status).body(error.sentence().to_owned()));
    if let Some(seconds) = error.retry_after() {
        response
            .headers_mut()
            .insert(actix_web::http::header::RETRY_AFTER, actix_web::http::header::HeaderValue::from(seconds));
    }
    response
}

/// What an error page says.
struct Words {
    heading: &'static str,
    /// Empty where it would only repeat the heading or the name of the status.
    sentence: String,
    advice: String,
}

fn words(error: &ApiError) -> Words {
    let (heading, advice) = heading_and_advice(error);
    let said = error.sentence();
    let is_news = said != heading && error.status().canonical_reason() != Some(said);
    let right = error.missing_right().map(|right| format!("The right that is missing: {right}. "));
    Words {
        heading,
        sentence: if is_news { said.to_owned() } else { String::new() },
        advice: right.unwrap_or_default() + advice,
    }
}

fn heading_and_advice(error: &ApiError) -> (&'static str, &'static str) {
    match (error.code(), error.status().as_u16()) {
        ("login_state", _) => (
            "This sign-in cannot be finished",
            "It was finished before, took too long, or was started in another browser. Start again.",
        ),
        (_, 401) => (
            "Sign-in failed",
            "Try again. If it keeps failing, give the request id below to whoever runs this gateway: the cause is in \
             the log and on the SSO status page.",
        ),
        ("cross_site_request", _) => {
            ("Refused", "The request came from another site. Open the page here and repeat it.")
        }
        ("stale_form", _) => (
            "Refused",
            "Nothing was changed. Open the page again and repeat it; you may have signed in anew meanwhile.",
        ),
        ("groups_unreadable", _) => (
            "Your groups could not be read",
            "The identity provider sends a pointer instead of your groups. Ask whoever runs it to send fewer groups, or \
             application roles.",
        ),
        ("no_permission", _) => ("No permission", "Ask a super admin for a role that includes this."),
        (_, 403) => ("No access", "Ask whoever runs this gateway to give you an account or a role."),
        (_, 404) => ("Not found", "The page does not exist, or what it showed was deleted."),
        (_, 502..=504) => ("Not available right now", "This is usually over soon. Try again in a few seconds."),
        (_, 400..=499) => ("The request was not accepted", ""),
        _ => ("Something went wrong", "The cause is in the log. Quote the request id below."),
    }
}

#[derive(Template)]
#[template(path = "continue.html")]
struct ContinuePage<'p> {
    shell: BareShell,
    target: &'p str,
    script: String,
}

/// A page that leads on by itself, for where a redirect would not do: the browser then sees a navigation that begins
/// here.
///
/// # Errors
/// The template could not be rendered.
pub fn continue_to(gui: &GuiSettings, target: &str) -> Result<HttpResponse, ApiError> {
    continue_from(BareShell::new(gui, "One moment", ""), target)
}

/// The same for pages that are not the admins'.
///
/// # Errors
/// The template could not be rendered.
pub fn continue_from(shell: BareShell, target: &str) -> Result<HttpResponse, ApiError> {
    let script = shell.assets.url("continue.js");
    render(StatusCode::OK, &ContinuePage { shell, target, script })
}

#[derive(Template)]
#[template(path = "no_sign_in.html")]
struct NoSignInPage {
    shell: BareShell,
}

/// The page of a GUI listener without sign-in while RBAC is enforced (kong-manager.md 2.1).
///
/// # Errors
/// The template could not be rendered.
pub fn no_sign_in(gui: &GuiSettings, request_id: &str) -> Result<HttpResponse, ApiError> {
    render(StatusCode::OK, &NoSignInPage { shell: BareShell::new(gui, "No sign-in", request_id) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rbac::Action;

    #[test]
    fn a_sentence_that_only_repeats_the_heading_or_the_status_is_left_out() {
        for error in [ApiError::not_found(), ApiError::login_failed("login_state"), ApiError::login_failed("other")] {
            assert_eq!(words(&error).sentence, "", "{}", error.code());
        }
        assert_eq!(words(&ApiError::invalid_credentials()).sentence, "Invalid RBAC credentials");
    }

    #[test]
    fn a_missing_right_is_named() {
        let refusal = ApiError::no_permission("ann", Action::Read).missing("read on /groups in workspace default");
        let said = words(&refusal);
        assert_eq!(said.sentence, "ann, you do not have permissions to read this resource");
        assert!(said.advice.starts_with("The right that is missing: read on /groups in workspace default. Ask "));
        assert!(words(&ApiError::no_permission("ann", Action::Read)).advice.starts_with("Ask "));
    }
}
