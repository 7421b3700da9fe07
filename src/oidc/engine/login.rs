//! Logins of browsers (openid-connect.md 2.9): a request without credentials is sent to the provider, and what the
//! provider sends back is finished.
//!
//! ```text
//! request --start--> 302 to the provider, login-state cookie
//!                        |
//! request with state <---+ in the query or a form; its login is taken out of the cookie
//!    |  another login's, or none: an ordinary request
//!    +--> code redeemed by the same client, tokens verified --> proof --> what `after_login` makes of it
//! ```

use crate::config::plugin::CookieConf;
use crate::domain::method::Method;
use crate::oidc::authorization_request::{AuthorizationRequest, Challenge};
use crate::oidc::authorization_response::AuthorizationResponse;
use crate::oidc::code_flow;
use crate::oidc::error::{Endpoint, OidcError};
use crate::oidc::form_request::FormRequest;
use crate::oidc::login_cookie::LoginCookie;
use crate::oidc::pending_login::{LoginPurpose, PendingLogin};
use crate::oidc::token_endpoint::{self, TokenAnswer};
use crate::oidc::token_failure::TokenFailure;
use crate::sealing::random_token;
use secrecy::{ExposeSecret as _, SecretString};
use url::form_urlencoded;

use super::context::Context;
use super::extras::Extras;
use super::methods::grants;
use super::proof::Proof;
use super::refusal::{ChallengeError, Refusal};
use super::request::RequestView;
use super::session::SessionSecret;
use super::set_cookie;
use super::verdict::Answer;

/// Parameters of an authorization response that are not the upstream's.
pub(super) const RESPONSE_PARAMETERS: [&str; 7] =
    ["code", "state", "session_state", "iss", "scope", "error", "error_description"];
/// Seconds in which two answers without their login are a loop, not bad luck.
const LOOP_WINDOW: i64 = 10;

/// An answer of the provider that came to its login.
#[derive(Debug)]
pub struct Callback {
    /// What it proved.
    pub outcome: Result<Proof, Refusal>,
    /// The login.
    pub pending: PendingLogin,
    /// Cookies of the answer to the browser: the login is over.
    pub cookies: Vec<String>,
}

/// Logins of one plugin instance.
#[derive(Clone)]
pub struct Login {
    context: Context,
    secret: SessionSecret,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").finish_non_exhaustive()
    }
}

impl Login {
    /// Logins whose cookies are sealed with `secret`.
    #[must_use]
    pub const fn new(context: Context, secret: SessionSecret) -> Self {
        Self { context, secret }
    }

    /// Sends the browser to the provider.
    ///
    /// # Errors
    /// The provider is unknown and does not answer, or there is no client; the browser has just come back without its
    /// login for the second time.
    pub async fn start(&self, view: &RequestView<'_>, client: usize) -> Result<Answer, Refusal> {
        let lost = self.check_loop(view)?;
        let snapshot = self.context.provider.snapshot().await?;
        let endpoint = snapshot.metadata.endpoints.authorization.clone();
        let endpoint = endpoint.ok_or(OidcError::NoEndpoint(Endpoint::Authorization))?;
        let conf = &self.context.conf;
        let client_conf = self.context.client(client).ok_or_else(no_client)?;
        let redirect_uri = client_conf.redirect_uri.clone().unwrap_or_else(|| here(view));
        let challenge =
            Challenge::resolve(conf.authorization.pkce, snapshot.metadata.code_challenge_methods.as_deref());
        let pending = PendingLogin {
            state: random_token(),
            nonce: random_token(),
            code_verifier: challenge.map(|_| random_token().into()),
            redirect_index: client,
            return_to: Some(self.return_to(view)),
            created_at: self.context.clock.now(),
            purpose: LoginPurpose::SignIn,
            issuer: Some(conf.provider.name.clone()),
            redirect_uri: Some(redirect_uri.clone()),
        };
        let request = AuthorizationRequest {
            endpoint,
            client_id: &client_conf.id,
            conf: &conf.authorization,
            redirect_uri: &redirect_uri,
            pending: &pending,
            challenge: challenge.unwrap_or(Challenge::S256),
            relayed: relayed(&conf.authorization.relayed_args, view),
        };
        let url = request.url();
        let mut cookie = self.cookie(view);
        cookie.add(pending);
        let mut answer = redirect(url.as_str());
        answer.headers.extend(self.set_cookie(view, &cookie)?.into_iter().chain(lost).map(as_header));
        Ok(answer)
    }

    /// Finishes the login that a request brings the answer of; `None` for an ordinary request, and for the answer to a
    /// login that this browser has not started.
    pub async fn callback(&self, view: &RequestView<'_>) -> Option<Callback> {
        view.cookie(&self.cookie_conf().name)?;
        let response = response(view)?;
        let mut cookie = self.cookie(view);
        let pending = cookie.take(&response.state)?;
        let is_ours = pending.issuer.as_deref() == Some(self.context.conf.provider.name.as_str());
        if !is_ours {
            return None;
        }
        let cookies = self.set_cookie(view, &cookie).unwrap_or_default();
        let outcome = Box::pin(self.finish(view, &pending, &response)).await;
        Some(Callback { outcome, pending, cookies })
    }

    /// Whether the arguments of the body decide what a request is: a form that the provider lets the browser post.
    #[must_use]
    pub fn wants_body(&self, view: &RequestView<'_>) -> bool {
        view.method == "POST" && view.cookie(&self.cookie_conf().name).is_some()
    }

    /// The cookies that make the browser forget every started login.
    #[must_use]
    pub fn forget(&self, view: &RequestView<'_>) -> Vec<String> {
        let conf = self.cookie_conf();
        let clear = || set_cookie::clear(&conf.name, &set_cookie::attributes(conf, view.scheme));
        view.cookie(&conf.name).map(|_| clear()).into_iter().collect()
    }

    async fn finish(
        &self,
        view: &RequestView<'_>,
        pending: &PendingLogin,
        response: &AuthorizationResponse,
    ) -> Result<Proof, Refusal> {
        let snapshot = self.context.provider.snapshot().await?;
        let code = code_flow::checked_code(&snapshot, pending, response)?;
        let client = pending.redirect_index;
        let answer = self.redeem(view, pending, &code).await?;
        if answer.id_token.is_none() && self.context.conf.authorization.scopes.iter().any(|scope| scope == "openid") {
            return Err(OidcError::NoIdToken.into());
        }
        let nonce = self.context.conf.verification.nonce.then_some(pending.nonce.as_str());
        grants::verified(&self.context, Method::AuthorizationCode, client, &answer, nonce).await
    }

    /// The same client with the same `redirect_uri` and its verifier (RFC 6749 4.1.3).
    async fn redeem(
        &self,
        view: &RequestView<'_>,
        pending: &PendingLogin,
        code: &SecretString,
    ) -> Result<TokenAnswer, Refusal> {
        let context = &self.context;
        let metadata = &context.provider.snapshot().await?.metadata;
        let url = metadata.endpoints.token.as_ref().ok_or(OidcError::NoEndpoint(Endpoint::Token))?;
        let mut request = FormRequest::new();
        context.prove_client(pending.redirect_index, Endpoint::Token, metadata, &mut request).await?;
        Extras::of_token(&context.conf, view).add_to(&mut request);
        request.replace("grant_type", "authorization_code");
        request.replace("code", code.expose_secret());
        request.replace("redirect_uri", pending.redirect_uri.as_deref().unwrap_or_default());
        if let Some(verifier) = &pending.code_verifier {
            request.replace("code_verifier", verifier.expose_secret());
        }
        let own_secret = context.client(pending.redirect_index).and_then(|client| client.secret.as_ref());
        let secrets = [Some(code), pending.code_verifier.as_ref(), own_secret];
        let answer = token_endpoint::ask(&context.http, url, request, &secrets).await;
        answer.map_err(|failure: TokenFailure| OidcError::from(failure).into())
    }

    fn cookie_conf(&self) -> &CookieConf {
        &self.context.conf.session.login_cookie
    }

    fn cookie(&self, view: &RequestView<'_>) -> LoginCookie {
        let value = view.cookie(&self.cookie_conf().name).unwrap_or_default();
        let timeout = self.context.conf.session.login_timeout;
        let timeout = if timeout > 0 { timeout } else { i64::MAX };
        LoginCookie::from_value(&self.secret.sealer(), value, self.context.clock.now(), timeout)
    }

    fn set_cookie(&self, view: &RequestView<'_>, cookie: &LoginCookie) -> Result<Vec<String>, Refusal> {
        if cookie.is_empty() {
            return Ok(self.forget(view));
        }
        let conf = self.cookie_conf();
        let value = cookie
            .to_value(&self.secret.sealer())
            .map_err(|error| Refusal::unexpected("login_cookie", error.to_string()))?;
        Ok(vec![set_cookie::set(&conf.name, &value, &set_cookie::attributes(conf, view.scheme), None)])
    }

    /// Path and, when it is to be kept, query of a request: the same origin always. The rest of a lost answer is left out.
    fn return_to(&self, view: &RequestView<'_>) -> String {
        let keeps = self.context.conf.authorization.preserve_query && !is_answer(view);
        match view.query.filter(|query| keeps && !query.is_empty()) {
            Some(query) => format!("{}?{query}", view.path),
            None => view.path.to_owned(),
        }
    }

    /// An answer that comes without its login starts a new one; when that happens again at once, the browser keeps no
    /// cookies, and to go on would never end.
    fn check_loop(&self, view: &RequestView<'_>) -> Result<Option<String>, Refusal> {
        if !is_answer(view) {
            return Ok(None);
        }
        let conf = self.cookie_conf();
        let name = format!("{}_lost", conf.name);
        if view.cookie(&name).is_some() {
            let detail = "two answers of the provider came without the cookie of their login";
            return Err(Refusal::unauthorized(ChallengeError::InvalidRequest, "login_loop", detail));
        }
        Ok(Some(set_cookie::set(&name, "1", &set_cookie::attributes(conf, view.scheme), Some(LOOP_WINDOW))))
    }
}

fn no_client() -> Refusal {
    Refusal::unexpected("client_missing", "authorization_code is enabled without a client_id")
}

/// A redirect of the engine.
pub(super) fn redirect(to: &str) -> Answer {
    Answer {
        status: 302,
        headers: vec![("location".to_owned(), to.to_owned()), ("cache-control".to_owned(), "no-store".to_owned())],
        body: None,
        reason: None,
    }
}

/// A cookie as a header of an answer.
pub(super) fn as_header(cookie: String) -> (String, String) {
    ("set-cookie".to_owned(), cookie)
}

/// The external URL of a request without its query, percent-encodings as they were sent.
fn here(view: &RequestView<'_>) -> String {
    format!("{}://{}{}", view.scheme, view.authority, view.path)
}

/// The arguments that a request lends to the authorization request.
fn relayed(names: &[String], view: &RequestView<'_>) -> Vec<(String, String)> {
    let find = |name: &String| {
        let value = view.query_argument(name).or_else(|| view.body?.get(name).map(str::to_owned))?;
        Some((name.clone(), value))
    };
    names.iter().filter_map(find).collect()
}

/// The provider's answer in a request: in the query, or in a posted form.
fn response(view: &RequestView<'_>) -> Option<AuthorizationResponse> {
    let posted = view
        .body
        .filter(|_| view.method == "POST")
        .map(|body| form_urlencoded::Serializer::new(String::new()).extend_pairs(body.0.iter()).finish().into_bytes());
    let in_body = posted.and_then(|form| AuthorizationResponse::parse(&form).ok());
    in_body.or_else(|| AuthorizationResponse::parse(view.query?.as_bytes()).ok())
}

/// Whether a request looks like an answer of a provider.
fn is_answer(view: &RequestView<'_>) -> bool {
    response(view).is_some()
}
