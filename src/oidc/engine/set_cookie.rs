//! `Set-Cookie` lines of the engine (RFC 6265; openid-connect.md 4.8, 5.3). Called by `session` and `login`.

use std::fmt::Write as _;

use crate::config::auth_conf::SameSite;
use crate::config::plugin::CookieConf;

/// What stands behind the value: path, domain, `SameSite`, `HttpOnly`, `Secure`. Kong's order.
pub(super) fn attributes(conf: &CookieConf, scheme: &str) -> String {
    let mut text = format!("; Path={}", conf.path);
    if let Some(domain) = &conf.domain {
        // Infallible: it writes into a string.
        let _ = write!(text, "; Domain={domain}");
    }
    match conf.same_site {
        SameSite::Strict => text.push_str("; SameSite=Strict"),
        SameSite::Lax => text.push_str("; SameSite=Lax"),
        SameSite::None => text.push_str("; SameSite=None"),
        SameSite::Default => {}
    }
    if conf.http_only {
        text.push_str("; HttpOnly");
    }
    if conf.secure.unwrap_or(scheme == "https") {
        text.push_str("; Secure");
    }
    text
}

/// The line that sets a cookie until the browser closes, or for `max_age` seconds.
pub(super) fn set(name: &str, value: &str, attributes: &str, max_age: Option<i64>) -> String {
    match max_age {
        Some(seconds) => format!("{name}={value}{attributes}; Max-Age={seconds}"),
        None => format!("{name}={value}{attributes}"),
    }
}

/// The line that removes a cookie; browsers look at name, path and domain.
pub(super) fn clear(name: &str, attributes: &str) -> String {
    format!("{name}={attributes}; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conf(same_site: SameSite, secure: Option<bool>) -> CookieConf {
        let (name, path) = ("session".to_owned(), "/".to_owned());
        CookieConf { name, path, domain: None, http_only: true, secure, same_site }
    }

    #[test]
    fn oidc_066_secure_follows_the_scheme_unless_it_is_configured() {
        let lax = conf(SameSite::Lax, None);
        assert_eq!(attributes(&lax, "http"), "; Path=/; SameSite=Lax; HttpOnly");
        assert_eq!(attributes(&lax, "https"), "; Path=/; SameSite=Lax; HttpOnly; Secure");
        assert!(attributes(&conf(SameSite::None, Some(true)), "http").ends_with("; SameSite=None; HttpOnly; Secure"));
        assert!(!attributes(&conf(SameSite::Default, Some(false)), "https").contains("S"));
    }

    #[test]
    fn a_cookie_is_cleared_where_it_was_set() {
        let conf = CookieConf { domain: Some("example.com".to_owned()), ..conf(SameSite::Default, None) };
        let line = clear("session2", &attributes(&conf, "http"));
        assert!(line.starts_with("session2=; Path=/; Domain=example.com; HttpOnly; Max-Age=0"), "{line}");
    }
}
