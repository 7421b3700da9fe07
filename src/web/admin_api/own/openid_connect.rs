//! `/openid-connect/issuers` and `/openid-connect/jwks`: the plugin's discovery cache and key set (openid-connect.md 11).

use serde_json::json;

use super::{Answer, Call};
use crate::services::openid_connect::{issuers, keys};
use crate::web::error::ApiError;

/// Media type of a JWK Set (RFC 7517 8.5).
pub(super) const JWK_SET: &str = "application/jwk-set+json";

/// Answers a call of `/openid-connect` and below; `path` is what follows.
pub(super) async fn answer(call: &Call<'_>, path: &[&str]) -> Result<Answer, ApiError> {
    let (services, caller) = (call.services, call.caller);
    match (path, call.method) {
        (["issuers"], "GET") => Ok(Answer::ok(json!({ "data": issuers::list(services).await?, "next": null }))),
        (["issuers"], "DELETE") => {
            issuers::delete_all(services, caller).await?;
            Ok(Answer::no_content())
        }
        (["issuers", issuer], "GET") => Ok(Answer::ok(issuers::get(services, issuer).await?)),
        (["issuers", issuer], "DELETE") => {
            issuers::delete(services, caller, issuer).await?;
            Ok(Answer::no_content())
        }
        (["jwks"], "GET") => Ok(Answer::ok(keys::public_set(services).await?)),
        (["jwks"], "DELETE") => {
            keys::rotate(services, caller).await?;
            Ok(Answer::no_content())
        }
        (["issuers"] | ["issuers", _] | ["jwks"], _) => Err(ApiError::method_not_allowed("DELETE, GET, HEAD, OPTIONS")),
        _ => Err(ApiError::not_found()),
    }
}

/// Whether an answer is a JWK Set.
pub(super) fn is_jwk_set(call: &Call<'_>) -> bool {
    call.segments.iter().map(String::as_str).eq(["openid-connect", "jwks"])
}
