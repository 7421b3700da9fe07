//! The plugin `application-registration` of Kong Enterprise, which open-source Kong lacks (dev-portal.md 5.1, 7.1): on a
//! service it means that the service is published in the portal. It is kept as the publication and shown in Kong's lists of
//! plugins; its id is the publication's. Whoever makes, changes or removes it needs the rights for `/portal/apis` too.

use actix_web::dev;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Payload};
use actix_web::{FromRequest as _, HttpResponse};
use serde_json::{Map, Value, json};

use super::own::{self, Answer, Call, Place, Query};
use crate::domain::access::Caller;
use crate::domain::catalogue::PublishedApi;
use crate::domain::rbac::Action;
use crate::kong::body::{self, Members};
use crate::kong::path::CanonicalPath;
use crate::services::{Services, catalogue};
use crate::web::error::ApiError;
use crate::web::guard::Arrival;
use crate::web::outlive;
use crate::web::proxy::{UpstreamResponse, copy_headers, stream_answer};

const NAME: &str = "application-registration";
/// Longest body that is looked into, bytes.
const LONGEST_BODY: usize = 1024 * 1024;
/// Longest list to which plugins are added, bytes.
const LONGEST_LIST: usize = 64 * 1024 * 1024;
/// Settings that a publication has: name here, name there.
const SETTINGS: [(&str, &str); 4] = [
    ("display_name", "name"),
    ("description", "description"),
    ("auto_approve", "auto_approve"),
    ("show_issuer", "show_issuer"),
];

/// What became of a request.
pub(super) enum Taken {
    /// It was about the plugin.
    Answered(HttpResponse),
    /// It is Kong's business; its body.
    Passed(Payload),
}

/// A request with who makes it.
struct Asked<'a> {
    arrival: &'a Arrival<'a>,
    caller: &'a Caller,
    place: &'a Place<'a>,
}

/// Answers what is about the plugin.
///
/// # Errors
/// What the doors of publications refuse.
pub(super) async fn take(
    arrival: &Arrival<'_>,
    payload: Payload,
    caller: &Caller,
    place: &Place<'_>,
    path: &CanonicalPath,
) -> Result<Taken, ApiError> {
    let asked = Asked { arrival, caller, place };
    let segments = path.decoded().unwrap_or_default();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match (arrival.request.method().as_str(), segments.as_slice()) {
        ("POST", ["plugins"]) => asked.create(None, payload).await,
        ("POST", ["services", service, "plugins"]) => asked.create(Some(service), payload).await,
        (method, ["plugins", id]) => asked.one(method, None, id, payload).await,
        (method, ["services", service, "plugins", id]) => asked.one(method, Some(service), id, payload).await,
        _ => Ok(Taken::Passed(payload)),
    }
}

impl Asked<'_> {
    async fn apis(&self) -> Result<Vec<PublishedApi>, ApiError> {
        Ok(catalogue::list_all(self.arrival.services, self.place.workspace.id).await?)
    }

    async fn create(&self, service: Option<&str>, payload: Payload) -> Result<Taken, ApiError> {
        let bytes = outlive::read_body(payload, LONGEST_BODY).await?;
        let Some(members) = self.members(&bytes).await.filter(|it| it.get("name") == Some(&json!(NAME))) else {
            return Ok(Taken::Passed(self.again(bytes).await?));
        };
        for scope in ["consumer", "route"] {
            if members.get(scope).is_some_and(|value| !value.is_null()) {
                return Err(schema(scope, "value must be null"));
            }
        }
        let named =
            members.get("service").and_then(|it| it.get("id").or_else(|| it.get("name"))).and_then(Value::as_str);
        let service = service.or(named).ok_or_else(|| schema("service", "required field missing"))?;
        let mut wanted = read(&members, true)?;
        let known = self.apis().await?.into_iter().find(|api| is_of(api, service));
        let made = match known {
            Some(api) if api.is_published => {
                return Err(ApiError::conflict(format!("the service has a plugin {NAME} already ({})", api.id)));
            }
            Some(api) => {
                wanted.insert("status".to_owned(), json!("published"));
                self.door("PATCH", &["portal", "apis", &api.id.to_string()], wanted).await?
            }
            None => {
                wanted.insert("service".to_owned(), json!(service));
                self.door("POST", &["portal", "apis"], wanted).await?
            }
        };
        let id = made.body.as_ref().and_then(|body| body.get("id")).and_then(Value::as_str).unwrap_or_default();
        Ok(Taken::Answered(HttpResponse::Created().json(self.shown(id).await?)))
    }

    async fn one(&self, method: &str, service: Option<&str>, id: &str, payload: Payload) -> Result<Taken, ApiError> {
        let fits = |api: &PublishedApi| {
            api.is_published && api.id.to_string() == id && service.is_none_or(|service| is_of(api, service))
        };
        let Some(api) = self.apis().await?.into_iter().find(fits) else { return Ok(Taken::Passed(payload)) };
        let segments = ["portal", "apis", id];
        match method {
            "GET" | "HEAD" => {
                self.door("GET", &segments, Map::new()).await?;
                Ok(Taken::Answered(HttpResponse::Ok().json(plugin(&api))))
            }
            "PATCH" | "PUT" => {
                let bytes = outlive::read_body(payload, LONGEST_BODY).await?;
                let members = self.members(&bytes).await.ok_or_else(ApiError::bad_json)?;
                self.door("PATCH", &segments, read(&members, method == "PUT")?).await?;
                Ok(Taken::Answered(HttpResponse::Ok().json(self.shown(id).await?)))
            }
            "DELETE" => {
                // The gate stays: to open the service to the world is a step of its own.
                let withdrawn = Map::from_iter([("status".to_owned(), json!("unpublished"))]);
                self.door("PATCH", &segments, withdrawn).await?;
                Ok(Taken::Answered(HttpResponse::NoContent().finish()))
            }
            _ => Err(ApiError::method_not_allowed("DELETE, GET, HEAD, OPTIONS, PATCH, PUT")),
        }
    }

    /// The members of a body, if it has any that can be read: Kong refuses the others.
    async fn members(&self, bytes: &Bytes) -> Option<Members> {
        let content_type = self.arrival.request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        body::parse(content_type, bytes.clone()).await.ok()
    }

    /// A body that was read, to be sent on.
    async fn again(&self, bytes: Bytes) -> Result<Payload, ApiError> {
        let stream = futures_util::stream::once(std::future::ready(Ok(bytes)));
        let mut payload: dev::Payload = dev::Payload::Stream { payload: Box::pin(stream) };
        Payload::from_request(self.arrival.request, &mut payload).await.map_err(|_| ApiError::internal())
    }

    async fn shown(&self, id: &str) -> Result<Value, ApiError> {
        let found = self.apis().await?.into_iter().find(|api| api.id.to_string() == id);
        found.as_ref().map(plugin).ok_or_else(ApiError::not_found)
    }

    /// Calls a door of publications: judged and recorded like any other call of it.
    async fn door(&self, method: &str, segments: &[&str], body: Members) -> Result<Answer, ApiError> {
        let call = Call {
            services: self.arrival.services,
            caller: self.caller,
            place: *self.place,
            action: Action::of_method(method).unwrap_or(Action::Update),
            method,
            segments: segments.iter().map(ToString::to_string).collect(),
            query: Query::new(),
            body,
        };
        own::call(&call).await
    }
}

fn is_of(api: &PublishedApi, service: &str) -> bool {
    api.service_id.to_string() == service || api.service_name == service
}

fn schema(member: &str, sentence: &str) -> ApiError {
    ApiError::schema(vec![(member.to_owned(), sentence.to_owned())])
}

/// The members of a publication that a plugin says.
fn read(members: &Members, is_whole: bool) -> Result<Members, ApiError> {
    let empty = Map::new();
    let config = match members.get("config") {
        None | Some(Value::Null) => &empty,
        Some(Value::Object(config)) => config,
        Some(_) => return Err(schema("config", "expected a record")),
    };
    let mut wrong = Vec::new();
    if is_whole && config.get("display_name").is_none_or(Value::is_null) {
        wrong.push(("display_name".to_owned(), "required field missing".to_owned()));
    }
    let mut wanted = Map::new();
    for (name, value) in config {
        match SETTINGS.iter().find(|(here, _)| here == name) {
            Some((_, there)) => drop(wanted.insert((*there).to_owned(), value.clone())),
            None if name != "enable_proxy_with_consumer_credential" => {
                wrong.push((name.clone(), "unknown field".to_owned()));
            }
            None if *value == json!(true) || *value == json!("true") => {
                wrong.push((name.clone(), "true is not available in this release".to_owned()));
            }
            None => {}
        }
    }
    if !wrong.is_empty() {
        return Err(ApiError::schema_of("config", wrong));
    }
    if let Some(enabled) = members.get("enabled").filter(|value| !value.is_null()) {
        wanted.insert("registration_enabled".to_owned(), enabled.clone());
    }
    Ok(wanted)
}

/// A publication as the plugin.
fn plugin(api: &PublishedApi) -> Value {
    json!({
        "id": api.id, "name": NAME, "instance_name": null, "enabled": api.registration_enabled, "tags": null,
        "protocols": ["grpc", "grpcs", "http", "https"], "service": { "id": api.service_id }, "route": null, "consumer": null,
        "config": {
            "display_name": api.name, "description": api.description, "auto_approve": api.auto_approve,
            "show_issuer": api.show_issuer, "enable_proxy_with_consumer_credential": false,
        },
        "created_at": api.created_at, "updated_at": api.updated_at,
    })
}

/// Whether a request may be about published APIs in the form of plugins.
pub(super) fn may_concern(services: &Services, path: &CanonicalPath) -> bool {
    let segments = path.segments();
    let at = |index: usize, name: &str| segments.get(index).is_some_and(|segment| segment == name);
    services.settings.portal.enabled && (at(0, "plugins") || (at(0, "services") && at(2, "plugins")))
}

/// The plugins that belong into a list of Kong's; none for other paths, for filtered lists, and for who may not read
/// published APIs.
///
/// # Errors
/// The store failed.
pub(super) async fn listed(
    arrival: &Arrival<'_>,
    caller: &Caller,
    place: &Place<'_>,
    path: &CanonicalPath,
) -> Result<Vec<Value>, ApiError> {
    let segments = path.decoded().unwrap_or_default();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let service = match segments.as_slice() {
        ["plugins"] => None,
        ["services", service, "plugins"] => Some(*service),
        _ => return Ok(Vec::new()),
    };
    let is_filtered = arrival.request.query_string().contains("tags=");
    let may_read = own::may(arrival.services, caller, place.workspace, "/portal/apis", Action::Read);
    if is_filtered || arrival.request.method() != "GET" || !may_read {
        return Ok(Vec::new());
    }
    let apis = catalogue::list_all(arrival.services, place.workspace.id).await?;
    let is_there = |api: &&PublishedApi| api.is_published && service.is_none_or(|service| is_of(api, service));
    Ok(apis.iter().filter(is_there).map(plugin).collect())
}

/// Kong's list with plugins added to its last page.
///
/// # Errors
/// 502 when Kong's answer breaks off.
pub(super) async fn merged(
    mut upstream: UpstreamResponse,
    plugins: Vec<Value>,
    prefix: &str,
) -> Result<HttpResponse, ApiError> {
    if upstream.status() != StatusCode::OK {
        return Ok(stream_answer(upstream));
    }
    let bytes = upstream.body().limit(LONGEST_LIST).await.map_err(|error| {
        tracing::warn!(error = %error, "Kong's answer broke off");
        ApiError::kong_unreachable()
    })?;
    let mut answer = match serde_json::from_slice::<Value>(&bytes) {
        Ok(mut list) => {
            let is_last = list.get("offset").is_none_or(Value::is_null);
            if let Some(data) = list.get_mut("data").and_then(Value::as_array_mut).filter(|_| is_last) {
                data.extend(plugins);
            }
            if let Some(next) = list.get_mut("next").filter(|next| next.is_string()) {
                *next = json!(format!("{prefix}{}", next.as_str().unwrap_or_default()));
            }
            HttpResponse::Ok().body(list.to_string())
        }
        Err(_) => HttpResponse::Ok().body(bytes),
    };
    copy_headers(&upstream, &mut answer);
    answer.headers_mut().remove(actix_web::http::header::CONTENT_LENGTH);
    Ok(answer)
}
