//! Plans by example: what is left alone, what is completed, in which order.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::credentials::{CredentialTarget, Door};
use super::gate::Gate;
use super::names::Names;
use super::plan::{Deed, Prune, SeenApi, SeenApplication, Step, of_api, of_application};
use super::target::{ApiTarget, ApplicationTarget};
use crate::domain::ids::{ApiId, ApplicationId, ServiceId, WorkspaceId, WorkspaceName};
use crate::domain::strategy::{Enforcer, JwtConfig, KeyAuthConfig, KongOauth2Config, StrategyConfig};
use crate::domain::time::UnixSeconds;

const NOW: UnixSeconds = UnixSeconds(1000);

struct Case {
    names: Names,
    target: ApplicationTarget,
    service: ServiceId,
}

fn case() -> Case {
    let service = ServiceId::generate();
    let credential = CredentialTarget {
        door: Door::KeyAuth,
        id: uuid::Uuid::now_v7(),
        body: json!({ "key": "k_secret_value" }),
        expires_at: None,
    };
    Case {
        names: Names::new(WorkspaceId::generate(), WorkspaceName::default_workspace()),
        target: ApplicationTarget {
            id: ApplicationId::generate(),
            has_consumer: true,
            custom_id: Some("ref".into()),
            doors: &Door::ALL,
            credentials: vec![credential],
            services: BTreeSet::from([service]),
        },
        service,
    }
}

impl Case {
    fn plan(&self, seen: &SeenApplication) -> super::plan::Plan {
        of_application(&self.names, &self.target, seen, Prune::Report, NOW)
    }

    /// What Kong holds when everything is as it should be.
    fn seen(&self) -> SeenApplication {
        let steps = self.plan(&SeenApplication::default()).steps;
        let entity = |step: &Step| {
            let Deed::Put(body) = &step.deed else { unreachable!() };
            let mut body = body.clone();
            body["id"] = json!(step.path.rsplit('/').next().unwrap());
            body["created_at"] = json!(5);
            body
        };
        let mut key = entity(&steps[1]);
        key["ttl"] = Value::Null;
        SeenApplication {
            consumer: Some(entity(&steps[0])),
            credentials: vec![(Door::KeyAuth, key)],
            grants: vec![entity(&steps[2])],
        }
    }
}

fn shown(steps: &[Step]) -> Vec<String> {
    steps
        .iter()
        .map(|step| step.to_string().split('/').take(4).filter(|it| it.len() < 20).collect::<Vec<_>>().join("/"))
        .collect()
}

#[test]
fn grants_come_last_and_go_first() {
    let mut case = case();
    let steps = case.plan(&SeenApplication::default()).steps;
    assert_eq!(shown(&steps), ["PUT /consumers", "PUT /consumers/key-auth", "PUT /consumers/acls"]);
    let seen = case.seen();
    assert!(case.plan(&seen).is_empty());
    case.target =
        ApplicationTarget { has_consumer: false, credentials: vec![], services: BTreeSet::new(), ..case.target };
    let steps = case.plan(&seen).steps;
    assert_eq!(shown(&steps), ["DELETE /consumers/acls", "DELETE /consumers/key-auth", "DELETE /consumers"]);
}

#[test]
fn only_managed_members_count_and_a_put_is_complete() {
    let case = case();
    let mut seen = case.seen();
    let consumer = seen.consumer.as_mut().unwrap();
    consumer["updated_at"] = json!(9);
    consumer["tags"].as_array_mut().unwrap().push(json!("of-a-human"));
    assert!(case.plan(&seen).is_empty(), "a tag more is nobody's harm");
    seen.consumer.as_mut().unwrap()["custom_id"] = json!("other");
    let steps = case.plan(&seen).steps;
    let [Step { deed: Deed::Put(body), .. }] = steps.as_slice() else { unreachable!("{steps:?}") };
    assert_eq!((&body["custom_id"], &body["created_at"]), (&json!("ref"), &json!(5)));
    assert!(body["tags"].as_array().unwrap().contains(&json!("of-a-human")) && body.get("updated_at").is_none());
    seen.credentials[0].1["tags"] = json!(["kong-sso"]);
    let steps = case.plan(&seen).steps;
    let Deed::Put(body) = &steps[1].deed else { unreachable!() };
    assert_eq!(body["key"], case.target.credentials[0].body["key"], "without its key Kong would make up another");
}

#[test]
fn the_end_of_a_key_is_kept() {
    let mut case = case();
    let mut seen = case.seen();
    case.target.credentials[0].expires_at = Some(NOW.plus(60));
    for (ttl, is_right) in
        [(json!(null), false), (json!(60), true), (json!(56), true), (json!(120), false), (json!(30), false)]
    {
        seen.credentials[0].1["ttl"] = ttl.clone();
        assert_eq!(case.plan(&seen).is_empty(), is_right, "{ttl}");
    }
    let Deed::Put(body) = &case.plan(&seen).steps[0].deed else { unreachable!() };
    assert_eq!(body["ttl"], json!(60));
}

#[test]
fn what_is_not_ours_is_left_alone() {
    let case = case();
    let foreign = json!({ "id": case.names.consumer(case.target.id), "username": "somebody", "tags": null });
    let plan = case.plan(&SeenApplication { consumer: Some(foreign), ..SeenApplication::default() });
    assert!(plan.steps.is_empty() && plan.is_blocked && plan.conflicts.len() == 1);
    let mut seen = case.seen();
    seen.credentials.push((Door::KeyAuth, json!({ "id": "k", "key": "theirs", "tags": null })));
    seen.grants.push(json!({ "id": "g", "group": "vip", "tags": null }));
    let plan = case.plan(&seen);
    assert!(plan.steps.is_empty() && plan.notices.len() == 2, "{plan:?}");
    let pruned = of_application(&case.names, &case.target, &seen, Prune::Delete, NOW);
    assert_eq!(pruned.steps.len(), 2);
    seen.consumer.as_mut().unwrap()["tags"] = Value::Null;
    assert_eq!(case.plan(&seen).steps.len(), 1, "who only lost its tags gets them back");
}

#[test]
fn while_something_is_in_the_way_nothing_is_given() {
    let case = case();
    let mut seen = case.seen();
    seen.credentials[0].1 = json!({ "id": case.target.credentials[0].id, "key": "theirs", "tags": null });
    let old = format!("portal.default.{}", ServiceId::generate());
    seen.grants = vec![json!({ "id": "g", "group": old, "tags": null })];
    let plan = case.plan(&seen);
    assert_eq!((plan.conflicts.len(), plan.is_blocked), (1, false));
    assert_eq!(shown(&plan.steps), ["DELETE /consumers/acls"]);
}

#[test]
fn a_step_never_shows_a_key() {
    let case = case();
    let plan = case.plan(&SeenApplication::default());
    assert!(!format!("{plan:?}{:?}", plan.steps).contains("k_secret_value"));
}

fn api(case: &Case, has_gate: bool) -> ApiTarget {
    ApiTarget {
        id: ApiId::generate(),
        service: case.service,
        gate: has_gate.then(|| Gate::of(&StrategyConfig::KeyAuth(KeyAuthConfig::default()), None)),
    }
}

#[test]
fn a_gate_closes_before_it_identifies_and_opens_in_reverse() {
    let case = case();
    let mut target = api(&case, true);
    let seen = SeenApi { has_service: true, ..SeenApi::default() };
    let steps = of_api(&case.names, &target, &seen).steps;
    let name = |step: &Step| match &step.deed {
        Deed::Put(body) => body["name"].as_str().unwrap().to_owned(),
        Deed::Patch(_) => unreachable!(),
        Deed::Delete => step.path.rsplit('/').next().unwrap().to_owned(),
    };
    assert_eq!(steps.iter().map(name).collect::<Vec<_>>(), ["acl", "key-auth"]);
    let plugins: Vec<Value> = steps
        .iter()
        .map(|step| {
            let Deed::Put(body) = &step.deed else { unreachable!() };
            let mut body = body.clone();
            body["id"] = json!(step.path.rsplit('/').next().unwrap());
            body
        })
        .collect();
    let seen = SeenApi { has_service: true, plugins, route_plugins: vec![] };
    assert!(of_api(&case.names, &target, &seen).is_empty());
    target.gate = None;
    let steps = of_api(&case.names, &target, &seen).steps;
    let gone = [case.names.auth(case.service).to_string(), case.names.acl(case.service).to_string()];
    assert_eq!(steps.iter().map(name).collect::<Vec<_>>(), gone);
    assert!(steps.iter().all(Step::is_removal));
}

#[test]
fn a_gate_that_was_weakened_is_put_right() {
    let case = case();
    let target = api(&case, true);
    let steps = of_api(&case.names, &target, &SeenApi { has_service: true, ..SeenApi::default() }).steps;
    let Deed::Put(acl) = &steps[0].deed else { unreachable!() };
    for (member, value) in [
        ("enabled", json!(false)),
        ("protocols", json!(["https"])),
        ("config", json!({ "allow": ["everybody"], "hide_groups_header": true })),
    ] {
        let mut weak = acl.clone();
        weak["id"] = json!(case.names.acl(case.service));
        weak[member] = value;
        let seen = SeenApi { has_service: true, plugins: vec![weak], route_plugins: vec![] };
        let plan = of_api(&case.names, &target, &seen);
        assert!(
            plan.steps.iter().any(|step| step.path.ends_with(&case.names.acl(case.service).to_string())),
            "{member}"
        );
    }
}

#[test]
fn dp_073_a_hashed_secret_is_neither_compared_nor_sent_again() {
    let mut case = case();
    let body = |name: &str, is_hashed: bool| json!({ "name": name, "client_id": "c", "client_secret": "plain", "hash_secret": is_hashed });
    case.target.credentials[0].door = Door::Oauth2;
    case.target.credentials[0].body = body("shop", true);
    let mut seen = case.seen();
    seen.credentials[0].0 = Door::Oauth2;
    seen.credentials[0].1["client_secret"] = json!("$pbkdf2-sha512$..");
    assert!(case.plan(&seen).is_empty(), "{:?}", case.plan(&seen).steps);
    case.target.credentials[0].body = body("store", true);
    let steps = case.plan(&seen).steps;
    let [Step { deed: Deed::Patch(changes), .. }] = steps.as_slice() else { unreachable!("{steps:?}") };
    assert_eq!(changes["name"], json!("store"));
    assert!(changes.get("client_secret").is_none() && changes.get("hash_secret").is_none());
    // Whoever put a secret in clear there is put right with the whole.
    seen.credentials[0].1["hash_secret"] = json!(false);
    let Deed::Put(whole) = &case.plan(&seen).steps[0].deed else { unreachable!() };
    assert_eq!((&whole["client_secret"], &whole["hash_secret"]), (&json!("plain"), &json!(true)));
}

#[test]
fn the_provision_key_of_kong_is_kept_and_another_plugin_takes_its_place_behind_the_gate() {
    let case = case();
    let gate = |config| Some(Gate::of(&config, None));
    let mut target =
        ApiTarget { gate: gate(StrategyConfig::KongOauth2(KongOauth2Config::default())), ..api(&case, true) };
    let made = of_api(&case.names, &target, &SeenApi { has_service: true, ..SeenApi::default() }).steps;
    let mut plugins: Vec<Value> = made
        .iter()
        .map(|step| {
            let Deed::Put(body) = &step.deed else { unreachable!() };
            let mut body = body.clone();
            body["id"] = json!(step.path.rsplit('/').next().unwrap());
            body
        })
        .collect();
    plugins[1]["config"]["provision_key"] = json!("of-kong");
    plugins[1]["config"]["mandatory_scope"] = json!(true);
    let seen = SeenApi { has_service: true, plugins, route_plugins: vec![] };
    let steps = of_api(&case.names, &target, &seen).steps;
    let [Step { deed: Deed::Put(whole), .. }] = steps.as_slice() else { unreachable!("{steps:?}") };
    assert_eq!(whole["config"]["provision_key"], json!("of-kong"));
    target.gate = gate(StrategyConfig::Jwt(JwtConfig::default()));
    let steps = of_api(&case.names, &target, &seen).steps;
    assert!(steps[0].is_removal() && steps.len() == 2, "{steps:?}");
    let Deed::Put(body) = &steps[1].deed else { unreachable!() };
    assert_eq!((&body["name"], body["config"].get("provision_key")), (&json!("jwt"), None));
    target.gate = Some(Gate { auth: None });
    let steps = of_api(&case.names, &target, &seen).steps;
    assert!(steps.len() == 1 && steps[0].is_removal(), "an admin's own plugin takes its place");
    assert_eq!(Enforcer::None.as_str(), "none");
}
