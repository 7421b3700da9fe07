//! Reads members of a record that was held against the table: their types are right, so reading cannot fail.

use secrecy::SecretString;
use serde_json::{Map, Value};
use url::Url;

use super::{PerClient, TokenHeader};
use crate::config::auth_conf::ClientAuth;
use crate::config::build::http_url;
use crate::domain::claims::ClaimPath;
use crate::domain::method::{Method, MethodSet};

/// A record.
#[derive(Clone, Copy)]
pub(super) struct Members<'m>(pub(super) &'m Map<String, Value>);

impl<'m> Members<'m> {
    fn get(self, name: &str) -> Option<&'m Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn flag(self, name: &str) -> bool {
        self.some_flag(name).unwrap_or_default()
    }

    pub(super) fn some_flag(self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    pub(super) fn number(self, name: &str) -> i64 {
        self.some_number(name).unwrap_or_default()
    }

    pub(super) fn some_number(self, name: &str) -> Option<i64> {
        self.get(name)?.as_i64()
    }

    pub(super) fn millis(self, name: &str) -> u64 {
        u64::try_from(self.number(name)).unwrap_or_default()
    }

    pub(super) fn text(self, name: &str) -> String {
        self.some_text(name).unwrap_or_default()
    }

    pub(super) fn some_text(self, name: &str) -> Option<String> {
        self.get(name)?.as_str().map(str::to_owned)
    }

    pub(super) fn secret(self, name: &str) -> Option<SecretString> {
        self.some_text(name).map(SecretString::from)
    }

    pub(super) fn url(self, name: &str) -> Option<Url> {
        http_url(self.get(name)?.as_str()?)
    }

    fn items(self, name: &str) -> &'m [Value] {
        self.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// How many elements a list has.
    pub(super) fn count(self, name: &str) -> usize {
        self.items(name).len()
    }

    fn strings(self, name: &str) -> impl Iterator<Item = &'m str> + use<'m> {
        self.items(name).iter().filter_map(Value::as_str)
    }

    pub(super) fn texts(self, name: &str) -> Vec<String> {
        self.strings(name).map(str::to_owned).collect()
    }

    pub(super) fn urls(self, name: &str) -> Vec<Url> {
        self.strings(name).filter_map(http_url).collect()
    }

    pub(super) fn per_client(self, name: &str) -> PerClient<String> {
        PerClient(self.texts(name))
    }

    /// Two parallel lists as pairs.
    pub(super) fn pairs(self, names: &str, values: &str) -> Vec<(String, String)> {
        self.texts(names).into_iter().zip(self.texts(values)).collect()
    }

    /// The word of an enumeration.
    pub(super) fn word<T>(self, name: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        read(self.get(name)?.as_str()?)
    }

    /// The words of an enumeration.
    pub(super) fn words<T>(self, name: &str, read: impl Fn(&str) -> Option<T>) -> Vec<T> {
        self.strings(name).filter_map(read).collect()
    }

    pub(super) fn methods(self, name: &str) -> MethodSet {
        self.strings(name).filter_map(Method::named).collect()
    }

    pub(super) fn client_auth(self, name: &str) -> Option<ClientAuth> {
        self.word(name, ClientAuth::named)
    }

    pub(super) fn path(self, name: &str) -> Option<ClaimPath> {
        ClaimPath::new(self.texts(name))
    }

    pub(super) fn paths(self, name: &str) -> Vec<ClaimPath> {
        let texts = |path: &Value| Some(path.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        self.items(name).iter().filter_map(texts).filter_map(ClaimPath::new).collect()
    }

    /// A header's name: lower case, `-` for `_`.
    pub(super) fn header(self, name: &str) -> Option<String> {
        self.token_header(name).map(|header| header.name)
    }

    pub(super) fn token_header(self, name: &str) -> Option<TokenHeader> {
        let text = self.some_text(name)?;
        let (name, scheme) = text.split_once(':').map_or((text.as_str(), None), |(name, scheme)| (name, Some(scheme)));
        Some(TokenHeader { name: header_name(name), scheme: scheme.map(capitalised) })
    }

    pub(super) fn records(self, name: &str) -> impl Iterator<Item = Members<'m>> + use<'m> {
        self.items(name).iter().filter_map(Value::as_object).map(Members)
    }

    pub(super) fn record(self, name: &str) -> Option<Members<'m>> {
        self.get(name)?.as_object().map(Members)
    }
}

/// The form in which header names are kept.
pub(super) fn header_name(text: &str) -> String {
    text.replace('_', "-").to_ascii_lowercase()
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}
