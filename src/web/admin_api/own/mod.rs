//! The doors that Kong Enterprise has and open-source Kong lacks: kong-sso answers them itself and never asks Kong
//! (kong-manager.md 4.11, 5.2, 6.1, 3.2, 7.7). The admin pages call the same doors through [`call`], so one decision,
//! one validation and one audit record serve both.

mod admin_roles;
mod admins;
pub(in crate::web) mod applications;
mod audit;
mod catalogue;
mod clients;
mod contracts;
mod developer_roles;
mod developers;
mod discovery;
mod groups;
mod input;
mod listing;
mod openid_connect;
mod portal;
mod rbac_users;
mod role_endpoints;
mod roles;
mod strategies;
mod teams;
mod workspaces;

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use crate::config::settings::RootRead;
use crate::domain::access::Caller;
use crate::domain::rbac::{Action, Endpoint};
use crate::domain::workspace::Workspace;
use crate::kong::body::{self, BodyError, Members};
use crate::kong::path::CanonicalPath;
use crate::services::Services;
use crate::services::addressing;
use crate::services::here::Here;
use crate::web::error::ApiError;
use crate::web::guard::{self, Arrival};
use crate::web::outlive;

/// First segments of own doors.
const OWN_DOORS: &[&str] = &[
    "admins",
    "application-auth-strategies",
    "application_instances",
    "applications",
    "audit",
    "auth",
    "developers",
    "endpoints",
    "groups",
    "licenses",
    "openid-connect",
    "portal",
    "rbac",
    "userinfo",
    "workspaces",
];
/// Longest body of an own door, bytes.
const LONGEST_BODY: usize = 1024 * 1024;

/// The workspace of a request, and what stood before the path: links in answers carry it.
#[derive(Clone, Copy)]
pub struct Place<'p> {
    /// The workspace.
    pub workspace: &'p Workspace,
    /// Prefix of links: mount point and workspace as the client wrote them.
    pub prefix: &'p str,
}

/// Whether a request may pass, and why.
pub struct Judgement {
    /// It may.
    pub is_allowed: bool,
    /// The rule, in one line.
    pub rule: Arc<str>,
}

/// Query arguments of a request.
pub type Query = HashMap<String, String>;

/// One call of an own door.
pub struct Call<'c> {
    /// The services.
    pub services: &'c Services,
    /// Who calls.
    pub caller: &'c Caller,
    /// Where.
    pub place: Place<'c>,
    /// What it does.
    pub action: Action,
    /// Method: PUT and PATCH are the same action but not the same call.
    pub method: &'c str,
    /// Decoded segments without workspace.
    pub segments: Vec<String>,
    /// Query arguments; the last of several counts.
    pub query: Query,
    /// Members of the body.
    pub body: Members,
}

impl Call<'_> {
    /// What it was judged for.
    fn here(&self) -> Result<Here<'_>, ApiError> {
        let endpoint = addressing::judged_endpoint(&path_of(&self.segments)?);
        Ok(Here { workspace: self.place.workspace, endpoint, action: self.action })
    }
}

/// The answer of an own door.
#[derive(Debug, PartialEq)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// JSON body, if there is one.
    pub body: Option<Value>,
}

impl Answer {
    /// 200 with a body.
    #[must_use]
    pub const fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body) }
    }

    /// 201 with a body.
    #[must_use]
    pub const fn created(body: Value) -> Self {
        Self { status: 201, body: Some(body) }
    }

    /// 201 for a new entity and 200 for one that there was, with a body.
    #[must_use]
    pub const fn put(body: Value, is_new: bool) -> Self {
        if is_new { Self::created(body) } else { Self::ok(body) }
    }

    /// 204.
    #[must_use]
    pub const fn no_content() -> Self {
        Self { status: 204, body: None }
    }

    fn into_response(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        response.insert_header(("cache-control", "no-store"));
        match self.body {
            Some(body) => response.json(body),
            None => response.finish(),
        }
    }
}

/// Whether kong-sso answers this path itself.
#[must_use]
pub fn is_own(path: &CanonicalPath) -> bool {
    path.first().is_some_and(|first| OWN_DOORS.contains(&first))
}

/// The decision about a request: the one function of [`crate::services::access::Access`], and the few doors that are
/// open to everybody who is somebody, because they show no more than what is the caller's own (kong-manager.md 4.9).
///
/// # Errors
/// 503 when the workspaces cannot be read.
pub async fn judge(
    services: &Services,
    caller: &Caller,
    place: &Place<'_>,
    path: &CanonicalPath,
    action: Action,
) -> Result<Judgement, ApiError> {
    let open = |rule: &str| Ok(Judgement { is_allowed: true, rule: Arc::from(rule) });
    if addressing::is_open(path, action) {
        return open("open to every authenticated caller");
    }
    if path.first().is_none() && action == Action::Read && services.settings.rbac.root_read == RootRead::Full {
        return open("sso_rbac_root_read = full");
    }
    let workspaces = services.access.workspaces().await?;
    let subject = addressing::subject(&workspaces, place.workspace, path);
    let decision = services.access.decide(&caller.principal, subject.workspace, &subject.endpoint, action);
    Ok(Judgement { is_allowed: decision.is_allowed, rule: decision.label() })
}

/// Whether a caller may do something, for pages that show or hide a button.
#[must_use]
pub fn may(services: &Services, caller: &Caller, workspace: &Workspace, endpoint: &str, action: Action) -> bool {
    services.access.decide(&caller.principal, &workspace.name, &Endpoint::of(endpoint), action).is_allowed
}

/// Answers an HTTP request that was judged already.
///
/// # Errors
/// What the door refuses.
pub(super) async fn answer_request(
    arrival: &Arrival<'_>,
    payload: Payload,
    caller: &Caller,
    place: &Place<'_>,
    path: &CanonicalPath,
) -> Result<HttpResponse, ApiError> {
    let method = arrival.request.method().as_str();
    let action = Action::of_method(method).unwrap_or(Action::Read);
    let body = if action == Action::Read { Members::new() } else { read_body(arrival.request, payload).await? };
    let caller = &still_allowed(arrival.services, caller, place, path, action).await?;
    let call = Call {
        services: arrival.services,
        caller,
        place: *place,
        action,
        method: if method == "HEAD" { "GET" } else { method },
        segments: path.decoded().ok_or_else(ApiError::not_found)?,
        query: url::form_urlencoded::parse(arrival.request.query_string().as_bytes()).into_owned().collect(),
        body,
    };
    if let Some(lines) = audit::export(arrival, &call).await? {
        return Ok(lines);
    }
    if let Some(lines) = developers::export(&call).await? {
        return Ok(lines);
    }
    let mut response = answer(&call).await?.into_response();
    if openid_connect::is_jwk_set(&call) && response.status() == StatusCode::OK {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(openid_connect::JWK_SET));
    }
    Ok(response)
}

/// Calls a door from a page: judged, recorded and answered as a request of the Admin API would be.
///
/// # Errors
/// 403 without permission; what the door refuses.
pub async fn call(call: &Call<'_>) -> Result<Answer, ApiError> {
    let path = path_of(&call.segments)?;
    let caller = &still_allowed(call.services, call.caller, &call.place, &path, call.action).await?;
    call.services.audit.admit(call.action)?;
    answer(&Call {
        caller,
        segments: call.segments.clone(),
        query: call.query.clone(),
        body: call.body.clone(),
        ..*call
    })
    .await
}

/// The caller with the rights of this moment, allowed to do it: between the first look and the end of a body somebody
/// may have withdrawn them.
async fn still_allowed(
    services: &Services,
    caller: &Caller,
    place: &Place<'_>,
    path: &CanonicalPath,
    action: Action,
) -> Result<Caller, ApiError> {
    let caller = guard::renewed(services, caller).await?;
    if judge(services, &caller, place, path, action).await?.is_allowed {
        return Ok(caller);
    }
    let right = format!("{action} on {path} in workspace {}", place.workspace.name);
    Err(ApiError::no_permission(caller.principal.name.as_str(), action).missing(right))
}

/// The canonical path of decoded segments.
///
/// # Errors
/// 400 for segments that no path can have.
pub fn path_of(segments: &[String]) -> Result<CanonicalPath, ApiError> {
    let raw: String = segments.iter().flat_map(|segment| ["/".to_owned(), encode(segment)]).collect();
    CanonicalPath::parse_of_admin_api(&raw).map_err(ApiError::bad_path)
}

fn encode(segment: &str) -> String {
    percent_encoding::utf8_percent_encode(segment, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The doors.
async fn answer(call: &Call<'_>) -> Result<Answer, ApiError> {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["rbac", "users", path @ ..] => rbac_users::answer(call, path).await,
        ["rbac", "roles", path @ ..] => roles::answer(call, path).await,
        ["groups", path @ ..] => groups::answer(call, path).await,
        ["admins", path @ ..] => admins::answer(call, path).await,
        ["developers", developer, "applications", path @ ..] => applications::answer(call, Some(developer), path).await,
        ["developers", "roles", path @ ..] => developer_roles::answer(call, path).await,
        ["developers", path @ ..] => developers::answer(call, path).await,
        ["workspaces", path @ ..] => workspaces::answer(call, path).await,
        ["audit", ..] => audit::answer(call).await,
        ["openid-connect", path @ ..] => openid_connect::answer(call, path).await,
        ["portal", path @ ..] => portal::answer(call, path).await,
        ["application-auth-strategies", path @ ..] => strategies::answer(call, path).await,
        ["application_instances", path @ ..] => contracts::answer(call, None, path).await,
        ["applications", path @ ..] => applications::answer(call, None, path).await,
        ["userinfo"] => discovery::user_info(call).await,
        ["endpoints"] => discovery::endpoints(call).await,
        _ => Err(ApiError::not_found()),
    }
}

/// The members of a body, in any of Kong's formats.
///
/// # Errors
/// 400 and 415 for what cannot be read.
pub(in crate::web) async fn read_body(request: &HttpRequest, payload: Payload) -> Result<Members, ApiError> {
    let mut types = request.headers().get_all(CONTENT_TYPE);
    let content_type = types.next();
    if types.next().is_some() {
        return Err(ApiError::bad_request("content_type", "Multiple Content-Type headers not allowed"));
    }
    let bytes = outlive::read_body(payload, LONGEST_BODY).await?;
    if bytes.is_empty() {
        return Ok(Members::new());
    }
    let content_type = content_type.map(|value| value.to_str().unwrap_or_default());
    body::parse(content_type, bytes).await.map_err(|error| match error {
        BodyError::Json => ApiError::bad_json(),
        BodyError::Form => ApiError::bad_request("bad_form", "Cannot parse form body"),
        BodyError::MediaType => ApiError::unsupported_media_type(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::RESERVED_WORKSPACE_NAMES;

    #[test]
    fn what_may_have_an_encoded_slash_in_front_is_never_forwarded() {
        let others = ["payments", "Groups", "groups2"];
        let first = RESERVED_WORKSPACE_NAMES.iter().chain(OWN_DOORS).chain(&others);
        let open: Vec<_> =
            first.filter_map(|first| CanonicalPath::parse_of_admin_api(&format!("/{first}/%2Fops")).ok()).collect();
        assert!(!open.is_empty() && open.iter().all(is_own), "{open:?}");
        let is_reserved = |path: &CanonicalPath| path.first().is_some_and(|it| RESERVED_WORKSPACE_NAMES.contains(&it));
        assert!(open.iter().all(is_reserved), "no workspace may have the name: {open:?}");
    }
}
