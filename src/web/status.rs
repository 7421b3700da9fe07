//! The status listener (`sso_status_listen`): health for orchestrators, the version, and metrics for Prometheus. It asks
//! nobody who they are, so nothing here tells an address, a name or a secret.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Route, guard};
use serde_json::json;

use super::error::ApiError;
use crate::services::Services;

/// The text format that Prometheus reads.
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";
const NO_STORE: (HeaderName, HeaderValue) = (CACHE_CONTROL, HeaderValue::from_static("no-store"));

/// The doors of the listener.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/health/live").route(read().to(live)).default_service(web::to(refuse_method)))
        .service(web::resource("/health/ready").route(read().to(ready)).default_service(web::to(refuse_method)))
        .service(web::resource("/version").route(read().to(version)).default_service(web::to(refuse_method)))
        .service(web::resource("/metrics").route(read().to(metrics)).default_service(web::to(refuse_method)))
        .default_service(web::to(not_found));
}

fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// The process answers: restarting it would help nobody.
async fn live() -> HttpResponse {
    HttpResponse::Ok().insert_header(NO_STORE).json(json!({ "live": true }))
}

/// Whether requests should come here.
async fn ready(services: Data<Services>) -> HttpResponse {
    let readiness = services.health.readiness(&services).await;
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    HttpResponse::build(status).insert_header(NO_STORE).json(readiness)
}

async fn version() -> HttpResponse {
    HttpResponse::Ok().insert_header(NO_STORE).json(json!({ "name": "kong-sso", "version": env!("CARGO_PKG_VERSION") }))
}

async fn metrics(services: Data<Services>) -> HttpResponse {
    HttpResponse::Ok().insert_header(NO_STORE).content_type(EXPOSITION).body(services.metrics.render())
}

async fn refuse_method() -> HttpResponse {
    ApiError::method_not_allowed("GET, HEAD").into_response()
}

async fn not_found() -> HttpResponse {
    ApiError::not_found().into_response()
}
