//! Kong's Admin API for what kong-sso asks by itself: status, counts, names of endpoints. What clients send travels
//! through `web::proxy` instead.

use openidconnect::http::{Method, Request};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use crate::config::settings::{UpstreamRule, UpstreamSettings};
use crate::http_client::{HttpClient, HttpError};

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
    /// The address of a workspace's Kong is not listed, or not any more.
    #[error("the address of this Kong's Admin API is not listed in sso_workspace_upstreams")]
    NotAdmitted,
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
        let base = self.admit(upstream)?;
        let mut uri = base.as_str().trim_end_matches('/').to_owned();
        uri.push_str(path_and_query);
        let mut request = Request::builder().method(Method::GET).uri(uri).header("accept", "application/json");
        if upstream.is_none() {
            for (name, value) in &self.headers {
                request = request.header(name, value.expose_secret());
            }
        }
        let request = request.body(Vec::new()).map_err(|_| KongError::Address)?;
        let fetched = self.http.send(request).await?;
        match fetched.status.as_u16() {
            200 => serde_json::from_slice(&fetched.body).map_err(|_| KongError::NotJson),
            status => Err(KongError::Status(status)),
        }
    }
}
