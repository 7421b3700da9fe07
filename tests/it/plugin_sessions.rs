//! Sessions of the plugin (openid-connect.md 5): one suite that runs on every storage, and what only some of them can do.

#[path = "plugin_sessions/outage.rs"]
mod outage;
#[path = "plugin_sessions/races.rs"]
mod races;
#[path = "plugin_sessions/storage.rs"]
mod storage;
#[path = "plugin_sessions/suite.rs"]
mod suite;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use kong_sso::config::plugin::OpenIdConnectConf;
use kong_sso::config::settings::EgressSettings;
use kong_sso::domain::method::Method;
use kong_sso::domain::time::{Clock, UnixSeconds};
use kong_sso::oidc::engine::session::{
    OpenSession, Refresh, Refreshed, SessionContent, SessionParts, SessionSecret, SessionStorage, Sessions,
};
use kong_sso::oidc::engine::{ClaimSources, Proof, ProvedTokens};
use kong_sso::oidc::error::RefreshError;
use kong_sso::services::session_storage::database::DatabaseSessions;
use kong_sso::services::session_storage::redis::RedisSessions;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::support::database::{Database, databases};
use crate::support::plugin::{Asked, Jar, conf};
use crate::support::redis::Redis;

/// A provider that gives new tokens, as often as it is told to fail in other ways.
#[derive(Default)]
struct Refresher {
    asked: AtomicUsize,
    failures: Mutex<VecDeque<RefreshError>>,
    now: Clock,
}

impl Refresh for Refresher {
    fn refresh(&self, _client: usize, content: &SessionContent) -> BoxFuture<'static, Result<Proof, RefreshError>> {
        let count = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let failure = self.failures.lock().unwrap().pop_front();
        let before = content.refresh_token.as_ref().unwrap().expose_secret().to_owned();
        let end = self.now.now().plus(300);
        async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            match failure {
                Some(failure) => Err(failure),
                None => Ok(proof(&format!("access-{count}"), &format!("{before}+"), Some(end))),
            }
        }
        .boxed()
    }
}

fn proof(access_token: &str, refresh_token: &str, expires_at: Option<UnixSeconds>) -> Proof {
    let claims = json!({"iss": "https://op.test", "sub": "alice-id", "sid": "idp-1"});
    Proof {
        method: Method::AuthorizationCode,
        client: 0,
        tokens: ProvedTokens {
            access_token: Some(access_token.into()),
            id_token: None,
            refresh_token: Some(refresh_token.into()),
            expires_at,
        },
        claims: ClaimSources { user_info: Some(Arc::new(claims)), ..ClaimSources::default() },
        access_token_jwk: None,
        id_token_jwk: None,
        consumer: None,
        token_answer: None,
    }
}

/// A storage under test, with what keeps it alive.
struct Place {
    name: &'static str,
    storage: Option<Arc<dyn SessionStorage>>,
    moved: Arc<AtomicI64>,
    _database: Option<Database>,
    redis: Option<Redis>,
}

impl Place {
    fn clock(&self) -> Clock {
        Clock::Shifted(Arc::clone(&self.moved))
    }

    fn move_clock(&self, seconds: i64) {
        self.moved.fetch_add(seconds, Ordering::SeqCst);
    }

    fn is_cookie(&self) -> bool {
        self.storage.is_none()
    }
}

/// Cookie, both databases, Redis.
async fn places() -> Vec<Place> {
    let cookie = Place { name: "cookie", storage: None, moved: Arc::default(), _database: None, redis: None };
    let mut places = vec![cookie];
    for database in databases().await {
        let moved: Arc<AtomicI64> = Arc::default();
        let storage = DatabaseSessions::new(database.store.clone(), Clock::Shifted(Arc::clone(&moved)));
        let storage: Option<Arc<dyn SessionStorage>> = Some(Arc::new(storage));
        places.push(Place { name: "database", storage, moved, _database: Some(database), redis: None });
    }
    places.push(redis_place().await);
    places
}

async fn redis_place() -> Place {
    let redis = Redis::start().await;
    let storage = RedisSessions::new(&redis.conf(), &EgressSettings::default()).unwrap();
    let storage: Option<Arc<dyn SessionStorage>> = Some(Arc::new(storage));
    Place { name: "redis", storage, moved: Arc::default(), _database: None, redis: Some(redis) }
}

/// A node: sessions over a place, with a provider.
struct Node {
    sessions: Sessions,
    refresher: Arc<Refresher>,
    clock: Clock,
}

fn secret() -> SecretString {
    "a secret of a test".into()
}

fn node(place: &Place, change: impl FnOnce(&mut OpenIdConnectConf)) -> Node {
    let refresher = Arc::new(Refresher { now: place.clock(), ..Refresher::default() });
    node_with(place, refresher, change)
}

fn node_with(place: &Place, refresher: Arc<Refresher>, change: impl FnOnce(&mut OpenIdConnectConf)) -> Node {
    let mut conf = conf("https://op.test".parse().unwrap());
    change(&mut conf);
    let parts = SessionParts { secret: SessionSecret::new(&secret(), &[]), storage: place.storage.clone() };
    let sessions =
        Sessions::new(Arc::new(conf), parts, place.clock(), Arc::clone(&refresher) as Arc<dyn Refresh>, 64 << 20);
    Node { sessions, refresher, clock: place.clock() }
}

impl Node {
    /// A browser that has just signed in; its access token ends in 300 s.
    async fn sign_in(&self) -> Jar {
        let end = self.clock.now().plus(300);
        self.sign_in_with(&proof("access-0", "refresh-0", Some(end))).await
    }

    async fn sign_in_with(&self, proof: &Proof) -> Jar {
        let mut jar = Jar::default();
        let asked = Asked::default();
        let (_, cookies) = self.sessions.start(&asked.view(), proof).await.unwrap();
        jar.obey(&cookies);
        jar
    }

    async fn open(&self, asked: &Asked) -> Option<OpenSession> {
        self.sessions.open(&asked.view()).await.unwrap()
    }

    /// What the pipeline does with a request that has a session: the access token that goes upstream.
    async fn visit(&self, jar: &mut Jar) -> Option<String> {
        let asked = Asked::with(jar);
        let open = self.open(&asked).await?;
        let live = match self.sessions.freshen(open).await.unwrap() {
            Refreshed::Live(live) => live,
            Refreshed::Over => {
                jar.obey(&self.sessions.forget(&asked.view()));
                return None;
            }
        };
        jar.obey(&self.sessions.keep(&asked.view(), &live).await.unwrap());
        Some(live.proof().tokens.access_token.unwrap().expose_secret().to_owned())
    }
}
