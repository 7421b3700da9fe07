//! Configurations and requests of the `openid-connect` plugin for tests that call the engine itself.

use std::collections::HashMap;
use std::net::IpAddr;

use kong_sso::config::finding::Findings;
use kong_sso::config::plugin::{OpenIdConnectConf, PluginContext, parse};
use kong_sso::oidc::engine::{Arguments, Headers, RequestView};
use serde_json::json;
use url::Url;

use super::op::{CLIENT_ID, CLIENT_SECRET};

/// The plugin with nothing configured but its issuer, one client and a time-out.
pub fn conf(issuer: Url) -> OpenIdConnectConf {
    let config = json!({
        "issuer": issuer, "client_id": [CLIENT_ID], "client_secret": [CLIENT_SECRET], "timeout": 5000,
    });
    let context = PluginContext { resolve: &|_| Err(String::new()), forbid_unverified: false };
    let mut findings = Findings::default();
    parse(&config, "config", &context, &mut findings).unwrap_or_else(|| panic!("{:?}", findings.errors))
}

/// A request in the making, with the cookies of a browser.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub scheme: String,
    pub authority: String,
    pub path: String,
    pub query: Option<String>,
    pub headers: HashMap<String, String>,
    pub body: Option<Arguments>,
    pub client: IpAddr,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            method: "GET".into(),
            scheme: "http".into(),
            authority: "api.test".into(),
            path: "/".into(),
            query: None,
            headers: HashMap::from([("user-agent".into(), "test".into())]),
            body: None,
            client: IpAddr::from([192, 0, 2, 1]),
        }
    }
}

impl Headers for Asked {
    fn get(&self, name: &str, index: usize) -> Option<&[u8]> {
        self.headers.get(name).filter(|_| index == 0).map(|value| value.as_bytes())
    }
}

impl Asked {
    /// A GET with the cookies of a jar.
    pub fn with(jar: &Jar) -> Self {
        Self::default().and(jar)
    }

    /// The same with the cookies of a jar.
    pub fn and(mut self, jar: &Jar) -> Self {
        let pairs: Vec<String> = jar.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.headers.remove("cookie");
        if !pairs.is_empty() {
            self.headers.insert("cookie".into(), pairs.join("; "));
        }
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn view(&self) -> RequestView<'_> {
        RequestView {
            method: &self.method,
            scheme: &self.scheme,
            authority: &self.authority,
            path: &self.path,
            query: self.query.as_deref(),
            headers: self,
            body: self.body.as_ref(),
            client: self.client,
            is_authenticated: false,
        }
    }
}

/// The cookies of a browser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jar(pub HashMap<String, String>);

impl Jar {
    /// Obeys `Set-Cookie` lines.
    pub fn obey<'l>(&mut self, lines: impl IntoIterator<Item = &'l String>) {
        for line in lines {
            assert!(line.len() < 4096, "a cookie of {} bytes", line.len());
            let (pair, attributes) = line.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
