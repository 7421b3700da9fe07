//! kong-sso's own store.

use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;

use super::Builder;
use crate::config::settings::{DatabaseSettings, PostgresSettings, PostgresTls};
use crate::config::values::invalid_value;

impl Builder<'_> {
    /// `sqlite`, `sqlite:PATH` (relative to `prefix`) or `postgres`.
    pub(super) fn database(&mut self, prefix: &Path) -> Option<DatabaseSettings> {
        const KEY: &str = "sso_database";
        match self.values.text(KEY).unwrap_or("sqlite") {
            "sqlite" => Some(DatabaseSettings::Sqlite(prefix.join("kong-sso.db"))),
            "postgres" => self.postgres().map(DatabaseSettings::Postgres),
            other => match other.strip_prefix("sqlite:").filter(|path| !path.is_empty()) {
                Some(path) => Some(DatabaseSettings::Sqlite(prefix.join(path))),
                None => {
                    self.error(KEY, invalid_value(KEY, other, &["sqlite", "sqlite:PATH", "postgres"]));
                    None
                }
            },
        }
    }

    fn postgres(&mut self) -> Option<PostgresSettings> {
        let text = |name: &str, default: &str| self.values.text(name).unwrap_or(default).to_owned();
        let (host, user) = (text("pg_host", "127.0.0.1"), text("pg_user", "kong"));
        let (database, schema) = (text("pg_database", "kong"), text("pg_schema", "kong_sso"));
        if !is_identifier(&schema) {
            self.error(
                "pg_schema",
                "pg_schema can only contain letters, digits and underscores, and starts with no digit",
            );
        }
        if schema == "public" {
            let message = "pg_schema = public is where Kong keeps its tables; kong-sso needs a schema of its own";
            self.findings.warn("pg_schema", message);
        }
        let port = self.whole("pg_port").unwrap_or(5432);
        let port = u16::try_from(port).ok().filter(|port| *port != 0);
        if port.is_none() {
            self.error("pg_port", "pg_port must be a port from 1 to 65535");
        }
        let pool_size = self.whole("pg_pool_size").and_then(|size| u32::try_from(size).ok()).filter(|size| *size > 0);
        Some(PostgresSettings {
            host,
            port: port?,
            user,
            password: self.values.text("pg_password").map(SecretString::from),
            database,
            schema,
            timeout: Duration::from_millis(self.whole("pg_timeout").unwrap_or(5000)),
            tls: self.postgres_tls(),
            pool_size,
        })
    }

    /// Checking the certificate implies requiring TLS: a check that clear text can dodge is none.
    fn postgres_tls(&mut self) -> PostgresTls {
        let [on, required, verify] = ["pg_ssl", "pg_ssl_required", "pg_ssl_verify"].map(|name| self.values.bool(name));
        if required && !on {
            self.findings.warn("pg_ssl_required", "pg_ssl_required has no effect while pg_ssl is off");
        }
        match (on, required, verify) {
            (false, _, _) => PostgresTls::Off,
            (true, _, true) => PostgresTls::Verify,
            (true, true, false) => PostgresTls::Require,
            (true, false, false) => PostgresTls::Prefer,
        }
    }
}

/// A name that needs no quotes in SQL.
fn is_identifier(name: &str) -> bool {
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts_well && name.len() <= 63 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
