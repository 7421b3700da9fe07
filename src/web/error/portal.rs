//! Answers of the developer portal's JSON API (dev-portal.md 3.4): the same errors in its own shapes.

use actix_web::http::StatusCode;
use serde_json::{Map, Value, json};

use super::ApiError;
use crate::domain::developer::DeveloperStatus;
use crate::services::error::ServiceError;

/// Code of a right password whose account may not be used.
pub(in crate::web) const UNUSABLE: &str = "account_not_usable";

/// Code of a provider that does not answer.
pub(in crate::web) const PROVIDER: &str = "identity_provider";
/// What a sign-in that proves nothing is told.
const SIGN_IN: &str = "This sign-in cannot be finished";

impl ApiError {
    /// No session, or wrong credentials.
    #[must_use]
    pub fn portal_unauthorized() -> Self {
        Self::message(StatusCode::UNAUTHORIZED, "portal_unauthorized", "Unauthorized")
    }

    /// The right password of an account that may not be used.
    #[must_use]
    pub fn portal_unusable(status: DeveloperStatus) -> Self {
        let message = format!("Unauthorized: the account is {}", status.word());
        let body = json!({ "message": message, "status": status });
        Self::body(StatusCode::UNAUTHORIZED, UNUSABLE, body)
    }

    /// A sign-in through the provider that proves nothing, or that this browser did not begin.
    #[must_use]
    pub fn portal_sign_in(code: &'static str) -> Self {
        Self::message(StatusCode::BAD_REQUEST, code, SIGN_IN)
    }

    /// Whether it is [`ApiError::portal_sign_in`].
    #[must_use]
    pub fn is_portal_sign_in(&self) -> bool {
        self.status == StatusCode::BAD_REQUEST && self.sentence() == SIGN_IN
    }

    /// The identity provider does not answer, or does not fit the settings.
    #[must_use]
    pub fn portal_provider() -> Self {
        let message = "The identity provider could not be reached; try again shortly";
        Self::message(StatusCode::SERVICE_UNAVAILABLE, PROVIDER, message).retry_in(5)
    }

    /// A token that was used, is over, or never was.
    #[must_use]
    pub fn portal_token() -> Self {
        Self::message(StatusCode::UNAUTHORIZED, "portal_token", "token is invalid or expired")
    }

    /// The same error with members of `meta` in an object of their own: `meta.title` becomes `{meta: {title}}`.
    #[must_use]
    pub fn with_nested_fields(mut self) -> Self {
        let Some(fields) = self.body.get_mut("fields").and_then(Value::as_object_mut) else { return self };
        let mut nested = Map::new();
        for (name, sentence) in std::mem::take(fields) {
            match name.split_once('.') {
                None => drop(nested.insert(name, sentence)),
                Some((outer, inner)) => {
                    let members = nested.entry(outer.to_owned()).or_insert_with(|| json!({}));
                    if let Some(members) = members.as_object_mut() {
                        members.insert(inner.to_owned(), sentence);
                    }
                }
            }
        }
        *fields = nested;
        self
    }

    /// What a service of the portal refuses.
    #[must_use]
    pub fn of_portal(error: ServiceError) -> Self {
        match error {
            ServiceError::TooManyTokens => Self::portal_too_many(),
            other => Self::from(other).with_nested_fields(),
        }
    }

    /// A client that tries too much.
    #[must_use]
    pub fn portal_too_many() -> Self {
        let message = "Too many attempts; try again later";
        Self::message(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", message).retry_in(60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_meta_stand_in_an_object() {
        let wrong = |name: &str| (name.to_owned(), "required field missing".to_owned());
        let error = ApiError::of_portal(ServiceError::Schema(vec![wrong("email"), wrong("meta.full_name")]));
        let expected = json!({"email": "required field missing", "meta": {"full_name": "required field missing"}});
        assert_eq!(error.body.get("fields"), Some(&expected));
    }
}
