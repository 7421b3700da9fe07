//! Where a request carries its credential, and which one counts (openid-connect.md 1.3, 1.4). The order is fixed: by
//! kind of credential, then header, query, body, cookie. Called by the pipeline before any method runs. Pure.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use url::form_urlencoded;

use crate::config::plugin::{CredentialSearch, Place, Places};
use crate::domain::method::{Method, MethodSet};
use crate::oidc::jws::MAX_TOKEN;

use super::request::RequestView;

/// All places, in search order.
pub(super) const PLACES: [Place; 4] = [Place::Header, Place::Query, Place::Body, Place::Cookie];
/// Headers that may hold a bare bearer token besides `Authorization`.
pub(super) const TOKEN_HEADERS: [&str; 2] = ["access-token", "x-access-token"];
/// The argument of a bearer token.
pub(super) const TOKEN_ARG: &str = "access_token";

/// Exactly where a credential stood, so that exactly it can be taken away (openid-connect.md 5.9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    /// A header, lower case.
    Header(String),
    /// A query argument.
    Query(String),
    /// A body argument.
    Body(String),
    /// A cookie.
    Cookie(String),
}

/// A credential.
#[derive(Clone, Debug)]
pub enum Credential<'r> {
    /// A bearer token, which methods 2 to 5 share.
    Token(Cow<'r, str>),
    /// A refresh token.
    RefreshToken(SecretString),
    /// A name with its secret.
    Pair(Pair),
}

/// A name with its secret: of a person, of a client, or of whoever it turns out to be.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Username or client id.
    pub name: String,
    /// Password or client secret.
    pub secret: SecretString,
    /// Whether the password grant is to be tried.
    pub as_password: bool,
    /// Whether the client-credentials grant is to be tried, after the other.
    pub as_client: bool,
}

/// What was found, and where.
#[derive(Clone, Debug)]
pub struct Found<'r> {
    /// The credential.
    pub credential: Credential<'r>,
    /// Where it stood.
    pub spots: Vec<Spot>,
}

/// A credential that is there, but in a form in which nothing may be made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The same header or argument twice: whoever comes after us might believe the other one.
    #[error("{0} is there twice")]
    Twice(&'static str),
    /// Not text, or characters that no token has, or too long.
    #[error("the credential is too long or has characters that no credential has")]
    Text,
}

/// The kinds of credentials in search order; the session before them and the login behind them are not searched here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Token,
    RefreshToken,
    Password,
    Client,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Token, Self::RefreshToken, Self::Password, Self::Client];

    pub(super) fn is_enabled(self, methods: MethodSet) -> bool {
        match self {
            Self::Token => [Method::Bearer, Method::KongOAuth2, Method::Introspection, Method::UserInfo]
                .into_iter()
                .any(|method| methods.has(method)),
            Self::RefreshToken => methods.has(Method::RefreshToken),
            Self::Password => methods.has(Method::Password),
            Self::Client => methods.has(Method::ClientCredentials),
        }
    }

    pub(super) fn places(self, search: &CredentialSearch) -> &Places {
        match self {
            Self::Token => &search.bearer,
            Self::RefreshToken => &search.refresh_token,
            Self::Password => &search.password,
            Self::Client => &search.client_credentials,
        }
    }
}

type Looked<T> = Result<Option<T>, Malformed>;

/// The credential that counts.
///
/// # Errors
/// There is one, and it is malformed: the search ends there too.
pub fn find<'r>(methods: MethodSet, search: &CredentialSearch, view: &RequestView<'r>) -> Looked<Found<'r>> {
    for kind in Kind::ALL.into_iter().filter(|kind| kind.is_enabled(methods)) {
        for place in PLACES.into_iter().filter(|place| kind.places(search).has(*place)) {
            if let Some(found) = look(kind, place, methods, search, view)? {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}

/// Whether the credential may stand in the body: nothing that comes before it in the order is there. With `for_copies` also
/// where something malformed is there: whoever sent it may pass as nobody, without its copies.
#[must_use]
pub fn may_need_body(methods: MethodSet, search: &CredentialSearch, view: &RequestView<'_>, for_copies: bool) -> bool {
    let mut is_malformed = false;
    for kind in Kind::ALL.into_iter().filter(|kind| kind.is_enabled(methods)) {
        for place in PLACES.into_iter().filter(|place| kind.places(search).has(*place)) {
            if place == Place::Body {
                return true;
            }
            match look(kind, place, methods, search, view) {
                Ok(Some(_)) if !is_malformed => return false,
                Err(_) if !for_copies => return false,
                Err(_) => is_malformed = true,
                Ok(_) => {}
            }
        }
    }
    false
}

/// The ID token that travels with an access token; it is never a credential by itself.
///
/// # Errors
/// It is malformed.
pub fn find_id_token(search: &CredentialSearch, view: &RequestView<'_>) -> Looked<SecretString> {
    let Some(name) = search.id_token_name.as_deref() else {
        return Ok(None);
    };
    for place in PLACES.into_iter().filter(|place| search.id_token.has(*place)) {
        if let Some((token, _)) = named_token(name, place, view)? {
            return Ok(Some(token.into_owned().into()));
        }
    }
    Ok(None)
}

fn look<'r>(
    kind: Kind,
    place: Place,
    methods: MethodSet,
    search: &CredentialSearch,
    view: &RequestView<'r>,
) -> Looked<Found<'r>> {
    match kind {
        Kind::Token => {
            let found = bearer_token(search, place, view)?;
            Ok(found.map(|(token, spot)| Found { credential: Credential::Token(token), spots: vec![spot] }))
        }
        Kind::RefreshToken => {
            let Some(name) = search.refresh_token_name.as_deref() else {
                return Ok(None);
            };
            let found = named_token(name, place, view)?;
            Ok(found.map(|(token, spot)| Found {
                credential: Credential::RefreshToken(token.into_owned().into()),
                spots: vec![spot],
            }))
        }
        Kind::Password => {
            // HTTP Basic says not whether it names a person or a client.
            let as_client = place == Place::Header
                && methods.has(Method::ClientCredentials)
                && search.client_credentials.has(Place::Header);
            pair(place, ["username", "password"], view, true, as_client)
        }
        Kind::Client => pair(place, ["client_id", "client_secret"], view, false, true),
    }
}

fn bearer_token<'r>(search: &CredentialSearch, place: Place, view: &RequestView<'r>) -> Looked<(Cow<'r, str>, Spot)> {
    match place {
        Place::Header => bearer_header(search.bearer_header.as_deref(), view),
        Place::Query | Place::Body => argument_token(TOKEN_ARG, place, view),
        Place::Cookie => {
            let Some(name) = search.bearer_cookie.as_deref() else {
                return Ok(None);
            };
            match view.cookie(name).filter(|token| !token.is_empty()) {
                Some(token) => Ok(Some((checked(Cow::Borrowed(token))?, Spot::Cookie(name.to_owned())))),
                None => Ok(None),
            }
        }
    }
}

fn bearer_header<'r>(only: Option<&str>, view: &RequestView<'r>) -> Looked<(Cow<'r, str>, Spot)> {
    if let Some(name) = only {
        let value = header(name, view)?.map(|value| scheme("bearer", value).unwrap_or(value));
        return token_in_header(name, value);
    }
    let bearer = header("authorization", view)?.and_then(|value| scheme("bearer", value));
    if let Some(found) = token_in_header("authorization", bearer)? {
        return Ok(Some(found));
    }
    for name in TOKEN_HEADERS {
        let value = header(name, view)?.map(|value| scheme("bearer", value).unwrap_or(value));
        if let Some(found) = token_in_header(name, value)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn token_in_header<'r>(name: &str, value: Option<&'r str>) -> Looked<(Cow<'r, str>, Spot)> {
    match value.map(str::trim).filter(|token| !token.is_empty()) {
        Some(token) => Ok(Some((checked(Cow::Borrowed(token))?, Spot::Header(name.to_owned())))),
        None => Ok(None),
    }
}

/// A token under a configured name: as a header with `-` for `_`, perhaps with `X-` before it, or as an argument.
fn named_token<'r>(name: &str, place: Place, view: &RequestView<'r>) -> Looked<(Cow<'r, str>, Spot)> {
    if place != Place::Header {
        return argument_token(name, place, view);
    }
    for name in header_names(name) {
        if let Some(found) = token_in_header(&name, header(&name, view)?)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The headers of a configured name.
pub(super) fn header_names(name: &str) -> [String; 2] {
    let plain = name.replace('_', "-").to_ascii_lowercase();
    let prefixed = format!("x-{plain}");
    [plain, prefixed]
}

fn argument_token<'r>(name: &str, place: Place, view: &RequestView<'r>) -> Looked<(Cow<'r, str>, Spot)> {
    let Some((value, spot)) = argument(name, place, view)? else {
        return Ok(None);
    };
    Ok(if value.is_empty() { None } else { Some((checked(value)?, spot)) })
}

fn argument<'r>(name: &str, place: Place, view: &RequestView<'r>) -> Looked<(Cow<'r, str>, Spot)> {
    let (value, spot) = match place {
        Place::Query => {
            let pairs = form_urlencoded::parse(view.query.unwrap_or_default().as_bytes());
            let values = pairs.filter(|(known, _)| known == name).map(|(_, value)| value);
            (only(values, "a query argument")?, Spot::Query(name.to_owned()))
        }
        Place::Body => {
            let pairs = view.body.map(|body| body.0.as_slice()).unwrap_or_default().iter();
            let values = pairs.filter(|(known, _)| known == name).map(|(_, value)| Cow::Borrowed(value.as_str()));
            (only(values, "a body argument")?, Spot::Body(name.to_owned()))
        }
        Place::Header | Place::Cookie => return Ok(None),
    };
    Ok(value.map(|value| (value, spot)))
}

fn pair<'r>(
    place: Place,
    [name, secret]: [&str; 2],
    view: &RequestView<'r>,
    as_password: bool,
    as_client: bool,
) -> Looked<Found<'r>> {
    let found = |name: String, secret: String, spots| {
        let pair = Pair { name, secret: secret.into(), as_password, as_client };
        Found { credential: Credential::Pair(pair), spots }
    };
    if place == Place::Header {
        let Some(value) = header("authorization", view)?.and_then(|value| scheme("basic", value)) else {
            return Ok(None);
        };
        let (name, secret) = basic(value)?;
        return Ok(Some(found(name, secret, vec![Spot::Header("authorization".to_owned())])));
    }
    match (argument(name, place, view)?, argument(secret, place, view)?) {
        (Some((name, name_spot)), Some((secret, secret_spot))) if !name.is_empty() => {
            checked_length(&name)?;
            checked_length(&secret)?;
            Ok(Some(found(name.into_owned(), secret.into_owned(), vec![name_spot, secret_spot])))
        }
        _ => Ok(None),
    }
}

/// HTTP Basic (RFC 7617); the plain form without Base64 is known from older configurations.
fn basic(value: &str) -> Result<(String, String), Malformed> {
    checked_length(value)?;
    let decoded = STANDARD.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = decoded.as_deref().unwrap_or(value);
    let (name, secret) = text.split_once(':').ok_or(Malformed::Text)?;
    if name.is_empty() { Err(Malformed::Text) } else { Ok((name.to_owned(), secret.to_owned())) }
}

/// The only line of a header.
fn header<'r>(name: &str, view: &RequestView<'r>) -> Looked<&'r str> {
    let Some(line) = view.headers.get(name, 0) else {
        return Ok(None);
    };
    if view.headers.get(name, 1).is_some() {
        return Err(Malformed::Twice("a header that carries a credential"));
    }
    std::str::from_utf8(line).map(Some).map_err(|_| Malformed::Text)
}

/// The rest of a header value behind its scheme, whose case does not matter (RFC 7235 2.1).
pub(super) fn scheme<'r>(wanted: &str, value: &'r str) -> Option<&'r str> {
    let (found, rest) = value.trim_start().split_once(' ')?;
    found.eq_ignore_ascii_case(wanted).then_some(rest.trim())
}

fn only<T>(mut values: impl Iterator<Item = T>, what: &'static str) -> Looked<T> {
    let first = values.next();
    if values.next().is_some() { Err(Malformed::Twice(what)) } else { Ok(first) }
}

/// RFC 6750 2.1: a token is visible ASCII without spaces.
fn checked(token: Cow<'_, str>) -> Result<Cow<'_, str>, Malformed> {
    checked_length(&token)?;
    // Without a way out of the loop, many bytes are compared at once.
    let is_token = token.bytes().fold(true, |is_token, byte| is_token & byte.is_ascii_graphic());
    if is_token { Ok(token) } else { Err(Malformed::Text) }
}

fn checked_length(text: &str) -> Result<(), Malformed> {
    if text.len() > MAX_TOKEN { Err(Malformed::Text) } else { Ok(()) }
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
