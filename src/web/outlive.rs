//! Work that does not end with its connection: what was begun for a request is finished and recorded, although the client
//! may have gone. Otherwise a reset at the right moment would leave a change without its audit record.

use std::future::Future;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::rt;
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt as _;

use super::error::ApiError;

/// How long a whole body may take that kong-sso reads itself. Whoever is judged must not act much later.
pub const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// Runs `work` to its end even when the caller is dropped, where it `changes` something. What only reads may end with its
/// connection: nobody gets its answer.
pub async fn outlive(changes: bool, work: impl Future<Output = HttpResponse> + 'static) -> HttpResponse {
    if !changes {
        return work.await;
    }
    rt::spawn(work).await.unwrap_or_else(|error| {
        tracing::error!(error = %error, "a request could not be finished");
        ApiError::internal().into_response()
    })
}

/// Reads a body of at most `longest` bytes within [`BODY_DEADLINE`].
///
/// # Errors
/// 408 when it takes too long, 413 when it is too long, 400 when it breaks off.
pub async fn read_body(mut payload: Payload, longest: usize) -> Result<Bytes, ApiError> {
    let reading = async {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| ApiError::bad_request("body", "The request body broke off"))?;
            if bytes.len() + chunk.len() > longest {
                return Err(ApiError::payload_too_large(longest as u64));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    };
    tokio::time::timeout(BODY_DEADLINE, reading).await.unwrap_or_else(|_| Err(ApiError::body_timeout()))
}
