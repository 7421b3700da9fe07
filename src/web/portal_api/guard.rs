//! Who visits the portal: extractors for its JSON API and its pages. A handler that takes [`PortalVisit`] alone is public;
//! [`DeveloperSession`] is the proof of an approved developer.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{ORIGIN, USER_AGENT};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, ResponseError};

use crate::config::auth_conf::SameSite as ConfiguredSameSite;
use crate::config::settings::Settings;
use crate::domain::audit::Verdict;
use crate::domain::developer::Developer;
use crate::domain::ids::WorkspaceName;
use crate::domain::time::UnixSeconds;
use crate::domain::visibility::Sight;
use crate::services::Services;
use crate::services::error::ServiceError;
use crate::services::portal::sessions::{self, LiveSession};
use crate::services::portal::{Portal, Visit, sight};
use crate::web::error::ApiError;
use crate::web::peer::Peer;
use crate::web::trail::SharedTrail;

/// Header with which browsers say where a request comes from (Fetch Metadata).
const FETCH_SITE: &str = "sec-fetch-site";

/// An error on the way to its face: the frame of the scope alone shows it.
#[derive(Debug)]
pub struct PortalError(pub(in crate::web) ApiError);

/// What a handler of the portal answers.
pub type PortalResult = Result<HttpResponse, PortalError>;

impl std::fmt::Display for PortalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.code())
    }
}

impl ResponseError for PortalError {
    fn status_code(&self) -> StatusCode {
        self.0.status()
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.0.status())
    }
}

impl From<ApiError> for PortalError {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl From<ServiceError> for PortalError {
    fn from(error: ServiceError) -> Self {
        Self(ApiError::of_portal(error))
    }
}

/// Where the portal is mounted on a listener: what stands before the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Before the workspace of a page.
    pub pages: String,
    /// Before the workspace of a door of the JSON API.
    pub api: String,
    /// Whether the host of a page names the workspace, and not its path.
    pub is_by_host: bool,
}

impl Mount {
    /// Listeners of the portal alone: pages below the path of `portal_gui_host`.
    #[must_use]
    pub fn of_own_listeners(settings: &Settings) -> Self {
        let path = url::Url::parse(&settings.portal.gui_url).map(|url| url.path().trim_end_matches('/').to_owned());
        Self { pages: path.unwrap_or_default(), api: String::new(), is_by_host: settings.portal.gui_subdomains }
    }

    /// The GUI's origin.
    #[must_use]
    pub fn of_single_origin() -> Self {
        let (pages, api) = (crate::web::portal_ui::SINGLE_ORIGIN.to_owned(), super::SINGLE_ORIGIN.to_owned());
        Self { pages, api, is_by_host: false }
    }

    /// Path of the pages of a workspace, no trailing slash.
    fn base(&self, workspace: &WorkspaceName) -> String {
        if self.is_by_host { self.pages.clone() } else { format!("{}/{workspace}", self.pages) }
    }
}

/// Which face a scope has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// JSON.
    Api,
    /// Pages.
    Pages,
}

/// A request to the portal of a workspace that is on, whoever sends it. Made by the frame.
#[derive(Clone)]
pub struct PortalVisit {
    /// The services.
    pub services: Data<Services>,
    /// The portal.
    pub portal: Rc<Portal>,
    /// Where it is mounted.
    pub mount: Data<Mount>,
    /// Where the request came from.
    pub peer: Rc<Peer>,
    /// Its trail.
    pub(in crate::web) trail: SharedTrail,
    /// The request.
    pub request: HttpRequest,
}

/// What the frame leaves for the extractors.
#[derive(Clone)]
pub(in crate::web) struct Opened {
    pub(in crate::web) portal: Rc<Portal>,
    pub(in crate::web) peer: Rc<Peer>,
    pub(in crate::web) trail: SharedTrail,
}

impl PortalVisit {
    pub(in crate::web) fn of(request: &HttpRequest) -> Result<Self, PortalError> {
        let Opened { portal, peer, trail } =
            request.extensions().get::<Opened>().cloned().ok_or_else(ApiError::not_found)?;
        let services = request.app_data::<Data<Services>>().cloned().ok_or_else(ApiError::internal)?;
        let mount = request.app_data::<Data<Mount>>().cloned().ok_or_else(ApiError::internal)?;
        Ok(Self { services, portal, mount, peer, trail, request: request.clone() })
    }

    /// The same for services.
    #[must_use]
    pub fn visit(&self) -> Visit {
        let agent = self.request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        Visit {
            request_id: self.trail.request_id(),
            client: self.peer.client,
            user_agent: agent.unwrap_or_default().to_owned(),
        }
    }

    /// The present time.
    #[must_use]
    pub fn now(&self) -> UnixSeconds {
        self.services.clock.now()
    }

    /// Path of the pages of this workspace, no trailing slash.
    #[must_use]
    pub fn base(&self) -> String {
        self.mount.base(&self.portal.workspace.name)
    }

    /// Path of cookies that belong to the pages of this workspace.
    #[must_use]
    pub fn cookie_path(&self) -> String {
        Some(self.base()).filter(|base| !base.is_empty()).unwrap_or_else(|| "/".to_owned())
    }

    /// The path of a page; `page` begins with a slash.
    #[must_use]
    pub fn url(&self, page: &str) -> String {
        format!("{}{page}", self.base())
    }

    /// Refuses doors of accounts where there are none.
    ///
    /// # Errors
    /// 404 while `portal_auth` is unset.
    pub fn require_accounts(&self) -> Result<(), PortalError> {
        if self.portal.settings.auth.is_some() { Ok(()) } else { Err(ApiError::not_found().into()) }
    }

    /// Refuses doors of passwords where there are none.
    ///
    /// # Errors
    /// 404.
    pub fn require_passwords(&self) -> Result<(), PortalError> {
        if self.portal.settings.has_passwords() { Ok(()) } else { Err(ApiError::not_found().into()) }
    }

    /// Refuses doors of the sign-in through a provider where there is none.
    ///
    /// # Errors
    /// 404.
    pub fn require_provider(&self) -> Result<(), PortalError> {
        if self.portal.settings.provider().is_some() { Ok(()) } else { Err(ApiError::not_found().into()) }
    }

    /// The session that the cookie stands for, limited ones too.
    ///
    /// # Errors
    /// 503 when that cannot be checked.
    pub async fn live(&self) -> Result<Option<LiveSession>, PortalError> {
        if self.portal.settings.auth.is_none() {
            return Ok(None);
        }
        match self.request.cookie(&self.portal.settings.session.cookie_name) {
            Some(cookie) => Ok(sessions::find(&self.services, &self.portal, cookie.value()).await?),
            None => Ok(None),
        }
    }

    /// What whoever has this session sees of the catalogue; without a full session, nobody known.
    ///
    /// # Errors
    /// The store failed.
    pub(in crate::web) async fn sight_of(&self, live: Option<&LiveSession>) -> Result<Sight, PortalError> {
        let developer = live.filter(|live| live.is_full()).map(|live| live.developer.id);
        Ok(sight::of_visitor(&self.services, &self.portal.workspace, developer).await?)
    }

    /// Notes in the trail of this request what happened.
    pub fn note(&self, event: impl Into<String>, is_allowed: bool) {
        let event = event.into();
        self.trail.note(|trail| {
            trail.rule = Some(event.into());
            trail.verdict = if is_allowed { Verdict::Allowed } else { Verdict::Denied };
        });
    }

    /// The same, and has the audit log record the request although its method only reads.
    pub fn record(&self, event: impl Into<String>, is_allowed: bool) {
        self.note(event, is_allowed);
        self.trail.record_read();
    }

    /// Gives the browser the key of a session.
    pub fn send_key(&self, response: &mut HttpResponse, key: &str) {
        self.set_session_cookies(response, key, None);
    }

    /// Lets the browser forget its session.
    pub fn forget_key(&self, response: &mut HttpResponse) {
        self.set_session_cookies(response, "", Some(Duration::ZERO));
    }

    fn set_session_cookies(&self, response: &mut HttpResponse, value: &str, max_age: Option<Duration>) {
        let conf = &self.portal.settings.session;
        let same_site = match conf.cookie_same_site {
            ConfiguredSameSite::Lax => SameSite::Lax,
            ConfiguredSameSite::None => SameSite::None,
            ConfiguredSameSite::Strict | ConfiguredSameSite::Default => SameSite::Strict,
        };
        self.set_cookies(response, (&conf.cookie_name, value), same_site, max_age);
    }

    /// A cookie that comes back from another site's redirect too; an empty value lets the browser forget it.
    pub(in crate::web) fn set_lax_cookie(
        &self,
        response: &mut HttpResponse,
        (name, value): (&str, &str),
        seconds: i64,
    ) {
        let seconds = if value.is_empty() { 0 } else { seconds };
        self.set_cookies(response, (name, value), SameSite::Lax, Some(Duration::seconds(seconds)));
    }

    /// The value of a cookie; empty when there is none.
    pub(in crate::web) fn cookie(&self, name: &str) -> String {
        self.request.cookie(name).map(|cookie| cookie.value().to_owned()).unwrap_or_default()
    }

    /// One cookie for each path of this workspace: no other workspace of the same host gets it.
    fn set_cookies(
        &self,
        response: &mut HttpResponse,
        (name, value): (&str, &str),
        same_site: SameSite,
        max_age: Option<Duration>,
    ) {
        let conf = &self.portal.settings.session;
        let mut paths = vec![self.cookie_path(), format!("{}/{}", self.mount.api, self.portal.workspace.name)];
        paths.dedup();
        for path in paths {
            let mut cookie = Cookie::build(name, value)
                .path(path)
                .http_only(true)
                .secure(conf.cookie_secure.unwrap_or(self.peer.scheme == "https"))
                .finish();
            cookie.set_same_site(same_site);
            cookie.set_domain(conf.cookie_domain.clone().unwrap_or_default());
            if conf.cookie_domain.is_none() {
                cookie.unset_domain();
            }
            cookie.set_max_age(max_age);
            if let Err(error) = response.add_cookie(&cookie) {
                tracing::warn!(error = %error, "a session cookie could not be sent");
            }
        }
    }

    /// Whether the request comes from a page of this origin or a listed one, as far as browsers tell.
    #[must_use]
    pub(in crate::web) fn site(&self) -> Site {
        let headers = self.request.headers();
        let fetch_site = headers.get(FETCH_SITE);
        if fetch_site.is_some_and(|site| site.as_bytes() == b"same-origin") {
            return Site::Own;
        }
        match headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or_default()) {
            Some(origin) if origin == self.peer.origin() => Site::Own,
            Some(origin) if super::cors::is_listed(&self.portal, origin) => Site::Listed,
            None if fetch_site.is_none() => Site::Unknown,
            _ => Site::Foreign,
        }
    }
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Site {
    /// This origin.
    Own,
    /// An origin that `portal_cors_origins` lists.
    Listed,
    /// Nothing was said: no browser of today.
    Unknown,
    /// Another one.
    Foreign,
}

impl FromRequest for PortalVisit {
    type Error = PortalError;
    type Future = Ready<Result<Self, PortalError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

/// An approved developer of this workspace. For others the JSON API answers 401, and pages lead to the login or to the
/// state of the account. Changes from other sites were refused by the frame (JSON API) or by the form's extractor (pages).
#[derive(Clone)]
pub struct DeveloperSession {
    /// The request.
    pub visit: PortalVisit,
    /// Session and developer.
    pub live: LiveSession,
}

impl DeveloperSession {
    /// The developer.
    #[must_use]
    pub const fn developer(&self) -> &Developer {
        &self.live.developer
    }

    pub(in crate::web) async fn of(visit: PortalVisit) -> Result<Self, PortalError> {
        visit.require_accounts()?;
        let Some(live) = visit.live().await? else { return Err(ApiError::portal_unauthorized().into()) };
        if !live.is_full() {
            return Err(ApiError::portal_unusable(live.developer.shown_status()).into());
        }
        visit.note(format!("developer {}", live.developer.id), true);
        Ok(Self { visit, live })
    }
}

impl std::ops::Deref for DeveloperSession {
    type Target = PortalVisit;

    fn deref(&self) -> &PortalVisit {
        &self.visit
    }
}

impl FromRequest for DeveloperSession {
    type Error = PortalError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PortalError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let visit = PortalVisit::of(request);
        Box::pin(async move { Self::of(visit?).await })
    }
}
