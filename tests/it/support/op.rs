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
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Form, Query};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kong_sso::config::auth_conf::{EndpointOverrides, RelyingPartyConf, ResponseMode};
use kong_sso::config::settings::EgressSettings;
use kong_sso::domain::time::Clock;
use kong_sso::http_client::HttpClient;
use kong_sso::oidc::RelyingParty;
use kong_sso::sealing::random_token;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::op_keys::{OpKey, signing_input};

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
    faults: HashMap<Door, Fault>,
    edit_metadata: Edit<Value>,
    edit_id_token: Edit<Draft>,
    edit_token_answer: Edit<Value>,
    edit_user_info: Edit<Value>,
    hits: HashMap<Door, usize>,
    codes: HashMap<String, Grant>,
    refresh_tokens: HashMap<String, Grant>,
    token_requests: Vec<TokenRequest>,
}

#[derive(Clone, Default)]
struct Grant {
    nonce: Option<String>,
    challenge: Option<String>,
    redirect_uri: String,
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
            issuer: self.base.clone(),
            client_id: CLIENT_ID.into(),
            client_secret: Some(CLIENT_SECRET.into()),
            client_auth: None,
            redirect_uri: vec![
                Url::parse("https://kong.test/_api/auth").unwrap(),
                Url::parse("https://kong.test/two/auth").unwrap(),
            ],
            logout_redirect_uri: vec![Url::parse("https://kong.test/bye").unwrap()],
            scopes: ["openid", "email", "offline_access"].map(String::from).to_vec(),
            response_mode: ResponseMode::Query,
            pkce: true,
            verify_nonce: true,
            search_user_info: false,
            leeway: 0,
            max_age: None,
            ssl_verify: true,
            timeout_ms: 5_000,
            rediscovery_lifetime: 30,
            cache_ttl: 3600,
            issuers_allowed: Vec::new(),
            authorization_args: Vec::new(),
            endpoints: EndpointOverrides::default(),
            audience: Vec::new(),
        }
    }

    /// A relying party of [`Op::conf`] after a change, on the provider's clock.
    pub fn relying_party(&self, change: impl FnOnce(&mut RelyingPartyConf)) -> RelyingParty {
        let mut conf = self.conf();
        change(&mut conf);
        let timeout = Duration::from_millis(conf.timeout_ms);
        let http = HttpClient::new(&EgressSettings::default(), conf.ssl_verify, timeout).unwrap();
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
            faults: HashMap::new(),
            edit_metadata: None,
            edit_id_token: None,
            edit_token_answer: None,
            edit_user_info: None,
            hits: HashMap::new(),
            codes: HashMap::new(),
            refresh_tokens: HashMap::new(),
            token_requests: Vec::new(),
        }
    }

    fn header(&self, typ: &str) -> Value {
        json!({"alg": format!("{:?}", self.signing_key.algorithm), "kid": self.signing_key.kid, "typ": typ})
    }

    fn user_claims(&self) -> Value {
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

    fn token_answer(&mut self, issuer: &str, grant: Grant, with_id_token: bool, with_refresh_token: bool) -> Value {
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
    fn sign(&self) -> String {
        match &self.by {
            SignedBy::Key(key) => key.sign(&self.header, &self.claims),
            SignedBy::PublicKeyAsSecret(key) => key.sign_with_public_key_as_secret(&self.header, &self.claims),
            SignedBy::Nobody => format!("{}.", signing_input(&self.header, &self.claims)),
        }
    }
}

fn lock(state: &Mutex<Behaviour>) -> MutexGuard<'_, Behaviour> {
    state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

struct OpState {
    base: Url,
    behaviour: Arc<Mutex<Behaviour>>,
}

impl OpState {
    fn issuer(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }

    fn behaviour(&self) -> MutexGuard<'_, Behaviour> {
        lock(&self.behaviour)
    }

    /// Counts the visit and answers, rightly or as broken.
    async fn answer(&self, door: Door, right: impl FnOnce(&Self, &mut Behaviour) -> HttpResponse) -> HttpResponse {
        let fault = {
            let mut behaviour = self.behaviour();
            *behaviour.hits.entry(door).or_default() += 1;
            behaviour.faults.get(&door).cloned()
        };
        match fault {
            None => right(self, &mut self.behaviour()),
            Some(Fault::Slow(delay)) => {
                actix_web::rt::time::sleep(delay).await;
                right(self, &mut self.behaviour())
            }
            Some(Fault::Status(status)) => HttpResponse::build(StatusCode::from_u16(status).unwrap()).body("down"),
            Some(Fault::Html) => HttpResponse::Ok().content_type("text/html").body("<html>Hello, proxy here.</html>"),
            Some(Fault::Huge) => HttpResponse::Ok().content_type("application/json").streaming(endless()),
            Some(Fault::Redirect(to)) => HttpResponse::Found().insert_header(("location", to)).finish(),
            Some(Fault::Truncated) => {
                let whole = right(self, &mut self.behaviour());
                let body = actix_web::body::to_bytes(whole.into_body()).await.unwrap_or_default();
                HttpResponse::Ok().content_type("application/json").body(body.slice(..body.len() / 2))
            }
        }
    }
}

/// 8 MiB without a length.
fn endless() -> impl futures_util::Stream<Item = Result<web::Bytes, actix_web::Error>> {
    futures_util::stream::iter((0..128).map(|_| Ok(web::Bytes::from(vec![b' '; 64 * 1024]))))
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/.well-known/openid-configuration", web::get().to(discovery))
        .route("/.well-known/oauth-authorization-server", web::get().to(oauth_discovery))
        .route("/jwks", web::get().to(jwks))
        .route("/authorize", web::get().to(authorize))
        .route("/token", web::post().to(token))
        .route("/userinfo", web::get().to(user_info))
        .route("/end-session", web::get().to(end_session));
}

fn metadata(op: &OpState, behaviour: &Behaviour) -> HttpResponse {
    let at = |path: &str| op.base.join(path).unwrap();
    let mut document = json!({
        "issuer": op.issuer(), "authorization_endpoint": at("authorize"), "token_endpoint": at("token"),
        "userinfo_endpoint": at("userinfo"), "end_session_endpoint": at("end-session"), "jwks_uri": at("jwks"),
        "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "authorization_response_iss_parameter_supported": behaviour.iss_parameter != IssParameter::Omit,
    });
    if let Some(edit) = &behaviour.edit_metadata {
        edit(&mut document);
    }
    HttpResponse::Ok().json(document)
}

async fn discovery(op: Data<OpState>) -> HttpResponse {
    op.answer(Door::Discovery, |op, behaviour| metadata(op, behaviour)).await
}

async fn oauth_discovery(op: Data<OpState>) -> HttpResponse {
    op.answer(Door::OauthDiscovery, |op, behaviour| metadata(op, behaviour)).await
}

async fn jwks(op: Data<OpState>) -> HttpResponse {
    op.answer(Door::Jwks, |_, behaviour| {
        let keys: Vec<Value> = behaviour.keys.iter().map(OpKey::jwk).collect();
        HttpResponse::Ok().json(json!({ "keys": keys }))
    })
    .await
}

async fn authorize(op: Data<OpState>, query: Query<HashMap<String, String>>) -> HttpResponse {
    op.answer(Door::Authorize, |op, behaviour| {
        let get = |name: &str| query.get(name).cloned();
        if get("client_id").as_deref() != Some(CLIENT_ID) || get("response_type").as_deref() != Some("code") {
            return HttpResponse::BadRequest().body("not my client");
        }
        let redirect_uri = get("redirect_uri").unwrap_or_default();
        let mut answer: Vec<(&str, String)> = vec![("state", get("state").unwrap_or_default())];
        match behaviour.refuse_login.clone() {
            Some(error) => answer.push(("error", error)),
            None => {
                let code = format!("code-{}", random_token());
                let grant =
                    Grant { nonce: get("nonce"), challenge: get("code_challenge"), redirect_uri: redirect_uri.clone() };
                behaviour.codes.insert(code.clone(), grant);
                answer.push(("code", code));
            }
        }
        match &behaviour.iss_parameter {
            IssParameter::Omit => {}
            IssParameter::Right => answer.push(("iss", op.issuer())),
            IssParameter::Other(other) => answer.push(("iss", other.clone())),
        }
        send_back(&redirect_uri, get("response_mode").as_deref() == Some("form_post"), &answer)
    })
    .await
}

fn send_back(redirect_uri: &str, form_post: bool, answer: &[(&str, String)]) -> HttpResponse {
    let mut url = Url::parse(redirect_uri).unwrap();
    if !form_post {
        url.query_pairs_mut().extend_pairs(answer);
        return HttpResponse::Found().insert_header(("location", url.as_str())).finish();
    }
    let inputs: String =
        answer.iter().map(|(name, value)| format!(r#"<input type="hidden" name="{name}" value="{value}">"#)).collect();
    HttpResponse::Ok().content_type("text/html").body(format!(
        r#"<form method="post" action="{url}">{inputs}<button>Continue</button></form>
           <script>document.forms[0].submit()</script>"#
    ))
}

async fn token(op: Data<OpState>, request: HttpRequest, form: Form<HashMap<String, String>>) -> HttpResponse {
    let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok()).map(String::from);
    let asked = TokenRequest { authorization, form: form.into_inner() };
    op.answer(Door::Token, |op, behaviour| {
        behaviour.token_requests.push(asked.clone());
        if !is_client(&asked, behaviour.public_client) {
            return refusal(401, "invalid_client");
        }
        match asked.form.get("grant_type").map(String::as_str) {
            Some("authorization_code") => redeem(op, behaviour, &asked.form),
            Some("refresh_token") => refresh(op, behaviour, &asked.form),
            _ => refusal(400, "unsupported_grant_type"),
        }
    })
    .await
}

fn refusal(status: u16, error: &str) -> HttpResponse {
    let body = json!({"error": error, "error_description": format!("the request says {error}")});
    HttpResponse::build(StatusCode::from_u16(status).unwrap()).json(body)
}

fn is_client(asked: &TokenRequest, public: bool) -> bool {
    let posted = |name: &str| asked.form.get(name).map(String::as_str);
    match &asked.authorization {
        Some(header) => {
            let decoded = header.strip_prefix("Basic ").and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
            let decoded = String::from_utf8(decoded).unwrap_or_default();
            let (id, secret) = decoded.split_once(':').unwrap_or_default();
            (decode_form(id).as_str(), decode_form(secret).as_str()) == (CLIENT_ID, CLIENT_SECRET)
                && posted("client_secret").is_none()
        }
        None => posted("client_id") == Some(CLIENT_ID) && (public || posted("client_secret") == Some(CLIENT_SECRET)),
    }
}

/// RFC 6749 2.3.1: id and secret are form-urlencoded inside HTTP Basic.
fn decode_form(text: &str) -> String {
    form_urlencoded::parse(format!("x={text}").as_bytes()).next().unwrap().1.into_owned()
}

fn redeem(op: &OpState, behaviour: &mut Behaviour, form: &HashMap<String, String>) -> HttpResponse {
    let Some(grant) = form.get("code").and_then(|code| behaviour.codes.remove(code)) else {
        return refusal(400, "invalid_grant");
    };
    let challenge = form
        .get("code_verifier")
        .map(|verifier| URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes())));
    if form.get("redirect_uri") != Some(&grant.redirect_uri) || challenge != grant.challenge {
        return refusal(400, "invalid_grant");
    }
    HttpResponse::Ok().json(behaviour.token_answer(&op.issuer(), grant, true, true))
}

fn refresh(op: &OpState, behaviour: &mut Behaviour, form: &HashMap<String, String>) -> HttpResponse {
    let token = form.get("refresh_token").cloned().unwrap_or_default();
    let mode = behaviour.refresh.clone();
    if let RefreshMode::Reject(error) = mode {
        return refusal(400, error);
    }
    let Some(grant) = behaviour.refresh_tokens.get(&token).cloned() else {
        return refusal(400, "invalid_grant");
    };
    let rotate = mode == RefreshMode::Rotate;
    if rotate {
        behaviour.refresh_tokens.remove(&token);
    }
    let with_id_token = behaviour.id_token_on_refresh;
    let grant = Grant { nonce: None, ..grant };
    HttpResponse::Ok().json(behaviour.token_answer(&op.issuer(), grant, with_id_token, rotate))
}

async fn user_info(op: Data<OpState>, request: HttpRequest) -> HttpResponse {
    let bearer = request.headers().get("authorization").is_some_and(|value| value.as_bytes().starts_with(b"Bearer "));
    op.answer(Door::UserInfo, |op, behaviour| {
        if !bearer {
            return HttpResponse::Unauthorized().finish();
        }
        let mut claims = behaviour.user_claims();
        if let Some(edit) = &behaviour.edit_user_info {
            edit(&mut claims);
        }
        if !behaviour.sign_user_info {
            return HttpResponse::Ok().json(claims);
        }
        let issuer = op.issuer();
        claims["iss"] = json!(issuer);
        claims["aud"] = json!(CLIENT_ID);
        let token = behaviour.signing_key.sign(&behaviour.header("JWT"), &claims);
        HttpResponse::Ok().content_type("application/jwt").body(token)
    })
    .await
}

async fn end_session(op: Data<OpState>, query: Query<HashMap<String, String>>) -> HttpResponse {
    op.answer(Door::EndSession, |_, _| {
        let Some(mut to) = query.get("post_logout_redirect_uri").and_then(|uri| Url::parse(uri).ok()) else {
            return HttpResponse::Ok().body("signed out");
        };
        if let Some(state) = query.get("state") {
            to.query_pairs_mut().append_pair("state", state);
        }
        HttpResponse::Found().insert_header(("location", to.as_str())).finish()
    })
    .await
}
