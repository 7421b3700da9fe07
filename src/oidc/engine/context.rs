//! What all steps of one engine share: its configuration, the provider and the way to it, the clock, and what is
//! remembered. Clones share all of it.

use std::sync::Arc;

use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::config::plugin::{ClientConf, OpenIdConnectConf};
use crate::domain::time::Clock;
use crate::http_client::HttpClient;
use crate::oidc::own_keys::OwnKeyRing;
use crate::oidc::provider::Provider;
use crate::sealing::random_token;

use super::cache::{Answers, Key};
use super::methods::grants::Granted;
use super::methods::kong_oauth2::GatewayToken;
use super::proof::ProvedTokens;
use super::shared_answers::SharedAnswers;
use super::verified_tokens::VerifiedTokens;

/// The surroundings of the steps.
#[derive(Clone)]
pub struct Context {
    /// The plugin's configuration.
    pub conf: Arc<OpenIdConnectConf>,
    /// The provider.
    pub provider: Provider,
    /// The way to it.
    pub http: HttpClient,
    /// The current time.
    pub clock: Clock,
    /// Tokens whose signatures need not be checked again.
    pub verified: VerifiedTokens,
    /// Introspection answers.
    pub introspections: Answers<Arc<Value>>,
    /// Those that all nodes have, when they share them.
    pub shared: Option<SharedAnswers>,
    /// UserInfo answers.
    pub user_infos: Answers<Arc<Value>>,
    /// Tokens of the gateway's own.
    pub gateway_tokens: Answers<Option<GatewayToken>>,
    /// What direct grants have proved.
    pub grants: Answers<Granted>,
    /// `cache_tokens_salt`, or one of our own.
    pub salt: Arc<str>,
    /// What clients without a key of their own sign with.
    pub own_keys: Arc<dyn OwnKeyRing>,
}

impl Context {
    /// The surroundings of a configuration, with nothing remembered.
    #[must_use]
    pub fn new(
        conf: OpenIdConnectConf,
        provider: Provider,
        http: HttpClient,
        clock: Clock,
        own_keys: Arc<dyn OwnKeyRing>,
    ) -> Self {
        Self {
            verified: VerifiedTokens::default(),
            introspections: Answers::new(&conf.cache),
            shared: None,
            user_infos: Answers::new(&conf.cache),
            gateway_tokens: Answers::new(&conf.cache),
            grants: Answers::new(&conf.cache),
            salt: conf.cache.salt.clone().unwrap_or_else(random_token).into(),
            conf: Arc::new(conf),
            provider,
            http,
            clock,
            own_keys,
        }
    }

    /// Forgets what was remembered of tokens that are given up: whoever shows them again is judged anew.
    pub async fn forget(&self, tokens: &ProvedTokens) {
        let all = [&tokens.access_token, &tokens.id_token, &tokens.refresh_token].into_iter().flatten();
        let about: Vec<Key> = all.map(|token| Key::of_token(token.expose_secret())).collect();
        self.verified.forget_about(&about).await;
        self.introspections.forget_about(&about).await;
        self.user_infos.forget_about(&about).await;
        self.gateway_tokens.forget_about(&about).await;
        self.grants.forget_about(&about).await;
        if let Some((shared, token)) = self.shared.as_ref().zip(tokens.access_token.as_ref()) {
            shared.forget_about(Key::of_token(token.expose_secret()), self.clock.now()).await;
        }
    }

    /// The client at `index`; `None` when no client is configured, which bearer tokens do without.
    #[must_use]
    pub fn client(&self, index: usize) -> Option<&ClientConf> {
        self.conf.clients.get(index)
    }
}
