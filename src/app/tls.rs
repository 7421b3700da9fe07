//! TLS on both sides: certificates that are served, and authorities that are trusted.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use secrecy::ExposeSecret as _;

use super::StartError;
use crate::config::settings::{EgressSettings, TlsPair};

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn broken(error: impl std::fmt::Display) -> StartError {
    StartError::Tls(error.to_string())
}

/// Trust towards upstreams: the configured authorities and, when listed, the system's.
pub(super) fn client(egress: &EgressSettings) -> Result<rustls::ClientConfig, StartError> {
    let mut roots = rustls::RootCertStore::empty();
    if egress.system_roots {
        let found = rustls_native_certs::load_native_certs();
        let (added, _) = roots.add_parsable_certificates(found.certs);
        if added == 0 {
            tracing::warn!("the system has no certificate authorities; https needs lua_ssl_trusted_certificate");
        }
    }
    for pem in &egress.extra_roots {
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            roots.add(certificate.map_err(broken)?).map_err(broken)?;
        }
    }
    let config = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(broken)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// What a TLS listener serves; one certificate of several by what the client can verify.
pub(super) fn server(pairs: &[TlsPair]) -> Result<rustls::ServerConfig, StartError> {
    let keys = pairs.iter().map(certified).collect::<Result<Vec<_>, _>>()?;
    let config = rustls::ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(broken)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(ByClient(keys)));
    Ok(config)
}

fn certified(pair: &TlsPair) -> Result<Arc<CertifiedKey>, StartError> {
    let chain: Vec<_> =
        CertificateDer::pem_slice_iter(pair.certificate.as_bytes()).collect::<Result<_, _>>().map_err(broken)?;
    let key = PrivateKeyDer::from_pem_slice(pair.key.expose_secret().as_bytes()).map_err(broken)?;
    let key = CertifiedKey::from_der(chain, key, &provider()).map_err(broken)?;
    Ok(Arc::new(key))
}

#[derive(Debug)]
struct ByClient(Vec<Arc<CertifiedKey>>);

impl ResolvesServerCert for ByClient {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let fits = |key: &&Arc<CertifiedKey>| key.key.choose_scheme(hello.signature_schemes()).is_some();
        self.0.iter().find(fits).or_else(|| self.0.first()).cloned()
    }
}
