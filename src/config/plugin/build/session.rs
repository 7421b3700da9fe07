//! Sessions and their cookies.

use serde_json::{Map, Value};

use crate::config::auth_conf::SameSite;
use crate::config::plugin::members::Members;
use crate::config::plugin::{
    CookieConf, PluginSessionConf, RedisConf, RememberConf, SessionBinding, SessionStorage, table,
};

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
        "redis" => Some(SessionStorage::Redis(redis_or_default(members)?)),
        _ => None,
    }
}

fn redis_or_default(members: Members<'_>) -> Option<RedisConf> {
    if let Some(record) = members.record("redis") {
        return redis(record);
    }
    let rows = table::find(table::TABLE, "redis")?.kind.members();
    let defaults: Map<String, Value> = table::rows(rows).map(|row| (row.name.to_owned(), row.default())).collect();
    redis(Members(&defaults))
}

fn redis(record: Members<'_>) -> Option<RedisConf> {
    Some(RedisConf {
        host: record.text("host"),
        port: u16::try_from(record.number("port")).ok()?,
        socket: record.some_text("socket"),
        database: record.number("database"),
        username: record.some_text("username"),
        password: record.secret("password"),
        prefix: record.some_text("prefix").unwrap_or_else(|| "sessions".to_owned()),
        tls: record.flag("ssl"),
        tls_verify: record.flag("ssl_verify"),
        server_name: record.some_text("server_name"),
        connect_timeout_ms: record.millis("connect_timeout"),
        response_timeout_ms: record.millis("read_timeout").max(record.millis("send_timeout")),
    })
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
