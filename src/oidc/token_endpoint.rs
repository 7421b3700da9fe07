//! Requests to the token endpoint: redeeming a code and refreshing (RFC 6749 4.1.3 and 6; openid-connect.md 2.9.4,
//! 5.6). Called by `relying_party`. The messages are the library's; the ID token stays text here, because `verify`
//! judges it.

use std::time::Duration;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreIdToken, CoreJsonWebKey,
    CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
};
use openidconnect::http::Response;
use openidconnect::{
    AccessToken, AuthorizationCode, Client, ClientId, EmptyAdditionalClaims, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IssuerUrl, OAuth2TokenResponse, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError,
    Scope, StandardErrorResponse, TokenResponse, TokenType, TokenUrl,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use url::Url;

use crate::config::auth_conf::RelyingPartyConf;
use crate::config::plugin::ClientConf;
use crate::http_client::HttpClient;

use super::authorization_response::clean;
use super::client_auth;
use super::error::{Endpoint, OidcError};
use super::metadata::ProviderMetadata;
use super::secret_text;
use super::token_failure::TokenFailure;

/// The library's client with our token answer.
pub(super) type OidcClient<HasAuthUrl, HasTokenUrl> = Client<
    EmptyAdditionalClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    TokenAnswer,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    HasAuthUrl,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    HasTokenUrl,
    EndpointNotSet,
>;

/// A successful answer. Lenient where providers differ: `token_type` may be absent, `expires_in` may be text.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct TokenAnswer {
    access_token: AccessToken,
    #[serde(default)]
    token_type: AnyTokenType,
    #[serde(default, deserialize_with = "lenient_seconds")]
    expires_in: Option<u64>,
    #[serde(default)]
    refresh_token: Option<RefreshToken>,
    #[serde(default, with = "secret_text::optional")]
    id_token: Option<SecretString>,
}

/// `token_type` as it was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct AnyTokenType(String);

impl Default for AnyTokenType {
    fn default() -> Self {
        Self("Bearer".to_owned())
    }
}

impl TokenType for AnyTokenType {}

impl OAuth2TokenResponse for TokenAnswer {
    type TokenType = AnyTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }
    fn token_type(&self) -> &AnyTokenType {
        &self.token_type
    }
    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }
    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }
    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

impl TokenResponse<EmptyAdditionalClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>
    for TokenAnswer
{
    /// Never: the ID token is not parsed by the library but judged by `verify`.
    fn id_token(&self) -> Option<&CoreIdToken> {
        None
    }
}

impl TokenAnswer {
    pub(super) fn access_token_secret(&self) -> SecretString {
        self.access_token.secret().as_str().into()
    }
    pub(super) fn refresh_token_secret(&self) -> Option<SecretString> {
        self.refresh_token.as_ref().map(|token| token.secret().as_str().into())
    }
    pub(super) fn id_token_secret(&self) -> Option<&SecretString> {
        self.id_token.as_ref()
    }
    /// `expires_in` in seconds; absurdly long is as good as unknown.
    pub(super) fn lifetime(&self) -> Option<i64> {
        self.expires_in.and_then(|seconds| i64::try_from(seconds).ok())
    }
}

/// The library's client for one provider, without endpoints.
pub(super) fn client(issuer: &Url, client: &ClientConf) -> OidcClient<EndpointNotSet, EndpointNotSet> {
    let issuer = IssuerUrl::from_url(issuer.clone());
    Client::new(ClientId::new(client.id.clone()), issuer, CoreJsonWebKeySet::default()).disable_openid_scope()
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
    let client = with_token_endpoint(conf, metadata)?;
    let redirect_uri = RedirectUrl::from_url(redirect_uri.clone());
    let request = client
        .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
        .set_redirect_uri(std::borrow::Cow::Owned(redirect_uri));
    let request = match code_verifier {
        Some(verifier) => request.set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned())),
        None => request,
    };
    let answer = request.request_async(&|request| exchange(http, request)).await;
    checked(answer, &[Some(code), code_verifier, conf.client.secret.as_ref()])
}

/// Trades a refresh token for new tokens.
pub(super) async fn refresh(
    conf: &RelyingPartyConf,
    metadata: &ProviderMetadata,
    http: &HttpClient,
    refresh_token: &SecretString,
) -> Result<TokenAnswer, TokenFailure> {
    let client = with_token_endpoint(conf, metadata)?;
    let token = RefreshToken::new(refresh_token.expose_secret().to_owned());
    let answer = client.exchange_refresh_token(&token).request_async(&|request| exchange(http, request)).await;
    checked(answer, &[Some(refresh_token), conf.client.secret.as_ref()])
}

fn with_token_endpoint(
    conf: &RelyingPartyConf,
    metadata: &ProviderMetadata,
) -> Result<OidcClient<EndpointNotSet, EndpointSet>, OidcError> {
    let url = metadata.endpoints.token.clone().ok_or(OidcError::NoEndpoint(Endpoint::Token))?;
    let method = client_auth::resolve(&conf.client, metadata.token_auth_methods.as_deref())?;
    let (auth_type, secret) = client_auth::credentials(&conf.client, method);
    let client =
        client(&conf.provider.issuer, &conf.client).set_token_uri(TokenUrl::from_url(url)).set_auth_type(auth_type);
    Ok(match secret {
        Some(secret) => client.set_client_secret(secret),
        None => client,
    })
}

/// Sends a request of the library. An error status without an OAuth error in the body is a broken endpoint. The
/// media type is dropped: whether the body is JSON is what counts.
async fn exchange(http: &HttpClient, request: HttpRequest) -> Result<HttpResponse, OidcError> {
    let answer = http.send(request).await.map_err(|error| OidcError::Unreachable(Endpoint::Token, error))?;
    let status = answer.status.as_u16();
    if status != 200 && (status >= 500 || !is_oauth_error(&answer.body)) {
        return Err(OidcError::Status(Endpoint::Token, status));
    }
    let mut response = Response::new(answer.body);
    *response.status_mut() = answer.status;
    Ok(response)
}

fn is_oauth_error(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|body| body.get("error").is_some_and(Value::is_string))
}

type LibraryError = RequestTokenError<OidcError, StandardErrorResponse<CoreErrorResponseType>>;

fn checked(
    answer: Result<TokenAnswer, LibraryError>,
    secrets: &[Option<&SecretString>],
) -> Result<TokenAnswer, TokenFailure> {
    let bad = |reason: &str| TokenFailure::Failed(OidcError::BadAnswer(Endpoint::Token, reason.to_owned()));
    match answer {
        Ok(answer) if answer.token_type.0.eq_ignore_ascii_case("bearer") => Ok(answer),
        Ok(_) => Err(bad("the token_type is not Bearer")),
        Err(RequestTokenError::ServerResponse(refusal)) => {
            let code = clean(refusal.error().as_ref());
            let description = refusal.error_description().filter(|text| !mentions(text, secrets));
            let text = description.map_or_else(|| code.clone(), |text| format!("{code}: {}", clean(text)));
            Err(TokenFailure::Refused { code, text })
        }
        Err(RequestTokenError::Request(error)) => Err(TokenFailure::Failed(error)),
        // The library's own text may quote the body.
        Err(RequestTokenError::Parse(..) | RequestTokenError::Other(_)) => Err(bad("no token answer in JSON")),
    }
}

/// Whether a description repeats a secret of the request.
fn mentions(text: &str, secrets: &[Option<&SecretString>]) -> bool {
    secrets.iter().flatten().any(|secret| text.contains(secret.expose_secret()))
}

fn lenient_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64().or_else(|| number.as_f64().and_then(whole)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(number: f64) -> Option<u64> {
    (0.0..1e15).contains(&number).then_some(number as u64)
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
            let answer: TokenAnswer = serde_json::from_value(answer).unwrap();
            assert!(!format!("{answer:?}").contains("secret-"));
            answer.lifetime()
        };
        assert_eq!(lifetime(json!(60)), Some(60));
        assert_eq!(lifetime(json!("60")), Some(60));
        assert_eq!(lifetime(json!(60.5)), Some(60));
        assert_eq!(lifetime(json!(0)), Some(0));
        for unknown in [json!(null), json!(-1), json!("soon"), json!({})] {
            assert_eq!(lifetime(unknown), None);
        }
    }
}
