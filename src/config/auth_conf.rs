//! `admin_gui_auth_conf` for `admin_gui_auth = openid-connect` (kong-manager.md 2.2 and 2.3).

mod members;
pub(super) mod parse;
mod session;

use secrecy::SecretString;
use url::Url;

use super::plugin::{AuthorizationRequestConf, ClientConf, ProviderConf, VerificationConf};
use crate::domain::claims::ClaimPath;

/// How admins sign in through an OpenID Connect provider.
#[derive(Clone, Debug)]
pub struct AdminAuthConf {
    /// What the engine needs to act as a relying party.
    pub relying_party: RelyingPartyConf,
    /// What makes an identity an admin.
    pub mapping: AdminMappingConf,
    /// Browser sessions.
    pub session: SessionConf,
    /// `login_redirect_uri`, paired by index with `redirect_uri`.
    pub login_redirect_uri: Vec<Url>,
}

/// The client side of OpenID Connect: one client at one provider.
#[derive(Clone, Debug)]
pub struct RelyingPartyConf {
    /// The provider.
    pub provider: ProviderConf,
    /// `client_id[0]` and its secret.
    pub client: ClientConf,
    /// The authorization request.
    pub request: AuthorizationRequestConf,
    /// What ID tokens are held against.
    pub verification: VerificationConf,
    /// `search_user_info`.
    pub search_user_info: bool,
    /// Claims for which UserInfo is asked too where the ID token lacks one, and the provider has UserInfo.
    pub wanted_claims: Vec<ClaimPath>,
    /// Whether scopes are left out that the provider says it does not have.
    pub only_supported_scopes: bool,
    /// `redirect_uri`: public URLs of `/auth`, registered at the provider.
    pub redirect_uri: Vec<Url>,
    /// `logout_redirect_uri`, paired by index.
    pub logout_redirect_uri: Vec<Url>,
}

/// Client authentication at the token endpoint (openid-connect.md 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// `client_secret_basic`
    SecretBasic,
    /// `client_secret_post`
    SecretPost,
    /// `client_secret_jwt`: not for the admin login.
    SecretJwt,
    /// `private_key_jwt`: not for the admin login.
    PrivateKeyJwt,
    /// `none`
    None,
}

impl ClientAuth {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::SecretBasic, Self::SecretPost, Self::SecretJwt, Self::PrivateKeyJwt, Self::None];

    /// The word in configurations and discovery documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SecretBasic => "client_secret_basic",
            Self::SecretPost => "client_secret_post",
            Self::SecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::None => "none",
        }
    }

    /// The method of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// How the authorization response comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseMode {
    /// Redirect with a query.
    Query,
    /// Cross-site form POST.
    FormPost,
    /// Redirect with a fragment, which no server can read: not for the admin login.
    Fragment,
}

/// What makes an identity an admin.
#[derive(Clone, Debug)]
pub struct AdminMappingConf {
    /// `admin_claim`.
    pub admin_claim: ClaimPath,
    /// `admin_by`, in order.
    pub admin_by: Vec<AdminField>,
    /// `authenticated_groups_claim`.
    pub groups_claim: ClaimPath,
    /// `authenticated_groups_delimiter`.
    pub groups_delimiter: Option<char>,
    /// `admin_auto_create`.
    pub auto_create: bool,
    /// Whether an auto-created admin may use an RBAC token: the negation of `admin_auto_create_rbac_token_disabled`.
    pub auto_create_token_enabled: bool,
}

/// A field of an admin that the claim value is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminField {
    /// `username`
    Username,
    /// `custom_id`
    CustomId,
}

/// `session_*` members.
#[derive(Clone, Debug)]
pub struct SessionConf {
    /// `session_secret`; generated below `prefix` when unset.
    pub secret: Option<SecretString>,
    /// `session_cookie_name`, default `kong_sso_session`.
    pub cookie_name: String,
    /// `session_cookie_domain`.
    pub cookie_domain: Option<String>,
    /// `session_cookie_secure`: default true when `login_redirect_uri[0]` is https.
    pub cookie_secure: bool,
    /// `session_cookie_same_site`.
    pub cookie_same_site: SameSite,
    /// `session_idling_timeout`, seconds; 0 disables.
    pub idling_timeout: i64,
    /// `session_rolling_timeout`, seconds; 0 disables.
    pub rolling_timeout: i64,
    /// `session_absolute_timeout`, seconds; 0 disables.
    pub absolute_timeout: i64,
    /// `authorization_cookie_name`, default `authorization`.
    pub transaction_cookie_name: String,
    /// `authorization_rolling_timeout`, seconds, default 600.
    pub transaction_timeout: i64,
}

/// SameSite attribute of a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// `Strict`
    Strict,
    /// `Lax`
    Lax,
    /// `None`
    None,
    /// No attribute.
    Default,
}
