#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use proptest::prelude::*;

use super::*;
use crate::config::settings::{DatabaseSettings, EnforceRbac, LogLevel, PostgresTls, UpstreamRule};

fn options(environment: &[(&str, &str)]) -> LoadOptions {
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    LoadOptions { conf: None, overrides: vec![], environment, mode: LoadMode::Start }
}

fn loaded(text: &str) -> Loaded {
    load_text(text, &options(&[])).unwrap()
}

fn errors(text: &str) -> Vec<String> {
    load_text(text, &options(&[])).unwrap_err().errors.into_iter().map(|error| error.message).collect()
}

fn warnings(text: &str) -> Vec<String> {
    loaded(text).warnings.into_iter().map(|warning| warning.message).collect()
}

#[test]
fn the_gateway_s_file_is_checked_with_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.yaml");
    let text = format!("sso_proxy_listen = 127.0.0.1:8005\nsso_proxy_config = {}\n", path.display());
    assert!(errors(&text)[0].contains("cannot read"));
    std::fs::write(&path, "_format_version: \"3.0\"\nservices: [{ name: a, hots: h }]\n").unwrap();
    let found = errors(&text);
    let begins = |rest: &str| found.iter().any(|error| error.starts_with(&format!("{}: {rest}", path.display())));
    assert!(begins("services[0].host is required") && begins("services[0].hots is not known"), "{found:?}");
    let secret =
        "_format_version: \"3.0\"\nconsumers: [{ username: a, keyauth_credentials: [{ key: \"{vault://env/k}\" }] }]\n";
    std::fs::write(&path, secret).unwrap();
    assert!(errors(&text)[0].contains("failed to dereference '{vault://env/k}'"));
    let known = load_text(&text, &options(&[("K", "secret")])).unwrap();
    assert_eq!(known.settings.gateway.file.as_deref(), Some(path.as_path()));
    let check = load_text(&text, &LoadOptions { mode: LoadMode::Check, ..options(&[]) }).unwrap();
    assert!(check.warnings.iter().any(|warning| warning.strict), "only strict checks mind");
    assert_eq!(
        errors("sso_proxy_listen = 127.0.0.1:8005")[0],
        "sso_proxy_config must name the file with the routes when sso_proxy_listen is on"
    );
    assert!(warnings("sso_proxy_config = x")[0].contains("no effect"));
    let path = |text: &str| loaded(text).settings.gateway.forward_auth_path;
    assert_eq!((path(""), path("sso_forward_auth_path = /a/b").as_deref()), (None, Some("/a/b")));
    assert_eq!(errors("sso_forward_auth_path = /"), ["sso_forward_auth_path must not be '/'"]);
    assert_eq!(errors("sso_backchannel_logout_path = /"), ["sso_backchannel_logout_path must not be '/'"]);
    assert_eq!(errors("sso_frontchannel_logout_path = /"), ["sso_frontchannel_logout_path must not be '/'"]);
    let masked =
        errors("sso_forward_auth_path = /a\nsso_backchannel_logout_path = /a/b\nsso_frontchannel_logout_path = /a/b");
    assert_eq!(masked.len(), 3, "{masked:?}");
    assert_eq!(masked[0], "sso_backchannel_logout_path must not be or be below sso_forward_auth_path");
}

#[test]
fn an_empty_file_gives_the_defaults() {
    let Loaded { settings, warnings, .. } = loaded("");
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(settings.prefix, PathBuf::from("/var/lib/kong-sso"));
    assert_eq!(settings.upstream.admin_url.as_str(), "http://127.0.0.1:8001/");
    assert_eq!(settings.upstream.gui_url.as_ref().unwrap().as_str(), "http://127.0.0.1:8002/");
    assert_eq!(settings.listeners.gui[0].to_string(), "127.0.0.1:9002");
    assert_eq!(settings.upstream.max_body, 10 << 20);
    assert_eq!(settings.audit.record_ttl, 2_592_000);
    assert!(settings.audit.fail_closed && settings.login.require_verified_email && settings.login.direct_role_claims);
    assert!(settings.egress.system_roots && settings.trusted_proxies.networks.is_empty());
    assert_eq!(settings.gui.path, "");
    assert!(matches!(&settings.database, DatabaseSettings::Sqlite(path) if path.ends_with("kong-sso/kong-sso.db")));
}

#[test]
fn km_003_precedence_reaches_the_settings() {
    let text = "log_level = debug";
    let mut options = options(&[("KONG_LOG_LEVEL", "warn")]);
    assert_eq!(load_text(text, &options).unwrap().settings.log_level, LogLevel::Warn);
    options.overrides = vec![("log_level".into(), "error".into())];
    assert_eq!(load_text(text, &options).unwrap().settings.log_level, LogLevel::Error);
}

#[test]
fn km_005_all_errors_are_reported_with_their_lines() {
    let text = "database = mysql\n\naudit_log = yes\nadmin_gui_path = x\n";
    let errors = load_text(text, &options(&[])).unwrap_err().errors;
    let lines: Vec<_> = errors.iter().map(|error| error.line).collect();
    assert_eq!(lines, [Some(1), Some(3), Some(4)], "{errors:?}");
}

#[test]
fn km_014_an_empty_variable_unsets_what_the_file_says() {
    let options = options(&[("KONG_ADMIN_GUI_URL", "")]);
    assert!(load_text("admin_gui_url = http://a\n", &options).unwrap().settings.gui.urls.is_empty());
}

#[test]
fn km_016_an_unknown_key_gets_a_suggestion_and_is_no_error() {
    let loaded = loaded("admin_gui_atuh = x\nupstream_keepalive_pool_size = 3\n");
    assert_eq!(loaded.warnings.len(), 1);
    assert_eq!(loaded.warnings[0].message, "unknown key 'admin_gui_atuh' (did you mean 'admin_gui_auth'?)");
    assert!(loaded.warnings[0].strict);
}

#[test]
fn km_017_path_rules_fire_together() {
    assert_eq!(errors("admin_gui_path = manager/"), ["admin_gui_path must start with a slash ('/')"]);
    assert_eq!(errors("admin_gui_path = /manager/"), ["admin_gui_path must not end with a slash ('/')"]);
    let two = errors("admin_gui_path = with!bad");
    assert_eq!(two.len(), 2);
    assert!(two[1].ends_with("can only contain letters, digits, hyphens ('-'), underscores ('_'), and slashes ('/')"));
    assert_eq!(errors("admin_gui_path = /a//b"), ["admin_gui_path must not contain continuous slashes ('/')"]);
    assert_eq!(loaded("admin_gui_path = /manager").settings.gui.path, "/manager");
}

#[test]
fn km_018_an_empty_admin_listen_is_an_error() {
    let errors = errors("admin_listen =\n");
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].starts_with("admin_listen must be of form: "));
}

#[test]
fn the_catalogue_is_verbatim() {
    let cases = [
        (
            "trusted_ips = 10.0.0.0/8, x",
            "trusted_ips must be a comma separated list in the form of IPv4 or IPv6 address or CIDR block or 'unix:', got 'x'",
        ),
        ("pg_pool_size = -1", "pg_pool_size must be greater than 0"),
        ("pg_backlog = 1.5", "pg_backlog must be an integer greater than 0"),
        ("node_id = x", "node_id must be a valid UUID"),
        ("proxy_server = localhost", "proxy_server missing scheme"),
        ("proxy_server = ftp://a", "proxy_server only supports \"http\" and \"https\", got ftp"),
        ("proxy_server = http://", "proxy_server missing host"),
        (
            "enforce_rbac = both",
            "enforce_rbac = both: entity-level RBAC is not available in this release; use enforce_rbac = on",
        ),
        ("admin_gui_auth = basic-auth", "admin_gui_auth = basic-auth is not available in this release"),
        ("admin_gui_auth = ldap-auth-advanced", "admin_gui_auth = ldap-auth-advanced is not supported by kong-sso"),
        ("admin_gui_auth = saml", "admin_gui_auth has an invalid value: 'saml' (basic-auth, openid-connect)"),
        ("admin_gui_auth = openid-connect", "admin_gui_auth_conf is required when admin_gui_auth = openid-connect"),
        ("sso_database = mysql", "sso_database has an invalid value: 'mysql' (sqlite, sqlite:PATH, postgres)"),
        ("sso_break_glass = on", "sso_break_glass = on is not available in this release"),
        ("sso_upstream_admin_url = http://127.0.0.1:9001", "sso_upstream_admin_url is an address of kong-sso itself"),
        ("sso_ui_path = /_api/x", "sso_api_path and sso_ui_path must not contain each other"),
        (
            "lua_ssl_trusted_certificate = /none.pem",
            "lua_ssl_trusted_certificate: failed loading certificate from /none.pem",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(errors(text), [message], "{text}");
    }
}

#[test]
fn without_any_login_only_this_machine_may_come_in() {
    let open = "sso_gui_listen = 0.0.0.0:9002\n";
    assert!(errors(open)[0].starts_with("sso_gui_listen opens 0.0.0.0:9002 without any login: "));
    assert_eq!(warnings(&format!("{open}sso_allow_insecure = on\n")).len(), 1);
    assert!(warnings(&format!("{open}enforce_rbac = on\n")).is_empty());
}

#[test]
fn tls_listeners_need_a_certificate_that_fits_its_key() {
    let ssl = "sso_gui_listen = 127.0.0.1:9002 ssl\n";
    assert_eq!(errors(ssl), ["admin_gui_ssl_cert must be specified", "admin_gui_ssl_cert_key must be specified"]);
    let unequal = format!("{ssl}admin_gui_ssl_cert = /a,/b\nadmin_gui_ssl_cert_key = /c\n");
    assert_eq!(
        errors(&unequal),
        ["admin_gui_ssl_cert was specified 2 times while admin_gui_ssl_cert_key was specified 1 times"]
    );
    let missing = format!("{ssl}admin_gui_ssl_cert = /none/a.pem\nadmin_gui_ssl_cert_key = /none/b.pem\n");
    assert_eq!(
        errors(&missing),
        [
            "admin_gui_ssl_cert: failed loading certificate from /none/a.pem",
            "admin_gui_ssl_cert_key: failed loading key from /none/b.pem"
        ]
    );
    // Without an ssl address nobody asks for files.
    assert!(loaded("admin_gui_ssl_cert = /none/a.pem\n").settings.listeners.gui_tls.is_empty());
}

#[test]
fn upstreams_listeners_and_postgres_are_read() {
    let text = "admin_listen = 0.0.0.0:8444 ssl, [::]:8001\nadmin_gui_listen = off\nsso_database = postgres\npg_ssl = on\n\
                sso_workspace_upstreams = Kong-A:8001, 10.1.0.0/16, ::1\nsso_upstream_admin_headers = {\"Apikey\":\"k\"}\n\
                nginx_admin_client_max_body_size = 0\nenforce_rbac = on\n";
    let settings = loaded(text).settings;
    assert_eq!(settings.upstream.admin_url.as_str(), "http://[::1]:8001/");
    assert_eq!(settings.upstream.gui_url, None);
    assert_eq!(settings.upstream.max_body, u64::MAX);
    assert_eq!(settings.upstream.admin_headers[0].0, "apikey");
    assert_eq!(settings.upstream.workspace_upstreams[0], UpstreamRule::Host("kong-a".into(), Some(8001)));
    assert_eq!(settings.upstream.workspace_upstreams[2], UpstreamRule::Host("::1".into(), None));
    assert_eq!(settings.rbac.enforce, EnforceRbac::On);
    let DatabaseSettings::Postgres(postgres) = settings.database else { unreachable!() };
    assert_eq!((postgres.schema.as_str(), postgres.tls), ("kong_sso", PostgresTls::Verify));
}

#[test]
fn debug_output_of_settings_shows_no_secret() {
    let text = "pg_password = hush\nsso_database = postgres\nsso_encryption_key = hushhushhushhushhushhushhushhush\n\
                sso_upstream_admin_headers = {\"apikey\":\"hush\"}\n";
    assert!(!format!("{:?}", loaded(text)).contains("hush"));
}

#[test]
fn km_015_check_replaces_unresolved_references_by_a_warning() {
    let text = "pg_password = {vault://env/none}\nsso_upstream_gui_url = {vault://env/gone}\n";
    let mut options = options(&[]);
    let errors = load_text(text, &options).unwrap_err().errors;
    assert_eq!(errors.len(), 2);
    assert!(errors[0].message.starts_with("failed to dereference '{vault://env/gone}': "));
    options.mode = LoadMode::Check;
    assert_eq!(load_text(text, &options).unwrap().warnings.len(), 2);
}

#[test]
fn a_reference_inside_other_text_stays_and_warns() {
    let expected = ["pg_host: a vault reference must be the whole value; this one stays as it is"];
    assert_eq!(warnings("pg_host = {vault://env/a}.example.com\n"), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_loaded_without_a_panic(text in "(\\PC|[\n\r\t\\\\={}\"#])*") {
        let _ = load_text(&text, &options(&[]));
    }

    #[test]
    fn any_values_are_loaded_without_a_panic(
        lines in proptest::collection::vec((0..keys::TABLE.len(), "\\PC{0,30}"), 0..8),
    ) {
        let overrides = lines.into_iter().map(|(index, value)| (keys::TABLE[index].name.to_owned(), value)).collect();
        let _ = load_text("", &LoadOptions { overrides, ..options(&[]) });
    }
}

const PORTAL: &str = "portal = on\nportal_auth = basic-auth\nportal_session_conf = {\"secret\":\"portal-hush-portal-hush-portal-hush\"}\n";

#[test]
fn dp_004_a_portal_with_accounts_needs_a_session_secret() {
    let found = errors("portal = on\nportal_auth = basic-auth");
    assert_eq!(found, ["portal_session_conf with a secret is required when portal_auth = basic-auth"]);
    let short = errors("portal_session_conf = {\"secret\":\"short\"}");
    assert_eq!(short, ["portal_session_conf.secret must have at least 32 characters"]);
    assert!(loaded(PORTAL).settings.portal.enabled && warnings(PORTAL).is_empty(), "{:?}", warnings(PORTAL));
    assert!(warnings("portal_auth = basic-auth").is_empty(), "nobody needs it while the portal is off");
}

/// A portal whose developers sign in at a provider.
const PORTAL_OIDC: &str = "portal = on\nportal_auth = openid-connect\n\
    portal_auth_conf = {\"issuer\":\"https://idp.example.com\",\"client_id\":[\"portal\"],\"client_secret\":[\"{vault://env/portal}\"]}\n";

#[test]
fn dp_005_a_portal_with_a_provider_needs_no_session_conf_and_ignores_it() {
    use crate::config::portal::PortalAuth;
    use secrecy::ExposeSecret as _;

    let load = |more: &str| load_text(&format!("{PORTAL_OIDC}{more}"), &options(&[("PORTAL", "hush")]));
    let told = |loaded: &Loaded| loaded.warnings.iter().map(|it| it.message.clone()).collect::<Vec<_>>();
    let plain = load("").unwrap();
    assert_eq!(told(&plain), Vec::<String>::new());
    let portal = plain.settings.portal;
    let secret = portal.provider().unwrap().client.secret.clone().unwrap();
    assert_eq!((portal.auth, secret.expose_secret()), (Some(PortalAuth::OpenIdConnect), "hush"));
    assert!(!portal.has_passwords(), "sso_portal_local_login is off");
    let session = "portal_session_conf = {\"secret\":\"portal-hush-portal-hush-portal-hush\"}\n";
    let with_session = load(session).unwrap();
    let ignored = "portal_session_conf is ignored: openid-connect has its own session_* members in portal_auth_conf";
    assert_eq!(told(&with_session), [ignored]);
    let local = load("sso_portal_local_login = on\nsso_portal_provisioning = auto\n").unwrap().settings.portal;
    assert!(local.has_passwords() && local.sso.provisioning == crate::config::portal::Provisioning::Auto);
}

#[test]
fn a_provider_of_the_portal_that_is_missing_or_wrong_is_named() {
    let without = "portal = on\nportal_auth = openid-connect\n";
    assert_eq!(errors(without), ["portal_auth_conf is required when portal_auth = openid-connect"]);
    let wrong =
        format!("{without}portal_auth_conf = {{\"issuer\":\"https://idp\",\"isuer\":1,\"ssl_verify\":false}}\n");
    let expected = [
        "portal_auth_conf.isuer is not known",
        "portal_auth_conf.client_id is required when portal_auth = openid-connect",
        "portal_auth_conf.ssl_verify = false needs sso_insecure_tls = on",
    ];
    assert_eq!(errors(&wrong), expected);
    let mapping = |word: &str| loaded(&format!("sso_portal_team_mapping = {word}")).settings.portal.sso.team_mapping;
    assert_eq!(mapping("idp"), Some(crate::domain::team::GroupMode::Own));
    assert_eq!((mapping("additive"), mapping("off")), (Some(crate::domain::team::GroupMode::Additive), None));
    assert!(errors("sso_portal_groups_claim = a..b\n")[0].starts_with("sso_portal_groups_claim has an empty part"));
    let unneeded = format!("{PORTAL}portal_auth_conf = {{\"hide_credentials\":true}}\n");
    assert_eq!(warnings(&unneeded), ["portal_auth_conf has no effect with portal_auth = basic-auth"]);
}

#[test]
fn portal_listeners_open_while_it_is_on_or_where_somebody_wrote_them() {
    let ports = |text: &str| {
        let listeners = loaded(text).settings.listeners;
        let port = |listens: Vec<crate::config::settings::Listen>| listens.first().map(|listen| listen.port);
        (port(listeners.portal_gui), port(listeners.portal_api))
    };
    assert_eq!(ports(""), (None, None));
    assert_eq!(ports(PORTAL), (Some(8003), Some(8004)));
    assert_eq!(ports("portal_gui_listen = 127.0.0.1:8013"), (Some(8013), None));
}

#[test]
fn portal_keys_are_checked() {
    for (text, error) in [
        ("portal_auth = saml", "portal_auth = saml is not supported by kong-sso"),
        ("portal_auth = key-auth", "portal_auth = key-auth is not available in this release"),
        ("portal_gui_host = https://a.example", "portal_gui_host must be host[:port][/path] without a scheme"),
        ("portal_token_exp = 0", "portal_token_exp must be between 1 and 31536000 seconds"),
        ("smtp_ssl = on\nsmtp_starttls = on", "smtp_starttls and smtp_ssl cannot both be on"),
        ("smtp_auth_type = plain", "smtp_auth_type needs smtp_username and smtp_password"),
        ("smtp_admin_emails = nobody", "smtp_admin_emails: 'nobody': not a valid e-mail address"),
        (
            "portal_auth_password_complexity = {\"kong-preset\":\"min_9\"}",
            "portal_auth_password_complexity kong-preset must be min_8, min_12 or min_20",
        ),
        ("portal_developer_meta_fields = {}", "portal_developer_meta_fields must be a JSON array"),
    ] {
        assert_eq!(errors(text), [error], "{text}");
    }
    assert!(errors("portal_gui_use_subdomains = on")[0].contains("needs a name in portal_gui_host"));
    let by_host =
        loaded("portal_gui_use_subdomains = on\nportal_gui_host = portal.example.com:8443/dev").settings.portal;
    let name = crate::domain::ids::WorkspaceName::parse("Payments").unwrap();
    assert_eq!(by_host.url_of(&name), "http://payments.portal.example.com:8443/dev");
    let hosts = [
        "payments.Portal.example.com:80",
        "payments.portal.example.com",
        "portal.example.com",
        "a.b.portal.example.com",
    ];
    assert_eq!(hosts.map(|host| by_host.label_of(host)), [Some("payments"), Some("payments"), None, None]);
    let gateway =
        loaded("portal_app_auth = external-oauth2\nsso_portal_external_enforcer = none").settings.portal_gateway;
    assert_eq!(gateway.default_kind, Some(crate::domain::strategy::StrategyType::OpenidConnect));
    assert_eq!(gateway.enforcer, Some(crate::domain::strategy::Enforcer::None));
    assert!(errors("sso_portal_external_enforcer = external")[0].contains("not available in this release"));
    assert!(errors("sso_portal_egress_allow = a b")[0].contains("must list host, host:port or networks"));
    assert!(warnings(&format!("{PORTAL}portal_email_verification = on"))[0].contains("nobody can verify"));
    let named = loaded("portal_gui_protocol = https\nportal_gui_host = portal.example.com/dev/").settings.portal;
    assert_eq!(named.gui_url, "https://portal.example.com/dev");
}
