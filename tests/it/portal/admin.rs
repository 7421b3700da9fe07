//! Scenarios 42 to 46: what admins do to developers, by the Admin API.

use serde_json::{Value, json};

use super::{PASSWORD, registration, with_portal};
use crate::admin_api::add_user;

#[actix_web::test]
async fn dp_042_a_developer_who_waits_is_approved_and_told() {
    with_portal(
        |_| {},
        async |scene| {
            scene.register("a@b.c").await;
            let (status, body) = scene.admin("PATCH", "/developers/a@b.c", json!({"status": 0})).await;
            assert_eq!((status, &body["developer"]["status"]), (200, &json!(0)), "{body}");
            let mails = scene.mails_to("a@b.c").await;
            assert!(mails.len() == 1 && mails[0].subject.contains("approved"), "{mails:?}");
            let (status, flat) = scene.admin("GET", "/default/developers/A@B.c", Value::Null).await;
            assert_eq!((status, &flat["email"], &flat["status"]), (200, &json!("a@b.c"), &json!(0)));
            assert!(flat["consumer"]["id"].is_string() && !flat.to_string().contains("argon2"), "{flat}");
            assert_eq!(scene.client().log_in("a@b.c", PASSWORD).await.status, 204);
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_043_a_transition_that_the_table_lacks_takes_force() {
    with_portal(
        |_| {},
        async |scene| {
            scene.register("a@b.c").await;
            let (status, body) = scene.admin("PATCH", "/developers/a@b.c", json!({"status": 3})).await;
            assert_eq!((status, &body["message"]), (409, &json!("invalid status transition")));
            let (status, body) = scene.admin("PATCH", "/developers/a@b.c?force=true", json!({"status": 3})).await;
            assert_eq!((status, &body["developer"]["status"]), (200, &json!(3)));
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_044_a_rejected_address_registers_again_only_after_it_was_deleted() {
    with_portal(
        |_| {},
        async |scene| {
            scene.register("a@b.c").await;
            let reject = json!({"status": 2, "reason": "unknown company"});
            let (status, body) = scene.admin("PATCH", "/developers/a@b.c", reject).await;
            assert_eq!((status, &body["developer"]["status_reason"]), (200, &json!("unknown company")));
            assert_eq!(scene.client().post("/register", registration("a@b.c")).await.status, 409);
            assert_eq!(scene.admin("DELETE", "/developers/a@b.c", Value::Null).await.0, 204);
            assert_eq!(scene.admin("DELETE", "/developers/a@b.c", Value::Null).await.0, 404);
            assert_eq!(scene.client().post("/register", registration("a@b.c")).await.status, 200);
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_045_people_are_invited_and_each_address_is_answered_for() {
    with_portal(
        |_| {},
        async |scene| {
            let emails = json!({"emails": ["ann@example.com", "bob@example.com", "no address"]});
            let (status, body) = scene.admin("POST", "/developers/invite", emails).await;
            assert_eq!((status, &body["sent"]["count"], &body["smtp_mock"]), (200, &json!(2), &json!(true)), "{body}");
            assert_eq!(body["sent"]["emails"], json!({"ann@example.com": true, "bob@example.com": true}));
            assert_eq!(body["error"]["emails"], json!({"no address": "not a valid e-mail address"}));
            assert_eq!(scene.client().log_in("ann@example.com", PASSWORD).await.status, 401);
            let token = scene.mails_to("ann@example.com").await[0].token("/register");
            let mut invited = registration("ann@example.com");
            invited["token"] = json!(token);
            let done = scene.client().post("/register", invited.clone()).await;
            assert_eq!((done.status, &done.json()["developer"]["status"]), (200, &json!(1)), "{}", done.text);
            assert_eq!(scene.client().post("/register", invited).await.status, 409);
            let mut stolen = registration("eve@example.com");
            stolen["token"] = json!(scene.mails_to("bob@example.com").await[0].token("/register"));
            assert_eq!(scene.client().post("/register", stolen).await.status, 400, "for another address");
            let off = json!({"config": {"portal_invite_email": false}});
            assert_eq!(scene.admin("PATCH", "/workspaces/default", off).await.0, 200);
            let refused = scene.admin("POST", "/developers/invite", json!({"emails": ["cem@example.com"]})).await;
            assert_eq!(refused.0, 400);
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_046_developers_are_exported_and_no_cell_is_a_formula() {
    with_portal(
        |_| {},
        async |scene| {
            scene.register("ann@example.com").await;
            scene.register("=cmd@example.com").await;
            let (status, lines) = scene.admin("GET", "/developers/export", Value::Null).await;
            let expected = "Email, Status\r\nann@example.com, PENDING\r\n'=cmd@example.com, PENDING\r\n";
            assert_eq!((status, lines.as_str().unwrap()), (200, expected));
        },
    )
    .await;
}

#[actix_web::test]
async fn developers_are_made_listed_and_changed_by_admins() {
    with_portal(
        |_| {},
        async |scene| {
            let id = "018f2f7e-0000-7000-8000-000000000001";
            let new =
                json!({"email": "ann@example.com", "id": id, "meta": "{\"full_name\":\"Ann\"}", "custom_id": "a-1"});
            let (status, made) = scene.admin("POST", "/developers", new).await;
            assert_eq!((status, &made["id"], &made["status"]), (200, &json!(id), &json!(1)), "{made}");
            let again = scene.admin("POST", "/developers", json!({"email": "ANN@example.com"})).await;
            assert_eq!((again.0, &again.1["fields"]["email"]), (409, &json!("ann@example.com")));
            let wrong = scene.admin("POST", "/developers", json!({"meta": {"other": 1}, "status": 9})).await;
            assert_eq!(wrong.0, 400);
            assert!(wrong.1["fields"]["email"].is_string() && wrong.1["fields"]["status"].is_string(), "{}", wrong.1);
            scene.register("bob@example.com").await;
            let (_, list) = scene.admin("GET", "/developers?status=1&size=1", Value::Null).await;
            assert_eq!((&list["total"], list["data"].as_array().unwrap().len()), (&json!(2), 1), "{list}");
            let (_, rest) = scene.admin("GET", list["next"].as_str().unwrap(), Value::Null).await;
            assert_eq!((rest["data"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
            let (_, found) = scene.admin("GET", "/developers?q=OTHER", Value::Null).await;
            assert_eq!(found["data"][0]["email"], "bob@example.com");
            assert_eq!(scene.admin("GET", "/developers?status=x", Value::Null).await.0, 400);
            let edit = json!({"email": "new@example.com", "meta": {"full_name": "Ann New"}});
            let (status, edited) = scene.admin("PATCH", &format!("/developers/{id}"), edit).await;
            assert_eq!((status, &edited["developer"]["email"]), (200, &json!("new@example.com")), "{edited}");
            let taken = json!({"email": "bob@example.com"});
            assert_eq!(scene.admin("PATCH", &format!("/developers/{id}"), taken).await.0, 409);
        },
    )
    .await;
}

#[actix_web::test]
async fn many_are_approved_at_once_and_each_refusal_is_told() {
    with_portal(
        |_| {},
        async |scene| {
            let mut ids = Vec::new();
            for email in ["ann@example.com", "bob@example.com"] {
                ids.push(scene.register(email).await["developer"]["id"].clone());
            }
            scene.admin("PATCH", "/developers/bob@example.com", json!({"status": 0})).await;
            let bulk = json!({"ids": [ids[0], ids[1], "nobody"], "action": "reject", "reason": "no"});
            let (status, body) = scene.admin("POST", "/developers/bulk", bulk).await;
            assert_eq!((status, &body["ok"]), (200, &json!([ids[0]])), "{body}");
            let expected = json!([
                {"id": ids[1], "message": "invalid status transition"}, {"id": "nobody", "message": "Not found"}
            ]);
            assert_eq!(body["failed"], expected);
            add_user(&scene.store, "clerk", true, &[("default", "/developers/bulk", "create")]).await;
            tokio::time::sleep(std::time::Duration::from_millis(700)).await;
            let bulk = json!({"ids": [ids[1]], "action": "delete"});
            let (status, body) = scene.admin_as("clerk", "POST", "/developers/bulk", bulk).await;
            assert_eq!((status, &body["failed"][0]["message"]), (200, &json!("no permission")), "{body}");
            let bulk = json!({"ids": ids, "action": "promote"});
            assert_eq!(scene.admin("POST", "/developers/bulk", bulk).await.0, 400);
        },
    )
    .await;
}

#[actix_web::test]
async fn developers_are_behind_the_rights_of_their_workspace_and_every_change_is_recorded() {
    with_portal(
        |settings| {
            settings.audit.enabled = true;
            settings.audit.record_ttl = 3600;
        },
        async |scene| {
            assert_eq!(scene.admin("POST", "/workspaces", json!({"name": "payments"})).await.0, 201);
            add_user(&scene.store, "reader", true, &[("default", "/developers", "read")]).await;
            tokio::time::sleep(std::time::Duration::from_millis(700)).await;
            scene.register("ann@example.com").await;
            assert_eq!(scene.admin_as("reader", "GET", "/developers", Value::Null).await.0, 200);
            assert_eq!(scene.admin_as("reader", "GET", "/payments/developers", Value::Null).await.0, 403);
            let approve = json!({"status": 0});
            assert_eq!(scene.admin_as("reader", "PATCH", "/developers/ann@example.com", approve.clone()).await.0, 403);
            assert_eq!(scene.admin_as("nobody", "GET", "/developers", Value::Null).await.0, 401);
            assert_eq!(scene.admin("PATCH", "/developers/ann@example.com", approve).await.0, 200);
            let (_, objects) = scene.admin("GET", "/audit/objects", Value::Null).await;
            let events: Vec<String> = objects["data"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|record| record["dao_name"] == "developers")
                .map(|record| {
                    let entity = &record["entity"];
                    let entity = entity.as_str().map_or_else(|| entity.clone(), |it| serde_json::from_str(it).unwrap());
                    entity["event"].as_str().unwrap().to_owned()
                })
                .collect();
            let mut sorted = events.clone();
            sorted.sort();
            assert_eq!(sorted, ["developer.approved", "developer.registered"], "{objects}");
            assert!(!objects.to_string().contains("argon2"));
        },
    )
    .await;
}

#[actix_web::test]
async fn an_invitation_is_used_by_its_link_alone() {
    with_portal(
        |settings| settings.portal.rules.auto_approve = true,
        async |scene| {
            let ann = json!({"emails": ["ann@example.com"]});
            assert_eq!(scene.admin("POST", "/developers/invite", ann).await.0, 200);
            let stranger = scene.client().post("/register", registration("ann@example.com")).await;
            assert_eq!((stranger.status, &stranger.json()["fields"]["email"]), (409, &json!("ann@example.com")));
            assert_eq!(scene.client().log_in("ann@example.com", PASSWORD).await.status, 401);
            let mails = scene.mails_to("ann@example.com").await;
            assert!(mails.len() == 2 && mails[1].subject.contains("invitation waits"), "{mails:?}");
            let mut invited = registration("ann@example.com");
            invited["token"] = json!(mails[0].token("/register"));
            let done = scene.client().post("/register", invited).await;
            assert_eq!((done.status, &done.json()["developer"]["status"]), (200, &json!(0)), "{}", done.text);
            let bob = json!({"emails": ["bob@example.com"]});
            assert_eq!(scene.admin("POST", "/developers/invite", bob).await.0, 200);
            scene.running.later(21_600);
            assert_eq!(scene.client().post("/register", registration("bob@example.com")).await.status, 409);
            let mut invited = registration("bob@example.com");
            invited["token"] = json!(scene.mails_to("bob@example.com").await[1].token("/register"));
            assert_eq!(scene.client().post("/register", invited).await.status, 200, "one that is over comes again");
        },
    )
    .await;
}
