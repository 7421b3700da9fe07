//! What refused callers are told (openid-connect.md 1.5).

use serde_json::json;

use crate::config::plugin::FailureConf;

use super::refusal::{Refusal, RefusalClass};
use super::verdict::Answer;

/// The answer to a refused request.
#[must_use]
pub(super) fn answer(refusal: &Refusal, conf: &FailureConf) -> Answer {
    let (status, message) = match refusal.class {
        RefusalClass::Unauthorized => (401, conf.unauthorized_message.as_str()),
        RefusalClass::Forbidden => (403, conf.forbidden_message.as_str()),
        RefusalClass::Unexpected => (500, "An unexpected error occurred"),
    };
    Answer {
        status,
        headers: vec![("cache-control".to_owned(), "no-store".to_owned())],
        body: Some(json!({ "message": message })),
        reason: Some(refusal.reason),
    }
}
