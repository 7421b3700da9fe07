//! Who visits a page, and what a form says. A handler that takes neither [`AdminSession`] nor [`CsrfForm`] is public.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::cookie::Cookie;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::flash::{self, Flash};
use super::frame::{PageError, PageResult};
use crate::domain::access::{Caller, Proof};
use crate::domain::audit::Verdict;
use crate::domain::rbac::{Action, Endpoint};
use crate::domain::time::UnixSeconds;
use crate::domain::workspace::Workspace;
use crate::services::Services;
use crate::web::admin_api::own;
use crate::web::error::ApiError;
use crate::web::guard::Arrival;
use crate::web::kconfig::WORKSPACE_COOKIE;
use crate::web::outlive::BODY_DEADLINE;
use crate::web::pages;
use crate::web::peer::Peer;
use crate::web::trail::SharedTrail;

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, PageError>>>>;

/// A request of a page, whoever sends it.
pub(super) struct Visit {
    /// The request.
    pub(super) request: HttpRequest,
    /// The services.
    pub(super) services: Data<Services>,
    /// Where it came from.
    pub(super) peer: Peer,
    /// Its id.
    pub(super) request_id: String,
    /// Its trail.
    pub(super) trail: SharedTrail,
}

impl Visit {
    fn of(request: &HttpRequest) -> Result<Self, PageError> {
        let services = request.app_data::<Data<Services>>().cloned().ok_or_else(ApiError::internal)?;
        let trail = SharedTrail::of(request);
        Ok(Self {
            peer: Peer::of(request, &services.settings.trusted_proxies),
            request_id: trail.request_id(),
            request: request.clone(),
            services,
            trail,
        })
    }

    /// The same for the guard.
    pub(super) fn arrival(&self) -> Arrival<'_> {
        Arrival { request: &self.request, services: &self.services, peer: &self.peer, request_id: &self.request_id }
    }

    /// Path of the admin pages.
    pub(super) fn base(&self) -> String {
        pages::base(&self.services.settings.gui)
    }

    /// The address of a page; `path` begins with a slash.
    pub(super) fn url(&self, path: &str) -> String {
        pages::ui_url(&self.services.settings.gui, path)
    }

    /// The present time.
    pub(super) fn now(&self) -> UnixSeconds {
        self.services.clock.now()
    }
}

impl FromRequest for Visit {
    type Error = PageError;
    type Future = std::future::Ready<Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Self::of(request))
    }
}

/// A signed-in admin at a page; anybody while nothing asks who calls.
pub(super) struct AdminSession {
    /// The request.
    pub(super) visit: Visit,
    /// Who it is.
    pub(super) caller: Caller,
    workspaces: Arc<Vec<Workspace>>,
}

impl std::ops::Deref for AdminSession {
    type Target = Visit;

    fn deref(&self) -> &Visit {
        &self.visit
    }
}

impl AdminSession {
    async fn of(visit: Visit) -> Result<Self, PageError> {
        visit.trail.note(|trail| trail.verdict = Verdict::Unauthenticated);
        let caller = visit.arrival().visitor().await?;
        Self::known(visit, caller).await
    }

    /// The session of a caller whom the guard knows.
    pub(super) async fn known(visit: Visit, caller: Caller) -> Result<Self, PageError> {
        visit.trail.note(|trail| {
            trail.caller = Some(caller.clone());
            trail.verdict = Verdict::None;
        });
        let workspaces = visit.services.access.workspaces().await?;
        Ok(Self { visit, caller, workspaces })
    }

    /// Whether the visitor may do everything.
    pub(super) fn is_super_admin(&self) -> bool {
        !self.services.access.is_enforced() || self.caller.principal.is_super_admin
    }

    /// Whether the visitor may do something.
    pub(super) fn may(&self, workspace: &Workspace, endpoint: &str, action: Action) -> bool {
        own::may(&self.services, &self.caller, workspace, endpoint, action)
    }

    /// Whether the visitor may do something that concerns every workspace.
    pub(super) fn may_everywhere(&self, endpoint: &str, action: Action) -> bool {
        let policy = &self.caller.principal.policy;
        !self.services.access.is_enforced() || policy.allows_everywhere(&Endpoint::of(endpoint), action)
    }

    /// The workspaces the visitor may see, `default` first.
    pub(super) fn reachable(&self) -> Vec<&Workspace> {
        let access = &self.services.access;
        let is_seen = |workspace: &&Workspace| access.reaches(&self.caller.principal, &workspace.name);
        let mut seen: Vec<&Workspace> = self.workspaces.iter().filter(is_seen).collect();
        seen.sort_by_key(|workspace| (!workspace.name.is_default(), workspace.name.as_str()));
        seen
    }

    /// The workspace of that name or id, if there is one.
    pub(super) fn find_workspace(&self, name_or_id: &str) -> Option<&Workspace> {
        let is_it = |one: &&Workspace| one.name.as_str() == name_or_id || one.id.to_string() == name_or_id;
        self.workspaces.iter().find(is_it)
    }

    /// The workspace of an entity.
    ///
    /// # Errors
    /// 404 when it is gone.
    pub(super) fn workspace_of(&self, id: crate::domain::ids::WorkspaceId) -> Result<&Workspace, ApiError> {
        self.workspaces.iter().find(|one| one.id == id).ok_or_else(ApiError::not_found)
    }

    /// The workspace `default`.
    ///
    /// # Errors
    /// 503 when the store lacks it.
    pub(super) fn default_workspace(&self) -> Result<&Workspace, ApiError> {
        self.workspaces.iter().find(|one| one.name.is_default()).ok_or_else(ApiError::store_unavailable)
    }

    /// The workspace that the visitor chose, among those the visitor sees.
    ///
    /// # Errors
    /// 503 when the store lacks even `default`.
    pub(super) fn chosen_workspace(&self) -> Result<&Workspace, ApiError> {
        let cookie = self.request.cookie(WORKSPACE_COOKIE);
        let seen = self.reachable();
        let chosen = cookie.and_then(|cookie| seen.iter().copied().find(|one| one.name.as_str() == cookie.value()));
        chosen.or_else(|| seen.first().copied()).map_or_else(|| self.default_workspace(), Ok)
    }

    /// Where the visitor may do something that belongs to no single workspace: in `default`, or else in the chosen one,
    /// or else in any.
    pub(super) fn place(&self, endpoint: &str, action: Action) -> Option<&Workspace> {
        let first = [self.default_workspace().ok(), self.chosen_workspace().ok()];
        let places = first.into_iter().flatten().chain(self.reachable());
        places.into_iter().find(|workspace| self.may(workspace, endpoint, action))
    }

    /// The workspace whose list to show: the named one, or else the chosen one, or else any whose list the visitor may
    /// read.
    ///
    /// # Errors
    /// 403 when the named one may not be read, or none.
    pub(super) fn workspace_to_show(&self, named: &str, endpoint: &str) -> Result<&Workspace, ApiError> {
        if let Some(workspace) = self.find_workspace(named) {
            return self.require(workspace, endpoint, Action::Read).map(|()| workspace);
        }
        let chosen = self.chosen_workspace()?;
        let is_readable = self.may(chosen, endpoint, Action::Read);
        if is_readable { Ok(chosen) } else { self.require_place(endpoint, Action::Read) }
    }

    /// The same for a page that is shown only then.
    ///
    /// # Errors
    /// 403.
    pub(super) fn require_place(&self, endpoint: &str, action: Action) -> Result<&Workspace, ApiError> {
        self.place(endpoint, action)
            .ok_or_else(|| self.refuse(action, format!("{action} on {endpoint} in some workspace")))
    }

    /// Refuses a page.
    ///
    /// # Errors
    /// 403 without permission.
    pub(super) fn require(&self, workspace: &Workspace, endpoint: &str, action: Action) -> Result<(), ApiError> {
        if self.may(workspace, endpoint, action) {
            return Ok(());
        }
        Err(self.refuse(action, format!("{action} on {endpoint} in workspace {}", workspace.name)))
    }

    /// Refuses a page of super-admins.
    ///
    /// # Errors
    /// 403 for everybody else.
    pub(super) fn require_super_admin(&self, action: Action) -> Result<(), ApiError> {
        if self.is_super_admin() { Ok(()) } else { Err(self.refuse(action, "the role super-admin".to_owned())) }
    }

    fn refuse(&self, action: Action, right: String) -> ApiError {
        self.trail.note(|trail| {
            trail.verdict = Verdict::Denied;
            trail.rule = Some("no rule matches".into());
        });
        ApiError::no_permission(self.caller.principal.name.as_str(), action).missing(right)
    }

    /// Whether somebody signed in: nobody does while nothing asks who calls.
    pub(super) fn is_signed_in(&self) -> bool {
        matches!(self.caller.proof, Proof::Session(_))
    }

    /// Answers a change: the browser loads `to`, which says what happened.
    ///
    /// # Errors
    /// The message could not be sealed.
    pub(super) fn done(&self, to: &str, message: &Flash) -> PageResult {
        let sealed = self.services.notes.message(self.caller.proof, &message.to_note(), self.now())?;
        let mut response = see_other(to);
        flash::send(&mut response, sealed, &self.base(), self.peer.scheme == "https");
        Ok(response)
    }

    /// The message of the change before.
    pub(super) fn message(&self) -> Option<Flash> {
        let sealed = flash::sealed(&self.request)?;
        let note = self.services.notes.read_message(self.caller.proof, &sealed, self.now())?;
        Flash::from_note(&note)
    }

    /// The cookie with a chosen workspace, which Kong Manager's page reads too.
    pub(super) fn workspace_cookie(&self, workspace: &Workspace) -> Cookie<'static> {
        // The same path as in `static/guard.js`: otherwise there would be two cookies of one name.
        Cookie::build(WORKSPACE_COOKIE, workspace.name.to_string())
            .path("/")
            .secure(self.peer.scheme == "https")
            .same_site(actix_web::cookie::SameSite::Lax)
            .finish()
    }
}

impl FromRequest for AdminSession {
    type Error = PageError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let visit = Visit::of(request);
        Box::pin(async move { Self::of(visit?).await })
    }
}

/// To another page of ours.
pub(super) fn see_other(to: &str) -> HttpResponse {
    HttpResponse::build(StatusCode::SEE_OTHER)
        .insert_header((LOCATION, to))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

/// A form that a signed-in admin sent from a page of ours: same site, and with the proof that the page gave it.
pub(super) struct CsrfForm<T> {
    /// Who sent it.
    pub(super) visitor: AdminSession,
    /// What it says; of several fields of one name the last.
    pub(super) fields: T,
}

impl<T: DeserializeOwned + 'static> FromRequest for CsrfForm<T> {
    type Error = PageError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let visit = Visit::of(request);
        let body = Bytes::from_request(request, payload);
        Box::pin(async move {
            let visitor = AdminSession::of(visit?).await?;
            let body = tokio::time::timeout(BODY_DEADLINE, body).await.map_err(|_| ApiError::body_timeout())?;
            let fields = checked_fields(&visitor, body)?;
            let fields = serde_json::from_value(Value::Object(fields));
            let fields = fields.map_err(|_| ApiError::bad_request("bad_form", "Cannot parse form body"))?;
            Ok(Self { visitor, fields })
        })
    }
}

/// The fields of a form that may be acted on.
fn checked_fields(
    visitor: &AdminSession,
    body: Result<Bytes, actix_web::Error>,
) -> Result<Map<String, Value>, ApiError> {
    visitor.trail.note(|trail| {
        trail.verdict = Verdict::Denied;
        trail.rule = Some("cross-site request refused".into());
    });
    visitor.arrival().require_same_site()?;
    let body = body.map_err(|_| ApiError::bad_request("bad_form", "Cannot parse form body"))?;
    let mut fields: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let token = fields.remove("csrf").unwrap_or_default();
    if !visitor.services.notes.is_form_token(visitor.caller.proof, &token) {
        return Err(ApiError::stale_form());
    }
    visitor.trail.note(|trail| {
        trail.verdict = Verdict::None;
        trail.rule = None;
    });
    Ok(fields.into_iter().map(|(name, value)| (name, Value::String(value.trim().to_owned()))).collect())
}
