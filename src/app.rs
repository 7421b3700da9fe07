//! Composition: builds services, listeners and workers from [`Settings`] in named steps.
//!
//! ```text
//! settings --> store (migrated) --> secrets --> clients --> services --> listeners
//!                                                               \--> workers: changes, audit, clean-up, discovery
//! ```

mod listeners;
pub mod online;
mod secrets;
mod tls;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use secrecy::{ExposeSecret as _, SecretString};

use crate::config::Settings;
use crate::config::settings::DatabaseSettings;
use crate::domain::time::Clock;
use crate::http_client::guard::EgressGuard;
use crate::http_client::{HttpClient, HttpError};
use crate::kong::client::KongAdmin;
use crate::metrics::Metrics;
use crate::oidc::RelyingParty;
use crate::sealing::Sealer;
use crate::services::Services;
use crate::services::access::Access;
use crate::services::audit::Audit;
use crate::services::bootstrap::{self, BootstrapError};
use crate::services::gateway::Gateway;
use crate::services::gateway_sync::GatewaySync;
use crate::services::gateway_tokens::KongTokens;
use crate::services::health::Health;
use crate::services::kong_facts::KongFacts;
use crate::services::kong_watch::KongWatch;
use crate::services::login::Login;
use crate::services::mail::Mail;
use crate::services::openid_connect::OpenIdConnect;
use crate::services::portal::PortalState;
use crate::services::sealed_notes::SealedNotes;
use crate::services::sessions::Sessions;
use crate::store::migrations::{self, State};
use crate::store::{Store, StoreError};
use crate::telemetry::chain;

/// How long Kong may take for what kong-sso asks by itself.
const KONG_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a provider that somebody named may take.
const OUTSIDE_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a node cannot start. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be used.
    #[error("the database cannot be used: {}", chain(.0))]
    Store(#[from] StoreError),
    /// The schema is not the one of this binary.
    #[error("the database needs {0} migration(s): run `kong-sso migrations up` first")]
    Pending(usize),
    /// The schema is newer than this binary.
    #[error("the database was made by a newer kong-sso: start that version, or restore a backup")]
    Newer,
    /// A generated key can be neither read nor written.
    #[error("{path} can be neither read nor made: {cause}. Make `prefix` a directory this user may write to")]
    Secret {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// An outgoing client cannot be set up.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Nobody could do anything.
    #[error(transparent)]
    Bootstrap(#[from] BootstrapError),
    /// An address cannot be served.
    #[error("{key}: {address} cannot be served: {cause}")]
    Listen {
        /// The key that names it.
        key: &'static str,
        /// Host and port.
        address: String,
        /// Why.
        cause: std::io::Error,
    },
    /// The gateway's file cannot be used.
    #[error("sso_proxy_config cannot be used: {0}")]
    Gateway(String),
    /// Certificates cannot be used.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// A node: services and what listeners need besides them.
#[derive(Clone)]
pub struct Node {
    services: Data<Services>,
    session_secret: SecretString,
    upstream_tls: rustls::ClientConfig,
}

impl Node {
    /// Builds a node: connects and migrates the store, reads or makes its keys, and refuses a configuration that locks
    /// everybody out. Asks neither Kong nor the identity provider, so it starts while they are down.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn build(settings: Settings, clock: Clock) -> Result<Self, StartError> {
        let store = open_store(&settings, &clock).await?;
        bootstrap::refuse_lock_out(&store, &settings).await?;
        let encryption_key =
            secrets::given_or_made(settings.encryption_key.clone(), &settings.prefix, "encryption_key")?;
        let configured = settings.admin_auth.as_ref().and_then(|conf| conf.session.secret.clone());
        let session_secret = secrets::given_or_made(configured, &settings.prefix, "session_secret")?;
        let sealer = Sealer::from_secret(encryption_key.expose_secret().as_bytes());
        let relying_party = match &settings.admin_auth {
            Some(conf) => {
                let party = conf.relying_party.clone();
                let http = HttpClient::new(
                    &settings.egress,
                    party.provider.ssl_verify,
                    Duration::from_millis(party.provider.timeout_ms),
                )?;
                Some(RelyingParty::new(party, http, clock.clone()))
            }
            None => None,
        };
        let login = settings.admin_auth.clone().zip(relying_party.clone()).map(|(conf, party)| {
            let sealer = Sealer::from_secret(session_secret.expose_secret().as_bytes());
            Login::new(party, conf, settings.login.clone(), sealer)
        });
        let session_conf = settings.admin_auth.as_ref().map(|conf| &conf.session);
        let kong_http = HttpClient::new(&settings.egress, true, settings.upstream.timeout.min(KONG_TIMEOUT))?;
        let kong = KongAdmin::new(kong_http, &settings.upstream);
        let upstream_tls = tls::client(&settings.egress)?;
        let guard = EgressGuard::new(&settings.portal_gateway.egress_allow);
        let outside = HttpClient::guarded(&settings.egress, guard, OUTSIDE_TIMEOUT)?;
        let metrics = Arc::new(Metrics::new());
        let openid_connect = Arc::new(OpenIdConnect::new(
            store.clone(),
            clock.clone(),
            sealer.clone(),
            settings.egress.clone(),
            settings.previous_session_secrets.clone(),
        ));
        let notes = SealedNotes::new(sealer.clone());
        let gateway_sync = GatewaySync::new(sealer.clone(), &settings.portal_gateway);
        let mail = Mail::new(&settings.mail, &settings.egress, sealer.clone());
        let sessions = Sessions::new(store.clone(), clock.clone(), sealer, session_conf, relying_party);
        let gateway = Gateway::new(
            &settings.gateway,
            settings.egress.clone(),
            clock.clone(),
            Arc::clone(&openid_connect),
            Arc::new(KongTokens(kong.clone())),
        );
        let gateway = gateway.map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            StartError::Gateway(lines.join("; "))
        })?;
        gateway.settle().await;
        let services = Services {
            access: Access::new(store.clone(), clock.clone(), &settings.rbac),
            audit: Audit::new(store.clone(), clock.clone(), settings.audit.clone(), metrics.audit.clone()),
            sessions: sessions.counted_by(metrics.sessions.clone()),
            openid_connect,
            gateway,
            gateway_sync,
            notes,
            portal: PortalState::new(&encryption_key),
            mail,
            login,
            kong_watch: KongWatch::new(kong.clone(), clock.clone()),
            kong,
            outside,
            metrics,
            health: Health::default(),
            kong_facts: KongFacts::default(),
            settings: Arc::new(settings),
            store,
            clock,
        };
        Ok(Self { services: Data::new(services), session_secret, upstream_tls })
    }

    /// The services.
    #[must_use]
    pub const fn services(&self) -> &Data<Services> {
        &self.services
    }
}

/// Connects. SQLite is migrated at start; PostgreSQL, which several nodes share, by `migrations up`.
async fn open_store(settings: &Settings, clock: &Clock) -> Result<Store, StartError> {
    let store = Store::connect(&settings.database).await?;
    if matches!(settings.database, DatabaseSettings::Sqlite(_)) {
        migrations::up(&store).await?;
    }
    match migrations::state(&store).await? {
        State::Current => {}
        State::Pending(count) => return Err(StartError::Pending(count)),
        State::Newer => return Err(StartError::Newer),
    }
    bootstrap::ensure_default(&store, clock.now()).await?;
    Ok(store)
}
