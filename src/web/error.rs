//! The one file that knows status codes. Two faces: JSON in Kong's shape for clients (kong-manager.md 4.10), a page for
//! people. The stable code of an error travels in the header `X-Kong-Sso-Error`, the request id in
//! `X-Kong-Admin-Request-ID`, so that bodies stay exactly Kong's.

mod portal;

pub(in crate::web) use portal::{PROVIDER, UNUSABLE};

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use serde_json::{Map, Value, json};

use crate::domain::rbac::Action;
use crate::kong::client::KongError;
use crate::kong::path::PathError;
use crate::services::access::AccessError;
use crate::services::error::ServiceError;
use crate::services::login::error::LoginError;
use crate::telemetry::chain;

/// Header with the stable code of an error.
pub const ERROR_CODE_HEADER: &str = "x-kong-sso-error";
/// Header with the URL that starts a sign-in; its presence tells Kong Manager's guard that the session is gone.
pub const LOGIN_HEADER: &str = "x-kong-sso-login";

/// An answer other than success.
#[derive(Clone, Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    body: Value,
    retry_after: Option<u32>,
    login_url: Option<String>,
    allow: Option<&'static str>,
    /// Boxed to keep the error small: it is the `Err` of every handler.
    missing_right: Option<Box<str>>,
}

impl ApiError {
    fn message(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self::body(status, code, json!({ "message": message.into() }))
    }

    const fn body(status: StatusCode, code: &'static str, body: Value) -> Self {
        Self { status, code, body, retry_after: None, login_url: None, allow: None, missing_right: None }
    }

    const fn retry_in(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// No, wrong, empty or disabled credentials.
    #[must_use]
    pub fn invalid_credentials() -> Self {
        Self::message(StatusCode::UNAUTHORIZED, "invalid_rbac_credentials", "Invalid RBAC credentials")
    }

    /// A client that guesses tokens.
    #[must_use]
    pub fn too_many_failures() -> Self {
        let message = "Too many invalid credentials; try again in a minute";
        Self::message(StatusCode::TOO_MANY_REQUESTS, "too_many_failures", message).retry_in(60)
    }

    /// A session that ended; `login_url` starts a new one.
    #[must_use]
    pub fn session_expired(login_url: String) -> Self {
        Self::message(StatusCode::UNAUTHORIZED, "session_expired", "Unauthorized").with_login(login_url)
    }

    /// The same answer with the address where a browser signs in.
    #[must_use]
    pub fn with_login(mut self, login_url: String) -> Self {
        self.login_url = Some(login_url).filter(|url| !url.is_empty());
        self
    }

    /// A sign-in that failed.
    #[must_use]
    pub fn login_failed(code: &'static str) -> Self {
        Self::message(StatusCode::UNAUTHORIZED, code, "Unauthorized")
    }

    /// Identified, but no permission.
    #[must_use]
    pub fn no_permission(name: &str, action: Action) -> Self {
        let message = format!("{name}, you do not have permissions to {action} this resource");
        Self::message(StatusCode::FORBIDDEN, "no_permission", message)
    }

    /// The same refusal with the right that is missing, for people: the JSON face stays Kong's.
    #[must_use]
    pub fn missing(mut self, right: impl Into<Box<str>>) -> Self {
        self.missing_right = Some(right.into());
        self
    }

    /// Refused for another reason than RBAC rules.
    #[must_use]
    pub fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self::message(StatusCode::FORBIDDEN, code, message)
    }

    /// A cookie-authenticated change from another site.
    #[must_use]
    pub fn cross_site() -> Self {
        Self::message(StatusCode::FORBIDDEN, "cross_site_request", "Cross-site request refused")
    }

    /// A form that this sign-in was not given.
    #[must_use]
    pub fn stale_form() -> Self {
        Self::message(StatusCode::FORBIDDEN, "stale_form", "This form is not from a page of your present sign-in")
    }

    /// No such entity or door.
    #[must_use]
    pub fn not_found() -> Self {
        Self::message(StatusCode::NOT_FOUND, "not_found", "Not found")
    }

    /// No such workspace.
    #[must_use]
    pub fn workspace_not_found(name: &str) -> Self {
        Self::message(StatusCode::NOT_FOUND, "workspace_not_found", format!("Workspace '{name}' not found"))
    }

    /// The state of an entity forbids it.
    #[must_use]
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::message(StatusCode::CONFLICT, "conflict", message)
    }

    /// A path that has no single meaning.
    #[must_use]
    pub fn bad_path(error: PathError) -> Self {
        Self::message(StatusCode::BAD_REQUEST, "bad_path", format!("Bad request: {error}"))
    }

    /// A request that is wrong as a whole.
    #[must_use]
    pub fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::message(StatusCode::BAD_REQUEST, code, message)
    }

    /// A `size` that no page has.
    #[must_use]
    pub fn invalid_size(message: &str) -> Self {
        let body = json!({ "code": 9, "name": "invalid size", "message": message });
        Self::body(StatusCode::BAD_REQUEST, "invalid_size", body)
    }

    /// An `offset` that no page gave.
    #[must_use]
    pub fn invalid_offset(offset: &str) -> Self {
        let message = format!("'{offset}' is not a valid offset: bad json encoding");
        let body = json!({ "code": 7, "name": "invalid offset", "message": message });
        Self::body(StatusCode::BAD_REQUEST, "invalid_offset", body)
    }

    /// Members of the body that are wrong.
    #[must_use]
    pub fn schema(fields: Vec<(String, String)>) -> Self {
        Self::body(StatusCode::BAD_REQUEST, "schema_violation", schema_violation(fields))
    }

    /// Members of a record of the body that are wrong, named below it as Kong does.
    #[must_use]
    pub fn schema_of(record: &str, fields: Vec<(String, String)>) -> Self {
        let mut body = schema_violation(fields);
        let inner = body.get_mut("fields").map(Value::take).unwrap_or_default();
        if let Some(members) = body.as_object_mut() {
            members.insert("fields".to_owned(), json!({ record: inner }));
        }
        Self::body(StatusCode::BAD_REQUEST, "schema_violation", body)
    }

    /// A body that is no JSON object.
    #[must_use]
    pub fn bad_json() -> Self {
        Self::bad_request("bad_json", "Cannot parse JSON body")
    }

    /// A body in a format that nobody reads.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        Self::message(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Unsupported Media Type")
    }

    /// A body above `nginx_admin_client_max_body_size`.
    #[must_use]
    pub fn payload_too_large(limit: u64) -> Self {
        let message = format!("Request body is larger than {limit} bytes");
        Self::message(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", message)
    }

    /// A body that takes too long.
    #[must_use]
    pub fn body_timeout() -> Self {
        Self::message(StatusCode::REQUEST_TIMEOUT, "body_timeout", "The request body took too long")
    }

    /// A workspace's address that `sso_workspace_upstreams` does not admit any more.
    #[must_use]
    pub fn upstream_not_admitted() -> Self {
        let message = "The upstream of this workspace is not allowed by sso_workspace_upstreams";
        Self::message(StatusCode::BAD_GATEWAY, "upstream_not_admitted", message)
    }

    /// A method that the door does not know; `allow` lists those it does.
    #[must_use]
    pub fn method_not_allowed(allow: &'static str) -> Self {
        let mut error = Self::message(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed");
        error.allow = Some(allow);
        error
    }

    /// Kong refuses connections.
    #[must_use]
    pub fn kong_unreachable() -> Self {
        Self::message(StatusCode::BAD_GATEWAY, "kong_unreachable", "Kong could not be reached; try again shortly")
            .retry_in(5)
    }

    /// Kong accepted the connection but did not answer in time.
    #[must_use]
    pub fn kong_timeout() -> Self {
        Self::message(StatusCode::GATEWAY_TIMEOUT, "kong_timeout", "Kong did not answer in time").retry_in(5)
    }

    /// The identity provider is down or answers nonsense.
    #[must_use]
    pub fn provider_unreachable(code: &'static str) -> Self {
        let message = "The identity provider could not be reached";
        Self::message(StatusCode::BAD_GATEWAY, code, message).retry_in(5)
    }

    /// `sso_upstream_gui_url` is unset.
    #[must_use]
    pub fn no_manager() -> Self {
        let message = "No Kong Manager is configured: set sso_upstream_gui_url or admin_gui_listen";
        Self::message(StatusCode::NOT_FOUND, "no_kong_manager", message)
    }

    /// kong-sso's own store does not answer.
    #[must_use]
    pub fn store_unavailable() -> Self {
        let message = "The session and RBAC store is unavailable; try again shortly";
        Self::message(StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", message).retry_in(2)
    }

    /// The audit log does not accept records and changes are refused meanwhile.
    #[must_use]
    pub fn audit_unavailable() -> Self {
        Self::message(StatusCode::SERVICE_UNAVAILABLE, "audit_unavailable", "audit log unavailable").retry_in(2)
    }

    /// A fault of kong-sso itself.
    #[must_use]
    pub fn internal() -> Self {
        Self::message(StatusCode::INTERNAL_SERVER_ERROR, "internal", "An unexpected error occurred")
    }

    /// The status of the answer.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The sentence for people.
    #[must_use]
    pub fn sentence(&self) -> &str {
        self.body.get("message").and_then(Value::as_str).unwrap_or_default()
    }

    /// The right that would have been needed, such as `read on /groups in workspace default`.
    #[must_use]
    pub fn missing_right(&self) -> Option<&str> {
        self.missing_right.as_deref()
    }

    /// Members of the request that are to blame, each with its sentence, for a form to show them where they were typed.
    #[must_use]
    pub fn fields(&self) -> Vec<(String, String)> {
        let is_taken = self.code == "unique_violation";
        let fields = self.body.get("fields").and_then(Value::as_object).into_iter().flatten();
        let sentence = |value: &Value| match (is_taken, value.as_str()) {
            (true, _) => "is taken already".to_owned(),
            (false, text) => text.unwrap_or("is not valid").to_owned(),
        };
        fields.map(|(name, value)| (name.clone(), sentence(value))).collect()
    }

    /// Seconds after which a retry makes sense.
    #[must_use]
    pub const fn retry_after(&self) -> Option<u32> {
        self.retry_after
    }

    /// The JSON face.
    #[must_use]
    pub fn into_response(self) -> HttpResponse {
        let mut response =
            HttpResponse::build(self.status).insert_header(("cache-control", "no-store")).json(self.body);
        let headers = response.headers_mut();
        let mut set = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        set(ERROR_CODE_HEADER, self.code);
        if let Some(url) = &self.login_url {
            set(LOGIN_HEADER, url);
        }
        if let Some(allow) = self.allow {
            set("allow", allow);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Kong's `schema violation` body.
fn schema_violation(fields: Vec<(String, String)>) -> Value {
    let sentences: Vec<_> = fields.iter().map(|(member, sentence)| format!("{member}: {sentence}")).collect();
    let count = match fields.len() {
        1 => "schema violation".to_owned(),
        several => format!("{several} schema violations"),
    };
    let fields: Map<_, _> = fields.into_iter().map(|(member, sentence)| (member, Value::from(sentence))).collect();
    json!({ "code": 2, "name": "schema violation", "message": format!("{count} ({})", sentences.join("; ")), "fields": fields })
}

/// Kong's `unique constraint violation` body.
fn unique_violation(fields: Vec<(String, String)>) -> Value {
    let pairs: Vec<_> = fields.iter().map(|(member, value)| format!("{member}=\"{value}\"")).collect();
    let message = format!("UNIQUE violation detected on '{{{}}}'", pairs.join(","));
    let fields: Map<_, _> = fields.into_iter().map(|(member, value)| (member, Value::from(value))).collect();
    json!({ "code": 5, "name": "unique constraint violation", "message": message, "fields": fields })
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::NotFound => Self::not_found(),
            ServiceError::Schema(fields) => Self::schema(fields),
            ServiceError::BadRequest(message) => Self::bad_request("bad_request", message),
            ServiceError::Unique(fields) => {
                Self::body(StatusCode::CONFLICT, "unique_violation", unique_violation(fields))
            }
            ServiceError::Conflict(message) => Self::conflict(message),
            ServiceError::Forbidden(message) => Self::forbidden("forbidden", message),
            ServiceError::NoPermission { name, action } => Self::no_permission(name.as_str(), action),
            ServiceError::Store(source) => {
                tracing::error!(error = %chain(&source), "the store failed");
                Self::store_unavailable()
            }
            ServiceError::Kong(KongError::NotAdmitted) => Self::upstream_not_admitted(),
            ServiceError::Kong(source) => {
                tracing::error!(error = %source, "Kong's Admin API failed");
                Self::kong_unreachable()
            }
            ServiceError::TooManyTokens => Self::too_many_failures(),
            ServiceError::AuditUnavailable => Self::audit_unavailable(),
            error @ (ServiceError::Hash | ServiceError::Seal) => {
                tracing::error!(error = %error, "an unexpected failure");
                Self::internal()
            }
            ServiceError::Shared(cause) => {
                tracing::error!(error = %cause, "the store failed");
                Self::store_unavailable()
            }
        }
    }
}

impl From<AccessError> for ApiError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Invalid => Self::invalid_credentials(),
            AccessError::TooManyFailures => Self::too_many_failures(),
            AccessError::Service(error) => error.into(),
        }
    }
}

/// kong-manager.md 2.4: what a failed sign-in is answered. The cause stays in the log.
impl From<LoginError> for ApiError {
    fn from(error: LoginError) -> Self {
        let code = error.code();
        match error {
            LoginError::Oidc(cause) if cause.class() != LoginError::REFUSED => Self::provider_unreachable(code),
            LoginError::Oidc(_) | LoginError::State | LoginError::Malformed(_) | LoginError::ClaimMissing(_) => {
                Self::login_failed(code)
            }
            LoginError::Unknown(name)
            | LoginError::Ambiguous(name)
            | LoginError::OtherSubject(name)
            | LoginError::EmailUnverified(name)
            | LoginError::Disabled(name)
            | LoginError::Status(name, _)
            | LoginError::Unmapped(name) => {
                Self::forbidden(code, format!("{name}, your account is not an admin of this gateway"))
            }
            LoginError::BadName(_) => Self::forbidden(code, "Your account cannot be an admin of this gateway"),
            LoginError::GroupsUnreadable => {
                Self::forbidden(code, "groups could not be read from the identity provider")
            }
            LoginError::Service(error) => error.into(),
        }
    }
}
