//! A browser in front of a route with the `openid-connect` plugin, and a provider behind it.

use kong_sso::domain::time::Clock;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use url::Url;

use super::gateway::{self, Gateway};
use super::op::{CLIENT_ID, CLIENT_SECRET, Op};
use super::plugin::Jar;

/// A gateway whose only route has the plugin.
pub struct Site {
    pub op: Op,
    pub gateway: Gateway,
}

/// The plugin's configuration for this provider, changed by `change`.
pub fn config(op: &Op, change: Value) -> Value {
    let mut config = json!({
        "issuer": op.issuer(), "client_id": [CLIENT_ID], "client_secret": [CLIENT_SECRET],
        "auth_methods": ["authorization_code", "session"], "session_secret": "a secret of sessions in a test",
    });
    for (name, value) in change.as_object().unwrap() {
        config[name] = value.clone();
    }
    config
}

pub async fn site(change: Value) -> Site {
    let op = Op::start_with(Clock::System).await;
    let plugins = json!([{"name": "openid-connect", "config": config(&op, change)}]);
    let gateway = gateway::with_plugins(plugins, json!([])).await;
    Site { op, gateway }
}

impl Site {
    pub fn browser(&self) -> PluginBrowser<'_> {
        PluginBrowser { site: self, jar: Jar::default(), agent: "test".to_owned() }
    }
}

/// A browser.
#[derive(Clone)]
pub struct PluginBrowser<'s> {
    site: &'s Site,
    pub jar: Jar,
    pub agent: String,
}

impl PluginBrowser<'_> {
    pub async fn send(&mut self, method: Method, path: &str, form: Option<String>) -> Response {
        let mut request = self.site.gateway.request(method, path).header("user-agent", &self.agent);
        let pairs: Vec<String> = self.jar.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !pairs.is_empty() {
            request = request.header("cookie", pairs.join("; "));
        }
        if let Some(form) = form {
            request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        }
        let answer = request.send().await.unwrap();
        self.jar.obey(&cookies(&answer));
        answer
    }

    pub async fn get(&mut self, path: &str) -> Response {
        self.send(Method::GET, path, None).await
    }

    /// Opens a page and lets the provider send the browser back with this query or form.
    pub async fn start(&mut self, path: &str) -> (Url, String) {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), 302, "{path} leads to the provider");
        let url = Url::parse(location(&answer)).unwrap();
        let back = self.site.op.sign_in(&url).await;
        (url, back)
    }

    /// Signs in; the answer to what the provider sends back.
    pub async fn sign_in(&mut self, path: &str) -> Response {
        let (url, back) = self.start(path).await;
        let redirect_uri = Url::parse(&parameter(&url, "redirect_uri").unwrap()).unwrap();
        if parameter(&url, "response_mode").as_deref() == Some("form_post") {
            return self.send(Method::POST, redirect_uri.path(), Some(back)).await;
        }
        self.get(&format!("{}?{back}", redirect_uri.path())).await
    }
}

pub fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

pub fn location(answer: &Response) -> &str {
    answer.headers().get("location").map(|value| value.to_str().unwrap()).unwrap_or_default()
}

pub fn cookies(answer: &Response) -> Vec<String> {
    answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}
