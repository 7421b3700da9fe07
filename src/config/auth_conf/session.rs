//! The `session_*` and `authorization_*` members: browser sessions and the cookie of a sign-in in progress.

use secrecy::SecretString;
use url::Url;

use super::members::Members;
use super::parse::KEY;
use super::{SameSite, SessionConf};
use crate::config::build::MIN_SECRET;
use crate::config::vault;

/// The session settings; the scheme of `login_redirect_uri` decides whether the cookie is secure by default.
pub(super) fn session(members: &mut Members<'_>, login_redirect_uri: &[Url]) -> SessionConf {
    check_storage(members);
    let secret = secret(members);
    let sites = [
        ("Strict", SameSite::Strict),
        ("Lax", SameSite::Lax),
        ("None", SameSite::None),
        ("Default", SameSite::Default),
    ];
    let is_https = login_redirect_uri.first().is_some_and(|url| url.scheme() == "https");
    let session = SessionConf {
        secret,
        cookie_name: cookie_name(members, "session_cookie_name", "kong_sso_session"),
        cookie_domain: members.text("session_cookie_domain"),
        cookie_secure: members.bool("session_cookie_secure").unwrap_or(is_https),
        cookie_same_site: members.word("session_cookie_same_site", &sites).unwrap_or(SameSite::Lax),
        idling_timeout: members.whole("session_idling_timeout").unwrap_or(900),
        rolling_timeout: members.whole("session_rolling_timeout").unwrap_or(3600),
        absolute_timeout: members.whole("session_absolute_timeout").unwrap_or(86_400),
        transaction_cookie_name: cookie_name(members, "authorization_cookie_name", "authorization"),
        transaction_timeout: members.whole("authorization_rolling_timeout").unwrap_or(600),
    };
    check_cookies(members, &session, is_https);
    session
}

fn secret(members: &mut Members<'_>) -> Option<SecretString> {
    const NAME: &str = "session_secret";
    let text = members.text(NAME);
    match text.as_deref() {
        None => {
            let message =
                format!("{KEY}.{NAME} is unset: a random one is kept below prefix, so sessions hold on this node only");
            members.findings.warn(KEY, message);
        }
        Some(text) if text.chars().count() < MIN_SECRET && !vault::is_reference(text) => {
            members.error(NAME, &format!("must have at least {MIN_SECRET} characters"));
        }
        Some(_) => {}
    }
    text.map(SecretString::from)
}

fn check_storage(members: &mut Members<'_>) {
    const NAME: &str = "session_storage";
    match members.text(NAME).as_deref() {
        None | Some("database") => {}
        Some("cookie") => {
            let message =
                format!("{KEY}.session_storage = cookie: sessions are kept in the database, which can be revoked");
            members.findings.warn(KEY, message);
        }
        Some(word @ ("redis" | "memcached" | "memcache")) => {
            members.error(NAME, &format!("= {word} is not available in this release"));
        }
        Some(reference) if vault::is_reference(reference) => {}
        Some(other) => {
            members.error(NAME, &format!("has an invalid value: '{other}' (database, cookie, redis, memcached)"));
        }
    }
}

fn cookie_name(members: &mut Members<'_>, name: &str, default: &str) -> String {
    let text = members.text(name).unwrap_or_else(|| default.to_owned());
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if !text.bytes().all(is_plain) {
        members.error(name, "can only contain letters, digits, '_', '-' and '.'");
    }
    text
}

fn check_cookies(members: &mut Members<'_>, session: &SessionConf, is_https: bool) {
    if session.cookie_name == session.transaction_cookie_name {
        members.error("session_cookie_name", "and authorization_cookie_name must differ");
    }
    if session.cookie_same_site == SameSite::None && !session.cookie_secure {
        members.error(
            "session_cookie_same_site",
            "= None needs session_cookie_secure: browsers drop the cookie otherwise",
        );
    }
    if session.cookie_secure && !is_https {
        let message = format!(
            "{KEY}.session_cookie_secure is true but login_redirect_uri is http: browsers will not send the cookie"
        );
        members.findings.warn(KEY, message);
    }
    if !session.cookie_secure && is_https {
        let message = format!("{KEY}.session_cookie_secure is false: the session cookie may travel in clear text");
        members.findings.warn(KEY, message);
    }
}
