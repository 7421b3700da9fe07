//! A browser without scripts: keeps cookies, follows nothing by itself, says where requests come from.

use std::collections::BTreeMap;

use serde_json::Value;

/// An answer.
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// The `Set-Cookie` line of a cookie.
    pub fn set_cookie(&self, name: &str) -> Option<String> {
        let lines = self.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap().to_owned());
        lines.into_iter().find(|line| line.starts_with(&format!("{name}=")))
    }
}

/// One browser at one origin.
#[derive(Clone)]
pub struct Browser {
    pub origin: String,
    pub cookies: BTreeMap<String, String>,
    client: reqwest::Client,
}

impl Browser {
    pub fn at(origin: &str) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { origin: origin.to_owned(), cookies: BTreeMap::new(), client }
    }

    /// Loads a document.
    pub async fn navigate(&mut self, path: &str) -> Reply {
        let headers = [("accept", "text/html"), ("sec-fetch-mode", "navigate"), ("sec-fetch-site", "none")];
        self.send("GET", path, &headers, "").await
    }

    /// What a script of the own origin does.
    pub async fn fetch(&mut self, method: &str, path: &str, json: &str) -> Reply {
        let mut headers =
            vec![("accept", "application/json"), ("sec-fetch-mode", "cors"), ("sec-fetch-site", "same-origin")];
        if !json.is_empty() {
            headers.push(("content-type", "application/json"));
        }
        self.send(method, path, &headers, json).await
    }

    /// Any request; keeps the cookies of the answer.
    pub async fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.origin) };
        let mut request = self.client.request(method.parse().unwrap(), url).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", pairs.join("; "));
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for line in headers.get_all("set-cookie") {
            self.keep(line.to_str().unwrap());
        }
        Reply { status, headers, text: response.text().await.unwrap() }
    }

    fn keep(&mut self, line: &str) {
        let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
        let is_gone = value.is_empty() || line.to_ascii_lowercase().contains("max-age=0");
        match is_gone {
            true => self.cookies.remove(name),
            false => self.cookies.insert(name.to_owned(), value.to_owned()),
        };
    }
}
