//! What follows a login, a logout or a refusal.

use super::clients::PerClient;
use crate::config::auth_conf::ClientAuth;
use crate::domain::method::MethodSet;

/// What happens after a login (openid-connect.md 4.9).
#[derive(Clone, Debug)]
pub struct LoginActionConf {
    /// `login_action`.
    pub action: LoginAction,
    /// `login_methods`.
    pub methods: MethodSet,
    /// `login_tokens`.
    pub tokens: Vec<LoginToken>,
    /// `login_redirect_mode`: `true` = fragment.
    pub in_fragment: bool,
    /// `login_redirect_uri`, as written; none = the URL that started the flow.
    pub redirect_uri: PerClient<String>,
}

/// `login_action`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginAction {
    /// Forward the request.
    Upstream,
    /// Answer with the tokens.
    Response,
    /// Redirect.
    Redirect,
}

/// An element of `login_tokens`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginToken {
    /// `id_token`
    IdToken,
    /// `access_token`
    AccessToken,
    /// `refresh_token`
    RefreshToken,
    /// `tokens`
    Tokens,
    /// `introspection`
    Introspection,
}

/// Logout (openid-connect.md 6).
#[derive(Clone, Debug)]
pub struct LogoutConf {
    /// `logout_methods`, upper case.
    pub methods: Vec<String>,
    /// `logout_query_arg`.
    pub query_arg: Option<String>,
    /// `logout_post_arg`.
    pub post_arg: Option<String>,
    /// `logout_uri_suffix`.
    pub uri_suffix: Option<String>,
    /// `logout_redirect_uri`, as written.
    pub redirect_uri: PerClient<String>,
    /// `logout_revoke` and `logout_revoke_access_token`.
    pub revoke_access_token: bool,
    /// `logout_revoke` and `logout_revoke_refresh_token`.
    pub revoke_refresh_token: bool,
    /// `revocation_endpoint_auth_method`.
    pub revocation_auth: Option<ClientAuth>,
    /// `revocation_token_param_name`.
    pub revocation_token_name: String,
}

/// What refused callers are told (openid-connect.md 1.5).
#[derive(Clone, Debug)]
pub struct FailureConf {
    /// `unauthorized_error_message`.
    pub unauthorized_message: String,
    /// `forbidden_error_message`.
    pub forbidden_message: String,
    /// `unauthorized_redirect_uri`, as written.
    pub unauthorized_redirect: PerClient<String>,
    /// `forbidden_redirect_uri`, as written.
    pub forbidden_redirect: PerClient<String>,
    /// `unexpected_redirect_uri`, as written.
    pub unexpected_redirect: PerClient<String>,
    /// `unauthorized_destroy_session`.
    pub unauthorized_ends_session: bool,
    /// `forbidden_destroy_session`.
    pub forbidden_ends_session: bool,
    /// `display_errors`.
    pub show_reason: bool,
    /// `expose_error_code`.
    pub show_code: bool,
}
