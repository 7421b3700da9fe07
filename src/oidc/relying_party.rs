//! The relying party: starts a login, finishes it, refreshes its tokens, and knows where to log out
//! (openid-connect.md 2.9, 5.6, 6.2). Called by the login and session services.

use std::borrow::Cow;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use crate::config::auth_conf::RelyingPartyConf;
use crate::config::plugin::AuthorizationRequestConf;
use crate::domain::claims::ClaimPath;
use crate::domain::identity::Identity;
use crate::domain::time::Clock;
use crate::http_client::HttpClient;
use crate::sealing::random_token;

use super::authorization_request::{self, AuthorizationRequest, Challenge};
use super::authorization_response::AuthorizationResponse;
use super::code_flow::{self, EndSession};
use super::error::{Endpoint, OidcError, RefreshError};
use super::issuer::IssuerRule;
use super::pending_login::{LoginPurpose, PendingLogin};
use super::provider::{Provider, ProviderSnapshot, ProviderStatus};
use super::same_login::is_same_login;
use super::token_endpoint::{self, TokenAnswer};
use super::tokens::TokenSet;
use super::user_info::{UserInfoAnswer, UserInfoRequest};
use super::verify::{Expectations, TokenError, TokenKind, verify};

/// A finished login.
#[derive(Clone, Debug)]
pub struct LoginOutcome {
    /// Who it is.
    pub identity: Identity,
    /// What came along.
    pub tokens: TokenSet,
}

/// One client at one provider; clones share the provider's metadata and keys.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    conf: Arc<RelyingPartyConf>,
    provider: Provider,
    http: HttpClient,
    clock: Clock,
}

impl RelyingParty {
    /// The relying party of a configuration. Asks the provider nothing yet, so a server starts without it.
    #[must_use]
    pub fn new(conf: RelyingPartyConf, http: HttpClient, clock: Clock) -> Self {
        authorization_request::warn_about_own_parameters(&conf.request);
        let provider = Provider::new(&conf.provider, http.clone(), clock.clone());
        Self { conf: Arc::new(conf), provider, http, clock }
    }

    /// What is known of the provider, for the status page.
    #[must_use]
    pub fn status(&self) -> ProviderStatus {
        self.provider.status()
    }

    /// The provider, for callers that want its metadata.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Starts a login: where to send the browser, and what to remember until it comes back. `return_to` is only
    /// remembered; whoever redirects there must check it.
    ///
    /// # Errors
    /// The provider is unknown and unreachable, it has no authorization endpoint, or `redirect_uri` has no element
    /// `redirect_index`.
    pub async fn start_login(
        &self,
        redirect_index: usize,
        return_to: Option<String>,
    ) -> Result<(Url, PendingLogin), OidcError> {
        let redirect_uri = self.redirect_uri(redirect_index)?;
        let snapshot = self.provider.snapshot().await?;
        let endpoint = snapshot.metadata.endpoints.authorization.clone();
        let endpoint = endpoint.ok_or(OidcError::NoEndpoint(Endpoint::Authorization))?;
        let pending = PendingLogin {
            state: random_token(),
            nonce: random_token(),
            code_verifier: (self.conf.request.pkce != Some(false)).then(|| random_token().into()),
            redirect_index,
            return_to,
            created_at: self.clock.now(),
            purpose: LoginPurpose::SignIn,
            issuer: None,
            redirect_uri: None,
        };
        let request = AuthorizationRequest {
            endpoint,
            client_id: &self.conf.client.id,
            conf: &self.request_conf(&snapshot),
            redirect_uri: redirect_uri.as_str(),
            pending: &pending,
            challenge: Challenge::S256,
            relayed: Vec::new(),
        };
        Ok((request.url(), pending))
    }

    /// Finishes a login with the provider's answer: redeems the code once, verifies the ID token, and asks UserInfo
    /// when configured. The caller has already taken `pending` out of the cookie.
    ///
    /// # Errors
    /// Any [`OidcError`]; its class says what it means for the person.
    pub async fn finish_login(
        &self,
        pending: &PendingLogin,
        response: AuthorizationResponse,
    ) -> Result<LoginOutcome, OidcError> {
        let snapshot = self.provider.snapshot().await?;
        let code = code_flow::checked_code(&snapshot, pending, &response)?;
        let answer = self.redeem(&snapshot, pending, &code).await?;
        let tokens = self.token_set(&answer, None, None).ok_or(OidcError::NoIdToken)?;
        let nonce = self.conf.verification.nonce.then_some(pending.nonce.as_str());
        let (claims, snapshot) = self.verify_id_token(&snapshot, &tokens, nonce, self.conf.request.max_age).await?;
        if response.issuer.is_some_and(|issuer| claims.get("iss") != Some(&Value::String(issuer)))
            && self.conf.provider.issuers_allowed.is_empty()
        {
            return Err(OidcError::IssuerParameter);
        }
        let identity = self.identity(&snapshot, claims, &tokens).await?;
        Ok(LoginOutcome { identity, tokens })
    }

    /// Trades the refresh token for new tokens. The old refresh token and ID token stay when no new ones come.
    ///
    /// # Errors
    /// [`RefreshError`]; only [`RefreshError::Transport`] leaves the session as it was.
    pub async fn refresh(&self, tokens: &TokenSet) -> Result<TokenSet, RefreshError> {
        let refresh_token = tokens.refresh_token.as_ref().ok_or(RefreshError::NoRefreshToken)?;
        let snapshot = self.provider.snapshot().await.map_err(RefreshError::Transport)?;
        let answer = token_endpoint::refresh(&self.conf, &snapshot.metadata, &self.http, refresh_token).await;
        let answer = answer.map_err(RefreshError::from)?;
        let old_id_token = &tokens.id_token;
        let refreshed = self.token_set(&answer, tokens.refresh_token.as_ref(), Some(old_id_token));
        let refreshed = refreshed.ok_or(RefreshError::Unacceptable(OidcError::NoIdToken))?;
        if answer.id_token.is_some() {
            let verified = self.verify_id_token(&snapshot, &refreshed, None, None).await;
            let (claims, _) = verified.map_err(RefreshError::Unacceptable)?;
            is_same_login(old_id_token, &claims).map_err(RefreshError::Unacceptable)?;
        }
        Ok(refreshed)
    }

    /// Where to send the browser to end the login at the provider too (OpenID Connect RP-Initiated Logout 1.0).
    /// `None` when the provider has no such place, or is not known and does not answer.
    pub async fn end_session_url(
        &self,
        id_token_hint: Option<&SecretString>,
        redirect_index: usize,
        state: &str,
    ) -> Option<Url> {
        let snapshot = self.provider.snapshot().await.ok()?;
        let endpoint = snapshot.metadata.endpoints.end_session.clone()?;
        let redirect_uri = self.conf.logout_redirect_uri.get(redirect_index).or(self.conf.logout_redirect_uri.first());
        let (client_id, redirect_uri) = (Some(self.conf.client.id.as_str()), redirect_uri.map(Url::as_str));
        Some(EndSession { endpoint, client_id, id_token_hint, redirect_uri, state }.url())
    }

    /// What is asked for. `openid` always is: a provider that leaves it out of its list has it all the same.
    fn request_conf(&self, snapshot: &ProviderSnapshot) -> Cow<'_, AuthorizationRequestConf> {
        let conf = &self.conf.request;
        let Some(offered) = snapshot.metadata.scopes.as_ref().filter(|_| self.conf.only_supported_scopes) else {
            return Cow::Borrowed(conf);
        };
        let is_offered = |scope: &&String| *scope == "openid" || offered.contains(scope);
        let (scopes, dropped): (Vec<_>, Vec<_>) = conf.scopes.iter().partition(is_offered);
        if dropped.is_empty() {
            return Cow::Borrowed(conf);
        }
        tracing::warn!(issuer = snapshot.metadata.issuer, ?dropped, "the provider has no such scopes; not asked for");
        Cow::Owned(AuthorizationRequestConf { scopes: scopes.into_iter().cloned().collect(), ..conf.clone() })
    }

    fn redirect_uri(&self, index: usize) -> Result<&Url, OidcError> {
        self.conf.redirect_uri.get(index).ok_or(OidcError::NoRedirectUri(index))
    }

    async fn redeem(
        &self,
        snapshot: &ProviderSnapshot,
        pending: &PendingLogin,
        code: &SecretString,
    ) -> Result<TokenAnswer, OidcError> {
        let redirect_uri = self.redirect_uri(pending.redirect_index)?;
        let verifier = pending.code_verifier.as_ref();
        let metadata = &snapshot.metadata;
        token_endpoint::redeem(&self.conf, metadata, &self.http, code, redirect_uri, verifier)
            .await
            .map_err(OidcError::from)
    }

    /// The answer's tokens, with earlier ones where it has none; `None` without any ID token.
    fn token_set(
        &self,
        answer: &TokenAnswer,
        earlier_refresh_token: Option<&SecretString>,
        earlier_id_token: Option<&SecretString>,
    ) -> Option<TokenSet> {
        Some(TokenSet {
            access_token: answer.access_token.clone(),
            refresh_token: answer.refresh_token.as_ref().or(earlier_refresh_token).cloned(),
            id_token: answer.id_token.as_ref().or(earlier_id_token)?.clone(),
            expires_at: answer.lifetime.map(|seconds| self.clock.now().plus(seconds)),
        })
    }

    async fn verify_id_token(
        &self,
        snapshot: &Arc<ProviderSnapshot>,
        tokens: &TokenSet,
        nonce: Option<&str>,
        max_age: Option<i64>,
    ) -> Result<(Value, Arc<ProviderSnapshot>), OidcError> {
        let check = |snapshot: &ProviderSnapshot| {
            let issuers = self.issuers(snapshot);
            let expected = Expectations {
                nonce,
                max_age,
                access_token: Some(tokens.access_token.expose_secret()),
                ..self.expectations(TokenKind::IdToken, &issuers)
            };
            verify(tokens.id_token.expose_secret(), &snapshot.keys, &expected).map(|verified| verified.claims)
        };
        self.with_newer_keys(snapshot, check).await.map_err(OidcError::IdToken)
    }

    /// Runs a check; when no key fits, once more with newly fetched keys (openid-connect.md 3.4).
    async fn with_newer_keys(
        &self,
        snapshot: &Arc<ProviderSnapshot>,
        check: impl Fn(&ProviderSnapshot) -> Result<Value, TokenError>,
    ) -> Result<(Value, Arc<ProviderSnapshot>), TokenError> {
        match check(snapshot) {
            Ok(claims) => Ok((claims, Arc::clone(snapshot))),
            Err(TokenError::UnknownKey) => match self.provider.rediscover(snapshot).await {
                Some(newer) => check(&newer).map(|claims| (claims, newer)),
                None => Err(TokenError::UnknownKey),
            },
            Err(error) => Err(error),
        }
    }

    async fn identity(
        &self,
        snapshot: &Arc<ProviderSnapshot>,
        claims: Value,
        tokens: &TokenSet,
    ) -> Result<Identity, OidcError> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let subject = text("sub").ok_or(OidcError::IdToken(TokenError::Claim("sub")))?;
        let user_info = if self.conf.search_user_info || self.wants_more(snapshot, &claims) {
            Some(self.user_info(snapshot, &tokens.access_token, &subject).await?)
        } else {
            None
        };
        Ok(Identity {
            issuer: text("iss").ok_or(OidcError::IdToken(TokenError::Claim("iss")))?,
            subject,
            idp_session: text("sid"),
            id_token_claims: claims,
            user_info,
            access_token_claims: self.access_token_claims(snapshot, &tokens.access_token),
        })
    }

    /// Whether UserInfo may tell a wanted claim that the ID token lacks.
    fn wants_more(&self, snapshot: &ProviderSnapshot, claims: &Value) -> bool {
        let is_missing = |path: &ClaimPath| path.find(claims).is_none();
        snapshot.metadata.endpoints.userinfo.is_some() && self.conf.wanted_claims.iter().any(is_missing)
    }

    async fn user_info(
        &self,
        snapshot: &Arc<ProviderSnapshot>,
        access_token: &SecretString,
        subject: &str,
    ) -> Result<Value, OidcError> {
        let url = snapshot.metadata.endpoints.userinfo.as_ref().ok_or(OidcError::NoEndpoint(Endpoint::UserInfo))?;
        let claims = match UserInfoRequest::default().ask(&self.http, url, access_token).await? {
            UserInfoAnswer::Claims(claims) => claims,
            UserInfoAnswer::Signed(token) => {
                let check = |snapshot: &ProviderSnapshot| {
                    let issuers = self.issuers(snapshot);
                    let verified = verify(&token, &snapshot.keys, &self.expectations(TokenKind::UserInfo, &issuers));
                    verified.map(|verified| verified.claims)
                };
                self.with_newer_keys(snapshot, check).await.map_err(OidcError::UserInfoToken)?.0
            }
        };
        // OpenID Connect Core 5.3.2: without this check another person's claims could be slipped in.
        if claims.get("sub").and_then(Value::as_str) == Some(subject) {
            Ok(claims)
        } else {
            Err(OidcError::UserInfoSubject)
        }
    }

    /// The claims of an access token that is a token of this issuer. An opaque one, or one made for another
    /// verifier, is no failure: it has no claims for us.
    fn access_token_claims(&self, snapshot: &ProviderSnapshot, access_token: &SecretString) -> Option<Value> {
        let issuers = self.issuers(snapshot);
        let expected = self.expectations(TokenKind::AccessToken, &issuers);
        match verify(access_token.expose_secret(), &snapshot.keys, &expected) {
            Ok(verified) => Some(verified.claims),
            Err(error) => {
                tracing::debug!(code = error.code(), "the access token gives no claims");
                None
            }
        }
    }

    fn issuers(&self, snapshot: &ProviderSnapshot) -> IssuerRule {
        IssuerRule::new(&self.conf.provider.issuers_allowed, &snapshot.metadata.issuer)
    }

    fn expectations<'e>(&'e self, kind: TokenKind, issuers: &'e IssuerRule) -> Expectations<'e> {
        Expectations {
            leeway: self.conf.verification.leeway,
            ..Expectations::new(kind, issuers, &self.conf.client.id, self.clock.now())
        }
    }
}
