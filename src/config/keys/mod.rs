//! The table of settings: one row a key. The loader, `config dump`, `kong.conf.example` and the manual's table all read it.

mod table;

use super::sources::Source;
pub use table::TABLE;

/// Names of every key of Kong 3.15, sorted; most of them mean nothing to kong-sso.
const KONG_KEYS: &str = include_str!("../kong_keys.txt");
/// Prefixes below which Kong accepts any name.
const OPEN_FAMILIES: [&str; 3] = ["nginx_", "vault_", "pluginserver_"];
/// Prefixes and names of older or later versions of Kong.
const OTHER_FAMILIES: [&str; 8] =
    ["vitals_", "cassandra_", "wasm_", "license_", "konnect_", "cluster_", "keyring_", "analytics_"];
const OTHER_NAMES: [&str; 5] =
    ["vitals", "wasm", "stream_proxy_ssl_enabled", "legacy_worker_events", "privileged_agent"];

/// How the text of a key is read (kong-manager.md 1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `on` or `off`.
    Bool,
    /// A number.
    Number,
    /// Text as it stands.
    Text,
    /// Comma-separated items.
    Array,
    /// One of a few words.
    Enum(&'static [&'static str]),
    /// A JSON value.
    Json,
    /// Addresses in Kong's listen syntax, or `off`.
    Listen,
    /// A number of bytes with an optional unit `k`, `m` or `g`.
    Size,
}

impl Kind {
    /// The word for people: in error messages and in the manual.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "boolean",
            Self::Number => "number",
            Self::Text => "string",
            Self::Array => "array",
            Self::Enum(_) => "enum",
            Self::Json => "json",
            Self::Listen => "listen",
            Self::Size => "size",
        }
    }
}

/// What happens to a key in this release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It does what its row says.
    Yes,
    /// It is checked and then ignored: Kong's own business, or a later release's.
    No,
}

/// The chapter of the example file and of the manual's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// General.
    General,
    /// Listeners of kong-sso.
    Listeners,
    /// The Kong behind it.
    Upstream,
    /// Kong Manager's public face.
    Manager,
    /// Sign-in.
    SignIn,
    /// The OpenID Connect gateway.
    Gateway,
    /// Applications of developers.
    Applications,
    /// The developer portal.
    Portal,
    /// Roles and rights.
    Rbac,
    /// Audit log.
    Audit,
    /// The store.
    Database,
    /// Networks and TLS.
    Network,
    /// Mail.
    Mail,
    /// Vault references.
    Vaults,
}

impl Theme {
    /// All themes in the order of the example file.
    pub const ALL: [Self; 14] = [
        Self::General,
        Self::Listeners,
        Self::Upstream,
        Self::Manager,
        Self::SignIn,
        Self::Gateway,
        Self::Applications,
        Self::Portal,
        Self::Rbac,
        Self::Audit,
        Self::Database,
        Self::Network,
        Self::Mail,
        Self::Vaults,
    ];

    /// Heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::General => "General",
            Self::Listeners => "Listeners",
            Self::Upstream => "The Kong behind kong-sso",
            Self::Manager => "Kong Manager",
            Self::SignIn => "Sign-in",
            Self::Gateway => "OpenID Connect gateway",
            Self::Applications => "Applications of developers",
            Self::Portal => "Developer portal",
            Self::Rbac => "Roles and rights",
            Self::Audit => "Audit log",
            Self::Database => "Database",
            Self::Network => "Networks and TLS",
            Self::Mail => "Mail",
            Self::Vaults => "Vault references",
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Name as in the file; `KONG_` and upper case make the environment variable.
    pub name: &'static str,
    /// Type.
    pub kind: Kind,
    /// Default as text of the file; empty = unset.
    pub default: &'static str,
    /// 1 = first release, 2 = later, 3 = accepted only.
    pub tier: u8,
    /// Chapter.
    pub theme: Theme,
    /// Whether it does anything yet.
    pub used: Use,
    /// One sentence.
    pub meaning: &'static str,
}

impl Key {
    /// Whether the value is never shown.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        is_sensitive_name(self.name)
    }

    /// Whether the key is kong-sso's own: Kong does not know it.
    #[must_use]
    pub fn is_own(&self) -> bool {
        !is_kong_key(self.name)
    }
}

/// Whether a key of this name holds a secret; errs on the side of hiding.
#[must_use]
pub fn is_sensitive_name(name: &str) -> bool {
    const PARTS: [&str; 5] = ["password", "secret", "token", "_key", "proxy_server"];
    const OPEN: [&str; 8] = [
        "portal_auth_password_complexity",
        "portal_token_exp",
        "proxy_server_ssl_verify",
        "admin_gui_auth_password_complexity",
        "admin_gui_auth_change_password_attempts",
        "admin_gui_auth_change_password_ttl",
        "request_debug_token_ttl",
        "vaults_lazy_load_secrets",
    ];
    PARTS.iter().any(|part| name.contains(part)) && !OPEN.contains(&name)
}

/// The row of `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Key> {
    TABLE.iter().find(|key| key.name == name)
}

/// Whether kong-sso or Kong knows the key.
#[must_use]
pub fn is_known(name: &str) -> bool {
    find(name).is_some()
        || is_kong_key(name)
        || is_open_family(name)
        || OTHER_NAMES.contains(&name)
        || OTHER_FAMILIES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether Kong accepts any name that begins so.
#[must_use]
pub fn is_open_family(name: &str) -> bool {
    OPEN_FAMILIES.iter().any(|prefix| name.starts_with(prefix))
}

fn is_kong_key(name: &str) -> bool {
    kong_keys().any(|key| key == name)
}

fn kong_keys() -> impl Iterator<Item = &'static str> {
    KONG_KEYS.lines()
}

/// The known key nearest to `name`, at most two edits away.
#[must_use]
pub fn suggestion(name: &str) -> Option<&'static str> {
    let names = TABLE.iter().map(|key| key.name).chain(kong_keys());
    nearest(name, names)
}

/// The candidate nearest to `name`, at most two edits away; the first of several.
pub(super) fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    candidates
        .map(|candidate| (strsim::osa_distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= 2)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The warning about an unknown key; `what` says where it stood.
pub(super) fn unknown_message(what: &str, shown: &str, name: &str) -> String {
    match suggestion(name) {
        Some(key) => format!("unknown {what} '{shown}' (did you mean '{key}'?)"),
        None => format!("unknown {what} '{shown}'"),
    }
}

/// A key as `config dump` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveKey {
    /// Name.
    pub name: String,
    /// Text with secrets masked; a vault reference is shown as such. `None` = unset.
    pub shown_value: Option<String>,
    /// Where it came from.
    pub source: Source,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_unique_and_complete() {
        for (index, key) in TABLE.iter().enumerate() {
            assert!(TABLE.iter().skip(index + 1).all(|other| other.name != key.name), "{} twice", key.name);
            assert!((1..=3).contains(&key.tier) && key.meaning.ends_with('.'), "{}", key.name);
            let ours = ["sso_", "portal", "oidc_"].into_iter().any(|start| key.name.starts_with(start));
            let known_elsewhere = ["admin_require_verified_email"].contains(&key.name);
            assert_eq!(key.is_own(), ours || known_elsewhere, "{}", key.name);
        }
    }

    #[test]
    fn kong_keys_are_known_and_typing_errors_get_a_suggestion() {
        assert!(
            is_known("upstream_keepalive_pool_size") && is_known("nginx_http_anything") && !is_known("admin_gui_atuh")
        );
        assert_eq!(suggestion("admin_gui_atuh"), Some("admin_gui_auth"));
        assert_eq!(suggestion("entirely_different"), None);
    }

    #[test]
    fn secrets_are_recognised_by_name() {
        let secret = ["pg_password", "pg_ro_password", "proxy_server", "admin_ssl_cert_key", "sso_encryption_key"];
        assert!(secret.into_iter().all(is_sensitive_name));
        assert!(!["pg_user", "prefix", "proxy_server_ssl_verify"].into_iter().any(is_sensitive_name));
    }
}
