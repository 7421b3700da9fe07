//! Kong's Admin API for what kong-sso asks by itself: status, counts, names of endpoints. What clients send travels
//! through `web::proxy` instead.

use openidconnect::http::{Method, Request};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use crate::config::settings::{UpstreamRule, UpstreamSettings};
use crate::http_client::{Fetched, HttpClient, HttpError};

/// Why Kong gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum KongError {
    /// No answer at all.
    #[error("Kong's Admin API gave no answer: {0}")]
    Unreachable(#[from] HttpError),
    /// An error status.
    #[error("Kong's Admin API answered with status {0}")]
    Status(u16),
    /// Not JSON.
    #[error("Kong's Admin API answered with something else than JSON")]
    NotJson,
    /// The address cannot be joined with a path.
    #[error("the address of Kong's Admin API is unusable")]
    Address,
    /// A change that Kong refused: status and its own words.
    #[error("Kong's Admin API answered with status {0}: {1}")]
    Refused(u16, String),
    /// The address of a workspace's Kong is not listed, or not any more.
    #[error("the address of this Kong's Admin API is not listed in sso_workspace_upstreams")]
    NotAdmitted,
}

impl KongError {
    /// Whether a change may have been taken, or may still be: it was sent, and no answer of Kong says how it ended. The
    /// gateways in front of a Kong speak for themselves with 502 and 504.
    #[must_use]
    pub const fn leaves_doubt(&self) -> bool {
        match self {
            Self::Unreachable(error) => !matches!(error, HttpError::Setup(_) | HttpError::Connect(_)),
            Self::Status(status) | Self::Refused(status, _) => matches!(*status, 502 | 504),
            Self::NotJson | Self::Address | Self::NotAdmitted => false,
        }
    }
}

/// The Admin API of one or several Kongs; clones share their connections.
#[derive(Clone, Debug)]
pub struct KongAdmin {
    http: HttpClient,
    own: Url,
    headers: Vec<(String, SecretString)>,
    admitted: Vec<UpstreamRule>,
}

impl KongAdmin {
    /// A client whose own upstream is that of the settings; the operator's headers go to that one only.
    #[must_use]
    pub fn new(http: HttpClient, settings: &UpstreamSettings) -> Self {
        Self {
            http,
            own: settings.admin_url.clone(),
            headers: settings.admin_headers.clone(),
            admitted: settings.workspace_upstreams.clone(),
        }
    }

    /// Base URL of a workspace's Admin API: its own, or the server's.
    ///
    /// # Errors
    /// [`KongError::Address`] for a stored URL that is none.
    pub fn base(&self, upstream: Option<&str>) -> Result<Url, KongError> {
        upstream.map_or_else(|| Ok(self.own.clone()), |url| Url::parse(url).map_err(|_| KongError::Address))
    }

    /// The same, for addresses that the settings let kong-sso ask.
    ///
    /// # Errors
    /// [`KongError::NotAdmitted`] for one that was stored while `sso_workspace_upstreams` still listed it;
    /// [`KongError::Address`].
    pub fn admit(&self, upstream: Option<&str>) -> Result<Url, KongError> {
        let base = self.base(upstream)?;
        let is_admitted = upstream.is_none() || self.admitted.iter().any(|rule| rule.admits(&base));
        if is_admitted { Ok(base) } else { Err(KongError::NotAdmitted) }
    }

    /// GET of `path_and_query` (absolute, as on the Admin API) at a workspace's upstream (`None` = the server's own).
    ///
    /// # Errors
    /// See [`KongError`]; any status but 200 is an error.
    pub async fn get(&self, upstream: Option<&str>, path_and_query: &str) -> Result<Value, KongError> {
        let fetched = self.send(Method::GET, upstream, path_and_query, None).await?;
        match fetched.status.as_u16() {
            200 => serde_json::from_slice(&fetched.body).map_err(|_| KongError::NotJson),
            status => Err(KongError::Status(status)),
        }
    }

    /// PUT of an entity.
    ///
    /// # Errors
    /// See [`KongError`]; any status but 200 and 201 is [`KongError::Refused`].
    pub async fn put(&self, upstream: Option<&str>, path: &str, body: &Value) -> Result<(), KongError> {
        let fetched = self.send(Method::PUT, upstream, path, Some(body)).await?;
        match fetched.status.as_u16() {
            200 | 201 => Ok(()),
            status => Err(refused(status, &fetched)),
        }
    }

    /// PATCH of an entity that is there.
    ///
    /// # Errors
    /// See [`KongError`]; any status but 200 is [`KongError::Refused`].
    pub async fn patch(&self, upstream: Option<&str>, path: &str, body: &Value) -> Result<(), KongError> {
        let fetched = self.send(Method::PATCH, upstream, path, Some(body)).await?;
        match fetched.status.as_u16() {
            200 => Ok(()),
            status => Err(refused(status, &fetched)),
        }
    }

    /// DELETE of an entity; one that is gone already is fine.
    ///
    /// # Errors
    /// See [`KongError`]; any status but 204 and 404 is [`KongError::Refused`].
    pub async fn delete(&self, upstream: Option<&str>, path: &str) -> Result<(), KongError> {
        let fetched = self.send(Method::DELETE, upstream, path, None).await?;
        match fetched.status.as_u16() {
            204 | 404 => Ok(()),
            status => Err(refused(status, &fetched)),
        }
    }

    async fn send(
        &self,
        method: Method,
        upstream: Option<&str>,
        path_and_query: &str,
        body: Option<&Value>,
    ) -> Result<Fetched, KongError> {
        let base = self.admit(upstream)?;
        let mut uri = base.as_str().trim_end_matches('/').to_owned();
        uri.push_str(path_and_query);
        let mut request = Request::builder().method(method).uri(uri).header("accept", "application/json");
        if upstream.is_none() {
            for (name, value) in &self.headers {
                request = request.header(name, value.expose_secret());
            }
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map(Value::to_string).unwrap_or_default().into_bytes();
        let request = request.body(body).map_err(|_| KongError::Address)?;
        Ok(self.http.send(request).await?)
    }
}

/// Longest text of Kong that is kept.
const LONGEST_WORDS: usize = 300;

/// Kong's words about a refusal. Values of unique fields stand in them and may be keys: only the sentence about the kind
/// of the refusal is kept then.
fn refused(status: u16, fetched: &Fetched) -> KongError {
    let body: Value = serde_json::from_slice(&fetched.body).unwrap_or_default();
    let member = if status == 409 { "name" } else { "message" };
    let words = body.get(member).and_then(Value::as_str).unwrap_or("no reason given");
    KongError::Refused(status, words.chars().take(LONGEST_WORDS).collect())
}
