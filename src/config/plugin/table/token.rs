//! Requests to the token endpoint.

use super::{CLIENT_AUTH, MTLS};
use crate::config::plugin::parameter::{Kind::*, Parameter, Preset::*, Status::*};

const GRANTS: &[&str] = &["authorization_code", "client_credentials", "password", "refresh_token"];
const NO_REPLAY: &str = "headers of the token endpoint are not passed on";

/// Rows.
pub(super) const ROWS: &[Parameter] = super::table! {
    "token_endpoint_auth_method": Word(CLIENT_AUTH), Unset, MTLS, "How clients prove themselves at the token endpoint; before `client_auth`.";
    "token_headers_names": Texts, Unset, Implemented, "Headers that are sent to the token endpoint.";
    "token_headers_values": Texts, Unset, Implemented, "Their values, in the same order.";
    "token_headers_client": Texts, Unset, Implemented, "Headers of the caller's request that go to the token endpoint.";
    "token_post_args_names": Texts, Unset, Implemented, "Further arguments of token requests.";
    "token_post_args_values": Texts, Unset, Implemented, "Their values, in the same order.";
    "token_post_args_client": Texts, Unset, Implemented, "Arguments or headers of the caller's request that go into token requests.";
    "token_headers_replay": Texts, Unset, Refused("passing headers of the token endpoint on to callers"), "Headers of the token endpoint's answer that callers get.";
    "token_headers_prefix": Text, Unset, Inert(NO_REPLAY), "What is put before their names.";
    "token_headers_grants": Words(GRANTS), Unset, Inert(NO_REPLAY), "Grants for which they are passed on.";
};
