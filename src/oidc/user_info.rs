//! UserInfo (OpenID Connect Core 5.3), as JSON or as a signed token. Called by `relying_party` and the engine.

use openidconnect::http::Request;
use openidconnect::http::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use crate::http_client::{Fetched, HttpClient};

use super::error::{Endpoint, OidcError};

/// An answer before anybody believes it.
pub enum UserInfoAnswer {
    /// A JSON object.
    Claims(Value),
    /// A token whose signature must be checked.
    Signed(String),
}

/// A question to UserInfo in the making.
#[derive(Default)]
pub struct UserInfoRequest {
    headers: HeaderMap,
    args: Vec<(String, String)>,
}

impl UserInfoRequest {
    /// Sets a header. A name or value that no header can have is left out.
    pub fn header(&mut self, name: &str, value: &str) {
        if let (Ok(name), Ok(mut value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            value.set_sensitive(true);
            self.headers.insert(name, value);
        }
    }

    /// Adds an argument to the query.
    pub fn arg(&mut self, name: &str, value: &str) {
        self.args.push((name.to_owned(), value.to_owned()));
    }

    /// Asks with an access token.
    ///
    /// # Errors
    /// No answer, a refusal, or something else than an answer.
    pub async fn ask(self, http: &HttpClient, url: &Url, token: &SecretString) -> Result<UserInfoAnswer, OidcError> {
        let bad = |reason: &str| OidcError::BadAnswer(Endpoint::UserInfo, reason.to_owned());
        let mut url = url.clone();
        if !self.args.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.args);
        }
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
            .map_err(|_| OidcError::BadAnswer(Endpoint::Token, "the access token has control characters".into()))?;
        bearer.set_sensitive(true);
        let mut request = Request::get(url.as_str()).body(Vec::new()).map_err(|_| bad("its address is no URI"))?;
        request.headers_mut().insert(AUTHORIZATION, bearer);
        let accepted = HeaderValue::from_static("application/json, application/jwt");
        request.headers_mut().insert(ACCEPT, accepted);
        request.headers_mut().extend(self.headers);
        let answer = http.send(request).await.map_err(|error| OidcError::Unreachable(Endpoint::UserInfo, error))?;
        match answer.status.as_u16() {
            200 => read(answer),
            status @ (400 | 401 | 403) => Err(OidcError::UserInfoRefused(status)),
            status => Err(OidcError::Status(Endpoint::UserInfo, status)),
        }
    }
}

fn read(answer: Fetched) -> Result<UserInfoAnswer, OidcError> {
    let bad = |reason: &str| OidcError::BadAnswer(Endpoint::UserInfo, reason.to_owned());
    if answer.media_type == "application/jwt" {
        let token = String::from_utf8(answer.body).map_err(|_| bad("not a token"))?;
        return Ok(UserInfoAnswer::Signed(token.trim().to_owned()));
    }
    match serde_json::from_slice(&answer.body) {
        Ok(claims @ Value::Object(_)) => Ok(UserInfoAnswer::Claims(claims)),
        _ => Err(bad("not a JSON object")),
    }
}
