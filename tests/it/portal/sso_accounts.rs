//! What a sign-in through a provider does to accounts: linking, provisioning, approval, passwords, the doors that are closed.

use std::sync::Arc;

use kong_sso::config::auth_conf::SameSite;
use kong_sso::config::portal::{PortalSessionConf, Provisioning};
use kong_sso::domain::claims::ClaimPath;
use kong_sso::domain::developer::SsoApproval;
use serde_json::{Value, json};

use super::sso::{ann, answer, automatic, developers, identity_events, sign_in, with_sso};
use super::{Client, PASSWORD, registration};
use crate::support::op::User;

#[actix_web::test]
async fn dp_034_a_password_links_an_account_once() {
    with_sso(
        |settings| {
            automatic(settings);
            settings.portal.sso.local_login = true;
        },
        async |scene, op| {
            scene.developer("ann@example.com").await;
            scene.developer("bob@example.com").await;
            let unverified = || User::new("ann-id", json!({"email": "ann@example.com"}));
            let browser = scene.browser();
            let refused = sign_in(op, &browser, unverified()).await;
            assert_eq!(refused.status, 403);
            let csrf = refused.one("form [name=csrf]").attr("value").unwrap().to_owned();
            let fields = |password| {
                [("csrf", csrf.as_str()), ("link", "on"), ("email", "ann@example.com"), ("password", password)]
            };
            assert_eq!(browser.post("/default/login", &fields("wrong")).await.status, 401);
            let linked = browser.post("/default/login", &fields(PASSWORD)).await;
            assert_eq!((linked.status, linked.location().as_str()), (303, "/default/"));
            assert!(browser.get("/default/").await.words().contains("Your account is linked."));
            assert_eq!(sign_in(op, &scene.browser(), unverified()).await.location(), "/default/", "from now on");
            assert_eq!(scene.client().log_in("ann@example.com", PASSWORD).await.status, 204, "the password stays");
            let other = scene.browser();
            sign_in(op, &other, User::new("eve-id", json!({"email": "ann@example.com", "email_verified": true}))).await;
            assert!(other.cookie("portal_identity").is_none(), "another subject of the same provider is never linked");
            let mixed = scene.browser();
            sign_in(op, &mixed, User::new("bob-id", json!({"email": "bob@example.com"}))).await;
            let own = [("link", "on"), ("email", "ann@example.com"), ("password", PASSWORD)];
            mixed.submit("/default/login", "/default/login", &own).await;
            let bob = sign_in(op, &scene.browser(), User::new("bob-id", json!({"email": "bob@example.com"}))).await;
            assert_eq!(bob.status, 403, "a password links its own account only");
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_034_who_proves_the_address_keeps_nothing_of_who_claimed_it() {
    with_sso(
        |settings| {
            automatic(settings);
            settings.portal.sso.local_login = true;
        },
        async |scene, op| {
            scene.developer("ann@example.com").await;
            let mut squatter = scene.signed_in("ann@example.com").await;
            assert_eq!(sign_in(op, &scene.browser(), ann()).await.location(), "/default/");
            assert_eq!(squatter.get("/developer").await.status, 401, "sessions are over");
            assert_eq!(scene.client().log_in("ann@example.com", PASSWORD).await.status, 401, "and so is the password");
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_034_an_identity_that_only_claimed_an_address_goes_when_its_owner_comes() {
    for by_provider in [false, true] {
        with_sso(
            |settings| {
                automatic(settings);
                settings.portal.sso.local_login = true;
                settings.portal.rules.email_verification = true;
            },
            async |scene, op| {
                let eve = || User::new("eve-id", json!({"email": "ann@example.com"}));
                sign_in(op, &scene.browser(), eve()).await;
                let claimed = &developers(scene).await[0];
                assert_eq!((&claimed["status"], claimed["identities"].as_array().unwrap().len()), (&json!(5), 1));
                if by_provider {
                    assert_eq!(sign_in(op, &scene.browser(), ann()).await.location(), "/default/");
                } else {
                    scene.register("ann@example.com").await;
                    let mails = scene.mails_to("ann@example.com").await;
                    let token = mails.last().unwrap().token("/account/verify");
                    let mut owner = scene.client();
                    assert_eq!(owner.post("/verify-account", json!({"token": token})).await.status, 200);
                    let path = "/developers/ann@example.com";
                    assert_eq!(scene.admin("PATCH", path, json!({"status": 0})).await.0, 200);
                }
                let browser = scene.browser();
                let again = sign_in(op, &browser, eve()).await;
                assert!(again.status == 403 && browser.cookie("portal_session").is_none(), "{}", again.text);
            },
        )
        .await;
    }
}

#[actix_web::test]
async fn dp_034_a_key_that_an_admin_gave_names_an_account_and_an_address_in_another_claim_does_not() {
    for claim in ["employee", "nickname"] {
        with_sso(
            |settings| {
                automatic(settings);
                let conf = Arc::make_mut(settings.portal.openid_connect.as_mut().unwrap());
                conf.consumer_claim = ClaimPath::of(claim);
            },
            async |scene, op| {
                scene.developer("ann@example.com").await;
                let key = json!({"custom_id": "E-4711"});
                assert_eq!(scene.admin("PATCH", "/developers/ann@example.com", key).await.0, 200);
                let claims = json!({"employee": "E-4711", "nickname": "ann@example.com", "email": "eve@example.com",
                                    "email_verified": true});
                let landed = sign_in(op, &scene.browser(), User::new("x", claims)).await;
                assert_eq!(landed.status, if claim == "employee" { 303 } else { 403 }, "{}", landed.text);
                assert_eq!(developers(scene).await.len(), 1);
            },
        )
        .await;
    }
}

#[actix_web::test]
async fn dp_033_nobody_new_comes_in_where_accounts_are_made_by_admins() {
    with_sso(
        |settings| {
            automatic(settings);
            settings.portal.sso.provisioning = Provisioning::Deny;
        },
        async |scene, op| {
            let browser = scene.browser();
            let landed = sign_in(op, &browser, ann()).await;
            assert!(landed.status == 403 && landed.words().contains("No access"), "{}", landed.text);
            assert!(browser.cookie("portal_session").is_none() && developers(scene).await.is_empty());
            let made = json!({"email": "ann@example.com", "status": 1});
            assert_eq!(scene.admin("POST", "/developers", made).await.0, 200);
            assert_eq!(sign_in(op, &browser, ann()).await.location(), "/default/", "who was made before is approved");
            assert_eq!(developers(scene).await[0]["status"], 0);
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_033_who_has_no_address_gets_no_account() {
    with_sso(automatic, async |scene, op| {
        let landed = sign_in(op, &scene.browser(), User::new("x", json!({"email": "nobody"}))).await;
        assert!(landed.status == 403 && landed.words().contains("did not tell your e-mail address"));
        assert!(developers(scene).await.is_empty());
    })
    .await;
}

#[actix_web::test]
async fn dp_033_approval_follows_the_settings() {
    for (approval, auto_approve, status) in [
        (SsoApproval::Inherit, false, 1),
        (SsoApproval::Inherit, true, 0),
        (SsoApproval::Always, false, 0),
        (SsoApproval::Never, true, 1),
    ] {
        with_sso(
            |settings| {
                automatic(settings);
                settings.portal.sso.approval = approval;
                settings.portal.rules.auto_approve = auto_approve;
            },
            async |scene, op| {
                let landed = sign_in(op, &scene.browser(), ann()).await;
                assert_eq!(landed.location(), if status == 0 { "/default/" } else { "/default/pending" });
                assert_eq!(developers(scene).await[0]["status"], status, "{approval:?}");
                let told = scene.mails_to("boss@example.com").await.len();
                assert_eq!(told, usize::from(status == 1), "admins are told of who waits");
            },
        )
        .await;
    }
}

#[actix_web::test]
async fn dp_033_an_address_is_verified_by_the_provider_or_by_mail() {
    with_sso(
        |settings| {
            automatic(settings);
            settings.portal.rules.email_verification = true;
        },
        async |scene, op| {
            assert_eq!(sign_in(op, &scene.browser(), ann()).await.location(), "/default/");
            let unverified = || User::new("bob-id", json!({"email": "bob@example.com"}));
            assert_eq!(sign_in(op, &scene.browser(), unverified()).await.location(), "/default/pending");
            assert_eq!(sign_in(op, &scene.browser(), unverified()).await.location(), "/default/pending");
            let mails = scene.mails_to("bob@example.com").await;
            assert_eq!(mails.len(), 1);
            let token = json!({"token": mails[0].token("/account/verify")});
            assert_eq!(scene.client().post("/verify-account", token).await.status, 200);
            assert_eq!(sign_in(op, &scene.browser(), unverified()).await.location(), "/default/", "and then approved");
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_032_who_was_invited_completes_the_registration_at_the_form() {
    with_sso(
        |_| {},
        async |scene, op| {
            let invited = scene.admin("POST", "/developers/invite", json!({"emails": ["ann@example.com"]})).await;
            assert_eq!(invited.1["sent"]["count"], 1, "{}", invited.1);
            let token = scene.mails_to("ann@example.com").await[0].token("/register");
            let browser = scene.browser();
            let at = browser.get(&format!("/default/register?token={token}")).await;
            assert_eq!(at.location(), "/default/login");
            assert_eq!(sign_in(op, &browser, ann()).await.location(), "/default/register");
            let name = [("meta.full_name", "Ann")];
            let done = browser.submit("/default/register", "/default/register", &name).await;
            assert_eq!(done.location(), "/default/pending");
            assert_eq!(developers(scene).await[0]["status"], 1);
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_032_without_passwords_their_doors_are_not_there() {
    with_sso(automatic, async |scene, op| {
        scene.developer("ann@example.com").await;
        let mut client = scene.client();
        for (path, body) in [
            ("/register", registration("bob@example.com")),
            ("/forgot-password", json!({"email": "ann@example.com"})),
            ("/validate-reset", json!({"token": "x"})),
            ("/reset-password", json!({"token": "x", "password": PASSWORD})),
        ] {
            assert_eq!(client.post(path, body).await.status, 404, "{path}");
        }
        assert_eq!(client.log_in("ann@example.com", PASSWORD).await.status, 404);
        for page in ["/default/forgot-password", "/default/reset-password?token=x"] {
            assert_eq!(scene.browser().get(page).await.status, 404, "{page}");
        }
        let page = scene.browser().get("/default/login").await;
        assert!(page.has("#sso") && !page.has("input[type=password]") && !page.has("a[href$='/register']"));
        let browser = scene.browser();
        sign_in(op, &browser, ann()).await;
        let settings = browser.get("/default/settings").await;
        assert!(!settings.has("input[type=password]") && !settings.has("form[action$='/settings/email']"));
        client.cookies.insert("portal_session".to_owned(), browser.cookie("portal_session").unwrap());
        let password = json!({"old_password": PASSWORD, "password": "another good password"});
        assert_eq!(client.patch("/developer/password", password).await.status, 404);
        let email = json!({"email": "new@example.com", "password": PASSWORD});
        assert_eq!(client.patch("/developer/email", email).await.status, 403);
    })
    .await;
}

#[actix_web::test]
async fn dp_032_passwords_beside_the_provider_are_switched_on() {
    with_sso(
        |settings| settings.portal.sso.local_login = true,
        async |scene, _| {
            let page = scene.browser().get("/default/login").await;
            assert!(page.has("#sso") && page.has("input[type=password]") && page.has("a[href$='/register']"));
            scene.register("bob@example.com").await;
            scene.developer("ann@example.com").await;
            let mut ann = scene.signed_in("ann@example.com").await;
            let email = json!({"email": "new@example.com", "password": PASSWORD});
            assert_eq!(ann.patch("/developer/email", email).await.status, 200, "no provider knows her");
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_033_every_sign_in_follows_the_name_and_a_verified_address() {
    with_sso(automatic, async |scene, op| {
        scene.developer("bob@example.com").await;
        let told = async |claims: Value| {
            sign_in(op, &scene.browser(), User::new("ann-id", claims)).await;
            developers(scene).await.into_iter().find(|it| it["email"] != "bob@example.com").unwrap()
        };
        told(json!({"email": "ann@example.com", "email_verified": true, "name": "Ann Other"})).await;
        let renamed = told(json!({"email": "ann@example.com", "email_verified": true, "name": "Ann New"})).await;
        assert_eq!(renamed["full_name"], "Ann New");
        let kept = told(json!({"email": "eve@example.com"})).await;
        assert_eq!(kept["email"], "ann@example.com", "nobody verified it");
        let moved = told(json!({"email": "ann@new.example", "email_verified": true})).await;
        assert_eq!(moved["email"], "ann@new.example");
        let taken = told(json!({"email": "bob@example.com", "email_verified": true})).await;
        assert_eq!(taken["email"], "ann@new.example", "it is somebody else's");
        let mut events = identity_events(scene).await;
        events.sort();
        assert_eq!(events, ["identity.created", "identity.email_kept", "identity.email_kept"]);
    })
    .await;
}

#[actix_web::test]
async fn dp_032_a_strict_cookie_takes_a_page_of_our_own() {
    with_sso(
        |settings| {
            automatic(settings);
            let conf = Arc::make_mut(settings.portal.openid_connect.as_mut().unwrap());
            conf.session = PortalSessionConf { cookie_same_site: SameSite::Strict, ..PortalSessionConf::default() };
        },
        async |scene, op| {
            let landed = sign_in(op, &scene.browser(), ann()).await;
            assert_eq!((landed.status, landed.one("#continue").attr("href")), (200, Some("/default/")));
            let cookies: Vec<_> = landed.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap()).collect();
            let session = cookies.iter().find(|line| line.starts_with("portal_session=")).unwrap();
            assert!(session.contains("SameSite=Strict") && session.contains("HttpOnly"), "{session}");
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_032_kongs_own_door_takes_the_answer_too() {
    with_sso(
        |settings| {
            automatic(settings);
            let conf = Arc::make_mut(settings.portal.openid_connect.as_mut().unwrap());
            conf.redirect_uri = Some("http://127.0.0.1/default/auth".parse().unwrap());
        },
        async |scene, op| {
            op.change(|behaviour| behaviour.user = ann());
            let browser = scene.browser();
            let answer = answer(op, &browser, "/default/login/sso?return_to=%2Fdefault%2Fapis").await;
            let mut client = Client::at(&scene.api);
            client.cookies.insert("portal_login".to_owned(), browser.cookie("portal_login").unwrap());
            let answer = answer.replace("/auth/callback", "/auth");
            let landed = client.get(&answer).await;
            assert_eq!((landed.status, landed.location()), (303, format!("{}/default/apis", scene.gui).as_str()));
            browser.set_cookie("portal_session", &client.cookies["portal_session"]);
            assert_eq!(browser.get("/default/settings").await.status, 200);
            let wrong = client.get(&answer).await;
            assert_eq!(
                (wrong.status, wrong.json()["message"].clone()),
                (400, json!("This sign-in cannot be finished"))
            );
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_032_a_name_that_only_user_info_tells_is_asked_for() {
    with_sso(automatic, async |scene, op| {
        op.edit_id_token(|draft| {
            for name in ["email", "email_verified", "name"] {
                draft.claims.as_object_mut().unwrap().remove(name);
            }
        });
        assert_eq!(sign_in(op, &scene.browser(), ann()).await.location(), "/default/");
        assert_eq!(developers(scene).await[0]["full_name"], "Ann Other");
        op.edit_user_info(|claims| claims["sub"] = json!("somebody else"));
        assert_eq!(sign_in(op, &scene.browser(), ann()).await.status, 400);
    })
    .await;
}
