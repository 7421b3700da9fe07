//! Headers that the upstream and the client get (openid-connect.md 8, 5.9), in their order: the credential is hidden, what
//! a caller could forge is removed, tokens are set, then claims, then who the caller is. Headers of the session come last and
//! are made by `session`. Pure.

use std::borrow::Cow;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::config::plugin::{HeaderConf, OpenIdConnectConf, TokenHeader};
use crate::domain::method::Method;

use super::claim_values::{base64_json, clean, header_text};
use super::mapping::Caller;
use super::proof::Proof;
use super::search::Spot;
use super::session::cookie_names;
use super::verdict::Changes;

/// Names that say who the caller is; nobody but the engine sets them.
const IDENTITY: [&str; 11] = [
    "x-consumer-*",
    "x-credential-identifier",
    "x-anonymous-consumer",
    "x-authenticated-groups",
    "session-id",
    "session-audience",
    "session-subject",
    "session-timeout",
    "session-idling-timeout",
    "session-rolling-timeout",
    "session-absolute-timeout",
];
/// Names that tell of a token of the gateway's own.
const OWN_TOKEN: [&str; 2] = ["x-authenticated-scope", "x-authenticated-userid"];
/// Hiding removes it, or the token replaces it.
const AUTHORIZATION: &str = "authorization";

/// How the request of a proved caller changes. `spots` is where the credential stood; `plain_json`
/// is `oidc_json_header_encoding = plain`, `clean` is [`clean_request`].
#[must_use]
pub fn upstream(
    conf: &OpenIdConnectConf,
    clean: &Changes,
    proof: &Proof,
    caller: &Caller,
    spots: &[Spot],
    plain_json: bool,
) -> Changes {
    let mut changes = clean.clone();
    if conf.hide_credentials {
        hide(conf, proof.method, spots, &mut changes);
    }
    let told = told(&conf.upstream, proof, plain_json).into_iter().chain(identity(caller));
    changes.set_headers = told.map(|(name, value)| (name, value.into_bytes())).collect();
    changes
}

/// How the request of a caller changes who proved nothing: `spots` is where a credential stands that is not acceptable. An
/// upstream that reads the token where it otherwise is a verified one must not find it.
#[must_use]
pub fn anonymous(conf: &OpenIdConnectConf, caller: &Caller, spots: &[Spot]) -> Changes {
    let mut changes = clean_request(conf);
    hide_spots(spots, &mut changes);
    if configured(&conf.upstream).any(|name| name == AUTHORIZATION) {
        changes.remove_headers.push(Cow::Borrowed(AUTHORIZATION));
    }
    changes.set_headers = identity(caller).into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
    changes
}

/// Headers of the answer to a proved caller. Never of a refusal.
#[must_use]
pub fn downstream(conf: &OpenIdConnectConf, proof: &Proof, plain_json: bool) -> Vec<(String, String)> {
    told(&conf.downstream, proof, plain_json)
}

/// What goes from every request: names that a caller could forge (openid-connect.md 8.5), and the login under way.
#[must_use]
pub fn clean_request(conf: &OpenIdConnectConf) -> Changes {
    let fixed = IDENTITY.into_iter().chain(OWN_TOKEN).map(Cow::Borrowed);
    let configured = configured(&conf.upstream).filter(|name| *name != AUTHORIZATION);
    Changes {
        remove_headers: fixed.chain(configured.map(|name| Cow::Owned(name.to_owned()))).collect(),
        remove_cookies: vec![conf.session.login_cookie.name.clone()],
        ..Changes::default()
    }
}

/// Every name that the configuration may set.
fn configured(conf: &HeaderConf) -> impl Iterator<Item = &str> {
    let tokens = [&conf.access_token, &conf.id_token, &conf.refresh_token].into_iter().flatten().map(|it| &it.name);
    let others = [&conf.access_token_jwk, &conf.id_token_jwk, &conf.user_info, &conf.introspection, &conf.session_id]
        .into_iter();
    tokens.chain(others.flatten()).chain(conf.claims.iter().map(|(name, _)| name)).map(String::as_str)
}

/// Takes away exactly the credential that was used (openid-connect.md 5.9).
fn hide(conf: &OpenIdConnectConf, method: Method, spots: &[Spot], changes: &mut Changes) {
    hide_spots(spots, changes);
    if method == Method::Session {
        let names = [Some(&conf.session.cookie.name), conf.session.remember.as_ref().map(|it| &it.cookie_name)];
        changes.remove_cookies.extend(names.into_iter().flatten().flat_map(|name| cookie_names(name)));
    }
}

fn hide_spots(spots: &[Spot], changes: &mut Changes) {
    for spot in spots.iter().cloned() {
        match spot {
            Spot::Header(name) => changes.remove_headers.push(Cow::Owned(name)),
            Spot::Query(name) => changes.remove_query.push(name),
            Spot::Body(name) => changes.remove_body.push(name),
            Spot::Cookie(name) => changes.remove_cookies.push(name),
        }
    }
}

/// Tokens and claims under their configured names; a later one of the same name wins.
fn told(conf: &HeaderConf, proof: &Proof, plain_json: bool) -> Vec<(String, String)> {
    let tokens = [
        (&conf.access_token, &proof.tokens.access_token),
        (&conf.id_token, &proof.tokens.id_token),
        (&conf.refresh_token, &proof.tokens.refresh_token),
    ];
    let encoded =
        |document: &Value| if plain_json { clean(&document.to_string()).into_owned() } else { base64_json(document) };
    let documents = [
        (&conf.access_token_jwk, &proof.access_token_jwk),
        (&conf.id_token_jwk, &proof.id_token_jwk),
        (&conf.user_info, &proof.claims.user_info),
        (&conf.introspection, &proof.claims.introspection),
    ];
    let tokens = tokens.into_iter().filter_map(|(header, token)| Some(token_header(header.as_ref()?, token.as_ref()?)));
    let documents =
        documents.into_iter().filter_map(|(name, document)| Some((name.clone()?, encoded(document.as_ref()?))));
    let claims = conf.claims.iter();
    let claims = claims.filter_map(|(name, path)| Some((name.clone(), header_text(proof.claims.for_headers(path)?)?)));
    tokens.chain(documents).chain(claims).collect()
}

fn token_header(header: &TokenHeader, token: &SecretString) -> (String, String) {
    let token = clean(token.expose_secret());
    let value = match &header.scheme {
        Some(scheme) => format!("{scheme} {token}"),
        None => token.into_owned(),
    };
    (header.name.clone(), value)
}

/// Who the caller is.
fn identity(caller: &Caller) -> Vec<(String, String)> {
    let consumer = caller.consumer.as_deref();
    let values = [
        ("x-consumer-id", consumer.map(|it| it.id.clone())),
        ("x-consumer-username", consumer.and_then(|it| it.username.clone())),
        ("x-consumer-custom-id", consumer.and_then(|it| it.custom_id.clone())),
        ("x-anonymous-consumer", caller.is_anonymous.then(|| "true".to_owned())),
        ("x-credential-identifier", caller.credential.clone()),
        ("x-authenticated-groups", caller.groups.as_ref().map(|groups| groups.join(", "))),
    ];
    let set = values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), clean(&value?).into_owned())));
    set.filter(|(_, value)| !value.is_empty()).collect()
}

#[cfg(test)]
#[path = "headers_tests.rs"]
mod tests;
