//! Rules of single keys that nothing else reads, and rules across keys.

use url::Url;

use super::Builder;
use crate::config::keys::{TABLE, Use};
use crate::config::settings::{EnforceRbac, Listen, Settings};
use crate::config::{types, vault};

/// PostgreSQL numbers that Kong wants whole.
const WHOLE: [&str; 5] =
    ["pg_max_concurrent_queries", "pg_semaphore_timeout", "pg_keepalive_timeout", "pg_pool_size", "pg_backlog"];

impl Builder<'_> {
    /// Rules of single keys.
    pub(super) fn check_values(&mut self) {
        self.check_whole_numbers();
        self.check_node_id();
        self.check_proxy_server();
        self.check_unavailable();
    }

    fn check_whole_numbers(&mut self) {
        for name in WHOLE {
            let Some(value) = self.values.number(name) else { continue };
            if value < 0.0 {
                self.error(name, format!("{name} must be greater than 0"));
            } else if types::whole(value).is_none() {
                self.error(name, format!("{name} must be an integer greater than 0"));
            }
        }
    }

    fn check_node_id(&mut self) {
        let is_wrong = |id: &str| id.parse::<uuid::Uuid>().is_err() && !vault::is_reference(id);
        if self.values.text("node_id").is_some_and(is_wrong) {
            self.error("node_id", "node_id must be a valid UUID");
        }
    }

    fn check_proxy_server(&mut self) {
        const KEY: &str = "proxy_server";
        let Some(text) = self.values.text(KEY).filter(|text| !vault::is_reference(text)) else { return };
        match Url::parse(text) {
            Err(_) if !text.contains("://") => self.error(KEY, "proxy_server missing scheme"),
            Err(_) => self.error(KEY, "proxy_server missing host"),
            Ok(url) if !url.has_host() && !text.contains("://") => self.error(KEY, "proxy_server missing scheme"),
            Ok(url) if !matches!(url.scheme(), "http" | "https") => {
                self.error(KEY, format!("proxy_server only supports \"http\" and \"https\", got {}", url.scheme()));
            }
            Ok(url) if url.host_str().is_none_or(str::is_empty) => self.error(KEY, "proxy_server missing host"),
            Ok(_) => self.findings.warn(KEY, "proxy_server is not used in this release: requests go out directly"),
        }
    }

    /// What an operator would rely on and this release does not have.
    fn check_unavailable(&mut self) {
        if self.values.bool("sso_break_glass") {
            self.error("sso_break_glass", "sso_break_glass = on is not available in this release");
        }
        for key in TABLE.iter().filter(|key| key.used == Use::No && key.is_own() && !key.name.ends_with("_listen")) {
            let is_default = match key.default {
                "on" => self.values.bool(key.name),
                "off" => !self.values.bool(key.name),
                _ => false,
            };
            if self.values.is_given(key.name) && !is_default {
                self.findings.warn(key.name, format!("{} has no effect in this release", key.name));
            }
        }
        if self.values.is_given("audit_log_signing_key") {
            self.findings
                .warn("audit_log_signing_key", "audit_log_signing_key: records are not signed in this release");
        }
    }

    /// Rules across keys, on settings that are complete.
    pub(super) fn check_together(&mut self, settings: &Settings) {
        let is_enforced = settings.rbac.enforce == EnforceRbac::On;
        let has_login = self.values.text("admin_gui_auth").is_some();
        if has_login && !is_enforced {
            self.findings.warn("enforce_rbac", "admin_gui_auth is set but enforce_rbac is off");
        }
        if !has_login && !is_enforced {
            self.refuse_open_door(settings);
        }
        self.refuse_loop(settings);
        let listeners = &settings.listeners;
        let has_portal = !listeners.portal_gui.is_empty() || !listeners.portal_api.is_empty();
        if listeners.gui.is_empty() && listeners.admin.is_empty() && listeners.proxy.is_empty() && !has_portal {
            let message =
                "sso_gui_listen, sso_admin_listen and sso_proxy_listen are all off: there is nothing to serve";
            self.error("sso_gui_listen", message);
        }
    }

    /// Without any login only this machine may come in.
    fn refuse_open_door(&mut self, settings: &Settings) {
        let doors = [("sso_gui_listen", &settings.listeners.gui), ("sso_admin_listen", &settings.listeners.admin)];
        for (key, addresses) in doors {
            let Some(open) = addresses.iter().find(|listen| !listen.is_loopback()) else { continue };
            let sentence = format!("{key} opens {}:{} without any login", open.host, open.port);
            match settings.allow_insecure {
                true => self.findings.warn(key, format!("{sentence}: everybody who reaches it controls Kong")),
                false => {
                    let remedy = "set admin_gui_auth or enforce_rbac, or sso_allow_insecure = on to do it anyway";
                    self.error(key, format!("{sentence}: {remedy}"));
                }
            }
        }
    }

    /// An upstream that is kong-sso itself would be asked for ever.
    fn refuse_loop(&mut self, settings: &Settings) {
        let upstreams = [
            ("sso_upstream_admin_url", Some(&settings.upstream.admin_url)),
            ("sso_upstream_gui_url", settings.upstream.gui_url.as_ref()),
        ];
        let listeners = &settings.listeners;
        let portal = || listeners.portal_gui.iter().chain(&listeners.portal_api);
        let doors = || listeners.gui.iter().chain(&listeners.admin).chain(&listeners.proxy).chain(portal());
        for (key, url) in upstreams {
            if url.is_some_and(|url| doors().any(|listen| is_same_door(listen, url))) {
                self.error(key, format!("{key} is an address of kong-sso itself"));
            }
        }
    }
}

fn is_same_door(listen: &Listen, url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_local = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let is_wildcard = matches!(listen.host.as_str(), "0.0.0.0" | "::");
    let is_same_host = listen.host == host || (is_local && (is_wildcard || listen.is_loopback()));
    is_same_host && listen.port != 0 && url.port_or_known_default() == Some(listen.port)
}
