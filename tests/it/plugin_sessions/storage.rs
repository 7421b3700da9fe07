//! What server-side storages can do and cookies cannot.

use super::races::Interposed;
use super::*;
use kong_sso::oidc::engine::session::{Changes, LogoutName, Record, storage::STALE_WINDOW};

pub(super) fn record(sealed: &str, now: UnixSeconds) -> Record {
    Record {
        sealed: sealed.into(),
        is_replaced: false,
        name: Some(LogoutName {
            issuer: "https://op.test".into(),
            subject: Some("alice".into()),
            idp_session: Some("idp-1".into()),
        }),
        last_seen_at: now,
        expires_at: now.plus(100),
    }
}

pub(super) fn pointer(to: &str, now: UnixSeconds) -> Record {
    Record { is_replaced: true, name: None, expires_at: now.plus(STALE_WINDOW), ..record(to, now) }
}

pub(super) async fn servers() -> impl Iterator<Item = Place> {
    places().await.into_iter().filter(|place| !place.is_cookie())
}

#[tokio::test]
async fn a_record_is_stored_touched_and_ends() {
    for place in servers().await {
        let (storage, now) = (place.storage.clone().unwrap(), place.clock().now());
        assert_eq!(storage.load("a").await.unwrap(), None);
        storage.create("a", &record("one", now)).await.unwrap();
        assert_eq!(storage.load("a").await.unwrap(), Some(record("one", now)), "{}", place.name);
        storage.touch("a", now.plus(50), now.plus(150)).await.unwrap();
        storage.touch("a", now.plus(40), now.plus(140)).await.unwrap();
        let touched = storage.load("a").await.unwrap().unwrap();
        assert_eq!((touched.last_seen_at, touched.expires_at), (now.plus(50), now.plus(150)), "{}", place.name);
        storage.touch("gone", now, now.plus(1)).await.unwrap();
        assert_eq!(storage.load("gone").await.unwrap(), None);
        assert!(storage.end("a").await.unwrap());
        assert!(storage.end("a").await.unwrap(), "{}: what is gone has ended", place.name);
        assert_eq!(storage.load("a").await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_record_is_replaced_by_one_of_many() {
    for place in servers().await {
        let (storage, now) = (place.storage.clone().unwrap(), place.clock().now());
        storage.create("old", &record("one", now)).await.unwrap();
        let pointer = |to: &str| pointer(to, now);
        let tries = (0..8).map(|index| {
            let (storage, new) = (Arc::clone(&storage), format!("new-{index}"));
            let (pointer, successor) = (pointer(&new), record(&new, now));
            async move { storage.replace("old", &pointer, &new, &successor).await.unwrap() }
        });
        let won: Vec<bool> = futures_util::future::join_all(tries).await;
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{}", place.name);
        let old = storage.load("old").await.unwrap().unwrap();
        assert!(old.is_replaced && old.name.is_none());
        assert_eq!(storage.load(&old.sealed).await.unwrap().unwrap().sealed, old.sealed);
        assert!(!storage.replace("never", &pointer("x"), "x", &record("x", now)).await.unwrap());
        assert_eq!(storage.load("x").await.unwrap(), None, "{}: nothing is stored for nothing", place.name);
        storage.touch("old", now.plus(5), now.plus(500)).await.unwrap();
        assert_eq!(storage.load("old").await.unwrap().unwrap(), old, "{}: a pointer is not touched", place.name);
        assert!(!storage.lease("old", "me", 5).await.unwrap(), "{}: nor leased", place.name);
        assert!(!storage.end("old").await.unwrap(), "{}: nor ended, but followed", place.name);
        assert!(storage.end(&old.sealed).await.unwrap());
        assert_eq!(storage.load(&old.sealed).await.unwrap(), None, "{}", place.name);
    }
}

#[tokio::test]
async fn one_of_many_has_the_lease_until_it_gives_it_back_or_it_ends() {
    for place in servers().await {
        let (storage, now) = (place.storage.clone().unwrap(), place.clock().now());
        storage.create("a", &record("one", now)).await.unwrap();
        let tries = (0..8).map(|index| {
            let storage = Arc::clone(&storage);
            async move { storage.lease("a", &format!("owner-{index}"), 60).await.unwrap() }
        });
        let won: Vec<bool> = futures_util::future::join_all(tries).await;
        let owner = won.iter().position(|won| *won).unwrap();
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{}", place.name);
        storage.release("a", "somebody else").await.unwrap();
        assert!(!storage.lease("a", "next", 60).await.unwrap(), "{}", place.name);
        storage.release("a", &format!("owner-{owner}")).await.unwrap();
        assert!(storage.lease("a", "next", 1).await.unwrap(), "{}", place.name);
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        assert!(storage.lease("a", "after the end", 60).await.unwrap(), "{}", place.name);
        assert!(!storage.lease("gone", "me", 60).await.unwrap(), "{}", place.name);
    }
}

#[tokio::test]
async fn sessions_end_by_subject_by_the_providers_session_or_by_both() {
    for place in servers().await {
        let node = node(&place, |_| {});
        let storage = place.storage.clone().unwrap();
        let name = |subject: Option<&str>, idp_session: Option<&str>| LogoutName {
            issuer: "https://op.test".into(),
            subject: subject.map(String::from),
            idp_session: idp_session.map(String::from),
        };
        for (named, ends) in [
            (name(Some("alice-id"), None), true),
            (name(None, Some("idp-1")), true),
            (name(Some("alice-id"), Some("idp-1")), true),
            (name(Some("alice-id"), Some("idp-2")), false),
            (name(Some("bob"), None), false),
            (name(None, None), false),
            (LogoutName { issuer: "https://other.test".into(), ..name(Some("alice-id"), None) }, false),
        ] {
            let mut jar = node.sign_in().await;
            // The id has changed since: the index follows.
            place.move_clock(300);
            node.visit(&mut jar).await.unwrap();
            assert_eq!(storage.delete_named(&named).await.unwrap() > 0, ends, "{}: {named:?}", place.name);
            tokio::time::sleep(Duration::from_millis(1_100)).await;
            assert_eq!(node.open(&Asked::with(&jar)).await.is_none(), ends, "{}: {named:?}", place.name);
            storage.delete_named(&name(Some("alice-id"), None)).await.unwrap();
        }
    }
}

#[tokio::test]
async fn oidc_062_a_deleted_record_takes_its_session_along() {
    for place in servers().await {
        let (one, two) = (node(&place, |_| {}), node(&place, |_| {}));
        let jar = one.sign_in().await;
        let asked = Asked::with(&jar);
        assert!(two.open(&asked).await.is_some(), "{}: every node knows it", place.name);
        let open = one.open(&asked).await.unwrap();
        one.sessions.end(&asked.view(), &open).await.unwrap();
        assert!(one.open(&asked).await.is_none(), "{}: at once on the node that ended it", place.name);
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        assert!(two.open(&asked).await.is_none(), "{}: within a second on the others", place.name);
    }
}

#[tokio::test]
async fn a_session_that_ended_while_its_tokens_were_refreshed_stays_ended() {
    for place in servers().await {
        let node = node(&place, |_| {});
        let jar = node.sign_in().await;
        place.move_clock(300);
        let asked = Asked::with(&jar);
        let open = node.open(&asked).await.unwrap();
        let logout = async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            node.sessions.end(&asked.view(), &open).await.unwrap();
        };
        let (refreshed, ()) = tokio::join!(node.sessions.freshen(open.clone()), logout);
        assert!(matches!(refreshed.unwrap(), Refreshed::Over), "{}", place.name);
        assert!(node.open(&asked).await.is_none(), "{}", place.name);
    }
}

#[tokio::test]
async fn an_id_leads_to_its_successor_for_ten_seconds() {
    for place in servers().await {
        let node = node(&place, |_| {});
        let old = node.sign_in().await;
        let mut new = old.clone();
        place.move_clock(300);
        node.visit(&mut new).await.unwrap();
        let mut late = old.clone();
        assert_eq!(node.visit(&mut late).await.as_deref(), Some("access-1"), "{}", place.name);
        let id = |open: Option<OpenSession>| open.unwrap().content().id.clone();
        assert_eq!(id(node.open(&Asked::with(&late)).await), id(node.open(&Asked::with(&new)).await));
        place.move_clock(STALE_WINDOW + 1);
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        assert!(node.open(&Asked::with(&old)).await.is_none(), "{}", place.name);
        assert!(node.open(&Asked::with(&new)).await.is_some(), "{}", place.name);
    }
}

#[tokio::test]
async fn a_warm_session_asks_the_storage_nothing() {
    let mut place = redis_place().await;
    let node = node(&place, |_| {});
    let mut jar = node.sign_in().await;
    node.visit(&mut jar).await.unwrap();
    let redis = place.redis.as_mut().unwrap();
    let calls = |redis: &Redis| {
        let stats = redis.command(&["info", "commandstats"]);
        let line = stats.lines().find(|line| line.starts_with("cmdstat_hmget")).unwrap().to_owned();
        line.split(['=', ',']).nth(1).unwrap().parse::<u32>().unwrap()
    };
    let before = calls(redis);
    for _ in 0..100 {
        node.visit(&mut jar).await.unwrap();
    }
    assert!(calls(redis) <= before + 2, "one look a second is enough");
}

#[tokio::test]
async fn ends_and_replacements_are_told_in_their_order_and_gaps_are_noticed() {
    for place in servers().await {
        let (storage, now) = (place.storage.clone().unwrap(), place.clock().now());
        let before = storage.changes_after(0).await.unwrap().last;
        for key in ["a", "b", "c", "d"] {
            storage.create(key, &record(key, now)).await.unwrap();
        }
        storage.touch("a", now.plus(5), now.plus(200)).await.unwrap();
        assert_eq!(storage.changes_after(before).await.unwrap(), Changes { last: before, keys: Some(vec![]) });
        assert!(storage.replace("a", &pointer("a2", now), "a2", &record("a2", now)).await.unwrap());
        assert!(!storage.replace("a", &pointer("a3", now), "a3", &record("a3", now)).await.unwrap());
        assert!(!storage.end("a").await.unwrap() && storage.end("b").await.unwrap() && storage.end("b").await.unwrap());
        let told = storage.changes_after(before).await.unwrap();
        assert_eq!(told, Changes { last: before + 2, keys: Some(vec!["a".into(), "b".into()]) }, "{}", place.name);
        storage.delete_named(&record("a", now).name.unwrap()).await.unwrap();
        let mut keys = storage.changes_after(told.last).await.unwrap().keys.unwrap();
        keys.sort();
        assert_eq!(keys, ["a2", "c", "d"], "{}", place.name);
        let ahead = storage.changes_after(before + 100).await.unwrap();
        assert_eq!(ahead, Changes { last: before + 5, keys: None }, "{}: a number of another life", place.name);
    }
}

#[tokio::test]
async fn a_node_believes_in_a_session_that_is_used_and_notices_its_end_within_a_second() {
    for place in servers().await {
        let loads = Arc::default();
        let inner = place.storage.clone().unwrap();
        let storage = Interposed { inner, before: Mutex::default(), loads: Arc::clone(&loads) };
        let counted = Place { storage: Some(Arc::new(storage)), ..place };
        let (one, two) = (node(&counted, |_| {}), node(&counted, |_| {}));
        let jar = one.sign_in().await;
        let asked = Asked::with(&jar);
        for _ in 0..30 {
            assert!(two.open(&asked).await.is_some(), "{}", counted.name);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let read = loads.load(Ordering::Relaxed);
        assert!(read <= 2, "{}: it was read {read} times in three seconds", counted.name);
        let open = one.open(&asked).await.unwrap();
        one.sessions.end(&asked.view(), &open).await.unwrap();
        let mut looks = 0;
        while two.open(&asked).await.is_some() {
            looks += 1;
            assert!(looks < 15, "{}: it is still believed", counted.name);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test]
async fn uses_that_another_node_has_recorded_keep_a_session_alive() {
    for place in servers().await {
        let (one, two) = (node(&place, |_| {}), node(&place, |_| {}));
        let mut jar = one.sign_in().await;
        assert!(two.open(&Asked::with(&jar)).await.is_some());
        place.move_clock(850);
        one.visit(&mut jar).await.unwrap();
        place.move_clock(100);
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        assert!(two.open(&Asked::with(&jar)).await.is_some(), "{}: 950 s after its sign-in", place.name);
    }
}
