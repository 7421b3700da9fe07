//! TLS on both sides: listeners with certificates, and a Kong behind https.

use actix_web::{App, HttpResponse, HttpServer, web};
use kong_sso::app::Node;
use kong_sso::config::settings::TlsPair;
use kong_sso::domain::time::Clock;
use kong_sso::services::bootstrap;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::store::{NOW, databases};
use crate::support::node::{self, bind};

/// A certificate authority of the test.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// Certificate and key for 127.0.0.1, as PEM.
    fn issue(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}

fn upstream_config((certificate, key): (String, String)) -> rustls::ServerConfig {
    let chain = CertificateDer::pem_slice_iter(certificate.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    rustls::ServerConfig::builder_with_provider(rustls::crypto::aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap()
}

#[actix_web::test]
async fn a_listener_with_certificate_and_a_kong_behind_https_are_served() {
    for database in databases().await {
        let authority = Authority::new();
        let (socket, url) = bind();
        let kong =
            HttpServer::new(|| App::new().default_service(web::to(|| async { HttpResponse::Ok().body("kong") })))
                .workers(1)
                .disable_signals()
                .listen_rustls_0_23(socket, upstream_config(authority.issue()))
                .unwrap()
                .run();
        let kong_handle = kong.handle();
        actix_web::rt::spawn(kong);
        bootstrap::first_super_admin(&database.store, &"root".to_owned().into(), NOW).await.unwrap();
        for (is_trusted, expected) in [(true, 200), (false, 502)] {
            let mut settings = node::settings(&url.replace("http://", "https://"));
            settings.database = database.settings.clone();
            settings.egress.extra_roots = if is_trusted { vec![authority.pem()] } else { Vec::new() };
            let (certificate, key) = authority.issue();
            settings.listeners.admin_tls = vec![TlsPair { certificate, key: key.into() }];
            let node = Node::build(settings, Clock::System).await.unwrap();
            let (socket, url) = bind();
            let tls = node.admin_api_tls().unwrap();
            let server = node.serve_admin_api(socket, Some(tls)).unwrap();
            let handle = server.handle();
            actix_web::rt::spawn(server);
            let root = reqwest::Certificate::from_pem(authority.pem().as_bytes()).unwrap();
            let client = reqwest::Client::builder().no_proxy().tls_certs_only([root]).build().unwrap();
            let address = url.replace("http://", "https://");
            let reply =
                client.get(format!("{address}/services")).header("kong-admin-token", "root").send().await.unwrap();
            assert_eq!(reply.status().as_u16(), expected, "an authority that is not trusted fails closed");
            let clear =
                reqwest::Client::builder().no_proxy().build().unwrap().get(format!("{url}/services")).send().await;
            assert!(clear.is_err(), "no clear text on a TLS listener");
            handle.stop(false).await;
        }
        kong_handle.stop(false).await;
    }
}
