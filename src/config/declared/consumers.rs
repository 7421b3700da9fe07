//! Consumers, their credentials and groups.

use std::collections::HashSet;

use secrecy::SecretString;

use super::reader::{Object, Problems, made_id};
use super::{ApiKey, Declared, DeclaredConsumer, vault_text};
use crate::config::vault::Vaults;
use crate::domain::consumer::Consumer;

/// Credentials of plugins that kong-sso does not run.
const OTHER_CREDENTIALS: [&str; 6] = [
    "basicauth_credentials",
    "hmacauth_credentials",
    "jwt_secrets",
    "oauth2_credentials",
    "mtls_auth_credentials",
    "plugins",
];

/// Adds groups, then consumers.
pub(super) fn read(top: &mut Object<'_>, vaults: &Vaults<'_>, problems: &Problems, declared: &mut Declared) {
    for mut group in top.objects("consumer_groups") {
        group.ignore(&["id"]);
        group.refuse(&["plugins", "consumers"], "is not served here: consumers name their groups");
        match group.text("name") {
            Some(name) => declared.consumer_groups.push(name),
            None => group.problem("name", "is required"),
        }
        group.finish();
    }
    let mut seen = HashSet::new();
    for object in top.objects("consumers") {
        let place = object.place.clone();
        let consumer = consumer(object, vaults, problems, declared);
        for name in names(&consumer) {
            if !seen.insert(name.clone()) {
                let (member, _) = name;
                problems.add(&format!("{place}.{member}"), "belongs to another consumer already");
            }
        }
        declared.consumers.push(consumer);
    }
}

/// What must be unique among consumers. Keys are compared by their hash, so that no set of secrets is made.
fn names(consumer: &DeclaredConsumer) -> Vec<(&'static str, String)> {
    let who = &consumer.consumer;
    let texts =
        [("username", who.username.clone()), ("custom_id", who.custom_id.clone()), ("id", Some(who.id.clone()))];
    let keys = consumer.keys.iter().map(|key| ("keyauth_credentials", made_id("key", expose(&key.key))));
    texts.into_iter().filter_map(|(member, text)| Some((member, text?))).chain(keys).collect()
}

fn consumer(mut object: Object<'_>, vaults: &Vaults<'_>, problems: &Problems, declared: &Declared) -> DeclaredConsumer {
    let (id, username, custom_id) = (object.text("id"), object.text("username"), object.text("custom_id"));
    if username.is_none() && custom_id.is_none() {
        object.problem("username", "or custom_id is required");
    }
    let id =
        id.unwrap_or_else(|| made_id("consumer", username.as_ref().or(custom_id.as_ref()).unwrap_or(&object.place)));
    object.refuse(&OTHER_CREDENTIALS, "is not served by kong-sso");
    let acl_groups = object.objects("acls").into_iter().filter_map(|acl| name_of(acl, "group")).collect();
    let groups = object.objects("groups").into_iter().filter_map(|group| group_of(group, declared)).collect();
    let keys = object.objects("keyauth_credentials").into_iter();
    let keys = keys.enumerate().filter_map(|(index, key)| {
        // Not of the key: the id is shown to upstreams.
        key_of(key, &format!("{id} {index}"), vaults, problems)
    });
    let keys = keys.collect();
    object.finish();
    DeclaredConsumer { consumer: Consumer { id, username, custom_id, acl_groups, groups }, keys }
}

fn name_of(mut object: Object<'_>, member: &'static str) -> Option<String> {
    object.ignore(&["id"]);
    let name = object.text(member);
    if name.is_none() {
        object.problem(member, "is required");
    }
    object.finish();
    name
}

fn group_of(group: Object<'_>, declared: &Declared) -> Option<String> {
    let place = group.at("name");
    let problems = group.problems();
    let name = name_of(group, "name")?;
    if !declared.consumer_groups.contains(&name) {
        problems.add(&place, format!("is not among the consumer_groups: '{name}'"));
    }
    Some(name)
}

fn key_of(mut object: Object<'_>, name: &str, vaults: &Vaults<'_>, problems: &Problems) -> Option<ApiKey> {
    object.refuse(&["ttl"], "has no meaning in a file: remove the key when it is to end");
    let (id, key) = (object.text("id"), object.text("key"));
    if key.is_none() {
        object.problem("key", "is required");
    }
    let key = vault_text(&key?, vaults, &object.at("key"), problems);
    object.finish();
    Some(ApiKey { id: id.unwrap_or_else(|| made_id("key-id", name)), key: SecretString::from(key) })
}

fn expose(key: &SecretString) -> &str {
    use secrecy::ExposeSecret as _;
    key.expose_secret()
}
