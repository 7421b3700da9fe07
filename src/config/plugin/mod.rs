//! The configuration of one `openid-connect` plugin (openid-connect.md 13), typed and complete: whoever holds an
//! [`OpenIdConnectConf`] need not check anything again.

mod advice;
mod build;
mod checks;
mod conf;
pub mod document;
mod former;
mod members;
pub mod parameter;
mod parse;
mod shape;
pub mod table;

use crate::domain::method::{Method, MethodSet};

pub use conf::*;
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

impl OpenIdConnectConf {
    /// Whether a method is enabled.
    #[must_use]
    pub fn allows(&self, method: Method) -> bool {
        self.methods.has(method)
    }
}

#[cfg(test)]
mod tests;
