//! Everywhere in a request where something stands that may be a credential (openid-connect.md 1.7): of a caller who proved
//! nothing, no copy of it goes on, also where [`search`](super::search) did not look any more. Pure.

use url::form_urlencoded;

use crate::config::plugin::{CredentialSearch, Place};
use crate::domain::method::MethodSet;

use super::request::RequestView;
use super::search::{Kind, PLACES, Spot, TOKEN_ARG, TOKEN_HEADERS, header_names, scheme};

/// Where credentials of the enabled methods, and ID tokens, stand in a request.
#[must_use]
pub(super) fn spots(methods: MethodSet, search: &CredentialSearch, view: &RequestView<'_>) -> Vec<Spot> {
    let mut spots = Vec::new();
    for kind in Kind::ALL.into_iter().filter(|kind| kind.is_enabled(methods)) {
        for place in PLACES.into_iter().filter(|place| kind.places(search).has(*place)) {
            spots.extend(of_kind(kind, place, search, view));
        }
    }
    if let Some(name) = search.id_token_name.as_deref() {
        for place in PLACES.into_iter().filter(|place| search.id_token.has(*place)) {
            spots.extend(named(name, place, view));
        }
    }
    spots.dedup();
    spots
}

fn of_kind(kind: Kind, place: Place, search: &CredentialSearch, view: &RequestView<'_>) -> Vec<Spot> {
    match kind {
        Kind::Token => token(place, search, view),
        Kind::RefreshToken => {
            search.refresh_token_name.as_deref().map_or_else(Vec::new, |name| named(name, place, view))
        }
        Kind::Password => pair(["username", "password"], place, view),
        Kind::Client => pair(["client_id", "client_secret"], place, view),
    }
}

fn token(place: Place, search: &CredentialSearch, view: &RequestView<'_>) -> Vec<Spot> {
    match (place, &search.bearer_header, &search.bearer_cookie) {
        (Place::Header, Some(only), _) => header(only, view).into_iter().collect(),
        (Place::Header, None, _) => {
            let others = TOKEN_HEADERS.into_iter().filter_map(|name| header(name, view));
            authorization("bearer", view).into_iter().chain(others).collect()
        }
        (Place::Query | Place::Body, ..) => argument(TOKEN_ARG, place, view).into_iter().collect(),
        (Place::Cookie, _, Some(name)) => view.cookie(name).map(|_| Spot::Cookie(name.clone())).into_iter().collect(),
        (Place::Cookie, _, None) => Vec::new(),
    }
}

fn named(name: &str, place: Place, view: &RequestView<'_>) -> Vec<Spot> {
    match place {
        Place::Header => header_names(name).iter().filter_map(|name| header(name, view)).collect(),
        _ => argument(name, place, view).into_iter().collect(),
    }
}

/// A name alone is no credential: applications have such arguments of their own.
fn pair(names: [&str; 2], place: Place, view: &RequestView<'_>) -> Vec<Spot> {
    if place == Place::Header {
        return authorization("basic", view).into_iter().collect();
    }
    let [name, secret] = names.map(|name| argument(name, place, view));
    name.zip(secret).map_or_else(Vec::new, |(name, secret)| vec![name, secret])
}

fn header(name: &str, view: &RequestView<'_>) -> Option<Spot> {
    view.headers.get(name, 0).map(|_| Spot::Header(name.to_owned()))
}

/// `Authorization` with that scheme; one that nobody can read, or that is there twice, may have any.
fn authorization(wanted: &str, view: &RequestView<'_>) -> Option<Spot> {
    let line = view.headers.get("authorization", 0)?;
    let is_it = std::str::from_utf8(line).map_or(true, |line| scheme(wanted, line).is_some());
    let is_repeated = || view.headers.get("authorization", 1).is_some();
    (is_it || is_repeated()).then(|| Spot::Header("authorization".to_owned()))
}

fn argument(name: &str, place: Place, view: &RequestView<'_>) -> Option<Spot> {
    match place {
        Place::Query => {
            let mut pairs = form_urlencoded::parse(view.query?.as_bytes());
            pairs.any(|(known, _)| known == name).then(|| Spot::Query(name.to_owned()))
        }
        Place::Body => view.body?.get(name).map(|_| Spot::Body(name.to_owned())),
        Place::Header | Place::Cookie => None,
    }
}

#[cfg(test)]
#[path = "copies_tests.rs"]
mod tests;
