//! A request to be judged: its far end, its one path, and the views that routing and the engine have of it. It came here
//! itself, or another proxy tells of it.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;

use crate::config::settings::TrustedProxies;
use crate::domain::routing::{HeaderLines, RoutingRequest, normalized};
use crate::services::gateway::{Headers, RequestView};
use crate::web::peer::Peer;

/// A request.
pub(super) struct Arrival<'r> {
    /// The one that came here.
    pub(super) request: &'r HttpRequest,
    pub(super) peer: Peer,
    pub(super) method: Cow<'r, str>,
    /// Host and port as they were sent.
    pub(super) host: String,
    /// Normalized.
    pub(super) path: Cow<'r, str>,
    pub(super) query: Option<Cow<'r, str>>,
    /// The path as the client sees it: that of a trusted proxy, else this one.
    external_path: Option<String>,
    headers: RequestHeaders<'r>,
    /// 32 hexadecimal characters.
    pub(super) request_id: String,
}

/// Headers of actix as routing and the engine read them.
struct RequestHeaders<'r>(&'r HeaderMap);

impl Headers for RequestHeaders<'_> {
    fn get(&self, name: &str, index: usize) -> Option<&[u8]> {
        self.0.get_all(name).nth(index).map(|value| value.as_bytes())
    }
}

impl HeaderLines for RequestHeaders<'_> {
    fn line(&self, name: &str, index: usize) -> Option<&[u8]> {
        self.get(name, index)
    }
}

impl<'r> Arrival<'r> {
    /// A request that came here.
    pub(super) fn of(request: &'r HttpRequest, proxies: &TrustedProxies) -> Self {
        let peer = Peer::of(request, proxies);
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let host = request.uri().authority().map(|authority| authority.as_str()).or_else(|| header("host"));
        let forwarded = header("x-forwarded-path").filter(|path| peer.is_trusted && path.starts_with('/'));
        let external_path = forwarded.map(|path| normalized(path.split('?').next().unwrap_or(path)).into_owned());
        Self {
            method: Cow::Borrowed(request.method().as_str()),
            host: host.unwrap_or_default().to_owned(),
            path: normalized(request.uri().path()),
            query: request.uri().query().map(Cow::Borrowed),
            external_path,
            headers: RequestHeaders(request.headers()),
            request_id: new_id(),
            request,
            peer,
        }
    }

    /// A request that another proxy has: `uri` is its path and query.
    pub(super) fn told(request: &'r HttpRequest, peer: Peer, method: &str, uri: &str) -> Self {
        let (path, query) = uri.split_once('?').map_or((uri, None), |(path, query)| (path, Some(query)));
        Self {
            method: Cow::Owned(method.to_ascii_uppercase()),
            host: peer.authority.clone(),
            path: Cow::Owned(normalized(path).into_owned()),
            query: query.map(|query| Cow::Owned(query.to_owned())),
            external_path: None,
            headers: RequestHeaders(request.headers()),
            request_id: new_id(),
            request,
            peer,
        }
    }

    /// What routing sees.
    pub(super) fn routing(&self) -> RoutingRequest<'_> {
        RoutingRequest { method: &self.method, authority: &self.host, path: &self.path, headers: &self.headers }
    }

    /// What the engine sees, without a body.
    pub(super) fn view(&self) -> RequestView<'_> {
        RequestView {
            method: &self.method,
            scheme: self.peer.scheme,
            authority: &self.peer.authority,
            path: self.external_path(),
            query: self.query.as_deref(),
            headers: &self.headers,
            body: None,
            client: self.peer.client,
            is_authenticated: false,
        }
    }

    /// The path as the client sees it.
    pub(super) fn external_path(&self) -> &str {
        self.external_path.as_deref().unwrap_or(&self.path)
    }
}

/// A request id: 32 hexadecimal characters.
pub(super) fn new_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
