//! Teams through pages, without scripts.

use kong_sso::config::settings::EnforceRbac;

use super::*;
use crate::applications::desk::with_settings;
use crate::portal::PASSWORD;
use crate::support::page_browser::Browser;

const TEAMS: &str = "/_sso/portal/teams";

async fn signed_in(desk: &Desk, email: &str) -> Browser {
    let body = json!({ "email": email, "password": PASSWORD, "status": 0, "meta": { "full_name": "Ann Other" } });
    assert_eq!(desk.admin().post("/developers", body).await.status, 200);
    let browser = Browser::new(&desk.pages);
    let signed = browser.submit("/default/login", "/default/login", &[("email", email), ("password", PASSWORD)]).await;
    assert_eq!(signed.status, 303, "{}", signed.text);
    browser
}

#[actix_web::test]
async fn dp_051_dp_053_dp_054_an_admin_and_a_developer_work_with_teams_on_pages() {
    with_settings(
        |settings| settings.rbac.enforce = EnforceRbac::Off,
        async |desk| {
            let orders = desk.publish("orders", json!({})).await;
            let ann = signed_in(desk, "ann@example.test").await;
            let admin = Browser::new(&desk.gateway.running.gui);
            let empty = admin.get(TEAMS).await;
            assert!(empty.words().contains("There is no team yet"), "{}", empty.text);
            assert!(empty.words().contains("1 developer will lose sight of 1 API"), "{}", empty.text);
            let deciding = format!("{TEAMS}/deciding");
            let refused = admin.submit(TEAMS, &deciding, &[]).await;
            assert_eq!(refused.status, 409, "not confirmed");
            assert!(refused.words().contains("1 developer will lose sight of 1 API; there is no team yet"));
            let on = admin.submit_and_follow(TEAMS, &deciding, &[("confirm", "on")]).await;
            assert!(on.words().contains("Teams decide now"), "{}", on.text);
            assert_eq!(ann.get("/default/apis/orders").await.status, 404);

            let fields = [("name", "Payments <EU>"), ("can_own_applications", "on")];
            let made = admin.submit_and_follow(TEAMS, TEAMS, &fields).await;
            assert!(made.words().contains("Nobody is in this team yet"), "{}", made.text);
            let team = admin.get(TEAMS).await.attributes("tbody th a", "href")[0].clone();
            let add = format!("{team}/developers");
            let unknown = admin.submit(&team, &add, &[("id", "nobody@example.test")]).await;
            assert_eq!((unknown.status, unknown.all(".error-text")), (422, vec!["No such developer".to_owned()]));
            let added = admin.submit_and_follow(&team, &add, &[("id", "ann@example.test")]).await;
            assert_eq!(added.all("tbody th a"), ["Ann Other"]);
            let twice = admin.submit(&team, &add, &[("id", "ann@example.test")]).await;
            assert!(twice.status == 422 && twice.words().contains("The team has that already"), "{}", twice.text);
            let rights = format!("{team}/rights");
            let viewer = [("entity_id", orders["id"].as_str().unwrap()), ("role_name", "API Viewer")];
            admin.submit_and_follow(&team, &rights, &viewer).await;
            let seen = ann.get("/default/apis/orders").await;
            assert_eq!((seen.status, seen.all("form.card-body button")), (200, vec![]));
            assert!(seen.words().contains("ask an administrator of this portal"), "nobody would get a mail");
            let all = [("entity_id", "*"), ("role_name", "API Consumer")];
            let given = admin.submit_and_follow(&team, &rights, &all).await;
            assert!(given.words().contains("All APIs, later ones too Consume APIs"), "{}", given.text);
            let group = admin.submit_and_follow(&team, &format!("{team}/groups"), &[("group", "/dev/eu")]).await;
            assert!(group.all(".steps h3").contains(&"/dev/eu".to_owned()), "{}", group.text);
            let developer = admin.get(TEAMS).await;
            assert_eq!(developer.all("tbody td.num"), ["1", "all"]);

            let new = "/default/applications/new";
            let id = team.rsplit('/').next().unwrap();
            let shared = ann.submit_and_follow(new, new, &[("name", "shared"), ("team_id", id)]).await;
            assert_eq!(shared.all(".page-head .badge-info"), ["team Payments <EU>"]);
            ann.submit_and_follow(new, new, &[("name", "own")]).await;
            let list = ann.get("/default/applications").await;
            assert_eq!(
                (list.all("tbody th a"), list.all("tbody th .badge")),
                (vec!["shared".to_owned(), "own".to_owned()], vec!["team Payments <EU>".to_owned()])
            );
            let own = list.attributes("tbody th a", "href")[1].clone();
            let moved = ann.submit_and_follow(&own, &format!("{own}/transfer"), &[]).await;
            assert!(moved.words().contains("own belongs to Payments <EU> now"), "{}", moved.text);
            assert!(!moved.has("#owner"), "it is nowhere else to give to");
            let asked = ann.submit_and_follow("/default/apis/orders", "/default/apis/orders/request", &[]).await;
            assert!(asked.words().contains("an admin decides"), "{}", asked.text);
            let queue = admin.get("/_sso/portal/requests").await;
            assert!(queue.words().contains("Payments <EU>"), "the owner is named: {}", queue.text);

            let delete = format!("{team}/delete");
            let owning = admin.submit(&team, &delete, &[("confirm", "Payments <EU>")]).await;
            assert!(owning.status == 409 && owning.words().contains("owns 2 applications"), "{}", owning.text);
            let typo = admin.submit(&team, &delete, &[("confirm", "Payments")]).await;
            assert_eq!(typo.status, 422);
            let ann_id = desk.admin().get("/developers/ann@example.test").await.body["id"].clone();
            let page = admin.get(&format!("/_sso/developers/{}", ann_id.as_str().unwrap())).await;
            assert_eq!(page.all(".steps h3 a"), ["Payments <EU>"]);
            let left = format!("{team}/developers/delete");
            let left = admin.submit_and_follow(&team, &left, &[]).await;
            assert!(left.words().contains("The developer left the team"), "{}", left.text);
            assert_eq!(ann.get(&own).await.status, 404);
            let off = admin.submit_and_follow(TEAMS, &deciding, &[]).await;
            assert!(off.words().contains("Every approved developer sees"), "{}", off.text);
            assert_eq!(ann.get("/default/apis/orders").await.status, 200);
        },
    )
    .await;
}
