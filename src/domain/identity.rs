//! Who somebody is, as the IdP proved it. A person is (issuer, sub), never an e-mail alone.

use serde_json::Value;

use super::claims::ClaimPath;

/// The outcome of a verified login: one for every kind of credential.
#[derive(Clone, Debug)]
pub struct Identity {
    /// `iss` of the verified ID token.
    pub issuer: String,
    /// `sub` of the verified ID token.
    pub subject: String,
    /// `sid` of the ID token, for back-channel logout.
    pub idp_session: Option<String>,
    /// Claims of the verified ID token.
    pub id_token_claims: Value,
    /// Claims of UserInfo, when it was asked.
    pub user_info: Option<Value>,
    /// Claims of the access token when it is a JWT whose signature was verified.
    pub access_token_claims: Option<Value>,
}

impl Identity {
    /// The claim at `path`: ID token first, then UserInfo, then the access token (kong-manager.md 3.3).
    #[must_use]
    pub fn find_claim(&self, path: &ClaimPath) -> Option<&Value> {
        self.sources().find_map(|claims| path.find(claims))
    }

    /// The claim sources in their fixed order.
    pub fn sources(&self) -> impl Iterator<Item = &Value> {
        std::iter::once(&self.id_token_claims).chain(&self.user_info).chain(&self.access_token_claims)
    }
}
