//! The one outgoing client for traffic to identity providers (openid-connect.md 4.10). Called by `oidc`. It knows
//! no proxy of the environment, no cookies and no compression, checks certificates with rustls on aws-lc-rs, ends
//! every request within a time-out, and reads no more of an answer than it was told to.

pub mod guard;

use std::error::Error as _;
use std::time::Duration;

use openidconnect::http;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Certificate, Method, Response, StatusCode};
use url::Url;

use self::guard::EgressGuard;
use crate::config::settings::EgressSettings;

/// Longest answer that is read: discovery documents, key sets, tokens, UserInfo.
pub const MAX_BODY: usize = 1024 * 1024;
/// Redirects that a GET of public documents may take.
const MAX_REDIRECTS: usize = 3;

/// Why a request gave no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HttpError {
    /// The client could not be built: a certificate is not PEM, or TLS could not be set up.
    #[error("the HTTP client could not be set up: {0}")]
    Setup(String),
    /// No answer in time.
    #[error("no answer within {0} ms")]
    Timeout(u128),
    /// No connection: refused, no such host, certificate not trusted.
    #[error("no connection: {0}")]
    Connect(String),
    /// The connection broke, or what came is not HTTP.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The answer is longer than [`MAX_BODY`].
    #[error("the answer is longer than {MAX_BODY} bytes")]
    TooLarge,
    /// A redirect to another scheme, to no URL, or one too many.
    #[error("the redirect was not followed: {0}")]
    Redirect(&'static str),
    /// The address is not one to which requests may go.
    #[error("no request may go there: {0}")]
    Forbidden(&'static str),
}

/// An answer, completely read.
#[derive(Clone)]
pub struct Fetched {
    /// Status code.
    pub status: StatusCode,
    /// Media type in lower case without parameters; empty when none was sent.
    pub media_type: String,
    /// Body, at most [`MAX_BODY`] bytes.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Fetched {
    /// Bodies hold tokens: their length is all that is shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetched")
            .field("status", &self.status)
            .field("length", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// The client; clones share their connections.
#[derive(Clone, Debug)]
pub struct HttpClient {
    inner: reqwest::Client,
    timeout: Duration,
    guard: Option<EgressGuard>,
}

impl HttpClient {
    /// A client that trusts the certificate authorities of `egress`; none is checked when `ssl_verify` is off.
    /// `timeout` bounds each request, from connecting to the last byte.
    ///
    /// # Errors
    /// [`HttpError::Setup`] when a configured certificate is unusable.
    pub fn new(egress: &EgressSettings, ssl_verify: bool, timeout: Duration) -> Result<Self, HttpError> {
        Self::build(egress, ssl_verify, timeout, None)
    }

    /// A client for addresses that people chose: every request and every redirect keeps to `guard`.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn guarded(egress: &EgressSettings, guard: EgressGuard, timeout: Duration) -> Result<Self, HttpError> {
        Self::build(egress, true, timeout, Some(guard))
    }

    fn build(
        egress: &EgressSettings,
        ssl_verify: bool,
        timeout: Duration,
        guard: Option<EgressGuard>,
    ) -> Result<Self, HttpError> {
        install_crypto_provider();
        if !ssl_verify {
            tracing::warn!("certificates of the identity provider are not checked (ssl_verify is off)");
        }
        let roots = extra_roots(egress)?;
        let make = |system: bool| {
            let builder = builder(&roots, system, ssl_verify, timeout);
            match &guard {
                Some(guard) => builder.dns_resolver(guard.clone()),
                None => builder,
            }
        };
        let built = make(egress.system_roots).build();
        let inner = match built {
            Err(error) if egress.system_roots => {
                tracing::warn!(
                    error = chain(&error),
                    "the system has no certificate authorities; https needs lua_ssl_trusted_certificate"
                );
                make(false).build()
            }
            other => other,
        };
        inner
            .map(|inner| Self { inner, timeout, guard: guard.clone() })
            .map_err(|error| HttpError::Setup(chain(&error)))
    }

    /// GET of a public document. Follows at most three redirects, only to the same scheme.
    ///
    /// # Errors
    /// Any [`HttpError`]; an error status is an answer, not an error.
    pub async fn get(&self, url: &Url) -> Result<Fetched, HttpError> {
        self.get_with(url, &HeaderMap::new()).await
    }

    /// [`Self::get`] with more headers, which stay behind when a redirect leads to another origin.
    ///
    /// # Errors
    /// As for [`Self::get`].
    pub async fn get_with(&self, url: &Url, extra: &HeaderMap) -> Result<Fetched, HttpError> {
        let origin = url.origin();
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let mut headers = accept_json();
            if url.origin() == origin {
                headers.extend(extra.clone());
            }
            let response = self.call(Method::GET, &url, headers, Vec::new()).await?;
            if !is_redirect(response.status()) {
                return self.read(response).await;
            }
            url = next_hop(&url, &response)?;
        }
        Err(HttpError::Redirect("too many"))
    }

    /// Sends a request as it is and follows no redirect: for everything that carries a credential.
    ///
    /// # Errors
    /// Any [`HttpError`]; an error status is an answer, not an error.
    pub async fn send(&self, request: http::Request<Vec<u8>>) -> Result<Fetched, HttpError> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string()).map_err(|_| HttpError::Setup("not a URL".into()))?;
        let response = self.call(parts.method, &url, parts.headers, body).await?;
        self.read(response).await
    }

    async fn call(&self, method: Method, url: &Url, headers: HeaderMap, body: Vec<u8>) -> Result<Response, HttpError> {
        if let Some(guard) = &self.guard {
            guard.check(url).map_err(HttpError::Forbidden)?;
        }
        let request = self.inner.request(method, url.clone()).headers(headers).body(body);
        request.send().await.map_err(|error| self.classify(error))
    }

    async fn read(&self, mut response: Response) -> Result<Fetched, HttpError> {
        let announced = response.content_length().unwrap_or(0);
        if announced > MAX_BODY as u64 {
            return Err(HttpError::TooLarge);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.classify(error))? {
            if body.len().saturating_add(chunk.len()) > MAX_BODY {
                return Err(HttpError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Fetched { status: response.status(), media_type: media_type(response.headers()), body })
    }

    fn classify(&self, error: reqwest::Error) -> HttpError {
        // A URL may hold what must not be logged.
        let error = error.without_url();
        if error.is_timeout() {
            HttpError::Timeout(self.timeout.as_millis())
        } else if error.is_connect() {
            HttpError::Connect(chain(&error))
        } else {
            HttpError::Broken(chain(&error))
        }
    }
}

/// Makes aws-lc-rs the cryptography of every rustls user in the process. Later calls do nothing.
pub fn install_crypto_provider() {
    // An error says that a provider is installed already, which is what is wanted.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

fn extra_roots(egress: &EgressSettings) -> Result<Vec<Certificate>, HttpError> {
    let mut roots = Vec::new();
    for pem in &egress.extra_roots {
        let certificates =
            Certificate::from_pem_bundle(pem.as_bytes()).map_err(|error| HttpError::Setup(chain(&error)))?;
        if certificates.is_empty() {
            return Err(HttpError::Setup("a file of lua_ssl_trusted_certificate has no certificate".into()));
        }
        roots.extend(certificates);
    }
    Ok(roots)
}

fn builder(roots: &[Certificate], system: bool, verify: bool, timeout: Duration) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("kong-sso/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .referer(false)
        .timeout(timeout)
        .connect_timeout(timeout)
        .tls_danger_accept_invalid_certs(!verify);
    if system { builder.tls_certs_merge(roots.iter().cloned()) } else { builder.tls_certs_only(roots.iter().cloned()) }
}

fn accept_json() -> HeaderMap {
    HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))])
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn next_hop(from: &Url, response: &Response) -> Result<Url, HttpError> {
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let to = location.and_then(|location| from.join(location).ok()).ok_or(HttpError::Redirect("no valid Location"))?;
    if to.scheme() == from.scheme() { Ok(to) } else { Err(HttpError::Redirect("to another scheme")) }
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The message of an error and of what caused it, on one line.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn unusable_certificates_are_reported_at_start() {
        let build = |pem: &str| {
            let egress = EgressSettings { extra_roots: vec![pem.to_owned()], system_roots: false };
            HttpClient::new(&egress, true, Duration::from_secs(1))
        };
        for pem in ["", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(matches!(build(pem), Err(HttpError::Setup(_))), "{pem}");
        }
        assert!(HttpClient::new(&EgressSettings::default(), true, Duration::from_secs(1)).is_ok());
    }

    #[test]
    fn a_media_type_is_read_without_parameters() {
        let headers =
            HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("Application/JWT; charset=utf-8"))]);
        assert_eq!(media_type(&headers), "application/jwt");
        assert_eq!(media_type(&HeaderMap::new()), "");
    }
}
