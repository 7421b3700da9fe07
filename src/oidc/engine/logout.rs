//! Logging out (openid-connect.md 6.1, 6.2): the session ends here first, then at the provider, and what was remembered of its
//! tokens is forgotten. What the provider does not
//! do is logged and stops nothing.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::config::plugin::LogoutConf;
use crate::oidc::code_flow::EndSession;
use crate::oidc::error::{Endpoint, OidcError};
use crate::oidc::form_request::FormRequest;
use crate::oidc::provider::ProviderSnapshot;
use crate::sealing::random_token;

use super::client_choice;
use super::context::Context;
use super::login::{Login, as_header, redirect};
use super::proof::ProvedTokens;
use super::refusal::Refusal;
use super::request::RequestView;
use super::session::Sessions;
use super::verdict::Answer;

/// Whether a request asks to be logged out.
#[must_use]
pub fn is_asked(conf: &LogoutConf, view: &RequestView<'_>) -> bool {
    if !conf.methods.iter().any(|method| method == view.method) {
        return false;
    }
    let in_query = conf.query_arg.as_ref().is_some_and(|name| view.query_argument(name).is_some());
    let in_body = conf.post_arg.as_ref().is_some_and(|name| view.body.is_some_and(|body| body.get(name).is_some()));
    let by_path = conf.uri_suffix.as_ref().is_some_and(|suffix| normal(view.path).ends_with(suffix.as_str()));
    in_query || in_body || by_path
}

/// Whether the body decides.
#[must_use]
pub fn wants_body(conf: &LogoutConf, view: &RequestView<'_>) -> bool {
    conf.post_arg.is_some() && conf.methods.iter().any(|method| method == view.method) && view.method != "GET"
}

/// A path without its percent-encodings, repeated and trailing slashes: what people mean by it.
fn normal(path: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    let mut normal = String::with_capacity(decoded.len());
    for segment in decoded.split('/').filter(|segment| !segment.is_empty()) {
        normal.push('/');
        normal.push_str(segment);
    }
    if normal.is_empty() { "/".to_owned() } else { normal }
}

/// Logs out: session, revocation, provider, in this order.
///
/// # Errors
/// The session storage failed: the session may still be there, and whoever asked must know.
pub async fn run(
    context: &Context,
    sessions: &Sessions,
    login: &Login,
    view: &RequestView<'_>,
) -> Result<Answer, Refusal> {
    let open = sessions.open(view).await.map_err(|error| unexpected(&error))?;
    let asked = client_choice::asked_for(&context.conf, view).unwrap_or(0);
    let (client, tokens) = open.as_ref().map_or((asked, None), |open| (open.client(), Some(open.content().tokens())));
    let mut cookies = match &open {
        Some(open) => sessions.end(view, open).await.map_err(|error| unexpected(&error))?,
        None => sessions.forget(view),
    };
    cookies.extend(login.forget(view));
    let snapshot = context.provider.snapshot().await.ok();
    if let (Some(tokens), Some(snapshot)) = (&tokens, &snapshot) {
        revoke(context, snapshot, client, tokens).await;
    }
    if let Some(tokens) = &tokens {
        // After the revocation: nothing is asked and remembered again meanwhile that it would have changed.
        context.forget(tokens).await;
    }
    let id_token = tokens.as_ref().and_then(|tokens| tokens.id_token.as_ref());
    let mut answer = farewell(context, snapshot.as_deref(), client, id_token);
    answer.headers.extend(cookies.into_iter().map(as_header));
    Ok(answer)
}

fn unexpected(error: &impl std::fmt::Display) -> Refusal {
    Refusal::unexpected("session_storage", error.to_string())
}

/// Where the browser goes from here.
fn farewell(
    context: &Context,
    snapshot: Option<&ProviderSnapshot>,
    client: usize,
    id_token: Option<&SecretString>,
) -> Answer {
    let redirect_uri = context.conf.logout.redirect_uri.of(client).map(String::as_str);
    let configured = context.conf.provider.endpoints.end_session.clone();
    let endpoint = snapshot.and_then(|known| known.metadata.endpoints.end_session.clone()).or(configured);
    match (endpoint, redirect_uri) {
        (Some(endpoint), redirect_uri) => {
            let client_id = context.client(client).map(|client| client.id.as_str());
            let state = random_token();
            let end = EndSession { endpoint, client_id, id_token_hint: id_token, redirect_uri, state: &state };
            redirect(end.url().as_str())
        }
        (None, Some(redirect_uri)) => redirect(redirect_uri),
        (None, None) => {
            let headers = vec![("cache-control".to_owned(), "no-store".to_owned())];
            Answer { status: 200, headers, body: Some(json!({})), reason: None }
        }
    }
}

/// RFC 7009: the refresh token, then the access token, as far as each is to be revoked.
async fn revoke(context: &Context, snapshot: &ProviderSnapshot, client: usize, tokens: &ProvedTokens) {
    let conf = &context.conf.logout;
    let refresh_token = tokens.refresh_token.as_ref().filter(|_| conf.revoke_refresh_token);
    let access_token = tokens.access_token.as_ref().filter(|_| conf.revoke_access_token);
    for (token, hint) in [(refresh_token, "refresh_token"), (access_token, "access_token")] {
        if let Some(token) = token
            && let Err(error) = revoke_one(context, snapshot, client, token, hint).await
        {
            tracing::error!(code = error.code(), %error, hint, "openid-connect: a token was not revoked");
        }
    }
}

async fn revoke_one(
    context: &Context,
    snapshot: &ProviderSnapshot,
    client: usize,
    token: &SecretString,
    hint: &str,
) -> Result<(), OidcError> {
    let endpoint = Endpoint::Revocation;
    let url = snapshot.metadata.endpoints.revocation.as_ref().ok_or(OidcError::NoEndpoint(endpoint))?;
    let mut request = FormRequest::new();
    context.prove_client(client, endpoint, &snapshot.metadata, &mut request).await?;
    request.push(&context.conf.logout.revocation_token_name, token.expose_secret());
    request.push("token_type_hint", hint);
    match request.send(&context.http, url, endpoint).await?.status.as_u16() {
        200..=299 => Ok(()),
        status => Err(OidcError::Status(endpoint, status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_compared_by_what_it_means() {
        for (path, wanted) in [
            ("/a/logout", "/a/logout"),
            ("/a//logout/", "/a/logout"),
            ("/a/%6Cogout", "/a/logout"),
            ("", "/"),
            ("//", "/"),
        ] {
            assert_eq!(normal(path), wanted);
        }
    }
}
