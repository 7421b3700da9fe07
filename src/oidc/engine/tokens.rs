//! Verifying tokens for the engine (openid-connect.md 2.10, 3.4): what the configuration expects of them, and one more
//! try with newly fetched keys when no known key fits. The check list itself is `oidc::verify`.

use std::sync::Arc;

use serde_json::Value;

use crate::domain::method::Method;
use crate::domain::time::UnixSeconds;
use crate::oidc::issuer::IssuerRule;
use crate::oidc::jws::UnverifiedToken;
use crate::oidc::provider::ProviderSnapshot;
use crate::oidc::verify::{Checks, Expectations, TokenError, TokenKind, Verified, time_of, verify};

use super::context::Context;
use super::refusal::{ChallengeError, Refusal};
use super::verified_tokens::KnownToken;

/// Whether a token has the form of a signed one: three parts. Everything else is opaque.
#[must_use]
pub fn is_signed(token: &str) -> bool {
    memchr::memchr_iter(b'.', token.as_bytes()).count() == 2
}

/// What a token is to be.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    /// Its kind.
    pub kind: TokenKind,
    /// The method that brought it: `ignore_signature` names some.
    pub method: Method,
    /// Index of the client that it concerns.
    pub client: usize,
    /// The nonce of the login that it belongs to.
    pub nonce: Option<&'w str>,
    /// The access token that came with it.
    pub access_token: Option<&'w str>,
    /// Whether the caller brought it without a proof of its own: then no switch leaves out a part of the check list.
    pub is_unproved: bool,
}

impl Wanted<'_> {
    /// A token of a kind.
    #[must_use]
    pub fn new(kind: TokenKind, method: Method, client: usize) -> Self {
        let is_unproved = kind == TokenKind::LogoutToken;
        Self { kind, method, client, nonce: None, access_token: None, is_unproved }
    }

    fn name(&self) -> &'static str {
        match self.kind {
            TokenKind::IdToken | TokenKind::CarriedIdToken => "ID token",
            TokenKind::AccessToken => "access token",
            TokenKind::UserInfo => "UserInfo answer",
            TokenKind::Introspection => "introspection answer",
            TokenKind::LogoutToken => "logout token",
        }
    }
}

impl Context {
    /// Issuers that count, by the configuration and what is known of the provider.
    #[must_use]
    pub fn issuers(&self, snapshot: &ProviderSnapshot) -> IssuerRule {
        IssuerRule::new(&self.conf.provider.issuers_allowed, &snapshot.metadata.issuer)
    }

    /// What the configuration expects of a token.
    #[must_use]
    pub fn expectations<'e>(&'e self, wanted: Wanted<'e>, issuers: &'e IssuerRule) -> Expectations<'e> {
        let verification = &self.conf.verification;
        let client = self.client(wanted.client);
        let hmac_secret = client.and_then(|client| client.secret.as_ref()).filter(|_| verification.hs_signatures);
        Expectations {
            nonce: wanted.nonce,
            max_age: self.conf.authorization.max_age,
            access_token: wanted.access_token,
            domains: &verification.domains,
            hmac_secret,
            checks: self.checks(wanted),
            leeway: verification.leeway,
            ..Expectations::new(
                wanted.kind,
                issuers,
                client.map(|client| client.id.as_str()).unwrap_or_default(),
                self.clock.now(),
            )
        }
    }

    fn checks(&self, wanted: Wanted<'_>) -> Checks {
        let verification = &self.conf.verification;
        if wanted.is_unproved {
            return Checks::ALL;
        }
        let signature = verification.signature && !verification.ignore_signature.has(wanted.method);
        Checks { signature, claims: verification.claims }
    }

    /// What a signed token says, verified now or a moment ago.
    ///
    /// # Errors
    /// It is not acceptable, or the provider is unknown and does not answer.
    pub async fn known_token(&self, token: &str, wanted: Wanted<'_>) -> Result<KnownToken, Refusal> {
        let snapshot = self.provider.snapshot().await?;
        let client = self.client(wanted.client).map(|client| client.id.as_str()).unwrap_or_default();
        let proved = if wanted.is_unproved { "unproved" } else { "proved" };
        let companions = [proved, wanted.nonce.unwrap_or_default(), wanted.access_token.unwrap_or_default()];
        let parts = [wanted.name(), wanted.method.name(), client, token];
        let key = self.verified.key(parts.into_iter().chain(companions));
        if let Some(known) = self.verified.find(key, &snapshot, self.clock.now()).await {
            return Ok(known);
        }
        let (verified, snapshot) = Box::pin(self.verify_with(&snapshot, token, wanted)).await?;
        let good_until = self.good_until(&verified.claims).filter(|_| self.checks(wanted).claims);
        let known = KnownToken { claims: Arc::new(verified.claims), jwk: verified.jwk };
        self.verified.keep(key, token, known.clone(), good_until, snapshot).await;
        Ok(known)
    }

    /// When time alone makes a verified token unacceptable.
    fn good_until(&self, claims: &Value) -> Option<UnixSeconds> {
        let leeway = self.conf.verification.leeway;
        let expiry = time_of(claims, "exp").map(|end| end.plus(leeway));
        let login = self.conf.authorization.max_age.zip(time_of(claims, "auth_time"));
        let login_end = login.map(|(max_age, at)| at.plus(max_age).plus(leeway).plus(1));
        [expiry, login_end].into_iter().flatten().min()
    }

    /// Verifies a signed token, with newly fetched keys when no known one fits.
    ///
    /// # Errors
    /// It is not acceptable, or the provider is unknown and does not answer.
    pub async fn verify(&self, token: &str, wanted: Wanted<'_>) -> Result<Verified, Refusal> {
        let snapshot = self.provider.snapshot().await?;
        self.verify_with(&snapshot, token, wanted).await.map(|(verified, _)| verified)
    }

    /// [`Self::verify`] with what is known of the provider; gives back what was known when it succeeded.
    ///
    /// # Errors
    /// It is not acceptable.
    pub async fn verify_with(
        &self,
        snapshot: &Arc<ProviderSnapshot>,
        token: &str,
        wanted: Wanted<'_>,
    ) -> Result<(Verified, Arc<ProviderSnapshot>), Refusal> {
        let check = |snapshot: &ProviderSnapshot| {
            let issuers = self.issuers(snapshot);
            verify(token, &snapshot.keys, &self.expectations(wanted, &issuers))
        };
        let verdict = match check(snapshot) {
            Err(TokenError::UnknownKey) => match self.provider.rediscover(snapshot).await {
                Some(newer) => check(&newer).map(|verified| (verified, newer)),
                None => Err(TokenError::UnknownKey),
            },
            verdict => verdict.map(|verified| (verified, Arc::clone(snapshot))),
        };
        verdict.map_err(|error| {
            let detail = describe(&error, wanted.name(), token, &self.issuers(snapshot));
            Refusal::unauthorized(ChallengeError::InvalidToken, error.code(), detail)
        })
    }
}

/// The failure in the words that operators look for.
fn describe(error: &TokenError, name: &str, token: &str, issuers: &IssuerRule) -> String {
    let time = |claim: &str| {
        let claims = UnverifiedToken::parse(token).ok().map(UnverifiedToken::into_claims).unwrap_or_default();
        let sent = claims.get(claim).map(Value::to_string).unwrap_or_default();
        format!("invalid {claim} claim ({sent}) was specified for {name}")
    };
    match error {
        TokenError::Expired => time("exp"),
        TokenError::NotYetValid => time("nbf"),
        TokenError::IssuedInFuture => time("iat"),
        TokenError::Signature => format!("invalid signature of the {name}"),
        TokenError::Issuer(issuer) => {
            format!("issuer mismatch: {name} of {issuer:?}, expected {}", issuers.names().join(", "))
        }
        other => format!("the {name} is not acceptable: {other}"),
    }
}
