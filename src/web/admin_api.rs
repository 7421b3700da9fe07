//! The protected Admin API: path, workspace, credential, decision, Kong, in this order (kong-manager.md 4.3 to 4.12).

use std::sync::Arc;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use secrecy::ExposeSecret as _;
use url::Url;
use uuid::Uuid;

use super::error::ApiError;
use super::peer::Peer;
use super::proxy::{Forward, Upstream, stream_answer};
use crate::config::Settings;
use crate::domain::access::Principal;
use crate::domain::rbac::Action;
use crate::domain::workspace::Workspace;
use crate::kong::path::CanonicalPath;
use crate::services::access::{Access, AccessError};

/// Header that names a request in answers, audit records and Kong's own log.
pub const REQUEST_ID_HEADER: &str = "x-kong-admin-request-id";

/// Doors that only Kong Enterprise has: kong-sso answers them itself and never asks Kong.
const OWN_DOORS: &[&str] = &["admins", "audit", "auth", "groups", "licenses", "rbac", "userinfo", "workspaces"];

/// Answers any request of the listener.
pub async fn handle(
    request: HttpRequest,
    body: Payload,
    access: Data<Access>,
    settings: Data<Settings>,
    upstream: Data<Upstream>,
) -> HttpResponse {
    let request_id = Uuid::new_v4().simple().to_string();
    let answer = judge_and_forward(&request, body, &access, &settings, &upstream, &request_id).await;
    let mut response = answer.unwrap_or_else(ApiError::into_response);
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(HeaderName::from_static(REQUEST_ID_HEADER), value);
    }
    response
}

async fn judge_and_forward(
    request: &HttpRequest,
    body: Payload,
    access: &Access,
    settings: &Settings,
    upstream: &Upstream,
    request_id: &str,
) -> Result<HttpResponse, ApiError> {
    let path = CanonicalPath::parse(request.uri().path()).map_err(ApiError::bad_path)?;
    let action = Action::of_method(request.method().as_str())
        .ok_or_else(|| ApiError::method_not_allowed("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"))?;
    let principal = authenticate(request.headers(), access, settings).await?;
    let workspaces = access.workspaces().await?;
    let (workspace, path) = split_workspace(&workspaces, path)?;
    let decision = access.decide(&principal, &workspace.name, &path.endpoint(), action);
    if !decision.is_allowed {
        tracing::info!(request_id, user = %principal.name, rule = %decision.label(), "refused");
        return Err(ApiError::no_permission(principal.name.as_str(), action));
    }
    if path.first().is_some_and(|first| OWN_DOORS.contains(&first)) {
        return Err(ApiError::not_found());
    }
    let own_upstream = workspace.upstream_admin_url.as_deref().map(Url::parse).transpose();
    let own_upstream = own_upstream.map_err(|_| ApiError::internal())?;
    let headers = own_headers(settings, own_upstream.is_none(), request_id)?;
    let forward = Forward {
        base: own_upstream.as_ref().unwrap_or(&settings.upstream.admin_url),
        path: &path.to_string(),
        query: request.uri().query(),
        headers: &headers,
        may_compress: true,
        peer: &Peer::of(request, &settings.trusted_proxies),
    };
    Ok(stream_answer(upstream.send(request, body, &forward).await?))
}

/// Headers that kong-sso adds: the request's id and, for the server's own upstream only, the operator's
/// (`sso_upstream_admin_headers`): they may hold a key that the cluster of another workspace must not see.
fn own_headers(
    settings: &Settings,
    is_own_upstream: bool,
    request_id: &str,
) -> Result<Vec<(HeaderName, HeaderValue)>, ApiError> {
    let operators = settings.upstream.admin_headers.iter().filter(|_| is_own_upstream);
    let operators = operators.map(|(name, value)| (name.as_str(), value.expose_secret()));
    operators
        .chain([(REQUEST_ID_HEADER, request_id)])
        .map(|(name, value)| {
            let mut value = HeaderValue::from_str(value).map_err(|_| ApiError::internal())?;
            value.set_sensitive(name != REQUEST_ID_HEADER);
            Ok((HeaderName::try_from(name).map_err(|_| ApiError::internal())?, value))
        })
        .collect()
}

/// Exactly one token header proves who calls; several, an empty or an unknown one are refused alike.
async fn authenticate(headers: &HeaderMap, access: &Access, settings: &Settings) -> Result<Arc<Principal>, ApiError> {
    let mut tokens = headers.get_all(settings.rbac.auth_header.as_str());
    let (Some(token), None) = (tokens.next(), tokens.next()) else {
        return Err(ApiError::invalid_credentials());
    };
    let token = token.to_str().map_err(|_| ApiError::invalid_credentials())?;
    access.authenticate_token(token).await.map_err(|error| match error {
        AccessError::Invalid => ApiError::invalid_credentials(),
        AccessError::Service(error) => error.into(),
    })
}

/// The workspace that the first segment names by name or id, and the path without it; else `default`.
fn split_workspace(workspaces: &[Workspace], path: CanonicalPath) -> Result<(&Workspace, CanonicalPath), ApiError> {
    let named = path.first().and_then(|first| {
        workspaces.iter().find(|workspace| workspace.name.as_str() == first || workspace.id.to_string() == first)
    });
    match named {
        Some(workspace) => Ok((workspace, path.without_first())),
        None => {
            let default = workspaces.iter().find(|workspace| workspace.name.is_default());
            default.map(|workspace| (workspace, path)).ok_or_else(ApiError::store_unavailable)
        }
    }
}
