//! Kong in memory.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

/// Entities by path.
#[derive(Default)]
pub(super) struct Kong(pub(super) BTreeMap<String, Value>);

impl Kong {
    pub(super) fn apply(&mut self, step: &Step) {
        match &step.deed {
            Deed::Put(body) => {
                let mut body = body.clone();
                let id = step.path.rsplit('/').next().unwrap();
                // A membership is named by its group; Kong makes up its id.
                body["id"] = json!(id);
                self.0.insert(step.path.clone(), body);
            }
            Deed::Patch(changes) => {
                if let Some(held) = self.0.get_mut(&step.path) {
                    held.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
                }
            }
            Deed::Delete => {
                let below = format!("{}/", step.path);
                self.0.retain(|path, _| *path != step.path && !path.starts_with(&below));
            }
        }
    }

    pub(super) fn below(&self, prefix: &str) -> Vec<Value> {
        self.0.iter().filter(|(path, _)| path.starts_with(prefix)).map(|(_, entity)| entity.clone()).collect()
    }

    pub(super) fn application(&self, consumer: &str) -> SeenApplication {
        let Some(found) = self.0.get(consumer) else { return SeenApplication::default() };
        SeenApplication {
            consumer: Some(found.clone()),
            credentials: self
                .below(&format!("{consumer}/key-auth/"))
                .into_iter()
                .map(|held| (Door::KeyAuth, held))
                .collect(),
            grants: self.below(&format!("{consumer}/acls/")),
        }
    }

    pub(super) fn api(&self, service: ServiceId) -> SeenApi {
        let plugins = self.below(&format!("/services/{service}/plugins/"));
        SeenApi { has_service: true, plugins, route_plugins: vec![] }
    }
}
