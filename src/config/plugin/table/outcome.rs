//! What happens after a login, at a logout, and to callers who are refused.

use super::{CLIENT_AUTH, METHODS, MTLS};
use crate::config::plugin::parameter::{Kind::*, Parameter, Preset::*, Status::*};

const TOKENS: &[&str] = &["access_token", "id_token", "introspection", "refresh_token", "tokens"];

/// Rows.
pub(super) const ROWS: &[Parameter] = super::table! {
    "login_action": Word(&["redirect", "response", "upstream"]), Is("\"upstream\""), Implemented, "What happens after a login: a redirect, an answer with the tokens, or the request goes on.";
    "login_methods": Words(METHODS), Is(r#"["authorization_code"]"#), Implemented, "Methods that count as a login.";
    "login_tokens": Words(TOKENS), Or(r#"["id_token"]"#), Implemented, "Tokens that are put into the answer or the redirect.";
    "login_redirect_mode": Word(&["fragment", "query"]), Is("\"fragment\""), Implemented, "Where in the redirect they stand.";
    "login_redirect_uri": Urls, Unset, Implemented, "Where a redirect leads, for each client; unset = where the login began.";
    "logout_methods": Words(&["DELETE", "GET", "POST"]), Is(r#"["DELETE","POST"]"#), Implemented, "HTTP methods of a logout.";
    "logout_query_arg": Text, Unset, Implemented, "Argument of the query that makes a request a logout.";
    "logout_post_arg": Text, Unset, Implemented, "Argument of the body that makes a request a logout.";
    "logout_uri_suffix": Text, Unset, Implemented, "End of the path that makes a request a logout.";
    "logout_redirect_uri": Urls, Unset, Implemented, "Where a logout leads, for each client; sent to the provider too.";
    "logout_revoke": Flag, Is("false"), Implemented, "Revokes tokens at logout.";
    "logout_revoke_access_token": Flag, Is("true"), Implemented, "Revokes the access token.";
    "logout_revoke_refresh_token": Flag, Is("true"), Implemented, "Revokes the refresh token.";
    "revocation_endpoint_auth_method": Word(CLIENT_AUTH), Unset, MTLS, "How clients prove themselves at the revocation endpoint; before `client_auth`.";
    "revocation_token_param_name": Text, Is("\"token\""), Implemented, "Argument that holds the token.";
    "unauthorized_error_message": Text, Is("\"Unauthorized\""), Implemented, "Message of a 401.";
    "unauthorized_redirect_uri": Urls, Unset, Implemented, "Redirect instead of a 401, for each client.";
    "unauthorized_destroy_session": Flag, Is("true"), Implemented, "Ends the session at a 401.";
    "forbidden_error_message": Text, Is("\"Forbidden\""), Implemented, "Message of a 403.";
    "forbidden_redirect_uri": Urls, Unset, Implemented, "Redirect instead of a 403, for each client.";
    "forbidden_destroy_session": Flag, Is("true"), Implemented, "Ends the session at a 403.";
    "unexpected_redirect_uri": Urls, Unset, Implemented, "Redirect instead of a 500, for each client.";
    "display_errors": Flag, Is("false"), Implemented, "Tells callers why they were refused. Never in production.";
    "expose_error_code": Flag, Is("true"), Implemented, "Puts the error code into `WWW-Authenticate`.";
};
