//! The protected Admin API: path, credential, workspace, decision, then an own door or Kong, in this order
//! (kong-manager.md 4.3 to 4.12).

pub mod own;
mod pagination;
mod recorded;
mod registrations;
mod root;

use recorded::Recorded;
use registrations::Taken;

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use url::Url;

use super::auth;
use super::cors;
use super::error::ApiError;
use super::guard::Arrival;
use super::outlive::outlive;
use super::peer::Peer;
use super::proxy::{Forward, Upstream, is_read, stream_answer};
use super::remembered;
use super::trail::Trail;
use crate::domain::access::Caller;
use crate::domain::audit::Verdict;
use crate::domain::rbac::Action;
use crate::kong::origin::Origin;
use crate::kong::path::{CanonicalPath, PathError};
use crate::services::Services;
use crate::services::addressing::{self, Addressed};

/// Header that names a request in answers, audit records and Kong's own log.
pub const REQUEST_ID_HEADER: &str = "x-kong-admin-request-id";
const REQUEST_ID: HeaderName = HeaderName::from_static(REQUEST_ID_HEADER);

/// The part of a listener's URL space that the Admin API occupies.
#[derive(Clone, Debug, Default)]
pub struct Mount {
    /// Path prefix without trailing slash: empty on the Admin API's own listener.
    pub prefix: String,
}

/// Answers any request of the Admin API's own listener.
pub async fn handle(
    request: HttpRequest,
    body: Payload,
    services: Data<Services>,
    upstream: Data<Upstream>,
) -> HttpResponse {
    let path = CanonicalPath::parse_of_admin_api(request.uri().path());
    outlive(
        changes(&request),
        async move { serve(&request, body, &services, &upstream, path, &Mount::default()).await },
    )
    .await
}

/// Whether a request may change something: all but reads do, a sign-in is finished by a GET, and a session that is looked
/// at may have to be renewed or its tokens refreshed.
#[must_use]
pub fn changes(request: &HttpRequest) -> bool {
    !(is_read(request.method()) && remembered::is_without_session(request))
}

/// Answers a request whose `path` is below `mount`.
pub async fn serve(
    request: &HttpRequest,
    body: Payload,
    services: &Arc<Services>,
    upstream: &Upstream,
    path: Result<CanonicalPath, PathError>,
    mount: &Mount,
) -> HttpResponse {
    let peer = Peer::of(request, &services.settings.trusted_proxies);
    let raw = request.uri().path();
    let shown = shown_path(&path, raw.strip_prefix(mount.prefix.as_str()).unwrap_or(raw));
    let mut trail = Recorded::begin(request, services, &peer, shown);
    let request_id = trail.request_id.clone();
    let arrival = Arrival { request, services, peer: &peer, request_id: &request_id };
    let answer = match cors::preflight(request) {
        Some(answer) => Ok(answer),
        None => match path {
            Ok(path) if addressing::is_sign_in(&path) => Box::pin(auth::answer(&arrival, body, &mut trail)).await,
            Ok(path) => judge(&arrival, body, upstream, path, mount, &mut trail).await,
            Err(error) => Err(ApiError::bad_path(error)),
        },
    };
    let mut response = answer.unwrap_or_else(ApiError::into_response);
    cors::decorate(&arrival, response.headers_mut());
    harden(response.headers_mut());
    if let Ok(value) = arrival.id_line() {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    trail.finish(response.status().as_u16());
    response
}

/// What answers of the Admin API are never: kept by a cache, or taken for a page.
fn harden(headers: &mut HeaderMap) {
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// The path as records show it: canonical, so that no odd spelling dodges an ignore pattern, but with the slash at its
/// end that Kong's patterns tell apart (kong-manager.md 7.4).
fn shown_path(path: &Result<CanonicalPath, PathError>, raw: &str) -> String {
    match path {
        Err(_) => raw.to_owned(),
        Ok(path) if raw.ends_with('/') && path.first().is_some() => path.text() + "/",
        Ok(path) => path.text(),
    }
}

async fn judge(
    arrival: &Arrival<'_>,
    body: Payload,
    upstream: &Upstream,
    path: CanonicalPath,
    mount: &Mount,
    trail: &mut Trail,
) -> Result<HttpResponse, ApiError> {
    let services = arrival.services;
    let request = arrival.request;
    let action =
        Action::of_method(request.method().as_str()).ok_or_else(|| ApiError::method_not_allowed(cors::METHODS))?;
    trail.verdict = Verdict::Unauthenticated;
    let caller = arrival.caller().await?;
    trail.caller = Some(caller.clone());
    trail.verdict = Verdict::Denied;
    arrival.refuse_cross_site(&caller, action)?;
    let workspaces = services.access.workspaces().await?;
    let Addressed { workspace, path, is_prefixed } =
        addressing::address(&workspaces, path).ok_or_else(ApiError::store_unavailable)?;
    path.check_slashes().map_err(ApiError::bad_path)?;
    trail.workspace = Some(workspace.id);
    if is_prefixed && !services.access.reaches(&caller.principal, &workspace.name) {
        trail.rule = Some("no rule for this workspace".into());
        return Err(ApiError::no_permission(caller.principal.name.as_str(), action));
    }
    let prefix = if is_prefixed { format!("{}/{}", mount.prefix, workspace.name) } else { mount.prefix.clone() };
    let place = own::Place { workspace, prefix: &prefix };
    let verdict = own::judge(services, &caller, &place, &path, action).await?;
    trail.rule = Some(Arc::clone(&verdict.rule));
    if !verdict.is_allowed {
        if root::may_be_redacted(services, &path, request.method()) {
            trail.verdict = Verdict::Allowed;
            trail.rule = Some("sso_rbac_root_read = redacted".into());
            return Box::pin(root::redacted(arrival, body, upstream, &place)).await;
        }
        refuse_unknown_workspace(&caller, services, &path)?;
        tracing::info!(request_id = arrival.request_id, user = %caller.principal.name, rule = %verdict.rule, "refused");
        return Err(ApiError::no_permission(caller.principal.name.as_str(), action));
    }
    trail.verdict = Verdict::Allowed;
    services.audit.admit(action)?;
    if own::is_own(&path) {
        return Box::pin(own::answer_request(arrival, body, &caller, &place, &path)).await;
    }
    refuse_unknown_workspace(&caller, services, &path)?;
    if registrations::may_concern(services, &path) {
        // Rare and large: a request that has nothing to do with it should not carry it.
        return Box::pin(forward_with_registrations(arrival, body, upstream, &caller, &place, &path)).await;
    }
    forward(arrival, body, upstream, &place, &path).await
}

/// Forwards a request that is about plugins, among which published APIs are shown.
async fn forward_with_registrations(
    arrival: &Arrival<'_>,
    body: Payload,
    upstream: &Upstream,
    caller: &Caller,
    place: &own::Place<'_>,
    path: &CanonicalPath,
) -> Result<HttpResponse, ApiError> {
    let body = match registrations::take(arrival, body, caller, place, path).await? {
        Taken::Answered(answer) => return Ok(answer),
        Taken::Passed(body) => body,
    };
    let plugins = registrations::listed(arrival, caller, place, path).await?;
    if plugins.is_empty() {
        return forward(arrival, body, upstream, place, path).await;
    }
    let answer = upstream_answer(arrival, body, upstream, place, &path.text(), false).await?;
    registrations::merged(answer, plugins, place.prefix).await
}

/// Sends the request to the Kong of its workspace and the answer back, pagination links corrected.
async fn forward(
    arrival: &Arrival<'_>,
    body: Payload,
    upstream: &Upstream,
    place: &own::Place<'_>,
    path: &CanonicalPath,
) -> Result<HttpResponse, ApiError> {
    let request = arrival.request;
    let rewrites = *request.method() == Method::GET && !place.prefix.is_empty();
    let answer = upstream_answer(arrival, body, upstream, place, &path.text(), !rewrites).await?;
    if answer.status().is_success() && !is_read(request.method()) {
        arrival.services.gateway_sync.note_change(arrival.services.clock.now());
    }
    if rewrites { pagination::prefix_links(answer, place.prefix).await } else { Ok(stream_answer(answer)) }
}

/// Asks the Kong of a workspace.
async fn upstream_answer(
    arrival: &Arrival<'_>,
    body: Payload,
    upstream: &Upstream,
    place: &own::Place<'_>,
    path: &str,
    may_compress: bool,
) -> Result<super::proxy::UpstreamResponse, ApiError> {
    let settings = &arrival.services.settings;
    let own_url = place.workspace.upstream_admin_url.as_deref().map(Url::parse).transpose();
    let own_url = own_url.map_err(|_| ApiError::internal())?;
    if own_url.as_ref().is_some_and(|url| !settings.upstream.admits(url)) {
        return Err(ApiError::upstream_not_admitted());
    }
    let own_origin = own_url.as_ref().and_then(Origin::of);
    let origin = if own_url.is_some() { own_origin.as_ref() } else { upstream.admin.as_ref() };
    let forward = Forward {
        origin: origin.ok_or_else(ApiError::internal)?,
        path,
        query: arrival.request.uri().query(),
        // They may hold a key that the cluster of another workspace must not see.
        headers: if own_url.is_some() { &[] } else { &upstream.admin_headers },
        request_id: (REQUEST_ID, arrival.id_line()?),
        may_compress,
        peer: arrival.peer,
    };
    upstream.send(arrival.request, body, &forward).await
}

/// A path such as `/nowhere/services` means a workspace that does not exist. Only somebody with rights in every
/// workspace learns that; for others it is a path without permission.
fn refuse_unknown_workspace(caller: &Caller, services: &Services, path: &CanonicalPath) -> Result<(), ApiError> {
    let sees_all = !services.access.is_enforced() || caller.principal.policy.reaches_any();
    match addressing::unknown_workspace(path) {
        Some(name) if sees_all => Err(ApiError::workspace_not_found(name)),
        _ => Ok(()),
    }
}
