//! Requests to the upstreams: one pool a worker, bodies streamed both ways, the service's own time-outs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::body::{BodyStream, SizedStream};
use actix_web::http::{Method, StatusCode, Uri};
use awc::error::{ConnectError, SendRequestError};

use super::arrival::Arrival;
use super::body::Outgoing;
use super::failure::Failure;
use super::pace::{Watch, limited, paced};
use super::{answer, changes, headers};
use crate::services::gateway::{Changes, Route, Service};
use crate::web::proxy::{declared_length, is_read};

/// How long an idle connection is kept: shorter than servers do, since a change cannot be repeated on a stale one.
const KEEP_ALIVE: Duration = Duration::from_secs(4);

/// The pools of one worker: one for each connect time-out, which belongs to the pool.
pub struct GatewayUpstream {
    tls: Arc<rustls::ClientConfig>,
    tunnel_tls: tokio_rustls::TlsConnector,
    clients: RefCell<HashMap<Duration, awc::Client>>,
}

/// Where and how one request goes up.
pub(super) struct Forward<'f> {
    pub(super) route: &'f Route,
    /// The upstream's path.
    pub(super) path: &'f str,
    /// What was taken off the request's path.
    pub(super) taken_prefix: Option<&'f str>,
    pub(super) changes: &'f Changes,
}

impl GatewayUpstream {
    /// Empty pools.
    #[must_use]
    pub fn new(tls: rustls::ClientConfig) -> Self {
        let mut tunnel_tls = tls.clone();
        tunnel_tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { tls: Arc::new(tls), tunnel_tls: Arc::new(tunnel_tls).into(), clients: RefCell::default() }
    }

    /// The side of TLS for connections that become tunnels: they speak HTTP/1.1.
    pub(super) fn tls_for_tunnels(&self) -> tokio_rustls::TlsConnector {
        self.tunnel_tls.clone()
    }

    fn client(&self, connect_timeout: Duration) -> awc::Client {
        let mut clients = self.clients.borrow_mut();
        let made = || {
            let connector = awc::Connector::new()
                .timeout(connect_timeout)
                .conn_keep_alive(KEEP_ALIVE)
                .rustls_0_23(Arc::clone(&self.tls));
            // The wait for an answer is measured here, because it begins again with each piece of the body.
            let client = awc::Client::builder().connector(connector).disable_timeout().disable_redirects();
            client.no_default_headers().finish()
        };
        clients.entry(connect_timeout).or_insert_with(made).clone()
    }

    /// Forwards a request and starts the answer.
    pub(super) async fn send(
        &self,
        arrival: &Arrival<'_>,
        body: Option<Outgoing>,
        max_body: u64,
        to: &Forward<'_>,
    ) -> Result<HttpResponse, Failure> {
        let service = &to.route.service;
        let uri = target(arrival, to).ok_or(Failure::Malformed)?;
        let client = self.client(service.connect_timeout);
        let prepare = || {
            let mut prepared = client.request(arrival.request.method().clone(), uri.clone());
            headers::fill(prepared.headers_mut(), arrival, to);
            prepared
        };
        let answered = match body {
            Some(body) => send_body(prepare(), body, max_body, service).await?,
            None => {
                let first = in_time(service.read_timeout, prepare().send()).await?;
                match first {
                    // A pooled connection that the upstream closed meanwhile: reads are safe to repeat on a fresh one.
                    Err(SendRequestError::Send(_) | SendRequestError::Response(_))
                        if is_read(arrival.request.method()) =>
                    {
                        in_time(service.read_timeout, prepare().force_close().send()).await?
                    }
                    other => other,
                }
            }
        };
        let answered = answered.map_err(|error| failure(&error, service))?;
        Ok(stream_answer(answered, arrival.request.method(), service.read_timeout))
    }
}

async fn in_time<T>(longest: Duration, work: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::time::timeout(longest, work).await.map_err(|_| Failure::Timeout)
}

type Sent = Result<awc::ClientResponse, SendRequestError>;

/// Streams the body up. The upstream's time to answer begins with the last piece that it took.
async fn send_body(
    prepared: awc::ClientRequest,
    body: Outgoing,
    most: u64,
    service: &Service,
) -> Result<Sent, Failure> {
    let watch = Rc::new(Watch::default());
    let pieces = Box::pin(limited(body.pieces, most, Rc::clone(&watch)));
    let sending = async {
        match body.length {
            Some(length) => prepared.send_body(SizedStream::new(length, pieces)).await,
            None => prepared.send_body(BodyStream::new(pieces)).await,
        }
    };
    let sent = tokio::select! {
        sent = sending => sent,
        () = watch.silence(service.write_timeout, service.read_timeout) => return Err(Failure::Timeout),
    };
    match watch.fault.take() {
        Some(fault) if sent.is_err() => Err(fault),
        _ => Ok(sent),
    }
}

fn failure(error: &SendRequestError, service: &Service) -> Failure {
    tracing::warn!(error = %error, service = service.name.as_str(), "an upstream could not be reached");
    match error {
        SendRequestError::Timeout | SendRequestError::Connect(ConnectError::Timeout) => Failure::Timeout,
        SendRequestError::Connect(ConnectError::Resolver(_) | ConnectError::NoRecords) => Failure::NoName,
        _ => Failure::BadGateway,
    }
}

/// The URL of the upstream request.
pub(super) fn target(arrival: &Arrival<'_>, to: &Forward<'_>) -> Option<Uri> {
    let sent = to.changes.query.as_deref().or(arrival.query.as_deref());
    let query = sent.map(|query| changes::arguments(query, &to.changes.remove_query));
    // A query that lost all its arguments is gone; one that was sent empty is kept.
    let query = query.filter(|query| !query.is_empty() || sent == Some(""));
    to.route.origin.as_ref()?.uri(to.path, query.as_deref())
}

/// The client's answer: status, headers, and the body as it comes.
fn stream_answer(upstream: awc::ClientResponse, method: &Method, read_timeout: Duration) -> HttpResponse {
    let status = upstream.status();
    let length = declared_length(upstream.headers());
    let bodiless = *method == Method::HEAD || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let mut head = HttpResponse::new(status);
    answer::copy_headers(upstream.headers(), head.headers_mut());
    let body = paced(upstream, read_timeout);
    match length {
        Some(length) => head.set_body(SizedStream::new(length, body)).map_into_boxed_body(),
        None if bodiless => head,
        None => head.set_body(BodyStream::new(body)).map_into_boxed_body(),
    }
}
