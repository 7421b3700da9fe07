//! Sign-ins, browser sessions, used states, shared secrets.

use kong_sso::domain::admin::Admin;
use kong_sso::domain::ids::SessionId;
use kong_sso::domain::session::{SessionLimits, SessionTimes};
use kong_sso::store::login_sessions::{self, LoginSession, SealedTokens};
use kong_sso::store::web_sessions::{self, WebSession};
use kong_sso::store::{Connection, StoreError, admins, consumed_states, secrets};

use super::{NOW, admin, databases, default_workspace};

pub(super) async fn sign_in(connection: &mut Connection, admin: &Admin) -> LoginSession {
    let session = LoginSession {
        id: SessionId::generate(),
        admin_id: admin.id,
        rbac_user_id: admin.rbac_user_id,
        issuer: "https://idp.example".to_owned(),
        subject: admin.username.to_string(),
        idp_session: Some(format!("sid-{}", admin.username)),
        times: SessionTimes { created_at: NOW, last_seen_at: NOW, renewed_at: NOW },
        token_expires_at: Some(NOW.plus(300)),
        sealed_tokens: Some(SealedTokens("sealed".to_owned())),
        source: "authorization_code".to_owned(),
    };
    login_sessions::create(connection, &session).await.unwrap();
    session
}

#[tokio::test]
async fn a_session_is_touched_renewed_and_refreshed() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let ann = admin(&mut tx, &home, "ann").await;
        let session = sign_in(&mut tx, &ann).await;
        assert_eq!(login_sessions::find(&mut tx, session.id).await.unwrap(), Some(session.clone()));
        login_sessions::touch(&mut tx, session.id, NOW.plus(60)).await.unwrap();
        login_sessions::touch(&mut tx, session.id, NOW.plus(30)).await.unwrap();
        let stored = login_sessions::find(&mut tx, session.id).await.unwrap().unwrap();
        assert_eq!((stored.times.last_seen_at, stored.times.renewed_at), (NOW.plus(60), NOW));
        login_sessions::renew(&mut tx, session.id, NOW.plus(90)).await.unwrap();
        login_sessions::update_tokens(&mut tx, session.id, None, None).await.unwrap();
        let stored = login_sessions::find(&mut tx, session.id).await.unwrap().unwrap();
        assert_eq!((stored.times.last_seen_at, stored.times.renewed_at), (NOW.plus(90), NOW.plus(90)));
        assert_eq!((stored.sealed_tokens, stored.token_expires_at), (None, None));
        assert!(login_sessions::delete(&mut tx, session.id).await.unwrap());
        assert!(!login_sessions::delete(&mut tx, session.id).await.unwrap());
        let gone = login_sessions::renew(&mut tx, session.id, NOW).await;
        assert!(matches!(gone, Err(StoreError::NotFound)));
    }
}

#[tokio::test]
async fn the_tokens_of_a_session_never_show_in_debug_output() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let ann = admin(&mut tx, &home, "ann").await;
        let session = sign_in(&mut tx, &ann).await;
        assert!(!format!("{session:?}").contains("sealed\""));
        let web = WebSession {
            key_hash: "hash-of-key".to_owned(),
            state: "state-of-browser".to_owned(),
            expires_at: NOW,
            login_session_id: None,
        };
        let shown = format!("{web:?}");
        assert!(!shown.contains("hash-of-key") && !shown.contains("state-of-browser"), "{shown}");
    }
}

#[tokio::test]
async fn sessions_end_by_admin_subject_or_idp_session() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let (ann, bob) = (admin(&mut tx, &home, "ann").await, admin(&mut tx, &home, "bob").await);
        let first = sign_in(&mut tx, &ann).await;
        let second = sign_in(&mut tx, &ann).await;
        let of_bob = sign_in(&mut tx, &bob).await;
        let listed = login_sessions::list_of_admin(&mut tx, ann.id).await.unwrap();
        assert_eq!(listed.iter().map(|session| session.id).collect::<Vec<_>>(), [second.id, first.id]);
        assert_eq!(login_sessions::delete_of_admin(&mut tx, ann.id, Some(first.id)).await.unwrap(), [second.id]);
        let issuer = "https://idp.example";
        let nothing: [SessionId; 0] = [];
        assert_eq!(login_sessions::delete_of_subject(&mut tx, issuer, None, None).await.unwrap(), nothing);
        let other = login_sessions::delete_of_subject(&mut tx, "https://other", Some("ann"), None).await.unwrap();
        assert_eq!(other, nothing);
        let mixed = login_sessions::delete_of_subject(&mut tx, issuer, Some("ann"), Some("sid-bob")).await.unwrap();
        assert_eq!(mixed, nothing);
        let by_sid = login_sessions::delete_of_subject(&mut tx, issuer, None, Some("sid-ann")).await.unwrap();
        assert_eq!(by_sid, [first.id]);
        let by_subject = login_sessions::delete_of_subject(&mut tx, issuer, Some("bob"), None).await.unwrap();
        assert_eq!(by_subject, [of_bob.id]);
    }
}

#[tokio::test]
async fn deleting_an_admin_ends_its_sessions_in_every_browser() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let ann = admin(&mut tx, &home, "ann").await;
        let session = sign_in(&mut tx, &ann).await;
        let web = WebSession {
            key_hash: "k".to_owned(),
            state: "{}".to_owned(),
            expires_at: NOW.plus(60),
            login_session_id: Some(session.id),
        };
        web_sessions::create(&mut tx, &web).await.unwrap();
        admins::delete(&mut tx, ann.id).await.unwrap();
        assert!(login_sessions::find(&mut tx, session.id).await.unwrap().is_none());
        assert!(web_sessions::find(&mut tx, "k", NOW).await.unwrap().is_none());
        assert!(matches!(admins::delete(&mut tx, ann.id).await, Err(StoreError::NotFound)));
        let late = WebSession { key_hash: "l".to_owned(), ..web };
        assert!(matches!(web_sessions::create(&mut tx, &late).await, Err(StoreError::ForeignKey)));
    }
}

#[tokio::test]
async fn a_browser_session_lives_until_its_second() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let web = WebSession {
            key_hash: "k".to_owned(),
            state: r#"{"a":"1"}"#.to_owned(),
            expires_at: NOW.plus(60),
            login_session_id: None,
        };
        web_sessions::create(&mut tx, &web).await.unwrap();
        assert_eq!(web_sessions::find(&mut tx, "k", NOW.plus(59)).await.unwrap(), Some(web.clone()));
        assert_eq!(web_sessions::find(&mut tx, "k", NOW.plus(60)).await.unwrap(), None);
        assert!(web_sessions::update_ttl(&mut tx, "k", NOW.plus(90)).await.unwrap());
        let changed = WebSession { state: "{}".to_owned(), expires_at: NOW.plus(95), ..web.clone() };
        assert!(web_sessions::update(&mut tx, &changed).await.unwrap());
        assert_eq!(web_sessions::find(&mut tx, "k", NOW.plus(94)).await.unwrap(), Some(changed));
        assert_eq!(web_sessions::purge_expired(&mut tx, NOW.plus(94)).await.unwrap(), 0);
        assert_eq!(web_sessions::purge_expired(&mut tx, NOW.plus(95)).await.unwrap(), 1);
        assert!(!web_sessions::update(&mut tx, &web).await.unwrap());
        assert!(!web_sessions::update_ttl(&mut tx, "k", NOW).await.unwrap());
        web_sessions::create(&mut tx, &web).await.unwrap();
        web_sessions::delete(&mut tx, "k").await.unwrap();
        assert!(web_sessions::find(&mut tx, "k", NOW).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn sessions_beyond_a_limit_are_purged() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let ann = admin(&mut tx, &home, "ann").await;
        let off = SessionLimits { idling: 0, rolling: 0, absolute: 0 };
        for limits in [
            SessionLimits { idling: 100, ..off },
            SessionLimits { rolling: 100, ..off },
            SessionLimits { absolute: 100, ..off },
        ] {
            sign_in(&mut tx, &ann).await;
            assert_eq!(login_sessions::purge_expired(&mut tx, NOW.plus(1_000_000), &off).await.unwrap(), 0);
            assert_eq!(login_sessions::purge_expired(&mut tx, NOW.plus(99), &limits).await.unwrap(), 0);
            assert_eq!(login_sessions::purge_expired(&mut tx, NOW.plus(100), &limits).await.unwrap(), 1);
        }
    }
}

#[tokio::test]
async fn a_lease_has_one_holder_until_it_ends() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let ann = admin(&mut tx, &home, "ann").await;
        let id = sign_in(&mut tx, &ann).await.id;
        assert!(login_sessions::try_lease(&mut tx, id, "a", NOW, 10).await.unwrap());
        assert!(!login_sessions::try_lease(&mut tx, id, "b", NOW.plus(9), 10).await.unwrap());
        login_sessions::release_lease(&mut tx, id, "b").await.unwrap();
        assert!(!login_sessions::try_lease(&mut tx, id, "b", NOW.plus(9), 10).await.unwrap());
        assert!(login_sessions::try_lease(&mut tx, id, "b", NOW.plus(10), 10).await.unwrap());
        login_sessions::release_lease(&mut tx, id, "a").await.unwrap();
        assert!(!login_sessions::try_lease(&mut tx, id, "c", NOW.plus(10), 10).await.unwrap());
        login_sessions::release_lease(&mut tx, id, "b").await.unwrap();
        assert!(login_sessions::try_lease(&mut tx, id, "c", NOW.plus(10), 10).await.unwrap());
        assert!(!login_sessions::try_lease(&mut tx, SessionId::generate(), "c", NOW, 10).await.unwrap());
    }
}

#[tokio::test]
async fn a_state_is_used_once_and_forgotten_after_its_end() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        assert!(consumed_states::consume(&mut tx, "s", NOW.plus(600)).await.unwrap());
        assert!(!consumed_states::consume(&mut tx, "s", NOW.plus(600)).await.unwrap());
        assert!(consumed_states::consume(&mut tx, "t", NOW.plus(700)).await.unwrap());
        assert_eq!(consumed_states::purge_expired(&mut tx, NOW.plus(600)).await.unwrap(), 1);
        assert!(!consumed_states::consume(&mut tx, "t", NOW.plus(600)).await.unwrap());
    }
}

#[tokio::test]
async fn the_first_secret_counts() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        assert_eq!(secrets::find(&mut tx, "key").await.unwrap(), None);
        assert_eq!(secrets::insert_if_absent(&mut tx, "key", "one").await.unwrap(), "one");
        assert_eq!(secrets::insert_if_absent(&mut tx, "key", "two").await.unwrap(), "one");
        assert_eq!(secrets::find(&mut tx, "key").await.unwrap().as_deref(), Some("one"));
    }
}
