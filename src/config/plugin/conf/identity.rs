//! Claims that decide: who may pass, and as whom.

use crate::domain::claims::ClaimPath;

/// Alternatives of words that must all be there: `["a b", "c"]` is (a and b) or c (openid-connect.md 7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredClaim {
    /// `*_claim`.
    pub claim: ClaimPath,
    /// `*_required`: the words of each element.
    pub alternatives: Vec<Vec<String>>,
}

/// Claims that must and must not be there (openid-connect.md 7.1, 7.2).
#[derive(Clone, Debug)]
pub struct AccessConf {
    /// `scopes_claim`, `scopes_required`.
    pub scopes: RequiredClaim,
    /// `audience_claim`, `audience_required`.
    pub audience: RequiredClaim,
    /// `groups_claim`, `groups_required`.
    pub groups: RequiredClaim,
    /// `roles_claim`, `roles_required`.
    pub roles: RequiredClaim,
    /// `claims_forbidden`.
    pub forbidden: Vec<String>,
}

/// A field of a consumer that a claim is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsumerField {
    /// `username`
    Username,
    /// `custom_id`
    CustomId,
    /// `id`
    Id,
}

/// Who the caller is for the gateway (openid-connect.md 7.4 to 7.7).
#[derive(Clone, Debug)]
pub struct MappingConf {
    /// `anonymous`: id or username.
    pub anonymous: Option<String>,
    /// `consumer_claims`, or `consumer_claim` as its only element.
    pub consumer_claims: Vec<ClaimPath>,
    /// `consumer_by`, in the order username, custom_id, id.
    pub consumer_by: Vec<ConsumerField>,
    /// `consumer_optional`.
    pub consumer_optional: bool,
    /// `by_username_ignore_case`.
    pub ignore_case: bool,
    /// `consumer_groups_claim`.
    pub consumer_groups_claim: Option<ClaimPath>,
    /// `consumer_groups_optional`.
    pub consumer_groups_optional: bool,
    /// `authenticated_groups_claim`.
    pub groups_claim: Option<ClaimPath>,
    /// `credential_claim`.
    pub credential_claim: ClaimPath,
}
