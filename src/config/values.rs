//! Raw text to typed values, key by key: vault references first, then the key's type. Every failure is collected.

use std::collections::HashMap;

use serde_json::Value;

use super::finding::Findings;
use super::keys::{Key, Kind, TABLE};
use super::listen::{self, ParsedListen};
use super::load::LoadMode;
use super::sources::Merged;
use super::types;
use super::vault::{self, Vaults};

/// A value by the type of its key. Holds secrets: no Debug.
enum Typed {
    Unset,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<String>),
    Json(Value),
    Listen(Vec<ParsedListen>),
    Size(u64),
}

/// The typed values of all keys of the table. A value that was wrong counts as unset; its error is among the findings.
pub(super) struct Values {
    typed: HashMap<&'static str, Typed>,
    /// Keys that were set to something, by name.
    given: Vec<&'static str>,
    /// Keys whose reference could not be resolved (`check` only).
    unresolved: Vec<&'static str>,
}

impl Values {
    /// Reads all keys of the table out of what was set.
    pub(super) fn read(merged: &Merged, vaults: &Vaults<'_>, mode: LoadMode, findings: &mut Findings) -> Self {
        let mut reader = Reader { vaults, mode, findings, unresolved: Vec::new() };
        let mut typed = HashMap::with_capacity(TABLE.len());
        let mut given = Vec::new();
        for key in TABLE {
            let raw = merged.get(key.name).map(|raw| raw.text.as_str());
            if raw.is_some_and(|text| !text.is_empty()) {
                given.push(key.name);
            }
            typed.insert(key.name, reader.value(key, raw));
        }
        Self { typed, given, unresolved: reader.unresolved }
    }

    /// Whether somebody set the key to something.
    pub(super) fn is_given(&self, name: &str) -> bool {
        self.given.contains(&name)
    }

    /// Whether the value is a reference that `check` could not resolve.
    pub(super) fn is_unresolved(&self, name: &str) -> bool {
        self.unresolved.contains(&name)
    }

    /// A boolean; unset is false.
    pub(super) fn bool(&self, name: &str) -> bool {
        matches!(self.typed.get(name), Some(Typed::Bool(true)))
    }

    /// A number, if set.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        match self.typed.get(name) {
            Some(Typed::Number(value)) => Some(*value),
            _ => None,
        }
    }

    /// Text or a word of an enum, if set.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.typed.get(name) {
            Some(Typed::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Items; unset is empty.
    pub(super) fn list(&self, name: &str) -> &[String] {
        match self.typed.get(name) {
            Some(Typed::List(items)) => items,
            _ => &[],
        }
    }

    /// A JSON value, if set.
    pub(super) fn json(&self, name: &str) -> Option<&Value> {
        match self.typed.get(name) {
            Some(Typed::Json(value)) => Some(value),
            _ => None,
        }
    }

    /// Addresses; `off` is empty.
    pub(super) fn listen(&self, name: &str) -> &[ParsedListen] {
        match self.typed.get(name) {
            Some(Typed::Listen(addresses)) => addresses,
            _ => &[],
        }
    }

    /// Bytes, if set.
    pub(super) fn size(&self, name: &str) -> Option<u64> {
        match self.typed.get(name) {
            Some(Typed::Size(bytes)) => Some(*bytes),
            _ => None,
        }
    }
}

struct Reader<'r, 'e> {
    vaults: &'r Vaults<'e>,
    mode: LoadMode,
    findings: &'r mut Findings,
    unresolved: Vec<&'static str>,
}

impl Reader<'_, '_> {
    fn value(&mut self, key: &'static Key, raw: Option<&str>) -> Typed {
        let text = raw.unwrap_or(key.default);
        // An empty default means unset; an empty text that somebody wrote has its own meaning for each type.
        if text.is_empty() && raw.is_none() {
            return Typed::Unset;
        }
        if key.kind != Kind::Array && vault::is_reference(text) {
            return match self.resolve(key, text, key.name) {
                Some(secret) => self.typed(key, &secret),
                // Text stays what it is, so that what needs it finds it.
                None if key.kind == Kind::Text => Typed::Text(text.to_owned()),
                None => Typed::Unset,
            };
        }
        self.typed(key, text)
    }

    fn typed(&mut self, key: &'static Key, text: &str) -> Typed {
        match key.kind {
            Kind::Listen => self.listen(key, text),
            Kind::Enum(words) => self.word(key, words, text),
            Kind::Bool => match types::parse_bool(text) {
                Some(value) => Typed::Bool(value),
                None if text.is_empty() => Typed::Bool(false),
                None => self.wrong(key, "boolean", text),
            },
            Kind::Array => self.array(key, text),
            _ if text.is_empty() => Typed::Unset,
            Kind::Number => match types::parse_number(text) {
                Some(value) => Typed::Number(value),
                None => self.wrong(key, "number", text),
            },
            Kind::Size => match types::parse_size(text) {
                Some(value) => Typed::Size(value),
                None => self.wrong(key, "size", text),
            },
            Kind::Text => Typed::Text(text.to_owned()),
            Kind::Json => self.json(key, text),
        }
    }

    fn wrong(&mut self, key: &Key, what: &str, text: &str) -> Typed {
        self.findings.error(key.name, format!("{} is not a {what}: '{text}'", key.name));
        Typed::Unset
    }

    fn word(&mut self, key: &Key, words: &[&str], text: &str) -> Typed {
        if words.contains(&text) {
            return Typed::Text(text.to_owned());
        }
        let shown = if text.is_empty() { "nil" } else { text };
        self.findings.error(key.name, invalid_value(key.name, shown, words));
        Typed::Unset
    }

    fn listen(&mut self, key: &Key, text: &str) -> Typed {
        let Some(addresses) = listen::parse(text) else {
            self.findings.error(key.name, listen::form_message(key.name));
            return Typed::Unset;
        };
        for flag in addresses.iter().flat_map(|address| &address.ignored) {
            let message = format!("{}: the flag {flag} has no effect in kong-sso", key.name);
            match flag == "proxy_protocol" && key.is_own() {
                true => self.findings.warn(key.name, message),
                false => self.findings.note(key.name, message),
            }
        }
        Typed::Listen(addresses)
    }

    fn array(&mut self, key: &'static Key, text: &str) -> Typed {
        let mut items = types::parse_array(text);
        for (index, item) in items.iter_mut().enumerate() {
            if vault::is_reference(item)
                && let Some(secret) = self.resolve(key, item, &format!("{}[{}]", key.name, index + 1))
            {
                *item = secret;
            }
        }
        Typed::List(items)
    }

    fn json(&mut self, key: &'static Key, text: &str) -> Typed {
        let parsed = serde_json::from_str::<Value>(text).or_else(|error| match types::without_trailing_commas(text) {
            Some(cleaned) => serde_json::from_str(&cleaned).inspect(|_| {
                let message = format!("{}: a comma before a closing bracket is no JSON; Kong refuses it", key.name);
                self.findings.warn_strict(key.name, message);
            }),
            None => Err(error),
        });
        match parsed {
            Ok(mut value) => {
                self.resolve_leaves(key, &mut value, key.name);
                Typed::Json(value)
            }
            Err(error) => {
                self.findings.error(key.name, format!("{} is not valid JSON: {error}", key.name));
                Typed::Unset
            }
        }
    }

    /// Replaces string leaves that are references by their secrets.
    fn resolve_leaves(&mut self, key: &'static Key, value: &mut Value, place: &str) {
        match value {
            Value::String(text) if vault::is_reference(text) => {
                if let Some(secret) = self.resolve(key, text, place) {
                    *text = secret;
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.resolve_leaves(key, item, &format!("{place}[{}]", index + 1));
                }
            }
            Value::Object(members) => {
                for (name, member) in members.iter_mut() {
                    self.resolve_leaves(key, member, &format!("{place}.{name}"));
                }
            }
            _ => {}
        }
    }

    /// The secret, or a finding: an error at start, a warning on `check`.
    fn resolve(&mut self, key: &'static Key, reference: &str, place: &str) -> Option<String> {
        let error = match self.vaults.resolve(reference) {
            Ok(secret) => return Some(secret),
            Err(error) => error,
        };
        let message = format!("failed to dereference '{reference}': {error} for config option '{place}'");
        match self.mode {
            LoadMode::Start => self.findings.error(key.name, message),
            LoadMode::Check => self.findings.warn_strict(key.name, message),
        }
        self.unresolved.push(key.name);
        None
    }
}

/// The message about a word that is not among the allowed ones.
pub(super) fn invalid_value(key: &str, shown: &str, words: &[&str]) -> String {
    format!("{key} has an invalid value: '{shown}' ({})", words.join(", "))
}

#[cfg(test)]
mod tests;
