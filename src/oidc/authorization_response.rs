//! The answer of the authorization endpoint, from a query or a form body (openid-connect.md 2.9.4; RFC 6749 4.1.2,
//! RFC 9207). Called by the web layer with what the browser sent: all of it is to be mistrusted.

use secrecy::SecretString;
use url::form_urlencoded;

/// Longest query or body that is looked at, bytes.
pub const MAX_RESPONSE: usize = 32 * 1024;
const MAX_STATE: usize = 256;
const MAX_CODE: usize = 16 * 1024;
const MAX_ISSUER: usize = 2048;
const MAX_ERROR: usize = 1024;

/// Why an answer is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizationResponseError {
    /// No `code` and no `error`: an ordinary request, not an answer.
    #[error("the request has neither code nor error")]
    NotAResponse,
    /// Longer than is looked at.
    #[error("the answer is too long")]
    TooLong,
    /// A parameter twice.
    #[error("the parameter {0} is there twice")]
    Duplicate(&'static str),
    /// A parameter empty or too long.
    #[error("the parameter {0} is empty or too long")]
    Length(&'static str),
    /// No `state`.
    #[error("the answer has no state")]
    NoState,
    /// Both `code` and `error`.
    #[error("the answer has both code and error")]
    CodeAndError,
}

/// What the provider decided.
#[derive(Clone, Debug)]
pub enum AuthorizationOutcome {
    /// The login succeeded; the code is redeemed once.
    Code(SecretString),
    /// It did not; the error code of the provider.
    Error {
        /// `error`, cleaned for logs.
        code: String,
        /// `error_description`, cleaned for logs.
        description: Option<String>,
    },
}

/// A well-formed answer.
#[derive(Clone, Debug)]
pub struct AuthorizationResponse {
    /// `state`: finds the pending login.
    pub state: String,
    /// `iss`.
    pub issuer: Option<String>,
    /// `code` or `error`.
    pub outcome: AuthorizationOutcome,
}

impl AuthorizationResponse {
    /// Parses a query (without `?`) or a form body. Parameters that are not of the answer are ignored.
    ///
    /// # Errors
    /// [`AuthorizationResponseError`]; `NotAResponse` says that the request is something else.
    pub fn parse(urlencoded: &[u8]) -> Result<Self, AuthorizationResponseError> {
        if urlencoded.len() > MAX_RESPONSE {
            return Err(AuthorizationResponseError::TooLong);
        }
        let one = |name, longest| single(urlencoded, name, longest);
        let (code, error) = (one("code", MAX_CODE)?, one("error", MAX_ERROR)?);
        let outcome = match (code, error) {
            (Some(_), Some(_)) => return Err(AuthorizationResponseError::CodeAndError),
            (None, None) => return Err(AuthorizationResponseError::NotAResponse),
            (Some(code), None) => AuthorizationOutcome::Code(code.into()),
            (None, Some(error)) => AuthorizationOutcome::Error {
                code: clean(&error),
                description: one("error_description", MAX_RESPONSE)?.map(|text| clean(&text)),
            },
        };
        let state = one("state", MAX_STATE)?.ok_or(AuthorizationResponseError::NoState)?;
        Ok(Self { state, issuer: one("iss", MAX_ISSUER)?, outcome })
    }
}

fn single(urlencoded: &[u8], name: &'static str, longest: usize) -> Result<Option<String>, AuthorizationResponseError> {
    let mut values = form_urlencoded::parse(urlencoded).filter(|(key, _)| key == name).map(|(_, value)| value);
    let first = values.next();
    if values.next().is_some() {
        return Err(AuthorizationResponseError::Duplicate(name));
    }
    match first {
        Some(value) if value.is_empty() || value.len() > longest => Err(AuthorizationResponseError::Length(name)),
        other => Ok(other.map(|value| value.into_owned())),
    }
}

/// Text of the provider as a log line can take it: printable ASCII without quotes and backslashes, not long
/// (the characters of RFC 6749 5.2).
pub(super) fn clean(text: &str) -> String {
    let safe = |c: char| if matches!(c, ' ' | '!' | '#'..='[' | ']'..='~') { c } else { '?' };
    text.chars().take(200).map(safe).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::AuthorizationResponseError as Error;
    use super::*;
    use proptest::prelude::*;
    use secrecy::ExposeSecret as _;

    fn parse(text: &str) -> Result<AuthorizationResponse, Error> {
        AuthorizationResponse::parse(text.as_bytes())
    }

    #[test]
    fn a_code_and_an_error_are_told_apart() {
        let response = parse("code=a%2Bb&state=s&iss=https%3A%2F%2Fop&session_state=x&session_state=y").unwrap();
        assert_eq!((response.state.as_str(), response.issuer.as_deref()), ("s", Some("https://op")));
        assert!(matches!(&response.outcome, AuthorizationOutcome::Code(code) if code.expose_secret() == "a+b"));
        assert!(!format!("{response:?}").contains("a+b"));
        let refused = parse("error=access_denied&error_description=no%0Aentry%22&state=s").unwrap();
        let AuthorizationOutcome::Error { code, description } = refused.outcome else { unreachable!() };
        assert_eq!((code.as_str(), description.as_deref()), ("access_denied", Some("no?entry?")));
    }

    #[test]
    fn what_is_ambiguous_or_out_of_bounds_is_refused() {
        let long = "x".repeat(MAX_RESPONSE);
        for (text, wanted) in [
            ("", Error::NotAResponse),
            ("state=s", Error::NotAResponse),
            ("return_to=%2F", Error::NotAResponse),
            ("code=c", Error::NoState),
            ("code=c&error=e&state=s", Error::CodeAndError),
            ("code=c&code=c&state=s", Error::Duplicate("code")),
            ("code=c&state=s&state=t", Error::Duplicate("state")),
            ("code=c&state=s&%73tate=t", Error::Duplicate("state")),
            ("code=c&state=s&iss=a&iss=a", Error::Duplicate("iss")),
            ("code=c&state=", Error::Length("state")),
            ("code=&state=s", Error::Length("code")),
            (&format!("code=c&state={}", &long[..300]), Error::Length("state")),
            (&format!("code={}&state=s", &long[..17_000]), Error::Length("code")),
            (&format!("code=c&state=s&x={long}"), Error::TooLong),
        ] {
            assert_eq!(parse(text).unwrap_err(), wanted, "{}", &text[..text.len().min(60)]);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = AuthorizationResponse::parse(&bytes);
        }

        #[test]
        fn what_was_encoded_is_found(state in ".{1,60}", code in ".{1,100}") {
            let body = form_urlencoded::Serializer::new(String::new())
                .append_pair("state", &state).append_pair("code", &code).finish();
            let response = parse(&body).unwrap();
            prop_assert_eq!(response.state, state);
            let AuthorizationOutcome::Code(found) = response.outcome else { unreachable!() };
            prop_assert_eq!(found.expose_secret(), code);
        }
    }
}
