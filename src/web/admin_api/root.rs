//! `GET /` of the Admin API tells the whole configuration of a node. Whoever has no rule for it sees what Kong Manager
//! needs and nothing else (kong-manager.md 4.9).

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::StatusCode;
use actix_web::web::Payload;
use serde_json::{Map, Value};

use super::own::Place;
use super::upstream_answer;
use crate::config::settings::RootRead;
use crate::kong::path::CanonicalPath;
use crate::services::Services;
use crate::web::error::ApiError;
use crate::web::guard::Arrival;
use crate::web::proxy::Upstream;

/// Members that stay.
const SHOWN: &[&str] = &["version", "edition", "tagline", "hostname", "lua_version", "plugins"];
/// Members of `configuration` that stay.
const SHOWN_CONFIGURATION: &[&str] =
    &["database", "role", "router_flavor", "admin_listen", "admin_gui_listeners", "proxy_listeners", "loaded_plugins"];
/// Longest answer that is read, bytes.
const LONGEST: usize = 4 * 1024 * 1024;

/// Whether a refused request may still see the root without its secrets.
pub(super) fn may_be_redacted(services: &Services, path: &CanonicalPath, method: &Method) -> bool {
    path.first().is_none()
        && matches!(*method, Method::GET | Method::HEAD)
        && services.settings.rbac.root_read == RootRead::Redacted
}

/// Kong's root, cut down.
///
/// # Errors
/// 502 when Kong does not answer, or with something else than its root.
pub(super) async fn redacted(
    arrival: &Arrival<'_>,
    body: Payload,
    upstream: &Upstream,
    place: &Place<'_>,
) -> Result<HttpResponse, ApiError> {
    let mut answer = upstream_answer(arrival, body, upstream, place, "/", false).await?;
    if answer.status() != StatusCode::OK {
        return Err(ApiError::kong_unreachable());
    }
    if *arrival.request.method() == Method::HEAD {
        return Ok(HttpResponse::Ok().content_type("application/json; charset=utf-8").finish());
    }
    let bytes = answer.body().limit(LONGEST).await.map_err(|_| ApiError::kong_unreachable())?;
    let full: Map<String, Value> = serde_json::from_slice(&bytes).map_err(|_| ApiError::kong_unreachable())?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(redact(full)))
}

fn redact(full: Map<String, Value>) -> Map<String, Value> {
    let mut shown = pick(full.clone(), SHOWN);
    if let Some(Value::Object(configuration)) = full.get("configuration").cloned() {
        shown.insert("configuration".to_owned(), Value::Object(pick(configuration, SHOWN_CONFIGURATION)));
    }
    shown
}

fn pick(members: Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    members.into_iter().filter(|(name, _)| names.contains(&name.as_str())).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn km_076_the_redacted_root_has_no_database_settings() {
        let full = json!({"version": "3.9.1", "node_id": "x", "pids": {}, "configuration":
            {"database": "postgres", "pg_password": "secret", "pg_host": "db", "loaded_plugins": {"acl": true}}});
        let Value::Object(full) = full else { unreachable!() };
        let expected =
            json!({"version": "3.9.1", "configuration": {"database": "postgres", "loaded_plugins": {"acl": true}}});
        assert_eq!(Value::Object(redact(full)), expected);
    }
}
