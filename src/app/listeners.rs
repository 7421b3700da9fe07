//! Listeners: from an address to a running server.

use std::net::TcpListener;

use actix_http::Request;
use actix_service::{IntoServiceFactory, Service, ServiceFactory};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Response, Server};
use actix_web::web::{self, Data};
use actix_web::{App, Error, HttpServer};

use super::{Node, StartError, tls};
use crate::config::settings::{Listen, TlsPair};
use crate::web::portal_api::guard::Mount;
use crate::web::proxy::Upstream;
use crate::web::remembered::Sessions;
use crate::web::{admin_api, admin_ui, gateway, gui, pages, portal_api, portal_ui, session, status};

/// Seconds that running requests have at the end of the process. Browsers keep HTTP/2 connections open without a request,
/// and those count as running.
const LAST_SECONDS: u64 = 10;
/// Length of the accept queue where none is configured.
const BACKLOG: u32 = 1024;

impl Node {
    /// Binds every configured address.
    ///
    /// # Errors
    /// An address is taken or unusable, or a certificate is.
    pub fn bind(&self) -> Result<Vec<Server>, StartError> {
        let listeners = &self.services.settings.listeners;
        let mut servers = Vec::new();
        for listen in &listeners.admin {
            let socket = bind(listen, "sso_admin_listen")?;
            servers.push(self.serve_admin_api(socket, tls_of(listen, &listeners.admin_tls)?)?);
        }
        for listen in &listeners.gui {
            let socket = bind(listen, "sso_gui_listen")?;
            servers.push(self.serve_gui(socket, tls_of(listen, &listeners.gui_tls)?)?);
        }
        for listen in &listeners.proxy {
            let socket = bind(listen, "sso_proxy_listen")?;
            servers.push(self.serve_gateway(socket, tls_of(listen, &listeners.proxy_tls)?)?);
        }
        for listen in &listeners.portal_gui {
            let socket = bind(listen, "portal_gui_listen")?;
            servers.push(self.serve_portal_gui(socket, tls_of(listen, &listeners.portal_gui_tls)?)?);
        }
        for listen in &listeners.portal_api {
            let socket = bind(listen, "portal_api_listen")?;
            servers.push(self.serve_portal_api(socket, tls_of(listen, &listeners.portal_api_tls)?)?);
        }
        for listen in &listeners.status {
            servers.push(self.serve_status(bind(listen, "sso_status_listen")?)?);
        }
        Ok(servers)
    }

    /// Serves the protected Admin API.
    ///
    /// # Errors
    /// The socket cannot be used.
    pub fn serve_admin_api(
        &self,
        socket: TcpListener,
        tls: Option<rustls::ServerConfig>,
    ) -> Result<Server, StartError> {
        let node = self.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(node.services.clone())
                .app_data(Data::new(node.upstream()))
                .wrap(node.sessions(Some(String::new())))
                .default_service(web::to(admin_api::handle))
        });
        listen(server, socket, tls, "sso_admin_listen")
    }

    /// Serves Kong Manager, the Admin API and the own pages on one origin.
    ///
    /// # Errors
    /// The socket cannot be used.
    pub fn serve_gui(&self, socket: TcpListener, tls: Option<rustls::ServerConfig>) -> Result<Server, StartError> {
        let node = self.clone();
        let server = HttpServer::new(move || {
            let settings = &node.services.settings.gui;
            let base = pages::base(settings);
            let api = settings.single_origin.then(|| format!("{}{}", settings.path, settings.api_path));
            App::new()
                .app_data(node.services.clone())
                .app_data(Data::new(node.upstream()))
                .wrap(node.sessions(api.clone()))
                // Most calls are of the Admin API: found first, they are held against none of the patterns below.
                .configure(|config| {
                    if let Some(api) = api.filter(|api| api.len() > 1) {
                        config.service(web::scope(&api).default_service(web::to(gui::handle)));
                    }
                })
                .configure(|config| admin_ui::configure(config, &base))
                .configure(|config| node.portal_of_single_origin(config))
                .default_service(web::to(gui::handle))
        });
        listen(server, socket, tls, "sso_gui_listen")
    }

    /// Serves the declared routes and forward-auth.
    ///
    /// # Errors
    /// The socket cannot be used.
    pub fn serve_gateway(&self, socket: TcpListener, tls: Option<rustls::ServerConfig>) -> Result<Server, StartError> {
        let node = self.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(node.services.clone())
                .app_data(Data::new(gateway::GatewayUpstream::new(node.upstream_tls.clone())))
                .default_service(web::to(gateway::handle))
        });
        listen(server, socket, tls, "sso_proxy_listen")
    }

    /// The portal on the GUI's origin (`sso_portal_single_origin`).
    fn portal_of_single_origin(&self, config: &mut web::ServiceConfig) {
        if self.services.settings.portal.single_origin {
            portal_ui::configure(config, Mount::of_single_origin());
            portal_api::configure(config, Mount::of_single_origin());
        }
    }

    /// Serves the developer portal's pages.
    ///
    /// # Errors
    /// The socket cannot be used.
    pub fn serve_portal_gui(
        &self,
        socket: TcpListener,
        tls: Option<rustls::ServerConfig>,
    ) -> Result<Server, StartError> {
        let node = self.clone();
        let server = HttpServer::new(move || {
            let mount = Mount::of_own_listeners(&node.services.settings);
            App::new()
                .app_data(node.services.clone())
                .configure(|config| portal_ui::configure(config, mount))
                .default_service(web::to(portal_api::nothing))
        });
        listen(server, socket, tls, "portal_gui_listen")
    }

    /// Serves the developer portal's JSON API.
    ///
    /// # Errors
    /// The socket cannot be used.
    pub fn serve_portal_api(
        &self,
        socket: TcpListener,
        tls: Option<rustls::ServerConfig>,
    ) -> Result<Server, StartError> {
        let node = self.clone();
        let server = HttpServer::new(move || {
            let mount = Mount::of_own_listeners(&node.services.settings);
            App::new()
                .app_data(node.services.clone())
                .configure(|config| portal_api::configure(config, mount))
                .default_service(web::to(portal_api::nothing))
        });
        listen(server, socket, tls, "portal_api_listen")
    }

    /// What a TLS listener of the Admin API serves (`admin_ssl_cert`, `admin_ssl_cert_key`).
    ///
    /// # Errors
    /// A certificate or key cannot be used.
    pub fn admin_api_tls(&self) -> Result<rustls::ServerConfig, StartError> {
        tls::server(&self.services.settings.listeners.admin_tls)
    }

    /// What a TLS listener of the gateway serves (`sso_proxy_ssl_cert`, `sso_proxy_ssl_cert_key`).
    ///
    /// # Errors
    /// A certificate or key cannot be used.
    pub fn gateway_tls(&self) -> Result<rustls::ServerConfig, StartError> {
        tls::server(&self.services.settings.listeners.proxy_tls)
    }

    /// Serves health, version and metrics.
    ///
    /// # Errors
    /// The socket cannot be used.
    pub fn serve_status(&self, socket: TcpListener) -> Result<Server, StartError> {
        let services = self.services.clone();
        let server = HttpServer::new(move || App::new().app_data(services.clone()).configure(status::routes));
        let server = server.workers(1).disable_signals();
        let address = address_of(&socket);
        let bound = server.listen(socket);
        bound.map(HttpServer::run).map_err(|cause| StartError::Listen { key: "sso_status_listen", address, cause })
    }

    fn upstream(&self) -> Upstream {
        let settings = &self.services.settings;
        let metrics = std::sync::Arc::clone(&self.services.metrics);
        Upstream::new(&settings.upstream, &settings.rbac, self.upstream_tls.clone(), metrics)
    }

    /// The session middleware of a listener with the Admin API at `api`.
    fn sessions(&self, api: Option<String>) -> Sessions {
        let conf = self.services.settings.admin_auth.as_ref().map(|conf| &conf.session);
        let full = conf.map(|conf| session::middleware(&self.services, conf, &self.session_secret));
        Sessions::new(self.services.clone(), full, api)
    }
}

/// Starts what clients use: over TLS where `tls` is given.
fn listen<F, I, S, B>(
    server: HttpServer<F, I, S, B>,
    socket: TcpListener,
    tls: Option<rustls::ServerConfig>,
    key: &'static str,
) -> Result<Server, StartError>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: std::fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let server = server.disable_signals().shutdown_timeout(LAST_SECONDS).tcp_nodelay(true);
    let address = address_of(&socket);
    let bound = match tls {
        Some(tls) => server.listen_rustls_0_23(socket, tls),
        None => server.listen(socket),
    };
    bound.map(HttpServer::run).map_err(|cause| StartError::Listen { key, address, cause })
}

fn tls_of(listen: &Listen, pairs: &[TlsPair]) -> Result<Option<rustls::ServerConfig>, StartError> {
    listen.ssl.then(|| tls::server(pairs)).transpose()
}

fn address_of(socket: &TcpListener) -> String {
    socket.local_addr().map(|address| address.to_string()).unwrap_or_default()
}

/// Binds an address with its flags.
pub(super) fn bind(listen: &Listen, key: &'static str) -> Result<TcpListener, StartError> {
    let shown = format!("{}:{}", listen.host, listen.port);
    let failed = |cause| StartError::Listen { key, address: shown.clone(), cause };
    let addresses = std::net::ToSocketAddrs::to_socket_addrs(&(listen.host.as_str(), listen.port)).map_err(failed)?;
    let mut last = std::io::Error::from(std::io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match open(listen, address) {
            Ok(socket) => return Ok(socket),
            Err(cause) => last = cause,
        }
    }
    Err(failed(last))
}

fn open(listen: &Listen, address: std::net::SocketAddr) -> std::io::Result<TcpListener> {
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if let (true, Some(only)) = (address.is_ipv6(), listen.ipv6only) {
        socket.set_only_v6(only)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(listen.reuseport)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(listen.backlog.unwrap_or(BACKLOG)).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}
