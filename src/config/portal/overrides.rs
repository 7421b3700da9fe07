//! What a workspace's `config` says otherwise than `kong.conf`; a member that is absent or null leaves the file's word.

use std::sync::Arc;

use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};
use url::Url;

use super::openid_connect::{self, PortalOidcConf};
use super::{PortalAuth, PortalSettings};
use crate::config::vault;
use crate::domain::developer::EmailAddress;
use crate::domain::meta_field::MetaFields;

/// Keys of the portal that hold for the whole cluster.
const CLUSTER_WIDE: [&str; 11] = [
    "portal_session_conf",
    "portal_auth_password_complexity",
    "portal_auth_login_attempts",
    "portal_email_verification",
    "sso_portal_local_login",
    "sso_portal_provisioning",
    "sso_portal_sso_approve",
    "sso_portal_link_by_email",
    "sso_portal_groups_claim",
    "sso_portal_team_mapping",
    "sso_portal_default_api_visibility",
];
/// Members of `portal_auth_conf` that are secrets: a workspace's `config` is stored and shown as it is.
const SECRETS: [&str; 2] = ["client_secret", "session_secret"];

impl PortalSettings {
    /// The settings of a workspace with this `config`. A portal that the file switches off stays off.
    ///
    /// # Errors
    /// The member that is wrong, and a sentence.
    pub fn of(&self, config: &Map<String, Value>) -> Result<Self, (String, String)> {
        let mut settings = self.clone();
        for (name, value) in config.iter().filter(|(_, value)| !value.is_null()) {
            settings.set(name, value).map_err(|sentence| (format!("config.{name}"), sentence))?;
        }
        settings.enabled &= self.enabled;
        settings.check()?;
        if let Some(conf) = settings.provider() {
            settings.session = conf.session.clone();
        }
        Ok(settings)
    }

    /// What the way of signing in needs.
    fn check(&self) -> Result<(), (String, String)> {
        let sentence = match self.auth {
            Some(PortalAuth::Basic) if self.session.secret.expose_secret().is_empty() => {
                "needs a secret in portal_session_conf of kong.conf"
            }
            Some(PortalAuth::OpenIdConnect) if self.openid_connect.is_none() => "needs portal_auth_conf",
            _ => return Ok(()),
        };
        if self.enabled { Err(("config.portal_auth".to_owned(), sentence.to_owned())) } else { Ok(()) }
    }

    /// A workspace's `portal_auth_conf`: JSON, or the text of it. Its secrets are references, so that they stand neither
    /// in the database nor in answers and audit records.
    fn auth_conf(&self, value: &Value) -> Result<PortalOidcConf, String> {
        let mut conf = match value {
            Value::String(text) => serde_json::from_str(text).map_err(|_| "is not valid JSON")?,
            value => value.clone(),
        };
        for name in SECRETS {
            if let Some(secret) = conf.get_mut(name) {
                self.resolve(secret).map_err(|sentence| format!("{name} {sentence}"))?;
            }
        }
        let read = openid_connect::read(&conf, self.sso.insecure_tls);
        let sentence = read.errors.first().map(|sentence| sentence.trim_start_matches(['.', ' ']).to_owned());
        read.conf.ok_or_else(|| sentence.unwrap_or_default())
    }

    fn resolve(&self, secret: &mut Value) -> Result<(), String> {
        match secret {
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.resolve(item)),
            Value::String(text) if vault::is_reference(text) => {
                *text = self.vaults.resolve(text)?;
                Ok(())
            }
            Value::Null => Ok(()),
            _ => Err("must be a reference such as {vault://env/portal-secret}".to_owned()),
        }
    }

    fn set(&mut self, name: &str, value: &Value) -> Result<(), String> {
        let mails = &mut self.mails;
        match name {
            "portal" => self.enabled = flag(value)?,
            "portal_auth" => self.auth = auth(text(value)?)?,
            "portal_auth_conf" => self.openid_connect = Some(Arc::new(self.auth_conf(value)?)),
            "portal_auto_approve" => self.rules.auto_approve = flag(value)?,
            "portal_token_exp" => self.token_exp = seconds(value)?,
            "portal_cors_origins" => self.cors_origins = Some(origins(list(value)?)?),
            "portal_developer_meta_fields" => self.meta_fields = meta_fields(value)?,
            "portal_invite_email" => mails.invite = flag(value)?,
            "portal_access_request_email" => mails.access_request = flag(value)?,
            "portal_approved_email" => mails.approved = flag(value)?,
            "portal_reset_email" => mails.reset = flag(value)?,
            "portal_reset_success_email" => mails.reset_success = flag(value)?,
            "sso_portal_rbac" => self.has_teams = flag(value)?,
            "portal_emails_from" => mails.from = optional(sender(text(value)?)?),
            "portal_emails_reply_to" => mails.reply_to = optional(sender(text(value)?)?),
            "portal_smtp_admin_emails" => mails.admins = addresses(&list(value)?)?,
            name if CLUSTER_WIDE.contains(&name) => return Err("is set in kong.conf only".to_owned()),
            // Kong keeps other things below `config` too.
            _ => {}
        }
        Ok(())
    }
}

/// A method of sign-in.
///
/// # Errors
/// A sentence about one that is not there.
pub(in crate::config) fn auth(word: &str) -> Result<Option<PortalAuth>, String> {
    match word {
        "" => Ok(None),
        "basic-auth" => Ok(Some(PortalAuth::Basic)),
        "openid-connect" => Ok(Some(PortalAuth::OpenIdConnect)),
        "key-auth" => Err(format!("= {word} is not available in this release")),
        "saml" => Err("= saml is not supported by kong-sso".to_owned()),
        other => Err(format!("has an invalid value: '{other}' (basic-auth, openid-connect)")),
    }
}

/// Origins that scripts may call from, or `*`.
///
/// # Errors
/// A sentence about one that is none.
pub(in crate::config) fn origins(items: Vec<String>) -> Result<Vec<String>, String> {
    let is_origin = |text: &str| Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == text);
    match items.iter().find(|item| *item != "*" && !is_origin(item)) {
        Some(wrong) => Err(format!("must list origins such as https://portal.example.com, got '{wrong}'")),
        None => Ok(items),
    }
}

/// Addresses of mails.
///
/// # Errors
/// The one that is none.
pub(in crate::config) fn addresses(items: &[String]) -> Result<Vec<EmailAddress>, String> {
    let parsed = items.iter().map(|item| EmailAddress::parse(item).map_err(|error| format!("'{item}': {error}")));
    parsed.collect()
}

/// A sender: `Name <address>` or an address, in one line.
///
/// # Errors
/// A sentence.
pub(in crate::config) fn sender(text: &str) -> Result<&str, String> {
    let inner = text.rsplit_once('<').and_then(|(_, rest)| rest.trim_end().strip_suffix('>')).unwrap_or(text);
    let is_one_line = !text.chars().any(char::is_control);
    if text.is_empty() || is_one_line && EmailAddress::parse(inner).is_ok() {
        return Ok(text);
    }
    Err(format!("must be an address or 'Name <address>', got '{}'", text.escape_debug()))
}

/// A definition of fields: a JSON value, or the text of one, as Kong keeps it.
///
/// # Errors
/// A sentence.
pub(in crate::config) fn meta_fields(value: &Value) -> Result<MetaFields, String> {
    match value {
        Value::String(text) => MetaFields::parse(&serde_json::from_str(text).map_err(|_| "is not valid JSON")?),
        value => MetaFields::parse(value),
    }
}

fn optional(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn flag(value: &Value) -> Result<bool, String> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::String(text) if matches!(text.as_str(), "on" | "true") => Ok(true),
        Value::String(text) if matches!(text.as_str(), "off" | "false") => Ok(false),
        _ => Err("expected a boolean".to_owned()),
    }
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "expected a string".to_owned())
}

fn seconds(value: &Value) -> Result<i64, String> {
    let number = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number.filter(|seconds| *seconds > 0).ok_or_else(|| "expected a number of seconds above 0".to_owned())
}

fn list(value: &Value) -> Result<Vec<String>, String> {
    let items: Option<Vec<String>> = match value {
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        Value::String(text) => Some(text.split(',').map(|item| item.trim().to_owned()).collect()),
        _ => None,
    };
    let items = items.ok_or_else(|| "expected a list of strings".to_owned())?;
    Ok(items.into_iter().filter(|item| !item.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn of(config: Value) -> Result<PortalSettings, (String, String)> {
        let file = PortalSettings { enabled: true, ..PortalSettings::default() };
        file.of(config.as_object().unwrap())
    }

    #[test]
    fn a_workspace_says_otherwise_and_null_takes_it_back() {
        let settings = of(json!({"portal": false, "portal_auto_approve": true, "portal_token_exp": 60})).unwrap();
        assert!(!settings.enabled && settings.rules.auto_approve && settings.token_exp == 60);
        let settings = of(json!({"portal": null, "portal_auto_approve": null, "color": "#fff"})).unwrap();
        assert!(settings.enabled && !settings.rules.auto_approve);
        let off = PortalSettings::default().of(json!({"portal": true}).as_object().unwrap()).unwrap();
        assert!(!off.enabled, "the file's off holds");
    }

    #[test]
    fn fields_come_as_json_text() {
        let settings = of(json!({"portal_developer_meta_fields": "[{\"title\":\"company\"}]"})).unwrap();
        assert_eq!(settings.meta_fields.iter().next().unwrap().title, "company");
    }

    /// A workspace that signs in at a provider of its own.
    fn of_provider(secret: &str) -> Result<PortalSettings, (String, String)> {
        let conf = json!({"issuer": "https://idp.example.com", "client_id": "portal", "client_secret": secret,
                          "session_idling_timeout": 60});
        of(json!({"portal_auth": "openid-connect", "portal_auth_conf": conf}))
    }

    #[test]
    fn a_workspace_has_a_provider_of_its_own_and_keeps_no_secret() {
        let conf = json!({"issuer": "https://idp.example.com", "client_id": "portal"});
        for conf in [conf.clone(), json!(conf.to_string())] {
            let settings = of(json!({"portal_auth": "openid-connect", "portal_auth_conf": conf})).unwrap();
            assert_eq!(settings.provider().unwrap().client.id, "portal");
        }
        let plain = of_provider("hush").unwrap_err();
        let sentence = "client_secret must be a reference such as {vault://env/portal-secret}";
        assert_eq!(plain, ("config.portal_auth_conf".to_owned(), sentence.to_owned()));
        let nowhere = of_provider("{vault://env/kong-sso-no-such-variable}").unwrap_err().1;
        assert!(nowhere.contains("KONG_SSO_NO_SUCH_VARIABLE is not set"), "{nowhere}");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "hush\n").unwrap();
        let settings = of_provider(&format!("{{vault://file{}/}}", file.path().display())).unwrap();
        let secret = settings.provider().unwrap().client.secret.clone().unwrap();
        assert_eq!((secret.expose_secret(), settings.session.limits.idling), ("hush", 60));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (config, member) in [
            (json!({"portal": "perhaps"}), "config.portal"),
            (json!({"portal_auth": "saml"}), "config.portal_auth"),
            (json!({"portal_auth": "basic-auth"}), "config.portal_auth"),
            (json!({"portal_auth": "openid-connect"}), "config.portal_auth"),
            (json!({"portal_auth": "key-auth"}), "config.portal_auth"),
            (json!({"portal_auth_conf": "{"}), "config.portal_auth_conf"),
            (json!({"portal_auth_conf": {"issuer": "https://idp.example.com"}}), "config.portal_auth_conf"),
            (json!({"sso_portal_local_login": true}), "config.sso_portal_local_login"),
            (json!({"portal_token_exp": 0}), "config.portal_token_exp"),
            (json!({"portal_emails_from": "A\r\nBcc: x@y.z <a@b.c>"}), "config.portal_emails_from"),
            (json!({"portal_smtp_admin_emails": ["nobody"]}), "config.portal_smtp_admin_emails"),
            (json!({"portal_developer_meta_fields": "{"}), "config.portal_developer_meta_fields"),
            (json!({"portal_cors_origins": ["*", "null"]}), "config.portal_cors_origins"),
            (json!({"portal_cors_origins": ["javascript:alert(1)"]}), "config.portal_cors_origins"),
            (json!({"portal_cors_origins": "https://a.example/path"}), "config.portal_cors_origins"),
            (json!({"portal_email_verification": true}), "config.portal_email_verification"),
        ] {
            assert_eq!(of(config).unwrap_err().0, member);
        }
    }
}
