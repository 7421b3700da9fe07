//! The OpenID Connect gateway behind its doors: which route a request takes, what its plugins say, and where it goes.
//! `web::gateway` carries out what is decided here, as a reverse proxy or as an answer to another proxy.
//!
//! ```text
//! sso_proxy_config --config::declared--> State (router, services, consumers, engines) --ArcSwap--> requests
//!        ^ changes of the file are followed; one that cannot be used leaves the earlier state
//! request --Router--> Route --key-auth (1250)--> openid-connect (1050) --> acl (950) --> Decision
//! ```

mod acl;
mod backchannel;
mod consumers;
mod decision;
mod engines;
mod frontchannel;
mod key_auth;
mod reload;
mod state;

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::config::declared::{self, Declared, Problem};
use crate::config::settings::{EgressSettings, GatewaySettings};
use crate::domain::time::Clock;
use crate::oidc::engine::methods::kong_oauth2::GatewayTokens;
use crate::services::openid_connect::OpenIdConnect;
use engines::EngineMaker;

pub use crate::config::declared::Service;
pub use crate::oidc::engine::{Answer, Arguments, Changes, Headers, RequestView};
pub use backchannel::LogoutFailure;
pub use consumers::Consumers;
pub use decision::{Decision, Passage, Refusal};
pub use frontchannel::Departure;
pub use reload::Following;
pub use state::{Plugins, Route, State};

/// The gateway.
pub struct Gateway {
    state: ArcSwap<State>,
    maker: EngineMaker,
    following: Following,
}

impl Gateway {
    /// A gateway that serves the declared file; one without a file serves nothing.
    ///
    /// # Errors
    /// Every problem of the file.
    pub fn new(
        settings: &GatewaySettings,
        egress: EgressSettings,
        clock: Clock,
        shared: Arc<OpenIdConnect>,
        gateway_tokens: Arc<dyn GatewayTokens>,
    ) -> Result<Self, Vec<Problem>> {
        let following = Following::new(settings);
        let declared = match &settings.file {
            Some(path) => declared::load(path, &settings.surroundings)?,
            None => Declared::default(),
        };
        let engine_settings = settings.engine;
        let maker = EngineMaker { egress, clock, shared, gateway_tokens, directory: Arc::default(), engine_settings };
        let state = State::new(declared, &State::default(), &maker)?;
        maker.directory.0.store(Arc::clone(&state.consumers));
        Ok(Self { state: ArcSwap::from_pointee(state), maker, following })
    }

    /// Makes the secrets of new engines those that all nodes have. When the store fails, sessions of this node are its own
    /// until the next change of the discovery cache.
    pub async fn settle(&self) {
        if let Err(error) = self.maker.shared.settle().await {
            tracing::error!(%error, "generated session secrets could not be shared with other nodes");
        }
    }

    /// What is served now. A request keeps what it began with.
    #[must_use]
    pub fn current(&self) -> Arc<State> {
        self.state.load_full()
    }

    /// Whether a file is served, and whether its present content could not be used.
    #[must_use]
    pub const fn following(&self) -> &Following {
        &self.following
    }

    /// Loads the file if it changed. Requests under way keep the state that they began with.
    pub async fn follow_file(&self) {
        let Some((path, declared)) = self.following.changed().await else { return };
        match declared.and_then(|declared| State::new(declared, &self.current(), &self.maker)) {
            Ok(state) => {
                self.settle().await;
                tracing::info!(
                    routes = state.route_count(),
                    "the gateway serves the new content of {}",
                    path.display()
                );
                self.maker.directory.0.store(Arc::clone(&state.consumers));
                self.state.store(Arc::new(state));
                self.following.note(false);
            }
            Err(problems) => {
                for problem in problems {
                    tracing::error!("{}: {problem}", path.display());
                }
                tracing::error!("{} cannot be used; the gateway goes on with what it had", path.display());
                self.following.note(true);
            }
        }
    }
}
