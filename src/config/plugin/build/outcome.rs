//! What follows a login, a logout and a refusal.

use crate::config::plugin::members::Members;
use crate::config::plugin::{FailureConf, LoginAction, LoginActionConf, LoginToken, LogoutConf};

pub(super) fn login(members: Members<'_>) -> Option<LoginActionConf> {
    Some(LoginActionConf {
        action: members.word("login_action", action)?,
        methods: members.methods("login_methods"),
        tokens: members.words("login_tokens", token),
        in_fragment: members.text("login_redirect_mode") == "fragment",
        redirect_uri: members.per_client("login_redirect_uri"),
    })
}

fn action(word: &str) -> Option<LoginAction> {
    match word {
        "upstream" => Some(LoginAction::Upstream),
        "response" => Some(LoginAction::Response),
        "redirect" => Some(LoginAction::Redirect),
        _ => None,
    }
}

fn token(word: &str) -> Option<LoginToken> {
    match word {
        "id_token" => Some(LoginToken::IdToken),
        "access_token" => Some(LoginToken::AccessToken),
        "refresh_token" => Some(LoginToken::RefreshToken),
        "tokens" => Some(LoginToken::Tokens),
        "introspection" => Some(LoginToken::Introspection),
        _ => None,
    }
}

pub(super) fn logout(members: Members<'_>) -> LogoutConf {
    let revokes = |name: &str| members.flag("logout_revoke") && members.flag(name);
    LogoutConf {
        methods: members.texts("logout_methods"),
        query_arg: members.some_text("logout_query_arg"),
        post_arg: members.some_text("logout_post_arg"),
        uri_suffix: members.some_text("logout_uri_suffix"),
        redirect_uri: members.per_client("logout_redirect_uri"),
        revoke_access_token: revokes("logout_revoke_access_token"),
        revoke_refresh_token: revokes("logout_revoke_refresh_token"),
        revocation_auth: members.client_auth("revocation_endpoint_auth_method"),
        revocation_token_name: members.text("revocation_token_param_name"),
    }
}

pub(super) fn failure(members: Members<'_>) -> FailureConf {
    FailureConf {
        unauthorized_message: members.text("unauthorized_error_message"),
        forbidden_message: members.text("forbidden_error_message"),
        unauthorized_redirect: members.per_client("unauthorized_redirect_uri"),
        forbidden_redirect: members.per_client("forbidden_redirect_uri"),
        unexpected_redirect: members.per_client("unexpected_redirect_uri"),
        unauthorized_ends_session: members.flag("unauthorized_destroy_session"),
        forbidden_ends_session: members.flag("forbidden_destroy_session"),
        show_reason: members.flag("display_errors"),
        show_code: members.flag("expose_error_code"),
    }
}
