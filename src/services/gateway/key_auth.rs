//! The `key-auth` plugin: which consumer a key names. Pure.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::consumers::{Consumers, KeyOwner};
use crate::config::declared::KeyAuthConf;
use crate::oidc::engine::RequestView;

/// A key that was found: its name, and its value.
struct Key<'v> {
    name: &'v str,
    value: Cow<'v, [u8]>,
}

/// Why nobody was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyFailure {
    /// No key was sent.
    Missing,
    /// Several keys of one name were sent.
    Duplicate,
    /// Nobody has this key.
    Unknown,
}

/// The owner of the request's key, and the name under which it was sent.
pub(super) fn authenticate<'c>(
    conf: &'c KeyAuthConf,
    consumers: &'c Consumers,
    view: &RequestView<'_>,
) -> Result<(&'c KeyOwner, &'c str), KeyFailure> {
    let key = find(conf, view)?;
    let name = conf.key_names.iter().find(|name| **name == key.name).map_or("", String::as_str);
    let owner = consumers.owner_of(&key.value).ok_or(KeyFailure::Unknown)?;
    Ok((owner, name))
}

fn find<'v>(conf: &'v KeyAuthConf, view: &RequestView<'v>) -> Result<Key<'v>, KeyFailure> {
    for name in &conf.key_names {
        let values = match conf.in_header {
            true => in_headers(name, view),
            false => Vec::new(),
        };
        let values = if values.is_empty() && conf.in_query { in_query(name, view) } else { values };
        match <[_; 1]>::try_from(values) {
            Ok([value]) if value.is_empty() => return Err(KeyFailure::Missing),
            Ok([value]) => return Ok(Key { name, value }),
            Err(several) if several.is_empty() => {}
            Err(_) => return Err(KeyFailure::Duplicate),
        }
    }
    Err(KeyFailure::Missing)
}

fn in_headers<'v>(name: &str, view: &RequestView<'v>) -> Vec<Cow<'v, [u8]>> {
    let lower = name.to_ascii_lowercase();
    (0..).map_while(|index| view.headers.get(&lower, index)).map(Cow::Borrowed).collect()
}

fn in_query<'v>(name: &str, view: &RequestView<'v>) -> Vec<Cow<'v, [u8]>> {
    let pairs = view.query.unwrap_or_default().split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.filter(|(known, _)| decoded(known) == name.as_bytes()).map(|(_, value)| decoded(value)).collect()
}

fn decoded(text: &str) -> Cow<'_, [u8]> {
    match text.contains('+') {
        true => Cow::Owned(percent_decode(text.replace('+', " ").as_bytes()).collect()),
        false => Cow::from(percent_decode(text.as_bytes())),
    }
}
