//! `sso_portal_*`: what becomes of people who sign in through an identity provider (dev-portal.md 1.4, 2.3).

use crate::domain::claims::ClaimPath;
use crate::domain::developer::SsoApproval;
use crate::domain::team::GroupMode;

impl SsoSettings {
    /// The claim with the groups of a login, where teams follow it.
    #[must_use]
    pub fn followed_groups(&self) -> Option<(&ClaimPath, GroupMode)> {
        self.groups_claim.as_ref().zip(self.team_mapping)
    }
}

/// How developers come in through `portal_auth = openid-connect`. The same for all workspaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SsoSettings {
    /// `sso_portal_local_login`: there are passwords beside the provider.
    pub local_login: bool,
    /// `sso_portal_provisioning`.
    pub provisioning: Provisioning,
    /// `sso_portal_sso_approve`.
    pub approval: SsoApproval,
    /// `sso_portal_link_by_email`.
    pub link_by_email: LinkByEmail,
    /// `sso_portal_groups_claim`.
    pub groups_claim: Option<ClaimPath>,
    /// `sso_portal_team_mapping`; `None` = off.
    pub team_mapping: Option<GroupMode>,
    /// `sso_insecure_tls`: a workspace's `portal_auth_conf` may say `ssl_verify: false`.
    pub insecure_tls: bool,
}

impl Default for SsoSettings {
    fn default() -> Self {
        Self {
            local_login: false,
            provisioning: Provisioning::Form,
            approval: SsoApproval::Inherit,
            link_by_email: LinkByEmail::Verified,
            groups_claim: Some(ClaimPath::of("groups")),
            team_mapping: None,
            insecure_tls: false,
        }
    }
}

/// What happens when nobody has the identity yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provisioning {
    /// The person fills in the registration form.
    Form,
    /// The account is made from claims; the form is for what they lack.
    Auto,
    /// Nobody new comes in.
    Deny,
}

/// Whether an identity becomes that of an existing account with the same address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkByEmail {
    /// When the provider says that it verified the address.
    Verified,
    /// Whenever the provider names the address.
    Always,
    /// Only by the password of the account.
    Never,
}
