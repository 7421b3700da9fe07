//! The suite: whatever the storage, sessions behave like this.

use super::*;
use kong_sso::config::plugin::{RememberConf, SessionBinding};

#[tokio::test]
async fn oidc_057_a_session_brings_back_what_was_proved() {
    for place in places().await {
        let node = node(&place, |_| {});
        let mut jar = node.sign_in().await;
        let asked = Asked::with(&jar);
        let open = node.open(&asked).await.unwrap();
        let proof = open.proof();
        assert_eq!(proof.method, Method::Session, "{}", place.name);
        assert_eq!(proof.claims.user_info.unwrap()["sub"], "alice-id");
        assert_eq!(proof.tokens.refresh_token.unwrap().expose_secret(), "refresh-0");
        assert_eq!(node.visit(&mut jar).await.as_deref(), Some("access-0"));
        assert!(node.open(&Asked::default()).await.is_none());
    }
}

#[tokio::test]
async fn oidc_056_a_method_that_is_disabled_for_sessions_starts_none() {
    let place = places().await.remove(0);
    let usual = node(&place, |_| {});
    assert!(usual.sessions.starts_for(Method::Bearer) && !usual.sessions.starts_for(Method::Session));
    let without = node(&place, |conf| conf.session.disabled_for = [Method::Bearer].into_iter().collect());
    assert!(!without.sessions.starts_for(Method::Bearer) && without.sessions.starts_for(Method::Password));
    let never = node(&place, |conf| conf.methods = [Method::Bearer].into_iter().collect());
    assert!(!never.sessions.starts_for(Method::Bearer));
}

#[tokio::test]
async fn oidc_058_each_limit_ends_a_session() {
    for place in places().await {
        let forever = |conf: &mut OpenIdConnectConf| {
            conf.session.refresh_tokens = true;
            conf.session.absolute_timeout = 10_000;
        };
        let node = node(&place, forever);
        let mut idle = node.sign_in().await;
        place.move_clock(870);
        assert!(node.open(&Asked::with(&idle)).await.is_some(), "{}", place.name);
        place.move_clock(40);
        assert!(node.visit(&mut idle).await.is_none(), "{}", place.name);

        let mut used = node.sign_in().await;
        let mut age = 0;
        while age < 9_600 {
            place.move_clock(600);
            age += 600;
            assert!(node.visit(&mut used).await.is_some(), "{} after {age} s", place.name);
        }
        place.move_clock(500);
        assert!(node.visit(&mut used).await.is_none(), "{}: the absolute limit", place.name);
    }
}

#[tokio::test]
async fn a_use_is_recorded_and_a_session_renewed_in_time_under_a_new_id() {
    for place in places().await {
        let node = node(&place, |conf| conf.session.refresh_tokens = false);
        let proof = proof("access-0", "refresh-0", None);
        let mut jar = node.sign_in_with(&proof).await;
        let first = jar.clone();
        node.visit(&mut jar).await.unwrap();
        assert_eq!(jar, first, "{}: nothing changes at once", place.name);
        place.move_clock(800);
        node.visit(&mut jar).await.unwrap();
        assert_eq!(jar == first, !place.is_cookie(), "{}: the server keeps the time of use", place.name);
        place.move_clock(800);
        let id = node.open(&Asked::with(&jar)).await.unwrap().content().id.clone();
        node.visit(&mut jar).await.unwrap();
        place.move_clock(800);
        node.visit(&mut jar).await.unwrap();
        place.move_clock(800);
        node.visit(&mut jar).await.unwrap();
        let renewed = node.open(&Asked::with(&jar)).await.unwrap();
        assert_ne!(renewed.content().id, id, "{}: renewed after three quarters", place.name);
        // The clock goes on while the storage answers.
        assert!(node.clock.now().since(renewed.content().renewed_at) < 60, "{}", place.name);
    }
}

#[tokio::test]
async fn without_renewal_a_session_ends_by_its_rolling_limit() {
    for place in places().await {
        let node = node(&place, |conf| conf.session.disabled_for = [Method::Session].into_iter().collect());
        let mut jar = node.sign_in_with(&proof("access-0", "refresh-0", None)).await;
        for _ in 0..4 {
            place.move_clock(800);
            assert!(node.visit(&mut jar).await.is_some(), "{}", place.name);
        }
        place.move_clock(500);
        assert!(node.visit(&mut jar).await.is_none(), "{}", place.name);
    }
}

#[tokio::test]
async fn oidc_059_an_expired_token_is_refreshed_once_and_the_cookie_is_new() {
    for place in places().await {
        let node = node(&place, |_| {});
        let mut jar = node.sign_in().await;
        let before = jar.clone();
        place.move_clock(300);
        assert_eq!(node.visit(&mut jar).await.as_deref(), Some("access-1"), "{}", place.name);
        assert_ne!(jar, before);
        assert_eq!(node.visit(&mut jar).await.as_deref(), Some("access-1"));
        let proof = node.open(&Asked::with(&jar)).await.unwrap().proof();
        assert_eq!(proof.tokens.refresh_token.unwrap().expose_secret(), "refresh-0+");
        assert_eq!(node.refresher.asked.load(Ordering::SeqCst), 1, "{}", place.name);
    }
}

#[tokio::test]
async fn oidc_059_a_refused_refresh_ends_the_session() {
    for place in places().await {
        let node = node(&place, |_| {});
        let mut jar = node.sign_in().await;
        let stolen = jar.clone();
        place.move_clock(300);
        node.refresher.failures.lock().unwrap().push_back(RefreshError::Rejected("invalid_grant".into()));
        assert_eq!(node.visit(&mut jar).await, None, "{}", place.name);
        assert_eq!(jar, Jar::default());
        assert_eq!(node.visit(&mut stolen.clone()).await, None, "{}", place.name);
        assert_eq!(node.refresher.asked.load(Ordering::SeqCst), 1, "{}", place.name);
    }
}

#[tokio::test]
async fn a_provider_that_does_not_answer_ends_no_session() {
    for place in places().await {
        let node = node(&place, |_| {});
        let mut jar = node.sign_in().await;
        place.move_clock(300);
        let down = kong_sso::oidc::OidcError::Status(kong_sso::oidc::error::Endpoint::Token, 503);
        node.refresher.failures.lock().unwrap().push_back(RefreshError::Transport(down));
        let asked = Asked::with(&jar);
        let open = node.open(&asked).await.unwrap();
        assert!(node.sessions.freshen(open).await.is_err(), "{}", place.name);
        assert_eq!(node.visit(&mut jar).await.as_deref(), Some("access-2"), "{}", place.name);
    }
}

#[tokio::test]
async fn without_refresh_an_expired_token_ends_the_session() {
    for place in places().await {
        let node = node(&place, |conf| conf.session.refresh_tokens = false);
        let mut jar = node.sign_in().await;
        place.move_clock(300);
        assert_eq!(node.visit(&mut jar).await, None, "{}", place.name);
    }
}

#[tokio::test]
async fn oidc_060_fifty_requests_at_once_make_one_refresh() {
    for place in places().await {
        let node = node(&place, |_| {});
        let jar = node.sign_in().await;
        place.move_clock(300);
        let visits = (0..50).map(|_| async {
            let mut jar = jar.clone();
            let token = node.visit(&mut jar).await;
            (token, node.visit(&mut jar).await)
        });
        for (first, second) in futures_util::future::join_all(visits).await {
            assert_eq!((first.as_deref(), second.as_deref()), (Some("access-1"), Some("access-1")), "{}", place.name);
        }
        assert_eq!(node.refresher.asked.load(Ordering::SeqCst), 1, "{}", place.name);
    }
}

#[tokio::test]
async fn oidc_060_two_nodes_that_share_a_storage_make_one_refresh() {
    for place in places().await.into_iter().filter(|place| !place.is_cookie()) {
        let one = node(&place, |_| {});
        let two = node_with(&place, Arc::clone(&one.refresher), |_| {});
        let jar = one.sign_in().await;
        place.move_clock(300);
        let visits = (0..50).map(|index| {
            let node = if index % 2 == 0 { &one } else { &two };
            let mut jar = jar.clone();
            async move { node.visit(&mut jar).await }
        });
        for token in futures_util::future::join_all(visits).await {
            assert_eq!(token.as_deref(), Some("access-1"), "{}", place.name);
        }
        assert_eq!(one.refresher.asked.load(Ordering::SeqCst), 1, "{}", place.name);
    }
}

#[tokio::test]
async fn a_browser_that_goes_away_leaves_no_used_up_refresh_token_behind() {
    for place in places().await {
        let node = node(&place, |_| {});
        let mut jar = node.sign_in().await;
        place.move_clock(300);
        let open = node.open(&Asked::with(&jar)).await.unwrap();
        let waiting = tokio::time::timeout(Duration::from_millis(20), node.sessions.freshen(open)).await;
        assert!(waiting.is_err(), "the provider takes longer");
        assert_eq!(node.visit(&mut jar).await.as_deref(), Some("access-1"), "{}", place.name);
        assert_eq!(node.refresher.asked.load(Ordering::SeqCst), 1, "{}", place.name);
    }
}

#[tokio::test]
async fn oidc_061_large_tokens_are_spread_over_cookies_that_browsers_keep() {
    for place in places().await {
        let node = node(&place, |_| {});
        let large = "x".repeat(9_000);
        let mut jar = node.sign_in_with(&proof(&large, "refresh-0", None)).await;
        assert_eq!(jar.0.contains_key("session4"), place.is_cookie(), "{}", place.name);
        assert_eq!(node.visit(&mut jar).await.as_deref(), Some(large.as_str()), "{}", place.name);
        // A smaller session takes its chunks away.
        let asked = Asked::with(&jar);
        let (_, cookies) = node.sessions.start(&asked.view(), &proof("small", "refresh-0", None)).await.unwrap();
        jar.obey(&cookies);
        assert_eq!(jar.0.len(), 1);
        assert_eq!(node.visit(&mut jar).await.as_deref(), Some("small"), "{}", place.name);
        let asked = Asked::with(&jar);
        let too_large = node.sessions.start(&asked.view(), &proof(&"x".repeat(40_000), "r", None)).await;
        assert_eq!(too_large.is_err(), place.is_cookie(), "{}", place.name);
    }
}

#[tokio::test]
async fn oidc_063_a_session_holds_where_it_is_bound_to() {
    for place in places().await {
        let bind = vec![SessionBinding::Ip, SessionBinding::Scheme, SessionBinding::UserAgent];
        let bound = node(&place, |conf| conf.session.bind = bind);
        let jar = bound.sign_in().await;
        let same = Asked::with(&jar);
        assert!(bound.open(&same).await.is_some(), "{}", place.name);
        let others = [
            same.clone().header("user-agent", "another"),
            Asked { client: [192, 0, 2, 2].into(), ..same.clone() },
            Asked { scheme: "https".into(), ..same.clone() },
        ];
        for other in others {
            assert!(bound.open(&other).await.is_none(), "{}: {other:?}", place.name);
        }
        // One that was made before the binding was configured is bound to nothing.
        let free = node(&place, |_| {});
        assert!(bound.open(&Asked::with(&free.sign_in().await)).await.is_none(), "{}", place.name);
    }
}

#[tokio::test]
async fn a_session_counts_for_its_audience_issuer_and_client_only() {
    for place in places().await {
        let home = node(&place, |_| {});
        let mut jar = home.sign_in().await;
        let other = node(&place, |conf| conf.session.audience = "other".into());
        assert!(other.open(&Asked::with(&jar)).await.is_none(), "{}", place.name);
        let asked = Asked::with(&jar);
        let (_, cookies) = other.sessions.start(&asked.view(), &proof("of-other", "r", None)).await.unwrap();
        jar.obey(&cookies);
        assert_eq!(home.visit(&mut jar).await.as_deref(), Some("access-0"), "{}: both share a cookie", place.name);
        assert_eq!(other.visit(&mut jar).await.as_deref(), Some("of-other"), "{}", place.name);
        let asked = Asked::with(&jar);
        let open = other.open(&asked).await.unwrap();
        jar.obey(&other.sessions.end(&asked.view(), &open).await.unwrap());
        assert!(other.open(&Asked::with(&jar)).await.is_none(), "{}", place.name);
        assert!(home.open(&Asked::with(&jar)).await.is_some(), "{}: the other stays", place.name);

        let elsewhere = node(&place, |conf| conf.provider.name = "https://other.test".into());
        assert!(elsewhere.open(&Asked::with(&jar)).await.is_none(), "{}", place.name);
        let two_clients = node(&place, |conf| {
            conf.clients.push(kong_sso::config::plugin::ClientConf::new("second".into(), None));
        });
        assert!(two_clients.open(&Asked::with(&jar)).await.is_some(), "{}", place.name);
        let asked = Asked { query: Some("client_id=2".into()), ..Asked::with(&jar) };
        assert!(two_clients.open(&asked).await.is_none(), "{}", place.name);
        let renamed = node(&place, |conf| conf.clients[0].id = "renamed".into());
        assert!(renamed.open(&Asked::with(&jar)).await.is_none(), "{}", place.name);
    }
}

#[tokio::test]
async fn a_remember_cookie_brings_a_session_back() {
    for place in places().await {
        let node = node(&place, |conf| {
            conf.session.remember =
                Some(RememberConf { cookie_name: "remember".into(), rolling_timeout: 5_000, absolute_timeout: 9_000 });
        });
        let mut jar = node.sign_in_with(&proof("access-0", "refresh-0", None)).await;
        assert!(jar.0.contains_key("remember"), "{}", place.name);
        place.move_clock(2_000);
        jar.0.remove("session");
        assert_eq!(node.visit(&mut jar).await.as_deref(), Some("access-0"), "{}: a new browser session", place.name);
        assert!(jar.0.contains_key("session"), "{}", place.name);
        // The session in the jar is idle for too long, the persistent one is not.
        place.move_clock(4_500);
        assert_eq!(node.visit(&mut jar).await.as_deref(), Some("access-0"), "{}", place.name);
        place.move_clock(3_000);
        assert!(node.visit(&mut jar).await.is_none(), "{}: the absolute limit of the persistent session", place.name);
        let mut jar = node.sign_in_with(&proof("access-0", "refresh-0", None)).await;
        let asked = Asked::with(&jar);
        let open = node.open(&asked).await.unwrap();
        jar.obey(&node.sessions.end(&asked.view(), &open).await.unwrap());
        assert_eq!(jar, Jar::default(), "{}", place.name);
    }
}

#[tokio::test]
async fn oidc_071_after_its_end_a_session_is_not_found() {
    for place in places().await {
        let node = node(&place, |_| {});
        let mut jar = node.sign_in().await;
        let kept = jar.clone();
        let asked = Asked::with(&jar);
        let open = node.open(&asked).await.unwrap();
        jar.obey(&node.sessions.end(&asked.view(), &open).await.unwrap());
        assert_eq!(jar, Jar::default());
        // What stands in a cookie alone cannot be taken back; its holder has to forget it.
        assert_eq!(node.open(&Asked::with(&kept)).await.is_some(), place.is_cookie(), "{}", place.name);
    }
}

#[tokio::test]
async fn a_cookie_that_was_tampered_with_is_no_cookie() {
    for place in places().await {
        let node = node(&place, |_| {});
        let jar = node.sign_in().await;
        let value = &jar.0["session"];
        let flipped = if value.ends_with('A') { "B" } else { "A" };
        let variants = [
            format!("{}{flipped}", &value[..value.len() - 1]),
            value.replacen("1.", "2.", 1),
            value.replacen("1.", "0.", 1),
            value.replacen("1.", "", 1),
            "1.".into(),
            String::new(),
            "99999999999999999999.v1.x".into(),
        ];
        for variant in variants {
            let jar = Jar([("session".to_owned(), variant.clone())].into());
            assert!(node.open(&Asked::with(&jar)).await.is_none(), "{}: {variant}", place.name);
            assert_eq!(node.sessions.forget(&Asked::with(&jar).view()).len(), 1, "{}: it is cleared", place.name);
        }
    }
}

#[tokio::test]
async fn a_former_secret_opens_and_a_foreign_one_does_not() {
    for place in places().await {
        let home = node(&place, |_| {});
        let jar = home.sign_in().await;
        let with = |current: &str, previous: &[SecretString]| {
            let parts =
                SessionParts { secret: SessionSecret::new(&current.into(), previous), storage: place.storage.clone() };
            let conf = Arc::new(conf("https://op.test".parse().unwrap()));
            Sessions::new(conf, parts, place.clock(), Arc::clone(&home.refresher) as Arc<dyn Refresh>, 64 << 20)
        };
        let asked = Asked::with(&jar);
        assert!(with("new", &[]).open(&asked.view()).await.unwrap().is_none(), "{}", place.name);
        let older = ["older".into(), secret()];
        assert!(with("new", &older).open(&asked.view()).await.unwrap().is_some(), "{}", place.name);
    }
}

#[tokio::test]
async fn a_session_of_a_laxer_instance_is_not_found_by_a_stricter_one() {
    for place in places().await {
        let jar = node(&place, |_| {}).sign_in().await;
        let asked = Asked::with(&jar);
        assert!(node(&place, |_| {}).open(&asked).await.is_some(), "{}: the same rules", place.name);
        let other_limits = node(&place, |conf| conf.session.idling_timeout = 800);
        assert!(other_limits.open(&asked).await.is_some(), "{}: no rule of who gets one", place.name);
        let strict = [
            node(&place, |conf| conf.verification.domains = vec!["a.test".into()]),
            node(&place, |conf| conf.provider.issuers_allowed = vec!["https://op.test".into()]),
            node(&place, |conf| conf.methods = [Method::Session, Method::Bearer].into_iter().collect()),
            node(&place, |conf| conf.verification.hs_signatures = true),
        ];
        for (index, node) in strict.iter().enumerate() {
            assert!(node.open(&asked).await.is_none(), "{}: {index}", place.name);
        }
    }
}

#[tokio::test]
async fn a_logout_ends_the_successor_that_another_node_has_just_made() {
    for place in places().await.into_iter().filter(|place| !place.is_cookie()) {
        let (one, two) = (node(&place, |_| {}), node(&place, |_| {}));
        let old = one.sign_in().await;
        let asked = Asked::with(&old);
        place.move_clock(300);
        let seen = two.open(&asked).await.unwrap();
        let mut new = old.clone();
        assert_eq!(one.visit(&mut new).await.as_deref(), Some("access-1"), "{}: a new id", place.name);
        two.sessions.end(&asked.view(), &seen).await.unwrap();
        let after = node(&place, |_| {});
        assert!(after.open(&Asked::with(&new)).await.is_none(), "{}", place.name);
    }
}
