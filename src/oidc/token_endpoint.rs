//! Requests to the token endpoint (RFC 6749 4.1.3, 4.3, 4.4, 6; openid-connect.md 2.6 to 2.9, 5.6). Called by
//! `relying_party` and by the engine's grants. The tokens stay text here, because `verify` judges them.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use url::Url;

use crate::config::auth_conf::RelyingPartyConf;
use crate::http_client::HttpClient;

use super::authorization_response::clean;
use super::client_auth;
use super::error::{Endpoint, OidcError};
use super::form_request::FormRequest;
use super::metadata::ProviderMetadata;
use super::token_failure::TokenFailure;

/// A successful answer. Lenient where providers differ: `token_type` may be absent, `expires_in` may be text. `Debug`
/// hides it.
#[derive(Clone)]
pub struct TokenAnswer {
    /// The access token.
    pub access_token: SecretString,
    /// The refresh token.
    pub refresh_token: Option<SecretString>,
    /// The ID token.
    pub id_token: Option<SecretString>,
    /// `expires_in`, seconds; absurdly long is as good as unknown.
    pub lifetime: Option<i64>,
    /// The whole answer.
    pub whole: Arc<Value>,
}

impl TokenAnswer {
    /// Reads an answer; `None` when it is none.
    fn read(body: &[u8]) -> Option<Self> {
        let whole: Map<String, Value> = serde_json::from_slice(body).ok()?;
        let text = |name: &str| whole.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let is_bearer = match whole.get("token_type") {
            None | Some(Value::Null) => true,
            Some(kind) => kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")),
        };
        let secret = |name: &str| text(name).map(SecretString::from);
        is_bearer.then_some(())?;
        Some(Self {
            access_token: secret("access_token")?,
            refresh_token: secret("refresh_token"),
            id_token: secret("id_token"),
            lifetime: whole.get("expires_in").and_then(lenient_seconds),
            whole: Arc::new(Value::Object(whole)),
        })
    }
}

impl std::fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenAnswer").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

/// Redeems a code with the `redirect_uri` and verifier of the login that it belongs to.
pub(super) async fn redeem(
    conf: &RelyingPartyConf,
    metadata: &ProviderMetadata,
    http: &HttpClient,
    code: &SecretString,
    redirect_uri: &Url,
    code_verifier: Option<&SecretString>,
) -> Result<TokenAnswer, TokenFailure> {
    let (url, mut request) = prepared(conf, metadata, "authorization_code")?;
    request.push("code", code.expose_secret());
    request.push("redirect_uri", redirect_uri.as_str());
    if let Some(verifier) = code_verifier {
        request.push("code_verifier", verifier.expose_secret());
    }
    ask(http, url, request, &[Some(code), code_verifier, conf.client.secret.as_ref()]).await
}

/// Trades a refresh token for new tokens.
pub(super) async fn refresh(
    conf: &RelyingPartyConf,
    metadata: &ProviderMetadata,
    http: &HttpClient,
    refresh_token: &SecretString,
) -> Result<TokenAnswer, TokenFailure> {
    let (url, mut request) = prepared(conf, metadata, "refresh_token")?;
    request.push("refresh_token", refresh_token.expose_secret());
    ask(http, url, request, &[Some(refresh_token), conf.client.secret.as_ref()]).await
}

/// A request of the admin login's client.
fn prepared<'m>(
    conf: &RelyingPartyConf,
    metadata: &'m ProviderMetadata,
    grant_type: &str,
) -> Result<(&'m Url, FormRequest), OidcError> {
    let url = metadata.endpoints.token.as_ref().ok_or(OidcError::NoEndpoint(Endpoint::Token))?;
    let method = client_auth::resolve(&conf.client, None, metadata.token_auth_methods.as_deref())?;
    let mut request = FormRequest::new();
    request.push("grant_type", grant_type);
    client_auth::prove(&conf.client, method, &mut request)?;
    Ok((url, request))
}

/// Sends a request and reads the answer. `secrets` are those of the request: no message repeats them. The media type is
/// not looked at: whether the body is JSON is what counts.
///
/// # Errors
/// [`TokenFailure`]. An error status without an OAuth error in the body is a broken endpoint.
pub async fn ask(
    http: &HttpClient,
    url: &Url,
    request: FormRequest,
    secrets: &[Option<&SecretString>],
) -> Result<TokenAnswer, TokenFailure> {
    let answer = request.send(http, url, Endpoint::Token).await?;
    let status = answer.status.as_u16();
    if status == 200 {
        return TokenAnswer::read(&answer.body).ok_or_else(|| {
            TokenFailure::Failed(OidcError::BadAnswer(Endpoint::Token, "no bearer token in JSON".to_owned()))
        });
    }
    match refusal(&answer.body, secrets) {
        Some(refusal) if status < 500 => Err(refusal),
        _ => Err(TokenFailure::Failed(OidcError::Status(Endpoint::Token, status))),
    }
}

/// An OAuth error (RFC 6749 5.2), cleaned for logs.
fn refusal(body: &[u8], secrets: &[Option<&SecretString>]) -> Option<TokenFailure> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let code = clean(body.get("error")?.as_str()?);
    let description = body.get("error_description").and_then(Value::as_str).filter(|text| !mentions(text, secrets));
    let text = description.map_or_else(|| code.clone(), |text| format!("{code}: {}", clean(text)));
    Some(TokenFailure::Refused { code, text })
}

/// Whether a description repeats a secret of the request.
fn mentions(text: &str, secrets: &[Option<&SecretString>]) -> bool {
    secrets.iter().flatten().any(|secret| text.contains(secret.expose_secret()))
}

fn lenient_seconds(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The whole part of a sensible number of seconds.
#[allow(clippy::cast_possible_truncation)]
fn whole(number: f64) -> Option<i64> {
    (number.abs() < 1e15).then_some(number.floor() as i64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn an_odd_but_usable_answer_is_read_and_hidden_from_debug() {
        let lifetime = |expires_in: Value| {
            let answer = json!({"access_token": "secret-a", "id_token": "secret-i", "expires_in": expires_in});
            let answer = TokenAnswer::read(answer.to_string().as_bytes()).unwrap();
            assert!(!format!("{answer:?}").contains("secret-"));
            answer.lifetime
        };
        assert_eq!(lifetime(json!(60)), Some(60));
        assert_eq!(lifetime(json!("60")), Some(60));
        assert_eq!(lifetime(json!(60.5)), Some(60));
        assert_eq!(lifetime(json!(0)), Some(0));
        assert_eq!(lifetime(json!(-1)), Some(-1));
        for unknown in [json!(null), json!("soon"), json!({}), json!(1e300)] {
            assert_eq!(lifetime(unknown), None);
        }
    }

    #[test]
    fn what_is_no_token_answer_is_none() {
        for bad in ["", "[]", "{}", r#"{"access_token":""}"#, r#"{"access_token":7}"#, "<html>"] {
            assert!(TokenAnswer::read(bad.as_bytes()).is_none(), "{bad}");
        }
        assert!(TokenAnswer::read(br#"{"access_token":"a","token_type":"mac"}"#).is_none());
        assert!(TokenAnswer::read(br#"{"access_token":"a","token_type":"bEARER"}"#).is_some());
    }
}
