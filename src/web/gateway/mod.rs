//! The gateway's listener (`sso_proxy_listen`): a reverse proxy for the declared routes (openid-connect.md 1), and the
//! answers that other proxies ask for. What is decided comes from `services::gateway`; this folder carries it out.
//!
//! ```text
//! request --arrival--> view --services::gateway--> Decision --headers, changes--> upstream --answer--> client
//! ```

mod answer;
mod arrival;
mod changes;
mod failure;
mod headers;
mod upstream;

use actix_web::http::Method;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::services::Services;
use crate::services::gateway::{Decision, Passage, RequestView};
use arrival::Arrival;
use failure::Failure;
use upstream::Forward;
pub use upstream::GatewayUpstream;

/// Answers a request of the listener.
pub async fn handle(
    request: HttpRequest,
    body: Payload,
    services: Data<Services>,
    upstream: Data<GatewayUpstream>,
) -> HttpResponse {
    let arrival = Arrival::of(&request, &services.settings.trusted_proxies);
    let answered = serve(&arrival, body, &services, &upstream).await;
    let mut answer = answered.unwrap_or_else(|failure| failure.into_response(&arrival.request_id));
    answer::mark(&mut answer, &arrival.request_id);
    answer
}

/// Routes, asks and forwards.
async fn serve(
    arrival: &Arrival<'_>,
    body: Payload,
    services: &Services,
    upstream: &GatewayUpstream,
) -> Result<HttpResponse, Failure> {
    if matches!(*arrival.request.method(), Method::CONNECT | Method::TRACE) {
        return Err(Failure::Method);
    }
    let state = services.gateway.current();
    let (route, found) = state.route(&arrival.routing()).ok_or(Failure::NoRoute)?;
    if let Some(status) = route.needs_tls
        && arrival.peer.scheme != "https"
    {
        return Err(Failure::needs_tls(status, arrival));
    }
    let view = RequestView { body: None, ..arrival.view() };
    let passage = match route.decide(&state, &view).await {
        Decision::Forward(passage) => passage,
        Decision::Refuse(refusal) => return Err(Failure::Refused(refusal)),
        Decision::Answer(answer) => return Ok(answer::of_engine(&answer)),
    };
    let (path, taken_prefix) = route.upstream_path(&arrival.path, found);
    let Passage { changes, response_headers, .. } = *passage;
    let max_body = services.settings.gateway.max_body;
    let to = Forward { route, path: &path, taken_prefix, changes: &changes, max_body };
    let mut answer = upstream.send(arrival, body, &to).await?;
    answer::add_headers(&mut answer, &response_headers);
    Ok(answer)
}
