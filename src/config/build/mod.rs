//! Typed values to [`Settings`]: defaults that depend on other keys, rules across keys, refusals.
//!
//! Each section is built whatever the others say, so that all errors are reported together.

mod checks;
mod faces;
mod gateway;
mod network;
mod portal;
mod portal_gateway;
mod store;

pub(super) use gateway::check_declared;

use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

use super::auth_conf::AdminAuthConf;
use super::auth_conf::parse as auth_conf;
use super::finding::Findings;
use super::settings::{
    AuditSettings, EnforceRbac, LogFormat, LogLevel, LoginSettings, ManualRoles, RbacSettings, RootRead, Settings,
    Unmapped,
};
use super::types;
use super::values::{Values, invalid_value};
use super::vault;

/// Shortest `sso_encryption_key` and `session_secret`, in characters.
pub(in crate::config) const MIN_SECRET: usize = 32;

/// Settings, or `None` when a required part is wrong; the reasons are among the findings.
pub(super) fn settings(values: &Values, findings: &mut Findings) -> Option<Settings> {
    let mut builder = Builder { values, findings };
    builder.check_values();
    let prefix = PathBuf::from(values.text("prefix").unwrap_or("/var/lib/kong-sso"));
    let listeners = builder.listeners();
    let gui = builder.gui();
    let upstream = builder.upstream();
    let rbac = builder.rbac();
    let admin_auth = builder.admin_auth();
    let gateway = builder.gateway();
    let portal_gateway = builder.portal_gateway();
    let portal = builder.portal();
    let mail = builder.mail();
    let audit = builder.audit();
    let database = builder.database(&prefix);
    let encryption_key = builder.encryption_key();
    let trusted_proxies = builder.trusted_proxies();
    let egress = builder.egress();
    let settings = Settings {
        prefix,
        log_level: log_level(values.text("log_level")),
        log_format: if values.text("sso_log_format") == Some("json") { LogFormat::Json } else { LogFormat::Text },
        listeners,
        gui: gui?,
        upstream: upstream?,
        rbac,
        admin_auth,
        login: login(values),
        gateway,
        portal_gateway,
        portal,
        mail,
        audit,
        database: database?,
        encryption_key,
        previous_session_secrets: values.list("sso_session_secrets_previous").iter().cloned().map(Into::into).collect(),
        trusted_proxies,
        egress,
        allow_insecure: values.bool("sso_allow_insecure"),
    };
    builder.check_together(&settings);
    Some(settings)
}

/// Values to read from and findings to add to.
struct Builder<'b> {
    values: &'b Values,
    findings: &'b mut Findings,
}

impl Builder<'_> {
    fn error(&mut self, key: &str, message: impl Into<String>) {
        self.findings.error(key, message);
    }

    /// An absolute `http` or `https` URL; anything else is an error.
    fn url(&mut self, key: &str, text: &str) -> Option<Url> {
        let url = http_url(text);
        if url.is_none() {
            self.error(key, format!("{key} is not an http or https URL"));
        }
        url
    }

    /// A whole number that is not negative; unset and wrong give `None`, wrong an error too.
    fn whole(&mut self, key: &str) -> Option<u64> {
        let value = self.values.number(key)?;
        let whole = types::whole(value);
        if whole.is_none() {
            self.error(key, format!("{key} must be a whole number of at least 0"));
        }
        whole
    }

    fn seconds(&mut self, key: &str) -> i64 {
        self.whole(key).map_or(0, |seconds| i64::try_from(seconds).unwrap_or(i64::MAX))
    }

    fn rbac(&mut self) -> RbacSettings {
        let enforce = match self.values.text("enforce_rbac") {
            Some("on") => EnforceRbac::On,
            Some(word @ ("entity" | "both")) => {
                let message = format!(
                    "enforce_rbac = {word}: entity-level RBAC is not available in this release; use enforce_rbac = on"
                );
                self.error("enforce_rbac", message);
                EnforceRbac::On
            }
            _ => EnforceRbac::Off,
        };
        let root_read = match self.values.text("sso_rbac_root_read") {
            Some("full") => RootRead::Full,
            Some("deny") => RootRead::Deny,
            _ => RootRead::Redacted,
        };
        RbacSettings {
            enforce,
            auth_header: self.header_name("rbac_auth_header", "kong-admin-token"),
            user_header: self.header_name("admin_gui_auth_header", "kong-admin-user"),
            root_read,
            idp_role_max_age: self.seconds("sso_idp_role_max_age"),
        }
    }

    /// A header name in lower case.
    fn header_name(&mut self, key: &str, default: &str) -> String {
        let name = self.values.text(key).unwrap_or(default).to_ascii_lowercase();
        if !is_header_name(&name) {
            self.error(key, format!("{key} is not a header name: '{name}'"));
        }
        name
    }

    fn admin_auth(&mut self) -> Option<AdminAuthConf> {
        const KEY: &str = "admin_gui_auth";
        match self.values.text(KEY)? {
            "openid-connect" => {}
            "basic-auth" => {
                self.error(KEY, "admin_gui_auth = basic-auth is not available in this release");
                return None;
            }
            "ldap-auth-advanced" => {
                self.error(KEY, "admin_gui_auth = ldap-auth-advanced is not supported by kong-sso");
                return None;
            }
            other => {
                if !self.values.is_unresolved(KEY) {
                    let words = ["basic-auth", "openid-connect"];
                    self.error(KEY, invalid_value(KEY, other, &words));
                }
                return None;
            }
        }
        if self.values.is_given("admin_gui_session_conf") {
            let message = "admin_gui_session_conf is ignored: openid-connect has its own session_* members in admin_gui_auth_conf";
            self.findings.warn("admin_gui_session_conf", message);
        }
        match self.values.json(auth_conf::KEY) {
            Some(conf) => {
                let forbid_unverified = self.forbids_unverified();
                auth_conf::parse(conf, forbid_unverified, self.findings)
            }
            None => {
                if self.findings.errors.iter().all(|error| error.key.as_deref() != Some(auth_conf::KEY))
                    && !self.values.is_unresolved(auth_conf::KEY)
                {
                    let message = "admin_gui_auth_conf is required when admin_gui_auth = openid-connect";
                    self.error(auth_conf::KEY, message);
                }
                None
            }
        }
    }

    /// Whether `tls_certificate_verify` was set to `on`.
    fn forbids_unverified(&self) -> bool {
        self.values.is_given("tls_certificate_verify") && self.values.bool("tls_certificate_verify")
    }

    fn audit(&mut self) -> AuditSettings {
        const PATHS: &str = "audit_log_ignore_paths";
        let mut ignore_paths = Vec::new();
        for pattern in self.values.list(PATHS) {
            match regex::Regex::new(pattern) {
                Ok(regex) => ignore_paths.push(regex),
                Err(_) => self.error(PATHS, format!("{PATHS} has an invalid regular expression: '{pattern}'")),
            }
        }
        AuditSettings {
            enabled: self.values.bool("audit_log"),
            ignore_methods: self
                .values
                .list("audit_log_ignore_methods")
                .iter()
                .map(|m| m.to_ascii_uppercase())
                .collect(),
            ignore_paths,
            ignore_tables: self.values.list("audit_log_ignore_tables").to_vec(),
            record_ttl: self.seconds("audit_log_record_ttl"),
            payload_exclude: self.values.list("audit_log_payload_exclude").to_vec(),
            fail_closed: self.values.text("sso_audit_fail") != Some("open"),
            always: self.values.bool("sso_audit_always"),
        }
    }

    fn encryption_key(&mut self) -> Option<SecretString> {
        const KEY: &str = "sso_encryption_key";
        let text = self.values.text(KEY)?;
        if text.chars().count() < MIN_SECRET && !vault::is_reference(text) {
            self.error(KEY, format!("{KEY} must have at least {MIN_SECRET} characters"));
        }
        Some(SecretString::from(text))
    }
}

fn login(values: &Values) -> LoginSettings {
    let overwrite = values.text("sso_oidc_manual_roles") == Some("overwrite");
    let deny = values.text("sso_oidc_unmapped") == Some("deny");
    LoginSettings {
        manual_roles: if overwrite { ManualRoles::Overwrite } else { ManualRoles::Keep },
        unmapped: if deny { Unmapped::Deny } else { Unmapped::Login },
        direct_role_claims: values.bool("sso_direct_role_claims"),
        bootstrap_groups: values.list("sso_bootstrap_groups").to_vec(),
        super_admins: values.list("sso_super_admins").to_vec(),
        require_verified_email: values.bool("admin_require_verified_email"),
    }
}

fn log_level(word: Option<&str>) -> LogLevel {
    match word {
        Some("debug") => LogLevel::Debug,
        Some("info") => LogLevel::Info,
        Some("warn") => LogLevel::Warn,
        Some("error" | "crit" | "alert" | "emerg") => LogLevel::Error,
        _ => LogLevel::Notice,
    }
}

/// An absolute `http` or `https` URL. A reference that `check` left unresolved stands for one.
pub(in crate::config) fn http_url(text: &str) -> Option<Url> {
    if vault::is_reference(text) {
        return Url::parse("http://unresolved.invalid/").ok();
    }
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Whether `name` is a token of RFC 9110 section 5.6.2.
pub(in crate::config) fn is_header_name(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token)
}
