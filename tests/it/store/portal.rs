//! Developers, their sessions and tokens, and mails on their way.

use kong_sso::domain::developer::{Developer, DeveloperStatus, EmailAddress};
use kong_sso::domain::ids::PortalSessionId;
use kong_sso::domain::portal_token::Purpose;
use kong_sso::domain::session::{SessionLimits, SessionTimes};
use kong_sso::domain::workspace::Workspace;
use kong_sso::store::developers::{self, DeveloperSearch};
use kong_sso::store::mails::{self, QueuedMail};
use kong_sso::store::portal_sessions::{self, PortalSession};
use kong_sso::store::portal_tokens::{self, PortalToken};
use kong_sso::store::{Connection, Page, StoreError};

use super::{NOW, databases, default_workspace, workspace};

async fn developer(connection: &mut Connection, home: &Workspace, email: &str) -> Developer {
    let email = EmailAddress::parse(email).unwrap();
    let mut developer = Developer::new(home.id, email, DeveloperStatus::Approved, NOW);
    developer.meta.insert("full_name".to_owned(), "Ann Other".into());
    developers::create(connection, &developer).await.unwrap();
    developer
}

#[tokio::test]
async fn an_address_is_taken_once_in_a_workspace_in_whichever_case() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let other = workspace(&mut tx, "payments").await;
        let ann = developer(&mut tx, &home, "Ann@example.com").await;
        developer(&mut tx, &other, "ann@example.com").await;
        assert_eq!(developers::find(&mut tx, home.id, "ANN@example.com").await.unwrap(), Some(ann.clone()));
        assert_eq!(developers::find(&mut tx, home.id, &ann.id.to_string()).await.unwrap(), Some(ann.clone()));
        assert_eq!(developers::find(&mut tx, other.id, &ann.id.to_string()).await.unwrap(), None);
        tx.commit().await.unwrap();
        let mut tx = database.store.write().await.unwrap();
        let again = Developer::new(home.id, ann.email.clone(), DeveloperStatus::Pending, NOW);
        let refused = developers::create(&mut tx, &again).await.unwrap_err();
        let taken = vec![("email".to_owned(), "ann@example.com".to_owned())];
        assert!(matches!(refused, StoreError::Unique { fields, .. } if fields == taken));
    }
}

#[tokio::test]
async fn developers_are_found_by_status_and_part_of_name() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        for email in ["ann@example.com", "bob@example.com", "cem@example.com"] {
            developer(&mut tx, &home, email).await;
        }
        let mut bob = developers::find(&mut tx, home.id, "bob@example.com").await.unwrap().unwrap();
        bob.status = DeveloperStatus::Revoked;
        bob.status_reason = Some("left".to_owned());
        developers::update(&mut tx, &bob).await.unwrap();
        let revoked = DeveloperSearch { status: Some(DeveloperStatus::Revoked), ..DeveloperSearch::default() };
        let found = developers::list(&mut tx, home.id, &revoked, &Page::default()).await.unwrap();
        assert_eq!(found.items, [bob.clone()]);
        let named = DeveloperSearch { text: "OTHER".to_owned(), ..DeveloperSearch::default() };
        assert_eq!(developers::count(&mut tx, home.id, &named).await.unwrap(), 3);
        let first = developers::list(&mut tx, home.id, &named, &Page::new(2, None).unwrap()).await.unwrap();
        let rest = Page::new(2, first.offset.as_deref()).unwrap();
        assert_eq!(developers::list(&mut tx, home.id, &named, &rest).await.unwrap().items.len(), 1);
        let mut counts = developers::count_by_status(&mut tx, home.id).await.unwrap();
        counts.sort_by_key(|(status, _)| status.code());
        assert_eq!(counts, [(DeveloperStatus::Approved, 2), (DeveloperStatus::Revoked, 1)]);
        for is_admitted in [true, true, false] {
            assert_eq!(developers::admit_attempt(&mut tx, bob.id, 2).await.unwrap(), is_admitted);
        }
        assert_eq!(developers::find_by_id(&mut tx, bob.id).await.unwrap().unwrap().failed_logins, 2);
        developers::note_login(&mut tx, bob.id, NOW.plus(5)).await.unwrap();
        let bob = developers::find_by_id(&mut tx, bob.id).await.unwrap().unwrap();
        assert_eq!((bob.failed_logins, bob.last_login_at), (0, Some(NOW.plus(5))));
    }
}

#[tokio::test]
async fn a_token_works_once_for_its_purpose_and_the_newest_only() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let ann = developer(&mut tx, &home, "ann@example.com").await;
        let token = PortalToken {
            developer_id: ann.id,
            purpose: Purpose::Reset,
            email: None,
            created_at: NOW,
            expires_at: NOW.plus(60),
        };
        portal_tokens::put(&mut tx, &token, "first").await.unwrap();
        portal_tokens::put(&mut tx, &token, "second").await.unwrap();
        assert_eq!(portal_tokens::take(&mut tx, Purpose::Reset, "first", NOW).await.unwrap(), None);
        assert_eq!(portal_tokens::take(&mut tx, Purpose::Verify, "second", NOW).await.unwrap(), None);
        assert_eq!(portal_tokens::take(&mut tx, Purpose::Reset, "second", NOW.plus(60)).await.unwrap(), None);
        assert_eq!(portal_tokens::find(&mut tx, Purpose::Reset, "second", NOW).await.unwrap(), Some(token.clone()));
        assert_eq!(portal_tokens::take(&mut tx, Purpose::Reset, "second", NOW).await.unwrap(), Some(token));
        assert_eq!(portal_tokens::take(&mut tx, Purpose::Reset, "second", NOW).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_session_of_a_developer_is_touched_and_ends_with_the_account() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let ann = developer(&mut tx, &home, "ann@example.com").await;
        let session = |seen: i64| PortalSession {
            id: PortalSessionId::generate(),
            developer_id: ann.id,
            is_limited: false,
            client: "127.0.0.1".to_owned(),
            user_agent: "test".to_owned(),
            sealed_id_token: None,
            times: SessionTimes { created_at: NOW, last_seen_at: NOW.plus(seen), renewed_at: NOW },
        };
        let (old, new) = (session(0), session(100));
        portal_sessions::create(&mut tx, &old, "old").await.unwrap();
        portal_sessions::create(&mut tx, &new, "new").await.unwrap();
        assert_eq!(portal_sessions::find(&mut tx, "new").await.unwrap(), Some(new.clone()));
        let limits = SessionLimits { idling: 100, rolling: 0, absolute: 0 };
        assert_eq!(portal_sessions::purge_expired(&mut tx, NOW.plus(150), &limits).await.unwrap(), 1);
        portal_sessions::touch(&mut tx, new.id, NOW.plus(200), true).await.unwrap();
        portal_sessions::touch(&mut tx, new.id, NOW.plus(190), false).await.unwrap();
        let times = portal_sessions::find(&mut tx, "new").await.unwrap().unwrap().times;
        assert_eq!((times.last_seen_at, times.renewed_at), (NOW.plus(200), NOW.plus(200)));
        developers::delete(&mut tx, ann.id).await.unwrap();
        assert_eq!(portal_sessions::find(&mut tx, "new").await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_mail_is_claimed_by_one_node_and_given_up_at_last() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let mail = QueuedMail {
            id: "one".to_owned(),
            ws_id: None,
            template: "approved-access".to_owned(),
            recipient: "ann@example.com".to_owned(),
            sealed: "sealed".to_owned(),
            attempts: 0,
            due_at: Some(NOW),
            last_error: None,
            created_at: NOW,
        };
        mails::create(&mut tx, &mail).await.unwrap();
        assert_eq!(mails::list_due(&mut tx, NOW.plus(-1), 10).await.unwrap(), []);
        assert_eq!(mails::list_due(&mut tx, NOW, 10).await.unwrap(), std::slice::from_ref(&mail));
        assert!(mails::claim(&mut tx, &mail, Some(NOW.plus(60))).await.unwrap());
        assert!(!mails::claim(&mut tx, &mail, Some(NOW.plus(60))).await.unwrap(), "another node was faster");
        let again = mails::list_due(&mut tx, NOW.plus(60), 10).await.unwrap().remove(0);
        assert!(mails::claim(&mut tx, &again, None).await.unwrap());
        mails::note_failure(&mut tx, "one", "no route").await.unwrap();
        assert_eq!(mails::count(&mut tx).await.unwrap(), (0, 1));
        mails::delete(&mut tx, "one").await.unwrap();
        assert_eq!(mails::count(&mut tx).await.unwrap(), (0, 0));
    }
}

#[tokio::test]
async fn a_hash_is_made_anew_only_while_it_stands_and_nothing_else_is_written() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let mut ann = developer(&mut tx, &home, "ann@example.com").await;
        ann.password_hash = Some("imported".to_owned());
        developers::update(&mut tx, &ann).await.unwrap();
        // Meanwhile an admin revokes her.
        ann.status = DeveloperStatus::Revoked;
        developers::update(&mut tx, &ann).await.unwrap();
        assert!(developers::rehash(&mut tx, ann.id, "imported", "made anew").await.unwrap());
        ann.password_hash = Some("made anew".to_owned());
        assert_eq!(developers::find_by_id(&mut tx, ann.id).await.unwrap(), Some(ann.clone()));
        assert!(!developers::rehash(&mut tx, ann.id, "imported", "late").await.unwrap());
        assert_eq!(developers::find_by_id(&mut tx, ann.id).await.unwrap(), Some(ann));
    }
}
