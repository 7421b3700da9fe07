//! The developer portal and the mails it sends (dev-portal.md 1.1 to 1.4).

pub mod openid_connect;
pub(in crate::config) mod overrides;
pub(in crate::config) mod session_conf;
pub mod sso;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::domain::catalogue::Visibility;
use crate::domain::developer::{EmailAddress, Rules};
use crate::domain::ids::WorkspaceName;
use crate::domain::meta_field::MetaFields;
use crate::domain::password::PasswordRules;
use crate::domain::session::SessionLimits;

use super::auth_conf::SameSite;
use super::vault::VaultSource;
pub use openid_connect::{DeveloperField, PortalOidcConf};
pub use sso::{LinkByEmail, Provisioning, SsoSettings};

/// Everything about the portal. A workspace may say otherwise for some of it: [`PortalSettings::of`].
#[derive(Clone, Debug)]
pub struct PortalSettings {
    /// `portal`.
    pub enabled: bool,
    /// `portal_gui_protocol` and `portal_gui_host` as one URL without trailing slash.
    pub gui_url: String,
    /// `portal_gui_use_subdomains`: the left-most label of the host is the workspace, not the first segment of the path.
    pub gui_subdomains: bool,
    /// `portal_api_url`.
    pub api_url: Option<Url>,
    /// `portal_cors_origins`; `None` = the pages' own origin.
    pub cors_origins: Option<Vec<String>>,
    /// `portal_auth`; `None` = no accounts.
    pub auth: Option<PortalAuth>,
    /// `portal_auth_conf`, which `portal_auth = openid-connect` needs.
    pub openid_connect: Option<Arc<PortalOidcConf>>,
    /// `sso_portal_*` about people who sign in through a provider.
    pub sso: SsoSettings,
    /// `portal_session_conf`; of a workspace with `openid-connect` the `session_*` members of `portal_auth_conf`.
    pub session: PortalSessionConf,
    /// Where secrets of a workspace's `portal_auth_conf` come from.
    pub vaults: VaultSource,
    /// `portal_auth_password_complexity`.
    pub passwords: PasswordRules,
    /// `portal_auth_login_attempts`; 0 = no limit.
    pub login_attempts: i64,
    /// `portal_auto_approve` and `portal_email_verification`.
    pub rules: Rules,
    /// `portal_token_exp`, seconds.
    pub token_exp: i64,
    /// `portal_developer_meta_fields`.
    pub meta_fields: MetaFields,
    /// Which mails are sent.
    pub mails: MailSwitches,
    /// `sso_portal_single_origin`.
    pub single_origin: bool,
    /// `sso_portal_rbac`: teams decide who sees and uses which API.
    pub has_teams: bool,
    /// `sso_portal_default_api_visibility`.
    pub default_visibility: Visibility,
}

impl PortalSettings {
    /// The public address of a workspace's pages, without trailing slash.
    #[must_use]
    pub fn url_of(&self, workspace: &WorkspaceName) -> String {
        match self.gui_url.split_once("://").filter(|_| self.gui_subdomains) {
            Some((scheme, rest)) => format!("{scheme}://{}.{rest}", workspace.as_str().to_ascii_lowercase()),
            None => format!("{}/{workspace}", self.gui_url),
        }
    }

    /// The label before the configured host; `None` for every other host. Ports are not compared: a proxy in front may
    /// have another one.
    #[must_use]
    pub fn label_of<'h>(&self, host: &'h str) -> Option<&'h str> {
        let configured = Url::parse(&self.gui_url).ok()?;
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let (label, rest) = name.split_once('.')?;
        configured.host_str().is_some_and(|it| it.eq_ignore_ascii_case(rest)).then_some(label)
    }

    /// The provider, where developers sign in at one.
    #[must_use]
    pub fn provider(&self) -> Option<&Arc<PortalOidcConf>> {
        self.openid_connect.as_ref().filter(|_| self.auth == Some(PortalAuth::OpenIdConnect))
    }

    /// Whether developers have passwords here.
    #[must_use]
    pub fn has_passwords(&self) -> bool {
        match self.auth {
            Some(PortalAuth::Basic) => true,
            Some(PortalAuth::OpenIdConnect) => self.sso.local_login,
            None => false,
        }
    }
}

/// How developers sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortalAuth {
    /// `basic-auth`: e-mail and password.
    Basic,
    /// `openid-connect`: at an identity provider.
    OpenIdConnect,
}

/// `portal_session_conf`.
#[derive(Clone, Debug)]
pub struct PortalSessionConf {
    /// `secret`; required with `basic-auth`.
    pub secret: SecretString,
    /// `cookie_name`, default `portal_session`.
    pub cookie_name: String,
    /// `cookie_domain`.
    pub cookie_domain: Option<String>,
    /// `cookie_secure`; `None` = where the request came over TLS.
    pub cookie_secure: Option<bool>,
    /// `cookie_same_site`, default Strict.
    pub cookie_same_site: SameSite,
    /// `idling_timeout`, `rolling_timeout`, `absolute_timeout`.
    pub limits: SessionLimits,
}

impl Default for PortalSessionConf {
    fn default() -> Self {
        Self {
            secret: String::new().into(),
            cookie_name: "portal_session".to_owned(),
            cookie_domain: None,
            cookie_secure: None,
            cookie_same_site: SameSite::Strict,
            limits: SessionLimits { idling: 900, rolling: 3600, absolute: 86_400 },
        }
    }
}

/// Switches, senders and recipients of the portal's mails.
#[derive(Clone, Debug, Default)]
pub struct MailSwitches {
    /// `portal_invite_email`.
    pub invite: bool,
    /// `portal_access_request_email`.
    pub access_request: bool,
    /// `portal_approved_email`.
    pub approved: bool,
    /// `portal_reset_email`: off = no self-service reset at all.
    pub reset: bool,
    /// `portal_reset_success_email`.
    pub reset_success: bool,
    /// `portal_emails_from`.
    pub from: Option<String>,
    /// `portal_emails_reply_to`.
    pub reply_to: Option<String>,
    /// `portal_smtp_admin_emails`, else `smtp_admin_emails`.
    pub admins: Vec<EmailAddress>,
}

impl Default for PortalSettings {
    /// What an empty file says.
    fn default() -> Self {
        Self {
            enabled: false,
            gui_url: "http://127.0.0.1:8003".to_owned(),
            gui_subdomains: false,
            api_url: None,
            cors_origins: None,
            auth: None,
            openid_connect: None,
            sso: SsoSettings::default(),
            session: PortalSessionConf::default(),
            vaults: VaultSource::default(),
            passwords: PasswordRules::default(),
            login_attempts: 0,
            rules: Rules { auto_approve: false, email_verification: false },
            token_exp: 21_600,
            meta_fields: MetaFields::default(),
            mails: MailSwitches {
                invite: true,
                access_request: true,
                approved: true,
                reset: true,
                reset_success: true,
                ..MailSwitches::default()
            },
            single_origin: true,
            has_teams: false,
            default_visibility: Visibility::Private,
        }
    }
}

/// How mails leave.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// `smtp_mock`: nothing is sent.
    pub mock: bool,
    /// `smtp_host`.
    pub host: String,
    /// `smtp_port`.
    pub port: u16,
    /// `smtp_starttls`, `smtp_ssl`.
    pub tls: SmtpTls,
    /// `smtp_username`, `smtp_password`, `smtp_auth_type`.
    pub login: Option<SmtpLogin>,
    /// `smtp_domain`.
    pub domain: String,
    /// `smtp_timeout_connect`, `smtp_timeout_send`, `smtp_timeout_read`: the longest of them.
    pub timeout: Duration,
    /// `sso_portal_outbox_dir`.
    pub outbox: Option<PathBuf>,
}

/// TLS towards the mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// Clear text.
    Off,
    /// `smtp_starttls`: TLS or fail.
    Starttls,
    /// `smtp_ssl`.
    Implicit,
}

/// Sign-in at the mail server.
#[derive(Clone, Debug)]
pub struct SmtpLogin {
    /// `smtp_username`.
    pub user: String,
    /// `smtp_password`.
    pub password: SecretString,
    /// Whether `smtp_auth_type` is `login`.
    pub is_login: bool,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            mock: true,
            host: "localhost".to_owned(),
            port: 25,
            tls: SmtpTls::Off,
            login: None,
            domain: "localhost.localdomain".to_owned(),
            timeout: Duration::from_secs(60),
            outbox: None,
        }
    }
}
