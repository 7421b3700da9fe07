//! What refused callers are told (openid-connect.md 1.5; RFC 6750 3): status, body, challenge, or a redirect. The one place
//! of the engine that knows status codes.

use serde_json::json;

use crate::config::plugin::{FailureConf, OpenIdConnectConf, PerClient};
use crate::domain::method::Method;

use super::claim_values::clean;
use super::refusal::{ChallengeError, Refusal, RefusalClass};
use super::verdict::Answer;

/// Message of a 500.
const UNEXPECTED: &str = "An unexpected error occurred";

/// The answer to a refused request. `client` is the index of the client that it asked for; `method` is what proved the
/// caller, when something did.
#[must_use]
pub fn answer(conf: &OpenIdConnectConf, refusal: &Refusal, client: usize, method: Option<Method>) -> Answer {
    let (status, redirect) = outcome(&conf.failure, refusal.class);
    let mut headers = vec![("cache-control".to_owned(), "no-store".to_owned())];
    if let Some(target) = redirect.of(client) {
        headers.push(("location".to_owned(), target.clone()));
        return Answer { status: 302, headers, body: None, reason: Some(refusal.reason) };
    }
    if is_challenged(refusal.class, method) {
        headers.push(("www-authenticate".to_owned(), challenge(conf, refusal)));
    }
    Answer { status, headers, body: Some(body(&conf.failure, refusal)), reason: Some(refusal.reason) }
}

/// Whether a refusal ends the session of the request (openid-connect.md 1.5).
#[must_use]
pub fn ends_session(conf: &FailureConf, class: RefusalClass) -> bool {
    match class {
        RefusalClass::Unauthorized => conf.unauthorized_ends_session,
        RefusalClass::Forbidden => conf.forbidden_ends_session,
        RefusalClass::Unexpected => false,
    }
}

fn outcome(conf: &FailureConf, class: RefusalClass) -> (u16, &PerClient<String>) {
    match class {
        RefusalClass::Unauthorized => (401, &conf.unauthorized_redirect),
        RefusalClass::Forbidden => (403, &conf.forbidden_redirect),
        RefusalClass::Unexpected => (500, &conf.unexpected_redirect),
    }
}

/// The message; with `display_errors` the real reason beside it.
fn body(conf: &FailureConf, refusal: &Refusal) -> serde_json::Value {
    let message = match refusal.class {
        RefusalClass::Unauthorized => conf.unauthorized_message.as_str(),
        RefusalClass::Forbidden => conf.forbidden_message.as_str(),
        RefusalClass::Unexpected => UNEXPECTED,
    };
    if conf.show_reason {
        let error = refusal.error.map_or(refusal.reason, ChallengeError::name);
        json!({"message": message, "error": error, "error_description": refusal.detail})
    } else {
        json!({ "message": message })
    }
}

/// Every 401, and a 403 after a bearer credential.
fn is_challenged(class: RefusalClass, method: Option<Method>) -> bool {
    let bearer = [Method::Bearer, Method::KongOAuth2, Method::Introspection, Method::UserInfo];
    match class {
        RefusalClass::Unauthorized => true,
        RefusalClass::Forbidden => method.is_some_and(|method| bearer.contains(&method)),
        RefusalClass::Unexpected => false,
    }
}

/// `WWW-Authenticate`; without attributes of an error when no credential was sent (RFC 6750 3.1).
fn challenge(conf: &OpenIdConnectConf, refusal: &Refusal) -> String {
    let issuer = &conf.provider.issuer;
    let port = issuer.port().map(|port| format!(":{port}")).unwrap_or_default();
    let mut text = format!("Bearer realm=\"{}{port}\"", issuer.host_str().unwrap_or_default());
    let Some(error) = refusal.error.filter(|_| conf.failure.show_code) else { return text };
    let description = if conf.failure.show_reason { quotable(&refusal.detail) } else { error.sentence().to_owned() };
    text.push_str(&format!(", error=\"{}\", error_description=\"{description}\"", error.name()));
    if let Some(scope) = &refusal.scope {
        text.push_str(&format!(", scope=\"{}\"", quotable(scope)));
    }
    text
}

/// Text that may stand between quotes there (RFC 6750 3): printable ASCII without quotes and backslashes.
fn quotable(text: &str) -> String {
    let is_allowed = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
    clean(text).chars().map(|c| if is_allowed(c) { c } else { '\'' }).collect()
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
