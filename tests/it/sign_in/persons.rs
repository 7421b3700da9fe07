//! Scenarios 29 to 34: who becomes which admin.

use kong_sso::domain::admin::{Admin, AdminStatus};
use kong_sso::domain::ids::{AdminId, RbacUserId, UserName};
use kong_sso::domain::role::RoleSource;
use kong_sso::store::{Page, Store, admins, rbac_users, roles, user_roles, workspaces};
use serde_json::json;

use super::{auth, with_site};
use crate::store::NOW;

async fn find(store: &Store, name: &str) -> Option<Admin> {
    admins::find_by_username(&mut store.read().await.unwrap(), name).await.unwrap()
}

async fn add(store: &Store, name: &str, custom_id: Option<&str>, status: AdminStatus) -> Admin {
    let mut tx = store.write().await.unwrap();
    let home = workspaces::ensure_default(&mut tx, NOW).await.unwrap();
    let admin = Admin {
        id: AdminId::generate(),
        username: UserName::parse(name).unwrap(),
        custom_id: custom_id.map(str::to_owned),
        email: None,
        status,
        rbac_token_enabled: true,
        rbac_user_id: RbacUserId::generate(),
        ws_id: home.id,
        binding: None,
        last_login_at: None,
        created_at: NOW,
        updated_at: NOW,
    };
    admins::create(&mut tx, &admin).await.unwrap();
    tx.commit().await.unwrap();
    admin
}

#[actix_web::test]
async fn km_029_an_unknown_person_becomes_an_admin() {
    with_site(
        |_| {},
        async |site| {
            site.signed_in().await;
            let admin = find(&site.store, "alice@example.com").await.unwrap();
            assert_eq!((admin.status, admin.rbac_token_enabled), (AdminStatus::Approved, true));
            assert_eq!(admin.email.as_deref(), Some("alice@example.com"));
            let binding = admin.binding.unwrap();
            assert_eq!((binding.issuer, binding.subject.as_str()), (site.op.issuer(), "alice-id"));
            assert!(admin.last_login_at.is_some());
        },
    )
    .await;
}

#[actix_web::test]
async fn km_030_tokens_of_new_admins_may_be_off() {
    with_site(
        |settings| auth(settings).mapping.auto_create_token_enabled = false,
        async |site| {
            site.signed_in().await;
            assert!(!find(&site.store, "alice@example.com").await.unwrap().rbac_token_enabled);
        },
    )
    .await;
}

#[actix_web::test]
async fn km_031_without_auto_create_an_unknown_person_is_403() {
    with_site(
        |settings| auth(settings).mapping.auto_create = false,
        async |site| {
            let mut browser = site.browser();
            let reply = site.sign_in(&mut browser).await;
            assert_eq!(reply.status, 403);
            assert!(reply.text.contains("alice@example.com, your account is not an admin of this gateway"));
            assert!(find(&site.store, "alice@example.com").await.is_none());
            assert!(!browser.cookies.contains_key("kong_sso_session"));
        },
    )
    .await;
}

#[actix_web::test]
async fn km_032_an_invited_admin_is_approved_by_the_first_sign_in() {
    with_site(
        |settings| auth(settings).mapping.auto_create = false,
        async |site| {
            add(&site.store, "Alice@Example.com", None, AdminStatus::Invited).await;
            site.signed_in().await;
            let admin = find(&site.store, "Alice@Example.com").await.unwrap();
            assert_eq!((admin.status, admin.binding.is_some()), (AdminStatus::Approved, true));
        },
    )
    .await;
}

#[actix_web::test]
async fn a_custom_id_names_an_admin_and_two_candidates_name_nobody() {
    with_site(
        |settings| auth(settings).mapping.auto_create = false,
        async |site| {
            add(&site.store, "ali", Some("alice@example.com"), AdminStatus::Approved).await;
            let mut browser = site.signed_in().await;
            assert_eq!(browser.fetch("GET", "/_api/services", "").await.status, 200);
            add(&site.store, "bob@example.com", None, AdminStatus::Approved).await;
            add(&site.store, "robert", Some("bob@example.com"), AdminStatus::Approved).await;
            site.person("bob-id", json!({"email": "bob@example.com"}));
            assert_eq!(site.sign_in(&mut site.browser()).await.status, 403);
        },
    )
    .await;
}

#[actix_web::test]
async fn refused_statuses_and_unverified_addresses_do_not_sign_in() {
    with_site(
        |_| {},
        async |site| {
            for (at, status) in
                [AdminStatus::Pending, AdminStatus::Rejected, AdminStatus::Revoked, AdminStatus::Unverified]
                    .into_iter()
                    .enumerate()
            {
                let name = format!("user{at}@example.com");
                add(&site.store, &name, None, status).await;
                site.person(&name, json!({"email": name}));
                assert_eq!(site.sign_in(&mut site.browser()).await.status, 403, "{status:?}");
            }
            site.person("new", json!({"email": "new@example.com", "email_verified": false}));
            assert_eq!(site.sign_in(&mut site.browser()).await.status, 403);
            assert!(find(&site.store, "new@example.com").await.is_none());
        },
    )
    .await;
}

#[actix_web::test]
async fn km_034_a_reused_address_does_not_take_the_account_over() {
    with_site(
        |settings| settings.audit.enabled = true,
        async |site| {
            site.signed_in().await;
            site.person("another-id", json!({"email": "alice@example.com", "groups": ["platform-admins"]}));
            let reply = site.sign_in(&mut site.browser()).await;
            assert_eq!(reply.status, 403);
            // The person whose address changed is still the same person.
            site.person("alice-id", json!({"email": "alice.new@example.com", "groups": ["platform-admins"]}));
            site.signed_in().await;
            assert!(find(&site.store, "alice.new@example.com").await.is_none());
        },
    )
    .await;
}

#[actix_web::test]
async fn km_029_a_service_account_is_never_taken_for_a_person_and_keeps_nobody_out() {
    with_site(
        |settings| settings.login.bootstrap_groups = vec!["founders".to_owned()],
        async |site| {
            let mut tx = site.store.write().await.unwrap();
            let home = workspaces::ensure_default(&mut tx, NOW).await.unwrap();
            let user = crate::store::some_user(&home, "alice@example.com");
            rbac_users::create(&mut tx, &user).await.unwrap();
            let role = roles::find(&mut tx, home.id, "super-admin").await.unwrap().unwrap();
            user_roles::assign(&mut tx, user.id, role.id, RoleSource::Local).await.unwrap();
            tx.commit().await.unwrap();
            let mut browser = site.signed_in().await;
            assert_eq!(
                browser.fetch("GET", "/_api/rbac/users", "").await.status,
                403,
                "nothing of the account's rights"
            );
            let me = browser.fetch("GET", "/_api/admins/self", "").await.json();
            assert_eq!((&me["username"], &me["email"]), (&json!("alice@example.com~2"), &json!("alice@example.com")));
            let mut again = site.signed_in().await;
            assert_eq!(again.fetch("GET", "/_api/admins/self", "").await.json()["id"], me["id"]);
            site.person("another-id", json!({ "email": "alice@example.com~2" }));
            assert_eq!(site.sign_in(&mut site.browser()).await.status, 403, "the name is bound to the first");
        },
    )
    .await;
}

#[actix_web::test]
async fn km_051_two_first_sign_ins_at_once_make_one_admin() {
    with_site(
        |_| {},
        async |site| {
            let (mut one, mut other) = (site.browser(), site.browser());
            let answers = (site.answer(&mut one, "").await, site.answer(&mut other, "").await);
            let (first, second) = futures_util::join!(one.navigate(&answers.0), other.navigate(&answers.1));
            assert_eq!((first.status, second.status), (302, 302), "{} {}", first.text, second.text);
            let page = Page::new(10, None).unwrap();
            let all = admins::list(&mut site.store.read().await.unwrap(), None, "", &page).await.unwrap();
            let names: Vec<_> = all.items.iter().map(|admin| admin.username.as_str()).collect();
            assert_eq!(names, ["alice@example.com"]);
        },
    )
    .await;
}

#[actix_web::test]
async fn km_029_names_that_are_all_taken_keep_nobody_out() {
    with_site(
        |_| {},
        async |site| {
            let mut tx = site.store.write().await.unwrap();
            let home = workspaces::ensure_default(&mut tx, NOW).await.unwrap();
            for ending in std::iter::once(String::new()).chain((2..50).map(|number| format!("~{number}"))) {
                let user = crate::store::some_user(&home, &format!("alice@example.com{ending}"));
                rbac_users::create(&mut tx, &user).await.unwrap();
            }
            tx.commit().await.unwrap();
            let me = site.signed_in().await.fetch("GET", "/_api/admins/self", "").await.json();
            let name = me["username"].as_str().unwrap();
            assert!(name.starts_with("alice@example.com~") && name.len() > 50, "{name}");
        },
    )
    .await;
}
