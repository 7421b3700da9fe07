//! A form that is posted to an endpoint of the provider: token, introspection, revocation, pushed authorization requests
//! (RFC 6749 4.1.3, RFC 7662 2.1, RFC 7009 2.1). Called by `token_endpoint` and by whoever asks the others.

use openidconnect::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use openidconnect::http::{Method, Request};
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use crate::http_client::{Fetched, HttpClient};

use super::error::{Endpoint, OidcError};

/// A request in the making.
#[derive(Default)]
pub struct FormRequest {
    form: Vec<(String, Zeroizing<String>)>,
    headers: HeaderMap,
}

impl FormRequest {
    /// A form for an answer in JSON.
    #[must_use]
    pub fn new() -> Self {
        let json = HeaderValue::from_static("application/json");
        Self { form: Vec::new(), headers: HeaderMap::from_iter([(ACCEPT, json)]) }
    }

    /// Adds a field.
    pub fn push(&mut self, name: &str, value: &str) {
        self.form.push((name.to_owned(), Zeroizing::new(value.to_owned())));
    }

    /// Sets a field, in place of all of that name.
    pub fn replace(&mut self, name: &str, value: &str) {
        self.form.retain(|(known, _)| known != name);
        self.push(name, value);
    }

    /// Sets a header. A name or value that no header can have is left out.
    pub fn header(&mut self, name: &str, value: &str) {
        if let (Ok(name), Ok(mut value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            value.set_sensitive(true);
            self.headers.insert(name, value);
        }
    }

    /// Posts the form. Any status is an answer.
    ///
    /// # Errors
    /// No answer.
    pub async fn send(self, http: &HttpClient, url: &Url, which: Endpoint) -> Result<Fetched, OidcError> {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.form.iter().map(|(name, value)| (name, value.as_str())))
            .finish();
        let mut request = Request::new(body.into_bytes());
        *request.method_mut() = Method::POST;
        *request.uri_mut() =
            url.as_str().parse().map_err(|_| OidcError::BadAnswer(which, "its address is no URI".to_owned()))?;
        *request.headers_mut() = self.headers;
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form);
        http.send(request).await.map_err(|error| OidcError::Unreachable(which, error))
    }
}

impl std::fmt::Debug for FormRequest {
    /// Values are secrets, or may be.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.form.iter().map(|(name, _)| name).collect();
        f.debug_struct("FormRequest").field("form", &names).finish_non_exhaustive()
    }
}
