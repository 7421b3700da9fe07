//! Requests to the introspection and UserInfo endpoints.

use super::{CLIENT_AUTH, MTLS};
use crate::config::plugin::parameter::{Kind::*, Parameter, Preset::*, Status::*};

const INTROSPECTION_TYPES: &[&str] = &["application/json", "application/jwt", "application/token-introspection+jwt"];
const USER_INFO_TYPES: &[&str] = &["application/json", "application/jwt"];

/// Rows.
pub(super) const ROWS: &[Parameter] = super::table! {
    "introspection_endpoint_auth_method": Word(CLIENT_AUTH), Unset, MTLS, "How clients prove themselves at the introspection endpoint; before `client_auth`.";
    "introspection_hint": Text, Is("\"access_token\""), Implemented, "Value of `token_type_hint`.";
    "introspection_token_param_name": Text, Is("\"token\""), Implemented, "Argument that holds the token.";
    "introspection_accept": Word(INTROSPECTION_TYPES), Is("\"application/json\""), Refused("introspection answers that are JWTs"), "Type of answer that is asked for.";
    "introspection_check_active": Flag, Is("true"), Implemented, "Demands `active: true`.";
    "introspect_jwt_tokens": Flag, Is("false"), Implemented, "Introspects signed bearer tokens too, so that revocation is noticed.";
    "introspection_headers_names": Texts, Unset, Implemented, "Headers that are sent with introspection requests.";
    "introspection_headers_values": Texts, Unset, Implemented, "Their values, in the same order.";
    "introspection_headers_client": Texts, Unset, Implemented, "Headers of the caller's request that go with introspection requests.";
    "introspection_post_args_names": Texts, Unset, Implemented, "Further arguments of introspection requests.";
    "introspection_post_args_values": Texts, Unset, Implemented, "Their values, in the same order.";
    "introspection_post_args_client": Texts, Unset, Implemented, "Arguments of the caller's request that go into introspection requests.";
    "introspection_post_args_client_headers": Texts, Unset, Implemented, "Headers of the caller's request that become arguments of introspection requests.";
    "search_user_info": Flag, Is("false"), Implemented, "Asks the UserInfo endpoint too, for consumers, groups and headers.";
    "userinfo_accept": Word(USER_INFO_TYPES), Is("\"application/json\""), Refused("UserInfo answers that are JWTs"), "Type of answer that is asked for.";
    "userinfo_headers_names": Texts, Unset, Implemented, "Headers that are sent with UserInfo requests.";
    "userinfo_headers_values": Texts, Unset, Implemented, "Their values, in the same order.";
    "userinfo_headers_client": Texts, Unset, Implemented, "Headers of the caller's request that go with UserInfo requests.";
    "userinfo_query_args_names": Texts, Unset, Implemented, "Arguments of UserInfo requests.";
    "userinfo_query_args_values": Texts, Unset, Implemented, "Their values, in the same order.";
    "userinfo_query_args_client": Texts, Unset, Implemented, "Arguments of the caller's request that go into UserInfo requests.";
    "resolve_distributed_claims": Flag, Is("false"), Refused("distributed claims"), "Fetches claims that a token only points to.";
};
