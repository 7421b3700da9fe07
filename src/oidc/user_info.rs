//! UserInfo (OpenID Connect Core 5.3), as JSON or as a signed token. Called by `relying_party`.

use openidconnect::http::Request;
use openidconnect::http::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use crate::http_client::{Fetched, HttpClient};

use super::error::{Endpoint, OidcError};

/// An answer before anybody believes it.
pub(super) enum UserInfoAnswer {
    /// A JSON object.
    Claims(Value),
    /// A token whose signature must be checked.
    Signed(String),
}

/// Asks UserInfo with an access token.
pub(super) async fn ask(http: &HttpClient, url: &Url, token: &SecretString) -> Result<UserInfoAnswer, OidcError> {
    let bad = |reason: &str| OidcError::BadAnswer(Endpoint::UserInfo, reason.to_owned());
    let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
        .map_err(|_| OidcError::BadAnswer(Endpoint::Token, "the access token has control characters".into()))?;
    bearer.set_sensitive(true);
    let request = Request::get(url.as_str())
        .header(AUTHORIZATION, bearer)
        .header(ACCEPT, "application/json, application/jwt")
        .body(Vec::new())
        .map_err(|_| bad("its address is no URI"))?;
    let answer = http.send(request).await.map_err(|error| OidcError::Unreachable(Endpoint::UserInfo, error))?;
    match answer.status.as_u16() {
        200 => read(answer),
        status @ (400 | 401 | 403) => Err(OidcError::UserInfoRefused(status)),
        status => Err(OidcError::Status(Endpoint::UserInfo, status)),
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
