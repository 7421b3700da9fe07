//! The developer portal's keys, and those of mails.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde_json::Value;
use url::{Host, Url};

use super::Builder;
use crate::config::portal::{
    LinkByEmail, MailSettings, MailSwitches, PortalAuth, PortalOidcConf, PortalSessionConf, PortalSettings,
    Provisioning, SmtpLogin, SmtpTls, SsoSettings, openid_connect, overrides, session_conf,
};
use crate::config::vault;
use crate::config::vault::VaultSource;
use crate::domain::claims::ClaimPath;
use crate::domain::developer::{EmailAddress, Rules, SsoApproval};
use crate::domain::password::PasswordRules;
use crate::domain::team::GroupMode;

const SESSION: &str = "portal_session_conf";
const AUTH: &str = "portal_auth_conf";
const MOST_TOKEN_SECONDS: i64 = 31_536_000;

impl Builder<'_> {
    pub(super) fn portal(&mut self) -> PortalSettings {
        let defaults = PortalSettings::default();
        let values = self.values;
        let mut settings = PortalSettings {
            enabled: values.bool("portal"),
            gui_url: self.portal_gui_url(),
            gui_subdomains: values.bool("portal_gui_use_subdomains"),
            api_url: values.text("portal_api_url").and_then(|text| self.url("portal_api_url", text)),
            cors_origins: values.is_given("portal_cors_origins").then(|| self.cors_origins()),
            auth: self.portal_auth(),
            openid_connect: None,
            sso: self.portal_sso(),
            session: self.portal_session(),
            vaults: VaultSource::default(),
            passwords: self.password_rules(),
            login_attempts: self.seconds("portal_auth_login_attempts"),
            rules: Rules {
                auto_approve: values.bool("portal_auto_approve"),
                email_verification: values.bool("portal_email_verification"),
            },
            token_exp: self.token_exp(),
            meta_fields: self
                .checked("portal_developer_meta_fields", overrides::meta_fields)
                .unwrap_or(defaults.meta_fields),
            mails: self.mail_switches(),
            single_origin: values.bool("sso_portal_single_origin"),
            has_teams: values.bool("sso_portal_rbac"),
            default_visibility: values
                .text("sso_portal_default_api_visibility")
                .and_then(|word| word.parse().ok())
                .unwrap_or(defaults.default_visibility),
        };
        settings.openid_connect = self.portal_auth_conf(&settings).map(Arc::new);
        self.check_portal(&settings);
        settings
    }

    fn token_exp(&mut self) -> i64 {
        const KEY: &str = "portal_token_exp";
        let seconds = self.seconds(KEY);
        if !(1..=MOST_TOKEN_SECONDS).contains(&seconds) {
            self.error(KEY, format!("{KEY} must be between 1 and {MOST_TOKEN_SECONDS} seconds"));
        }
        seconds
    }

    /// What links in mails begin with.
    fn portal_gui_url(&mut self) -> String {
        const HOST: &str = "portal_gui_host";
        let protocol = self.values.text("portal_gui_protocol").unwrap_or("http");
        let host = self.values.text(HOST).unwrap_or("127.0.0.1:8003");
        let text = format!("{protocol}://{}", host.trim_end_matches('/'));
        let url = Url::parse(&text).ok().filter(|url| {
            let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
            url.has_host() && is_plain && !host.contains("://")
        });
        if url.is_none() && !vault::is_reference(host) {
            self.error(HOST, format!("{HOST} must be host[:port][/path] without a scheme"));
        }
        text
    }

    fn cors_origins(&mut self) -> Vec<String> {
        const KEY: &str = "portal_cors_origins";
        overrides::origins(self.values.list(KEY).to_vec()).unwrap_or_else(|sentence| {
            self.error(KEY, format!("{KEY} {sentence}"));
            Vec::new()
        })
    }

    fn portal_auth(&mut self) -> Option<PortalAuth> {
        const KEY: &str = "portal_auth";
        let word = self.values.text(KEY)?;
        overrides::auth(word).unwrap_or_else(|sentence| {
            if !self.values.is_unresolved(KEY) {
                self.error(KEY, format!("{KEY} {sentence}"));
            }
            None
        })
    }

    /// `portal_auth_conf`. A workspace may sign in through it although `portal_auth` of the file is unset.
    fn portal_auth_conf(&mut self, settings: &PortalSettings) -> Option<PortalOidcConf> {
        let is_chosen = settings.auth == Some(PortalAuth::OpenIdConnect);
        let Some(value) = self.values.json(AUTH) else {
            let is_told = self.findings.errors.iter().any(|error| error.key.as_deref() == Some(AUTH));
            if is_chosen && !is_told && !self.values.is_unresolved(AUTH) {
                self.error(AUTH, format!("{AUTH} is required when portal_auth = openid-connect"));
            }
            return None;
        };
        if settings.auth == Some(PortalAuth::Basic) {
            self.findings.warn(AUTH, format!("{AUTH} has no effect with portal_auth = basic-auth"));
            return None;
        }
        if is_chosen && self.values.is_given(SESSION) {
            let message = format!("{SESSION} is ignored: openid-connect has its own session_* members in {AUTH}");
            self.findings.warn(SESSION, message);
        }
        let read = openid_connect::read(value, settings.sso.insecure_tls);
        for sentence in read.errors {
            self.error(AUTH, format!("{AUTH}{sentence}"));
        }
        for sentence in read.warnings {
            self.findings.warn(AUTH, format!("{AUTH}{sentence}"));
        }
        read.conf
    }

    /// What becomes of people who sign in through a provider.
    fn portal_sso(&mut self) -> SsoSettings {
        const GROUPS: &str = "sso_portal_groups_claim";
        let values = self.values;
        let groups_claim = values.text(GROUPS).and_then(ClaimPath::parse);
        if groups_claim.is_none() && values.text(GROUPS).is_some() {
            self.error(GROUPS, format!("{GROUPS} has an empty part; write \\. for a dot in the name of a claim"));
        }
        SsoSettings {
            local_login: values.bool("sso_portal_local_login"),
            provisioning: match values.text("sso_portal_provisioning") {
                Some("auto") => Provisioning::Auto,
                Some("deny") => Provisioning::Deny,
                _ => Provisioning::Form,
            },
            approval: match values.text("sso_portal_sso_approve") {
                Some("always") => SsoApproval::Always,
                Some("never") => SsoApproval::Never,
                _ => SsoApproval::Inherit,
            },
            link_by_email: match values.text("sso_portal_link_by_email") {
                Some("always") => LinkByEmail::Always,
                Some("never") => LinkByEmail::Never,
                _ => LinkByEmail::Verified,
            },
            groups_claim,
            team_mapping: match values.text("sso_portal_team_mapping") {
                Some("idp") => Some(GroupMode::Own),
                Some("additive") => Some(GroupMode::Additive),
                _ => None,
            },
            insecure_tls: values.bool("sso_insecure_tls"),
        }
    }

    /// A JSON value through its reader; a sentence becomes an error.
    fn checked<T>(&mut self, key: &str, read: impl Fn(&Value) -> Result<T, String>) -> Option<T> {
        match read(self.values.json(key)?) {
            Ok(value) => Some(value),
            Err(sentence) => {
                self.error(key, format!("{key} {sentence}"));
                None
            }
        }
    }

    fn password_rules(&mut self) -> PasswordRules {
        self.checked("portal_auth_password_complexity", PasswordRules::parse).unwrap_or_default()
    }

    fn portal_session(&mut self) -> PortalSessionConf {
        let mut conf = PortalSessionConf::default();
        let Some(value) = self.values.json(SESSION) else { return conf };
        let Some(members) = value.as_object() else {
            self.error(SESSION, format!("{SESSION} must be a JSON object"));
            return conf;
        };
        for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            match session_conf::set(&mut conf, name, value) {
                Ok(None) => {}
                Ok(Some(warning)) => self.findings.warn(SESSION, format!("{SESSION}.{name} {warning}")),
                Err(sentence) => self.error(SESSION, format!("{SESSION}.{name} {sentence}")),
            }
        }
        conf
    }

    fn mail_switches(&mut self) -> MailSwitches {
        let key = ["portal_smtp_admin_emails", "smtp_admin_emails"].into_iter().find(|key| self.values.is_given(key));
        let admins = key.map_or_else(Vec::new, |key| self.addresses(key));
        MailSwitches {
            invite: self.values.bool("portal_invite_email"),
            access_request: self.values.bool("portal_access_request_email"),
            approved: self.values.bool("portal_approved_email"),
            reset: self.values.bool("portal_reset_email"),
            reset_success: self.values.bool("portal_reset_success_email"),
            from: self.sender("portal_emails_from"),
            reply_to: self.sender("portal_emails_reply_to"),
            admins,
        }
    }

    fn addresses(&mut self, key: &str) -> Vec<EmailAddress> {
        overrides::addresses(self.values.list(key)).unwrap_or_else(|sentence| {
            self.error(key, format!("{key}: {sentence}"));
            Vec::new()
        })
    }

    fn sender(&mut self, key: &str) -> Option<String> {
        let text = self.values.text(key)?;
        match overrides::sender(text) {
            Ok(text) => Some(text.to_owned()),
            Err(sentence) => {
                self.error(key, format!("{key} {sentence}"));
                None
            }
        }
    }

    /// How mails leave.
    pub(super) fn mail(&mut self) -> MailSettings {
        let values = self.values;
        let tls = match (values.bool("smtp_starttls"), values.bool("smtp_ssl")) {
            (true, true) => {
                self.error("smtp_ssl", "smtp_starttls and smtp_ssl cannot both be on");
                SmtpTls::Implicit
            }
            (true, false) => SmtpTls::Starttls,
            (false, true) => SmtpTls::Implicit,
            (false, false) => SmtpTls::Off,
        };
        let port = self.whole("smtp_port").and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0);
        if port.is_none() {
            self.error("smtp_port", "smtp_port must be between 1 and 65535");
        }
        let timeouts = ["smtp_timeout_connect", "smtp_timeout_send", "smtp_timeout_read"];
        let longest = timeouts.into_iter().filter_map(|key| self.whole(key)).max().unwrap_or(60_000);
        MailSettings {
            mock: values.bool("smtp_mock"),
            host: values.text("smtp_host").unwrap_or("localhost").to_owned(),
            port: port.unwrap_or(25),
            tls,
            login: self.smtp_login(tls),
            domain: values.text("smtp_domain").unwrap_or("localhost.localdomain").to_owned(),
            timeout: Duration::from_millis(longest.max(1)),
            outbox: values.text("sso_portal_outbox_dir").map(PathBuf::from),
        }
    }

    fn smtp_login(&mut self, tls: SmtpTls) -> Option<SmtpLogin> {
        const KIND: &str = "smtp_auth_type";
        let is_login = match self.values.text(KIND) {
            None | Some("nil") => return None,
            Some("plain") => false,
            Some("login") => true,
            Some(other) => {
                self.error(KIND, format!("{KIND} has an invalid value: '{other}' (plain, login, nil)"));
                return None;
            }
        };
        let (user, password) = (self.values.text("smtp_username"), self.values.text("smtp_password"));
        let Some((user, password)) = user.zip(password) else {
            self.error(KIND, format!("{KIND} needs smtp_username and smtp_password"));
            return None;
        };
        if tls == SmtpTls::Off {
            self.findings.warn(KIND, "smtp_password travels in clear text: set smtp_starttls or smtp_ssl");
        }
        Some(SmtpLogin { user: user.to_owned(), password: password.into(), is_login })
    }

    fn check_portal(&mut self, settings: &PortalSettings) {
        let secret = settings.session.secret.expose_secret();
        let needs_secret = settings.enabled && settings.auth == Some(PortalAuth::Basic);
        if needs_secret && secret.is_empty() && !self.values.is_unresolved(SESSION) {
            let message = format!("{SESSION} with a secret is required when portal_auth = basic-auth");
            self.error(SESSION, message);
        }
        let host = Url::parse(&settings.gui_url).ok();
        let is_name = host.is_some_and(|url| matches!(url.host(), Some(Host::Domain(_))));
        if settings.gui_subdomains && !is_name && !self.values.is_unresolved("portal_gui_host") {
            self.error("portal_gui_use_subdomains", "portal_gui_use_subdomains = on needs a name in portal_gui_host");
        }
        let is_dead_end = self.values.bool("smtp_mock") && self.values.text("sso_portal_outbox_dir").is_none();
        if settings.enabled && settings.rules.email_verification && is_dead_end {
            let message = "portal_email_verification is on but smtp_mock is on and there is no sso_portal_outbox_dir: \
                           nobody can verify an address";
            self.findings.warn("portal_email_verification", message);
        }
    }
}
