//! The difference between what Kong holds and what it should, as steps in an order that never opens anything
//! (dev-portal.md 6.6, 6.7): grants go first and come last; the plugin that refuses everybody is there before the one that
//! identifies callers, and goes after it. Only managed members are compared. What is not kong-sso's is never touched.

use std::fmt;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::credentials::{CredentialTarget, Door};
use super::gate::AUTH_PLUGINS;
use super::names::{Names, TAG};
use super::target::{ApiTarget, ApplicationTarget, Gone};
use crate::domain::time::UnixSeconds;

/// Seconds by which the end of a key may differ: answers take their time.
const SAME_END: i64 = 5;

/// What Kong holds of an application.
#[derive(Clone, Debug, Default)]
pub struct SeenApplication {
    /// The entity with the id of its consumer.
    pub consumer: Option<Value>,
    /// Credentials of that consumer.
    pub credentials: Vec<(Door, Value)>,
    /// Memberships of that consumer.
    pub grants: Vec<Value>,
}

/// What Kong holds of a published API.
#[derive(Clone, Debug, Default)]
pub struct SeenApi {
    /// Whether there is the service.
    pub has_service: bool,
    /// Plugins of that service itself.
    pub plugins: Vec<Value>,
    /// Plugins of its routes.
    pub route_plugins: Vec<Value>,
}

/// What a step does.
#[derive(Clone, PartialEq)]
pub enum Deed {
    /// Makes or replaces an entity.
    Put(Value),
    /// Changes members of an entity that is there.
    Patch(Value),
    /// Removes one.
    Delete,
}

/// One request.
#[derive(Clone, PartialEq)]
pub struct Step {
    /// What it does.
    pub deed: Deed,
    /// Path on the Admin API.
    pub path: String,
}

impl Step {
    fn put(path: String, body: Value) -> Self {
        Self { deed: Deed::Put(body), path }
    }

    const fn patch(path: String, body: Value) -> Self {
        Self { deed: Deed::Patch(body), path }
    }

    const fn delete(path: String) -> Self {
        Self { deed: Deed::Delete, path }
    }

    /// Whether it takes something away.
    #[must_use]
    pub fn is_removal(&self) -> bool {
        self.deed == Deed::Delete
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.deed {
            Deed::Put(_) => "PUT",
            Deed::Patch(_) => "PATCH",
            Deed::Delete => "DELETE",
        };
        write!(f, "{verb} {}", self.path)
    }
}

impl fmt::Debug for Step {
    /// Bodies hold keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What to do, and what cannot be done.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Requests, to be sent in this order; none after one that failed.
    pub steps: Vec<Step>,
    /// What stands in the way and belongs to somebody else.
    pub conflicts: Vec<String>,
    /// What an admin should know.
    pub notices: Vec<String>,
    /// Nothing was touched because of a conflict.
    pub is_blocked: bool,
}

impl Plan {
    /// Whether Kong is what it should be.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.conflicts.is_empty()
    }

    /// While something is in the way only what takes away is done.
    fn closed(mut self) -> Self {
        if !self.conflicts.is_empty() {
            self.steps.retain(Step::is_removal);
        }
        self
    }
}

/// What happens to what carries no mark of ours on our own consumers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prune {
    /// It is reported.
    Report,
    /// It is removed.
    Delete,
}

/// The plan for an application.
#[must_use]
pub fn of_application(
    names: &Names,
    target: &ApplicationTarget,
    seen: &SeenApplication,
    prune: Prune,
    now: UnixSeconds,
) -> Plan {
    let mut plan = Plan::default();
    let id = names.consumer(target.id);
    let base = format!("/consumers/{id}");
    // Its id is computed from a secret, so that nobody else has it by chance; but who changed its name took it over.
    let username = format!("app-{}", target.id);
    if seen
        .consumer
        .as_ref()
        .is_some_and(|consumer| !is_ours(consumer) && text(consumer, "username") != Some(&username))
    {
        plan.conflicts.push(format!("consumer {id} is not kong-sso's"));
        plan.is_blocked = true;
        return plan;
    }
    remove_grants(names, target, seen, prune, &base, &mut plan);
    remove_credentials(target, seen, prune, &base, &mut plan);
    if !target.has_consumer {
        if seen.consumer.is_some() {
            plan.steps.push(Step::delete(base));
        }
        return plan;
    }
    put_if_other(&mut plan, base.clone(), target.consumer_body(names), seen.consumer.as_ref());
    let tags = names.application_tags(target.id);
    for credential in &target.credentials {
        put_credential(credential, seen, &tags, &base, now, &mut plan);
    }
    for service in &target.services {
        let group = names.group(*service);
        let held = seen.grants.iter().find(|grant| text(grant, "group") == Some(&group));
        put_if_other(&mut plan, format!("{base}/acls/{group}"), json!({ "group": group, "tags": tags }), held);
    }
    plan.closed()
}

/// Puts first the removal of what is not wanted although nobody has seen it: while a write is on its way, Kong is no witness.
/// What is not there is removed without an error.
pub fn insist(plan: &mut Plan, names: &Names, target: &ApplicationTarget, gone: &Gone) {
    if plan.is_blocked {
        return;
    }
    let base = format!("/consumers/{}", names.consumer(target.id));
    let grants = gone.services.iter().map(|service| format!("{base}/acls/{}", names.group(*service)));
    let credentials = gone.credentials.iter().map(|(door, id)| format!("{base}/{}/{id}", door.segment()));
    let mut steps: Vec<Step> = grants.chain(credentials).map(Step::delete).collect();
    steps.append(&mut plan.steps);
    plan.steps = steps;
    let whole = Step::delete(base);
    if !target.has_consumer && !plan.steps.contains(&whole) {
        plan.steps.push(whole);
    }
}

/// Groups that begin as ours do are ours whoever made the membership: else a hand-made one would outlive a revocation.
fn remove_grants(
    names: &Names,
    target: &ApplicationTarget,
    seen: &SeenApplication,
    prune: Prune,
    base: &str,
    plan: &mut Plan,
) {
    let wanted: Vec<String> = target.services.iter().map(|service| names.group(*service)).collect();
    let prefix = names.group_prefix();
    for grant in &seen.grants {
        let Some(group) = text(grant, "group") else { continue };
        if wanted.iter().any(|wanted| wanted == group) {
            continue;
        }
        let is_managed = group.starts_with(&prefix) || is_ours(grant);
        if is_managed || prune == Prune::Delete {
            plan.steps.push(Step::delete(format!("{base}/acls/{}", entity_id(grant))));
        } else {
            plan.notices.push(format!("group {group} of {base} was added by hand"));
        }
    }
}

fn remove_credentials(target: &ApplicationTarget, seen: &SeenApplication, prune: Prune, base: &str, plan: &mut Plan) {
    for (door, held) in &seen.credentials {
        let (id, segment) = (entity_id(held), door.segment());
        if target.credentials.iter().any(|wanted| wanted.door == *door && wanted.id.to_string() == id) {
            continue;
        }
        if is_ours(held) || prune == Prune::Delete {
            plan.steps.push(Step::delete(format!("{base}/{segment}/{id}")));
        } else {
            plan.notices.push(format!("{segment} credential {id} of {base} was added by hand"));
        }
    }
}

fn put_credential(
    target: &CredentialTarget,
    seen: &SeenApplication,
    tags: &[String],
    base: &str,
    now: UnixSeconds,
    plan: &mut Plan,
) {
    let (door, id) = (target.door, target.id.to_string());
    let held = seen.credentials.iter().find(|(kind, held)| *kind == door && entity_id(held) == id);
    let held = held.map(|(_, held)| held);
    if held.is_some_and(|held| !is_ours(held) && text(held, door.key()) != text(&target.body, door.key())) {
        plan.conflicts.push(format!("{} credential {id} of {base} is not kong-sso's", door.segment()));
        return;
    }
    let path = format!("{base}/{}/{id}", door.segment());
    let mut body = with_tags(&target.body, tags);
    if let Some(held) = held.filter(|held| is_hashed(&body) && is_hashed(held)) {
        return patch_hashed(plan, path, body, held);
    }
    let left = target.expires_at.filter(|_| door == Door::KeyAuth).map(|end| end.since(now).max(1));
    let ends_right = |held: &Value| match (left, held.get("ttl").and_then(Value::as_i64)) {
        (None, None) => true,
        (Some(wanted), Some(seen)) => (wanted - seen).abs() <= SAME_END,
        _ => false,
    };
    if held.is_some_and(|held| covers(&body, held) && ends_right(held)) {
        return;
    }
    if let (Some(left), Some(members)) = (left, body.as_object_mut()) {
        members.insert("ttl".to_owned(), json!(left));
    }
    plan.steps.push(Step::put(path, complete(body, held)));
}

/// A secret of which Kong keeps a hash can neither be compared nor sent again with what Kong shows: it would be hashed twice.
fn patch_hashed(plan: &mut Plan, path: String, mut body: Value, held: &Value) {
    if let Some(members) = body.as_object_mut() {
        members.remove("client_secret");
        members.remove("hash_secret");
    }
    if !covers(&body, held) {
        plan.steps.push(Step::patch(path, body));
    }
}

fn is_hashed(credential: &Value) -> bool {
    credential.get("hash_secret").and_then(Value::as_bool) == Some(true)
}

fn with_tags(body: &Value, tags: &[String]) -> Value {
    let mut body = body.clone();
    if let Some(members) = body.as_object_mut() {
        members.insert("tags".to_owned(), json!(tags));
    }
    body
}

/// The plan for a published API.
#[must_use]
pub fn of_api(names: &Names, target: &ApiTarget, seen: &SeenApi) -> Plan {
    let mut plan = Plan::default();
    if !seen.has_service {
        return plan;
    }
    let base = format!("/services/{}/plugins", target.service);
    let (acl, auth) = (names.acl(target.service), names.auth(target.service));
    let held = |id: Uuid| seen.plugins.iter().find(|plugin| entity_id(plugin) == id.to_string());
    let wanted = target.gate.as_ref().and_then(|gate| gate.auth.as_ref());
    let is_auth = |plugin: &Value| text(plugin, "name").is_some_and(|name| AUTH_PLUGINS.contains(&name));
    for (id, has_its_name) in
        [(acl, &(|plugin: &Value| text(plugin, "name") == Some("acl")) as &dyn Fn(&Value) -> bool), (auth, &is_auth)]
    {
        if held(id).is_some_and(|plugin| !is_ours(plugin) && !has_its_name(plugin)) {
            plan.conflicts.push(format!("plugin {id} of service {} is not kong-sso's", target.service));
        }
    }
    for (id, name) in [(acl, target.gate.as_ref().map(|_| "acl")), (auth, wanted.map(|plugin| plugin.name))] {
        let Some(name) = name else { continue };
        let is_foreign = |plugin: &&Value| text(plugin, "name") == Some(name) && entity_id(plugin) != id.to_string();
        // A plugin for one consumer only stands beside ours and decides about nobody else.
        if let Some(foreign) = seen.plugins.iter().filter(is_foreign).find(|it| reference(it, "consumer").is_none()) {
            let id = entity_id(foreign);
            plan.conflicts.push(format!("service {} has a plugin {name} of its own ({id})", target.service));
        }
    }
    if !plan.conflicts.is_empty() {
        plan.is_blocked = true;
        return plan;
    }
    match &target.gate {
        Some(_) => {
            // A plugin of another name has other settings: it goes before its successor comes, and acl, which is put right
            // first, lets nobody in alone.
            put_if_other(&mut plan, format!("{base}/{acl}"), target.acl_body(names), held(acl));
            let is_other = |plugin: &&Value| wanted.is_none_or(|wanted| text(plugin, "name") != Some(wanted.name));
            let stale = held(auth).filter(is_other);
            if stale.is_some() {
                plan.steps.push(Step::delete(format!("{base}/{auth}")));
            }
            if let Some(wanted) = wanted {
                let present = held(auth).filter(|_| stale.is_none());
                put_if_other(&mut plan, format!("{base}/{auth}"), target.auth_body(names, wanted), present);
            }
            warn_of_bypasses(wanted.map(|plugin| plugin.name), seen, &mut plan);
        }
        None => {
            let gone = [auth, acl].into_iter().filter(|id| held(*id).is_some());
            plan.steps.extend(gone.map(|id| Step::delete(format!("{base}/{id}"))));
        }
    }
    plan
}

/// A plugin of a route stands in place of the one of its service.
fn warn_of_bypasses(auth: Option<&str>, seen: &SeenApi, plan: &mut Plan) {
    let gates = seen.route_plugins.iter().filter(|plugin| {
        text(plugin, "name").is_some_and(|name| name == "acl" || Some(name) == auth)
            && plugin.get("enabled").and_then(Value::as_bool) != Some(false)
    });
    plan.notices.extend(gates.map(|plugin| {
        let route = reference(plugin, "route").unwrap_or("?");
        format!(
            "the gate is bypassed on route {route}, which has a plugin {} of its own",
            text(plugin, "name").unwrap_or("?")
        )
    }));
}

fn put_if_other(plan: &mut Plan, path: String, body: Value, held: Option<&Value>) {
    if held.is_none_or(|held| !covers(&body, held)) {
        plan.steps.push(Step::put(path, complete(body, held)));
    }
}

/// Whether an entity has every managed member. Lists of tags may hold more; others are compared as sets.
fn covers(wanted: &Value, held: &Value) -> bool {
    let Value::Object(wanted) = wanted else { return wanted == held };
    wanted.iter().all(|(name, value)| match (value, held.get(name)) {
        (Value::Null, None) => true,
        (_, None) => false,
        (Value::Array(items), Some(Value::Array(there))) if name == "tags" => items.iter().all(|it| there.contains(it)),
        (Value::Array(items), Some(Value::Array(there))) => {
            items.len() == there.len() && items.iter().all(|it| there.contains(it))
        }
        (value, Some(there)) => covers(value, there),
    })
}

/// The complete body of a PUT: members that are not managed keep what they have, because a PUT resets what it does not name.
fn complete(wanted: Value, held: Option<&Value>) -> Value {
    let (Value::Object(wanted), Some(Value::Object(held))) = (&wanted, held) else { return wanted };
    let mut whole = held.clone();
    for name in ["id", "updated_at", "consumer", "service", "route", "ttl"] {
        whole.remove(name);
    }
    for (name, value) in wanted {
        let merged = match (value, whole.get(name)) {
            (Value::Object(ours), Some(Value::Object(theirs))) => Value::Object(merge(theirs, ours)),
            (Value::Array(ours), Some(Value::Array(theirs))) if name == "tags" => {
                Value::Array(theirs.iter().chain(ours.iter().filter(|tag| !theirs.contains(tag))).cloned().collect())
            }
            _ => value.clone(),
        };
        whole.insert(name.clone(), merged);
    }
    Value::Object(whole)
}

fn merge(theirs: &Map<String, Value>, ours: &Map<String, Value>) -> Map<String, Value> {
    theirs.iter().chain(ours).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Whether kong-sso made an entity.
#[must_use]
pub fn is_ours(entity: &Value) -> bool {
    let tags = entity.get("tags").and_then(Value::as_array);
    tags.is_some_and(|tags| tags.iter().any(|tag| tag == TAG))
}

/// Id of an entity.
#[must_use]
pub fn entity_id(entity: &Value) -> &str {
    text(entity, "id").unwrap_or_default()
}

/// Id of the entity that a member refers to.
#[must_use]
pub fn reference<'e>(entity: &'e Value, member: &str) -> Option<&'e str> {
    entity.get(member).and_then(|reference| reference.get("id")).and_then(Value::as_str)
}

/// A member that is text.
#[must_use]
pub fn text<'e>(entity: &'e Value, member: &str) -> Option<&'e str> {
    entity.get(member).and_then(Value::as_str)
}
