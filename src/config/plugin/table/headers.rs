//! Headers that the upstream and the client get.

use crate::config::plugin::parameter::{Kind::*, Parameter, Preset::*, Status::*};

const JWT_ANSWER: crate::config::plugin::parameter::Status = Refused("answers of the provider that are JWTs");
const PROPERTIES: &[&str] =
    &["absolute-timeout", "audience", "id", "idling-timeout", "rolling-timeout", "subject", "timeout"];

/// Rows.
pub(super) const ROWS: &[Parameter] = super::table! {
    "upstream_headers": Records(&[MAPPING]), Unset, Implemented, "Claims that the upstream gets as headers.";
    "upstream_headers_claims": Texts, Unset, Deprecated("upstream_headers"), "Claims, without paths, that the upstream gets as headers.";
    "upstream_headers_names": Texts, Unset, Deprecated("upstream_headers"), "Names of those headers, in the same order.";
    "upstream_access_token_header": Header, Or("\"authorization:bearer\""), Implemented, "Header for the access token; empty = none.";
    "upstream_access_token_jwk_header": Header, Unset, Implemented, "Header for the key that verified the access token.";
    "upstream_id_token_header": Header, Unset, Implemented, "Header for the ID token.";
    "upstream_id_token_jwk_header": Header, Unset, Implemented, "Header for the key that verified the ID token.";
    "upstream_refresh_token_header": Header, Unset, Implemented, "Header for the refresh token.";
    "upstream_introspection_header": Header, Unset, Implemented, "Header for the introspection answer: JSON in base64.";
    "upstream_introspection_jwt_header": Header, Unset, JWT_ANSWER, "Header for the introspection answer as a JWT.";
    "upstream_user_info_header": Header, Unset, Implemented, "Header for the UserInfo answer: JSON in base64.";
    "upstream_user_info_jwt_header": Header, Unset, JWT_ANSWER, "Header for the UserInfo answer as a JWT.";
    "upstream_session_id_header": Header, Unset, Implemented, "Header for the session's id.";
    "session_request_headers": Words(PROPERTIES), Unset, Implemented, "Properties of the session that the upstream gets as `Session-*`.";
    "downstream_headers": Records(&[MAPPING]), Unset, Implemented, "Claims that the client gets as headers.";
    "downstream_headers_claims": Texts, Unset, Deprecated("downstream_headers"), "Claims, without paths, that the client gets as headers.";
    "downstream_headers_names": Texts, Unset, Deprecated("downstream_headers"), "Names of those headers, in the same order.";
    "downstream_access_token_header": Header, Unset, Implemented, "Header for the access token.";
    "downstream_access_token_jwk_header": Header, Unset, Implemented, "Header for the key that verified the access token.";
    "downstream_id_token_header": Header, Unset, Implemented, "Header for the ID token.";
    "downstream_id_token_jwk_header": Header, Unset, Implemented, "Header for the key that verified the ID token.";
    "downstream_refresh_token_header": Header, Unset, Implemented, "Header for the refresh token.";
    "downstream_introspection_header": Header, Unset, Implemented, "Header for the introspection answer: JSON in base64.";
    "downstream_introspection_jwt_header": Header, Unset, JWT_ANSWER, "Header for the introspection answer as a JWT.";
    "downstream_user_info_header": Header, Unset, Implemented, "Header for the UserInfo answer: JSON in base64.";
    "downstream_user_info_jwt_header": Header, Unset, JWT_ANSWER, "Header for the UserInfo answer as a JWT.";
    "downstream_session_id_header": Header, Unset, Implemented, "Header for the session's id.";
    "session_response_headers": Words(PROPERTIES), Unset, Implemented, "Properties of the session that the client gets as `Session-*`.";
};

const MAPPING: &[Parameter] = super::table! {
    "header": Header, Required, Implemented, "Name of the header.";
    "path": Path, Required, Implemented, "Path to the claim.";
};
