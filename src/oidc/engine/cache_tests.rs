//! Lifetimes, single flight, and standing in.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::oidc::engine::tests_support;
use proptest::prelude::*;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};

fn conf() -> CacheConf {
    tests_support::conf(json!({})).cache
}

fn fresh(value: u32, ttl: Option<i64>) -> Result<Fresh<u32>, &'static str> {
    Ok(Fresh { value, ttl, bytes: 4, about: Vec::new() })
}

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

#[test]
fn oidc_036_what_has_ended_is_never_remembered() {
    assert_eq!(ttl(&conf(), Some(0)), None);
    assert_eq!(ttl(&CacheConf { ttl_min: Some(60), ..conf() }, Some(-1)), None);
    assert_eq!(ttl(&CacheConf { ttl: 0, ..conf() }, None), None);
    assert_eq!(ttl(&conf(), None), Some(3600));
    assert_eq!(ttl(&conf(), Some(180)), Some(180));
    assert_eq!(ttl(&CacheConf { ttl_max: Some(165), ..conf() }, Some(180)), Some(165));
    assert_eq!(ttl(&CacheConf { ttl_min: Some(60), ..conf() }, Some(5)), Some(60));
    assert_eq!(negative_ttl(&CacheConf { ttl_neg: Some(0), ..conf() }), None);
    assert_eq!(negative_ttl(&conf()), Some(TTL_NEG));
}

#[test]
fn keys_differ_wherever_their_parts_do() {
    let key = |parts: &[&str]| Key::of(parts.iter().copied()).0;
    assert_eq!(key(&["ab", "c"]), key(&["ab", "c"]));
    assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
    assert_ne!(key(&["ab", ""]), key(&["ab"]));
    assert_ne!(key(&["a", "b"]), key(&["b", "a"]));
}

#[tokio::test]
async fn an_answer_is_fetched_again_when_its_time_is_over() {
    let answers = Answers::new(&conf());
    let get = |at: i64, value| {
        answers.get_or_fetch(Key::of(["k"]), NOW.plus(at), async move { fresh(value, Some(10)) }, |_| false)
    };
    assert_eq!(get(0, 1).await, Ok(1));
    assert_eq!(get(9, 2).await, Ok(1));
    assert_eq!(get(10, 3).await, Ok(3));
    answers.forget(Key::of(["k"])).await;
    assert_eq!(get(11, 4).await, Ok(4));
}

#[tokio::test]
async fn all_answers_about_a_token_are_forgotten_and_no_other() {
    let answers = Answers::new(&conf());
    let get = |key, token, value| {
        let about = vec![Key::of_token(token), Key::of_token("of both")];
        let fetch = async move { Ok::<_, ()>(Fresh { value, ttl: Some(10), bytes: 4, about }) };
        answers.get_or_fetch(Key::of([key]), NOW, fetch, |_| false)
    };
    for (key, token) in [("a", "one"), ("b", "one"), ("c", "two")] {
        assert_eq!(get(key, token, 1).await, Ok(1));
    }
    answers.forget_about(&[Key::of_token("three"), Key::of_token("one")]).await;
    assert_eq!([get("a", "one", 2).await, get("b", "one", 2).await, get("c", "two", 2).await], [Ok(2), Ok(2), Ok(1)]);
    answers.forget_about(&[Key::of_token("of both")]).await;
    assert_eq!([get("a", "one", 3).await, get("c", "two", 3).await], [Ok(3), Ok(3)]);
}

#[tokio::test]
async fn what_is_not_to_be_remembered_is_fetched_each_time() {
    let answers = Answers::new(&conf());
    for value in 0..3 {
        let got = answers.get_or_fetch(Key::of(["k"]), NOW, async move { fresh(value, None) }, |_| false);
        assert_eq!(got.await, Ok(value));
    }
}

#[tokio::test]
async fn an_old_answer_stands_in_for_an_unreachable_provider_but_not_for_a_refusal() {
    let answers = Answers::new(&CacheConf { ttl_resurrect: Some(100), ..conf() });
    let key = Key::of(["k"]);
    let fail = |at: i64, temporary: bool| {
        answers.get_or_fetch(key, NOW.plus(at), async { Err::<Fresh<u32>, _>("no") }, move |_| temporary)
    };
    assert_eq!(answers.get_or_fetch(key, NOW, async { fresh(1, Some(10)) }, |_| false).await, Ok(1));
    assert_eq!(fail(20, true).await, Ok(1));
    assert_eq!(answers.get_or_fetch(key, NOW.plus(21), async { fresh(2, Some(10)) }, |_| false).await, Ok(1));
    assert_eq!(fail(26, true).await, Ok(1));
    assert_eq!(fail(110, true).await, Err("no"));
    assert_eq!(answers.get_or_fetch(key, NOW, async { fresh(3, Some(10)) }, |_| false).await, Ok(3));
    assert_eq!(fail(20, false).await, Err("no"));
    assert_eq!(fail(20, true).await, Err("no"));
}

#[tokio::test]
async fn many_who_want_the_same_ask_once_and_share_the_failure_too() {
    let answers = Answers::new(&conf());
    let asked = AtomicUsize::new(0);
    for (key, outcome) in [("good", Ok(7)), ("bad", Err("no"))] {
        asked.store(0, Ordering::Relaxed);
        let fetch = || async {
            asked.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
            outcome.map(|value| Fresh { value, ttl: Some(60), bytes: 4, about: Vec::new() })
        };
        let all = (0..50).map(|_| answers.get_or_fetch(Key::of([key]), NOW, fetch(), |_| false));
        let got = futures_util::future::join_all(all).await;
        assert!(got.iter().all(|got| *got == outcome));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test]
async fn memory_is_bounded() {
    let answers = Answers::new(&conf());
    for number in 0..64 {
        let fresh = Fresh { value: number, ttl: Some(60), bytes: 1024 * 1024, about: Vec::new() };
        let big = async move { Ok::<_, ()>(fresh) };
        assert_eq!(answers.get_or_fetch(Key::of([number.to_string().as_str()]), NOW, big, |_| false).await, Ok(number));
    }
    answers.kept.run_pending_tasks().await;
    assert!(answers.kept.weighted_size() <= MAX_BYTES && answers.kept.entry_count() < 10);
}

proptest! {
    #[test]
    fn a_ttl_keeps_its_bounds(lifetime in proptest::option::of(-10..100_000_i64), min in proptest::option::of(1..500_i64), over in 0..500_i64) {
        let max = min.map(|min| min + over);
        match ttl(&CacheConf { ttl_min: min, ttl_max: max, ..conf() }, lifetime) {
            None => prop_assert!(lifetime.is_some_and(|lifetime| lifetime <= 0)),
            Some(ttl) => {
                prop_assert!(min.is_none_or(|min| ttl >= min) && max.is_none_or(|max| ttl <= max) && ttl > 0);
            }
        }
    }
}
