//! The stand-in for Kong as a process: its Admin API, its proxy, and the faults that a test sets.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::{Value, json};

/// A Kong of one test; it ends with it.
pub struct Kong {
    /// Origin of the Admin API.
    pub admin: String,
    /// Origin of the proxy.
    pub proxy: String,
    control: String,
    http: reqwest::Client,
    process: Child,
    // It ends when this is closed.
    _alive: Option<ChildStdin>,
}

impl Drop for Kong {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Kong {
    pub fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/dev/kong/server.mjs");
        let mut process = Command::new("node")
            .args([script, "--control", "127.0.0.1:0", "--exit-with-parent"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node runs the stand-in for Kong");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let origin = |name: &str| ready[name].as_str().unwrap().to_owned();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let alive = process.stdin.take();
        Self {
            admin: origin("admin"),
            proxy: origin("proxy"),
            control: origin("control"),
            http,
            process,
            _alive: alive,
        }
    }

    /// A service with a route of the same name below `/name`; gives its id.
    pub async fn service(&self, name: &str) -> String {
        let service = self.put(&format!("/services/{name}"), json!({ "host": format!("{name}.internal") })).await;
        self.put(&format!("/routes/{name}"), json!({ "paths": [format!("/{name}")], "service": { "name": name } }))
            .await;
        service["id"].as_str().unwrap().to_owned()
    }

    pub async fn put(&self, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.admin);
        let response =
            self.http.put(&url).header("content-type", "application/json").body(body.to_string()).send().await;
        let (status, text) = answer(response.unwrap()).await;
        assert!(matches!(status, 200 | 201), "PUT {path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.admin);
        let response = self.http.post(&url).header("content-type", "application/json").body(body.to_string()).send();
        let (status, text) = answer(response.await.unwrap()).await;
        assert_eq!(status, 201, "POST {path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    pub async fn delete(&self, path: &str) {
        let response = self.http.delete(format!("{}{path}", self.admin)).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 204, "DELETE {path}");
    }

    /// The entity at a path, or null.
    pub async fn get(&self, path: &str) -> Value {
        let response = self.http.get(format!("{}{path}", self.admin)).send().await.unwrap();
        let (status, text) = answer(response).await;
        if status == 404 { Value::Null } else { serde_json::from_str(&text).unwrap() }
    }

    /// The entities of a list.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        self.get(&format!("{path}?size=1000")).await["data"].as_array().unwrap().clone()
    }

    /// What a caller of the proxy sees: status and message.
    pub async fn call(&self, path: &str, key: Option<&str>) -> (u16, String) {
        let (status, body) = self.call_whole(path, key).await;
        (status, body["message"].as_str().unwrap_or_default().to_owned())
    }

    pub async fn call_whole(&self, path: &str, key: Option<&str>) -> (u16, Value) {
        let mut request = self.http.get(format!("{}{path}", self.proxy));
        if let Some(key) = key {
            request = request.header("apikey", key);
        }
        let (status, text) = answer(request.send().await.unwrap()).await;
        (status, serde_json::from_str(&text).unwrap())
    }

    /// What a caller of the proxy with one header of its choice sees.
    pub async fn call_as(&self, path: &str, header: &str, value: &str) -> (u16, Value) {
        let request = self.http.get(format!("{}{path}", self.proxy)).header(header, value);
        let (status, text) = answer(request.send().await.unwrap()).await;
        (status, serde_json::from_str(&text).unwrap())
    }

    /// What the proxy answers to a form that came over HTTPS through a proxy that it trusts.
    pub async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let request = self.http.post(format!("{}{path}", self.proxy)).header("x-forwarded-proto", "https").form(form);
        let (status, text) = answer(request.send().await.unwrap()).await;
        (status, serde_json::from_str(&text).unwrap())
    }

    /// Lets it tell something else of its own configuration.
    pub async fn pretend(&self, configuration: Value) {
        let url = format!("{}/instances/default/configuration", self.control);
        let done = self.http.post(url).body(configuration.to_string()).send().await.unwrap();
        assert_eq!(done.status().as_u16(), 200);
    }

    /// Breaks the Admin API, see the stand-in.
    pub async fn fault(&self, fault: Value) {
        let url = format!("{}/instances/default/faults", self.control);
        let done = self.http.post(url).body(fault.to_string()).send().await.unwrap();
        assert_eq!(done.status().as_u16(), 200);
    }

    pub async fn heal(&self) {
        self.http.delete(format!("{}/instances/default/faults", self.control)).send().await.unwrap();
    }

    /// What reached the Admin API, as `METHOD target`.
    pub async fn requests(&self) -> Vec<String> {
        let url = format!("{}/instances/default/requests", self.control);
        let (_, text) = answer(self.http.get(url).send().await.unwrap()).await;
        let requests: Vec<Value> = serde_json::from_str(&text).unwrap();
        requests
            .iter()
            .map(|it| format!("{} {}", it["method"].as_str().unwrap(), it["url"].as_str().unwrap()))
            .collect()
    }

    pub async fn forget_requests(&self) {
        self.http.delete(format!("{}/instances/default/requests", self.control)).send().await.unwrap();
    }
}

async fn answer(response: reqwest::Response) -> (u16, String) {
    (response.status().as_u16(), response.text().await.unwrap())
}
