//! `GET /audit/requests` and `GET /audit/objects` (kong-manager.md 7.7). Below another workspace than `default` only the
//! records of that workspace are seen: whoever may read everything there is not meant to read about the others.

mod wanted;

use actix_web::HttpResponse;
use actix_web::http::header::ACCEPT;
use actix_web::web::{Bytes, Data};
use futures_util::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use super::{Answer, Call};
use crate::domain::audit::{ObjectRecord, RequestRecord};
use crate::services::Services;
use crate::services::audit::{self, Kept};
use crate::services::error::ServiceError;
use crate::web::error::ApiError;
use crate::web::guard::Arrival;
use wanted::Wanted;

const NDJSON: &str = "application/x-ndjson";

/// Answers a page of records.
///
/// # Errors
/// 404 for another path, 405 for another method than GET, 400 for an unknown filter or a bad value.
pub(super) async fn answer(call: &Call<'_>) -> Result<Answer, ApiError> {
    let wanted = Wanted::of(call).await?;
    let (data, offset, total) = match &wanted.kind {
        wanted::Kind::Requests(filter) => {
            let listing = audit::list_requests(call.services, filter, &wanted.page).await?;
            (listing.page.items.iter().map(request_view).collect(), listing.page.offset, listing.total)
        }
        wanted::Kind::Objects(filter) => {
            let listing = audit::list_objects(call.services, filter, &wanted.page).await?;
            (listing.page.items.iter().map(object_view).collect(), listing.page.offset, listing.total)
        }
    };
    Ok(Answer::ok(listing_body(&wanted, data, offset, total)))
}

fn listing_body(wanted: &Wanted, data: Vec<Value>, offset: Option<String>, total: i64) -> Value {
    let next = offset.as_deref().map(|offset| wanted.next_link(offset));
    let mut body = json!({ "data": data, "total": total, "next": next });
    if let (Some(offset), Some(members)) = (offset, body.as_object_mut()) {
        members.insert("offset".to_owned(), Value::from(offset));
    }
    body
}

/// Every matching record, one JSON object a line, read from the store as the client takes them; `None` when the client
/// did not ask for that.
///
/// # Errors
/// As [`answer`].
pub(super) async fn export(arrival: &Arrival<'_>, call: &Call<'_>) -> Result<Option<HttpResponse>, ApiError> {
    let accept = arrival.request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if call.segments.first().map(String::as_str) != Some("audit")
        || arrival.request.method().as_str() != "GET"
        || !accept.split(',').any(|kind| kind.split(';').next().unwrap_or_default().trim() == NDJSON)
    {
        return Ok(None);
    }
    let Wanted { kind, page, .. } = Wanted::of(call).await?;
    let services = arrival.request.app_data::<Data<Services>>().cloned().ok_or_else(ApiError::internal)?.into_inner();
    let response = match kind {
        wanted::Kind::Requests(filter) => {
            stream_lines(audit::export_requests(services, filter, page), request_view).await
        }
        wanted::Kind::Objects(filter) => stream_lines(audit::export_objects(services, filter, page), object_view).await,
    };
    response.map(Some)
}

/// Streams records as lines. The first page is read before the answer begins, so that a refusal still has its status;
/// a later failure breaks the connection off, which the client sees.
async fn stream_lines<T: 'static>(
    pages: impl Stream<Item = Result<Vec<Kept<T>>, ServiceError>> + 'static,
    view: impl Fn(&Kept<T>) -> Value + Copy + 'static,
) -> Result<HttpResponse, ApiError> {
    let mut pages = Box::pin(pages);
    let first = pages.try_next().await?.unwrap_or_default();
    let lines = stream::once(async { Ok(first) }).chain(pages).map(move |page| match page {
        Ok(items) => Ok(Bytes::from(items.iter().map(|item| format!("{}\n", view(item))).collect::<String>())),
        Err(error) => {
            tracing::error!(error = %error, "an export of the audit log broke off");
            Err(error)
        }
    });
    Ok(HttpResponse::Ok().content_type(NDJSON).insert_header(("cache-control", "no-store")).streaming(lines))
}

fn request_view(kept: &Kept<RequestRecord>) -> Value {
    let mut view = json!(kept);
    if let Some(members) = view.as_object_mut() {
        members.insert("signature".to_owned(), Value::Null);
    }
    view
}

/// The entity is JSON text, as Kong has it.
fn object_view(kept: &Kept<ObjectRecord>) -> Value {
    let mut view = json!(kept.record);
    if let Some(members) = view.as_object_mut() {
        members.insert("entity".to_owned(), Value::from(kept.record.entity.to_string()));
        members.insert("expire".to_owned(), json!(kept.expires_at));
        members.insert("signature".to_owned(), Value::Null);
    }
    view
}
