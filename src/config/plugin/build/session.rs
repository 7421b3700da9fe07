//! Sessions and their cookies.

use crate::config::auth_conf::SameSite;
use crate::config::plugin::members::Members;
use crate::config::plugin::{CookieConf, PluginSessionConf, RememberConf, SessionBinding, SessionStorage};

use super::redis::redis;

pub(super) fn session(members: Members<'_>) -> Option<PluginSessionConf> {
    Some(PluginSessionConf {
        secret: members.secret("session_secret"),
        storage: storage(members)?,
        cookie: cookie(members, "session_cookie"),
        audience: members.text("session_audience"),
        idling_timeout: members.number("session_idling_timeout"),
        rolling_timeout: members.number("session_rolling_timeout"),
        absolute_timeout: members.number("session_absolute_timeout"),
        bind: members.words("session_bind", binding),
        remember: members.flag("session_remember").then(|| remember(members)),
        disabled_for: members.methods("disable_session"),
        refresh_tokens: members.flag("refresh_tokens"),
        login_cookie: cookie(members, "authorization_cookie"),
        login_timeout: members.number("authorization_rolling_timeout"),
    })
}

fn storage(members: Members<'_>) -> Option<SessionStorage> {
    match members.text("session_storage").as_str() {
        "cookie" => Some(SessionStorage::Cookie),
        "database" => Some(SessionStorage::Database),
        "redis" => Some(SessionStorage::Redis(redis(members, "redis", "sessions")?)),
        _ => None,
    }
}

/// `prefix` is what the names of its parameters begin with.
fn cookie(members: Members<'_>, prefix: &str) -> CookieConf {
    let name = |of: &str| format!("{prefix}_{of}");
    CookieConf {
        name: members.text(&name("name")),
        path: members.text(&name("path")),
        domain: members.some_text(&name("domain")),
        http_only: members.flag(&name("http_only")),
        secure: members.some_flag(&name("secure")),
        same_site: members.word(&name("same_site"), same_site).unwrap_or(SameSite::Lax),
    }
}

fn same_site(word: &str) -> Option<SameSite> {
    match word {
        "Strict" => Some(SameSite::Strict),
        "Lax" => Some(SameSite::Lax),
        "None" => Some(SameSite::None),
        "Default" => Some(SameSite::Default),
        _ => None,
    }
}

fn binding(word: &str) -> Option<SessionBinding> {
    match word {
        "ip" => Some(SessionBinding::Ip),
        "scheme" => Some(SessionBinding::Scheme),
        "user-agent" => Some(SessionBinding::UserAgent),
        _ => None,
    }
}

fn remember(members: Members<'_>) -> RememberConf {
    RememberConf {
        cookie_name: members.text("session_remember_cookie_name"),
        rolling_timeout: members.number("session_remember_rolling_timeout"),
        absolute_timeout: members.number("session_remember_absolute_timeout"),
    }
}
