//! Composition: builds the state and the listeners from [`Settings`].

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};

use crate::config::Settings;
use crate::kong::headers::Credentials;
use crate::services::access::Access;
use crate::store::Store;
use crate::web::admin_api;
use crate::web::proxy::Upstream;

/// How often a node asks whether another one changed RBAC data.
const FOLLOW_EVERY: Duration = Duration::from_millis(500);

/// Serves the protected Admin API on `listener` until the server is stopped.
///
/// # Errors
/// The listener cannot be used, or the certificate authorities of the upstream are unusable.
pub fn serve_admin_api(listener: TcpListener, settings: Settings, store: Store) -> io::Result<Server> {
    let access = Data::new(Access::new(store));
    let settings = Data::new(settings);
    let tls = upstream_tls(&settings)?;
    let following = Arc::downgrade(&access.clone().into_inner());
    let server = HttpServer::new(move || {
        let credentials = Credentials {
            token_header: settings.rbac.auth_header.clone(),
            user_header: settings.rbac.user_header.clone(),
        };
        let upstream = Upstream::new(settings.upstream.timeout, settings.upstream.max_body, tls.clone(), credentials);
        App::new()
            .app_data(access.clone())
            .app_data(settings.clone())
            .app_data(Data::new(upstream))
            .default_service(web::to(admin_api::handle))
    })
    .disable_signals()
    .listen(listener)?
    .run();
    actix_web::rt::spawn(async move {
        // Ends with the server: nobody else holds the state.
        while let Some(access) = following.upgrade() {
            access.follow_changes().await;
            drop(access);
            tokio::time::sleep(FOLLOW_EVERY).await;
        }
    });
    Ok(server)
}

fn upstream_tls(settings: &Settings) -> io::Result<rustls::ClientConfig> {
    use rustls::pki_types::pem::PemObject as _;
    let mut roots = rustls::RootCertStore::empty();
    for pem in &settings.egress.extra_roots {
        for certificate in rustls::pki_types::CertificateDer::pem_slice_iter(pem.as_bytes()) {
            roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
