//! What every authenticated caller may ask about itself and the Admin API: `/userinfo` and `/endpoints`
//! (kong-manager.md 4.9, 4.11).

use serde_json::json;

use super::{Answer, Call};
use crate::services::{endpoints, representation, user_info};
use crate::web::error::ApiError;

/// `/userinfo`.
pub(super) async fn user_info(call: &Call<'_>) -> Result<Answer, ApiError> {
    require_get(call)?;
    let info = user_info::of_caller(call.services, call.caller).await?;
    Ok(Answer::ok(representation::user_info(&info, call.caller, call.services)))
}

/// `/endpoints`.
pub(super) async fn endpoints(call: &Call<'_>) -> Result<Answer, ApiError> {
    require_get(call)?;
    Ok(Answer::ok(json!({ "data": endpoints::list(call.services, call.place.workspace).await? })))
}

fn require_get(call: &Call<'_>) -> Result<(), ApiError> {
    if call.method == "GET" { Ok(()) } else { Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS")) }
}
