//! Reading members of `portal_auth_conf`. Errors never repeat a value that may be a secret.

use serde_json::{Map, Value};
use url::Url;

use crate::config::build::http_url;
use crate::config::types;

/// Every member that may be there.
const KNOWN: [&str; 29] = [
    "issuer",
    "client_id",
    "client_secret",
    "client_auth",
    "token_endpoint_auth_method",
    "scopes",
    "redirect_uri",
    "consumer_claim",
    "consumer_by",
    "login_action",
    "login_redirect_mode",
    "login_redirect_uri",
    "logout_query_arg",
    "logout_methods",
    "logout_redirect_uri",
    "forbidden_redirect_uri",
    "leeway",
    "ssl_verify",
    "session_secret",
    "session_storage",
    "session_cookie_name",
    "session_cookie_domain",
    "session_cookie_secure",
    "session_cookie_same_site",
    "session_cookie_samesite",
    "session_cookie_lifetime",
    "session_idling_timeout",
    "session_rolling_timeout",
    "session_absolute_timeout",
];

/// The object, and what there is to say about it.
pub(super) struct Members<'m> {
    object: &'m Map<String, Value>,
    pub(super) errors: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl<'m> Members<'m> {
    pub(super) const fn new(object: &'m Map<String, Value>) -> Self {
        Self { object, errors: Vec::new(), warnings: Vec::new() }
    }

    pub(super) fn error(&mut self, name: &str, rest: &str) {
        self.errors.push(format!(".{name} {rest}"));
    }

    pub(super) fn warn(&mut self, name: &str, rest: &str) {
        self.warnings.push(format!(".{name} {rest}"));
    }

    /// A member that is misspelt would be missing without a word.
    pub(super) fn refuse_unknown(&mut self) {
        for name in self.object.keys().filter(|name| !KNOWN.contains(&name.as_str())) {
            self.errors.push(format!(".{name} is not known"));
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The member, where `null` is as good as absent.
    fn get(&self, name: &str) -> Option<&'m Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// The member, or the first element of an array.
    fn first(&self, name: &str) -> Option<&'m Value> {
        match self.get(name)? {
            Value::Array(items) => items.first().filter(|value| !value.is_null()),
            value => Some(value),
        }
    }

    /// A member that must be there; a wrong one has told so itself.
    pub(super) fn required<T>(&mut self, name: &str, read: impl FnOnce(&mut Self, &str) -> Option<T>) -> Option<T> {
        let before = self.errors.len();
        let value = read(self, name);
        if value.is_none() && self.errors.len() == before {
            self.error(name, "is required when portal_auth = openid-connect");
        }
        value
    }

    /// Text; empty is absent.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.first(name)? {
            Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            _ => {
                self.error(name, "is not a string");
                None
            }
        }
    }

    pub(super) fn url(&mut self, name: &str) -> Option<Url> {
        let text = self.text(name)?;
        let url = http_url(&text);
        if url.is_none() {
            self.error(name, "is not an http or https URL");
        }
        url
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        let flag = self.first(name)?.as_bool();
        if flag.is_none() {
            self.error(name, "is not a boolean: write true or false without quotes");
        }
        flag
    }

    /// A whole number of at least 0.
    pub(super) fn whole(&mut self, name: &str) -> Option<i64> {
        let number = self.first(name)?.as_f64().and_then(types::whole).and_then(|number| i64::try_from(number).ok());
        if number.is_none() {
            self.error(name, "is not a whole number of at least 0");
        }
        number
    }

    /// Texts; one alone is a list of one.
    pub(super) fn list(&mut self, name: &str) -> Option<Vec<String>> {
        let texts: Option<Vec<String>> = match self.get(name)? {
            Value::String(text) => Some(vec![text.clone()]),
            Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        if texts.is_none() {
            self.error(name, "is not a list of strings");
        }
        texts.filter(|texts| !texts.is_empty())
    }

    /// The members about sessions.
    pub(super) fn of_session(&self) -> Vec<(String, Value)> {
        let is_one = |(name, value): &(&String, &Value)| name.starts_with("session_") && !value.is_null();
        let known = self.object.iter().filter(is_one).filter(|(name, _)| KNOWN.contains(&name.as_str()));
        known.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}
