//! `kong-sso config dump`, and the texts that are printed from the tables of keys and parameters.

use std::process::ExitCode;

use serde_json::json;

use super::{Common, output};
use crate::config::keys::EffectiveKey;
use crate::config::{LoadMode, document, plugin};

/// Prints every key with its masked value and its source.
pub(super) fn run(common: &Common, as_json: bool) -> ExitCode {
    let loaded = match common.load_or_report(LoadMode::Check) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    match as_json {
        true => output::line(json_text(&loaded.effective)),
        false => loaded.effective.iter().for_each(|key| output::line(line(key))),
    }
    ExitCode::SUCCESS
}

/// Prints `kong.conf.example`.
pub(super) fn example() -> ExitCode {
    output::text(&document::example());
    ExitCode::SUCCESS
}

/// Prints the key tables of the manual.
pub(super) fn keys() -> ExitCode {
    output::text(&document::key_tables());
    ExitCode::SUCCESS
}

/// Prints `docs/openid-connect-parameters.md`.
pub(super) fn parameters() -> ExitCode {
    output::text(&plugin::document::parameters());
    ExitCode::SUCCESS
}

/// A line that a settings file can hold: hashes are escaped, what is unset is a comment.
fn line(key: &EffectiveKey) -> String {
    match &key.shown_value {
        Some(value) => format!("{} = {}  # {}", key.name, value.replace('#', "\\#").replace('\n', " "), key.source),
        None => format!("# {} =  # {}", key.name, key.source),
    }
}

fn json_text(keys: &[EffectiveKey]) -> String {
    let rows: Vec<_> = keys
        .iter()
        .map(|key| json!({"name": key.name, "value": key.shown_value, "source": key.source.to_string()}))
        .collect();
    serde_json::to_string_pretty(&rows).unwrap_or_default()
}
