//! Teams of developers: who is in them, what they let developers see and use, and the applications that they own.

mod doors;
mod enabling;
mod membership;
mod owned;
mod pages;
mod visibility;

use kong_sso::config::Settings;
use kong_sso::domain::developer::EmailAddress;
use kong_sso::domain::ids::DeveloperId;
use kong_sso::services::change::{Actor, Change};
use kong_sso::services::portal::teams::{self, NewTeam, members};
use kong_sso::store::developers;
use serde_json::{Value, json};

use crate::applications::desk::Desk;
use crate::portal::Client as Portal;

/// Teams decide, and admins get mails.
fn rbac(settings: &mut Settings) {
    settings.portal.has_teams = true;
    settings.portal.mails.admins = vec![EmailAddress::parse("boss@example.test").unwrap()];
}

/// A team with roles (name, id of an API or `*`) and members; gives its id.
async fn team_with(desk: &Desk, name: &str, roles: &[(&str, &Value)], members: &[&str]) -> String {
    let body = json!({ "name": name, "can_own_applications": true });
    let team = desk.admin().create("/portal/teams", body).await["id"].as_str().unwrap().to_owned();
    for (role, api) in roles {
        give(desk, &team, role, api).await;
    }
    for member in members {
        let developer = desk.admin().get(&format!("/developers/{member}")).await.body["id"].clone();
        desk.admin().create(&format!("/portal/teams/{team}/developers"), json!({ "id": developer })).await;
    }
    team
}

/// Gives a team a role; gives the path of it.
async fn give(desk: &Desk, team: &str, role: &str, api: &Value) -> String {
    let path = format!("/portal/teams/{team}/assigned-roles");
    let made = desk.admin().create(&path, json!({ "role_name": role, "entity_id": api })).await;
    format!("{path}/{}", made["id"].as_str().unwrap())
}

/// What `GET /api/v3/apis/{id}/actions` says: the status, and whether access may be asked for.
async fn actions(client: &mut Portal, api: &Value) -> (u16, Option<bool>) {
    let reply = client.get(&format!("/api/v3/apis/{}/actions", api["id"].as_str().unwrap())).await;
    let register = (reply.status == 200).then(|| reply.json()["actions"]["register"].as_bool().unwrap());
    (reply.status, register)
}

/// An application of whoever is signed in.
async fn application(client: &mut Portal, body: Value) -> String {
    let made = client.post("/applications", body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json()["id"].as_str().unwrap().to_owned()
}

/// The status of a request of an application for an API.
async fn request(client: &mut Portal, application: &str, api: &Value) -> u16 {
    let path = format!("/applications/{application}/application_instances");
    client.post(&path, json!({ "api": { "id": api["id"] } })).await.status
}
