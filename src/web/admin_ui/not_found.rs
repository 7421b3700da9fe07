//! Every other address below the pages.

use super::extractors::AdminSession;
use super::frame::PageResult;
use crate::web::error::ApiError;

/// 404 for somebody who is signed in; others sign in first, so that addresses tell nothing.
pub(super) async fn answer(_visitor: AdminSession) -> PageResult {
    Err(ApiError::not_found().into())
}
