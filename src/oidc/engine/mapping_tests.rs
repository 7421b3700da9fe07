#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;
use crate::domain::claims::ClaimPath;
use crate::oidc::engine::RefusalClass;
use crate::oidc::engine::tests_support::{self, proof};

/// Two consumers and one group.
struct Few;

fn consumer(id: &str, username: &str, custom_id: Option<&str>) -> Arc<Consumer> {
    let custom_id = custom_id.map(str::to_owned);
    Arc::new(Consumer { id: id.to_owned(), username: Some(username.to_owned()), custom_id, ..Consumer::default() })
}

impl ConsumerDirectory for Few {
    fn find(&self, field: ConsumerField, value: &str, ignore_case: bool) -> Option<Arc<Consumer>> {
        let all = [consumer("id-1", "demo", Some("c-1")), consumer("id-2", "anon", None)];
        all.into_iter().find(|consumer| match field {
            ConsumerField::Id => consumer.id == value,
            ConsumerField::CustomId => consumer.custom_id.as_deref() == Some(value),
            ConsumerField::Username if ignore_case => consumer.username.as_deref().unwrap().eq_ignore_ascii_case(value),
            ConsumerField::Username => consumer.username.as_deref() == Some(value),
        })
    }

    fn has_group(&self, name: &str) -> bool {
        name == "gold"
    }
}

fn path(members: &[&str]) -> ClaimPath {
    ClaimPath::new(members.iter().map(|it| (*it).to_owned()).collect()).unwrap()
}

fn conf(change: impl FnOnce(&mut MappingConf)) -> MappingConf {
    let mut conf = tests_support::conf(json!({})).mapping;
    change(&mut conf);
    conf
}

fn token(claims: Value) -> Proof {
    proof(ClaimSources { access_token: Some(Arc::new(claims)), ..ClaimSources::default() })
}

fn username(caller: &Caller) -> Option<&str> {
    caller.consumer.as_ref()?.username.as_deref()
}

#[test]
fn oidc_077_a_claim_names_the_consumer() {
    let mandatory = conf(|conf| conf.consumer_claims = vec![path(&["preferred_username"])]);
    let known = identify(&mandatory, &token(json!({"preferred_username": "demo", "sub": "s"})), &Few).unwrap();
    assert_eq!((username(&known), known.credential.as_deref()), (Some("demo"), None));
    for stranger in [json!({"preferred_username": "who"}), json!({}), json!({"preferred_username": {"a": "demo"}})] {
        let refusal = identify(&mandatory, &token(stranger), &Few).unwrap_err();
        assert_eq!((refusal.class, refusal.reason), (RefusalClass::Forbidden, "consumer_not_found"));
    }
    let optional = MappingConf { consumer_optional: true, ..mandatory };
    let nobody = identify(&optional, &token(json!({"preferred_username": "who", "sub": "s"})), &Few).unwrap();
    assert_eq!((username(&nobody), nobody.credential.as_deref()), (None, Some("s")));
    let unmapped = identify(&conf(|_| ()), &token(json!({"preferred_username": "demo"})), &Few).unwrap();
    assert_eq!(username(&unmapped), None);
}

#[test]
fn oidc_078_usernames_may_be_compared_without_case() {
    let exact = conf(|conf| conf.consumer_claims = vec![path(&["name"])]);
    assert!(identify(&exact, &token(json!({"name": "Demo"})), &Few).is_err());
    let loose = MappingConf { ignore_case: true, ..exact };
    assert_eq!(username(&identify(&loose, &token(json!({"name": "Demo"})), &Few).unwrap()), Some("demo"));
}

#[test]
fn the_first_path_with_a_value_counts_and_every_element_of_a_list_is_tried() {
    let two = conf(|conf| conf.consumer_claims = vec![path(&["a"]), path(&["b"])]);
    assert!(identify(&two, &token(json!({"a": "who", "b": "demo"})), &Few).is_err());
    for found in [json!({"a": null, "b": "demo"}), json!({"b": ["who", 1, "c-1"]}), json!({"a": "c-1"})] {
        assert_eq!(username(&identify(&two, &token(found), &Few).unwrap()), Some("demo"));
    }
}

#[test]
fn the_id_token_comes_first_in_mapping() {
    let by_sub = conf(|conf| conf.consumer_claims = vec![path(&["sub"])]);
    let both = proof(ClaimSources {
        access_token: Some(Arc::new(json!({"sub": "anon"}))),
        id_token: Some(Arc::new(json!({"sub": "demo"}))),
        ..ClaimSources::default()
    });
    assert_eq!(username(&identify(&by_sub, &both, &Few).unwrap()), Some("demo"));
}

#[test]
fn oidc_010_nobody_becomes_the_anonymous_consumer_by_id_or_username() {
    let named = |name: &str| conf(|conf| conf.anonymous = Some(name.to_owned()));
    for name in ["anon", "id-2"] {
        let caller = anonymous(&named(name), &Few).unwrap();
        assert!(caller.is_anonymous && username(&caller) == Some("anon"));
    }
    assert_eq!(anonymous(&named("c-1"), &Few), None, "a custom_id is no name");
    assert_eq!(anonymous(&conf(|_| ()), &Few), None);
}

#[test]
fn oidc_011_a_caller_without_a_consumer_becomes_anonymous_or_is_refused() {
    let mapped = |anonymous: &str| {
        conf(|conf| {
            conf.anonymous = Some(anonymous.to_owned());
            conf.consumer_claims = vec![path(&["name"])];
            conf.groups_claim = Some(path(&["groups"]));
        })
    };
    let stranger = token(json!({"name": "who", "groups": ["a"], "sub": "s"}));
    let caller = identify(&mapped("anon"), &stranger, &Few).unwrap();
    assert!(caller.is_anonymous && caller.groups.is_none() && caller.credential.is_none());
    let refusal = identify(&mapped("deleted"), &stranger, &Few).unwrap_err();
    assert_eq!((refusal.class, refusal.reason), (RefusalClass::Unauthorized, "anonymous_not_found"));
    let optional = MappingConf { consumer_optional: true, ..mapped("anon") };
    assert_eq!(identify(&optional, &stranger, &Few).unwrap().credential.as_deref(), Some("s"));
}

#[test]
fn oidc_080_groups_come_from_a_list_or_a_scope() {
    let by_scope = conf(|conf| conf.groups_claim = Some(path(&["scope"])));
    let of = |claims: Value| identify(&by_scope, &token(claims), &Few).unwrap().groups;
    assert_eq!(of(json!({"scope": "openid email"})), Some(vec!["openid".to_owned(), "email".to_owned()]));
    assert_eq!(of(json!({"scope": ["two words"]})), Some(vec!["two words".to_owned()]));
    assert_eq!(of(json!({})), None);
}

#[test]
fn oidc_081_a_consumer_group_is_demanded_unless_it_is_optional() {
    let mandatory = conf(|conf| conf.consumer_groups_claim = Some(path(&["tier"])));
    let caller = identify(&mandatory, &token(json!({"tier": ["gold", "lead"]})), &Few).unwrap();
    assert_eq!(caller.consumer_groups, ["gold"]);
    let refusal = identify(&mandatory, &token(json!({"tier": "silver"})), &Few).unwrap_err();
    assert_eq!((refusal.class, refusal.reason), (RefusalClass::Unauthorized, "consumer_group_not_found"));
    let optional = MappingConf { consumer_groups_optional: true, ..mandatory };
    assert!(identify(&optional, &token(json!({})), &Few).unwrap().consumer_groups.is_empty());
    let told = proof(ClaimSources { user_info: Some(Arc::new(json!({"tier": "gold"}))), ..ClaimSources::default() });
    assert_eq!(identify(&optional, &told, &Few).unwrap().consumer_groups, ["gold"]);
}

#[test]
fn oidc_082_the_access_tokens_subject_is_the_credential() {
    let both = proof(ClaimSources {
        access_token: Some(Arc::new(json!({"sub": "of-access-token"}))),
        id_token: Some(Arc::new(json!({"sub": "of-id-token"}))),
        ..ClaimSources::default()
    });
    assert_eq!(identify(&conf(|_| ()), &both, &Few).unwrap().credential.as_deref(), Some("of-access-token"));
}

#[test]
fn oidc_033_a_credential_may_name_its_consumer_itself() {
    let named = Proof { consumer: Some(consumer("id-9", "owner", None)), ..token(json!({"sub": "s"})) };
    let caller = identify(&conf(|_| ()), &named, &Few).unwrap();
    assert_eq!((username(&caller), caller.credential.as_deref()), (Some("owner"), None));
}
