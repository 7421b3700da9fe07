//! Listeners, the public faces, and the Kong behind.

use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use super::Builder;
use super::is_header_name;
use crate::config::settings::{GuiSettings, Listen, Listeners, TlsPair, UpstreamRule, UpstreamSettings};
use crate::config::tls_files;

impl Builder<'_> {
    pub(super) fn listeners(&mut self) -> Listeners {
        let addresses =
            |name: &str| self.values.listen(name).iter().map(|parsed| parsed.listen.clone()).collect::<Vec<_>>();
        let (admin, gui, status) =
            (addresses("sso_admin_listen"), addresses("sso_gui_listen"), addresses("sso_status_listen"));
        let proxy = addresses("sso_proxy_listen");
        let admin_tls = self.tls("admin_", &admin);
        let gui_tls = self.tls("admin_gui_", &gui);
        let proxy_tls = self.tls("sso_proxy_", &proxy);
        if status.iter().any(|listen| listen.ssl) {
            self.error("sso_status_listen", "sso_status_listen: TLS is not available on this listener");
        }
        let (portal_gui, portal_api) =
            (self.portal_listen("portal_gui_listen"), self.portal_listen("portal_api_listen"));
        let portal_gui_tls = self.tls("portal_gui_", &portal_gui);
        let portal_api_tls = self.tls("portal_api_", &portal_api);
        self.refuse_unservable_suite(admin.iter().chain(&gui).chain(&proxy).chain(&portal_gui).chain(&portal_api));
        Listeners {
            admin,
            gui,
            status,
            proxy,
            portal_gui,
            portal_api,
            admin_tls,
            gui_tls,
            proxy_tls,
            portal_gui_tls,
            portal_api_tls,
        }
    }

    /// The portal's usual addresses are opened only while it is on, those that somebody wrote always.
    fn portal_listen(&self, name: &str) -> Vec<Listen> {
        let is_open = self.values.bool("portal") || self.values.is_given(name);
        let addresses = self.values.listen(name).iter().filter(|_| is_open);
        addresses.map(|parsed| parsed.listen.clone()).collect()
    }

    fn tls(&mut self, prefix: &str, addresses: &[Listen]) -> Vec<TlsPair> {
        let names = [format!("{prefix}ssl_cert"), format!("{prefix}ssl_cert_key")];
        let is_wanted =
            addresses.iter().any(|listen| listen.ssl) && !names.iter().any(|name| self.values.is_unresolved(name));
        if is_wanted { tls_files::load_pairs(prefix, self.values, self.findings) } else { Vec::new() }
    }

    fn refuse_unservable_suite<'l>(&mut self, mut addresses: impl Iterator<Item = &'l Listen>) {
        const KEY: &str = "ssl_cipher_suite";
        let Some(suite @ ("old" | "fips")) = self.values.text(KEY) else { return };
        if addresses.any(|listen| listen.ssl) {
            self.error(
                KEY,
                format!("ssl_cipher_suite = {suite} cannot be served by kong-sso; use modern or intermediate"),
            );
        }
    }

    pub(super) fn gui(&mut self) -> Option<GuiSettings> {
        const URL: &str = "admin_gui_url";
        let values = self.values;
        let urls: Vec<Option<Url>> = values.list(URL).iter().map(|text| self.url(URL, text)).collect();
        let path = self.path("admin_gui_path", "/");
        let api_path = self.path("sso_api_path", "/_api");
        let ui_path = self.path("sso_ui_path", "/_sso");
        self.separate_paths(&api_path, &ui_path);
        let api_url = values.text("admin_gui_api_url").map(str::to_owned);
        if api_url.as_deref().is_some_and(|url| url.starts_with('/') && !url.starts_with("//")) {
            let message = "admin_gui_api_url must not be a path: Kong Manager would read it as a host name";
            self.error("admin_gui_api_url", message);
        }
        let csp_value = values.text("admin_gui_csp_header_value").map(str::to_owned);
        Some(GuiSettings {
            path: if path == "/" { String::new() } else { path },
            urls: urls.into_iter().collect::<Option<_>>()?,
            api_url,
            single_origin: values.bool("sso_single_origin"),
            api_path,
            ui_path,
            csp: values.bool("admin_gui_csp_header").then_some(csp_value),
            banner_title: values.text("admin_gui_login_banner_title").map(str::to_owned),
            banner_body: values.text("admin_gui_login_banner_body").map(str::to_owned),
        })
    }

    /// A base path by Kong's rules for `admin_gui_path`; several errors may be reported at once.
    pub(super) fn path(&mut self, key: &str, default: &str) -> String {
        let path = self.values.text(key).unwrap_or(default);
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/');
        let rules = [
            (path.starts_with('/'), "must start with a slash ('/')"),
            (!(path.starts_with('/') && path.len() > 2 && path.ends_with('/')), "must not end with a slash ('/')"),
            (
                path.chars().all(is_allowed),
                "can only contain letters, digits, hyphens ('-'), underscores ('_'), and slashes ('/')",
            ),
            (!path.contains("//"), "must not contain continuous slashes ('/')"),
        ];
        for (_, sentence) in rules.into_iter().filter(|(holds, _)| !holds) {
            self.error(key, format!("{key} {sentence}"));
        }
        path.to_owned()
    }

    fn separate_paths(&mut self, api_path: &str, ui_path: &str) {
        for (key, path) in [("sso_api_path", api_path), ("sso_ui_path", ui_path)] {
            if path == "/" {
                self.error(key, format!("{key} must not be '/'"));
            }
        }
        let is_below = |inner: &str, outer: &str| inner == outer || inner.starts_with(&format!("{outer}/"));
        if is_below(api_path, ui_path) || is_below(ui_path, api_path) {
            self.error("sso_ui_path", "sso_api_path and sso_ui_path must not contain each other");
        }
    }

    pub(super) fn upstream(&mut self) -> Option<UpstreamSettings> {
        let admin_url = self.upstream_url("sso_upstream_admin_url", "admin_listen");
        if matches!(admin_url, Some(None)) && self.errors_about("admin_listen") == 0 {
            let message = "sso_upstream_admin_url must be set: admin_listen has no clear-text address to take it from";
            self.error("sso_upstream_admin_url", message);
        }
        let gui_url = self.upstream_url("sso_upstream_gui_url", "admin_gui_listen");
        let admin_headers = self.admin_headers();
        let timeout = Duration::from_millis(self.whole("sso_upstream_timeout").unwrap_or(60_000));
        let max_body = self.values.size("nginx_admin_client_max_body_size").unwrap_or(10 << 20);
        let workspace_upstreams = self.workspace_upstreams();
        Some(UpstreamSettings {
            admin_url: admin_url??,
            gui_url: gui_url?,
            admin_headers,
            timeout,
            max_body: if max_body == 0 { u64::MAX } else { max_body },
            workspace_upstreams,
        })
    }

    fn errors_about(&self, key: &str) -> usize {
        self.findings.errors.iter().filter(|error| error.key.as_deref() == Some(key)).count()
    }

    /// The URL of `key`, else from Kong's own listen key; the outer `None` is an error, the inner one means "nowhere".
    fn upstream_url(&mut self, key: &str, listen_key: &str) -> Option<Option<Url>> {
        let Some(text) = self.values.text(key) else {
            return Some(
                self.values.listen(listen_key).iter().find(|parsed| !parsed.listen.ssl).and_then(|p| reach(&p.listen)),
            );
        };
        let url = self.url(key, text)?;
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            self.error(key, format!("{key} must be a plain base URL, without user, query or fragment"));
            return None;
        }
        Some(Some(url))
    }

    fn admin_headers(&mut self) -> Vec<(String, SecretString)> {
        const KEY: &str = "sso_upstream_admin_headers";
        let headers = match self.values.json(KEY) {
            None => return Vec::new(),
            Some(Value::Object(headers)) => headers,
            Some(_) => {
                self.error(KEY, format!("{KEY} must be a JSON object of header names and texts"));
                return Vec::new();
            }
        };
        let mut parsed = Vec::new();
        for (name, value) in headers {
            let text = value.as_str().filter(|text| text.chars().all(|c| c == '\t' || (' '..='\u{7e}').contains(&c)));
            match text {
                Some(text) if is_header_name(name) => {
                    parsed.push((name.to_ascii_lowercase(), SecretString::from(text)))
                }
                _ => self.error(KEY, format!("{KEY}.{name} is not a header name with a printable text")),
            }
        }
        parsed
    }

    fn workspace_upstreams(&mut self) -> Vec<UpstreamRule> {
        self.places("sso_workspace_upstreams")
    }

    /// Hosts and networks that a key lists.
    pub(super) fn places(&mut self, key: &'static str) -> Vec<UpstreamRule> {
        let mut rules = Vec::new();
        for item in self.values.list(key) {
            match upstream_rule(item) {
                Some(rule) => rules.push(rule),
                None => self.error(key, format!("{key} must list host, host:port or networks, got '{item}'")),
            }
        }
        rules
    }
}

/// The clear-text URL of one of Kong's addresses; a wildcard is reached on loopback.
fn reach(listen: &Listen) -> Option<Url> {
    let host = match listen.host.as_str() {
        "0.0.0.0" => "127.0.0.1",
        "::" => "::1",
        host => host,
    };
    let authority = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    Url::parse(&format!("http://{authority}:{}/", listen.port)).ok()
}

fn upstream_rule(item: &str) -> Option<UpstreamRule> {
    if item.contains('/') {
        return item.parse::<IpNet>().ok().map(UpstreamRule::Network);
    }
    if let Ok(address) = item.trim_matches(['[', ']']).parse::<std::net::IpAddr>() {
        return Some(UpstreamRule::Host(address.to_string(), None));
    }
    let (host, port) = match item.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (item, None),
    };
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(address) = bare {
        let address: std::net::Ipv6Addr = address.parse().ok()?;
        return Some(UpstreamRule::Host(address.to_string(), port));
    }
    let is_name =
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    is_name.then(|| UpstreamRule::Host(host.to_ascii_lowercase(), port))
}
