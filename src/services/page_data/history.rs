//! What a request changed, compared with how it was before.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use crate::domain::audit::ObjectRecord;
use crate::services::Services;
use crate::services::audit::{ObjectFilter, Page, list_objects, list_objects_of};
use crate::services::error::ServiceError;
use crate::store::directory;

/// Changes of one request that are compared; the rest is listed without.
const COMPARED: usize = 50;
/// Earlier records of an entity that are looked through.
const LOOKED_THROUGH: u32 = 200;
/// Members that every change changes.
const NOISE: &[&str] = &["updated_at"];
/// Parts that what a user was given refers to by id.
const PARTS: [&str; 3] = ["user", "role", "group"];

/// A change, and the entity as the record before it left it.
#[derive(Clone, Debug)]
pub struct ObjectChange {
    /// The record.
    pub record: ObjectRecord,
    /// The entity before; `None` when it is not known.
    pub before: Option<Value>,
}

/// What a request changed, in its order.
///
/// # Errors
/// The store failed.
pub async fn changes_of(services: &Services, request_id: &str) -> Result<Vec<ObjectChange>, ServiceError> {
    let mut changes = Vec::new();
    for (index, kept) in list_objects_of(services, request_id).await?.into_iter().enumerate() {
        let record = kept.record;
        let before = if record.operation == "update" && index < COMPARED {
            entity_before(services, &record).await?
        } else {
            None
        };
        changes.push(ObjectChange { record, before });
    }
    Ok(changes)
}

async fn entity_before(services: &Services, record: &ObjectRecord) -> Result<Option<Value>, ServiceError> {
    let filter = ObjectFilter {
        dao_name: Some(record.dao_name.clone()),
        entity_key: Some(record.entity_key.clone()),
        ..ObjectFilter::default()
    };
    let page = Page { size: LOOKED_THROUGH, ..Page::default() };
    let known = list_objects(services, &filter, &page).await?.page.items;
    let earlier = known.into_iter().skip_while(|kept| kept.record.id != record.id).nth(1);
    Ok(earlier.map(|kept| kept.record.entity))
}

/// Members that differ, as (name, before, after); the absent side is empty. Without an earlier state, an update shows
/// every member as it is now.
#[must_use]
pub fn differences(change: &ObjectChange) -> Vec<(String, String, String)> {
    let empty = Map::new();
    let now = change.record.entity.as_object().unwrap_or(&empty);
    let before = change.before.as_ref().and_then(Value::as_object).unwrap_or(&empty);
    let (before, after) = if change.record.operation == "delete" { (now, &empty) } else { (before, now) };
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differs = |name: &&String| before.get(*name) != after.get(*name) && !NOISE.contains(&name.as_str());
    let row = |name: &String| (name.clone(), shown(before.get(name)), shown(after.get(name)));
    names.into_iter().filter(differs).map(row).filter(|(_, before, after)| before != after).collect()
}

/// Names of what records refer to by id.
#[derive(Clone, Debug, Default)]
pub struct Names(HashMap<String, String>);

impl Names {
    /// Those that `records` need, as they are now.
    ///
    /// # Errors
    /// The store failed.
    pub async fn of<'r>(
        services: &Services,
        records: impl IntoIterator<Item = &'r ObjectRecord>,
    ) -> Result<Self, ServiceError> {
        let ids: BTreeSet<String> = records.into_iter().flat_map(ids_of).map(str::to_owned).collect();
        if ids.is_empty() {
            return Ok(Self::default());
        }
        Ok(Self(directory::names(&mut *services.store.read().await?, &ids).await?))
    }

    /// Who made a change: the id of somebody who is gone, nothing for nobody.
    #[must_use]
    pub fn actor(&self, record: &ObjectRecord) -> String {
        record.rbac_user_id.as_deref().map_or_else(String::new, |id| self.get(id).to_owned())
    }

    fn get<'n>(&'n self, id: &'n str) -> &'n str {
        self.0.get(id).map_or(id, String::as_str)
    }
}

/// Ids of the actor and of the entity's parts.
fn ids_of(record: &ObjectRecord) -> impl Iterator<Item = &str> {
    let part = |name: &&str| record.entity.get(name)?.get("id")?.as_str();
    record.rbac_user_id.as_deref().into_iter().chain(PARTS.iter().filter_map(part))
}

/// What people call an entity: its name, or those of the parts that it joins; nothing for one that has neither.
#[must_use]
pub fn name_of(entity: &Value, names: &Names) -> String {
    let text = |pointer: &str| entity.pointer(pointer).and_then(Value::as_str);
    if let Some(name) = text("/username").or_else(|| text("/name")) {
        return name.to_owned();
    }
    match (text("/endpoint"), text("/workspace"), text("/group/name"), text("/rbac_role/name")) {
        (Some(endpoint), Some(workspace), ..) => format!("{endpoint} in {workspace}"),
        (.., Some(group), Some(role)) => {
            let place = text("/workspace/name").map(|name| format!(" in {name}")).unwrap_or_default();
            format!("{role}{place} for {group}")
        }
        _ => joined(entity, names),
    }
}

/// What a user was given: a role, or membership of a group.
fn joined(entity: &Value, names: &Names) -> String {
    let [user, role, group] = PARTS.map(|part| entity.get(part)?.get("id")?.as_str().map(|id| names.get(id)));
    match (user, role, group) {
        (Some(user), Some(role), _) => format!("{role} for {user}"),
        (Some(user), _, Some(group)) => format!("{user} in group {group}"),
        _ => String::new(),
    }
}

/// A value as text; nothing, for what is absent or null.
fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::UnixSeconds;
    use serde_json::json;

    fn change(operation: &str, before: Option<Value>, entity: Value) -> ObjectChange {
        let record = ObjectRecord {
            id: String::new(),
            request_id: String::new(),
            request_timestamp: UnixSeconds(0),
            dao_name: "groups".to_owned(),
            entity_key: String::new(),
            entity,
            operation: operation.to_owned(),
            rbac_user_id: None,
        };
        ObjectChange { record, before }
    }

    fn text(rows: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
        rows.iter().map(|(name, a, b)| ((*name).to_owned(), (*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn only_what_differs_is_shown() {
        let before = json!({"name": "ops", "comment": null, "n": 1, "updated_at": 1});
        let after = json!({"name": "ops", "comment": "x", "n": [2], "updated_at": 2});
        let update = change("update", Some(before), after);
        assert_eq!(differences(&update), text(&[("comment", "", "x"), ("n", "1", "[2]")]));
    }

    #[test]
    fn entities_are_called_by_names_where_they_have_some() {
        let known = [("1", "ann"), ("2", "admin in default"), ("3", "ops")];
        let names = Names(known.map(|(id, name)| (id.to_owned(), name.to_owned())).into());
        let name_of = |entity: &Value| name_of(entity, &names);
        assert_eq!(name_of(&json!({"username": "ann", "id": "1"})), "ann");
        assert_eq!(name_of(&json!({"role": {"id": "1"}, "workspace": "*", "endpoint": "/x"})), "/x in *");
        assert_eq!(name_of(&json!({"user": {"id": "1"}, "role": {"id": "2"}})), "admin in default for ann");
        assert_eq!(name_of(&json!({"user": {"id": "1"}, "group": {"id": "3"}})), "ann in group ops");
        assert_eq!(name_of(&json!({"user": {"id": "gone"}, "group": {"id": "3"}})), "gone in group ops");
        let link = json!({"group": {"name": "ops"}, "rbac_role": {"name": "admin"}, "workspace": {"name": "default"}});
        assert_eq!(name_of(&link), "admin in default for ops");
        assert_eq!(name_of(&json!({"user": {"id": "1"}})), "");
    }

    #[test]
    fn a_new_entity_has_no_past_and_a_deleted_one_no_future() {
        let entity = json!({"name": "ops", "comment": null});
        assert_eq!(differences(&change("create", None, entity.clone())), text(&[("name", "", "ops")]));
        assert_eq!(differences(&change("delete", None, entity)), text(&[("name", "ops", "")]));
    }
}
