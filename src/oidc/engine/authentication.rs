//! From a request to a proved credential (openid-connect.md 1.2, steps 5 to 10): its session, else the credential that the
//! search finds, judged by the method that its kind and form lead to.

use secrecy::ExposeSecret as _;

use crate::domain::method::Method;
use crate::oidc::verify::TokenKind;

use super::Engine;
use super::methods::grants::{self, Grant};
use super::methods::kong_oauth2::Told;
use super::methods::{bearer, introspection, kong_oauth2, user_info};
use super::proof::Proof;
use super::refusal::{ChallengeError, Refusal};
use super::request::RequestView;
use super::search::{self, Credential, Found, Malformed, Spot};
use super::session::{OpenSession, Refreshed, SessionError, Sessions};
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
}

impl Engine {
    /// The first credential of the request in the fixed order, proved. `asked` is the client that the request asks for.
    pub(super) async fn authenticate(&self, view: &RequestView<'_>, asked: Option<usize>) -> Result<Evidence, Refusal> {
        if let Some(evidence) = self.session_of(view).await? {
            return Ok(evidence);
        }
        let client = asked.unwrap_or(0);
        let found = search::find(self.conf().methods, &self.conf().search, view).map_err(malformed)?;
        let Some(Found { credential, spots }) = found else {
            return Err(Refusal::no_credential());
        };
        let (proof, told) = self.prove(view, client, &credential).await?;
        Ok(Evidence { proof, spots, session: None, told })
    }

    /// The session of the request, with tokens that hold.
    async fn session_of(&self, view: &RequestView<'_>) -> Result<Option<Evidence>, Refusal> {
        let Some(sessions) = &self.sessions else {
            return Ok(None);
        };
        let Some(open) = sessions.open(view).await.map_err(|error| unexpected(&error.into()))? else {
            return Ok(None);
        };
        let open = live(sessions, open).await?;
        let mut proof = open.proof();
        if self.conf().verification.reverify {
            self.verify_again(&proof).await?;
        }
        if let Some(id) = &open.content().consumer {
            proof.consumer = self.consumers.find(crate::config::plugin::ConsumerField::Id, id, false);
        }
        Ok(Some(Evidence { proof, spots: Vec::new(), session: Some(open), told: Vec::new() }))
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
            Credential::RefreshToken(token) => grants::prove(context, view, client, Grant::RefreshToken(token)).await?,
            Credential::Pair(pair) => grants::prove_pair(context, view, client, pair).await?,
        };
        Ok((proof, Vec::new()))
    }

    /// Methods 2 to 5 share one token: its form and what is enabled decide which of them judges it (openid-connect.md 1.3).
    async fn prove_token(&self, view: &RequestView<'_>, client: usize, token: &str) -> Result<(Proof, Told), Refusal> {
        let (context, conf) = (&self.context, self.conf());
        let is_signed = tokens::is_signed(token);
        if !is_signed
            && conf.allows(Method::KongOAuth2)
            && let Some(gateway_tokens) = &self.gateway_tokens
            && let Some(proved) = kong_oauth2::prove(context, gateway_tokens.as_ref(), client, token).await?
        {
            return Ok(proved);
        }
        let mut proof = if is_signed && conf.allows(Method::Bearer) {
            bearer::prove(context, view, client, token).await?
        } else if conf.allows(Method::Introspection) {
            introspection::prove(context, view, client, token).await?
        } else if conf.allows(Method::UserInfo) {
            user_info::prove(context, view, client, token).await?
        } else {
            let detail = "no enabled method takes this token";
            return Err(Refusal::unauthorized(ChallengeError::InvalidToken, "token_unsuitable", detail));
        };
        bearer::add_id_token(context, view, &mut proof).await?;
        Ok((proof, Vec::new()))
    }
}

async fn live(sessions: &Sessions, open: OpenSession) -> Result<OpenSession, Refusal> {
    match sessions.freshen(open).await {
        Ok(Refreshed::Live(open)) => Ok(open),
        Ok(Refreshed::Over) => {
            let detail = "the tokens of the session have expired and could not be refreshed";
            Err(Refusal::unauthorized(ChallengeError::InvalidToken, "session_over", detail))
        }
        Err(error) => Err(unexpected(&error)),
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
