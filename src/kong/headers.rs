//! Which headers travel to Kong and back (kong-manager.md 4.12 and 8.5; hop-by-hop: RFC 9110 section 7.6.1).

use actix_web::http::header::{HeaderMap, HeaderName};

/// Names that kong-sso itself gives a meaning and Kong must never see.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `rbac_auth_header`, lower case.
    pub token_header: String,
    /// `admin_gui_auth_header`, lower case.
    pub user_header: String,
}

const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Set anew for each upstream request, whatever the client sent.
const REPLACED: &[&str] = &["host", "content-length", "expect", "forwarded", "x-real-ip"];

/// Headers with which some frameworks replace the method or path that was judged.
const OVERRIDES: &[&str] = &[
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-method",
    "x-original-url",
    "x-original-uri",
    "x-rewrite-url",
];

/// Whether `name` belongs to one connection only, by itself or because `Connection` names it.
#[must_use]
pub fn is_hop_by_hop(name: &HeaderName, headers: &HeaderMap) -> bool {
    HOP_BY_HOP.contains(&name.as_str()) || named_by_connection(name.as_str(), headers)
}

fn named_by_connection(name: &str, headers: &HeaderMap) -> bool {
    headers
        .get_all("connection")
        .filter_map(|value| value.to_str().ok())
        .any(|list| list.split(',').any(|token| token.trim().eq_ignore_ascii_case(name)))
}

/// Whether a request header may travel to Kong.
#[must_use]
pub fn may_go_up(name: &HeaderName, headers: &HeaderMap, credentials: &Credentials) -> bool {
    let text = name.as_str();
    if text.contains('_') {
        // Some servers read `kong_admin_token` as `kong-admin-token`.
        let hyphenated = HeaderName::try_from(text.replace('_', "-"));
        return hyphenated.is_ok_and(|name| may_go_up(&name, headers, credentials));
    }
    !(is_hop_by_hop(name, headers)
        || OVERRIDES.contains(&text)
        || REPLACED.contains(&text)
        || matches!(text, "cookie" | "authorization")
        || text == credentials.token_header
        || text == credentials.user_header
        || text.starts_with("x-kong-")
        || text.starts_with("x-forwarded-"))
}

/// Whether a response header of Kong may travel to the client. Kong's CORS answers are made for clients without cookies
/// and never pass; nor do cookies, which Kong has no reason to set on this origin.
#[must_use]
pub fn may_come_down(name: &HeaderName, headers: &HeaderMap) -> bool {
    let text = name.as_str();
    !(is_hop_by_hop(name, headers)
        || text.starts_with("access-control-")
        || matches!(text, "content-length" | "set-cookie"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use actix_web::http::header::HeaderValue;

    #[test]
    fn km_077_credentials_and_identity_headers_stay_here() {
        let credentials =
            Credentials { token_header: "kong-admin-token".into(), user_header: "kong-admin-user".into() };
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static("connection"), HeaderValue::from_static("close, X-Hop"));
        for stays in [
            "kong-admin-token",
            "kong-admin-user",
            "cookie",
            "authorization",
            "x-kong-admin-request-id",
            "x-hop",
            "connection",
            "transfer-encoding",
            "x-forwarded-for",
            "forwarded",
            "host",
            "upgrade",
            "kong_admin_token",
            "x_forwarded_for",
            "x-http-method-override",
            "x-original-url",
        ] {
            assert!(!may_go_up(&HeaderName::try_from(stays).unwrap(), &headers, &credentials), "{stays}");
        }
        for goes in ["accept", "content-type", "x-custom", "if-none-match"] {
            assert!(may_go_up(&HeaderName::try_from(goes).unwrap(), &headers, &credentials), "{goes}");
        }
    }
}
