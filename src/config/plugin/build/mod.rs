//! A configuration that was held against the table to [`OpenIdConnectConf`], part by part.

mod headers;
mod identity;
mod outcome;
mod provider;
mod redis;
mod requests;
mod session;

use super::OpenIdConnectConf;
use super::members::Members;

/// The whole structure; `None` without an issuer, which the table demands.
pub(super) fn conf(members: Members<'_>) -> Option<OpenIdConnectConf> {
    Some(OpenIdConnectConf {
        provider: provider::provider(members)?,
        clients: provider::clients(members),
        client_arg: members.text("client_arg"),
        methods: members.methods("auth_methods"),
        search: requests::search(members),
        authorization: requests::authorization(members),
        token: requests::token(members),
        introspection: requests::introspection(members),
        user_info: requests::user_info(members),
        verification: identity::verification(members),
        cache: provider::cache(members),
        access: identity::access(members)?,
        mapping: identity::mapping(members)?,
        upstream: headers::headers(members, "upstream", "session_request_headers"),
        downstream: headers::headers(members, "downstream", "session_response_headers"),
        session: session::session(members)?,
        login: outcome::login(members)?,
        logout: outcome::logout(members),
        failure: outcome::failure(members),
        run_on_preflight: members.flag("run_on_preflight"),
        hide_credentials: members.flag("hide_credentials"),
    })
}
