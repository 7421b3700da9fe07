//! Where requests go: the part of an upstream's URLs that is the same for all of them, parsed once.

use actix_web::http::Uri;
use actix_web::http::uri::{Authority, PathAndQuery, Scheme};
use actix_web::web::Bytes;
use url::Url;

/// Scheme, host, port and base path of an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: Scheme,
    authority: Authority,
    base_path: String,
}

impl Origin {
    /// The origin of an `http` or `https` URL; its path, if any, comes before each request's own. `None` for others.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        let host = url.host_str()?;
        let base_path = url.path().trim_end_matches('/').to_owned();
        Some(Self { base_path, ..Self::new(url.scheme(), host, url.port())? })
    }

    /// The same of its parts; `port` where it is not the scheme's own.
    #[must_use]
    pub fn new(scheme: &str, host: &str, port: Option<u16>) -> Option<Self> {
        let authority = port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let scheme = Scheme::try_from(scheme).ok().filter(|it| *it == Scheme::HTTP || *it == Scheme::HTTPS)?;
        Some(Self { scheme, authority: Authority::from_maybe_shared(authority).ok()?, base_path: String::new() })
    }

    /// The URL of a request, without touching a byte of path and query. `None` when these are none.
    #[must_use]
    pub fn uri(&self, path: &str, query: Option<&str>) -> Option<Uri> {
        let mut target =
            String::with_capacity(self.base_path.len() + path.len() + query.map_or(0, |query| query.len() + 1));
        target.push_str(&self.base_path);
        target.push_str(path);
        if let Some(query) = query {
            target.push('?');
            target.push_str(query);
        }
        let mut parts = actix_web::http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(PathAndQuery::from_maybe_shared(Bytes::from(target)).ok()?);
        Uri::from_parts(parts).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn path_and_query_are_sent_byte_for_byte() {
        let uri = |base: &str, path: &str, query: Option<&str>| {
            Origin::of(&Url::parse(base).unwrap()).unwrap().uri(path, query).unwrap().to_string()
        };
        assert_eq!(uri("http://kong:8001", "/services", None), "http://kong:8001/services");
        assert_eq!(
            uri("https://kong/admin/", "/a%2Fb/%C3%A9", Some("x=1&y=%20")),
            "https://kong/admin/a%2Fb/%C3%A9?x=1&y=%20"
        );
        assert_eq!(uri("http://[::1]:8001/", "/", Some("")), "http://[::1]:8001/?");
    }

    #[test]
    fn what_is_no_upstream_has_no_origin() {
        assert_eq!(Origin::of(&Url::parse("file:///etc/passwd").unwrap()), None);
        assert_eq!(Origin::of(&Url::parse("ftp://kong/").unwrap()), None);
        assert_eq!(Origin::new("http", "a b", None), None);
    }
}
