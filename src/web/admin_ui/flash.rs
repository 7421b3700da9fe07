//! The message that follows a change: `POST` answers 303 with it in a sealed cookie, the next page shows it once.

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

/// Name of the cookie.
const NAME: &str = "kong_sso_flash";

/// A message on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web) struct Flash {
    /// ok, warn, bad or info.
    pub(in crate::web) tone: String,
    /// Its icon.
    pub(in crate::web) icon: String,
    /// The sentence.
    pub(in crate::web) text: String,
}

impl Flash {
    /// A change was made.
    pub(in crate::web) fn ok(text: impl Into<String>) -> Self {
        Self { tone: "ok".to_owned(), icon: "check".to_owned(), text: text.into() }
    }

    /// Something needs attention.
    pub(in crate::web) fn warn(text: impl Into<String>) -> Self {
        Self { tone: "warn".to_owned(), icon: "alert".to_owned(), text: text.into() }
    }

    /// As one text, to be sealed.
    pub(in crate::web) fn to_note(&self) -> String {
        format!("{}\n{}", self.tone, self.text)
    }

    /// From that text.
    pub(in crate::web) fn from_note(note: &str) -> Option<Self> {
        let (tone, text) = note.split_once('\n')?;
        Some(if tone == "warn" { Self::warn(text) } else { Self::ok(text) })
    }
}

/// The sealed message that a request brings.
pub(in crate::web) fn sealed(request: &HttpRequest) -> Option<String> {
    request.cookie(NAME).map(|cookie| cookie.value().to_owned())
}

/// Sends a sealed message along; `path` is that of the pages.
pub(in crate::web) fn send(response: &mut HttpResponse, sealed: String, path: &str, is_secure: bool) {
    let cookie = Cookie::build(NAME, sealed)
        .path(path.to_owned())
        .http_only(true)
        .secure(is_secure)
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(60))
        .finish();
    if response.add_cookie(&cookie).is_err() {
        tracing::warn!("a message could not be sent along");
    }
}

/// Lets the browser forget a message that a page showed.
pub(in crate::web) fn forget_shown(request: &HttpRequest, response: &mut HttpResponse, path: &str) {
    if response.status() != StatusCode::OK || request.cookie(NAME).is_none() {
        return;
    }
    let cookie = Cookie::build(NAME, "").path(path.to_owned()).max_age(Duration::ZERO).finish();
    if response.add_cookie(&cookie).is_err() {
        tracing::warn!("a message could not be forgotten");
    }
}
