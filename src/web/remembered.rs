//! The session middleware of a listener, which stands aside where nothing is to be read or written: for calls of the Admin
//! API with a token, and for those of browsers that were let in a moment ago (`services::sessions::seen`).

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_session::SessionMiddleware;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::{COOKIE, HeaderName};
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _, HttpRequest};
use futures_util::future::Either;

use super::session::StoredSessions;
use crate::services::Services;
use crate::services::sessions::{LiveSession, Seen};

/// What is known of a plain call before any session is read.
#[derive(Clone, Copy)]
enum Recognized {
    /// It has a token, which counts alone.
    Token,
    /// It comes from a browser that was let in a moment ago.
    Browser(LiveSession),
    /// It has cookies of which nothing is known yet.
    Cookies(Seen),
}

impl Recognized {
    fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get::<Self>().copied()
    }
}

/// The sign-in of a browser that was let in a moment ago.
#[must_use]
pub fn recalled(request: &HttpRequest) -> Option<LiveSession> {
    match Recognized::of(request) {
        Some(Recognized::Browser(live)) => Some(live),
        _ => None,
    }
}

/// What to remember a browser by, once its session is known to hold; `None` where it is not remembered.
#[must_use]
pub fn seen(request: &HttpRequest) -> Option<Seen> {
    match Recognized::of(request) {
        Some(Recognized::Cookies(seen)) => Some(seen),
        _ => None,
    }
}

/// Whether no session will be read, kept up or ended for a request.
#[must_use]
pub fn is_without_session(request: &HttpRequest) -> bool {
    matches!(Recognized::of(request), Some(Recognized::Token | Recognized::Browser(_)))
}

/// The middleware of one listener.
pub struct Sessions {
    services: Data<Services>,
    full: Option<SessionMiddleware<StoredSessions>>,
    shortcut: Rc<Shortcut>,
}

/// Which requests may do without the full middleware.
struct Shortcut {
    /// Where the Admin API is mounted, without trailing slash; `None` where it is not.
    api: Option<String>,
    token_header: Option<HeaderName>,
}

impl Sessions {
    /// The middleware: `full` where there is a sign-in, `api` where the Admin API is mounted.
    #[must_use]
    pub fn new(services: Data<Services>, full: Option<SessionMiddleware<StoredSessions>>, api: Option<String>) -> Self {
        let token_header = HeaderName::try_from(services.settings.rbac.auth_header.as_str()).ok();
        Self { services, full, shortcut: Rc::new(Shortcut { api, token_header }) }
    }
}

impl Shortcut {
    /// Whether a path is a call of the Admin API that neither begins nor ends a session, in whatever spelling.
    fn is_plain_call(&self, path: &str) -> bool {
        let rest = self.api.as_deref().and_then(|api| path.strip_prefix(api));
        let is_plain = |rest: &[u8]| !rest.windows(4).any(|part| part == b"auth") && !rest.contains(&b'%');
        rest.is_some_and(|rest| rest.starts_with('/') && is_plain(rest.as_bytes()))
    }

    /// What is known of the request.
    fn recognize(&self, request: &ServiceRequest, services: &Services) -> Option<Recognized> {
        if !self.is_plain_call(request.uri().path()) {
            return None;
        }
        if self.token_header.as_ref().is_some_and(|name| request.headers().contains_key(name)) {
            return Some(Recognized::Token);
        }
        let mut lines = request.headers().get_all(COOKIE);
        let (Some(cookies), None) = (lines.next(), lines.next()) else { return None };
        let seen = services.sessions.see(cookies.as_bytes());
        Some(services.sessions.recall(&seen).map_or(Recognized::Cookies(seen), Recognized::Browser))
    }
}

type Full<S> = <SessionMiddleware<StoredSessions> as Transform<Rc<S>, ServiceRequest>>::Transform;

/// The middleware around a worker's service.
pub struct SessionsService<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    services: Data<Services>,
    shortcut: Rc<Shortcut>,
    full: Option<Full<S>>,
    bare: Rc<S>,
}

impl<S, B> Transform<S, ServiceRequest> for Sessions
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Transform = SessionsService<S, B>;
    type InitError = ();
    type Future = Pin<Box<dyn Future<Output = Result<Self::Transform, ()>>>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let bare = Rc::new(service);
        let full = self.full.as_ref().map(|full| full.new_transform(Rc::clone(&bare)));
        let (services, shortcut) = (self.services.clone(), Rc::clone(&self.shortcut));
        Box::pin(async move {
            let full = match full {
                Some(full) => Some(full.await?),
                None => None,
            };
            Ok(SessionsService { services, shortcut, full, bare })
        })
    }
}

impl<S, B> Service<ServiceRequest> for SessionsService<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = Either<S::Future, <Full<S> as Service<ServiceRequest>>::Future>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.bare.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let recognized = self.shortcut.recognize(&request, &self.services);
        if let Some(recognized) = recognized {
            request.extensions_mut().insert(recognized);
        }
        match (&self.full, recognized) {
            (Some(full), None | Some(Recognized::Cookies(_))) => Either::Right(full.call(request)),
            _ => Either::Left(self.bare.call(request)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_calls_of_the_admin_api_go_the_short_way() {
        let mounted = |api: Option<&str>| Shortcut { api: api.map(str::to_owned), token_header: None };
        let gui = mounted(Some("/_api"));
        for (path, is_plain) in [
            ("/_api/services", true),
            ("/_api/", true),
            ("/_api", false),
            ("/_apix/services", false),
            ("/services", false),
            ("/_api/auth", false),
            ("/_api//auth/", false),
            ("/_api/%61uth", false),
        ] {
            assert_eq!(gui.is_plain_call(path), is_plain, "{path}");
        }
        assert!(mounted(Some("")).is_plain_call("/services") && !mounted(Some("")).is_plain_call("/auth"));
        assert!(!mounted(None).is_plain_call("/services"));
    }
}
