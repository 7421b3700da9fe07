//! Tokens that UserInfo accepts (openid-connect.md 2.5), and what it says of their owner.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::domain::method::Method;
use crate::oidc::engine::cache::{self, Fresh, Key};
use crate::oidc::engine::context::Context;
use crate::oidc::engine::extras::Extras;
use crate::oidc::engine::proof::Proof;
use crate::oidc::engine::refusal::Refusal;
use crate::oidc::engine::request::RequestView;
use crate::oidc::engine::tokens::{self, Wanted};
use crate::oidc::error::{Endpoint, OidcError};
use crate::oidc::jws::UnverifiedToken;
use crate::oidc::provider::ProviderSnapshot;
use crate::oidc::user_info::{UserInfoAnswer, UserInfoRequest};
use crate::oidc::verify::{TokenKind, time_of};

/// Proves a token by using it at UserInfo.
///
/// # Errors
/// UserInfo does not accept it, or does not answer.
pub async fn prove(context: &Context, view: &RequestView<'_>, client: usize, token: &str) -> Result<Proof, Refusal> {
    let access_token = SecretString::from(token);
    let user_info = ask(context, view, client, &access_token).await?;
    let mut proof = Proof::new(Method::UserInfo, client);
    proof.tokens.access_token = Some(access_token);
    if tokens::is_signed(token) {
        let wanted = Wanted::new(TokenKind::AccessToken, Method::UserInfo, client);
        proof.set_access_token(context.known_token(token, wanted).await?);
    }
    proof.claims.user_info = Some(user_info);
    Ok(proof)
}

/// What UserInfo says, now or a moment ago.
///
/// # Errors
/// UserInfo does not accept the token, or does not answer.
pub async fn ask(
    context: &Context,
    view: &RequestView<'_>,
    client: usize,
    token: &SecretString,
) -> Result<Arc<Value>, Refusal> {
    let snapshot = context.provider.snapshot().await?;
    let extras = Extras::of_user_info(&context.conf, view);
    let fetch = async { Box::pin(fetch(context, &snapshot, client, token, &extras)).await };
    if !context.conf.cache.user_info {
        return Ok(fetch.await?.value);
    }
    let endpoint = snapshot.metadata.endpoints.userinfo.as_ref().map(url::Url::as_str).unwrap_or_default();
    let key = Key::of([endpoint, token.expose_secret()].into_iter().chain(extras.parts()));
    context.user_infos.get_or_fetch(key, context.clock.now(), fetch, Refusal::is_temporary).await
}

async fn fetch(
    context: &Context,
    snapshot: &ProviderSnapshot,
    client: usize,
    token: &SecretString,
    extras: &Extras,
) -> Result<Fresh<Arc<Value>>, Refusal> {
    let url = snapshot.metadata.endpoints.userinfo.as_ref().ok_or(OidcError::NoEndpoint(Endpoint::UserInfo))?;
    let mut request = UserInfoRequest::default();
    for (name, value) in &extras.args {
        request.arg(name, value);
    }
    for (name, value) in &extras.headers {
        request.header(name, value);
    }
    let value = match request.ask(&context.http, url, token).await? {
        UserInfoAnswer::Claims(claims) => Arc::new(claims),
        UserInfoAnswer::Signed(jwt) => {
            let wanted = Wanted::new(TokenKind::UserInfo, Method::UserInfo, client);
            let verified = context.verify(&jwt, wanted).await?;
            Arc::new(verified.claims)
        }
    };
    let bytes = value.to_string().len();
    let about = vec![Key::of_token(token.expose_secret())];
    Ok(Fresh { value, ttl: cache::ttl(&context.conf.cache, lifetime(context, token)), bytes, about })
}

/// Seconds that a signed token has left. UserInfo has just accepted it, so that its own word is enough here.
fn lifetime(context: &Context, token: &SecretString) -> Option<i64> {
    let claims = UnverifiedToken::parse(token.expose_secret()).ok()?.into_claims();
    Some(time_of(&claims, "exp")?.since(context.clock.now()))
}
