//! The engine's decision for callers whom it knows: a signed bearer token that was verified before, and a stored session. The
//! provider is configured, not discovered, so nothing is asked of anybody.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::HashMap;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use kong_sso::config::finding::Findings;
use kong_sso::config::plugin::{ConsumerField, OpenIdConnectConf, PluginContext, parse};
use kong_sso::config::settings::{EgressSettings, EngineSettings};
use kong_sso::domain::consumer::Consumer;
use kong_sso::domain::time::{Clock, UnixSeconds};
use kong_sso::http_client::HttpClient;
use kong_sso::oidc::engine::session::{Changes, LogoutName, Record, SessionParts, SessionSecret, SessionStorage, Step};
use kong_sso::oidc::engine::{ConsumerDirectory, Engine, EngineParts, Headers, RequestView, Verdict};
use kong_sso::oidc::own_keys::{OwnKeyRing, OwnKeys};
use serde_json::{Value, json};

const SECRET: &str = "a client secret of thirty-two characters";
const ISSUER: &str = "https://op.test";

struct Lines(Vec<(String, String)>);

impl Headers for Lines {
    fn get(&self, name: &str, index: usize) -> Option<&[u8]> {
        self.0.iter().filter(|(known, _)| known == name).nth(index).map(|(_, value)| value.as_bytes())
    }
}

struct Nobody;

impl ConsumerDirectory for Nobody {
    fn find(&self, _: ConsumerField, _: &str, _: bool) -> Option<Arc<Consumer>> {
        None
    }

    fn has_group(&self, _: &str) -> bool {
        false
    }
}

struct NoKeys;

impl OwnKeyRing for NoKeys {
    fn keys(&self) -> BoxFuture<'_, Result<Arc<OwnKeys>, String>> {
        async { Err("there are none".to_owned()) }.boxed()
    }
}

/// Sessions in memory: what a storage costs is another question.
#[derive(Debug, Default)]
struct Memory(Mutex<HashMap<String, Record>>);

impl SessionStorage for Memory {
    fn load<'s>(&'s self, key: &'s str) -> Step<'s, Option<Record>> {
        async move { Ok(self.0.lock().unwrap().get(key).cloned()) }.boxed()
    }

    fn create<'s>(&'s self, key: &'s str, record: &'s Record) -> Step<'s, ()> {
        self.0.lock().unwrap().insert(key.to_owned(), record.clone());
        async { Ok(()) }.boxed()
    }

    fn replace<'s>(&'s self, _: &'s str, _: &'s Record, _: &'s str, _: &'s Record) -> Step<'s, bool> {
        async { Ok(false) }.boxed()
    }

    fn touch<'s>(&'s self, _: &'s str, _: UnixSeconds, _: UnixSeconds) -> Step<'s, ()> {
        async { Ok(()) }.boxed()
    }

    fn end<'s>(&'s self, _: &'s str) -> Step<'s, bool> {
        async { Ok(true) }.boxed()
    }

    fn delete_named<'s>(&'s self, _: &'s LogoutName) -> Step<'s, u64> {
        async { Ok(0) }.boxed()
    }

    fn changes_after(&self, number: i64) -> Step<'_, Changes> {
        async move { Ok(Changes { last: number, keys: Some(Vec::new()) }) }.boxed()
    }

    fn lease<'s>(&'s self, _: &'s str, _: &'s str, _: i64) -> Step<'s, bool> {
        async { Ok(false) }.boxed()
    }

    fn release<'s>(&'s self, _: &'s str, _: &'s str) -> Step<'s, ()> {
        async { Ok(()) }.boxed()
    }
}

fn conf(methods: Value) -> OpenIdConnectConf {
    let config = json!({
        "issuer": ISSUER, "using_pseudo_issuer": true, "client_id": ["gateway"], "client_secret": [SECRET],
        "enable_hs_signatures": true, "auth_methods": methods, "session_storage": "database",
        "upstream_headers_claims": ["preferred_username"], "upstream_headers_names": ["x-user"],
        "scopes_required": ["openid"],
    });
    let context = PluginContext { resolve: &|_| Err(String::new()), forbid_unverified: false };
    let mut findings = Findings::default();
    parse(&config, "config", &context, &mut findings).unwrap_or_else(|| panic!("{:?}", findings.errors))
}

fn engine(methods: Value) -> Engine {
    let storage: Arc<dyn SessionStorage> = Arc::new(Memory::default());
    let parts = EngineParts {
        http: HttpClient::new(&EgressSettings::default(), true, Duration::from_secs(1)).unwrap(),
        clock: Clock::System,
        settings: EngineSettings::default(),
        consumers: Arc::new(Nobody),
        gateway_tokens: None,
        own_keys: Arc::new(NoKeys),
        shared: None,
        sessions: SessionParts { secret: SessionSecret::new(&"secret".into(), &[]), storage: Some(storage) },
    };
    Engine::new(conf(methods), parts)
}

/// A token as large as usual ones.
fn token() -> String {
    let now = Clock::System.now().0;
    let roles: Vec<String> = (0..20).map(|number| format!("role-number-{number}")).collect();
    let claims = json!({
        "iss": ISSUER, "sub": "alice-id", "aud": "api", "iat": now, "exp": now + 86_400, "scope": "openid profile email",
        "preferred_username": "alice", "roles": roles,
    });
    encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

fn lines(own: (&str, String)) -> Lines {
    let usual = [("host", "api.test"), ("user-agent", "bench"), ("accept", "*/*"), ("accept-encoding", "gzip")];
    let usual = usual.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    Lines(usual.chain([(own.0.to_owned(), own.1)]).collect())
}

fn view(headers: &Lines) -> RequestView<'_> {
    RequestView {
        method: "GET",
        scheme: "https",
        authority: "api.test",
        path: "/services/one",
        query: Some("page=2&size=100"),
        headers,
        body: None,
        client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        is_authenticated: false,
    }
}

/// The cookie that a bearer token starts a session with.
async fn cookie(engine: &Engine) -> String {
    let headers = lines(("authorization", format!("Bearer {}", token())));
    let Verdict::Forward(forwarded) = engine.decide(&view(&headers)).await else { panic!("the token is not taken") };
    let (_, line) =
        forwarded.response_headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("set-cookie")).unwrap();
    line.split(';').next().unwrap().to_owned()
}

fn decide(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut group = criterion.benchmark_group("decision of the engine");
    let cases = [("warm bearer token", json!(["bearer"])), ("warm session", json!(["session", "bearer"]))];
    for (name, methods) in cases {
        let engine = engine(methods);
        let headers = match name {
            "warm session" => lines(("cookie", format!("theme=dark; {}", runtime.block_on(cookie(&engine))))),
            _ => lines(("authorization", format!("Bearer {}", token()))),
        };
        let view = view(&headers);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let verdict = runtime.block_on(engine.decide(black_box(&view)));
                assert!(matches!(verdict, Verdict::Forward(_)), "{verdict:?}");
                verdict
            });
        });
    }
    group.finish();
}

criterion_group!(benches, decide);
criterion_main!(benches);
