//! The gateway's listener (`sso_proxy_listen`): a reverse proxy for the declared routes (openid-connect.md 1), and the
//! answers that other proxies ask for. What is decided comes from `services::gateway`; this folder carries it out.
//!
//! ```text
//! request --arrival--> view --services::gateway--> Decision --headers, changes--> upstream --answer--> client
//!    \--forward_auth: the request that another proxy has--> the same decision --> answer to that proxy
//! ```

mod answer;
mod arguments;
mod arrival;
mod backchannel;
mod body;
mod changes;
mod failure;
mod forward_auth;
mod frontchannel;
mod headers;
mod pace;
mod tunnel;
mod upstream;

use actix_web::http::Method;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::domain::audit::Verdict;
use crate::metrics::Face;
use crate::services::Services;
use crate::services::gateway::{Answer, Decision, Passage, RequestView, Route};
use crate::web::proxy::has_body;
use arrival::{Arrival, new_id};
use body::Held;
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
    let settings = &services.settings;
    let reserved = settings.gateway.forward_auth_path.as_deref();
    let rest = reserved.and_then(|reserved| forward_auth::rest_of(request.uri().path(), reserved));
    let is_path = |path: &Option<String>| path.as_deref() == Some(request.uri().path());
    let (mut answer, request_id) = match rest {
        Some(rest) => forward_auth::answer(&request, rest, &services).await,
        None if is_path(&settings.gateway.backchannel_logout_path) => {
            (backchannel::answer(&request, body, &services).await, new_id())
        }
        None if is_path(&settings.gateway.frontchannel_logout_path) => {
            (frontchannel::answer(&request, &services).await, new_id())
        }
        None => {
            let arrival = Arrival::of(&request, &settings.trusted_proxies);
            let answered = serve(&arrival, body, &services, &upstream).await;
            (answered.unwrap_or_else(|failure| failure.into_response(&arrival.request_id)), arrival.request_id)
        }
    };
    answer::mark(&mut answer, &request_id);
    let status = answer.status().as_u16();
    services.metrics.count_request(Face::Gateway, request.method().as_str(), status, verdict(status));
    answer
}

/// What a status tells about the decision; an upstream may answer 401 and 403 too.
const fn verdict(status: u16) -> Verdict {
    match status {
        401 => Verdict::Unauthenticated,
        403 => Verdict::Denied,
        _ => Verdict::Allowed,
    }
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
    if !arrival.peer.is_host_clear(arrival.request) {
        return Err(Failure::Malformed);
    }
    let state = services.gateway.current();
    let (route, found) = state.route(&arrival.routing()).ok_or(Failure::NoRoute)?;
    refuse_clear_text(route, arrival)?;
    let (path, taken_prefix) = route.upstream_path(&arrival.path, found).ok_or(Failure::Malformed)?;
    let tell = |answer: &Answer| answer::of_engine_for(arrival.request, answer);
    if tunnel::is_asked(arrival.request) {
        let passage = match passed(route.decide(&state, &arrival.view()).await, tell)? {
            Ok(passage) => passage,
            Err(answer) => return Ok(answer),
        };
        let to = Forward { route, path: &path, taken_prefix, changes: &passage.changes };
        let mut answer = tunnel::open(upstream, arrival, body, &to).await?;
        answer::add_headers(&mut answer, &passage.response_headers);
        return Ok(answer);
    }
    let max_body = services.settings.gateway.max_body;
    let held = hold(route, arrival, body, max_body).await?;
    let arguments = held.as_ref().and_then(Held::arguments);
    let view = RequestView { body: arguments.as_ref(), ..arrival.view() };
    let passage = match passed(route.decide(&state, &view).await, tell)? {
        Ok(passage) => passage,
        Err(answer) => return Ok(answer),
    };
    let Passage { changes, response_headers, .. } = passage;
    let to = Forward { route, path: &path, taken_prefix, changes: &changes };
    let outgoing = held.map(|held| held.into_outgoing(&changes.remove_body));
    let mut answer = upstream.send(arrival, outgoing, max_body, &to).await?;
    answer::add_headers(&mut answer, &response_headers);
    Ok(answer)
}

/// `https_redirect_status_code`.
fn refuse_clear_text(route: &Route, arrival: &Arrival<'_>) -> Result<(), Failure> {
    match route.needs_tls {
        Some(status) if arrival.peer.scheme != "https" => Err(Failure::needs_tls(status, arrival)),
        _ => Ok(()),
    }
}

/// The passage, or the engine's answer as `tell` tells it.
fn passed(
    decision: Decision,
    tell: impl Fn(&Answer) -> HttpResponse,
) -> Result<Result<Passage, HttpResponse>, Failure> {
    match decision {
        Decision::Forward(passage) => Ok(Ok(*passage)),
        Decision::Answer(answer) => Ok(Err(tell(&answer))),
        Decision::Refuse(refusal) => {
            tracing::info!(reason = ?refusal, "a request was refused");
            Err(Failure::Refused(refusal))
        }
    }
}

/// The body, if there is one, read where the engine wants to see it.
async fn hold(route: &Route, arrival: &Arrival<'_>, body: Payload, most: u64) -> Result<Option<Held>, Failure> {
    if !has_body(arrival.request) {
        return Ok(None);
    }
    let headers = arrival.request.headers();
    if crate::web::proxy::declared_length(headers).is_some_and(|length| length > most) {
        return Err(Failure::TooLarge);
    }
    match route.wants_body(&arrival.view()) {
        true => Held::read(headers, body).await.map(Some),
        false => Ok(Some(Held::unread(headers, body))),
    }
}
