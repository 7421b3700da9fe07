//! Reading members of the JSON object, and what is known about their names.

use serde_json::{Map, Value};
use url::Url;

use super::parse::KEY;
use crate::config::build::http_url;
use crate::config::finding::Findings;
use crate::config::plugin::table::{self, TABLE};
use crate::config::{keys, types, vault};

/// Members that exist for admins only.
const ADMIN_MEMBERS: [&str; 6] = [
    "admin_claim",
    "admin_by",
    "admin_auto_create",
    "admin_auto_create_rbac_token_disabled",
    "authenticated_groups_delimiter",
    "consumer_claim",
];
/// Members that kong-sso reads.
const HONOURED: [&str; 46] = [
    "admin_auto_create",
    "admin_auto_create_rbac_token_disabled",
    "admin_by",
    "admin_claim",
    "audience",
    "authenticated_groups_claim",
    "authenticated_groups_delimiter",
    "authorization_cookie_name",
    "authorization_endpoint",
    "authorization_query_args_names",
    "authorization_query_args_values",
    "authorization_rolling_timeout",
    "cache_ttl",
    "client_auth",
    "client_id",
    "client_secret",
    "consumer_claim",
    "end_session_endpoint",
    "issuer",
    "issuers_allowed",
    "jwks_endpoint",
    "leeway",
    "login_redirect_uri",
    "logout_redirect_uri",
    "max_age",
    "redirect_uri",
    "rediscovery_lifetime",
    "require_proof_key_for_code_exchange",
    "response_mode",
    "scopes",
    "search_user_info",
    "session_absolute_timeout",
    "session_cookie_domain",
    "session_cookie_name",
    "session_cookie_same_site",
    "session_cookie_secure",
    "session_idling_timeout",
    "session_rolling_timeout",
    "session_secret",
    "session_storage",
    "ssl_verify",
    "timeout",
    "token_endpoint",
    "token_endpoint_auth_method",
    "userinfo_endpoint",
    "verify_nonce",
];
/// Members that the gateway fixes (kong-manager.md 2.2).
const FIXED: [&str; 13] = [
    "auth_methods",
    "login_action",
    "login_methods",
    "login_tokens",
    "logout_methods",
    "logout_query_arg",
    "logout_revoke",
    "logout_revoke_access_token",
    "logout_revoke_refresh_token",
    "refresh_tokens",
    "upstream_access_token_header",
    "upstream_id_token_header",
    "upstream_user_info_header",
];

/// The object and where to report.
pub(super) struct Members<'m> {
    pub(super) object: &'m Map<String, Value>,
    pub(super) findings: &'m mut Findings,
}

impl Members<'_> {
    /// Adds an error about a member; `rest` follows its name.
    pub(super) fn error(&mut self, name: &str, rest: &str) {
        self.findings.error(KEY, format!("{KEY}.{name} {rest}"));
    }

    pub(super) fn missing(&mut self, name: &str) {
        self.error(name, "is required when admin_gui_auth = openid-connect");
    }

    /// The member, where `null` is as good as absent.
    fn get(&self, name: &str) -> Option<&Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// Text; another type is an error that does not repeat the value.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            _ => {
                self.error(name, "is not a string");
                None
            }
        }
    }

    pub(super) fn bool(&mut self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Value::Bool(flag) => Some(*flag),
            _ => {
                self.error(name, "is not a boolean: write true or false without quotes");
                None
            }
        }
    }

    /// A whole number of at least 0.
    pub(super) fn whole(&mut self, name: &str) -> Option<i64> {
        let number = self.get(name)?.as_f64().and_then(types::whole).and_then(|value| i64::try_from(value).ok());
        if number.is_none() {
            self.error(name, "is not a whole number of at least 0");
        }
        number
    }

    /// Texts; a single one counts as a list of one, and a list whose first text is empty as absent.
    pub(super) fn list(&mut self, name: &str) -> Option<Vec<String>> {
        let texts = match self.get(name)? {
            Value::String(text) => Some(vec![text.clone()]),
            Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        if texts.is_none() {
            self.error(name, "is not a list of strings");
        }
        texts.filter(|texts| texts.first().is_some_and(|first| !first.is_empty()))
    }

    /// URLs; `None` when absent or one is wrong.
    pub(super) fn urls(&mut self, name: &str) -> Option<Vec<Url>> {
        let urls: Option<Vec<Url>> = self.list(name)?.iter().map(|text| http_url(text)).collect();
        if urls.is_none() {
            self.error(name, "is not an http or https URL");
        }
        urls
    }

    /// One URL; `None` when absent or wrong.
    pub(super) fn url(&mut self, name: &str) -> Option<Url> {
        let text = self.text(name)?;
        let url = http_url(&text);
        if url.is_none() {
            self.error(name, "is not an http or https URL");
        }
        url
    }

    /// A word out of `words`; `None` when absent or another.
    pub(super) fn word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(name).filter(|text| !vault::is_reference(text))?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.error(name, &format!("has an invalid value: '{text}' ({})", names.join(", ")));
        }
        found
    }

    /// Warns about members that have no effect and about unknown ones.
    pub(super) fn report_unused(&mut self) {
        let names = || self.object.keys().map(String::as_str);
        let fixed: Vec<&str> = names().filter(|name| FIXED.contains(name)).collect();
        let unused: Vec<&str> = names().filter(|name| self.is_unused(name)).collect();
        let unknown: Vec<&str> = names().filter(|name| !is_known(name)).collect();
        if !fixed.is_empty() {
            self.findings.warn(KEY, format!("{KEY}: ignored, because the gateway fixes them: {}", fixed.join(", ")));
        }
        if !unused.is_empty() {
            self.findings.warn(KEY, format!("{KEY}: without effect in this release: {}", unused.join(", ")));
        }
        for name in unknown {
            let hint = match keys::nearest(name, known_names()) {
                Some(known) => format!(" (did you mean '{known}'?)"),
                None => String::new(),
            };
            self.findings.warn_strict(KEY, format!("unknown member '{name}' in {KEY}{hint}"));
        }
    }

    /// A member of the plugin that is not read here and differs from its default.
    fn is_unused(&self, name: &str) -> bool {
        let Some(row) = table::find(TABLE, name) else { return false };
        let is_read = HONOURED.contains(&name) || FIXED.contains(&name);
        !is_read && self.get(name).is_some_and(|value| *value != row.default())
    }
}

fn known_names() -> impl Iterator<Item = &'static str> {
    table::rows(TABLE).map(|row| row.name).chain(ADMIN_MEMBERS)
}

fn is_known(name: &str) -> bool {
    known_names().any(|known| known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_member_exists() {
        for name in HONOURED.iter().chain(&FIXED) {
            assert!(is_known(name), "{name}");
        }
    }
}
