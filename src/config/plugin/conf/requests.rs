//! Requests that a plugin sends to its provider.

use secrecy::SecretString;

use crate::config::auth_conf::ClientAuth;
use crate::config::auth_conf::ResponseMode;

/// The authorization request (openid-connect.md 2.9.1).
#[derive(Clone, Debug)]
pub struct AuthorizationRequestConf {
    /// `scopes`.
    pub scopes: Vec<String>,
    /// `audience`.
    pub audience: Vec<String>,
    /// `response_mode`.
    pub response_mode: ResponseMode,
    /// `max_age`, seconds.
    pub max_age: Option<i64>,
    /// `require_proof_key_for_code_exchange`; `None` = discovery decides.
    pub pkce: Option<bool>,
    /// `authorization_query_args_names` and `_values`.
    pub args: Vec<(String, String)>,
    /// `authorization_query_args_client`.
    pub relayed_args: Vec<String>,
    /// `preserve_query_args`.
    pub preserve_query: bool,
}

impl Default for AuthorizationRequestConf {
    fn default() -> Self {
        Self {
            scopes: vec!["openid".to_owned()],
            audience: Vec::new(),
            response_mode: ResponseMode::Query,
            max_age: None,
            pkce: None,
            args: Vec::new(),
            relayed_args: Vec::new(),
            preserve_query: false,
        }
    }
}

/// Requests to the token endpoint (openid-connect.md 4.4, 4.5).
#[derive(Clone, Debug, Default)]
pub struct TokenRequestConf {
    /// `token_endpoint_auth_method`.
    pub auth: Option<ClientAuth>,
    /// `token_headers_names` and `_values`.
    pub headers: Vec<(String, String)>,
    /// `token_headers_client`.
    pub relayed_headers: Vec<String>,
    /// `token_post_args_names` and `_values`.
    pub args: Vec<(String, String)>,
    /// `token_post_args_client`.
    pub relayed_args: Vec<String>,
}

/// Introspection (openid-connect.md 2.4).
#[derive(Clone, Debug)]
pub struct IntrospectionConf {
    /// `introspection_endpoint_auth_method`.
    pub auth: Option<ClientAuth>,
    /// `introspection_hint`.
    pub hint: String,
    /// `introspection_token_param_name`.
    pub token_name: String,
    /// `introspection_check_active`.
    pub check_active: bool,
    /// `introspect_jwt_tokens`.
    pub jwt_tokens: bool,
    /// `introspection_headers_names` and `_values`.
    pub headers: Vec<(String, SecretString)>,
    /// `introspection_headers_client`.
    pub relayed_headers: Vec<String>,
    /// `introspection_post_args_names` and `_values`.
    pub args: Vec<(String, String)>,
    /// `introspection_post_args_client`.
    pub relayed_args: Vec<String>,
    /// `introspection_post_args_client_headers`.
    pub args_from_headers: Vec<String>,
}

/// UserInfo (openid-connect.md 2.5).
#[derive(Clone, Debug)]
pub struct UserInfoConf {
    /// `search_user_info`.
    pub search: bool,
    /// `userinfo_headers_names` and `_values`.
    pub headers: Vec<(String, String)>,
    /// `userinfo_headers_client`.
    pub relayed_headers: Vec<String>,
    /// `userinfo_query_args_names` and `_values`.
    pub args: Vec<(String, String)>,
    /// `userinfo_query_args_client`.
    pub relayed_args: Vec<String>,
}
