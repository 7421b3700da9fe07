//! The streaming reverse proxy to Kong: one connection pool a worker, request targets passed byte for byte, bodies never
//! held in memory. Called by `web::admin_api` and `web::manager` after the decision.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::body::{BodyStream, SizedStream};
use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use actix_web::http::{Method, StatusCode, Uri};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use awc::error::{ConnectError, SendRequestError};
use futures_util::StreamExt;
use secrecy::ExposeSecret as _;

use super::error::ApiError;
use super::peer::{Peer, text_of};
use crate::config::settings::{RbacSettings, UpstreamSettings};
use crate::kong::headers::{Credentials, OneHop, may_come_down, may_go_up};
use crate::kong::origin::Origin;
use crate::metrics::{Metrics, UpstreamOutcome};

/// How long an idle connection is kept: shorter than servers do, since a change cannot be repeated on a stale one.
const KEEP_ALIVE: Duration = Duration::from_secs(4);
/// How long a client may pause while it sends a body.
const PAUSE: Duration = Duration::from_secs(15);
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// The body of an upstream answer.
pub type UpstreamResponse = awc::ClientResponse;

/// The pooled client of one worker.
pub struct Upstream {
    client: awc::Client,
    /// `sso_upstream_admin_url`.
    pub admin: Option<Origin>,
    /// `sso_upstream_gui_url`.
    pub gui: Option<Origin>,
    /// `sso_upstream_admin_headers`.
    pub admin_headers: Vec<(HeaderName, HeaderValue)>,
    credentials: Credentials,
    max_body: u64,
    metrics: Arc<Metrics>,
}

/// Where and how one request goes up.
pub struct Forward<'a> {
    /// The upstream.
    pub origin: &'a Origin,
    /// Canonical path.
    pub path: &'a str,
    /// Query as it came.
    pub query: Option<&'a str>,
    /// Headers to add.
    pub headers: &'a [(HeaderName, HeaderValue)],
    /// The header that names the request.
    pub request_id: (HeaderName, HeaderValue),
    /// Whether the answer may be compressed; `false` where kong-sso reads it.
    pub may_compress: bool,
    /// The far end, for `X-Forwarded-*`.
    pub peer: &'a Peer,
}

impl Upstream {
    /// A pool for the upstreams of `settings`.
    #[must_use]
    pub fn new(
        settings: &UpstreamSettings,
        rbac: &RbacSettings,
        tls: rustls::ClientConfig,
        metrics: Arc<Metrics>,
    ) -> Self {
        let connector = awc::Connector::new()
            .timeout(Duration::from_secs(5))
            .conn_keep_alive(KEEP_ALIVE)
            .rustls_0_23(Arc::new(tls));
        let client = awc::Client::builder()
            .connector(connector)
            .timeout(settings.timeout)
            .disable_redirects()
            .no_default_headers()
            .finish();
        let sent = |(name, value): &(String, secrecy::SecretString)| {
            let mut value = HeaderValue::from_str(value.expose_secret()).ok()?;
            value.set_sensitive(true);
            Some((HeaderName::try_from(name.as_str()).ok()?, value))
        };
        Self {
            client,
            admin: Origin::of(&settings.admin_url),
            gui: settings.gui_url.as_ref().and_then(Origin::of),
            // The loader has refused what no header can be.
            admin_headers: settings.admin_headers.iter().filter_map(sent).collect(),
            credentials: Credentials { token_header: rbac.auth_header.clone(), user_header: rbac.user_header.clone() },
            max_body: settings.max_body,
            metrics,
        }
    }

    /// Sends `request` with its body and waits for the response headers.
    ///
    /// # Errors
    /// 413 for a body above the limit, 502 when Kong cannot be reached, 504 when it does not answer in time.
    pub async fn send(
        &self,
        request: &HttpRequest,
        body: Payload,
        to: &Forward<'_>,
    ) -> Result<UpstreamResponse, ApiError> {
        let since = Instant::now();
        let sent = self.send_measured(request, body, to).await;
        if let Some(outcome) = outcome(&sent) {
            self.metrics.note_upstream(outcome, since);
        }
        sent
    }

    async fn send_measured(
        &self,
        request: &HttpRequest,
        body: Payload,
        to: &Forward<'_>,
    ) -> Result<UpstreamResponse, ApiError> {
        let uri = to.origin.uri(to.path, to.query).ok_or_else(ApiError::internal)?;
        if has_body(request) {
            Box::pin(self.stream_body(request, uri, body, to)).await
        } else {
            self.send_without_body(request, uri, to).await
        }
    }

    async fn stream_body(
        &self,
        request: &HttpRequest,
        uri: Uri,
        body: Payload,
        to: &Forward<'_>,
    ) -> Result<UpstreamResponse, ApiError> {
        let length = declared_length(request.headers());
        if length.is_some_and(|length| length > self.max_body) {
            return Err(ApiError::payload_too_large(self.max_body));
        }
        let mut left = self.max_body;
        let body = unhurried(body, PAUSE).map(move |chunk| {
            let chunk: Bytes = chunk?;
            left = left.checked_sub(chunk.len() as u64).ok_or(std::io::ErrorKind::FileTooLarge)?;
            Ok::<_, std::io::Error>(chunk)
        });
        let body = Box::pin(body);
        let prepared = self.prepare(request, uri, to);
        let sent = match length {
            Some(length) => prepared.send_body(SizedStream::new(length, body)).await,
            None => prepared.send_body(BodyStream::new(body)).await,
        };
        sent.map_err(|error| self.refusal(&error))
    }

    async fn send_without_body(
        &self,
        request: &HttpRequest,
        uri: Uri,
        to: &Forward<'_>,
    ) -> Result<UpstreamResponse, ApiError> {
        match self.prepare(request, uri.clone(), to).send().await {
            // A pooled connection that Kong closed meanwhile: reads are safe to repeat on a fresh one.
            Err(SendRequestError::Send(_) | SendRequestError::Response(_)) if is_read(request.method()) => {
                let again = Box::pin(self.prepare(request, uri, to).force_close().send());
                again.await.map_err(|error| self.refusal(&error))
            }
            other => other.map_err(|error| self.refusal(&error)),
        }
    }

    fn prepare(&self, request: &HttpRequest, uri: Uri, to: &Forward<'_>) -> awc::ClientRequest {
        let mut prepared = self.client.request(request.method().clone(), uri);
        let headers = prepared.headers_mut();
        let hop = OneHop::of(request.headers());
        for (name, value) in request.headers() {
            let compresses = *name == ACCEPT_ENCODING && !to.may_compress;
            if !compresses && may_go_up(name.as_str(), &hop, &self.credentials) {
                headers.append(name.clone(), value.clone());
            }
        }
        set_forwarded(headers, request, to.peer);
        for (name, value) in to.headers.iter().chain([&to.request_id]) {
            headers.insert(name.clone(), value.clone());
        }
        prepared
    }

    fn refusal(&self, error: &SendRequestError) -> ApiError {
        if let SendRequestError::Body(cause) = error
            && cause.to_string().contains(&std::io::ErrorKind::FileTooLarge.to_string())
        {
            return ApiError::payload_too_large(self.max_body);
        }
        tracing::warn!(error = %error, "Kong could not be reached");
        match error {
            SendRequestError::Timeout | SendRequestError::Connect(ConnectError::Timeout) => ApiError::kong_timeout(),
            _ => ApiError::kong_unreachable(),
        }
    }
}

/// What a sent request counts as; nothing for a body that was refused here.
fn outcome(sent: &Result<UpstreamResponse, ApiError>) -> Option<UpstreamOutcome> {
    match sent {
        Ok(_) => Some(UpstreamOutcome::Answered),
        Err(error) if error.status() == StatusCode::GATEWAY_TIMEOUT => Some(UpstreamOutcome::Timeout),
        Err(error) if error.status() == StatusCode::BAD_GATEWAY => Some(UpstreamOutcome::Unreachable),
        Err(_) => None,
    }
}

/// The body of a client that never pauses for long.
pub(super) fn unhurried(body: Payload, pause: Duration) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    futures_util::stream::try_unfold(body, move |mut body| async move {
        let chunk = tokio::time::timeout(pause, body.next()).await.map_err(|_| std::io::ErrorKind::TimedOut)?;
        Ok(chunk.transpose().map_err(std::io::Error::other)?.map(|chunk| (chunk, body)))
    })
}

pub(super) fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

pub(super) fn has_body(request: &HttpRequest) -> bool {
    let headers = request.headers();
    headers.contains_key(TRANSFER_ENCODING)
        || declared_length(headers).is_some_and(|length| length > 0)
        || (request.version() == actix_web::http::Version::HTTP_2 && !is_read(request.method()))
}

pub(super) fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// `X-Forwarded-*` and `X-Real-IP`: extended when the peer is trusted, written anew otherwise.
pub(super) fn set_forwarded(headers: &mut HeaderMap, request: &HttpRequest, peer: &Peer) {
    let Ok(connection) = HeaderValue::from_maybe_shared(Bytes::from(text_of(peer.connection))) else { return };
    let client = match peer.client == peer.connection {
        true => Some(connection.clone()),
        false => HeaderValue::from_maybe_shared(Bytes::from(text_of(peer.client))).ok(),
    };
    let passed = request.headers().get_all(&FORWARDED_FOR).filter_map(|line| line.to_str().ok());
    let mut chain: String = passed.filter(|_| peer.is_trusted).flat_map(|line| [line, ", "]).collect();
    let chain = match chain.is_empty() {
        true => Some(connection.clone()),
        false => {
            chain.push_str(connection.to_str().unwrap_or_default());
            HeaderValue::from_str(&chain).ok()
        }
    };
    let host = peer.authority_line(request).or_else(|| HeaderValue::from_str(&peer.authority).ok());
    let values = [
        (FORWARDED_FOR, chain),
        (FORWARDED_PROTO, Some(HeaderValue::from_static(peer.scheme))),
        (FORWARDED_HOST, host),
        (REAL_IP, client),
    ];
    for (name, value) in values {
        if let Some(value) = value {
            headers.insert(name, value);
        }
    }
}

/// Copies the headers of Kong's answer that may pass.
pub fn copy_headers(upstream: &UpstreamResponse, answer: &mut HttpResponse) {
    let hop = OneHop::of(upstream.headers());
    for (name, value) in upstream.headers() {
        if may_come_down(name.as_str(), &hop) {
            answer.headers_mut().append(name.clone(), value.clone());
        }
    }
}

/// Streams Kong's answer to the client as it comes.
pub fn stream_answer(upstream: UpstreamResponse) -> HttpResponse {
    let bodiless = matches!(upstream.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let mut head = HttpResponse::new(upstream.status());
    copy_headers(&upstream, &mut head);
    match declared_length(upstream.headers()) {
        Some(length) => head.set_body(SizedStream::new(length, upstream)).map_into_boxed_body(),
        None if bodiless => head,
        None => head.set_body(BodyStream::new(upstream)).map_into_boxed_body(),
    }
}
