//! Where credentials stand in requests, and what requests to the provider are made of.

use secrecy::SecretString;

use crate::config::auth_conf::ResponseMode;
use crate::config::plugin::members::Members;
use crate::config::plugin::{
    AuthorizationRequestConf, CredentialSearch, IntrospectionConf, Place, Places, TokenRequestConf, UserInfoConf,
};

pub(super) fn search(members: Members<'_>) -> CredentialSearch {
    CredentialSearch {
        bearer: places(members, "bearer_token_param_type"),
        bearer_header: members.some_text("bearer_token_header_name").map(|name| name.to_ascii_lowercase()),
        bearer_cookie: members.some_text("bearer_token_cookie_name"),
        password: places(members, "password_param_type"),
        client_credentials: places(members, "client_credentials_param_type"),
        refresh_token: places(members, "refresh_token_param_type"),
        refresh_token_name: members.some_text("refresh_token_param_name"),
        id_token: places(members, "id_token_param_type"),
        id_token_name: members.some_text("id_token_param_name"),
    }
}

/// Places in search order, whatever the order in the list.
fn places(members: Members<'_>, name: &str) -> Places {
    let listed = members.texts(name);
    let order = [("header", Place::Header), ("query", Place::Query), ("body", Place::Body), ("cookie", Place::Cookie)];
    Places(order.into_iter().filter(|(word, _)| listed.iter().any(|it| it == word)).map(|(_, place)| place).collect())
}

pub(super) fn authorization(members: Members<'_>) -> AuthorizationRequestConf {
    AuthorizationRequestConf {
        scopes: members.texts("scopes"),
        audience: members.texts("audience"),
        response_mode: members.word("response_mode", response_mode).unwrap_or(ResponseMode::Query),
        max_age: members.some_number("max_age"),
        pkce: members.some_flag("require_proof_key_for_code_exchange"),
        args: members.pairs("authorization_query_args_names", "authorization_query_args_values"),
        relayed_args: members.texts("authorization_query_args_client"),
        preserve_query: members.flag("preserve_query_args"),
    }
}

fn response_mode(word: &str) -> Option<ResponseMode> {
    match word {
        "query" => Some(ResponseMode::Query),
        "form_post" => Some(ResponseMode::FormPost),
        "fragment" => Some(ResponseMode::Fragment),
        _ => None,
    }
}

pub(super) fn token(members: Members<'_>) -> TokenRequestConf {
    TokenRequestConf {
        auth: members.client_auth("token_endpoint_auth_method"),
        headers: members.pairs("token_headers_names", "token_headers_values"),
        relayed_headers: members.texts("token_headers_client"),
        args: members.pairs("token_post_args_names", "token_post_args_values"),
        relayed_args: members.texts("token_post_args_client"),
    }
}

pub(super) fn introspection(members: Members<'_>) -> IntrospectionConf {
    let headers = members.pairs("introspection_headers_names", "introspection_headers_values");
    IntrospectionConf {
        auth: members.client_auth("introspection_endpoint_auth_method"),
        hint: members.text("introspection_hint"),
        token_name: members.text("introspection_token_param_name"),
        check_active: members.flag("introspection_check_active"),
        jwt_tokens: members.flag("introspect_jwt_tokens"),
        headers: headers.into_iter().map(|(name, value)| (name, SecretString::from(value))).collect(),
        relayed_headers: members.texts("introspection_headers_client"),
        args: members.pairs("introspection_post_args_names", "introspection_post_args_values"),
        relayed_args: members.texts("introspection_post_args_client"),
        args_from_headers: members.texts("introspection_post_args_client_headers"),
    }
}

pub(super) fn user_info(members: Members<'_>) -> UserInfoConf {
    UserInfoConf {
        search: members.flag("search_user_info"),
        headers: members.pairs("userinfo_headers_names", "userinfo_headers_values"),
        relayed_headers: members.texts("userinfo_headers_client"),
        args: members.pairs("userinfo_query_args_names", "userinfo_query_args_values"),
        relayed_args: members.texts("userinfo_query_args_client"),
    }
}
