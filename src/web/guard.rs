//! From a request to its [`Caller`]: the token header, or else the session cookie (kong-manager.md 4.2, 8.6).

use actix_session::{Session, SessionExt as _};
use actix_web::HttpRequest;
use actix_web::http::header::{HeaderName, HeaderValue, ORIGIN};

use super::error::ApiError;
use super::peer::Peer;
use super::remembered;
use super::session::{self, SignIn};
use crate::domain::access::{Caller, Door, Principal, Proof};
use crate::domain::rbac::Action;
use crate::services::Services;
use crate::services::access::AccessError;
use crate::services::login::Login;
use crate::services::sessions::{LiveSession, SessionError};

/// Header with which browsers say where a request comes from (Fetch Metadata).
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Where a request comes from, as far as headers that scripts cannot set tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Site {
    /// This origin, or a listed one.
    Own,
    /// Another one.
    Foreign,
    /// Nothing was said: no browser of today.
    Unknown,
}

/// What the guard needs of one request.
pub struct Arrival<'r> {
    /// The request.
    pub request: &'r HttpRequest,
    /// The services.
    pub services: &'r Services,
    /// Where it came from.
    pub peer: &'r Peer,
    /// Its id.
    pub request_id: &'r str,
}

impl Arrival<'_> {
    /// The id as a header's value.
    ///
    /// # Errors
    /// Never for an id of ours.
    pub fn id_line(&self) -> Result<HeaderValue, ApiError> {
        HeaderValue::from_str(self.request_id).map_err(|_| ApiError::internal())
    }

    /// Who calls the Admin API: a token wins over a session, and a bad token is refused even with a good session.
    ///
    /// # Errors
    /// 401 without valid credentials, 503 when they cannot be checked.
    pub async fn caller(&self) -> Result<Caller, ApiError> {
        if let Some(live) = remembered::recalled(self.request) {
            return self.by_recalled(live, Door::KongManager).await;
        }
        if self.request.headers().contains_key(self.services.settings.rbac.auth_header.as_str()) {
            return self.by_token().await;
        }
        if self.services.is_pass_through() {
            return Ok(self.caller_of(Principal::anybody().into(), Proof::Off, Door::AdminApi));
        }
        self.by_session(Door::KongManager).await
    }

    /// Who looks at a page: only sessions count there.
    ///
    /// # Errors
    /// 401 without a live session, 503 when it cannot be checked.
    pub async fn visitor(&self) -> Result<Caller, ApiError> {
        if self.services.is_pass_through() {
            return Ok(self.caller_of(Principal::anybody().into(), Proof::Off, Door::OwnPages));
        }
        self.by_session(Door::OwnPages).await
    }

    /// Exactly one token header proves who calls; several, an empty or an unknown one are refused alike.
    async fn by_token(&self) -> Result<Caller, ApiError> {
        let mut tokens = self.request.headers().get_all(self.services.settings.rbac.auth_header.as_str());
        let (Some(token), None) = (tokens.next(), tokens.next()) else {
            return Err(ApiError::invalid_credentials());
        };
        let token = token.to_str().map_err(|_| ApiError::invalid_credentials())?;
        let principal = self.services.access.authenticate_token(token, self.peer.client).await?;
        Ok(self.caller_of(principal, Proof::Token, Door::AdminApi))
    }

    async fn by_session(&self, door: Door) -> Result<Caller, ApiError> {
        let Some(login) = &self.services.login else { return Err(ApiError::invalid_credentials()) };
        match remembered::recalled(self.request) {
            Some(live) => self.by_recalled(live, door).await,
            None => Box::pin(self.by_cookie(login, door)).await,
        }
    }

    /// The short way of a browser that was let in a moment ago; such a request has no token header.
    async fn by_recalled(&self, live: LiveSession, door: Door) -> Result<Caller, ApiError> {
        match self.services.access.principal(live.rbac_user_id).await {
            Ok(principal) => Ok(self.caller_of(principal, Proof::Session(live.id), door)),
            Err(AccessError::Invalid) => Err(ApiError::session_expired(self.login_url())),
            Err(error) => Err(error.into()),
        }
    }

    /// The long way: the cookie is opened, the session is read, and both are kept up.
    async fn by_cookie(&self, login: &Login, door: Door) -> Result<Caller, ApiError> {
        let session = self.request.get_session();
        let id = match session::sign_in(&session) {
            SignIn::Of(id) => id,
            SignIn::Unreadable => return Err(ApiError::store_unavailable()),
            SignIn::None => return Err(self.no_session(&login.conf().session.cookie_name)),
        };
        let live = match self.services.sessions.authenticate(id).await {
            Ok(live) => live,
            Err(SessionError::Over) => return Err(self.over(&session)),
            Err(SessionError::Service(error)) => return Err(error.into()),
        };
        let principal = match self.services.access.principal(live.rbac_user_id).await {
            Ok(principal) => principal,
            Err(AccessError::Invalid) => return Err(self.over(&session)),
            Err(error) => return Err(error.into()),
        };
        if live.was_renewed {
            session::note_renewal(&session, self.services.clock.now().0);
        }
        if let Some(seen) = remembered::seen(self.request) {
            self.services.sessions.remember(seen, id).await;
        }
        Ok(self.caller_of(principal, Proof::Session(id), door))
    }

    fn caller_of(&self, principal: std::sync::Arc<Principal>, proof: Proof, door: Door) -> Caller {
        Caller { principal, proof, door, request_id: self.request_id.to_owned(), client: self.peer.client }
    }

    /// The session that the cookie named has ended: the browser forgets it too.
    fn over(&self, session: &Session) -> ApiError {
        session::end(session);
        ApiError::session_expired(self.login_url())
    }

    /// A cookie that stands for nothing is an ended session; without one there are no credentials at all.
    fn no_session(&self, cookie_name: &str) -> ApiError {
        match self.request.cookie(cookie_name) {
            Some(_) => ApiError::session_expired(self.login_url()),
            None => ApiError::invalid_credentials().with_login(self.login_url()),
        }
    }

    /// Where a browser signs in: a path on its own origin, or the address of `/auth` elsewhere.
    #[must_use]
    pub fn login_url(&self) -> String {
        let origin = self.peer.origin();
        let url = self.services.login.as_ref().and_then(|login| login.auth_url(&origin));
        url.map_or_else(String::new, |url| {
            if url.origin().ascii_serialization() == origin { url.path().to_owned() } else { url.as_str().to_owned() }
        })
    }

    /// Refuses a change that another site made the browser send (kong-manager.md 8.6).
    ///
    /// # Errors
    /// 403 for an unsafe method with a session cookie whose origin is neither this one nor listed. Where nobody signs
    /// in, programs that say nothing of their origin pass, and browsers on other sites do not.
    pub fn refuse_cross_site(&self, caller: &Caller, action: Action) -> Result<(), ApiError> {
        if caller.proof == Proof::Token || action == Action::Read {
            return Ok(());
        }
        match (caller.proof, self.site()) {
            (_, Site::Own) | (Proof::Off, Site::Unknown) => Ok(()),
            _ => Err(ApiError::cross_site()),
        }
    }

    /// The same for any request that only browsers send.
    ///
    /// # Errors
    /// 403 when its origin is neither this one nor listed.
    pub fn require_same_site(&self) -> Result<(), ApiError> {
        if self.site() == Site::Own { Ok(()) } else { Err(ApiError::cross_site()) }
    }

    /// Where a browser says that a request comes from.
    fn site(&self) -> Site {
        let headers = self.request.headers();
        let fetch_site = headers.get(FETCH_SITE);
        if fetch_site.is_some_and(|site| site.as_bytes() == b"same-origin") {
            return Site::Own;
        }
        match headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or_default()) {
            Some(origin) if origin == self.peer.origin() || self.is_allowed_origin(origin) => Site::Own,
            None if fetch_site.is_none() => Site::Unknown,
            _ => Site::Foreign,
        }
    }

    /// Whether `admin_gui_url` lists an origin.
    #[must_use]
    pub fn is_allowed_origin(&self, origin: &str) -> bool {
        self.services.settings.gui.urls.iter().any(|url| url.origin().ascii_serialization() == origin)
    }
}

/// The same caller with the rights of this moment.
///
/// # Errors
/// 401 when user or session have ended in the meantime, 503 when that cannot be checked.
pub async fn renewed(services: &Services, caller: &Caller) -> Result<Caller, ApiError> {
    let Some(user) = caller.principal.rbac_user_id else { return Ok(caller.clone()) };
    let principal = match caller.proof {
        Proof::Token => services.access.token_principal(user).await?,
        Proof::Session(id) => match services.sessions.authenticate(id).await {
            Ok(live) => services.access.principal(live.rbac_user_id).await?,
            Err(SessionError::Over) => return Err(ApiError::session_expired(String::new())),
            Err(SessionError::Service(error)) => return Err(error.into()),
        },
        Proof::Off => return Ok(caller.clone()),
    };
    Ok(Caller { principal, ..caller.clone() })
}
