//! `/developers/{d}/applications/{a}/credentials/oauth2`: clients of Kong's own OAuth 2.0 (dev-portal.md 6.4). An admin may
//! bring a client along from elsewhere; a secret that is made here is in the answer that makes it and in no other.

use serde_json::{Value, json};

use super::input::{self, Input};
use super::{Answer, Call, contracts, listing};
use crate::domain::application::{Application, RedirectUri, parse_line};
use crate::domain::credential::{Credential, CredentialKind, SecretValue};
use crate::domain::strategy::StrategyType;
use crate::services::applications::{self, NewCredential, Reach, credentials};
use crate::services::change::Actor;
use crate::services::{portal_representation as shown, strategies};
use crate::web::error::ApiError;

/// Shortest client secret that is taken.
const SHORTEST_SECRET: usize = 16;

pub(super) async fn answer(call: &Call<'_>, reach: Reach, id: &str, path: &[&str]) -> Result<Answer, ApiError> {
    let application = applications::get(call.services, reach, id).await?;
    match (path, call.method) {
        ([], "GET") => Ok(listing::complete(&list(call, reach, id).await?, |it| masked(call, it))),
        ([], "POST") => create(call, reach, &application).await,
        ([], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS, POST")),
        ([client], "GET") => Ok(Answer::ok(masked(call, &find(call, reach, id, client).await?))),
        ([client], "DELETE") => {
            let found = find(call, reach, id, client).await?.id.to_string();
            let actor = Actor::Admin(call.caller);
            Ok(contracts::gone(credentials::revoke(call.services, &actor, reach, id, &found).await?))
        }
        ([_], _) => Err(ApiError::method_not_allowed("DELETE, GET, HEAD, OPTIONS")),
        _ => Err(ApiError::not_found()),
    }
}

async fn list(call: &Call<'_>, reach: Reach, id: &str) -> Result<Vec<Credential>, ApiError> {
    let mut all = credentials::list(call.services, reach, id).await?;
    all.retain(|it| it.kind == CredentialKind::ClientSecret);
    Ok(all)
}

/// The one of that id or client id.
async fn find(call: &Call<'_>, reach: Reach, id: &str, key: &str) -> Result<Credential, ApiError> {
    let all = list(call, reach, id).await?;
    let is_it = |it: &Credential| it.id.to_string() == key || it.identifier.as_deref() == Some(key);
    all.into_iter().find(is_it).ok_or_else(ApiError::not_found)
}

fn masked(call: &Call<'_>, credential: &Credential) -> Value {
    with_secret(call, credential, "********")
}

fn with_secret(call: &Call<'_>, credential: &Credential, secret: &str) -> Value {
    let mut shown = shown::credential(credential, call.services.clock.now());
    if let Some(members) = shown.as_object_mut() {
        members.insert("client_secret".to_owned(), json!(secret));
        members.insert("hash_secret".to_owned(), json!(credential.is_hashed));
    }
    shown
}

async fn create(call: &Call<'_>, reach: Reach, application: &Application) -> Result<Answer, ApiError> {
    let workspace = call.place.workspace.id;
    let strategy = strategies::get(call.services, workspace, &application.strategy_id.to_string()).await?;
    if strategy.kind() != StrategyType::KongOauth2 {
        return Err(ApiError::conflict("the application has no clients of Kong: its strategy is another one"));
    }
    let new = read(call, application)?;
    let is_known = new.client_secret.is_some();
    let actor = Actor::Admin(call.caller);
    let made = credentials::create(call.services, &actor, reach, &application.id.to_string(), new).await?;
    let secret = if is_known { "********" } else { made.key.expose() };
    Ok(Answer::created(with_secret(call, &made.credential, secret)))
}

fn read(call: &Call<'_>, application: &Application) -> Result<NewCredential, ApiError> {
    let mut input = Input::of(&call.body, &[]);
    let display_name = input.optional("display_name", parse_line);
    let client_id = input.optional("client_id", client_id);
    let client_secret = input.optional("client_secret", client_secret);
    let hash_secret = input.flag("hash_secret");
    let uris = input.value("redirect_uris", |value| {
        let own: Vec<&str> = application.redirect_uris.iter().map(RedirectUri::as_str).collect();
        if *value == json!(own) { Ok(()) } else { Err("redirect URIs are the application's: change them there") }
    });
    input.finish(|| {
        uris?;
        Some(NewCredential {
            display_name: display_name?,
            client_id: client_id?,
            client_secret: client_secret?,
            hash_secret: hash_secret?,
            ..NewCredential::default()
        })
    })
}

fn is_visible(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic())
}

fn client_id(text: &str) -> Result<String, String> {
    let text = input::short_text(text)?;
    if is_visible(&text) && !text.contains(':') {
        Ok(text)
    } else {
        Err("expected letters, digits and signs without colon".to_owned())
    }
}

fn client_secret(text: &str) -> Result<SecretValue, String> {
    match text.len() {
        SHORTEST_SECRET..=255 if text.bytes().all(|b| b.is_ascii_graphic() || b == b' ') => {
            Ok(SecretValue::from_text(text.to_owned()))
        }
        _ => Err(format!("expected {SHORTEST_SECRET} to 255 printable ASCII characters")),
    }
}
