//! Endpoints that replace discovered ones.

use crate::config::plugin::parameter::{Kind::*, Parameter, Preset::*, Status::*};

const NO_MTLS: &str = "clients do not authenticate by certificate";

/// Rows.
pub(super) const ROWS: &[Parameter] = super::table! {
    "authorization_endpoint": Url, Unset, Implemented, "Where browsers are sent to sign in.";
    "token_endpoint": Url, Unset, Implemented, "Where tokens come from.";
    "introspection_endpoint": Url, Unset, Implemented, "Where opaque tokens are looked up.";
    "revocation_endpoint": Url, Unset, Implemented, "Where tokens are revoked at logout.";
    "userinfo_endpoint": Url, Unset, Implemented, "Where more is learned about a caller.";
    "end_session_endpoint": Url, Unset, Implemented, "Where browsers are sent to sign out.";
    "jwks_endpoint": Url, Unset, Implemented, "The provider's key set.";
    "pushed_authorization_request_endpoint": Url, Unset, Inert("authorization requests are not pushed"), "Where authorization requests are pushed.";
    "mtls_token_endpoint": Url, Unset, Inert(NO_MTLS), "Token endpoint for clients with a certificate.";
    "mtls_introspection_endpoint": Url, Unset, Inert(NO_MTLS), "Introspection endpoint for clients with a certificate.";
    "mtls_revocation_endpoint": Url, Unset, Inert(NO_MTLS), "Revocation endpoint for clients with a certificate.";
};
