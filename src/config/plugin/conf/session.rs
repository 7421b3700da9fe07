//! Sessions of a plugin and their cookies.

use secrecy::SecretString;

use crate::config::auth_conf::SameSite;
use crate::domain::method::MethodSet;

/// Where session data lives.
#[derive(Clone, Debug)]
pub enum SessionStorage {
    /// Sealed in the cookie.
    Cookie,
    /// In kong-sso's store: its own extension of `session_storage`.
    Database,
    /// In Redis.
    Redis(RedisConf),
}

/// A Redis server (openid-connect.md 5.5).
#[derive(Clone, Debug)]
pub struct RedisConf {
    /// `redis.host`.
    pub host: String,
    /// `redis.port`.
    pub port: u16,
    /// `redis.socket`; wins over host and port.
    pub socket: Option<String>,
    /// `redis.database`.
    pub database: i64,
    /// `redis.username`.
    pub username: Option<String>,
    /// `redis.password`.
    pub password: Option<SecretString>,
    /// `redis.prefix`.
    pub prefix: String,
    /// `redis.ssl`.
    pub tls: bool,
    /// `redis.ssl_verify`.
    pub tls_verify: bool,
    /// `redis.server_name`: the name in TLS, where it is not the host.
    pub server_name: Option<String>,
    /// `redis.connect_timeout`, milliseconds.
    pub connect_timeout_ms: u64,
    /// The longer of `redis.read_timeout` and `redis.send_timeout`, milliseconds.
    pub response_timeout_ms: u64,
}

/// Attributes of a cookie.
#[derive(Clone, Debug)]
pub struct CookieConf {
    /// Name.
    pub name: String,
    /// `Path`.
    pub path: String,
    /// `Domain`.
    pub domain: Option<String>,
    /// `HttpOnly`.
    pub http_only: bool,
    /// `Secure`; `None` = as the request's scheme is.
    pub secure: Option<bool>,
    /// `SameSite`.
    pub same_site: SameSite,
}

/// Something of the client that a session is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionBinding {
    /// `ip`
    Ip,
    /// `scheme`
    Scheme,
    /// `user-agent`
    UserAgent,
}

/// Sessions of the plugin (openid-connect.md 5).
#[derive(Clone, Debug)]
pub struct PluginSessionConf {
    /// `session_secret`; `None` = made once and kept.
    pub secret: Option<SecretString>,
    /// `session_storage`.
    pub storage: SessionStorage,
    /// `session_cookie_*`.
    pub cookie: CookieConf,
    /// `session_audience`.
    pub audience: String,
    /// `session_idling_timeout`, seconds; 0 disables.
    pub idling_timeout: i64,
    /// `session_rolling_timeout`, seconds; 0 disables.
    pub rolling_timeout: i64,
    /// `session_absolute_timeout`, seconds; 0 disables.
    pub absolute_timeout: i64,
    /// `session_bind`.
    pub bind: Vec<SessionBinding>,
    /// `session_remember` and its cookie; `None` when it is off.
    pub remember: Option<RememberConf>,
    /// `disable_session`.
    pub disabled_for: MethodSet,
    /// `refresh_tokens`.
    pub refresh_tokens: bool,
    /// `authorization_cookie_*`.
    pub login_cookie: CookieConf,
    /// `authorization_rolling_timeout`, seconds; 0 = unchecked.
    pub login_timeout: i64,
}

/// The persistent session.
#[derive(Clone, Debug)]
pub struct RememberConf {
    /// `session_remember_cookie_name`.
    pub cookie_name: String,
    /// `session_remember_rolling_timeout`, seconds.
    pub rolling_timeout: i64,
    /// `session_remember_absolute_timeout`, seconds.
    pub absolute_timeout: i64,
}
