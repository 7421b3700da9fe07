//! Which headers travel to Kong and back (kong-manager.md 4.12 and 8.5; hop-by-hop: RFC 9110 section 7.6.1).

use actix_web::http::header::{CONNECTION, HeaderMap};

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

/// Names, in lower case, with which some frameworks replace the method or path that was judged.
pub const OVERRIDES: &[&str] = &[
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-method",
    "x-original-url",
    "x-original-uri",
    "x-rewrite-url",
];

/// The headers of one message that belong to its connection only: by themselves, or because `Connection` names them.
pub struct OneHop<'h>(Vec<&'h str>);

impl<'h> OneHop<'h> {
    /// Reads what `Connection` names.
    #[must_use]
    pub fn of(headers: &'h HeaderMap) -> Self {
        let lists = headers.get_all(CONNECTION).filter_map(|value| value.to_str().ok());
        Self(lists.flat_map(|list| list.split(',').map(str::trim)).collect())
    }

    /// Whether the header, in lower case, is of this connection only.
    #[must_use]
    pub fn holds(&self, name: &str) -> bool {
        HOP_BY_HOP.contains(&name) || self.0.iter().any(|named| named.eq_ignore_ascii_case(name))
    }
}

/// Whether the request header `text` may travel to Kong.
#[must_use]
pub fn may_go_up(text: &str, hop: &OneHop<'_>, credentials: &Credentials) -> bool {
    if text.contains('_') {
        // Some servers read `kong_admin_token` as `kong-admin-token`.
        return !hop.holds(text) && may_go_up(&text.replace('_', "-"), hop, credentials);
    }
    !(hop.holds(text)
        || OVERRIDES.contains(&text)
        || REPLACED.contains(&text)
        || matches!(text, "cookie" | "authorization")
        || text == credentials.token_header
        || text == credentials.user_header
        || text.starts_with("x-kong-")
        || text.starts_with("x-forwarded-"))
}

/// Whether the response header `text` of Kong may travel to the client. Kong's CORS answers are made for clients without cookies
/// and never pass; nor do cookies, which Kong has no reason to set on this origin.
#[must_use]
pub fn may_come_down(text: &str, hop: &OneHop<'_>) -> bool {
    !(hop.holds(text) || text.starts_with("access-control-") || matches!(text, "content-length" | "set-cookie"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    #[test]
    fn km_077_credentials_and_identity_headers_stay_here() {
        let credentials =
            Credentials { token_header: "kong-admin-token".into(), user_header: "kong-admin-user".into() };
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static("connection"), HeaderValue::from_static("close, X-Hop"));
        let hop = OneHop::of(&headers);
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
            assert!(!may_go_up(stays, &hop, &credentials), "{stays}");
        }
        for goes in ["accept", "content-type", "x-custom", "if-none-match"] {
            assert!(may_go_up(goes, &hop, &credentials), "{goes}");
        }
    }
}
