//! What an admin decided stands: against the developer, against a colleague's older page, and against who may not decide.

use kong_sso::config::settings::EnforceRbac;
use serde_json::{Value, json};

use super::desk::{Desk, with_desk, with_settings};
use crate::portal::Client;
use crate::support::page_browser::Browser;

/// What a contract's own path is in the portal's JSON API, and the contracts of its application.
fn paths(contract: &Value) -> (String, String) {
    let application = contract["application"]["id"].as_str().unwrap();
    let list = format!("/applications/{application}/application_instances");
    (format!("{list}/{}", contract["id"].as_str().unwrap()), list)
}

/// Ann asks for the API with a new application; gives the contract as admins see it.
async fn ask(desk: &Desk, ann: &mut Client, name: &str, api: &Value) -> Value {
    let made = ann.post("/applications", json!({ "name": name })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let list = format!("/applications/{}/application_instances", made.json()["id"].as_str().unwrap());
    let asked = ann.post(&list, json!({ "service": { "id": api["service"]["id"] } })).await;
    assert_eq!(asked.status, 201, "{}", asked.text);
    desk.read(&asked.json()).await
}

async fn change(desk: &Desk, contract: &Value, body: Value) {
    let path = format!("/application_instances/{}", contract["id"].as_str().unwrap());
    let changed = desk.admin().patch(&path, body).await;
    assert_eq!(changed.status, 200, "{changed:?}");
}

#[actix_web::test]
async fn dp_061_a_developer_undoes_no_revocation_and_no_pause_by_giving_up_and_asking_again() {
    with_desk(async |desk| {
        for (name, taken, returned) in [
            ("orders", json!({ "status": 3 }), json!({ "status": 0 })),
            ("billing", json!({ "suspended": true }), json!({ "suspended": false })),
        ] {
            let api = desk.publish(name, json!({ "auto_approve": true })).await;
            let mut ann = desk.signed_in(&format!("{name}@example.test")).await;
            let contract = ask(desk, &mut ann, "shop", &api).await;
            assert_eq!(contract["status"], json!(0));
            let (path, list) = paths(&contract);
            change(desk, &contract, taken).await;
            let refused = ann.delete(&path).await;
            assert_eq!(refused.status, 409, "{name}: {}", refused.text);
            assert_eq!(ann.post(&list, json!({ "service": { "id": api["service"]["id"] } })).await.status, 409);
            let application = list.trim_end_matches("/application_instances");
            assert_eq!(ann.delete(application).await.status, 409, "{name}: nor does she delete the application");
            let other = ask(desk, &mut ann, "another", &api).await;
            assert_eq!(other["status"], json!(1), "{name}: another application waits for an admin");
            let mut ben = desk.signed_in(&format!("ben-{name}@example.test")).await;
            assert_eq!(ask(desk, &mut ben, "shop", &api).await["status"], json!(0), "{name}: ben did nothing");

            change(desk, &contract, returned).await;
            assert_eq!(ask(desk, &mut ann, "third", &api).await["status"], json!(0), "{name}");
            assert_eq!(ann.delete(&path).await.status, 204, "{name}: she may give up what she has");
        }
    })
    .await;
}

#[actix_web::test]
async fn dp_062_a_developer_and_an_admin_undo_no_revocation_that_kong_has_not_confirmed() {
    with_desk(async |desk| {
        let api = desk.publish("orders", json!({ "auto_approve": true })).await;
        let mut ann = desk.signed_in("ann@example.test").await;
        let contract = ask(desk, &mut ann, "shop", &api).await;
        desk.kong.fault(json!({ "down": true })).await;
        assert_eq!(desk.set(&contract, 3).await["revoke_pending"], json!(true));
        assert_eq!(ann.delete(&paths(&contract).0).await.status, 409);
        assert_eq!(ask(desk, &mut ann, "another", &api).await["status"], json!(1));
        let path = format!("/application_instances/{}", contract["id"].as_str().unwrap());
        for status in [0, 3] {
            let late = desk.admin().patch(&path, json!({ "status": status })).await;
            assert_eq!(late.refusal(), (409, "invalid status transition"), "{status}");
        }
        assert_eq!(desk.read(&contract).await["revoke_pending"], json!(true));
    })
    .await;
}

#[actix_web::test]
async fn dp_063_a_developer_removes_no_rejection() {
    with_desk(async |desk| {
        let api = desk.publish("orders", json!({})).await;
        let mut ann = desk.signed_in("ann@example.test").await;
        let contract = ask(desk, &mut ann, "shop", &api).await;
        let (path, _) = paths(&contract);
        desk.set(&contract, 2).await;
        assert_eq!(ann.delete(&path).await.status, 409);
        assert_eq!(desk.read(&contract).await["status"], json!(2));
        let open = json!({ "auto_approve": true });
        let published = desk.admin().patch(&format!("/portal/apis/{}", api["id"].as_str().unwrap()), open).await;
        assert_eq!(published.status, 200, "{published:?}");
        assert_eq!(ask(desk, &mut ann, "another", &api).await["status"], json!(1));
        let own = format!("/application_instances/{}", contract["id"].as_str().unwrap());
        assert_eq!(desk.admin().delete(&own).await.status, 204, "an admin may");
    })
    .await;
}

#[actix_web::test]
async fn dp_068_a_decision_about_what_an_admin_saw_earlier_is_refused() {
    with_settings(
        |settings| settings.rbac.enforce = EnforceRbac::Off,
        async |desk| {
            let ann = desk.developer("ann").await;
            let api = desk.publish("orders", json!({})).await;
            let application = desk.application(ann, "shop").await;
            let contract = desk.contract(&application, &api).await;
            let admin = Browser::new(&desk.gateway.running.gui);
            let seen = admin.get("/_sso/portal/requests").await.attributes("input[name=shown]", "value");
            assert_eq!(seen, ["pending"]);
            desk.set(&contract, 2).await;
            // What the older page sends: that of now shows the rejection.
            let now = "/_sso/portal/requests?status=rejected";
            let older = [("status", "0"), ("shown", "pending")];
            let told = admin.submit_and_follow(now, "/_sso/portal/requests", &older).await;
            assert!(told.words().contains("Somebody else has decided meanwhile."), "{}", told.words());
            assert_eq!(desk.read(&contract).await["status"], json!(2));

            let path = format!("/application_instances/{}", contract["id"].as_str().unwrap());
            let late = desk.admin().patch(&path, json!({ "status": 0, "expected_status": "pending" })).await;
            assert_eq!(late.refusal(), (409, "somebody else has decided meanwhile: the contract is rejected"));
            let nonsense = desk.admin().patch(&path, json!({ "status": 0, "expected_status": 9 })).await;
            assert_eq!(nonsense.status, 400, "{nonsense:?}");
            let seen = desk.admin().patch(&path, json!({ "status": 0, "expected_status": 2 })).await;
            assert_eq!((seen.status, &seen.body["status"]), (200, &json!(0)), "{seen:?}");
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_068_a_bulk_brings_back_nothing_that_was_rejected_or_revoked() {
    with_desk(async |desk| {
        let ann = desk.developer("ann").await;
        let api = desk.publish("orders", json!({})).await;
        let mut held = Vec::new();
        for statuses in [&[][..], &[2], &[0], &[0, 3]] {
            let application = desk.application(ann, &format!("app {}", held.len())).await;
            let contract = desk.contract(&application, &api).await;
            for status in statuses {
                desk.set(&contract, *status).await;
            }
            held.push(contract);
        }
        let ids: Vec<_> = held.iter().map(|contract| contract["id"].clone()).collect();
        for (action, fits, after) in [("approve", vec![0], [0, 2, 0, 3]), ("revoke", vec![0, 2], [3, 2, 3, 3])] {
            let done = desk.admin().post("/portal/registrations/bulk", json!({ "ids": ids, "action": action })).await;
            let ok: Vec<_> = fits.into_iter().map(|at: usize| ids[at].clone()).collect();
            assert_eq!((done.status, &done.body["ok"]), (200, &json!(ok)), "{action}");
            assert_eq!(done.body["failed"].as_array().unwrap().len(), ids.len() - ok.len(), "{action}");
            for (contract, status) in held.iter().zip(after) {
                assert_eq!(desk.read(contract).await["status"], json!(status), "{action}");
            }
        }
        let none = desk.admin().post("/portal/registrations/bulk", json!({ "ids": ids, "action": "reject" })).await;
        assert_eq!(none.body["ok"], json!([]), "{none:?}");
    })
    .await;
}

#[actix_web::test]
async fn dp_068_who_may_ask_and_call_the_bulk_may_not_decide_for_that() {
    with_desk(async |desk| {
        let ann = desk.developer("ann").await;
        let api = desk.publish("orders", json!({})).await;
        let contract = desk.contract(&desk.application(ann, "shop").await, &api).await;
        let own = format!("/application_instances/{}", contract["id"].as_str().unwrap());
        let asking = [
            ("default", "/portal/registrations/bulk", "create"),
            ("default", "/applications/*/application_instances", "create"),
        ];
        let clerk = desk.gateway.user("clerk", &asking).await;
        let spelled = contract["id"].as_str().unwrap().to_uppercase();
        let without = [asking.as_slice(), &[("default", "/application_instances/*", "update,delete")]].concat();
        let but_one = [without.as_slice(), &[("default", &own, "!update,delete")]].concat();
        let most = desk.gateway.user("most", &but_one).await;
        let ids = json!([contract["id"], spelled]);
        // Another spelling of an id is no id: who may decide about others does not find it.
        for (who, told) in [(&clerk, ["no permission", "no permission"]), (&most, ["no permission", "Not found"])] {
            for action in ["approve", "reject", "delete"] {
                let done = who.post("/portal/registrations/bulk", json!({ "ids": ids, "action": action })).await;
                assert_eq!((done.status, &done.body["ok"]), (200, &json!([])), "{done:?}");
                let failed: Vec<_> = done.body["failed"].as_array().unwrap().iter().map(|it| &it["message"]).collect();
                assert_eq!(failed, told, "{action}");
            }
        }
        assert_eq!(desk.read(&contract).await["status"], json!(1));

        let list = format!("/applications/{}/application_instances", desk.application(ann, "another").await);
        let mut body = json!({ "service": { "id": api["service"]["id"] }, "status": "approved" });
        let refused = clerk.post(&list, body.clone()).await;
        assert_eq!(refused.status, 403, "{refused:?}");
        assert_eq!(desk.admin().get(&list).await.body["data"], json!([]), "nothing was made");
        body["status"] = json!("pending");
        let asked = clerk.post(&list, body).await;
        assert_eq!((asked.status, &asked.body["status"]), (201, &json!(1)), "{asked:?}");

        let chief = desk.gateway.user("chief", &without).await;
        let bulk = json!({ "ids": [asked.body["id"]], "action": "approve" });
        let done = chief.post("/portal/registrations/bulk", bulk).await;
        assert_eq!(done.body["ok"], json!([asked.body["id"]]), "{done:?}");
        let third = format!("/applications/{}/application_instances", desk.application(ann, "third").await);
        let given = json!({ "service": { "id": api["service"]["id"] }, "status": "approved" });
        let made = chief.post(&third, given).await;
        assert_eq!((made.status, &made.body["status"]), (201, &json!(0)), "{made:?}");
    })
    .await;
}
