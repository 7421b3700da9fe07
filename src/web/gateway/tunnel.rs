//! WebSockets: the upgrade goes up as it came, and after the upstream's 101 bytes flow both ways unread. Each has a
//! connection of its own, so no frame passes through a pool.

use std::time::Duration;

use actix_codec::Framed;
use actix_http::body::BodySize;
use actix_http::h1::{ClientCodec, Message, MessageType};
use actix_http::{ConnectionType, RequestHead, RequestHeadType, ResponseHead};
use actix_web::body::{BodyStream, SizedStream};
use actix_web::http::header::{HeaderValue, UPGRADE};
use actix_web::http::{Method, StatusCode, Version};
use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{HttpRequest, HttpResponse, rt};
use futures_util::{SinkExt as _, Stream, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::TcpStream;

use super::arrival::Arrival;
use super::failure::Failure;
use super::upstream::{Forward, GatewayUpstream, target};
use super::{answer, headers};
use crate::services::gateway::Service;
use crate::web::proxy::declared_length;

/// Most bytes that are moved at once.
const PIECE: usize = 16 * 1024;

/// A connection, encrypted or not.
trait Io: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Io for T {}
type Connection = Box<dyn Io>;

/// Whether the request asks for a WebSocket, which only a GET does (RFC 6455 section 4.1).
pub(super) fn is_asked(request: &HttpRequest) -> bool {
    let names_it = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"websocket");
    *request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && request.head().upgrade()
        && request.headers().get(UPGRADE).is_some_and(names_it)
}

/// Asks the upstream; its 101 opens the tunnel, any other answer is the client's.
pub(super) async fn open(
    upstream: &GatewayUpstream,
    arrival: &Arrival<'_>,
    body: Payload,
    to: &Forward<'_>,
) -> Result<HttpResponse, Failure> {
    let service = &to.route.service;
    let connecting = connect(upstream, service);
    let connection =
        tokio::time::timeout(service.connect_timeout, connecting).await.map_err(|_| Failure::Timeout)??;
    let mut framed = Framed::new(connection, ClientCodec::default());
    let asking = ask(&mut framed, arrival, to);
    let head = tokio::time::timeout(service.read_timeout, asking).await.map_err(|_| Failure::Timeout)??;
    let mut built = HttpResponse::build(head.status);
    if head.status != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(refused(built, &head, framed));
    }
    built.upgrade("websocket");
    let parts = framed.into_parts();
    let (from, into) = tokio::io::split(parts.io);
    rt::spawn(pump(body, into, service.write_timeout));
    let mut response = built.streaming(pieces(from, parts.read_buf, service.read_timeout));
    answer::copy_headers(head.headers(), response.headers_mut());
    Ok(response)
}

async fn connect(upstream: &GatewayUpstream, service: &Service) -> Result<Connection, Failure> {
    let name = service.host.trim_matches(['[', ']']);
    let addresses = tokio::net::lookup_host((name, service.port)).await.map_err(|_| Failure::NoName)?;
    let addresses: Vec<_> = addresses.collect();
    let unreachable = |error: std::io::Error| {
        tracing::warn!(error = %error, service = service.name.as_str(), "an upstream could not be reached");
        Failure::BadGateway
    };
    let stream = TcpStream::connect(addresses.as_slice()).await.map_err(unreachable)?;
    stream.set_nodelay(true).map_err(unreachable)?;
    if !service.is_tls {
        return Ok(Box::new(stream));
    }
    let name = rustls::pki_types::ServerName::try_from(name.to_owned()).map_err(|_| Failure::BadGateway)?;
    let encrypted = upstream.tls_for_tunnels().connect(name, stream).await.map_err(unreachable)?;
    Ok(Box::new(encrypted))
}

async fn ask(
    framed: &mut Framed<Connection, ClientCodec>,
    arrival: &Arrival<'_>,
    to: &Forward<'_>,
) -> Result<ResponseHead, Failure> {
    let mut head = RequestHead::default();
    head.method = arrival.request.method().clone();
    head.uri = target(arrival, to).ok_or(Failure::Malformed)?;
    let host = head.uri.authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok());
    headers::fill(head.headers_mut(), arrival, to);
    if let (Some(host), false) = (host, head.headers().contains_key(actix_web::http::header::HOST)) {
        head.headers_mut().insert(actix_web::http::header::HOST, host);
    }
    head.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    head.set_connection_type(ConnectionType::Upgrade);
    let message = Message::Item((RequestHeadType::from(head), BodySize::None));
    framed.send(message).await.map_err(|_| Failure::BadGateway)?;
    match framed.next().await {
        Some(Ok(head)) => Ok(head),
        _ => Err(Failure::BadGateway),
    }
}

/// The upstream's answer that is no 101.
fn refused(
    mut built: actix_web::HttpResponseBuilder,
    head: &ResponseHead,
    framed: Framed<Connection, ClientCodec>,
) -> HttpResponse {
    let mut response = match (framed.codec_ref().message_type(), declared_length(head.headers())) {
        (MessageType::None, _) => built.finish(),
        (_, Some(length)) => built.no_chunking(length).body(SizedStream::new(length, payload(framed))),
        (_, None) => built.body(BodyStream::new(payload(framed))),
    };
    answer::copy_headers(head.headers(), response.headers_mut());
    response
}

fn payload(
    framed: Framed<Connection, ClientCodec>,
) -> impl Stream<Item = Result<Bytes, actix_http::error::PayloadError>> {
    let framed = framed.into_map_codec(ClientCodec::into_payload_codec);
    framed
        .take_while(|piece| std::future::ready(!matches!(piece, Ok(None))))
        .map(|piece| Ok(piece?.unwrap_or_default()))
}

/// Client to upstream, until one of them ends.
async fn pump(mut body: Payload, mut into: WriteHalf<Connection>, longest: Duration) {
    while let Some(Ok(piece)) = body.next().await {
        let writing = async {
            into.write_all(&piece).await?;
            into.flush().await
        };
        if !matches!(tokio::time::timeout(longest, writing).await, Ok(Ok(()))) {
            break;
        }
    }
    let _ = into.shutdown().await;
}

/// Upstream to client. A pause that is too long ends it, as it does in Kong.
fn pieces(
    from: ReadHalf<Connection>,
    first: BytesMut,
    longest: Duration,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    let start = (from, first);
    futures_util::stream::try_unfold(start, move |(mut from, mut buffer)| async move {
        if buffer.is_empty() {
            buffer.reserve(PIECE);
            let read = tokio::time::timeout(longest, from.read_buf(&mut buffer)).await;
            if read.map_err(|_| std::io::ErrorKind::TimedOut)?? == 0 {
                return Ok(None);
            }
        }
        let piece = buffer.split().freeze();
        Ok(Some((piece, (from, buffer))))
    })
}
