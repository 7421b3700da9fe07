//! What all steps of one engine share: its configuration, the provider and the way to it, and the clock. Clones share
//! what is known of the provider.

use std::sync::Arc;

use crate::config::plugin::{ClientConf, OpenIdConnectConf};
use crate::domain::time::Clock;
use crate::http_client::HttpClient;
use crate::oidc::provider::Provider;

/// The surroundings of the steps.
#[derive(Clone, Debug)]
pub struct Context {
    /// The plugin's configuration.
    pub conf: Arc<OpenIdConnectConf>,
    /// The provider.
    pub provider: Provider,
    /// The way to it.
    pub http: HttpClient,
    /// The current time.
    pub clock: Clock,
}

impl Context {
    /// The client at `index`; `None` when no client is configured, which bearer tokens do without.
    #[must_use]
    pub fn client(&self, index: usize) -> Option<&ClientConf> {
        self.conf.clients.get(index)
    }
}
