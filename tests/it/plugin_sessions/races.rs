//! A session that ends while another node renews it has ended, whoever was first.

use super::storage::{pointer, record, servers};
use super::*;
use kong_sso::oidc::engine::session::{Changes, LogoutName, Record, Step};
use kong_sso::store::plugin_sessions::{self, PluginSession};
use std::sync::atomic::AtomicUsize;

/// A storage in which something happens just before a session is ended, and readings are counted.
pub(super) struct Interposed {
    pub(super) inner: Arc<dyn SessionStorage>,
    pub(super) before: Mutex<Option<BoxFuture<'static, ()>>>,
    pub(super) loads: Arc<AtomicUsize>,
}

impl std::fmt::Debug for Interposed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}

impl SessionStorage for Interposed {
    fn load<'s>(&'s self, key: &'s str) -> Step<'s, Option<Record>> {
        self.loads.fetch_add(1, Ordering::Relaxed);
        self.inner.load(key)
    }

    fn create<'s>(&'s self, key: &'s str, record: &'s Record) -> Step<'s, ()> {
        self.inner.create(key, record)
    }

    fn replace<'s>(&'s self, old: &'s str, pointer: &'s Record, new: &'s str, record: &'s Record) -> Step<'s, bool> {
        self.inner.replace(old, pointer, new, record)
    }

    fn touch<'s>(&'s self, key: &'s str, seen: UnixSeconds, expires_at: UnixSeconds) -> Step<'s, ()> {
        self.inner.touch(key, seen, expires_at)
    }

    fn end<'s>(&'s self, key: &'s str) -> Step<'s, bool> {
        let before = self.before.lock().unwrap().take();
        async move {
            if let Some(before) = before {
                before.await;
            }
            self.inner.end(key).await
        }
        .boxed()
    }

    fn delete_named<'s>(&'s self, name: &'s LogoutName) -> Step<'s, u64> {
        self.inner.delete_named(name)
    }

    fn changes_after(&self, number: i64) -> Step<'_, Changes> {
        self.inner.changes_after(number)
    }

    fn lease<'s>(&'s self, key: &'s str, owner: &'s str, seconds: i64) -> Step<'s, bool> {
        self.inner.lease(key, owner, seconds)
    }

    fn release<'s>(&'s self, key: &'s str, owner: &'s str) -> Step<'s, ()> {
        self.inner.release(key, owner)
    }
}

#[tokio::test]
async fn a_logout_ends_the_session_that_another_node_has_just_renewed() {
    for mut place in servers().await {
        let other = node(&place, |_| {});
        let jar = other.sign_in().await;
        let interposed = Arc::new(Interposed {
            inner: place.storage.clone().unwrap(),
            before: Mutex::default(),
            loads: Arc::default(),
        });
        place.storage = Some(Arc::clone(&interposed) as Arc<dyn SessionStorage>);
        let here = node(&place, |_| {});
        let asked = Asked::with(&jar);
        let open = here.open(&asked).await.unwrap();
        place.move_clock(300);
        let (is_ending, begins) = tokio::sync::oneshot::channel();
        let (is_renewed, goes_on) = tokio::sync::oneshot::channel();
        let pause = async move {
            is_ending.send(()).unwrap();
            goes_on.await.unwrap();
        };
        *interposed.before.lock().unwrap() = Some(pause.boxed());
        let renewing = async {
            begins.await.unwrap();
            let mut jar = jar.clone();
            assert_eq!(other.visit(&mut jar).await.as_deref(), Some("access-1"), "{}", place.name);
            is_renewed.send(()).unwrap();
            jar
        };
        let view = asked.view();
        let (ended, renewed) = tokio::join!(here.sessions.end(&view, &open), renewing);
        ended.unwrap();
        assert_ne!(renewed, jar, "{}: it was renewed meanwhile", place.name);
        assert!(other.open(&Asked::with(&renewed)).await.is_none(), "{}", place.name);
    }
}

#[tokio::test]
async fn ending_and_replacing_at_once_leaves_no_session() {
    for place in servers().await {
        let (storage, now) = (place.storage.clone().unwrap(), place.clock().now());
        let name = record("", now).name.unwrap();
        for round in 0..40 {
            let (old, new) = (format!("old-{round}"), format!("new-{round}"));
            storage.create(&old, &record("one", now)).await.unwrap();
            let (pointer, successor) = (pointer(&new, now), record("two", now));
            let replacing = storage.replace(&old, &pointer, &new, &successor);
            if round % 2 == 0 {
                let (was_replaced, ended) = tokio::join!(replacing, storage.delete_named(&name));
                assert_eq!(ended.unwrap(), 1, "{} {:?}", place.name, was_replaced);
            } else {
                let (was_replaced, has_ended) = tokio::join!(replacing, storage.end(&old));
                assert_ne!(was_replaced.unwrap(), has_ended.as_ref().is_ok_and(|ended| *ended), "{}", place.name);
                assert!(has_ended.unwrap() || storage.end(&new).await.unwrap(), "{}", place.name);
            }
            assert_eq!(storage.load(&new).await.unwrap(), None, "{} {round}", place.name);
        }
    }
}

#[tokio::test]
async fn a_logout_by_name_waits_for_a_session_that_is_being_replaced() {
    for place in servers().await {
        let Some(database) = &place._database else { continue };
        let (storage, now) = (place.storage.clone().unwrap(), place.clock().now());
        let name = record("", now).name.unwrap();
        storage.create("old", &record("one", now)).await.unwrap();
        let row = |key: &str, is_replaced: bool| PluginSession {
            key_hash: key.to_owned(),
            sealed: "two".to_owned(),
            is_replaced,
            issuer: Some(name.issuer.clone()),
            subject: name.subject.clone(),
            idp_session: name.idp_session.clone(),
            last_seen_at: now,
            expires_at: now.plus(100),
        };
        let mut transaction = database.store.write().await.unwrap();
        assert!(plugin_sessions::replace(&mut transaction, &row("old", true), now).await.unwrap());
        plugin_sessions::create(&mut transaction, &row("new", false)).await.unwrap();
        let commit = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            transaction.commit().await.unwrap();
        };
        let (ended, ()) = tokio::join!(storage.delete_named(&name), commit);
        assert_eq!(ended.unwrap(), 1);
        assert_eq!(storage.load("new").await.unwrap(), None);
    }
}
