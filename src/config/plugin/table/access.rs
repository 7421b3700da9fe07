//! Claims that must and must not be there, and who the caller is for the gateway.

use crate::config::plugin::parameter::{Kind::*, Parameter, Preset::*, Status::*};

/// Rows.
pub(super) const ROWS: &[Parameter] = super::table! {
    "scopes_required": Texts, Unset, Implemented, "Scopes that must be there: one element, with all of its words.";
    "scopes_claim": Path, Is(r#"["scope"]"#), Implemented, "Path to the claim that holds them.";
    "audience_required": Texts, Unset, Implemented, "Audiences that must be there: one element, with all of its words.";
    "audience_claim": Path, Is(r#"["aud"]"#), Implemented, "Path to the claim that holds them.";
    "groups_required": Texts, Unset, Implemented, "Groups that must be there: one element, with all of its words.";
    "groups_claim": Path, Is(r#"["groups"]"#), Implemented, "Path to the claim that holds them.";
    "roles_required": Texts, Unset, Implemented, "Roles that must be there: one element, with all of its words.";
    "roles_claim": Path, Is(r#"["roles"]"#), Implemented, "Path to the claim that holds them.";
    "claims_forbidden": Texts, Unset, Implemented, "Claims that must not be there.";
    "consumer_claims": Paths, Unset, Implemented, "Paths to claims that name a consumer; the first that has a value counts.";
    "consumer_by": Words(&["custom_id", "id", "username"]), Is(r#"["custom_id","username"]"#), Implemented, "Fields of consumers that it is compared with: username, custom_id, id, in this order.";
    "consumer_optional": Flag, Is("false"), Implemented, "Lets callers pass who are no consumer.";
    "by_username_ignore_case": Flag, Is("false"), Implemented, "Compares usernames without regard to case.";
    "consumer_groups_claim": Path, Unset, Implemented, "Path to the claim that names consumer groups.";
    "consumer_groups_optional": Flag, Is("false"), Implemented, "Lets callers pass who are in no known consumer group.";
    "authenticated_groups_claim": Path, Unset, Implemented, "Path to the claim whose values count as groups for the `acl` plugin.";
    "credential_claim": Path, Is(r#"["sub"]"#), Implemented, "Path to the claim that tells callers apart where there is no consumer.";
    "anonymous": Text, Unset, Implemented, "Consumer, by id or username, that stands for callers without valid credentials.";
};
