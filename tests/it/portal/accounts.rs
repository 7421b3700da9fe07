//! Scenarios 9 to 11, 18, 19, 31: registration and the own account.

use kong_sso::domain::password::PasswordRules;
use serde_json::json;

use super::{Client, PASSWORD, Scene, registration, with_portal};

#[actix_web::test]
async fn dp_009_a_registration_waits_for_approval_and_the_admins_are_told() {
    with_portal(
        |_| {},
        async |scene| {
            let made = scene.register("Ann@Example.com").await;
            assert_eq!(
                (&made["developer"]["status"], &made["developer"]["email"]),
                (&json!(1), &json!("ann@example.com"))
            );
            assert_eq!(made["developer"]["meta"], "{\"full_name\":\"Ann Other\"}");
            assert!(!made.to_string().contains("argon2") && made["smtp_mock"] == true, "{made}");
            let mails = scene.mails().await;
            assert_eq!(mails.len(), 1, "{mails:?}");
            assert_eq!(mails[0].to, "boss@example.com");
            assert!(mails[0].subject.contains("ann@example.com"), "{mails:?}");
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_010_each_missing_part_of_a_registration_is_named() {
    with_portal(
        |_| {},
        async |scene| {
            let without = |name: &str| {
                let mut body = registration("ann@example.com");
                body.as_object_mut().unwrap().remove(name);
                body
            };
            let mut client = scene.client();
            let reply = client.post("/register", without("password")).await;
            assert_eq!((reply.status, &reply.json()["fields"]), (400, &json!({"password": "password is required"})));
            assert_eq!(reply.json()["code"], 2);
            let reply = client.post("/register", without("email")).await;
            assert_eq!((reply.status, &reply.json()["fields"]), (400, &json!({"email": "required field missing"})));
            let reply = client.post("/register", without("meta")).await;
            let expected = json!({"meta": {"full_name": "required field missing"}});
            assert_eq!((reply.status, &reply.json()["fields"]), (400, &expected));
            let form = [("content-type", "application/x-www-form-urlencoded")];
            let body = "email=ann%40example.com&password=a+good+password&meta=%7B%22full_name%22%3A%22Ann%22%7D";
            let reply = client.send("POST", "/register", &form, Some(body.to_owned())).await;
            assert_eq!(reply.status, 200, "{}", reply.text);
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_011_an_address_is_taken_in_its_workspace_only() {
    with_portal(
        |_| {},
        async |scene| {
            scene.register("ann@example.com").await;
            let reply = scene.client().post("/register", registration("ANN@example.com")).await;
            assert_eq!((reply.status, &reply.json()["fields"]["email"]), (409, &json!("ann@example.com")));
            assert_eq!(scene.admin("POST", "/workspaces", json!({"name": "payments"})).await.0, 201);
            let there = scene.client_of("payments").post("/register", registration("ann@example.com")).await;
            assert_eq!(there.status, 200);
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_018_a_new_required_field_is_asked_for_at_the_next_edit_only() {
    with_portal(
        |_| {},
        async |scene| {
            scene.developer("ann@example.com").await;
            let fields = json!([
                {"label": "Full Name", "title": "full_name", "validator": {"required": true, "type": "string"}},
                {"label": "Company", "title": "company", "validator": {"required": true, "type": "string"}}
            ]);
            let config = json!({"config": {"portal_developer_meta_fields": fields.to_string()}});
            assert_eq!(scene.admin("PATCH", "/workspaces/default", config).await.0, 200);
            let mut ann = scene.signed_in("ann@example.com").await;
            let reply = ann.patch("/developer/meta", json!({"meta": "{\"full_name\":\"Ann\"}"})).await;
            let expected = json!({"meta": {"company": "required field missing"}});
            assert_eq!((reply.status, &reply.json()["fields"]), (400, &expected));
            let whole = json!({"meta": "{\"full_name\":\"Ann\",\"company\":\"Acme\"}"});
            assert_eq!(ann.patch("/developer/meta", whole).await.status, 200);
            assert_eq!(ann.get("/developer").await.json()["full_name"], "Ann");
            let fields = scene.client().get("/developer/meta_fields").await.json();
            assert_eq!(fields[1]["title"], "company");
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_019_a_password_follows_the_configured_rules() {
    with_portal(
        |settings| settings.portal.passwords = PasswordRules::parse(&json!({"kong-preset": "min_8"})).unwrap(),
        async |scene| {
            let with = |password: &str| {
                let mut body = registration("ann@example.com");
                body["password"] = json!(password);
                body
            };
            let reply = scene.client().post("/register", with("password")).await;
            assert_eq!(reply.status, 400);
            assert!(reply.json()["fields"]["password"].as_str().unwrap().starts_with("Invalid password"));
            assert_eq!(scene.client().post("/register", with("Passw0rd")).await.status, 200);
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_031_a_password_is_changed_with_the_old_one_and_other_sessions_end() {
    with_portal(
        |_| {},
        async |scene| {
            scene.developer("ann@example.com").await;
            let (mut here, mut there) =
                (scene.signed_in("ann@example.com").await, scene.signed_in("ann@example.com").await);
            let wrong = here.patch("/developer/password", json!({"old_password": "x", "password": "another password"}));
            let wrong = wrong.await;
            assert_eq!((wrong.status, &wrong.json()["message"]), (400, &json!("Old password is invalid")));
            let before = here.cookies.clone();
            let right = json!({"old_password": PASSWORD, "password": "another password"});
            assert_eq!(here.patch("/developer/password", right).await.status, 204);
            assert_ne!(here.cookies, before, "a new session");
            assert_eq!((here.get("/developer").await.status, there.get("/developer").await.status), (200, 401));
            assert_eq!(scene.client().log_in("ann@example.com", PASSWORD).await.status, 401);
            assert_eq!(scene.client().log_in("ann@example.com", "another password").await.status, 204);
        },
    )
    .await;
}

#[actix_web::test]
async fn another_address_counts_once_its_link_was_followed() {
    with_portal(
        |_| {},
        async |scene| {
            scene.developer("ann@example.com").await;
            scene.developer("bob@example.com").await;
            let mut ann = scene.signed_in("ann@example.com").await;
            let with = |email: &str, password: &str| json!({"email": email, "password": password});
            for without in [json!({"email": "new@example.com"}), with("new@example.com", "wrong")] {
                let refused = ann.patch("/developer/email", without).await;
                assert_eq!((refused.status, &refused.json()["message"]), (400, &json!("Old password is invalid")));
            }
            assert!(scene.mails().await.is_empty());
            assert_eq!(ann.patch("/developer/email", with("bob@example.com", PASSWORD)).await.status, 409);
            assert_eq!(ann.patch("/developer/email", with("new@example.com", PASSWORD)).await.status, 200);
            let told = scene.mails_to("ann@example.com").await;
            assert!(told.len() == 1 && told[0].text.contains("new@example.com"), "the old address knows: {told:?}");
            assert_eq!(ann.get("/developer").await.json()["email"], "ann@example.com");
            let token = scene.mails_to("new@example.com").await[0].token("/account/verify");
            let verified = scene.client().post("/verify-account", json!({"token": token})).await;
            assert_eq!((verified.status, &verified.json()["status"]), (200, &json!(0)));
            assert_eq!(ann.get("/developer").await.json()["email"], "new@example.com");
        },
    )
    .await;
}

#[actix_web::test]
async fn an_account_is_deleted_by_its_owner_with_the_password_again() {
    with_portal(
        |_| {},
        async |scene| {
            scene.developer("ann@example.com").await;
            let mut ann = scene.signed_in("ann@example.com").await;
            let json = [("content-type", "application/json")];
            let wrong = ann.send("DELETE", "/developer", &json, Some(json!({"password": "x"}).to_string())).await;
            assert_eq!(wrong.status, 400);
            let right = json!({"password": PASSWORD}).to_string();
            assert_eq!(ann.send("DELETE", "/developer", &json, Some(right)).await.status, 204);
            assert_eq!(scene.admin("GET", "/developers/ann@example.com", json!(null)).await.0, 404);
            assert_eq!(scene.register("ann@example.com").await["developer"]["status"], 1);
        },
    )
    .await;
}

/// Asks for another address, and returns the token of the link that was sent there.
async fn asks_for(scene: &Scene, ann: &mut Client, email: &str, password: &str) -> String {
    let asked = ann.patch("/developer/email", json!({"email": email, "password": password})).await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    scene.mails_to(email).await.last().unwrap().token("/account/verify")
}

#[actix_web::test]
async fn a_change_of_address_does_not_survive_another_password() {
    with_portal(
        |_| {},
        async |scene| {
            scene.developer("ann@example.com").await;
            let mut thief = scene.signed_in("ann@example.com").await;
            let token = asks_for(scene, &mut thief, "thief@example.com", PASSWORD).await;
            scene.client().post("/forgot-password", json!({"email": "ann@example.com"})).await;
            let reset = scene.mails_to("ann@example.com").await.last().unwrap().token("/reset-password");
            let other = json!({"token": reset, "password": "another password"});
            assert_eq!(scene.client().post("/reset-password", other).await.status, 200);
            assert_eq!(scene.client().post("/verify-account", json!({"token": token})).await.status, 401, "reset");
            let mut ann = scene.client();
            assert_eq!(ann.log_in("ann@example.com", "another password").await.status, 204);
            let token = asks_for(scene, &mut ann, "second@example.com", "another password").await;
            let change = json!({"old_password": "another password", "password": "a third password"});
            assert_eq!(ann.patch("/developer/password", change).await.status, 204);
            assert_eq!(scene.client().post("/verify-account", json!({"token": token})).await.status, 401, "changed");
            assert_eq!(ann.get("/developer").await.json()["email"], "ann@example.com");
        },
    )
    .await;
}

#[actix_web::test]
async fn links_to_a_former_address_and_of_a_revoked_developer_are_worth_nothing() {
    with_portal(
        |_| {},
        async |scene| {
            for email in ["ann@example.com", "bob@example.com", "cem@example.com"] {
                scene.developer(email).await;
                scene.client().post("/forgot-password", json!({"email": email})).await;
            }
            let mut ann = scene.signed_in("ann@example.com").await;
            let token = asks_for(scene, &mut ann, "new@example.com", PASSWORD).await;
            assert_eq!(scene.client().post("/verify-account", json!({"token": token})).await.status, 200);
            assert_eq!(scene.admin("PATCH", "/developers/bob@example.com", json!({"status": 3})).await.0, 200);
            let moved = json!({"email": "cem.new@example.com"});
            assert_eq!(scene.admin("PATCH", "/developers/cem@example.com", moved).await.0, 200);
            for email in ["ann@example.com", "bob@example.com", "cem@example.com"] {
                let token = scene.mails_to(email).await[0].token("/reset-password");
                let reset = json!({"token": token, "password": "another password"});
                assert_eq!(scene.client().post("/reset-password", reset).await.status, 401, "{email}");
            }
        },
    )
    .await;
}
