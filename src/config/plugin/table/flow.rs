//! The authorization request.

use super::CLIENT_AUTH;
use crate::config::plugin::parameter::{Kind::*, Parameter, Preset::*, Status::*};

const MODES: &[&str] = &["form_post", "form_post.jwt", "fragment", "fragment.jwt", "jwt", "query", "query.jwt"];

/// Rows.
pub(super) const ROWS: &[Parameter] = super::table! {
    "scopes": Texts, Is(r#"["openid"]"#), Implemented, "Scopes that are asked for.";
    "audience": Texts, Unset, Implemented, "Audiences that are asked for. `audience_required` is what tokens are held against.";
    "response_mode": Word(MODES), Is("\"query\""), Except(&["form_post.jwt", "fragment.jwt", "jwt", "query.jwt"]), "How the provider's answer comes back. `fragment` cannot be read by a server.";
    "response_type": Texts, Is(r#"["code"]"#), Refused("response types other than code"), "What the provider answers with.";
    "max_age": Number, Unset, Implemented, "Seconds since the caller last signed in, at most.";
    "require_proof_key_for_code_exchange": Flag, Unset, Implemented, "Forces PKCE on or off; unset = as discovery says.";
    "require_pushed_authorization_requests": Flag, Unset, Refused("pushed authorization requests (RFC 9126)"), "Forces pushed authorization requests on or off.";
    "pushed_authorization_request_endpoint_auth_method": Word(CLIENT_AUTH), Unset, Inert("authorization requests are not pushed"), "How the client proves itself when it pushes an authorization request.";
    "require_signed_request_object": Flag, Unset, Refused("signed authorization requests (RFC 9101)"), "Forces signed authorization requests on or off.";
    "authorization_query_args_names": Texts, Unset, Implemented, "Further arguments of the authorization request.";
    "authorization_query_args_values": Texts, Unset, Implemented, "Their values, in the same order.";
    "authorization_query_args_client": Texts, Unset, Implemented, "Arguments of the caller's request that go into the authorization request, e.g. `login_hint`.";
    "preserve_query_args": Flag, Is("false"), Implemented, "Keeps the query of the request that started the login.";
};
