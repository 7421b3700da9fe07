//! What tokens are held against.

use crate::domain::method::MethodSet;

/// What tokens are held against (openid-connect.md 2.10).
#[derive(Clone, Debug)]
pub struct VerificationConf {
    /// `verify_claims`.
    pub claims: bool,
    /// `verify_signature`.
    pub signature: bool,
    /// `verify_nonce`.
    pub nonce: bool,
    /// `ignore_signature`.
    pub ignore_signature: MethodSet,
    /// `enable_hs_signatures`.
    pub hs_signatures: bool,
    /// `leeway`, seconds.
    pub leeway: i64,
    /// `domains`.
    pub domains: Vec<String>,
    /// `jwt_session_cookie` and `jwt_session_claim`.
    pub jwt_session: Option<(String, String)>,
    /// `reverify`.
    pub reverify: bool,
}

impl Default for VerificationConf {
    fn default() -> Self {
        Self {
            claims: true,
            signature: true,
            nonce: true,
            ignore_signature: MethodSet::default(),
            hs_signatures: false,
            leeway: 0,
            domains: Vec::new(),
            jwt_session: None,
            reverify: false,
        }
    }
}
