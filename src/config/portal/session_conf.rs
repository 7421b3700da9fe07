//! The members of `portal_session_conf`, which `portal_auth_conf` has too, below names that begin with `session_`.

use serde_json::Value;

use super::PortalSessionConf;
use crate::config::auth_conf::SameSite;
use crate::config::build::MIN_SECRET;
use crate::config::{types, vault};

/// Takes one member; an `Ok` text is a warning to be put behind its name.
///
/// # Errors
/// A sentence to be put behind its name.
pub(in crate::config) fn set(
    conf: &mut PortalSessionConf,
    name: &str,
    value: &Value,
) -> Result<Option<&'static str>, String> {
    match name {
        "secret" => {
            let secret = plain(value)?;
            if secret.chars().count() < MIN_SECRET && !vault::is_reference(secret) {
                return Err(format!("must have at least {MIN_SECRET} characters"));
            }
            conf.secret = secret.into();
        }
        "storage" if value == "kong" || value == "database" => {}
        "storage" => return Ok(Some("has no effect: sessions are kept in the database, as with storage = kong")),
        "cookie_name" => conf.cookie_name = cookie_name(value)?,
        "cookie_domain" => conf.cookie_domain = Some(plain(value)?.to_owned()),
        "cookie_secure" => conf.cookie_secure = Some(value.as_bool().ok_or("must be a boolean")?),
        "cookie_same_site" => conf.cookie_same_site = same_site(value)?,
        "cookie_samesite" => {
            conf.cookie_same_site = same_site(value)?;
            return Ok(Some("is the old name of cookie_same_site"));
        }
        "idling_timeout" => conf.limits.idling = seconds(value)?,
        "rolling_timeout" => conf.limits.rolling = seconds(value)?,
        "cookie_lifetime" => {
            conf.limits.rolling = seconds(value)?;
            return Ok(Some("is the old name of rolling_timeout"));
        }
        "absolute_timeout" => conf.limits.absolute = seconds(value)?,
        _ => return Ok(Some("has no effect in kong-sso")),
    }
    Ok(None)
}

fn plain(value: &Value) -> Result<&str, String> {
    value.as_str().filter(|text| !text.is_empty()).ok_or_else(|| "must be a string".to_owned())
}

fn cookie_name(value: &Value) -> Result<String, String> {
    let name = plain(value)?;
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    if is_plain { Ok(name.to_owned()) } else { Err("can only contain letters, digits, '_', '-' and '.'".to_owned()) }
}

fn same_site(value: &Value) -> Result<SameSite, String> {
    match value.as_str() {
        Some("Strict") => Ok(SameSite::Strict),
        Some("Lax" | "off") => Ok(SameSite::Lax),
        _ => Err("must be Strict or Lax".to_owned()),
    }
}

fn seconds(value: &Value) -> Result<i64, String> {
    let number = value.as_f64().and_then(types::whole).and_then(|seconds| i64::try_from(seconds).ok());
    number.ok_or_else(|| "must be a whole number of seconds".to_owned())
}
