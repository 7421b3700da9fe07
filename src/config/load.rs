//! Runs the steps of loading and collects what they say. The only entrance of the configuration for the rest.

use std::path::{Path, PathBuf};

use super::build;
use super::file::{self, ParsedFile};
use super::finding::{Finding, Findings};
use super::keys::{self, EffectiveKey, Kind};
use super::mask;
use super::settings::Settings;
use super::sources::{self, Merged, Source};
use super::values::Values;
use super::vault::{self, VaultSource, Vaults};

/// Where a settings file is looked for, in order (kong-manager.md 1.1).
const IMPLICIT_PATHS: [&str; 3] = ["/etc/kong-sso/kong-sso.conf", "/etc/kong/kong.conf", "/etc/kong.conf"];
/// The file that Kong's `check` means without an argument.
pub const DEFAULT_PATH: &str = "/etc/kong/kong.conf";

/// What an unresolved vault reference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadMode {
    /// An error: the value is needed now.
    Start,
    /// A warning.
    Check,
}

/// Where to look for settings.
#[derive(Clone)]
pub struct LoadOptions {
    /// `-c PATH`; `None` = the usual places.
    pub conf: Option<PathBuf>,
    /// `--set key=value`, in order.
    pub overrides: Vec<(String, String)>,
    /// The process's environment.
    pub environment: Vec<(String, String)>,
    /// Start or check.
    pub mode: LoadMode,
}

impl LoadOptions {
    /// Options with this process's environment; variables that are not UTF-8 are left out.
    #[must_use]
    pub fn from_process(conf: Option<PathBuf>, overrides: Vec<(String, String)>, mode: LoadMode) -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self { conf, overrides, environment: std::env::vars_os().filter_map(text).collect(), mode }
    }
}

/// A usable configuration.
#[derive(Debug)]
pub struct Loaded {
    /// Typed settings.
    pub settings: Settings,
    /// Every key with its masked value and source, by name.
    pub effective: Vec<EffectiveKey>,
    /// What somebody should know.
    pub warnings: Vec<Finding>,
    /// What is worth a line at debug level.
    pub notes: Vec<Finding>,
    /// The file that was read.
    pub path: Option<PathBuf>,
}

/// A configuration that cannot be used.
#[derive(Debug)]
pub struct LoadFailure {
    /// Every reason.
    pub errors: Vec<Finding>,
    /// What else somebody should know.
    pub warnings: Vec<Finding>,
}

/// Reads file, environment and command line into settings.
///
/// # Errors
/// All errors at once: no such file, broken lines, wrong values, missing secrets.
pub fn load(options: &LoadOptions) -> Result<Loaded, LoadFailure> {
    let path = find_file(options)?;
    let text = read_file(path.as_deref())?;
    Ok(Loaded { path, ..load_text(&text, options)? })
}

/// Like [`load`], with `text` in place of a file's.
///
/// # Errors
/// All errors at once: broken lines, wrong values, missing secrets.
pub fn load_text(text: &str, options: &LoadOptions) -> Result<Loaded, LoadFailure> {
    let ParsedFile { entries, mut findings } = file::parse(text);
    let merged = sources::merge(entries, &options.environment, &options.overrides, &mut findings);
    report_unknown(&merged, &mut findings);
    let plain = |name: &str| merged.get(name).map(|raw| raw.text.clone()).unwrap_or_default();
    let vaults = Vaults {
        environment: &options.environment,
        env_prefix: plain("vault_env_prefix"),
        file_prefix: plain("vault_fs_prefix"),
    };
    let values = Values::read(&merged, &vaults, options.mode, &mut findings);
    let mut settings = build::settings(&values, &mut findings);
    if let Some(settings) = &mut settings {
        settings.gateway.surroundings.vaults = VaultSource::from(&vaults);
        settings.portal.vaults = settings.gateway.surroundings.vaults.clone();
        build::check_declared(&settings.gateway, options.mode, &mut findings);
    }
    locate(&merged, &mut findings);
    let Findings { errors, warnings, notes } = findings;
    match settings {
        Some(settings) if errors.is_empty() => {
            Ok(Loaded { settings, effective: mask::effective(&merged), warnings, notes, path: None })
        }
        _ => Err(LoadFailure { errors, warnings }),
    }
}

fn find_file(options: &LoadOptions) -> Result<Option<PathBuf>, LoadFailure> {
    match &options.conf {
        Some(path) if path.is_file() => Ok(Some(path.clone())),
        Some(path) => Err(no_file(path)),
        None => Ok(IMPLICIT_PATHS.iter().map(PathBuf::from).find(|path| path.is_file())),
    }
}

/// The failure `no file at: PATH`.
#[must_use]
pub fn no_file(path: &Path) -> LoadFailure {
    fatal(format!("no file at: {}", path.display()))
}

fn fatal(message: String) -> LoadFailure {
    LoadFailure { errors: vec![Finding { key: None, message, line: None, strict: false }], warnings: Vec::new() }
}

fn read_file(path: Option<&Path>) -> Result<String, LoadFailure> {
    let Some(path) = path else { return Ok(String::new()) };
    let bytes = std::fs::read(path).map_err(|error| fatal(format!("cannot read {}: {error}", path.display())))?;
    String::from_utf8(bytes).map_err(|_| fatal(format!("{} is not UTF-8 text", path.display())))
}

/// Keys that neither kong-sso nor Kong knows get a suggestion; Kong's own that mean nothing here a note.
fn report_unknown(merged: &Merged, findings: &mut Findings) {
    for (name, raw) in merged {
        if !keys::is_known(name) {
            findings.warn_strict(name, keys::unknown_message("key", name, name));
        } else if keys::find(name).is_none() {
            findings.note(name, format!("{name} is Kong's own: kong-sso does not read it"));
        }
        if has_embedded_reference(name, &raw.text) {
            findings.warn(name, format!("{name}: a vault reference must be the whole value; this one stays as it is"));
        }
    }
}

/// Whether a reference stands inside other text, where it is not resolved. Lists and JSON have their own rules.
fn has_embedded_reference(name: &str, text: &str) -> bool {
    let is_composite = keys::find(name).is_none_or(|key| matches!(key.kind, Kind::Json | Kind::Array));
    !is_composite && text.contains("{vault://") && !vault::is_reference(text)
}

/// Fills in the lines of findings about keys that were set in the file.
fn locate(merged: &Merged, findings: &mut Findings) {
    let line_of = |key: &str| match merged.get(key).map(|raw| &raw.source) {
        Some(Source::File(line)) => Some(*line),
        _ => None,
    };
    for finding in findings.errors.iter_mut().chain(&mut findings.warnings) {
        finding.line = finding.line.or_else(|| finding.key.as_deref().and_then(line_of));
    }
}

#[cfg(test)]
mod tests;
