//! What tokens are held against, and who the caller is.

use crate::config::plugin::members::Members;
use crate::config::plugin::{AccessConf, ConsumerField, MappingConf, RequiredClaim, VerificationConf};

pub(super) fn verification(members: Members<'_>) -> VerificationConf {
    let jwt_session_claim = members.text("jwt_session_claim");
    VerificationConf {
        claims: members.flag("verify_claims"),
        signature: members.flag("verify_signature"),
        nonce: members.flag("verify_nonce"),
        ignore_signature: members.methods("ignore_signature"),
        hs_signatures: members.flag("enable_hs_signatures"),
        leeway: members.number("leeway"),
        domains: members.texts("domains"),
        jwt_session: members.some_text("jwt_session_cookie").map(|cookie| (cookie, jwt_session_claim)),
        reverify: members.flag("reverify"),
    }
}

pub(super) fn access(members: Members<'_>) -> Option<AccessConf> {
    Some(AccessConf {
        scopes: required(members, "scopes_claim", "scopes_required")?,
        audience: required(members, "audience_claim", "audience_required")?,
        groups: required(members, "groups_claim", "groups_required")?,
        roles: required(members, "roles_claim", "roles_required")?,
        forbidden: members.texts("claims_forbidden"),
    })
}

/// Elements are not blank: `checks` has seen to it.
fn required(members: Members<'_>, claim: &str, list: &str) -> Option<RequiredClaim> {
    let words = |element: String| element.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let alternatives = members.texts(list).into_iter().map(words).collect();
    Some(RequiredClaim { claim: members.path(claim)?, alternatives })
}

pub(super) fn mapping(members: Members<'_>) -> Option<MappingConf> {
    Some(MappingConf {
        anonymous: members.some_text("anonymous"),
        consumer_claims: members.paths("consumer_claims"),
        consumer_by: consumer_by(members),
        consumer_optional: members.flag("consumer_optional"),
        ignore_case: members.flag("by_username_ignore_case"),
        consumer_groups_claim: members.path("consumer_groups_claim"),
        consumer_groups_optional: members.flag("consumer_groups_optional"),
        groups_claim: members.path("authenticated_groups_claim"),
        credential_claim: members.path("credential_claim")?,
    })
}

/// Fields in a fixed order: lists are kept sorted, so their order says nothing.
fn consumer_by(members: Members<'_>) -> Vec<ConsumerField> {
    let listed = members.texts("consumer_by");
    let order =
        [("username", ConsumerField::Username), ("custom_id", ConsumerField::CustomId), ("id", ConsumerField::Id)];
    order.into_iter().filter(|(word, _)| listed.iter().any(|it| it == word)).map(|(_, field)| field).collect()
}
