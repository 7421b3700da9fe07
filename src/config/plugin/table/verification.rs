//! What tokens are held against.

use crate::config::plugin::parameter::{Kind::*, Parameter, Preset::*, Status::*};

const IGNORABLE: &[&str] =
    &["authorization_code", "client_credentials", "introspection", "password", "refresh_token", "session", "userinfo"];

/// Rows.
pub(super) const ROWS: &[Parameter] = super::table! {
    "verify_signature": Flag, Is("true"), Implemented, "Verifies signatures of tokens.";
    "verify_claims": Flag, Is("true"), Implemented, "Verifies `iss`, `exp`, `nbf` and the other standard claims.";
    "verify_nonce": Flag, Is("true"), Implemented, "Verifies that an ID token belongs to the login that asked for it.";
    "ignore_signature": Words(IGNORABLE), Is("[]"), Implemented, "Methods whose tokens' signatures are not verified. `bearer` cannot be among them.";
    "enable_hs_signatures": Flag, Is("false"), Implemented, "Accepts tokens that are signed with the client secret.";
    "leeway": Number, Is("0"), Implemented, "Seconds by which clocks may differ.";
    "domains": Texts, Unset, Implemented, "Values that the claim `hd` may have.";
    "jwt_session_cookie": Text, Unset, Implemented, "Cookie whose value must equal a claim of the bearer token.";
    "jwt_session_claim": Text, Is("\"sid\""), Implemented, "That claim.";
    "reverify": Flag, Is("false"), Implemented, "Verifies the tokens of a session anew with each request.";
};
