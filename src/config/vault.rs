//! Vault references in values: `{vault://env/...}` and `{vault://file/...}` (kong-manager.md 1.6).

use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use serde_json::Value;
use thiserror::Error;

/// Largest secret file, bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// Why a reference gave no secret. Names the reference or the place, never content.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum VaultError {
    #[error("not a reference [{0}]")]
    NotAReference(String),
    #[error("reference url is missing host [{0}]")]
    MissingHost(String),
    #[error("reference url is missing path [{0}]")]
    MissingPath(String),
    #[error("reference url has empty path [{0}]")]
    EmptyPath(String),
    #[error("reference url has invalid version [{0}]")]
    InvalidVersion(String),
    #[error("the vault '{0}' is not available in this release (env, file and fs are)")]
    UnknownVault(String),
    #[error("the environment variable {0} is not set")]
    NoVariable(String),
    #[error("cannot read {}: {reason}", path.display())]
    File { path: PathBuf, reason: String },
    #[error("the secret is not a JSON object, so it has no member '{0}'")]
    NotAnObject(String),
    #[error("the secret has no text member '{0}'")]
    NoMember(String),
}

/// Whether the whole text is a reference.
pub(super) fn is_reference(text: &str) -> bool {
    text.starts_with("{vault://") && text.ends_with('}')
}

/// Where secrets come from: the process's environment and two prefixes.
pub(super) struct Vaults<'e> {
    pub(super) environment: &'e [(String, String)],
    /// `vault_env_prefix`.
    pub(super) env_prefix: String,
    /// `vault_fs_prefix`.
    pub(super) file_prefix: String,
}

/// The same, for whoever resolves references after the settings were loaded. `Debug` hides it.
#[derive(Clone, Default)]
pub struct VaultSource {
    environment: std::sync::Arc<[(String, String)]>,
    env_prefix: String,
    file_prefix: String,
}

impl VaultSource {
    /// The vaults.
    pub(super) fn vaults(&self) -> Vaults<'_> {
        let (env_prefix, file_prefix) = (self.env_prefix.clone(), self.file_prefix.clone());
        Vaults { environment: &self.environment, env_prefix, file_prefix }
    }
}

impl VaultSource {
    /// The secret that a reference names.
    ///
    /// # Errors
    /// A sentence without the secret.
    pub(super) fn resolve(&self, reference: &str) -> Result<String, String> {
        self.vaults().resolve(reference).map_err(|error| error.to_string())
    }
}

impl From<&Vaults<'_>> for VaultSource {
    fn from(vaults: &Vaults<'_>) -> Self {
        let (env_prefix, file_prefix) = (vaults.env_prefix.clone(), vaults.file_prefix.clone());
        Self { environment: vaults.environment.into(), env_prefix, file_prefix }
    }
}

impl std::fmt::Debug for VaultSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VaultSource(hidden)")
    }
}

impl Vaults<'_> {
    /// The secret that a reference names.
    ///
    /// # Errors
    /// The reference is malformed or there is no such secret.
    pub(super) fn resolve(&self, reference: &str) -> Result<String, VaultError> {
        let parsed = Reference::parse(reference)?;
        let secret = match parsed.vault.as_str() {
            "env" => self.variable(&parsed)?,
            "file" | "fs" => self.file(&parsed)?,
            other => return Err(VaultError::UnknownVault(other.to_owned())),
        };
        match parsed.key {
            Some(key) => member(&secret, key),
            None => Ok(secret),
        }
    }

    fn variable(&self, reference: &Reference) -> Result<String, VaultError> {
        let prefix = reference.prefix.as_deref().unwrap_or(&self.env_prefix);
        let mut name = format!("{prefix}{}", reference.resource).replace('-', "_").to_uppercase();
        if reference.version == Some(2) {
            name.push_str("_PREVIOUS");
        }
        let found = self.environment.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| value.clone()).ok_or(VaultError::NoVariable(name))
    }

    fn file(&self, reference: &Reference) -> Result<String, VaultError> {
        let prefix = reference.prefix.as_deref().unwrap_or(&self.file_prefix);
        let path = PathBuf::from(format!("{prefix}/{}", reference.resource));
        let failed = |reason: String| VaultError::File { path: path.clone(), reason };
        let size = std::fs::metadata(&path).map_err(|error| failed(error.to_string()))?.len();
        if size > MAX_FILE {
            return Err(failed("larger than 1 MiB".to_owned()));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| failed(error.to_string()))?;
        Ok(text.strip_suffix('\n').map_or(text.as_str(), |text| text.trim_end_matches('\r')).to_owned())
    }
}

/// A reference taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Reference {
    vault: String,
    resource: String,
    key: Option<String>,
    prefix: Option<String>,
    version: Option<u32>,
}

impl Reference {
    fn parse(text: &str) -> Result<Self, VaultError> {
        let inner = text.strip_prefix("{vault://").and_then(|rest| rest.strip_suffix('}'));
        let inner = inner.ok_or_else(|| VaultError::NotAReference(text.to_owned()))?;
        let (inner, version) = match inner.split_once('#') {
            Some((rest, version)) => {
                (rest, Some(version.parse().map_err(|_| VaultError::InvalidVersion(text.to_owned()))?))
            }
            None => (inner, None),
        };
        let (address, query) = inner.split_once('?').unwrap_or((inner, ""));
        let (vault, path) = address.split_once('/').map_or((address, None), |(vault, path)| (vault, Some(path)));
        if vault.is_empty() {
            return Err(VaultError::MissingHost(text.to_owned()));
        }
        let path = path.ok_or_else(|| VaultError::MissingPath(text.to_owned()))?;
        let (resource, key) = split_path(path);
        if resource.is_empty() {
            return Err(VaultError::EmptyPath(text.to_owned()));
        }
        Ok(Self { vault: decode(vault), resource, key, prefix: query_member(query, "prefix"), version })
    }
}

/// Resource and key: the last of several segments is the key, unless the path ends with a slash.
fn split_path(path: &str) -> (String, Option<String>) {
    let whole = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(decode).collect::<Vec<_>>().join("/");
    if path.ends_with('/') {
        return (whole(path), None);
    }
    match path.rsplit_once('/') {
        Some((resource, key)) if !whole(resource).is_empty() => (whole(resource), Some(decode(key))),
        _ => (whole(path), None),
    }
}

fn query_member(query: &str, name: &str) -> Option<String> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| decode(value))
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn member(secret: &str, key: String) -> Result<String, VaultError> {
    let Ok(Value::Object(members)) = serde_json::from_str(secret) else {
        return Err(VaultError::NotAnObject(key));
    };
    members.get(&key).and_then(crate::domain::claims::scalar_text).ok_or(VaultError::NoMember(key))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn resolve(reference: &str) -> Result<String, VaultError> {
        let environment =
            [("OIDC_SECRET", "s"), ("OIDC_SECRET_PREVIOUS", "old"), ("APP_JSON", "{\"a\":\"x\",\"n\":1}")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let vaults = Vaults { environment: &environment, env_prefix: String::new(), file_prefix: String::new() };
        vaults.resolve(reference)
    }

    #[test]
    fn km_015_environment_references_are_resolved() {
        assert_eq!(resolve("{vault://env/oidc-secret}").unwrap(), "s");
        assert_eq!(resolve("{vault://env/oidc-secret#2}").unwrap(), "old");
        assert_eq!(resolve("{vault://env/secret?prefix=oidc_}").unwrap(), "s");
        assert_eq!(resolve("{vault://env/app-json/a}").unwrap(), "x");
        assert_eq!(resolve("{vault://env/app-json/n}").unwrap(), "1");
        assert_eq!(resolve("{vault://env/nope}"), Err(VaultError::NoVariable("NOPE".into())));
        assert_eq!(resolve("{vault://env/oidc-secret/a}"), Err(VaultError::NotAnObject("a".into())));
    }

    #[test]
    fn malformed_references_are_told_apart() {
        let cases = [
            ("vault://env/a", "not a reference [vault://env/a]"),
            ("{vault:///a}", "reference url is missing host [{vault:///a}]"),
            ("{vault://env}", "reference url is missing path [{vault://env}]"),
            ("{vault://env/}", "reference url has empty path [{vault://env/}]"),
            ("{vault://env/a#x}", "reference url has invalid version [{vault://env/a#x}]"),
            ("{vault://hcv/a}", "the vault 'hcv' is not available in this release (env, file and fs are)"),
        ];
        for (reference, message) in cases {
            assert_eq!(resolve(reference).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn files_are_read_whole_or_by_member() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("plain"), "hush\n").unwrap();
        std::fs::write(folder.path().join("json"), "{\"k\":\"v\"}").unwrap();
        let base = folder.path().display();
        assert_eq!(resolve(&format!("{{vault://file{base}/plain/}}")).unwrap(), "hush");
        assert_eq!(resolve(&format!("{{vault://fs{base}/json/k}}")).unwrap(), "v");
        assert_eq!(resolve(&format!("{{vault://file/plain?prefix={base}}}")).unwrap(), "hush");
        assert!(matches!(resolve(&format!("{{vault://file{base}/none/}}")), Err(VaultError::File { .. })));
    }
}
