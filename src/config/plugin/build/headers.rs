//! Headers of one direction.

use crate::config::plugin::members::{Members, header_name};
use crate::config::plugin::{HeaderConf, SessionProperty};
use crate::domain::claims::ClaimPath;

/// `direction` is the prefix of the parameters, `session` the list of session properties.
pub(super) fn headers(members: Members<'_>, direction: &str, session: &str) -> HeaderConf {
    let name = |of: &str| format!("{direction}_{of}");
    HeaderConf {
        access_token: members.token_header(&name("access_token_header")),
        id_token: members.token_header(&name("id_token_header")),
        refresh_token: members.token_header(&name("refresh_token_header")),
        access_token_jwk: members.header(&name("access_token_jwk_header")),
        id_token_jwk: members.header(&name("id_token_jwk_header")),
        user_info: members.header(&name("user_info_header")),
        introspection: members.header(&name("introspection_header")),
        session_id: members.header(&name("session_id_header")),
        claims: claims(members, direction),
        session: members.words(session, property),
    }
}

/// The deprecated lists, then their successor, so that it wins.
fn claims(members: Members<'_>, direction: &str) -> Vec<(String, ClaimPath)> {
    let pairs = members.pairs(&format!("{direction}_headers_names"), &format!("{direction}_headers_claims"));
    let listed = pairs.into_iter().filter_map(|(name, claim)| Some((header_name(&name), ClaimPath::new(vec![claim])?)));
    let records = members.records(&format!("{direction}_headers"));
    listed.chain(records.filter_map(|record| Some((record.header("header")?, record.path("path")?)))).collect()
}

fn property(word: &str) -> Option<SessionProperty> {
    match word {
        "id" => Some(SessionProperty::Id),
        "audience" => Some(SessionProperty::Audience),
        "subject" => Some(SessionProperty::Subject),
        "timeout" => Some(SessionProperty::Timeout),
        "idling-timeout" => Some(SessionProperty::IdlingTimeout),
        "rolling-timeout" => Some(SessionProperty::RollingTimeout),
        "absolute-timeout" => Some(SessionProperty::AbsoluteTimeout),
        _ => None,
    }
}
