//! Which credentials count, and where they are looked for.

use super::METHODS;
use crate::config::plugin::parameter::{Kind::*, Parameter, Preset, Preset::*, Status::*};

const PLACES: &[&str] = &["body", "header", "query"];
const BEARER_PLACES: &[&str] = &["body", "cookie", "header", "query"];
const ALL_PLACES: Preset = Is(r#"["body","header","query"]"#);
const ALL_METHODS: Preset = Is(
    r#"["authorization_code","bearer","client_credentials","introspection","kong_oauth2","password","refresh_token","session","userinfo"]"#,
);

/// Rows.
pub(super) const ROWS: &[Parameter] = super::table! {
    "auth_methods": Words(METHODS), ALL_METHODS, Implemented, "Credential types that count. Their order is fixed.";
    "bearer_token_param_type": Words(BEARER_PLACES), ALL_PLACES, Implemented, "Where a bearer token may stand.";
    "bearer_token_header_name": Text, Unset, Implemented, "The only header in which a bearer token may stand; unset = `Authorization`, `Access-Token` and `X-Access-Token`.";
    "bearer_token_cookie_name": Text, Unset, Implemented, "Cookie in which a bearer token may stand.";
    "refresh_token_param_name": Text, Unset, Implemented, "Header or argument in which a refresh token may stand; without it there is none.";
    "refresh_token_param_type": Words(PLACES), ALL_PLACES, Implemented, "Where a refresh token may stand.";
    "id_token_param_name": Text, Unset, Implemented, "Header or argument in which an ID token may stand beside the access token.";
    "id_token_param_type": Words(PLACES), ALL_PLACES, Implemented, "Where that ID token may stand.";
    "password_param_type": Words(PLACES), ALL_PLACES, Implemented, "Where username and password may stand.";
    "client_credentials_param_type": Words(PLACES), ALL_PLACES, Implemented, "Where client id and secret may stand.";
    "hide_credentials": Flag, Is("true"), Implemented, "Removes the credential that was used before the request goes on.";
    "run_on_preflight": Flag, Is("true"), Implemented, "Demands credentials of OPTIONS requests too.";
};
