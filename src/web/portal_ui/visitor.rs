//! Who looks at a page of the portal: anybody, or a developer.

use std::future::Future;
use std::pin::Pin;

use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue, LOCATION};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use askama::Template;

use super::message;
use crate::domain::developer::Developer;
use crate::domain::visibility::Sight;
use crate::sealing::random_token;
use crate::services::portal::sessions::{self, LiveSession};
use crate::web::admin_ui::flash::Flash;
use crate::web::error::ApiError;
use crate::web::pages;
use crate::web::portal_api::guard::{PortalError, PortalResult, PortalVisit};

/// Cookie of a browser in which nobody is signed in yet: forms belong to it.
const BROWSER: &str = "portal_browser";

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, PortalError>>>>;

/// Anybody at a page.
#[derive(Clone)]
pub struct PageVisitor {
    /// The request.
    pub visit: PortalVisit,
    /// The session, limited ones too.
    pub live: Option<LiveSession>,
    browser: String,
    is_new: bool,
}

impl std::ops::Deref for PageVisitor {
    type Target = PortalVisit;

    fn deref(&self) -> &PortalVisit {
        &self.visit
    }
}

impl PageVisitor {
    pub(super) async fn of(visit: PortalVisit) -> Result<Self, PortalError> {
        let live = visit.live().await?;
        if let Some(live) = &live {
            visit.note(format!("developer {}", live.developer.id), true);
        }
        let known = visit.request.cookie(BROWSER).map(|cookie| cookie.value().to_owned());
        let is_new = known.is_none();
        Ok(Self { visit, live, browser: known.unwrap_or_else(random_token), is_new })
    }

    /// Whose forms and messages are seen here: the session, or the browser of nobody yet.
    pub(super) fn owner(&self) -> String {
        match &self.live {
            Some(live) => format!("session {}", live.session.id),
            None => format!("browser {}", self.browser),
        }
    }

    /// Everybody whose forms and messages this visitor may use. A session's cookie does not come along when a link in a
    /// mail is followed, so the page that opens then belongs to the browser, while its form is sent with the session.
    pub(super) fn owners(&self) -> [String; 2] {
        [self.owner(), format!("browser {}", self.browser)]
    }

    /// Whether an approved developer is signed in.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        self.live.as_ref().is_some_and(LiveSession::is_full)
    }

    /// What the visitor sees of the catalogue.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn sight(&self) -> Result<Sight, PortalError> {
        self.visit.sight_of(self.live.as_ref()).await
    }

    /// A rendered page.
    ///
    /// # Errors
    /// The template could not be rendered.
    pub fn render(&self, status: StatusCode, page: &impl Template) -> PortalResult {
        let mut response = pages::render(status, page)?;
        self.keep_browser(&mut response);
        Ok(response)
    }

    /// The same for a page whose address holds a token: it is told to nobody, and no search engine keeps it.
    ///
    /// # Errors
    /// The template could not be rendered.
    pub fn render_secret(&self, status: StatusCode, page: &impl Template) -> PortalResult {
        let mut response = self.render(status, page)?;
        for (name, value) in [("referrer-policy", "no-referrer"), ("x-robots-tag", "noindex")] {
            response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Ok(response)
    }

    fn keep_browser(&self, response: &mut HttpResponse) {
        if !self.is_new {
            return;
        }
        let cookie = Cookie::build(BROWSER, self.browser.clone())
            .path(self.cookie_path())
            .http_only(true)
            .secure(self.peer.scheme == "https")
            .same_site(SameSite::Lax)
            .finish();
        if response.add_cookie(&cookie).is_err() {
            tracing::warn!("a browser could not be told its name");
        }
    }

    /// Answers a change: the browser loads `to`, which says what happened.
    ///
    /// # Errors
    /// The message could not be sealed.
    pub(in crate::web) fn done(&self, to: &str, message: &Flash) -> PortalResult {
        let sealed = self.services.notes.portal_message(&self.owner(), &message.to_note(), self.now())?;
        let mut response = see_other(to);
        message::send(&mut response, sealed, &self.cookie_path(), self.peer.scheme == "https");
        self.keep_browser(&mut response);
        Ok(response)
    }

    /// The message of the change before.
    pub(super) fn message(&self) -> Option<Flash> {
        let sealed = message::sealed(&self.request)?;
        let read = |owner: &String| self.services.notes.read_portal_message(owner, &sealed, self.now());
        Flash::from_note(&self.owners().iter().find_map(read)?)
    }

    /// The same browser with the session of another key, for messages after a change of the password.
    pub(super) async fn renewed(self, key: &str) -> Result<Self, PortalError> {
        let live = sessions::find(&self.services, &self.portal, key).await?;
        Ok(Self { live, ..self })
    }

    /// The same browser without its session, for messages after a logout.
    pub(super) fn signed_out(self) -> Self {
        Self { live: None, ..self }
    }
}

impl FromRequest for PageVisitor {
    type Error = PortalError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let visit = PortalVisit::of(request);
        Box::pin(async move { Self::of(visit?).await })
    }
}

/// An approved developer at a page; others are led to the login or to the state of their account.
#[derive(Clone)]
pub struct DeveloperPage {
    /// The visitor.
    pub visitor: PageVisitor,
    /// The full session.
    pub session: LiveSession,
}

impl std::ops::Deref for DeveloperPage {
    type Target = PageVisitor;

    fn deref(&self) -> &PageVisitor {
        &self.visitor
    }
}

impl DeveloperPage {
    /// The developer.
    #[must_use]
    pub const fn developer(&self) -> &Developer {
        &self.session.developer
    }

    pub(super) fn of(visitor: PageVisitor) -> Result<Self, PortalError> {
        visitor.require_accounts()?;
        match visitor.live.clone() {
            Some(session) if session.is_full() => Ok(Self { visitor, session }),
            Some(session) => Err(ApiError::portal_unusable(session.developer.shown_status()).into()),
            None => Err(ApiError::portal_unauthorized().into()),
        }
    }
}

impl FromRequest for DeveloperPage {
    type Error = PortalError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let visitor = PageVisitor::from_request(request, payload);
        Box::pin(async move { Self::of(visitor.await?) })
    }
}

/// To another page of ours.
#[must_use]
pub(super) fn see_other(to: &str) -> HttpResponse {
    HttpResponse::build(StatusCode::SEE_OTHER)
        .insert_header((LOCATION, to))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}
