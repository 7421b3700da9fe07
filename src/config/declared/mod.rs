//! The declared gateway: a decK-style file of services, routes, consumers and plugins (`sso_proxy_config`). Reading it gives
//! everything typed, or every problem with its place. Called by `services::gateway` at start and whenever the file changes,
//! and by `check`.
//!
//! ```text
//! YAML or JSON text --yaml--> one JSON value --reader--> objects at places --services, consumers, plugins--> Declared
//! ```

mod consumers;
mod document;
mod plugins;
mod reader;
mod routes;
mod services;
#[cfg(test)]
mod tests;
mod yaml;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;

use super::vault::Vaults;
use crate::domain::consumer::Consumer;
use crate::domain::routing::RouteRule;

use super::plugin::OpenIdConnectConf;
use super::vault::VaultSource;

pub use reader::Problem;

/// Largest file, bytes.
pub const LARGEST_FILE: usize = 16 << 20;

/// A whole file.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// Services that are enabled.
    pub services: Vec<Service>,
    /// Their routes, in the order of declaration.
    pub routes: Vec<Route>,
    /// Consumers.
    pub consumers: Vec<DeclaredConsumer>,
    /// Names of consumer groups.
    pub consumer_groups: Vec<String>,
    /// Plugins for everything.
    pub plugins: Vec<Plugin>,
    /// What works and somebody should know all the same.
    pub warnings: Vec<Problem>,
}

/// An upstream.
#[derive(Clone, Debug)]
pub struct Service {
    /// `id`, or one made of the name.
    pub id: String,
    /// `name`, or the id.
    pub name: String,
    /// `protocol` is `https`.
    pub is_tls: bool,
    /// `host`.
    pub host: String,
    /// `port`.
    pub port: u16,
    /// `path`; `/` when unset.
    pub path: String,
    /// `connect_timeout`.
    pub connect_timeout: Duration,
    /// `write_timeout`: between two writes.
    pub write_timeout: Duration,
    /// `read_timeout`: between two reads.
    pub read_timeout: Duration,
    /// Plugins for its routes.
    pub plugins: Vec<Plugin>,
}

/// A way to a service.
#[derive(Clone, Debug)]
pub struct Route {
    /// `id`, or one made of the name or the place.
    pub id: String,
    /// `name`, or the id.
    pub name: String,
    /// Index of its service.
    pub service: usize,
    /// What it asks of a request.
    pub rule: RouteRule,
    /// `protocols` has no clear-text one.
    pub needs_tls: bool,
    /// `https_redirect_status_code`.
    pub https_redirect_status: u16,
    /// `strip_path`.
    pub strip_path: bool,
    /// `preserve_host`.
    pub preserve_host: bool,
    /// Plugins for this route only.
    pub plugins: Vec<Plugin>,
}

/// A consumer with its credentials.
#[derive(Clone, Debug)]
pub struct DeclaredConsumer {
    /// Who.
    pub consumer: Consumer,
    /// `keyauth_credentials`.
    pub keys: Vec<ApiKey>,
}

/// A key of the `key-auth` plugin.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// `id`, or one made of the key.
    pub id: String,
    /// `key`.
    pub key: SecretString,
}

/// An enabled plugin.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// Where it stands in the file, for messages and logs.
    pub place: String,
    /// What it does.
    pub conf: PluginConf,
}

/// The plugins that kong-sso runs.
#[derive(Clone, Debug)]
pub enum PluginConf {
    /// `openid-connect`
    OpenIdConnect(OidcPlugin),
    /// `key-auth`
    KeyAuth(KeyAuthConf),
    /// `acl`
    Acl(AclConf),
}

impl PluginConf {
    /// The plugin's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OpenIdConnect(_) => "openid-connect",
            Self::KeyAuth(_) => "key-auth",
            Self::Acl(_) => "acl",
        }
    }
}

/// An `openid-connect` plugin.
#[derive(Clone, Debug)]
pub struct OidcPlugin {
    /// Its configuration.
    pub conf: Arc<OpenIdConnectConf>,
    /// A hash of all that was written, secrets included: equal ones are the same configuration.
    pub fingerprint: [u8; 32],
}

/// What a file is read in.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Where references are resolved.
    pub vaults: VaultSource,
    /// `tls_certificate_verify`: whether verification of certificates cannot be switched off.
    pub forbid_unverified: bool,
}

/// Configuration of `key-auth`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAuthConf {
    /// `key_names`.
    pub key_names: Vec<String>,
    /// `key_in_header`.
    pub in_header: bool,
    /// `key_in_query`.
    pub in_query: bool,
    /// `hide_credentials`.
    pub hide_credentials: bool,
    /// `anonymous`: id or username.
    pub anonymous: Option<String>,
    /// `realm`.
    pub realm: Option<String>,
    /// `run_on_preflight`.
    pub run_on_preflight: bool,
}

/// Configuration of `acl`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclConf {
    /// `allow` when `true`, `deny` otherwise.
    pub is_allow: bool,
    /// The groups.
    pub groups: Vec<String>,
    /// `hide_groups_header`.
    pub hide_groups_header: bool,
    /// `always_use_authenticated_groups`.
    pub always_authenticated_groups: bool,
    /// `include_consumer_groups`.
    pub include_consumer_groups: bool,
}

/// Reads a file.
///
/// # Errors
/// It cannot be read, or what [`parse`] finds.
pub fn load(path: &Path, surroundings: &Surroundings) -> Result<Declared, Vec<Problem>> {
    parse(&yaml::read_file(path)?, surroundings)
}

/// Reads a text.
///
/// # Errors
/// Every problem with its place.
pub fn parse(text: &str, surroundings: &Surroundings) -> Result<Declared, Vec<Problem>> {
    let value = yaml::parse(text)?;
    document::read(&value, &surroundings.vaults.vaults(), surroundings.forbid_unverified)
}

/// Resolves references in a value's texts.
fn resolved(value: &Value, vaults: &Vaults<'_>, place: &str, problems: &reader::Problems) -> Value {
    match value {
        Value::String(text) => Value::String(vault_text(text, vaults, place, problems)),
        Value::Array(items) => {
            let item = |(index, item)| resolved(item, vaults, &format!("{place}[{index}]"), problems);
            Value::Array(items.iter().enumerate().map(item).collect())
        }
        Value::Object(members) => {
            let member = |(name, member): (&String, &Value)| {
                (name.clone(), resolved(member, vaults, &format!("{place}.{name}"), problems))
            };
            Value::Object(members.iter().map(member).collect())
        }
        other => other.clone(),
    }
}

/// The text, or the secret that it refers to.
fn vault_text(text: &str, vaults: &Vaults<'_>, place: &str, problems: &reader::Problems) -> String {
    if text.contains("${{") {
        problems.add(place, "holds a decK template, which is not expanded here: use {vault://env/NAME}");
    }
    if !super::vault::is_reference(text) {
        return text.to_owned();
    }
    vaults.resolve(text).unwrap_or_else(|error| {
        problems.add_unresolved(place, format!("failed to dereference '{text}': {error}"));
        String::new()
    })
}
