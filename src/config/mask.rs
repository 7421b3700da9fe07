//! How a value is shown to people: secrets as `******`, vault references as themselves (kong-manager.md 1.4).

use serde_json::Value;

use super::keys::{self, EffectiveKey, Kind, TABLE};
use super::sources::{Merged, Raw, Source};
use super::vault;

/// What stands for a secret.
const MASK: &str = "******";

/// Every key of the table and every other key that was set, by name, ready to show.
pub(super) fn effective(merged: &Merged) -> Vec<EffectiveKey> {
    let defaults = TABLE.iter().filter(|key| !merged.contains_key(key.name)).map(|key| EffectiveKey {
        name: key.name.to_owned(),
        shown_value: (!key.default.is_empty()).then(|| key.default.to_owned()),
        source: Source::Default,
    });
    let mut all: Vec<EffectiveKey> = merged.iter().map(|(name, raw)| shown(name, raw)).chain(defaults).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

fn shown(name: &str, raw: &Raw) -> EffectiveKey {
    let shown_value = (!raw.text.is_empty()).then(|| show(name, &raw.text));
    EffectiveKey { name: name.to_owned(), shown_value, source: raw.source.clone() }
}

fn show(name: &str, text: &str) -> String {
    if vault::is_reference(text) {
        return text.to_owned();
    }
    match keys::find(name) {
        Some(key) if key.kind == Kind::Json => show_json(name, text),
        // A mistyped name may hold anything.
        None if !keys::is_known(name) => MASK.to_owned(),
        _ if keys::is_sensitive_name(name) => MASK.to_owned(),
        Some(_) if text.contains("-----BEGIN") => MASK.to_owned(),
        _ => without_url_password(text),
    }
}

fn show_json(name: &str, text: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(text) else { return MASK.to_owned() };
    // Headers towards Kong are credentials as a rule.
    mask_member(&mut value, name == "sso_upstream_admin_headers");
    value.to_string()
}

/// Masks the strings of sensitive members; everything below a sensitive name is sensitive.
fn mask_member(value: &mut Value, is_sensitive: bool) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                mask_member(member, is_sensitive || is_sensitive_member(name));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask_member(item, is_sensitive)),
        Value::String(text) if vault::is_reference(text) => {}
        Value::String(text) if !is_sensitive => *text = without_url_password(text),
        Value::Null => {}
        _ if is_sensitive => *value = Value::String(MASK.to_owned()),
        _ => {}
    }
}

fn is_sensitive_member(name: &str) -> bool {
    let parts = ["secret", "password", "client_jwk", "_authorization", "salt", "_values"];
    parts.iter().any(|part| name.contains(part))
}

/// A URL's password is a secret wherever it stands.
fn without_url_password(text: &str) -> String {
    match url::Url::parse(text) {
        Ok(url) if url.password().is_some() => MASK.to_owned(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn km_021_secrets_are_masked_and_references_are_not() {
        assert_eq!(show("pg_password", "hush"), MASK);
        assert_eq!(show("pg_password", "{vault://env/pg}"), "{vault://env/pg}");
        assert_eq!(show("pg_pasword", "hush"), MASK);
        assert_eq!(show("admin_gui_url", "https://a:hush@b"), MASK);
        assert_eq!(show("log_level", "warn"), "warn");
        let conf = r#"{"client_secret":["hush","{vault://env/a}"],"session_secret":"hush","issuer":"https://a","redis":{"password":"hush"}}"#;
        let shown = show("admin_gui_auth_conf", conf);
        assert!(!shown.contains("hush") && shown.contains("https://a") && shown.contains("{vault://env/a}"), "{shown}");
        assert!(!show("sso_upstream_admin_headers", r#"{"apikey":"hush"}"#).contains("hush"));
        assert_eq!(show("admin_gui_auth_conf", "{\"client_secret\": hush"), MASK);
    }
}
