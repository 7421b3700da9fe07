//! The engine of one `openid-connect` plugin (openid-connect.md 1): a request view goes in, a verdict comes out. It knows no
//! web framework, no page, no admin and no portal. Called by `services::gateway`.
//!
//! ```text
//! RequestView --> session, else credential search --> proof --> claims --> consumer --> session --> Verdict
//!                 (2.1)         (1.3)                 (2)       (7.1)      (7.4)        (5)
//!                 +----------- authentication ------------+    +-------- admission --------+
//! ```

pub mod access;
mod admission;
pub mod after_login;
mod authentication;
pub mod backchannel;
pub mod cache;
mod claim_values;
pub mod client_choice;
mod client_proof;
pub mod context;
mod copies;
pub mod extras;
pub mod failure;
pub mod frontchannel;
pub mod headers;
pub mod login;
pub mod logout;
pub mod mapping;
pub mod methods;
pub mod proof;
pub mod refusal;
pub mod request;
pub mod search;
pub mod session;
mod session_refresher;
mod set_cookie;
pub mod shared_answers;
#[cfg(test)]
mod tests_support;
pub mod tokens;
pub mod verdict;
pub mod verified_tokens;

use std::sync::Arc;

use crate::config::plugin::{OpenIdConnectConf, Place};
use crate::config::settings::EngineSettings;
use crate::domain::method::Method;
use crate::domain::time::Clock;
use crate::http_client::HttpClient;

use super::own_keys::OwnKeyRing;
use super::provider::Provider;
use context::Context;
use extras::Extras;
use login::Login;
use methods::kong_oauth2::GatewayTokens;
use session::{SessionParts, Sessions};
use session_refresher::SessionRefresher;
use shared_answers::{SharedAnswers, SharedStore};
use verified_tokens::VerifiedTokens;

pub use mapping::ConsumerDirectory;
pub use proof::{ClaimSources, Proof, ProvedTokens};
pub use refusal::{Refusal, RefusalClass};
pub use request::{Arguments, Headers, RequestView};
pub use verdict::{Answer, Changes, Forwarded, Verdict};

/// What an engine needs from its surroundings.
pub struct EngineParts {
    /// The way to the provider, built with the plugin's `timeout` and `ssl_verify`.
    pub http: HttpClient,
    /// The current time.
    pub clock: Clock,
    /// What all instances have in common.
    pub settings: EngineSettings,
    /// The gateway's consumers.
    pub consumers: Arc<dyn ConsumerDirectory>,
    /// Tokens of the gateway's own OAuth 2.0 plugin; without them no `kong_oauth2` token is known.
    pub gateway_tokens: Option<Arc<dyn GatewayTokens>>,
    /// What clients without a key of their own sign with.
    pub own_keys: Arc<dyn OwnKeyRing>,
    /// Where nodes share what they remember, when they do.
    pub shared: Option<Arc<dyn SharedStore>>,
    /// What sessions and started logins need.
    pub sessions: SessionParts,
}

/// One plugin instance at work. Asks the provider nothing until a request needs it.
pub struct Engine {
    context: Context,
    settings: EngineSettings,
    consumers: Arc<dyn ConsumerDirectory>,
    gateway_tokens: Option<Arc<dyn GatewayTokens>>,
    sessions: Sessions,
    login: Login,
    cleanup: Changes,
}

impl Engine {
    /// The engine of a configuration.
    #[must_use]
    pub fn new(conf: OpenIdConnectConf, parts: EngineParts) -> Self {
        warn_about(&conf);
        let provider = Provider::new(&conf.provider, parts.http.clone(), parts.clock.clone());
        let shared = parts.shared.map(|store| SharedAnswers::new(store, parts.sessions.secret.clone()));
        let cache_bytes = parts.settings.cache_bytes;
        let verified = VerifiedTokens::within(cache_bytes);
        let context =
            Context { shared, verified, ..Context::new(conf, provider, parts.http, parts.clock, parts.own_keys) };
        let login = Login::new(context.clone(), parts.sessions.secret.clone());
        let refresher = Arc::new(SessionRefresher(context.clone()));
        let sessions =
            Sessions::new(Arc::clone(&context.conf), parts.sessions, context.clock.clone(), refresher, cache_bytes);
        Self {
            cleanup: headers::clean_request(&context.conf),
            context,
            settings: parts.settings,
            consumers: parts.consumers,
            gateway_tokens: parts.gateway_tokens,
            sessions,
            login,
        }
    }

    /// The configuration.
    #[must_use]
    pub fn conf(&self) -> &OpenIdConnectConf {
        &self.context.conf
    }

    /// The provider, for status and the discovery cache.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.context.provider
    }

    /// What the steps share, for logouts that come from the provider.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The sessions.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Whether [`Self::decide`] has to see the arguments of the body.
    #[must_use]
    pub fn wants_body(&self, view: &RequestView<'_>) -> bool {
        let conf = self.conf();
        let chooses_client = || conf.clients.len() > 1 && client_choice::asked_for(conf, view).is_none();
        !self.stands_aside(view)
            && (search::may_need_body(conf.methods, &conf.search, view, conf.mapping.anonymous.is_some())
                || Extras::may_need_body(conf)
                || logout::wants_body(&conf.logout, view)
                || conf.allows(Method::AuthorizationCode) && self.login.wants_body(view)
                || may_carry_id_token(conf)
                || chooses_client())
    }

    /// What is to happen to a request: the steps of openid-connect.md 1.2 in their order. What is rare and large is boxed on its
    /// way: the usual decision is moved for each request.
    pub async fn decide(&self, view: &RequestView<'_>) -> Verdict {
        if self.stands_aside(view) {
            return Verdict::Pass;
        }
        if logout::is_asked(&self.conf().logout, view) {
            return Box::pin(self.log_out(view)).await;
        }
        let asked = client_choice::asked_for(self.conf(), view);
        let mut evidence = match self.authenticate(view, asked).await {
            Ok(evidence) => evidence,
            Err(unproved) => return Box::pin(self.turn_away(view, unproved, asked.unwrap_or(0))).await,
        };
        match self.admit(view, &mut evidence).await {
            Ok(verdict) => verdict,
            Err(refusal) => Box::pin(self.refuse(view, &refusal, evidence.proof.client, Some(&evidence))).await,
        }
    }

    /// Step 5.
    async fn log_out(&self, view: &RequestView<'_>) -> Verdict {
        match logout::run(&self.context, &self.sessions, &self.login, view).await {
            Ok(answer) => Verdict::Answer(Box::new(answer)),
            Err(refusal) => self.refuse(view, &refusal, 0, None).await,
        }
    }

    /// What goes from a request at which [`Self::decide`] only says [`Verdict::Pass`]: the upstream believes headers that this
    /// plugin sets, whoever let the request in.
    #[must_use]
    pub fn cleanup(&self) -> &Changes {
        &self.cleanup
    }

    /// Steps 1 and 2: preflights, and callers whom another plugin has let in.
    fn stands_aside(&self, view: &RequestView<'_>) -> bool {
        let conf = self.conf();
        let is_preflight = view.method == "OPTIONS" && !conf.run_on_preflight;
        is_preflight || (view.is_authenticated && conf.mapping.anonymous.is_some())
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("issuer", &self.conf().provider.name).finish_non_exhaustive()
    }
}

/// Whether an ID token may travel in a body, beside an access token wherever that is.
fn may_carry_id_token(conf: &OpenIdConnectConf) -> bool {
    conf.search.id_token_name.is_some() && conf.search.id_token.has(Place::Body)
}

/// What an operator should know of a configuration that works, but not as they may think.
fn warn_about(conf: &OpenIdConnectConf) {
    let issuer = conf.provider.name.as_str();
    let both = conf.allows(Method::Password) && conf.allows(Method::ClientCredentials);
    if both && conf.search.password.has(Place::Header) && conf.search.client_credentials.has(Place::Header) {
        tracing::warn!(
            issuer,
            "openid-connect: password and client_credentials share the Authorization header; a client's secret is tried as \
             a password first, at the provider and each time"
        );
    }
    if !conf.verification.signature || !conf.verification.ignore_signature.is_empty() {
        tracing::warn!(issuer, "openid-connect: not all signatures of tokens are verified");
    }
}

#[cfg(test)]
#[path = "size_tests.rs"]
mod size_tests;
