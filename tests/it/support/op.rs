//! A small OpenID Provider of ours with real keys, where one changed field is one test. It is strict where a provider
//! must be: codes are good once, for their client, `redirect_uri` and PKCE verifier. It signs in whoever comes, as
//! the configured user.
//!
//! ```ignore
//! let op = Op::start().await;
//! op.change(|b| b.user = User::new("bob", json!({"email": "bob@example.com"})));
//! op.edit_id_token(|draft| draft.claims["aud"] = json!("other"));
//! op.break_door(Door::Token, Fault::Status(503));
//! let answer = op.sign_in(&authorization_url).await; // the query or form body of the redirect back
//! assert_eq!(op.hits(Door::Jwks), 1);
//! ```

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kong_sso::config::auth_conf::RelyingPartyConf;
use kong_sso::config::plugin::{AuthorizationRequestConf, ClientConf, ProviderConf, VerificationConf};
use kong_sso::config::settings::EgressSettings;
use kong_sso::domain::time::Clock;
use kong_sso::http_client::HttpClient;
use kong_sso::oidc::RelyingParty;
use kong_sso::sealing::random_token;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::op_grants::Asked;
use super::op_keys::{OpKey, signing_input};
use super::op_routes::{OpState, routes};

pub const CLIENT_ID: &str = "kong:manager";
/// With the characters that HTTP Basic gets wrong unless it is form-urlencoded first.
pub const CLIENT_SECRET: &str = "s3cr&t+ %41:ü";
pub const ACCESS_TOKEN_LIFETIME: i64 = 300;
pub const ID_TOKEN_LIFETIME: i64 = 600;

/// An endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    Discovery,
    OauthDiscovery,
    Jwks,
    Authorize,
    Token,
    UserInfo,
    EndSession,
    Introspection,
    Revocation,
}

/// What an endpoint does instead of its work.
#[derive(Clone, Debug)]
pub enum Fault {
    Status(u16),
    Html,
    /// The first half of the right body.
    Truncated,
    /// More than any client should read.
    Huge,
    /// The right answer, too late.
    Slow(Duration),
    Redirect(String),
}

#[derive(Clone, Debug)]
pub struct User {
    pub sub: String,
    /// Claims of ID token and UserInfo.
    pub claims: Value,
}

impl User {
    pub fn new(sub: &str, claims: Value) -> Self {
        Self { sub: sub.into(), claims }
    }
}

/// The `iss` parameter of the authorization response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssParameter {
    Omit,
    Right,
    Other(String),
}

/// What becomes of refresh tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshMode {
    /// A new one each time, the old one is dead.
    Rotate,
    /// None is returned, the old one stays good.
    Keep,
    /// An OAuth error.
    Reject(&'static str),
}

/// Who signs a token.
#[derive(Clone)]
pub enum SignedBy {
    Key(OpKey),
    PublicKeyAsSecret(OpKey),
    Nobody,
}

/// A token before it is signed.
#[derive(Clone)]
pub struct Draft {
    pub header: Value,
    pub claims: Value,
    pub by: SignedBy,
}

type Edit<T> = Option<Arc<dyn Fn(&mut T) + Send + Sync>>;

/// All that can be changed while the provider runs.
pub struct Behaviour {
    pub clock: Clock,
    pub user: User,
    pub keys: Vec<OpKey>,
    pub signing_key: OpKey,
    pub iss_parameter: IssParameter,
    pub refresh: RefreshMode,
    pub id_token_on_refresh: bool,
    pub jwt_access_tokens: bool,
    pub sign_user_info: bool,
    /// `error` instead of a code.
    pub refuse_login: Option<String>,
    /// Accept the client without its secret.
    pub public_client: bool,
    /// Keys with which the client may sign assertions: a JWK Set.
    pub client_jwks: Value,
    /// Forms that came to the revocation endpoint.
    pub revocations: Vec<HashMap<String, String>>,
    pub(super) faults: HashMap<Door, Fault>,
    pub(super) edit_metadata: Edit<Value>,
    edit_id_token: Edit<Draft>,
    edit_token_answer: Edit<Value>,
    pub(super) edit_user_info: Edit<Value>,
    pub(super) hits: HashMap<Door, usize>,
    pub(super) codes: HashMap<String, Grant>,
    pub(super) refresh_tokens: HashMap<String, Grant>,
    pub(super) token_requests: Vec<TokenRequest>,
    /// What introspection says, by token.
    pub introspected: HashMap<String, Value>,
    pub sign_introspection: bool,
    /// Raw key set instead of `keys`.
    pub key_set: Option<Value>,
    /// Refuse every token at `UserInfo`.
    pub refuse_user_info: Option<u16>,
    pub(super) asked: Vec<Asked>,
}

#[derive(Clone, Default)]
pub(super) struct Grant {
    pub(super) nonce: Option<String>,
    pub(super) challenge: Option<String>,
    pub(super) redirect_uri: String,
}

/// What arrived at the token endpoint.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    pub authorization: Option<String>,
    pub form: HashMap<String, String>,
}

/// The running provider; it ends when dropped.
pub struct Op {
    base: Url,
    state: Arc<Mutex<Behaviour>>,
    server: ServerHandle,
}

impl Op {
    pub async fn start() -> Self {
        Self::start_with(Clock::System).await
    }

    /// A provider that lives by `clock`; share it with the relying party to move both.
    pub async fn start_with(clock: Clock) -> Self {
        let state = Arc::new(Mutex::new(Behaviour::new(clock)));
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let shared = Arc::clone(&state);
        // A thread with a runtime of its own: tests may use any runtime, and may block theirs.
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
                let base = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
                let data = Data::new(OpState { base: base.clone(), behaviour: shared });
                let server = HttpServer::new(move || App::new().app_data(data.clone()).configure(routes))
                    .workers(1)
                    .disable_signals()
                    .listen(listener)
                    .unwrap()
                    .run();
                sender.send((base, server.handle())).ok();
                server.await.ok();
            });
        });
        let (base, server) = receiver.await.unwrap();
        Self { base, state, server }
    }

    pub fn issuer(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }

    pub fn url(&self, path: &str) -> Url {
        self.base.join(path).unwrap()
    }

    pub fn change<T>(&self, change: impl FnOnce(&mut Behaviour) -> T) -> T {
        change(&mut lock(&self.state))
    }

    pub fn edit_metadata(&self, edit: impl Fn(&mut Value) + Send + Sync + 'static) {
        self.change(|b| b.edit_metadata = Some(Arc::new(edit)));
    }

    pub fn edit_id_token(&self, edit: impl Fn(&mut Draft) + Send + Sync + 'static) {
        self.change(|b| b.edit_id_token = Some(Arc::new(edit)));
    }

    pub fn edit_token_answer(&self, edit: impl Fn(&mut Value) + Send + Sync + 'static) {
        self.change(|b| b.edit_token_answer = Some(Arc::new(edit)));
    }

    pub fn edit_user_info(&self, edit: impl Fn(&mut Value) + Send + Sync + 'static) {
        self.change(|b| b.edit_user_info = Some(Arc::new(edit)));
    }

    pub fn break_door(&self, door: Door, fault: Fault) {
        self.change(|b| b.faults.insert(door, fault));
    }

    pub fn mend_door(&self, door: Door) {
        self.change(|b| b.faults.remove(&door));
    }

    /// Requests that an endpoint has seen.
    pub fn hits(&self, door: Door) -> usize {
        self.change(|b| b.hits.get(&door).copied().unwrap_or(0))
    }

    pub fn token_requests(&self) -> Vec<TokenRequest> {
        self.change(|b| b.token_requests.clone())
    }

    /// A new key takes over; the old one leaves the key set.
    pub fn rotate_key(&self, key: OpKey) {
        self.change(|b| {
            b.keys = vec![key.clone()];
            b.signing_key = key;
        });
    }

    /// A configuration for [`CLIENT_ID`] at this provider.
    pub fn conf(&self) -> RelyingPartyConf {
        RelyingPartyConf {
            provider: ProviderConf { timeout_ms: 5_000, ..ProviderConf::at(self.base.clone()) },
            client: ClientConf::new(CLIENT_ID.into(), Some(CLIENT_SECRET.into())),
            request: AuthorizationRequestConf {
                scopes: ["openid", "email", "offline_access"].map(String::from).to_vec(),
                ..AuthorizationRequestConf::default()
            },
            verification: VerificationConf::default(),
            search_user_info: false,
            wanted_claims: Vec::new(),
            only_supported_scopes: false,
            redirect_uri: vec![
                Url::parse("https://kong.test/_api/auth").unwrap(),
                Url::parse("https://kong.test/two/auth").unwrap(),
            ],
            logout_redirect_uri: vec![Url::parse("https://kong.test/bye").unwrap()],
        }
    }

    /// A relying party of [`Op::conf`] after a change, on the provider's clock.
    pub fn relying_party(&self, change: impl FnOnce(&mut RelyingPartyConf)) -> RelyingParty {
        let mut conf = self.conf();
        change(&mut conf);
        let timeout = Duration::from_millis(conf.provider.timeout_ms);
        let http = HttpClient::new(&EgressSettings::default(), conf.provider.ssl_verify, timeout).unwrap();
        RelyingParty::new(conf, http, self.change(|b| b.clock.clone()))
    }

    /// What a browser would do: follow the authorization URL and bring back the query, or the form body.
    pub async fn sign_in(&self, authorization_url: &Url) -> String {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        let response = client.get(authorization_url.clone()).send().await.unwrap();
        match response.headers().get("location") {
            Some(location) => Url::parse(location.to_str().unwrap()).unwrap().query().unwrap().to_owned(),
            None => form_body(&response.text().await.unwrap()),
        }
    }
}

impl Drop for Op {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

/// The fields of the first form of a page, urlencoded.
fn form_body(html: &str) -> String {
    let page = scraper::Html::parse_document(html);
    let inputs = scraper::Selector::parse("input[name]").unwrap();
    let mut body = form_urlencoded::Serializer::new(String::new());
    for input in page.select(&inputs) {
        body.append_pair(input.attr("name").unwrap(), input.attr("value").unwrap_or_default());
    }
    body.finish()
}

impl Behaviour {
    fn new(clock: Clock) -> Self {
        let key = OpKey::rsa("rsa-1");
        Self {
            clock,
            user: User::new("alice-id", json!({"email": "alice@example.com", "groups": ["platform-admins"]})),
            keys: vec![key.clone()],
            signing_key: key,
            iss_parameter: IssParameter::Omit,
            refresh: RefreshMode::Rotate,
            id_token_on_refresh: true,
            jwt_access_tokens: false,
            sign_user_info: false,
            refuse_login: None,
            public_client: false,
            client_jwks: json!({ "keys": [] }),
            revocations: Vec::new(),
            faults: HashMap::new(),
            edit_metadata: None,
            edit_id_token: None,
            edit_token_answer: None,
            edit_user_info: None,
            hits: HashMap::new(),
            codes: HashMap::new(),
            refresh_tokens: HashMap::new(),
            token_requests: Vec::new(),
            introspected: HashMap::new(),
            sign_introspection: false,
            key_set: None,
            refuse_user_info: None,
            asked: Vec::new(),
        }
    }

    pub(super) fn header(&self, typ: &str) -> Value {
        json!({"alg": format!("{:?}", self.signing_key.algorithm), "kid": self.signing_key.kid, "typ": typ})
    }

    pub(super) fn user_claims(&self) -> Value {
        let mut claims = self.user.claims.clone();
        claims["sub"] = json!(self.user.sub);
        claims
    }

    fn id_token(&self, issuer: &str, access_token: &str, nonce: Option<&str>) -> String {
        let now = self.clock.now().0;
        let mut claims = self.user_claims();
        let hash = digest::digest(&digest::SHA256, access_token.as_bytes());
        let standard = json!({
            "iss": issuer, "aud": CLIENT_ID, "iat": now, "exp": now + ID_TOKEN_LIFETIME, "auth_time": now,
            "sid": "idp-session", "at_hash": URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]),
        });
        claims.as_object_mut().unwrap().extend(standard.as_object().unwrap().clone());
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        let mut draft = Draft { header: self.header("JWT"), claims, by: SignedBy::Key(self.signing_key.clone()) };
        if let Some(edit) = &self.edit_id_token {
            edit(&mut draft);
        }
        draft.sign()
    }

    fn access_token(&self, issuer: &str) -> String {
        if !self.jwt_access_tokens {
            return format!("opaque-{}", random_token());
        }
        let now = self.clock.now().0;
        let claims = json!({"iss": issuer, "sub": self.user.sub, "aud": "api", "iat": now,
            "exp": now + ACCESS_TOKEN_LIFETIME, "scope": "openid email", "jti": random_token()});
        self.signing_key.sign(&self.header("at+jwt"), &claims)
    }

    pub(super) fn token_answer(
        &mut self,
        issuer: &str,
        grant: Grant,
        with_id_token: bool,
        with_refresh_token: bool,
    ) -> Value {
        let access_token = self.access_token(issuer);
        let mut answer = json!({"access_token": access_token, "token_type": "Bearer",
            "expires_in": ACCESS_TOKEN_LIFETIME});
        if with_id_token {
            answer["id_token"] = json!(self.id_token(issuer, &access_token, grant.nonce.as_deref()));
        }
        if with_refresh_token {
            let token = format!("refresh-{}", random_token());
            self.refresh_tokens.insert(token.clone(), grant);
            answer["refresh_token"] = json!(token);
        }
        if let Some(edit) = &self.edit_token_answer {
            edit(&mut answer);
        }
        answer
    }
}

impl Draft {
    pub fn sign(&self) -> String {
        match &self.by {
            SignedBy::Key(key) => key.sign(&self.header, &self.claims),
            SignedBy::PublicKeyAsSecret(key) => key.sign_with_public_key_as_secret(&self.header, &self.claims),
            SignedBy::Nobody => format!("{}.", signing_input(&self.header, &self.claims)),
        }
    }
}

pub(super) fn lock(state: &Mutex<Behaviour>) -> MutexGuard<'_, Behaviour> {
    state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
