//! Credentials that are traded for tokens at once (openid-connect.md 2.6 to 2.8): refresh tokens, passwords, and the
//! secrets of clients.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use crate::config::auth_conf::ClientAuth;
use crate::config::plugin::ClientConf;
use crate::domain::method::Method;
use crate::domain::time::UnixSeconds;
use crate::oidc::client_auth;
use crate::oidc::engine::cache::{self, Fresh, Key};
use crate::oidc::engine::context::Context;
use crate::oidc::engine::extras::Extras;
use crate::oidc::engine::proof::Proof;
use crate::oidc::engine::refusal::{ChallengeError, Refusal};
use crate::oidc::engine::request::RequestView;
use crate::oidc::engine::search::Pair;
use crate::oidc::engine::tokens::{self, Wanted};
use crate::oidc::error::{Endpoint, OidcError};
use crate::oidc::form_request::FormRequest;
use crate::oidc::provider::ProviderSnapshot;
use crate::oidc::same_login::is_same_login;
use crate::oidc::token_endpoint::{self, TokenAnswer};
use crate::oidc::token_failure::{TokenFailure, is_temporary};
use crate::oidc::verify::TokenKind;

/// A grant: what is traded for tokens.
#[derive(Clone, Copy, Debug)]
pub enum Grant<'g> {
    /// A refresh token.
    RefreshToken(&'g SecretString),
    /// A person's name and password.
    Password(&'g str, &'g SecretString),
    /// A client's id and secret.
    ClientCredentials(&'g str, &'g SecretString),
}

impl<'g> Grant<'g> {
    /// `grant_type`.
    fn name(self) -> &'static str {
        self.method().name()
    }

    fn method(self) -> Method {
        match self {
            Self::RefreshToken(_) => Method::RefreshToken,
            Self::Password(..) => Method::Password,
            Self::ClientCredentials(..) => Method::ClientCredentials,
        }
    }

    fn parts(self) -> [&'g str; 2] {
        match self {
            Self::RefreshToken(token) => [token.expose_secret(), ""],
            Self::Password(name, secret) | Self::ClientCredentials(name, secret) => [name, secret.expose_secret()],
        }
    }

    fn secret(self) -> &'g SecretString {
        match self {
            Self::RefreshToken(secret) | Self::Password(_, secret) | Self::ClientCredentials(_, secret) => secret,
        }
    }
}

/// Proves a name with its secret: as a person's, then as a client's, as far as each is enabled.
///
/// # Errors
/// The provider accepts neither, or does not answer.
pub async fn prove_pair(
    context: &Context,
    view: &RequestView<'_>,
    client: usize,
    pair: &Pair,
) -> Result<Proof, Refusal> {
    if pair.as_password {
        match prove(context, view, client, Grant::Password(&pair.name, &pair.secret)).await {
            Err(refusal) if pair.as_client && !refusal.is_temporary() => {
                tracing::debug!(reason = refusal.reason, "openid-connect: no password; tried as a client's secret");
            }
            verdict => return verdict,
        }
    }
    prove(context, view, client, Grant::ClientCredentials(&pair.name, &pair.secret)).await
}

/// Trades a grant for tokens, or remembers them, and verifies what came.
///
/// # Errors
/// The provider refuses or does not answer, or what it gives is not acceptable.
pub async fn prove(
    context: &Context,
    view: &RequestView<'_>,
    client: usize,
    grant: Grant<'_>,
) -> Result<Proof, Refusal> {
    let snapshot = context.provider.snapshot().await?;
    let request = GrantRequest { context, snapshot: &snapshot, client, extras: Extras::of_token(&context.conf, view) };
    Ok(Proof::clone(&request.granted(grant).await?.proof))
}

/// Trades the refresh token of an earlier proof for new tokens, which continue it.
///
/// # Errors
/// The provider refuses or does not answer, or what it gives is not acceptable.
pub async fn refresh(
    context: &Context,
    client: usize,
    refresh_token: &SecretString,
    old: &Proof,
) -> Result<Proof, Refusal> {
    let snapshot = context.provider.snapshot().await?;
    let request = GrantRequest { context, snapshot: &snapshot, client, extras: Extras::of_lone_token(&context.conf) };
    let answer = request.ask(Grant::RefreshToken(refresh_token)).await?;
    let mut proof = verified(context, old.method, client, &answer, None).await?;
    continue_from(&mut proof, old)?;
    Ok(proof)
}

/// What tokens of the token endpoint prove, once they are verified.
///
/// # Errors
/// They are not acceptable.
pub async fn verified(
    context: &Context,
    method: Method,
    client: usize,
    answer: &TokenAnswer,
    nonce: Option<&str>,
) -> Result<Proof, Refusal> {
    let mut proof = Proof::new(method, client);
    let access_token = answer.access_token.expose_secret();
    proof.tokens.access_token = Some(answer.access_token.clone());
    proof.tokens.refresh_token.clone_from(&answer.refresh_token);
    if tokens::is_signed(access_token) {
        let wanted = Wanted::new(TokenKind::AccessToken, method, client);
        proof.set_access_token(context.known_token(access_token, wanted).await?);
    }
    if let Some(id_token) = &answer.id_token {
        // The caller's client is not this plugin's.
        let kind = if method == Method::ClientCredentials { TokenKind::CarriedIdToken } else { TokenKind::IdToken };
        let wanted = Wanted { nonce, access_token: Some(access_token), ..Wanted::new(kind, method, client) };
        let known = context.known_token(id_token.expose_secret(), wanted).await?;
        proof.tokens.id_token = Some(id_token.clone());
        proof.id_token_jwk = known.jwk;
        proof.claims.id_token = Some(known.claims);
    }
    let end = answer.lifetime.map(|seconds| context.clock.now().plus(seconds));
    proof.tokens.expires_at = end.or(proof.tokens.expires_at);
    proof.token_answer = Some(Arc::clone(&answer.whole));
    Ok(proof)
}

/// What a grant has proved.
#[derive(Clone, Debug)]
pub struct Granted {
    proof: Arc<Proof>,
    at: UnixSeconds,
}

impl Granted {
    /// Whether the access token has ended or ends within `leeway` seconds.
    fn is_ending(&self, now: UnixSeconds, leeway: i64) -> bool {
        self.proof.tokens.expires_at.is_some_and(|end| now.plus(leeway) >= end)
    }
}

/// Whoever asks the token endpoint, and with what besides the grant.
struct GrantRequest<'c> {
    context: &'c Context,
    snapshot: &'c ProviderSnapshot,
    client: usize,
    extras: Extras,
}

impl GrantRequest<'_> {
    async fn granted(&self, grant: Grant<'_>) -> Result<Granted, Refusal> {
        if !self.context.conf.cache.tokens {
            return Ok(Box::pin(self.fetch(grant)).await?.value);
        }
        let (key, now) = (self.key(grant), self.context.clock.now());
        let answers = &self.context.grants;
        let granted = answers.get_or_fetch(key, now, async { Box::pin(self.fetch(grant)).await }, |_| false).await?;
        if granted.at == now || !granted.is_ending(now, self.context.conf.verification.leeway) {
            return Ok(granted);
        }
        answers.forget(key).await;
        let renew = async { Box::pin(self.renew(grant, &granted.proof)).await };
        answers.get_or_fetch(key, now, renew, |_| false).await
    }

    /// New tokens by the refresh token of the old ones, else by the grant again.
    async fn renew(&self, grant: Grant<'_>, old: &Proof) -> Result<Fresh<Granted>, Refusal> {
        let refreshed = match old.tokens.refresh_token.as_ref().filter(|_| self.may_refresh(grant)) {
            Some(refresh_token) => self.refreshed(grant, refresh_token, old).await,
            None => return self.fetch(grant).await,
        };
        match refreshed {
            Err(refusal) if !refusal.is_temporary() => self.fetch(grant).await,
            verdict => verdict,
        }
    }

    async fn refreshed(
        &self,
        grant: Grant<'_>,
        refresh_token: &SecretString,
        old: &Proof,
    ) -> Result<Fresh<Granted>, Refusal> {
        let answer = self.ask(Grant::RefreshToken(refresh_token)).await?;
        let mut proof = verified(self.context, grant.method(), self.client, &answer, None).await?;
        continue_from(&mut proof, old)?;
        Ok(self.fresh(proof, &answer))
    }

    /// A refresh token is bound to the client that got it, which is this plugin's with a password only.
    fn may_refresh(&self, grant: Grant<'_>) -> bool {
        matches!(grant, Grant::Password(..)) && self.context.conf.session.refresh_tokens
    }

    fn key(&self, grant: Grant<'_>) -> Key {
        let conf = &self.context.conf;
        let endpoint = self.snapshot.metadata.endpoints.token.as_ref().map(url::Url::as_str).unwrap_or_default();
        let client = self.context.client(self.client).map(|client| client.id.as_str()).unwrap_or_default();
        let scope = self.scope();
        let scope = if conf.cache.key_includes_scope { scope.as_str() } else { "" };
        let audience = conf.authorization.audience.iter().map(String::as_str);
        let fixed = [&*self.context.salt, endpoint, client, grant.name(), scope];
        // A relayed scope is part of the key only when scopes are.
        let extras = self.extras.parts_without(if conf.cache.key_includes_scope { "" } else { "scope" });
        Key::of(fixed.into_iter().chain(grant.parts()).chain(audience).chain(extras))
    }

    fn scope(&self) -> String {
        let relayed = self.extras.args.iter().rev().find(|(name, _)| name == "scope").map(|(_, value)| value.clone());
        relayed.unwrap_or_else(|| self.context.conf.authorization.scopes.join(" "))
    }

    async fn fetch(&self, grant: Grant<'_>) -> Result<Fresh<Granted>, Refusal> {
        let answer = self.ask(grant).await?;
        let proof = verified(self.context, grant.method(), self.client, &answer, None).await?;
        Ok(self.fresh(proof, &answer))
    }

    fn fresh(&self, proof: Proof, answer: &TokenAnswer) -> Fresh<Granted> {
        let at = self.context.clock.now();
        let lifetime = answer.lifetime.or_else(|| Some(proof.tokens.expires_at?.since(at)));
        // The tokens, their claims, and the answer as it came.
        let bytes = answer.whole.to_string().len().saturating_mul(4);
        let ttl = cache::ttl(&self.context.conf.cache, lifetime);
        let tokens = &proof.tokens;
        let about = [&tokens.access_token, &tokens.id_token, &tokens.refresh_token].into_iter().flatten();
        let about = about.map(|token| Key::of_token(token.expose_secret())).collect();
        Fresh { value: Granted { proof: Arc::new(proof), at }, ttl, bytes, about }
    }

    async fn ask(&self, grant: Grant<'_>) -> Result<TokenAnswer, Refusal> {
        let url = self.snapshot.metadata.endpoints.token.as_ref().ok_or(OidcError::NoEndpoint(Endpoint::Token))?;
        let request = self.request(grant).await?;
        let own_secret = self.context.client(self.client).and_then(|client| client.secret.as_ref());
        let answer = token_endpoint::ask(&self.context.http, url, request, &[Some(grant.secret()), own_secret]).await;
        answer.map_err(|failure| refusal(grant, failure))
    }

    async fn request(&self, grant: Grant<'_>) -> Result<FormRequest, OidcError> {
        let conf = &self.context.conf;
        let mut request = FormRequest::new();
        request.push("grant_type", grant.name());
        if !conf.authorization.scopes.is_empty() {
            request.push("scope", &conf.authorization.scopes.join(" "));
        }
        if !matches!(grant, Grant::RefreshToken(_)) {
            for audience in &conf.authorization.audience {
                request.push("audience", audience);
            }
        }
        match grant {
            Grant::RefreshToken(token) => request.push("refresh_token", token.expose_secret()),
            Grant::Password(name, password) => {
                request.push("username", name);
                request.push("password", password.expose_secret());
            }
            Grant::ClientCredentials(..) => {}
        }
        self.prove_client(grant, &mut request).await?;
        self.extras.add_to(&mut request);
        Ok(request)
    }

    /// The plugin's own client, or the caller's when it is the caller's that asks.
    async fn prove_client(&self, grant: Grant<'_>, request: &mut FormRequest) -> Result<(), OidcError> {
        let conf = self.context.conf.token.auth;
        let offered = self.snapshot.metadata.token_auth_methods.as_deref();
        let own = self.context.client(self.client);
        if let Grant::ClientCredentials(id, secret) = grant {
            let wanted = conf.or_else(|| own.and_then(|client| client.auth));
            let client = ClientConf::new(id.to_owned(), Some(secret.clone()));
            return client_auth::prove(&client, method_of_caller(wanted, offered), request);
        }
        self.context.prove_client(self.client, Endpoint::Token, &self.snapshot.metadata, request).await
    }
}

/// Of the methods for a secret that the caller brings: post where it is configured or the only one offered.
fn method_of_caller(configured: Option<ClientAuth>, offered: Option<&[String]>) -> ClientAuth {
    let offers = |name: &str| offered.is_none_or(|offered| offered.iter().any(|one| one == name));
    match configured {
        Some(ClientAuth::SecretPost) => ClientAuth::SecretPost,
        Some(ClientAuth::SecretBasic) => ClientAuth::SecretBasic,
        _ if !offers("client_secret_basic") && offers("client_secret_post") => ClientAuth::SecretPost,
        _ => ClientAuth::SecretBasic,
    }
}

/// What a failure means for the caller: whatever the provider refuses, they have brought.
fn refusal(grant: Grant<'_>, failure: TokenFailure) -> Refusal {
    let refused = |detail: String| Refusal::unauthorized(ChallengeError::InvalidToken, "grant_refused", detail);
    match failure {
        TokenFailure::Refused { code, text } if is_temporary(&code) => {
            OidcError::BadAnswer(Endpoint::Token, text).into()
        }
        TokenFailure::Refused { text, .. } => {
            refused(format!("the provider refused the {} grant: {text}", grant.name()))
        }
        TokenFailure::Failed(OidcError::Status(Endpoint::Token, status @ (400 | 401))) => {
            refused(format!("the provider refused the {} grant with status {status}", grant.name()))
        }
        TokenFailure::Failed(error) => error.into(),
    }
}

/// Keeps what a refresh did not bring anew. A new ID token must continue the login of the old one.
fn continue_from(proof: &mut Proof, old: &Proof) -> Result<(), Refusal> {
    if proof.tokens.refresh_token.is_none() {
        proof.tokens.refresh_token.clone_from(&old.tokens.refresh_token);
    }
    match (&proof.claims.id_token, &old.tokens.id_token) {
        (Some(claims), Some(old)) => is_same_login(old, claims)?,
        (None, Some(_)) => {
            proof.tokens.id_token.clone_from(&old.tokens.id_token);
            proof.claims.id_token.clone_from(&old.claims.id_token);
            proof.id_token_jwk.clone_from(&old.id_token_jwk);
        }
        (_, None) => {}
    }
    Ok(())
}
