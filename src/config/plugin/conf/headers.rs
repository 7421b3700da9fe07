//! Headers for the upstream and the client.

use crate::domain::claims::ClaimPath;

/// A header by name, and the scheme before its value (`authorization:bearer`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenHeader {
    /// Lower case, `-` for `_`.
    pub name: String,
    /// `Bearer`.
    pub scheme: Option<String>,
}

/// `upstream_*` or `downstream_*` headers (openid-connect.md 8). Names are lower case with `-` for `_`.
#[derive(Clone, Debug, Default)]
pub struct HeaderConf {
    /// `*_access_token_header`.
    pub access_token: Option<TokenHeader>,
    /// `*_id_token_header`.
    pub id_token: Option<TokenHeader>,
    /// `*_refresh_token_header`.
    pub refresh_token: Option<TokenHeader>,
    /// `*_access_token_jwk_header`.
    pub access_token_jwk: Option<String>,
    /// `*_id_token_jwk_header`.
    pub id_token_jwk: Option<String>,
    /// `*_user_info_header`.
    pub user_info: Option<String>,
    /// `*_introspection_header`.
    pub introspection: Option<String>,
    /// `*_session_id_header`.
    pub session_id: Option<String>,
    /// `*_headers_claims` with `*_headers_names`, then `*_headers`.
    pub claims: Vec<(String, ClaimPath)>,
    /// `session_request_headers` or `session_response_headers`.
    pub session: Vec<SessionProperty>,
}

/// A property of a session as a header (openid-connect.md 5.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionProperty {
    /// `id`
    Id,
    /// `audience`
    Audience,
    /// `subject`
    Subject,
    /// `timeout`
    Timeout,
    /// `idling-timeout`
    IdlingTimeout,
    /// `rolling-timeout`
    RollingTimeout,
    /// `absolute-timeout`
    AbsoluteTimeout,
}
