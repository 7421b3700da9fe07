//! The engine of one `openid-connect` plugin (openid-connect.md 1): a request view goes in, a verdict comes out. It knows no
//! web framework, no page, no admin and no portal. Called by `services::gateway`.
//!
//! ```text
//! RequestView --> credential search --> proof --> claims --> consumer --> session --> Verdict
//!                    (1.3)              (2)       (7.1)      (7.4)        (5)
//! ```

pub mod after_login;
pub mod backchannel;
pub mod cache;
pub mod client_choice;
mod client_proof;
pub mod context;
pub mod extras;
mod failure;
pub mod login;
pub mod logout;
pub mod mapping;
pub mod methods;
pub mod proof;
pub mod refusal;
pub mod request;
pub mod search;
pub mod session;
mod set_cookie;
pub mod tokens;
pub mod verdict;
pub mod verified_tokens;

use std::sync::Arc;

use crate::config::plugin::{ConsumerField, OpenIdConnectConf};
use crate::domain::consumer::Consumer;
use crate::domain::method::Method;
use crate::domain::time::Clock;
use crate::http_client::HttpClient;

use super::own_keys::OwnKeyRing;
use super::provider::Provider;
use context::Context;
use methods::grants::{self, Grant};
use refusal::ChallengeError;
use search::{Credential, Found, Malformed, Spot};

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
    /// The gateway's consumers.
    pub consumers: Arc<dyn ConsumerDirectory>,
    /// What clients without a key of their own sign with.
    pub own_keys: Arc<dyn OwnKeyRing>,
}

/// One plugin instance at work. Asks the provider nothing until a request needs it.
pub struct Engine {
    context: Context,
    consumers: Arc<dyn ConsumerDirectory>,
}

/// A proof with what it stood on.
struct Evidence {
    proof: Proof,
    spots: Vec<Spot>,
}

impl Engine {
    /// The engine of a configuration.
    #[must_use]
    pub fn new(conf: OpenIdConnectConf, parts: EngineParts) -> Self {
        let provider = Provider::new(&conf.provider, parts.http.clone(), parts.clock.clone());
        let context = Context::new(conf, provider, parts.http, parts.clock, parts.own_keys);
        Self { context, consumers: parts.consumers }
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

    /// Whether [`Self::decide`] has to see the arguments of the body.
    #[must_use]
    pub fn wants_body(&self, view: &RequestView<'_>) -> bool {
        !self.stands_aside(view) && search::may_need_body(self.conf().methods, &self.conf().search, view)
    }

    /// What is to happen to a request: the steps of openid-connect.md 1.2 in their order.
    pub async fn decide(&self, view: &RequestView<'_>) -> Verdict {
        if self.stands_aside(view) {
            return Verdict::Pass;
        }
        match self.authenticate(view).await {
            Ok(evidence) => self.admit(evidence),
            Err(refusal) => self.refuse(&refusal),
        }
    }

    /// The consumer that stands for nobody (openid-connect.md 1.7), if it is configured and still there.
    fn anonymous(&self) -> Option<Arc<Consumer>> {
        let name = self.conf().mapping.anonymous.as_deref()?;
        let by = |field| self.consumers.find(field, name, false);
        by(ConsumerField::Id).or_else(|| by(ConsumerField::Username))
    }

    /// Steps 1 and 2: preflights, and callers whom another plugin has let in.
    fn stands_aside(&self, view: &RequestView<'_>) -> bool {
        let conf = self.conf();
        let is_preflight = view.method == "OPTIONS" && !conf.run_on_preflight;
        is_preflight || (view.is_authenticated && conf.mapping.anonymous.is_some())
    }

    /// Steps 4 to 8: from the request to a proved credential.
    async fn authenticate(&self, view: &RequestView<'_>) -> Result<Evidence, Refusal> {
        let client = client_choice::asked_for(self.conf(), view).unwrap_or(0);
        let found = search::find(self.conf().methods, &self.conf().search, view).map_err(malformed)?;
        let Some(Found { credential, spots }) = found else {
            return Err(Refusal::no_credential());
        };
        let mut proof = self.prove(view, client, &credential).await?;
        if matches!(credential, Credential::Token(_)) {
            methods::bearer::add_id_token(&self.context, view, &mut proof).await?;
        }
        Ok(Evidence { proof, spots })
    }

    /// Step 8: the credential's method.
    async fn prove(
        &self,
        view: &RequestView<'_>,
        client: usize,
        credential: &Credential<'_>,
    ) -> Result<Proof, Refusal> {
        let context = &self.context;
        match credential {
            Credential::Token(token) => self.prove_token(view, client, token).await,
            Credential::RefreshToken(token) => grants::prove(context, view, client, Grant::RefreshToken(token)).await,
            Credential::Pair(pair) => grants::prove_pair(context, view, client, pair).await,
        }
    }

    /// Methods 2 to 5 share one token: its form and what is enabled decide which of them judges it (openid-connect.md 1.3).
    async fn prove_token(&self, view: &RequestView<'_>, client: usize, token: &str) -> Result<Proof, Refusal> {
        let context = &self.context;
        if self.conf().allows(Method::Bearer) && tokens::is_signed(token) {
            return methods::bearer::prove(context, view, client, token).await;
        }
        if self.conf().allows(Method::Introspection) {
            return methods::introspection::prove(context, view, client, token).await;
        }
        if self.conf().allows(Method::UserInfo) {
            return methods::user_info::prove(context, view, client, token).await;
        }
        let detail = "no enabled method takes tokens of this form";
        Err(Refusal::unauthorized(ChallengeError::InvalidToken, "token_unsuitable", detail))
    }

    /// Steps 11 to 16: from a proved credential to the request that goes on.
    fn admit(&self, evidence: Evidence) -> Verdict {
        let mut changes = Changes::default();
        if self.conf().hide_credentials {
            hide(&evidence.spots, &mut changes);
        }
        let subject = evidence.proof.subject();
        Verdict::Forward(Box::new(Forwarded {
            changes,
            method: Some(evidence.proof.method),
            subject,
            ..Forwarded::default()
        }))
    }

    fn refuse(&self, refusal: &Refusal) -> Verdict {
        if refusal.class == RefusalClass::Unauthorized
            && let Some(consumer) = self.anonymous()
        {
            return Verdict::Forward(Box::new(Forwarded {
                consumer: Some(consumer),
                is_anonymous: true,
                ..Forwarded::default()
            }));
        }
        tracing::info!(reason = refusal.reason, detail = refusal.detail, "openid-connect: request refused");
        Verdict::Answer(Box::new(failure::answer(refusal, &self.conf().failure)))
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("issuer", &self.conf().provider.name).finish_non_exhaustive()
    }
}

fn malformed(error: Malformed) -> Refusal {
    Refusal::unauthorized(ChallengeError::InvalidRequest, "credential_malformed", error.to_string())
}

/// Takes away exactly the credential that was used (openid-connect.md 5.9).
fn hide(spots: &[Spot], changes: &mut Changes) {
    for spot in spots {
        match spot.clone() {
            Spot::Header(name) => changes.remove_headers.push(name),
            Spot::Query(name) => changes.remove_query.push(name),
            Spot::Body(name) => changes.remove_body.push(name),
            Spot::Cookie(name) => changes.remove_cookies.push(name),
        }
    }
}
