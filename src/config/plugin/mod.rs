//! The configuration of one `openid-connect` plugin (openid-connect.md 13), typed and complete: whoever holds an
//! [`OpenIdConnectConf`] need not check anything again. Grouped by what reads it, not by the alphabet.

mod advice;
mod build;
mod checks;
pub mod document;
mod former;
mod members;
pub mod parameter;
mod parse;
mod shape;
pub mod table;

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use super::auth_conf::{ClientAuth, SameSite};
use crate::domain::claims::ClaimPath;
use crate::domain::method::{Method, MethodSet};

pub use parse::{PluginContext, parse};

/// One plugin instance.
#[derive(Clone, Debug)]
pub struct OpenIdConnectConf {
    /// Where the provider is and what it says.
    pub provider: ProviderConf,
    /// `client_id` and its parallel arrays; empty when no client is configured.
    pub clients: Vec<ClientConf>,
    /// `client_arg`: the header or argument that selects a client.
    pub client_arg: String,
    /// `auth_methods`.
    pub methods: MethodSet,
    /// Where credentials are looked for.
    pub search: CredentialSearch,
    /// The authorization request.
    pub authorization: AuthorizationRequestConf,
    /// Requests to the token endpoint.
    pub token: TokenRequestConf,
    /// `introspection_*`.
    pub introspection: IntrospectionConf,
    /// `userinfo_*`.
    pub user_info: UserInfoConf,
    /// What tokens are held against.
    pub verification: VerificationConf,
    /// What is remembered, and for how long.
    pub cache: CacheConf,
    /// Claims that must and must not be there.
    pub access: AccessConf,
    /// Who the caller is for the gateway.
    pub mapping: MappingConf,
    /// `upstream_*`.
    pub upstream: HeaderConf,
    /// `downstream_*`.
    pub downstream: HeaderConf,
    /// `session_*` and `authorization_cookie_*`.
    pub session: PluginSessionConf,
    /// `login_*`.
    pub login: LoginActionConf,
    /// `logout_*` and revocation.
    pub logout: LogoutConf,
    /// What refused callers are told.
    pub failure: FailureConf,
    /// `run_on_preflight`.
    pub run_on_preflight: bool,
    /// `hide_credentials`.
    pub hide_credentials: bool,
}

/// The provider (openid-connect.md 3).
#[derive(Clone, Debug)]
pub struct ProviderConf {
    /// `issuer` as it was written: the name of the discovery cache object.
    pub name: String,
    /// `issuer` as a URL.
    pub issuer: Url,
    /// `using_pseudo_issuer`: discovery is never asked.
    pub is_pseudo: bool,
    /// `issuers_allowed`; empty = the discovered issuer.
    pub issuers_allowed: Vec<String>,
    /// Explicit endpoints that replace discovered ones.
    pub endpoints: EndpointOverrides,
    /// `extra_jwks_uris`.
    pub extra_jwks: Vec<Url>,
    /// `rediscovery_lifetime`, seconds.
    pub rediscovery_lifetime: i64,
    /// `cache_ttl`, seconds: age at which what is known is refreshed in the background.
    pub cache_ttl: i64,
    /// `discovery_headers_names` and `_values`.
    pub discovery_headers: Vec<(String, String)>,
    /// `timeout`, milliseconds, of each request to the provider.
    pub timeout_ms: u64,
    /// `ssl_verify`.
    pub ssl_verify: bool,
    /// `keepalive`.
    pub keepalive: bool,
    /// `verify_parameters`.
    pub verify_parameters: bool,
}

impl ProviderConf {
    /// The provider at `issuer`, everything else at its default.
    #[must_use]
    pub fn at(issuer: Url) -> Self {
        Self {
            name: issuer.to_string(),
            issuer,
            is_pseudo: false,
            issuers_allowed: Vec::new(),
            endpoints: EndpointOverrides::default(),
            extra_jwks: Vec::new(),
            rediscovery_lifetime: 30,
            cache_ttl: 3600,
            discovery_headers: Vec::new(),
            timeout_ms: 10_000,
            ssl_verify: true,
            keepalive: true,
            verify_parameters: false,
        }
    }
}

/// `*_endpoint` overrides.
#[derive(Clone, Debug, Default)]
pub struct EndpointOverrides {
    /// `authorization_endpoint`.
    pub authorization: Option<Url>,
    /// `token_endpoint`.
    pub token: Option<Url>,
    /// `introspection_endpoint`.
    pub introspection: Option<Url>,
    /// `revocation_endpoint`.
    pub revocation: Option<Url>,
    /// `userinfo_endpoint`.
    pub userinfo: Option<Url>,
    /// `end_session_endpoint`.
    pub end_session: Option<Url>,
    /// `jwks_endpoint`.
    pub jwks: Option<Url>,
}

/// One client of the plugin at the provider; the elements of the parallel arrays at its index, or the first ones
/// where an array is shorter (openid-connect.md 4.2).
#[derive(Clone, Debug)]
pub struct ClientConf {
    /// `client_id`.
    pub id: String,
    /// `client_secret`.
    pub secret: Option<SecretString>,
    /// `client_auth`.
    pub auth: Option<ClientAuth>,
    /// `client_alg`, e.g. `RS256`.
    pub alg: Option<String>,
    /// `client_jwk`, a private JWK (RFC 7517) as JSON.
    pub jwk: Option<ClientKey>,
    /// `redirect_uri` as it was written, for providers compare it as text; `None` = the URL of the request.
    pub redirect_uri: Option<String>,
}

impl ClientConf {
    /// A client that proves itself with its secret, if it has one; nothing else is configured.
    #[must_use]
    pub fn new(id: String, secret: Option<SecretString>) -> Self {
        Self { id, secret, auth: None, alg: None, jwk: None, redirect_uri: None }
    }
}

/// An array that is parallel to `client_id` (openid-connect.md 4.2), and has elements without any client too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerClient<T>(pub Vec<T>);

impl<T> PerClient<T> {
    /// The element of the client at `index`, or the first one where the array is shorter.
    #[must_use]
    pub fn of(&self, index: usize) -> Option<&T> {
        self.0.get(index).or(self.0.first())
    }
}

/// A private JWK. `Debug` hides it.
#[derive(Clone)]
pub struct ClientKey(pub Arc<Value>);

impl std::fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientKey(hidden)")
    }
}

/// A place where a credential may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A request header.
    Header,
    /// The query.
    Query,
    /// A form or JSON body.
    Body,
    /// A cookie; bearer tokens only.
    Cookie,
}

/// Places in the order in which they are searched: header, query, body, cookie (openid-connect.md 1.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places(pub Vec<Place>);

impl Places {
    /// Whether `place` is searched.
    #[must_use]
    pub fn has(&self, place: Place) -> bool {
        self.0.contains(&place)
    }
}

/// Where credentials are looked for.
#[derive(Clone, Debug)]
pub struct CredentialSearch {
    /// `bearer_token_param_type`.
    pub bearer: Places,
    /// `bearer_token_header_name`, lower case.
    pub bearer_header: Option<String>,
    /// `bearer_token_cookie_name`.
    pub bearer_cookie: Option<String>,
    /// `password_param_type`.
    pub password: Places,
    /// `client_credentials_param_type`.
    pub client_credentials: Places,
    /// `refresh_token_param_type`.
    pub refresh_token: Places,
    /// `refresh_token_param_name`.
    pub refresh_token_name: Option<String>,
    /// `id_token_param_type`.
    pub id_token: Places,
    /// `id_token_param_name`.
    pub id_token_name: Option<String>,
}

/// The authorization request (openid-connect.md 2.9.1).
#[derive(Clone, Debug)]
pub struct AuthorizationRequestConf {
    /// `scopes`.
    pub scopes: Vec<String>,
    /// `audience`.
    pub audience: Vec<String>,
    /// `response_mode`.
    pub response_mode: super::auth_conf::ResponseMode,
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
            response_mode: super::auth_conf::ResponseMode::Query,
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

/// What tokens are held against (openid-connect.md 2.10).
#[derive(Clone, Debug)]
pub struct VerificationConf {
    /// `verify_claims`.
    pub claims: bool,
    /// `verify_signature`.
    pub signature: bool,
    /// `verify_nonce`.
    pub nonce: bool,
    /// `ignore_signature`.
    pub ignore_signature: MethodSet,
    /// `enable_hs_signatures`.
    pub hs_signatures: bool,
    /// `leeway`, seconds.
    pub leeway: i64,
    /// `domains`.
    pub domains: Vec<String>,
    /// `jwt_session_cookie` and `jwt_session_claim`.
    pub jwt_session: Option<(String, String)>,
    /// `reverify`.
    pub reverify: bool,
}

impl Default for VerificationConf {
    fn default() -> Self {
        Self {
            claims: true,
            signature: true,
            nonce: true,
            ignore_signature: MethodSet::default(),
            hs_signatures: false,
            leeway: 0,
            domains: Vec::new(),
            jwt_session: None,
            reverify: false,
        }
    }
}

/// Caches (openid-connect.md 2.4, 2.5, 2.7).
#[derive(Clone, Debug)]
pub struct CacheConf {
    /// `cache_introspection`.
    pub introspection: bool,
    /// `cache_tokens`.
    pub tokens: bool,
    /// `cache_user_info`.
    pub user_info: bool,
    /// `cache_tokens_salt`.
    pub salt: Option<String>,
    /// `token_cache_key_include_scope`.
    pub key_includes_scope: bool,
    /// `cache_ttl`, seconds.
    pub ttl: i64,
    /// `cache_ttl_min`, seconds.
    pub ttl_min: Option<i64>,
    /// `cache_ttl_max`, seconds.
    pub ttl_max: Option<i64>,
    /// `cache_ttl_neg`, seconds.
    pub ttl_neg: Option<i64>,
    /// `cache_ttl_resurrect`, seconds.
    pub ttl_resurrect: Option<i64>,
}

/// Alternatives of words that must all be there: `["a b", "c"]` is (a and b) or c (openid-connect.md 7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredClaim {
    /// `*_claim`.
    pub claim: ClaimPath,
    /// `*_required`: the words of each element.
    pub alternatives: Vec<Vec<String>>,
}

/// Claims that must and must not be there (openid-connect.md 7.1, 7.2).
#[derive(Clone, Debug)]
pub struct AccessConf {
    /// `scopes_claim`, `scopes_required`.
    pub scopes: RequiredClaim,
    /// `audience_claim`, `audience_required`.
    pub audience: RequiredClaim,
    /// `groups_claim`, `groups_required`.
    pub groups: RequiredClaim,
    /// `roles_claim`, `roles_required`.
    pub roles: RequiredClaim,
    /// `claims_forbidden`.
    pub forbidden: Vec<String>,
}

/// A field of a consumer that a claim is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsumerField {
    /// `username`
    Username,
    /// `custom_id`
    CustomId,
    /// `id`
    Id,
}

/// Who the caller is for the gateway (openid-connect.md 7.4 to 7.7).
#[derive(Clone, Debug)]
pub struct MappingConf {
    /// `anonymous`: id or username.
    pub anonymous: Option<String>,
    /// `consumer_claims`, or `consumer_claim` as its only element.
    pub consumer_claims: Vec<ClaimPath>,
    /// `consumer_by`, in the order username, custom_id, id.
    pub consumer_by: Vec<ConsumerField>,
    /// `consumer_optional`.
    pub consumer_optional: bool,
    /// `by_username_ignore_case`.
    pub ignore_case: bool,
    /// `consumer_groups_claim`.
    pub consumer_groups_claim: Option<ClaimPath>,
    /// `consumer_groups_optional`.
    pub consumer_groups_optional: bool,
    /// `authenticated_groups_claim`.
    pub groups_claim: Option<ClaimPath>,
    /// `credential_claim`.
    pub credential_claim: ClaimPath,
}

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

/// Where session data lives.
#[derive(Clone, Debug)]
pub enum SessionStorage {
    /// Sealed in the cookie.
    Cookie,
    /// In kong-sso's store: its own extension of `session_storage`.
    Database,
    /// In Redis.
    Redis(RedisConf),
}

/// A Redis server (openid-connect.md 5.5).
#[derive(Clone, Debug)]
pub struct RedisConf {
    /// `redis.host`.
    pub host: String,
    /// `redis.port`.
    pub port: u16,
    /// `redis.socket`; wins over host and port.
    pub socket: Option<String>,
    /// `redis.database`.
    pub database: i64,
    /// `redis.username`.
    pub username: Option<String>,
    /// `redis.password`.
    pub password: Option<SecretString>,
    /// `redis.prefix`.
    pub prefix: String,
    /// `redis.ssl`.
    pub tls: bool,
    /// `redis.ssl_verify`.
    pub tls_verify: bool,
    /// `redis.server_name`: the name in TLS, where it is not the host.
    pub server_name: Option<String>,
    /// `redis.connect_timeout`, milliseconds.
    pub connect_timeout_ms: u64,
    /// The longer of `redis.read_timeout` and `redis.send_timeout`, milliseconds.
    pub response_timeout_ms: u64,
}

/// Attributes of a cookie.
#[derive(Clone, Debug)]
pub struct CookieConf {
    /// Name.
    pub name: String,
    /// `Path`.
    pub path: String,
    /// `Domain`.
    pub domain: Option<String>,
    /// `HttpOnly`.
    pub http_only: bool,
    /// `Secure`; `None` = as the request's scheme is.
    pub secure: Option<bool>,
    /// `SameSite`.
    pub same_site: SameSite,
}

/// Something of the client that a session is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionBinding {
    /// `ip`
    Ip,
    /// `scheme`
    Scheme,
    /// `user-agent`
    UserAgent,
}

/// Sessions of the plugin (openid-connect.md 5).
#[derive(Clone, Debug)]
pub struct PluginSessionConf {
    /// `session_secret`; `None` = made once and kept.
    pub secret: Option<SecretString>,
    /// `session_storage`.
    pub storage: SessionStorage,
    /// `session_cookie_*`.
    pub cookie: CookieConf,
    /// `session_audience`.
    pub audience: String,
    /// `session_idling_timeout`, seconds; 0 disables.
    pub idling_timeout: i64,
    /// `session_rolling_timeout`, seconds; 0 disables.
    pub rolling_timeout: i64,
    /// `session_absolute_timeout`, seconds; 0 disables.
    pub absolute_timeout: i64,
    /// `session_bind`.
    pub bind: Vec<SessionBinding>,
    /// `session_remember` and its cookie; `None` when it is off.
    pub remember: Option<RememberConf>,
    /// `disable_session`.
    pub disabled_for: MethodSet,
    /// `refresh_tokens`.
    pub refresh_tokens: bool,
    /// `authorization_cookie_*`.
    pub login_cookie: CookieConf,
    /// `authorization_rolling_timeout`, seconds; 0 = unchecked.
    pub login_timeout: i64,
}

/// The persistent session.
#[derive(Clone, Debug)]
pub struct RememberConf {
    /// `session_remember_cookie_name`.
    pub cookie_name: String,
    /// `session_remember_rolling_timeout`, seconds.
    pub rolling_timeout: i64,
    /// `session_remember_absolute_timeout`, seconds.
    pub absolute_timeout: i64,
}

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

impl OpenIdConnectConf {
    /// Whether a method is enabled.
    #[must_use]
    pub fn allows(&self, method: Method) -> bool {
        self.methods.has(method)
    }
}

#[cfg(test)]
mod tests;
