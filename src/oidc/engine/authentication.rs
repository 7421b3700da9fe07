//! From a request to a proved credential (openid-connect.md 1.2, steps 5 to 10): its session, else the credential that the
//! search finds, judged by the method that its kind and form lead to.

use secrecy::ExposeSecret as _;

use crate::config::plugin::ConsumerField;
use crate::domain::method::Method;
use crate::oidc::pending_login::PendingLogin;
use crate::oidc::verify::TokenKind;

use super::Engine;
use super::login::Callback;
use super::methods::grants::{self, Grant};
use super::methods::kong_oauth2::Told;
use super::methods::{bearer, introspection, kong_oauth2, user_info};
use super::proof::Proof;
use super::refusal::{ChallengeError, Refusal};
use super::request::RequestView;
use super::search::{self, Credential, Found, Malformed, Spot};
use super::session::{OpenSession, Refreshed, SessionError};
use super::tokens::{self, Wanted};

/// A proof with what it stood on.
pub(super) struct Evidence {
    /// The proof.
    pub(super) proof: Proof,
    /// Where the credential stood.
    pub(super) spots: Vec<Spot>,
    /// The session that it came from.
    pub(super) session: Option<OpenSession>,
    /// What the upstream is told besides.
    pub(super) told: Told,
    /// The login that the request has finished.
    pub(super) login: Option<FinishedLogin>,
}

impl Evidence {
    fn of(proof: Proof) -> Self {
        Self { proof, spots: Vec::new(), session: None, told: Vec::new(), login: None }
    }
}

/// A login that is over, well.
pub(super) struct FinishedLogin {
    /// What was remembered of it.
    pub(super) pending: PendingLogin,
    /// Cookies of the answer.
    pub(super) cookies: Vec<String>,
}

/// Why nothing was proved.
pub(super) enum Unproved {
    /// Nothing was sent.
    NoCredential,
    /// The session's tokens have ended, and it with them.
    SessionOver,
    /// The provider's answer to a login proves nothing; cookies of the answer to the browser.
    FailedLogin(Refusal, Vec<String>),
    /// What was sent is not acceptable.
    Refused(Refusal),
}

impl From<Refusal> for Unproved {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Engine {
    /// The first credential of the request in the fixed order, proved. `asked` is the client that the request asks for.
    pub(super) async fn authenticate(
        &self,
        view: &RequestView<'_>,
        asked: Option<usize>,
    ) -> Result<Evidence, Unproved> {
        let conf = self.conf();
        if conf.allows(Method::AuthorizationCode)
            && let Some(callback) = self.login.callback(view).await
        {
            return finished(callback);
        }
        if conf.allows(Method::Session)
            && let Some(evidence) = self.session_of(view).await?
        {
            return Ok(evidence);
        }
        let Some(Found { credential, spots }) = search::find(conf.methods, &conf.search, view).map_err(malformed)?
        else {
            return Err(Unproved::NoCredential);
        };
        let (proof, told) = self.prove(view, asked.unwrap_or(0), &credential).await?;
        Ok(Evidence { spots, told, ..Evidence::of(proof) })
    }

    /// The session of the request, with tokens that hold.
    async fn session_of(&self, view: &RequestView<'_>) -> Result<Option<Evidence>, Unproved> {
        let open = self.sessions.open(view).await.map_err(|error| unexpected(&error.into()))?;
        let Some(open) = open else {
            return Ok(None);
        };
        let open = match self.sessions.freshen(open).await.map_err(|error| unexpected(&error))? {
            Refreshed::Live(open) => open,
            Refreshed::Over => return Err(Unproved::SessionOver),
        };
        let mut proof = open.proof();
        if self.conf().verification.reverify {
            Box::pin(self.verify_again(&proof)).await?;
        }
        if let Some(id) = &open.content().consumer {
            proof.consumer = self.consumers.find(ConsumerField::Id, id, false);
        }
        Ok(Some(Evidence { session: Some(open), ..Evidence::of(proof) }))
    }

    /// `reverify`: the signed tokens of a session are held against the check list on each request.
    async fn verify_again(&self, proof: &Proof) -> Result<(), Refusal> {
        let access_token = proof.tokens.access_token.as_ref().map(|token| token.expose_secret());
        if let Some(token) = access_token.filter(|token| tokens::is_signed(token)) {
            let wanted = Wanted::new(TokenKind::AccessToken, Method::Session, proof.client);
            self.context.known_token(token, wanted).await?;
        }
        if let Some(token) = &proof.tokens.id_token {
            let wanted =
                Wanted { access_token, ..Wanted::new(TokenKind::CarriedIdToken, Method::Session, proof.client) };
            self.context.known_token(token.expose_secret(), wanted).await?;
        }
        Ok(())
    }

    async fn prove(
        &self,
        view: &RequestView<'_>,
        client: usize,
        credential: &Credential<'_>,
    ) -> Result<(Proof, Told), Refusal> {
        let context = &self.context;
        let proof = match credential {
            Credential::Token(token) => return self.prove_token(view, client, token).await,
            Credential::RefreshToken(token) => {
                Box::pin(grants::prove(context, view, client, Grant::RefreshToken(token))).await?
            }
            Credential::Pair(pair) => Box::pin(grants::prove_pair(context, view, client, pair)).await?,
        };
        Ok((proof, Vec::new()))
    }

    /// Methods 2 to 5 share one token: its form and what is enabled decide which of them judges it (openid-connect.md 1.3).
    async fn prove_token(&self, view: &RequestView<'_>, client: usize, token: &str) -> Result<(Proof, Told), Refusal> {
        let (context, conf) = (&self.context, self.conf());
        let is_signed = tokens::is_signed(token);
        if !is_signed
            && conf.allows(Method::KongOAuth2)
            && let Some(proved) = Box::pin(self.prove_gateway_token(client, token)).await?
        {
            return Ok(proved);
        }
        let mut proof = if is_signed && conf.allows(Method::Bearer) {
            bearer::prove(context, view, client, token).await?
        } else if conf.allows(Method::Introspection) {
            Box::pin(introspection::prove(context, view, client, token)).await?
        } else if conf.allows(Method::UserInfo) {
            Box::pin(user_info::prove(context, view, client, token)).await?
        } else {
            let detail = "no enabled method takes this token";
            return Err(Refusal::unauthorized(ChallengeError::InvalidToken, "token_unsuitable", detail));
        };
        bearer::add_id_token(context, view, &mut proof).await?;
        Ok((proof, Vec::new()))
    }

    /// A token of the gateway's own, if it is one. The declared consumer of that id counts: it has groups, which Kong's
    /// answer does not show. A gateway that does not answer is no reason to refuse tokens of the provider.
    async fn prove_gateway_token(&self, client: usize, token: &str) -> Result<Option<(Proof, Told)>, Refusal> {
        let Some(tokens) = &self.gateway_tokens else {
            return Ok(None);
        };
        let is_known_otherwise = self.conf().allows(Method::Introspection) || self.conf().allows(Method::UserInfo);
        let mut proved = match kong_oauth2::prove(&self.context, tokens.as_ref(), client, token).await {
            Err(refusal) if refusal.is_temporary() && is_known_otherwise => {
                let detail = refusal.detail.as_str();
                tracing::warn!(detail, "openid-connect: the gateway cannot be asked for a token, the provider is");
                return Ok(None);
            }
            proved => proved?,
        };
        if let Some((proof, _)) = &mut proved
            && let Some(named) = &proof.consumer
            && let Some(declared) = self.consumers.find(ConsumerField::Id, &named.id, false)
        {
            proof.consumer = Some(declared);
        }
        Ok(proved)
    }
}

fn finished(callback: Callback) -> Result<Evidence, Unproved> {
    let Callback { outcome, pending, cookies } = callback;
    match outcome {
        Ok(proof) => Ok(Evidence { login: Some(FinishedLogin { pending, cookies }), ..Evidence::of(proof) }),
        Err(refusal) => Err(Unproved::FailedLogin(refusal, cookies)),
    }
}

/// A session that could not be handled is nobody's fault who asks.
pub(super) fn unexpected(error: &SessionError) -> Refusal {
    Refusal::unexpected(error.code(), error.to_string())
}

/// A credential of which nothing may be made.
pub(super) fn malformed(error: Malformed) -> Refusal {
    Refusal::unauthorized(ChallengeError::InvalidRequest, "credential_malformed", error.to_string())
}
