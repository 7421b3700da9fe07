//! The effective settings, fully typed. Made once at start by the loader; everything else reads them.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

use super::auth_conf::AdminAuthConf;
use super::declared::Surroundings;
use super::portal::{MailSettings, PortalSettings};
use crate::domain::strategy::{Enforcer, StrategyType};

/// Everything that kong-sso was told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Working directory: database file, generated keys.
    pub prefix: PathBuf,
    /// Verbosity of the log.
    pub log_level: LogLevel,
    /// `sso_log_format`: form of the log.
    pub log_format: LogFormat,
    /// Addresses to serve.
    pub listeners: Listeners,
    /// The public faces of Kong Manager and the Admin API.
    pub gui: GuiSettings,
    /// The real Kong.
    pub upstream: UpstreamSettings,
    /// RBAC.
    pub rbac: RbacSettings,
    /// How admins sign in; `None` when `admin_gui_auth` is unset.
    pub admin_auth: Option<AdminAuthConf>,
    /// What a sign-in does to roles and accounts.
    pub login: LoginSettings,
    /// The OpenID Connect gateway.
    pub gateway: GatewaySettings,
    /// Applications of developers, and what stands for them in Kong.
    pub portal_gateway: PortalGatewaySettings,
    /// The developer portal.
    pub portal: PortalSettings,
    /// How mails leave.
    pub mail: MailSettings,
    /// Audit log.
    pub audit: AuditSettings,
    /// kong-sso's own store.
    pub database: DatabaseSettings,
    /// `sso_encryption_key`: seals stored tokens and cookies. Generated below `prefix` when unset.
    pub encryption_key: Option<SecretString>,
    /// `sso_session_secrets_previous`: former secrets of plugin sessions, the newest first.
    pub previous_session_secrets: Vec<SecretString>,
    /// Who may send `X-Forwarded-*`.
    pub trusted_proxies: TrustedProxies,
    /// Outgoing HTTPS: certificate authorities.
    pub egress: EgressSettings,
    /// `sso_allow_insecure`: serve without any login on a public address.
    pub allow_insecure: bool,
}

/// Applications of developers, and what stands for them in Kong (dev-portal.md 1.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalGatewaySettings {
    /// `sso_portal_auto_approve_applications`.
    pub auto_approve: bool,
    /// `sso_portal_max_apps_per_developer`.
    pub max_applications: i64,
    /// `sso_portal_max_credentials_per_app`.
    pub max_credentials: i64,
    /// `sso_portal_credential_prefix`.
    pub key_prefix: String,
    /// `sso_portal_sync_interval`: seconds, 0 = never.
    pub scan_every: i64,
    /// `sso_portal_sync_prune` = delete.
    pub prunes: bool,
    /// `sso_portal_external_enforcer`; `None` = auto.
    pub enforcer: Option<Enforcer>,
    /// `portal_app_auth`: kind of the strategy where none is named; `None` = API keys.
    pub default_kind: Option<StrategyType>,
    /// `sso_portal_key_auth_value` = `client_id`: API keys are client ids.
    pub has_client_id_keys: bool,
    /// `sso_portal_egress_allow`: where requests may go besides public addresses.
    pub egress_allow: Vec<UpstreamRule>,
}

impl Default for PortalGatewaySettings {
    fn default() -> Self {
        Self {
            auto_approve: false,
            max_applications: 500,
            max_credentials: 20,
            key_prefix: "ksso".to_owned(),
            scan_every: 60,
            prunes: false,
            enforcer: None,
            default_kind: None,
            has_client_id_keys: false,
            egress_allow: Vec::new(),
        }
    }
}

/// Kong's log levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// `debug`
    Debug,
    /// `info`
    Info,
    /// `notice`
    Notice,
    /// `warn`
    Warn,
    /// `error`, `crit`, `alert`, `emerg`
    Error,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// One address of a listen key (kong-manager.md 1.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// IPv4, IPv6 (without brackets) or name.
    pub host: String,
    /// Port; 0 lets the system choose (tests).
    pub port: u16,
    /// Serve TLS.
    pub ssl: bool,
    /// Offer HTTP/2.
    pub http2: bool,
    /// SO_REUSEPORT.
    pub reuseport: bool,
    /// Length of the accept queue.
    pub backlog: Option<u32>,
    /// IPV6_V6ONLY.
    pub ipv6only: Option<bool>,
}

impl Listen {
    /// Whether only this machine can connect.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// The listeners; an empty list is `off`.
#[derive(Clone, Debug, Default)]
pub struct Listeners {
    /// `sso_admin_listen`: the protected Admin API for machines.
    pub admin: Vec<Listen>,
    /// `sso_gui_listen`: Kong Manager, Admin API and own UI on one origin.
    pub gui: Vec<Listen>,
    /// `sso_status_listen`: health and metrics.
    pub status: Vec<Listen>,
    /// `sso_proxy_listen`: the OpenID Connect gateway.
    pub proxy: Vec<Listen>,
    /// `portal_gui_listen`: the developer portal's pages.
    pub portal_gui: Vec<Listen>,
    /// `portal_api_listen`: the developer portal's JSON API.
    pub portal_api: Vec<Listen>,
    /// PEM certificate chain and key of TLS Admin API listeners (`admin_ssl_cert*`).
    pub admin_tls: Vec<TlsPair>,
    /// PEM certificate chain and key of TLS GUI listeners (`admin_gui_ssl_cert*`).
    pub gui_tls: Vec<TlsPair>,
    /// PEM certificate chain and key of TLS gateway listeners (`sso_proxy_ssl_cert*`).
    pub proxy_tls: Vec<TlsPair>,
    /// PEM certificate chain and key of TLS listeners of the portal's pages (`portal_gui_ssl_cert*`).
    pub portal_gui_tls: Vec<TlsPair>,
    /// PEM certificate chain and key of TLS listeners of the portal's JSON API (`portal_api_ssl_cert*`).
    pub portal_api_tls: Vec<TlsPair>,
}

/// A certificate chain and its key, both PEM text.
#[derive(Clone, Debug)]
pub struct TlsPair {
    /// Certificates, leaf first.
    pub certificate: String,
    /// Private key.
    pub key: SecretString,
}

/// The public faces.
#[derive(Clone, Debug)]
pub struct GuiSettings {
    /// `admin_gui_path` without trailing slash: empty for `/`.
    pub path: String,
    /// `admin_gui_url`: public GUI URLs; their origins are the CORS allow list.
    pub urls: Vec<Url>,
    /// `admin_gui_api_url`.
    pub api_url: Option<String>,
    /// `sso_single_origin`.
    pub single_origin: bool,
    /// `sso_api_path`, e.g. `/_api`.
    pub api_path: String,
    /// `sso_ui_path`, e.g. `/_sso`.
    pub ui_path: String,
    /// `admin_gui_csp_header`: the CSP to send with GUI documents; `None` = off, `Some(None)` = the default policy.
    pub csp: Option<Option<String>>,
    /// `admin_gui_login_banner_title`.
    pub banner_title: Option<String>,
    /// `admin_gui_login_banner_body`.
    pub banner_body: Option<String>,
}

impl GuiSettings {
    /// The origins (`scheme://authority`) of `admin_gui_url`.
    #[must_use]
    pub fn origins(&self) -> Vec<String> {
        self.urls.iter().map(|url| url.origin().ascii_serialization()).collect()
    }
}

/// The real Kong.
#[derive(Clone, Debug)]
pub struct UpstreamSettings {
    /// `sso_upstream_admin_url`.
    pub admin_url: Url,
    /// `sso_upstream_gui_url`; `None` when Kong serves no GUI.
    pub gui_url: Option<Url>,
    /// `sso_upstream_admin_headers`: static headers added to upstream requests.
    pub admin_headers: Vec<(String, SecretString)>,
    /// `sso_upstream_timeout`.
    pub timeout: Duration,
    /// `nginx_admin_client_max_body_size`, bytes.
    pub max_body: u64,
    /// `sso_workspace_upstreams`: hosts and networks that workspaces may name as upstream.
    pub workspace_upstreams: Vec<UpstreamRule>,
}

/// One entry of `sso_workspace_upstreams` or `sso_portal_egress_allow`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamRule {
    /// A host name (compared without case) or address literal, optionally with a port.
    Host(String, Option<u16>),
    /// A network, for address literals.
    Network(IpNet),
}

/// `enforce_rbac`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnforceRbac {
    /// Nobody's rights are checked.
    Off,
    /// Endpoint rules.
    On,
}

/// `sso_rbac_root_read`: what `GET /` shows without a rule for `/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootRead {
    /// The members that Kong Manager needs.
    Redacted,
    /// 403.
    Deny,
    /// Everything.
    Full,
}

/// RBAC.
#[derive(Clone, Debug)]
pub struct RbacSettings {
    /// `enforce_rbac`.
    pub enforce: EnforceRbac,
    /// `rbac_auth_header`, lower case.
    pub auth_header: String,
    /// `admin_gui_auth_header`, lower case.
    pub user_header: String,
    /// `sso_rbac_root_read`.
    pub root_read: RootRead,
    /// `sso_idp_role_max_age`, seconds; 0 = no limit.
    pub idp_role_max_age: i64,
}

/// `sso_oidc_manual_roles`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManualRoles {
    /// Local roles survive logins.
    Keep,
    /// The IdP replaces them.
    Overwrite,
}

/// `sso_oidc_unmapped`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmapped {
    /// Sign in and see nothing.
    Login,
    /// 403.
    Deny,
}

/// What a sign-in does to roles and accounts.
#[derive(Clone, Debug)]
pub struct LoginSettings {
    /// `sso_oidc_manual_roles`.
    pub manual_roles: ManualRoles,
    /// `sso_oidc_unmapped`.
    pub unmapped: Unmapped,
    /// `sso_direct_role_claims`: group values `workspace:role` assign roles.
    pub direct_role_claims: bool,
    /// `sso_bootstrap_groups`: IdP groups that are super-admin from the first login on.
    pub bootstrap_groups: Vec<String>,
    /// `sso_super_admins`: claim values that become super-admin while there is none.
    pub super_admins: Vec<String>,
    /// `admin_require_verified_email`.
    pub require_verified_email: bool,
}

/// The OpenID Connect gateway.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// `sso_proxy_config`.
    pub file: Option<PathBuf>,
    /// What that file is read in.
    pub surroundings: Surroundings,
    /// `sso_forward_auth_path`; `None` means no forward-auth.
    pub forward_auth_path: Option<String>,
    /// `sso_backchannel_logout_path`; `None` means that no logout token is taken.
    pub backchannel_logout_path: Option<String>,
    /// `sso_frontchannel_logout_path`; `None` means that no browser ends sessions for a provider.
    pub frontchannel_logout_path: Option<String>,
    /// `sso_proxy_max_body_size`, bytes.
    pub max_body: u64,
    /// What all plugin instances have in common.
    pub engine: EngineSettings,
}

/// What Kong's plugin has no parameter for, for all instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineSettings {
    /// `oidc_non_navigation = unauthorized`: sign-ins begin for navigating browsers only.
    pub refuse_non_navigation: bool,
    /// `oidc_json_header_encoding = plain`: JSON stands in headers as it is.
    pub plain_json: bool,
    /// `sso_openid_connect_cache_size`: bytes that one instance keeps of each kind.
    pub cache_bytes: u64,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self { refuse_non_navigation: false, plain_json: false, cache_bytes: 64 << 20 }
    }
}

/// Audit log.
#[derive(Clone, Debug)]
pub struct AuditSettings {
    /// `audit_log`.
    pub enabled: bool,
    /// `audit_log_ignore_methods`, upper case.
    pub ignore_methods: Vec<String>,
    /// `audit_log_ignore_paths`.
    pub ignore_paths: Vec<regex::Regex>,
    /// `audit_log_ignore_tables`.
    pub ignore_tables: Vec<String>,
    /// `audit_log_record_ttl`, seconds.
    pub record_ttl: i64,
    /// `audit_log_payload_exclude`: members left out of recorded bodies.
    pub payload_exclude: Vec<String>,
    /// `sso_audit_fail`: `true` = closed: refuse changes while records cannot be kept.
    pub fail_closed: bool,
    /// `sso_audit_always`: record sign-ins and changes of rights although a rule ignores them.
    pub always: bool,
}

/// kong-sso's own store.
#[derive(Clone, Debug)]
pub enum DatabaseSettings {
    /// Embedded SQLite file.
    Sqlite(PathBuf),
    /// PostgreSQL.
    Postgres(PostgresSettings),
}

/// The `pg_*` keys.
#[derive(Clone, Debug)]
pub struct PostgresSettings {
    /// `pg_host`: name, address or directory of a Unix socket.
    pub host: String,
    /// `pg_port`.
    pub port: u16,
    /// `pg_user`.
    pub user: String,
    /// `pg_password`.
    pub password: Option<SecretString>,
    /// `pg_database`.
    pub database: String,
    /// `pg_schema`, default `kong_sso`.
    pub schema: String,
    /// `pg_timeout`.
    pub timeout: Duration,
    /// `pg_ssl`, `pg_ssl_required`, `pg_ssl_verify`.
    pub tls: PostgresTls,
    /// `pg_pool_size`; `None` = 10.
    pub pool_size: Option<u32>,
}

/// TLS towards PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostgresTls {
    /// Clear text.
    Off,
    /// TLS when the server offers it.
    Prefer,
    /// TLS or fail, certificate unchecked.
    Require,
    /// TLS with a verified certificate and name.
    Verify,
}

/// Peers whose forwarded headers are believed; empty by default.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies {
    /// `trusted_ips`.
    pub networks: Vec<IpNet>,
    /// `real_ip_header`, lower case.
    pub real_ip_header: String,
    /// `real_ip_recursive`.
    pub recursive: bool,
}

impl TrustedProxies {
    /// Whether `peer` is listed.
    #[must_use]
    pub fn trusts(&self, peer: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&peer))
    }
}

/// Outgoing HTTPS.
#[derive(Clone, Debug, Default)]
pub struct EgressSettings {
    /// `lua_ssl_trusted_certificate` files as PEM text, besides the system's own when it lists `system`.
    pub extra_roots: Vec<String>,
    /// Whether the system's certificate authorities are trusted too.
    pub system_roots: bool,
}
