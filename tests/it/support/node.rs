//! A running node: real listeners on free loopback ports, services and workers as in production.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use kong_sso::app::Node;
use kong_sso::config::Settings;
use kong_sso::config::auth_conf::*;
use kong_sso::config::settings::*;
use kong_sso::domain::claims::ClaimPath;
use kong_sso::domain::time::Clock;
use url::Url;

use super::op::Op;

/// A node under test.
pub struct Running {
    /// URL of the protected Admin API for machines.
    pub admin: String,
    /// URL of the GUI's origin.
    pub gui: String,
    /// URL of health and metrics.
    pub status: String,
    /// The node.
    pub node: Node,
    shift: Arc<AtomicI64>,
    handles: Vec<ServerHandle>,
}

impl Running {
    /// Moves the node's clock.
    pub fn later(&self, seconds: i64) {
        self.shift.fetch_add(seconds, Ordering::Relaxed);
    }

    /// The shift of the node's clock, for another node that lives by it.
    pub fn clock(&self) -> Arc<AtomicI64> {
        Arc::clone(&self.shift)
    }

    /// Ends the node.
    pub async fn stop(self) {
        for handle in &self.handles {
            handle.stop(false).await;
        }
        self.node.services().audit.close().await;
    }
}

impl Running {
    /// Ends the listeners and drops the node without closing anything, as a test that fails does.
    pub async fn forget(self) {
        for handle in &self.handles {
            handle.stop(false).await;
        }
    }
}

/// A free loopback port, and its URL.
pub fn bind() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// Starts a node on free ports.
pub async fn start(settings: Settings) -> Running {
    let (admin, gui) = (bind(), bind());
    start_at(settings, admin, gui).await
}

/// Starts a node on ports that the settings name already.
pub async fn start_at(settings: Settings, admin: (TcpListener, String), gui: (TcpListener, String)) -> Running {
    start_with(settings, admin, gui, Arc::new(AtomicI64::new(0))).await
}

/// The same on a clock that others share.
pub async fn start_with(
    settings: Settings,
    admin: (TcpListener, String),
    gui: (TcpListener, String),
    shift: Arc<AtomicI64>,
) -> Running {
    let node = Node::build(settings, Clock::Shifted(Arc::clone(&shift))).await.unwrap();
    let (status, status_url) = bind();
    let servers = [
        node.serve_admin_api(admin.0, None).unwrap(),
        node.serve_gui(gui.0, None).unwrap(),
        node.serve_status(status).unwrap(),
    ];
    node.spawn_workers();
    let mut handles = Vec::new();
    for server in servers {
        handles.push(server.handle());
        actix_web::rt::spawn(server);
    }
    Running { admin: admin.1, gui: gui.1, status: status_url, node, shift, handles }
}

/// The sign-in of a node whose GUI's origin is `gui`, at a provider.
pub fn admin_auth(op: &Op, gui: &str) -> AdminAuthConf {
    let url = |path: &str| Url::parse(&format!("{gui}{path}")).unwrap();
    let claim = |name: &str| ClaimPath::new(vec![name.to_owned()]).unwrap();
    AdminAuthConf {
        relying_party: RelyingPartyConf {
            redirect_uri: vec![url("/_api/auth")],
            logout_redirect_uri: vec![url("/_sso/logout")],
            ..op.conf()
        },
        mapping: AdminMappingConf {
            admin_claim: claim("email"),
            admin_by: vec![AdminField::Username, AdminField::CustomId],
            groups_claim: claim("groups"),
            groups_delimiter: None,
            auto_create: true,
            auto_create_token_enabled: true,
        },
        session: SessionConf {
            secret: Some("a session secret of the tests".to_owned().into()),
            cookie_name: "kong_sso_session".to_owned(),
            cookie_domain: None,
            cookie_secure: false,
            cookie_same_site: SameSite::Lax,
            idling_timeout: 900,
            rolling_timeout: 3600,
            absolute_timeout: 86_400,
            transaction_cookie_name: "authorization".to_owned(),
            transaction_timeout: 600,
        },
        login_redirect_uri: vec![url("/")],
    }
}

/// Settings in front of one upstream, RBAC enforced, no sign-in; the database is the caller's.
pub fn settings(upstream: &str) -> Settings {
    Settings {
        prefix: "target/test-prefix".into(),
        log_level: LogLevel::Error,
        log_format: LogFormat::Text,
        listeners: Listeners::default(),
        gui: GuiSettings {
            path: String::new(),
            urls: vec![],
            api_url: None,
            single_origin: true,
            api_path: "/_api".into(),
            ui_path: "/_sso".into(),
            csp: None,
            banner_title: None,
            banner_body: None,
        },
        upstream: UpstreamSettings {
            admin_url: upstream.parse().unwrap(),
            gui_url: None,
            admin_headers: vec![],
            timeout: Duration::from_secs(5),
            max_body: 1024 * 1024,
            workspace_upstreams: vec![],
        },
        rbac: RbacSettings {
            enforce: EnforceRbac::On,
            auth_header: "kong-admin-token".into(),
            user_header: "kong-admin-user".into(),
            root_read: RootRead::Redacted,
            idp_role_max_age: 0,
        },
        admin_auth: None,
        login: LoginSettings {
            manual_roles: ManualRoles::Keep,
            unmapped: Unmapped::Login,
            direct_role_claims: true,
            bootstrap_groups: vec![],
            super_admins: vec![],
            require_verified_email: true,
        },
        gateway: GatewaySettings {
            file: None,
            surroundings: Default::default(),
            forward_auth_path: Some("/_sso/auth".into()),
            backchannel_logout_path: Some("/_sso/backchannel-logout".into()),
            frontchannel_logout_path: Some("/_sso/frontchannel-logout".into()),
            max_body: u64::MAX,
            engine: EngineSettings::default(),
        },
        portal_gateway: PortalGatewaySettings::default(),
        portal: Default::default(),
        mail: Default::default(),
        audit: AuditSettings {
            enabled: false,
            ignore_methods: vec![],
            ignore_paths: vec![],
            ignore_tables: vec![],
            record_ttl: 0,
            payload_exclude: vec![],
            fail_closed: true,
            always: true,
        },
        database: DatabaseSettings::Sqlite("unused".into()),
        encryption_key: Some("an encryption key of 32 characters".to_owned().into()),
        previous_session_secrets: Vec::new(),
        trusted_proxies: TrustedProxies::default(),
        egress: EgressSettings::default(),
        allow_insecure: false,
    }
}
