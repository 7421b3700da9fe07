//! One engine for each `openid-connect` configuration. A reload keeps the engines whose configuration did not change, with
//! what they know of their providers and tokens.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::Consumers;
use crate::config::declared::{OidcPlugin, Problem};
use crate::config::plugin::ConsumerField;
use crate::config::settings::{EgressSettings, EngineSettings};
use crate::domain::consumer::Consumer;
use crate::domain::time::Clock;
use crate::http_client::HttpClient;
use crate::oidc::engine::methods::kong_oauth2::GatewayTokens;
use crate::oidc::engine::{ConsumerDirectory, Engine, EngineParts};
use crate::services::openid_connect::OpenIdConnect;

/// Makes engines.
pub(super) struct EngineMaker {
    pub(super) egress: EgressSettings,
    pub(super) clock: Clock,
    /// Session secrets, key set and discovery cache of all instances.
    pub(super) shared: Arc<OpenIdConnect>,
    /// Tokens of Kong's own OAuth 2.0 plugin.
    pub(super) gateway_tokens: Arc<dyn GatewayTokens>,
    pub(super) directory: Arc<Directory>,
    pub(super) engine_settings: EngineSettings,
}

/// The consumers of whatever file is served at the moment.
#[derive(Default)]
pub(super) struct Directory(pub(super) ArcSwap<Consumers>);

impl ConsumerDirectory for Directory {
    fn find(&self, field: ConsumerField, value: &str, ignore_case: bool) -> Option<Arc<Consumer>> {
        self.0.load().find(field, value, ignore_case).cloned()
    }

    fn has_group(&self, name: &str) -> bool {
        self.0.load().has_group(name)
    }
}

/// Engines by the fingerprint of their configuration.
#[derive(Default)]
pub(super) struct Engines(Vec<([u8; 32], Arc<Engine>)>);

impl Engines {
    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Engine>> {
        self.0.iter().map(|(_, engine)| engine)
    }

    /// The engine of a plugin: one that is here or among the `earlier` ones, or a new one.
    pub(super) fn of(
        &mut self,
        plugin: &OidcPlugin,
        earlier: &Self,
        maker: &EngineMaker,
    ) -> Result<Arc<Engine>, Problem> {
        let known = self.0.iter().chain(&earlier.0).find(|(fingerprint, _)| *fingerprint == plugin.fingerprint);
        let engine = match known {
            Some((_, engine)) => Arc::clone(engine),
            None => Arc::new(maker.make(plugin)?),
        };
        if self.0.iter().all(|(fingerprint, _)| *fingerprint != plugin.fingerprint) {
            self.0.push((plugin.fingerprint, Arc::clone(&engine)));
        }
        Ok(engine)
    }
}

impl EngineMaker {
    fn make(&self, plugin: &OidcPlugin) -> Result<Engine, Problem> {
        let provider = &plugin.conf.provider;
        let http = HttpClient::new(&self.egress, provider.ssl_verify, Duration::from_millis(provider.timeout_ms));
        let http = http.map_err(|error| Problem::about_file(error.to_string()))?;
        let consumers: Arc<dyn ConsumerDirectory> = Arc::<Directory>::clone(&self.directory);
        let sessions = self.shared.session_parts(&plugin.conf);
        let shared = self.shared.shared_store(&plugin.conf);
        let parts = EngineParts {
            http,
            clock: self.clock.clone(),
            settings: self.engine_settings,
            consumers,
            gateway_tokens: Some(Arc::clone(&self.gateway_tokens)),
            own_keys: self.shared.own_keys(),
            shared: shared.map_err(|error| Problem::about_file(error.to_string()))?,
            sessions: sessions.map_err(|error| Problem::about_file(error.to_string()))?,
        };
        let engine = Engine::new((*plugin.conf).clone(), parts);
        self.shared.register(&provider.name, engine.provider());
        Ok(engine)
    }
}
