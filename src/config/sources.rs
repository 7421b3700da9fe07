//! Precedence: default < file < `KONG_*` < command line (kong-manager.md 1.3).

use std::collections::BTreeMap;
use std::fmt;

use super::file::Entry;
use super::finding::Findings;
use super::keys;

/// Prefix of environment variables that set a key.
const ENVIRONMENT_PREFIX: &str = "KONG_";
/// Old names and what replaced them.
const ALIASES: [(&str, &str); 1] = [("admin_api_uri", "admin_gui_api_url")];

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Built in.
    Default,
    /// The settings file, with the line.
    File(usize),
    /// An environment variable.
    Environment(String),
    /// `--set`.
    CommandLine,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(line) => write!(f, "file, line {line}"),
            Self::Environment(name) => write!(f, "environment, {name}"),
            Self::CommandLine => f.write_str("command line"),
        }
    }
}

/// Text of a key before it is parsed; empty means that the key is unset.
#[derive(Clone)]
pub(super) struct Raw {
    pub(super) text: String,
    pub(super) source: Source,
}

/// What was set, by key.
pub(super) type Merged = BTreeMap<String, Raw>;

/// Puts the sources over each other; also applies old names.
pub(super) fn merge(
    entries: Vec<Entry>,
    environment: &[(String, String)],
    overrides: &[(String, String)],
    findings: &mut Findings,
) -> Merged {
    let mut merged = Merged::new();
    for entry in entries {
        merged.insert(entry.key, Raw { text: entry.value, source: Source::File(entry.line) });
    }
    for (name, value) in environment {
        if let Some(key) = environment_key(name, findings) {
            let source = Source::Environment(name.clone());
            merged.insert(key, Raw { text: value.trim_ascii().to_owned(), source });
        }
    }
    for (key, value) in overrides {
        let raw = Raw { text: value.trim_ascii().to_owned(), source: Source::CommandLine };
        merged.insert(key.trim_ascii().replace('-', "_"), raw);
    }
    apply_aliases(&mut merged, findings);
    merged
}

/// The key that an environment variable sets: exact upper case, except in Kong's open families. Unknown ones set nothing.
fn environment_key(name: &str, findings: &mut Findings) -> Option<String> {
    let rest = name.get(..ENVIRONMENT_PREFIX.len()).filter(|start| start.eq_ignore_ascii_case(ENVIRONMENT_PREFIX))?;
    let key = name.get(rest.len()..)?.to_ascii_lowercase();
    if keys::is_open_family(&key) {
        return Some(key);
    }
    if name != name.to_ascii_uppercase() {
        return None;
    }
    if keys::is_known(&key) {
        return Some(key);
    }
    if key.starts_with("sso_") {
        findings.warn(&key, keys::unknown_message("environment variable", name, &key));
    }
    None
}

fn apply_aliases(merged: &mut Merged, findings: &mut Findings) {
    for (old, new) in ALIASES {
        let Some(raw) = merged.get(old).cloned() else { continue };
        let message = format!("the '{old}' configuration property is deprecated, use '{new}' instead");
        findings.warn(old, message);
        if merged.get(new).is_none_or(|current| current.text.is_empty()) {
            merged.insert(new.to_owned(), raw);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    fn entry(key: &str, value: &str) -> Entry {
        Entry { key: key.to_owned(), value: value.to_owned(), line: 1 }
    }

    #[test]
    fn km_002_environment_values_are_taken_literally() {
        let environment = [pair("KONG_PG_PASSWORD", "test##12##3#"), pair("KONG_PG_USER", "a\\#b")];
        let merged = merge(vec![], &environment, &[], &mut Findings::default());
        assert_eq!(merged["pg_password"].text, "test##12##3#");
        assert_eq!(merged["pg_user"].text, "a\\#b");
    }

    #[test]
    fn km_003_the_command_line_beats_the_environment_beats_the_file() {
        let file = || vec![entry("log_level", "debug")];
        let environment = [pair("KONG_LOG_LEVEL", "warn")];
        let both = merge(file(), &environment, &[pair("log_level", "error")], &mut Findings::default());
        assert_eq!(both["log_level"].text, "error");
        assert_eq!(merge(file(), &environment, &[], &mut Findings::default())["log_level"].text, "warn");
    }

    #[test]
    fn km_014_an_empty_variable_unsets_the_key() {
        let file = vec![entry("admin_gui_url", "http://a")];
        let merged = merge(file, &[pair("KONG_ADMIN_GUI_URL", "")], &[], &mut Findings::default());
        assert_eq!(merged["admin_gui_url"].text, "");
    }

    #[test]
    fn names_match_in_exact_case_except_in_open_families() {
        let environment = [pair("KONG_log_level", "x"), pair("Kong_Nginx_Http_A", "1"), pair("KONG_PASSWORD", "p")];
        let mut findings = Findings::default();
        let merged = merge(vec![], &environment, &[], &mut findings);
        assert_eq!(merged.keys().collect::<Vec<_>>(), ["nginx_http_a"]);
        assert!(findings.warnings.is_empty());
    }

    #[test]
    fn an_old_name_fills_its_replacement_only_when_that_is_unset() {
        let mut findings = Findings::default();
        let merged = merge(vec![entry("admin_api_uri", "http://old")], &[], &[], &mut findings);
        assert_eq!(merged["admin_gui_api_url"].text, "http://old");
        assert_eq!(
            findings.warnings[0].message,
            "the 'admin_api_uri' configuration property is deprecated, use 'admin_gui_api_url' instead"
        );
        let both = vec![entry("admin_api_uri", "http://old"), entry("admin_gui_api_url", "http://new")];
        assert_eq!(merge(both, &[], &[], &mut Findings::default())["admin_gui_api_url"].text, "http://new");
    }
}
