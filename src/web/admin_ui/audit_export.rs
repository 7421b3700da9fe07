//! `/audit/export`: the filtered records of requests as a file, one JSON object a line, read as it is sent.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::{Bytes, Query};
use futures_util::StreamExt as _;

use super::audit_query::{AuditQuery, scope};
use super::extractors::AdminSession;
use super::frame::PageResult;
use crate::services::audit::{export_requests, page};

/// Records that are read at a time.
const AT_ONCE: u32 = 500;

/// `GET /audit/export`
pub(super) async fn download(visitor: AdminSession, query: Query<AuditQuery>) -> PageResult {
    let scope = scope(&visitor, "/audit/requests")?;
    let filter = query.requests(scope)?;
    let services = visitor.services.clone().into_inner();
    let batches = export_requests(services, filter, page(AT_ONCE, None)?);
    let lines = batches.map(|batch| {
        let mut text = Vec::new();
        for kept in batch? {
            serde_json::to_writer(&mut text, &kept)?;
            text.push(b'\n');
        }
        Ok::<_, Box<dyn std::error::Error>>(Bytes::from(text))
    });
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"audit-requests.ndjson\""))
        .insert_header(("x-content-type-options", "nosniff"))
        .streaming(lines))
}
