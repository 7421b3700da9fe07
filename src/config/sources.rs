//! Which source of a setting wins: file < environment `KONG_*` < command line (kong-manager.md 1.3).

use std::collections::BTreeMap;

use super::file::ConfFile;

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A line of the file.
    File(usize),
    /// The environment.
    Environment,
    /// `--set`.
    CommandLine,
}

/// A value and its source. `None` unsets the key: neither file nor default fills it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced {
    /// The text.
    pub value: Option<String>,
    /// Where it came from.
    pub source: Source,
}

/// Merges the sources. Values of environment and command line are taken letter by letter.
#[must_use]
pub fn merge(
    file: &ConfFile,
    environment: impl IntoIterator<Item = (String, String)>,
    overrides: &[(String, String)],
) -> BTreeMap<String, Sourced> {
    let mut merged = BTreeMap::new();
    let mut put = |key: String, value: &str, source| {
        let value = Some(value.to_owned()).filter(|value| !value.is_empty());
        merged.insert(key, Sourced { value, source });
    };
    for entry in &file.entries {
        put(entry.key.clone(), &entry.value, Source::File(entry.line));
    }
    for (name, value) in environment {
        let key = name.strip_prefix("KONG_").filter(|key| !key.contains(|c: char| c.is_ascii_lowercase()));
        if let Some(key) = key {
            put(key.to_ascii_lowercase(), &value, Source::Environment);
        }
    }
    for (key, value) in overrides {
        put(key.clone(), value, Source::CommandLine);
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(file: &str, environment: &[(&str, &str)], overrides: &[(&str, &str)], key: &str) -> Option<String> {
        let owned = |pairs: &[(&str, &str)]| -> Vec<_> {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        let merged = merge(&ConfFile::parse(file, |_| false), owned(environment), &owned(overrides));
        merged.get(key).and_then(|sourced| sourced.value.clone())
    }

    #[test]
    fn km_002_the_environment_is_taken_letter_by_letter() {
        for text in ["test##12##3#", "a\\#b"] {
            assert_eq!(value_of("", &[("KONG_PG_PASSWORD", text)], &[], "pg_password").as_deref(), Some(text));
        }
    }

    #[test]
    fn km_003_the_command_line_beats_the_environment_beats_the_file() {
        let (file, environment) = ("log_level = debug", [("KONG_LOG_LEVEL", "warn")]);
        assert_eq!(value_of(file, &environment, &[("log_level", "error")], "log_level").as_deref(), Some("error"));
        assert_eq!(value_of(file, &environment, &[], "log_level").as_deref(), Some("warn"));
        assert_eq!(value_of(file, &[], &[], "log_level").as_deref(), Some("debug"));
    }

    #[test]
    fn km_014_an_empty_variable_unsets_the_key_of_the_file() {
        assert_eq!(value_of("admin_gui_url = https://x", &[("KONG_ADMIN_GUI_URL", "")], &[], "admin_gui_url"), None);
    }
}
