//! The rows. Defaults are Kong 3.15's unless kong-sso has a reason of its own.

use super::{Key, Kind, Theme, Use};

/// Writes rows as `name: Kind = "default", tier, Use, "meaning";` below their theme.
macro_rules! table {
    ($($theme:ident { $($name:ident: $kind:expr, $default:literal, $tier:literal, $used:ident, $meaning:literal;)* })*) => {
        /// Every key that kong-sso reads or knowingly ignores, by theme.
        pub static TABLE: &[Key] = &[$($(Key {
            name: stringify!($name),
            kind: $kind,
            default: $default,
            tier: $tier,
            theme: Theme::$theme,
            used: Use::$used,
            meaning: $meaning,
        },)*)*];
    };
}

use Kind::{Array, Bool, Enum, Json, Listen, Number, Size, Text};

const LOG_LEVELS: &[&str] = &["debug", "info", "notice", "warn", "error", "crit", "alert", "emerg"];
const SUITES: &[&str] = &["modern", "intermediate", "old", "fips", "custom"];
const TLS_VERSIONS: &[&str] = &["tlsv1_1", "tlsv1_2", "tlsv1_3", "any"];

table! {
    General {
        prefix: Text, "/var/lib/kong-sso", 1, Yes, "Working directory: the embedded database and generated keys live here.";
        log_level: Enum(LOG_LEVELS), "notice", 1, Yes, "How much is logged; notice and info are one level here, and crit, alert and emerg log as error.";
        sso_log_format: Enum(&["text", "json"]), "text", 1, Yes, "Form of the log on standard error.";
        admin_access_log: Text, "logs/admin_access.log", 1, No, "Kong's access log of the Admin API; kong-sso logs to standard error.";
        admin_error_log: Text, "logs/error.log", 1, No, "Kong's error log of the Admin API; kong-sso logs to standard error.";
        admin_gui_access_log: Text, "logs/admin_gui_access.log", 2, No, "Kong's access log of the GUI.";
        admin_gui_error_log: Text, "logs/admin_gui_error.log", 2, No, "Kong's error log of the GUI.";
        anonymous_reports: Bool, "on", 1, No, "Kong's usage reports; kong-sso never sends any.";
        node_id: Text, "", 3, No, "UUID of a Kong node.";
        event_hooks_enabled: Bool, "on", 3, No, "Kong's event hooks.";
    }
    Listeners {
        sso_gui_listen: Listen, "127.0.0.1:9002", 1, Yes, "Where Kong Manager, the protected Admin API and the admin pages are served on one origin.";
        sso_admin_listen: Listen, "127.0.0.1:9001", 1, Yes, "Where machines reach the protected Admin API.";
        sso_status_listen: Listen, "127.0.0.1:9007", 1, Yes, "Where health, version and metrics are served.";
        admin_gui_ssl_cert: Array, "", 1, Yes, "Certificate chains of sso_gui_listen addresses with ssl: paths, PEM or base64 of PEM.";
        admin_gui_ssl_cert_key: Array, "", 1, Yes, "Private keys of admin_gui_ssl_cert, in the same order.";
        admin_ssl_cert: Array, "", 1, Yes, "Certificate chains of sso_admin_listen addresses with ssl: paths, PEM or base64 of PEM.";
        admin_ssl_cert_key: Array, "", 1, Yes, "Private keys of admin_ssl_cert, in the same order.";
        admin_gui_ssl_protocols: Text, "TLSv1.2 TLSv1.3", 2, No, "TLS versions of Kong's GUI; kong-sso offers 1.2 and 1.3.";
        ssl_cipher_suite: Enum(SUITES), "intermediate", 2, Yes, "Cipher suites; old and fips cannot be served by kong-sso.";
        ssl_protocols: Text, "TLSv1.2 TLSv1.3", 3, No, "TLS versions of a custom cipher suite.";
        sso_insecure_tls: Bool, "off", 1, Yes, "Let portal_auth_conf say ssl_verify: false.";
        sso_allow_insecure: Bool, "off", 1, Yes, "Serve without any login on an address that other machines can reach.";
        sso_proxy_listen: Listen, "off", 1, Yes, "Where the OpenID Connect gateway serves the declared routes and forward-auth; needs sso_proxy_config.";
        sso_proxy_ssl_cert: Array, "", 1, Yes, "Certificate chains of sso_proxy_listen addresses with ssl: paths, PEM or base64 of PEM.";
        sso_proxy_ssl_cert_key: Array, "", 1, Yes, "Private keys of sso_proxy_ssl_cert, in the same order.";
    }
    Upstream {
        admin_listen: Listen, "127.0.0.1:8001 reuseport backlog=16384, 127.0.0.1:8444 http2 ssl reuseport backlog=16384", 1, Yes, "Where Kong serves its Admin API; its first clear-text address is the default of sso_upstream_admin_url.";
        admin_gui_listen: Listen, "0.0.0.0:8002, 0.0.0.0:8445 ssl", 1, Yes, "Where Kong serves Kong Manager; its first clear-text address is the default of sso_upstream_gui_url.";
        sso_upstream_admin_url: Text, "", 1, Yes, "URL of Kong's Admin API as kong-sso reaches it.";
        sso_upstream_gui_url: Text, "", 1, Yes, "URL of Kong Manager as kong-sso reaches it.";
        sso_upstream_admin_headers: Json, "{}", 1, Yes, "Headers added to each request to Kong's Admin API, such as the key of a loopback route.";
        sso_upstream_timeout: Number, "60000", 1, Yes, "How long Kong may take to answer, in milliseconds.";
        sso_workspaces: Bool, "on", 1, No, "Workspaces; they cannot be switched off in this release.";
        sso_workspace_upstreams: Array, "", 1, Yes, "Hosts (host or host:port) and networks that workspaces may name as their own upstream.";
        nginx_admin_client_max_body_size: Size, "10m", 1, Yes, "Largest request body of the Admin API; larger ones get 413. 0 = no limit.";
        database: Enum(&["postgres", "cassandra", "off"]), "postgres", 1, No, "Kong's database; kong-sso's own is sso_database.";
    }
    Manager {
        admin_gui_url: Array, "", 1, Yes, "Public URLs of Kong Manager; their origins are allowed to call the Admin API from a browser.";
        admin_gui_path: Text, "/", 1, Yes, "Base path of Kong Manager.";
        admin_gui_api_url: Text, "", 1, Yes, "Public URL of the Admin API as told to Kong Manager.";
        admin_api_uri: Text, "", 2, Yes, "Old name of admin_gui_api_url.";
        sso_single_origin: Bool, "on", 1, Yes, "Serve Kong Manager, Admin API and admin pages all on sso_gui_listen.";
        sso_api_path: Text, "/_api", 1, Yes, "Path of the Admin API on the GUI's origin.";
        sso_ui_path: Text, "/_sso", 1, Yes, "Path of the admin pages on the GUI's origin.";
        admin_gui_csp_header: Bool, "off", 2, Yes, "Send a Content-Security-Policy with Kong Manager's documents.";
        admin_gui_csp_header_value: Text, "", 2, Yes, "Replaces the built-in policy.";
        admin_gui_login_banner_title: Text, "", 2, Yes, "Heading of a notice on the sign-in page.";
        admin_gui_login_banner_body: Text, "", 2, Yes, "Text of a notice on the sign-in page.";
        admin_gui_header_txt: Text, "", 2, No, "Text of a banner at the top.";
        admin_gui_header_bg_color: Text, "", 2, No, "Background colour of the banner at the top; write \\# for a hash.";
        admin_gui_header_txt_color: Text, "", 2, No, "Text colour of the banner at the top.";
        admin_gui_footer_txt: Text, "", 2, No, "Text of a banner at the bottom.";
        admin_gui_footer_bg_color: Text, "", 2, No, "Background colour of the banner at the bottom.";
        admin_gui_footer_txt_color: Text, "", 2, No, "Text colour of the banner at the bottom.";
        admin_gui_hide_konnect_cta: Bool, "off", 3, No, "Accepted; the admin pages advertise nothing.";
        admin_gui_flags: Json, "{}", 3, No, "Accepted; nothing reads it.";
    }
    SignIn {
        admin_gui_auth: Text, "", 1, Yes, "How admins sign in: openid-connect, or unset for no sign-in.";
        admin_gui_auth_conf: Json, "", 1, Yes, "The identity provider and what makes somebody an admin, as a JSON object.";
        admin_gui_session_conf: Json, "", 1, No, "Sessions of password sign-in; openid-connect has its own session_* members.";
        admin_gui_auth_header: Text, "Kong-Admin-User", 1, Yes, "Header that names the admin.";
        admin_require_verified_email: Bool, "on", 1, Yes, "Refuse a sign-in by e-mail when the provider says that the address is not verified.";
        sso_bootstrap_groups: Array, "", 1, Yes, "Groups of the provider whose members are super-admins from their first sign-in on.";
        sso_super_admins: Array, "", 1, Yes, "Claim values that become super-admin at sign-in while there is no super-admin.";
        sso_direct_role_claims: Bool, "on", 1, Yes, "Let group values of the form workspace:role assign roles.";
        sso_oidc_manual_roles: Enum(&["keep", "overwrite"]), "keep", 1, Yes, "What a sign-in does to roles that were assigned by hand.";
        sso_oidc_unmapped: Enum(&["login", "deny"]), "login", 1, Yes, "Whether somebody without any role may sign in.";
        sso_resync_on_refresh: Bool, "off", 2, No, "Renew roles when tokens are refreshed; not available in this release.";
        sso_break_glass: Bool, "off", 1, Yes, "Password sign-in for marked admins beside the provider; not available in this release.";
        sso_encryption_key: Text, "", 1, Yes, "Seals stored tokens and cookies, 32 characters or more; generated below prefix when unset.";
        sso_session_secrets_previous: Array, "", 2, Yes, "Former secrets of plugin sessions, the newest first: what they sealed can still be opened.";
        admin_gui_auth_password_complexity: Json, "", 1, No, "Rules for passwords; there is no password sign-in in this release.";
        admin_gui_auth_login_attempts: Number, "0", 1, No, "Failed password sign-ins before an account is locked.";
        admin_gui_auth_login_attempts_ttl: Number, "604800", 1, No, "Seconds for which failed sign-ins count.";
        admin_gui_auth_change_password_attempts: Number, "0", 2, No, "Failed password changes before an account is locked.";
        admin_gui_auth_change_password_ttl: Number, "86400", 2, No, "Seconds for which failed password changes count.";
        admin_invitation_expiry: Number, "259200", 1, No, "Seconds for which an invitation is valid.";
    }
    Gateway {
        sso_proxy_config: Text, "", 1, Yes, "Path of the file with services, routes, consumers and plugins, YAML or JSON in decK's form; a change is loaded within two seconds.";
        sso_backchannel_logout_path: Text, "", 1, Yes, "Path on sso_proxy_listen, such as /_sso/backchannel-logout, to which identity providers post logout tokens (OpenID Connect Back-Channel Logout); unset = off.";
        sso_forward_auth_path: Text, "", 1, Yes, "Path on sso_proxy_listen, such as /_sso/auth, at which other proxies ask whether a request may pass; unset = off. Their addresses must be in trusted_ips, and no end user may reach it.";
        oidc_non_navigation: Enum(&["redirect", "unauthorized"]), "redirect", 1, Yes, "What the gateway answers where a sign-in would begin and no browser is navigating (XMLHttpRequest, fetch, or neither GET nor HEAD): the redirect, as Kong does, or 401.";
        oidc_json_header_encoding: Enum(&["base64", "plain"]), "base64", 1, Yes, "How JSON documents stand in the headers of the gateway's upstreams and clients: JWKs, UserInfo and introspection answers.";
        sso_openid_connect_cache_size: Size, "64m", 1, Yes, "Memory that each openid-connect plugin may use for each of these: verified tokens, opened session cookies, stored sessions (about 5 kB each). What does not fit is verified, opened or read again.";
        sso_frontchannel_logout_path: Text, "", 1, Yes, "Path on sso_proxy_listen, such as /_sso/frontchannel-logout, that identity providers open in a frame to end sessions (OpenID Connect Front-Channel Logout); unset = off.";
        sso_proxy_max_body_size: Size, "0", 1, Yes, "Largest request body that the gateway forwards; larger ones get 413. 0 = no limit.";
    }
    Applications {
        sso_portal_auto_approve_applications: Bool, "off", 1, Yes, "Approve every request of an application for an API at once, whatever the API says; a workspace may say otherwise in its config.";
        sso_portal_rbac: Bool, "off", 1, Yes, "Let teams decide which APIs a developer sees and may use; a workspace may say otherwise in its config.";
        sso_portal_default_api_visibility: Enum(&["private", "public"]), "private", 1, Yes, "Who sees an API that is published without a word about it: private is developers who are signed in, public is everybody.";
        sso_portal_max_apps_per_developer: Number, "500", 1, Yes, "Applications that a developer or a team may have.";
        sso_portal_max_credentials_per_app: Number, "20", 1, Yes, "Keys that an application may have at a time.";
        sso_portal_credential_prefix: Text, "ksso", 1, Yes, "How keys of applications begin, for scanners of leaked secrets: 1 to 16 letters and digits.";
        sso_portal_sync_interval: Number, "60", 1, Yes, "Seconds between comparisons of everything with Kong; 0 = only what changes is written.";
        sso_portal_sync_prune: Enum(&["report", "delete"]), "report", 1, Yes, "What happens to things in Kong that carry kong-sso's tag but belong to nothing, and to what was added by hand to its consumers.";
        sso_portal_key_auth_value: Enum(&["separate", "client_id"]), "separate", 1, Yes, "separate: API keys are random values of their own. client_id: the client id of an application is its API key, as in Kong Enterprise; a client id is no secret.";
        sso_portal_external_enforcer: Enum(&["auto", "jwt", "openid-connect", "external", "none"]), "auto", 1, Yes, "What checks tokens of identity providers at published APIs: Kong's jwt plugin, its openid-connect plugin, or nothing of kong-sso's; auto = openid-connect where Kong has it, else jwt. external is not available in this release.";
        sso_portal_egress_allow: Array, "", 1, Yes, "Hosts, host:port and networks that kong-sso may ask for strategies' identity providers besides public addresses over https.";
        sso_portal_sync_mode: Enum(&["admin-api", "declarative"]), "admin-api", 1, Yes, "How Kong is changed; declarative is not available in this release.";
    }
    Portal {
        portal: Bool, "off", 1, Yes, "The developer portal; a workspace can switch its own off in config.portal.";
        portal_gui_listen: Listen, "0.0.0.0:8003", 1, Yes, "Where the portal's pages are served while portal is on.";
        portal_gui_protocol: Enum(&["http", "https"]), "http", 1, Yes, "Scheme of the portal's pages in links and mails.";
        portal_gui_host: Text, "127.0.0.1:8003", 1, Yes, "host[:port][/path] of the portal's pages in links and mails, without scheme.";
        portal_gui_use_subdomains: Bool, "off", 2, Yes, "The left-most label of the host names the workspace, before portal_gui_host; off = the first segment of the path.";
        portal_gui_ssl_cert: Array, "", 2, Yes, "Certificate chains of portal_gui_listen addresses with ssl: paths, PEM or base64 of PEM.";
        portal_gui_ssl_cert_key: Array, "", 2, Yes, "Private keys of portal_gui_ssl_cert, in the same order.";
        portal_gui_access_log: Text, "logs/portal_gui_access.log", 3, No, "Access log of the pages; kong-sso logs to standard error.";
        portal_gui_error_log: Text, "logs/portal_gui_error.log", 3, No, "Error log of the pages; kong-sso logs to standard error.";
        portal_api_listen: Listen, "0.0.0.0:8004", 1, Yes, "Where the portal's JSON API is served while portal is on.";
        portal_api_url: Text, "", 1, Yes, "Public URL of the portal's JSON API where it is not on the pages' origin.";
        portal_api_ssl_cert: Array, "", 2, Yes, "Certificate chains of portal_api_listen addresses with ssl: paths, PEM or base64 of PEM.";
        portal_api_ssl_cert_key: Array, "", 2, Yes, "Private keys of portal_api_ssl_cert, in the same order.";
        portal_api_access_log: Text, "logs/portal_api_access.log", 3, No, "Access log of the JSON API; kong-sso logs to standard error.";
        portal_api_error_log: Text, "logs/portal_api_error.log", 3, No, "Error log of the JSON API; kong-sso logs to standard error.";
        portal_cors_origins: Array, "", 1, Yes, "Origins whose scripts may call the portal's JSON API; * = any, without credentials; unset = the pages' own.";
        portal_is_legacy: Bool, "off", 3, No, "Templates of Kong's first portal; not available.";
        portal_app_auth: Enum(&["kong-oauth2", "external-oauth2"]), "", 1, Yes, "Kind of the strategy that APIs and applications get when none is named: kong_oauth2 or openid_connect, of which a workspace must then have one; API keys when unset.";
        portal_auth: Text, "", 1, Yes, "How developers sign in: basic-auth, openid-connect, or unset for a portal without accounts.";
        portal_auth_conf: Json, "", 1, Yes, "The provider of portal_auth = openid-connect, as a JSON object: issuer, client_id, client_secret and what docs/developer-portal.md lists.";
        portal_auth_password_complexity: Json, "", 1, Yes, "Rules for passwords: a kong-preset (min_8, min_12, min_20) or passwdqc's min, max and passphrase; 12 characters when unset.";
        portal_auth_login_attempts: Number, "0", 1, Yes, "Failed logins after which only a reset of the password lets a developer in; 0 = no limit.";
        portal_session_conf: Json, "", 1, Yes, "Sessions of developers, as a JSON object; secret is required with portal_auth = basic-auth.";
        portal_auto_approve: Bool, "off", 1, Yes, "Approve new developers at once.";
        portal_token_exp: Number, "21600", 1, Yes, "Seconds for which links in mails are good.";
        portal_email_verification: Bool, "off", 1, Yes, "Developers verify their address before anything else.";
        portal_developer_meta_fields: Json, "[{\"label\":\"Full Name\",\"title\":\"full_name\",\"validator\":{\"required\":true,\"type\":\"string\"}}]", 1, Yes, "What the registration form asks for.";
        portal_invite_email: Bool, "on", 1, Yes, "Let admins invite developers by mail.";
        portal_access_request_email: Bool, "on", 1, Yes, "Tell admins of developers who wait for approval.";
        portal_approved_email: Bool, "on", 1, Yes, "Tell developers that they were approved.";
        portal_reset_email: Bool, "on", 1, Yes, "Let developers reset a forgotten password by mail; off = not at all.";
        portal_reset_success_email: Bool, "on", 1, Yes, "Confirm a reset of the password.";
        portal_application_status_email: Bool, "off", 1, No, "Tell developers of decisions about applications; not available in this release.";
        portal_application_request_email: Bool, "off", 1, No, "Tell admins of requests of applications; not available in this release.";
        portal_emails_from: Text, "", 1, Yes, "Sender of the portal's mails: an address or Name <address>.";
        portal_emails_reply_to: Text, "", 1, Yes, "Reply address of the portal's mails.";
        portal_smtp_admin_emails: Array, "", 1, Yes, "Who is told about developers who wait; smtp_admin_emails when unset.";
        sso_portal_local_login: Bool, "off", 1, Yes, "With portal_auth = openid-connect: passwords beside the provider.";
        sso_portal_provisioning: Enum(&["form", "auto", "deny"]), "form", 1, Yes, "Whom the provider knows and the portal does not: fills in the registration form, gets an account at once, or is refused.";
        sso_portal_sso_approve: Enum(&["inherit", "always", "never"]), "inherit", 1, Yes, "Whether who comes through the provider is approved: as portal_auto_approve says, always, or never.";
        sso_portal_link_by_email: Enum(&["verified", "always", "never"]), "verified", 1, Yes, "Whether an identity becomes that of an account with the same address: when the provider verified the address, always, or only by the account's password.";
        sso_portal_groups_claim: Text, "groups", 1, Yes, "Claim with the groups of a developer, for sso_portal_team_mapping; dots lead into objects, \\. is a dot in a name.";
        sso_portal_team_mapping: Enum(&["off", "idp", "additive"]), "off", 1, Yes, "Whether groups of the provider decide at each sign-in about the members of teams that groups are mapped to: not, alone (idp), or by adding only.";
        sso_portal_single_origin: Bool, "on", 1, Yes, "Serve the portal below /portal and its JSON API below /portal-api on sso_gui_listen too.";
    }
    Rbac {
        enforce_rbac: Enum(&["off", "on", "entity", "both"]), "off", 1, Yes, "Check the rights of every call of the Admin API; entity and both are not available in this release.";
        rbac_auth_header: Text, "Kong-Admin-Token", 1, Yes, "Header that carries an RBAC token.";
        sso_rbac_root_read: Enum(&["redacted", "deny", "full"]), "redacted", 1, Yes, "What somebody without a rule for / sees of the Admin API's root.";
        sso_idp_role_max_age: Number, "0", 1, Yes, "Seconds after a sign-in for which roles from the provider hold for tokens; 0 = until the next sign-in.";
    }
    Audit {
        audit_log: Bool, "off", 1, Yes, "Keep a record of every call and every change.";
        audit_log_ignore_methods: Array, "", 1, Yes, "Methods that leave no record.";
        audit_log_ignore_paths: Array, "", 1, Yes, "Regular expressions of paths that leave no record; they cannot contain commas.";
        audit_log_ignore_tables: Array, "", 1, Yes, "Kinds of entities whose changes leave no record.";
        audit_log_record_ttl: Number, "2592000", 1, Yes, "Seconds for which records are kept.";
        audit_log_payload_exclude: Array, "token, secret, password", 1, Yes, "Members that are left out of recorded bodies.";
        sso_audit_fail: Enum(&["closed", "open"]), "closed", 1, Yes, "Whether changes are refused (closed) or let through while records cannot be kept.";
        sso_audit_always: Bool, "on", 1, Yes, "Record sign-ins, sign-outs and changes of rights even where methods or paths are ignored.";
        audit_log_signing_key: Text, "", 2, No, "Private key that signs records; not available in this release.";
    }
    Database {
        sso_database: Text, "sqlite", 1, Yes, "sqlite, sqlite:PATH or postgres (the pg_* keys).";
        pg_host: Text, "127.0.0.1", 1, Yes, "Name or address of PostgreSQL, or the directory of its socket.";
        pg_port: Number, "5432", 1, Yes, "Port of PostgreSQL.";
        pg_user: Text, "kong", 1, Yes, "User of PostgreSQL.";
        pg_password: Text, "", 1, Yes, "Password of pg_user.";
        pg_database: Text, "kong", 1, Yes, "Database of PostgreSQL.";
        pg_schema: Text, "kong_sso", 1, Yes, "Schema of kong-sso's own tables; never one with Kong's.";
        pg_timeout: Number, "5000", 1, Yes, "How long PostgreSQL may take to connect, in milliseconds.";
        pg_ssl: Bool, "off", 1, Yes, "TLS towards PostgreSQL.";
        pg_ssl_required: Bool, "off", 1, Yes, "Fail when PostgreSQL does not offer TLS.";
        pg_ssl_verify: Bool, "on", 1, Yes, "Check PostgreSQL's certificate and name when pg_ssl is on.";
        pg_ssl_version: Enum(TLS_VERSIONS), "tlsv1_2", 3, No, "TLS version towards PostgreSQL; 1.2 and 1.3 are used.";
        pg_ssl_cert: Text, "", 2, No, "Client certificate towards PostgreSQL.";
        pg_ssl_cert_key: Text, "", 2, No, "Key of the client certificate.";
        pg_pool_size: Number, "", 2, Yes, "Connections to PostgreSQL; 10 when unset.";
        pg_max_concurrent_queries: Number, "0", 2, No, "Kong's limit of concurrent queries.";
        pg_semaphore_timeout: Number, "60000", 2, No, "Kong's wait for a free query slot, in milliseconds.";
        pg_keepalive_timeout: Number, "", 2, No, "How long Kong keeps an idle connection, in milliseconds.";
        pg_backlog: Number, "", 2, No, "Kong's queue of waiting connections.";
    }
    Network {
        trusted_ips: Array, "", 1, Yes, "Proxies whose X-Forwarded-* headers are believed: addresses and networks.";
        real_ip_header: Text, "X-Real-IP", 1, Yes, "Header with the client's address, believed from trusted_ips only.";
        real_ip_recursive: Bool, "off", 1, Yes, "Skip trusted addresses in the header from the right.";
        lua_ssl_trusted_certificate: Array, "system", 1, Yes, "Certificate authorities of outgoing TLS: system, paths, PEM or base64 of PEM.";
        lua_ssl_verify_depth: Number, "1", 3, No, "Accepted; chains of any length are checked.";
        tls_certificate_verify: Bool, "on", 2, Yes, "When set to on, ssl_verify: false in admin_gui_auth_conf is an error instead of a warning.";
        proxy_server: Text, "", 2, No, "Outgoing HTTP proxy; not used in this release.";
        proxy_server_ssl_verify: Bool, "on", 2, No, "Check the certificate of proxy_server.";
        headers: Array, "server_tokens, latency_tokens, X-Kong-Request-Id", 3, No, "Headers that Kong adds to answers.";
    }
    Mail {
        admin_emails_from: Text, "\"\"", 2, No, "Sender of mails to admins.";
        admin_emails_reply_to: Text, "", 2, No, "Reply address of mails to admins.";
        smtp_mock: Bool, "on", 1, Yes, "Send no mail: what would be sent is written to sso_portal_outbox_dir, or dropped.";
        smtp_host: Text, "localhost", 1, Yes, "Mail server.";
        smtp_port: Number, "25", 1, Yes, "Port of the mail server.";
        smtp_starttls: Bool, "off", 1, Yes, "Begin TLS on a clear-text connection, or fail.";
        smtp_ssl: Bool, "off", 1, Yes, "TLS from the first byte.";
        smtp_username: Text, "", 1, Yes, "User of the mail server.";
        smtp_password: Text, "", 1, Yes, "Password of smtp_username.";
        smtp_auth_type: Text, "", 1, Yes, "How to sign in to the mail server: plain, login or nil.";
        smtp_domain: Text, "localhost.localdomain", 1, Yes, "Name that kong-sso greets with, and domain of message ids.";
        smtp_timeout_connect: Number, "60000", 1, Yes, "Connection time-out in milliseconds; the longest of the three holds for each step.";
        smtp_timeout_send: Number, "60000", 1, Yes, "Sending time-out in milliseconds.";
        smtp_timeout_read: Number, "60000", 1, Yes, "Reading time-out in milliseconds.";
        smtp_admin_emails: Array, "", 1, Yes, "Who is told about requests where portal_smtp_admin_emails is unset.";
        sso_portal_outbox_dir: Text, "", 1, Yes, "Directory into which each mail is written as an .eml file, besides being sent.";
    }
    Vaults {
        vaults: Array, "bundled", 1, No, "Vaults of Kong; env and file (alias fs) work here.";
        vault_env_prefix: Text, "", 1, Yes, "Put before the names of {vault://env/...} references.";
        vault_fs_prefix: Text, "", 1, Yes, "Directory of {vault://file/...} and {vault://fs/...} references; / when unset.";
    }
}
