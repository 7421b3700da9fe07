//! The declared consumers, found by whatever names them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aws_lc_rs::digest;
use secrecy::ExposeSecret as _;

use crate::config::declared::DeclaredConsumer;
use crate::config::plugin::ConsumerField;
use crate::domain::consumer::Consumer;

/// A key's owner and the id of the credential.
#[derive(Clone, Debug)]
pub struct KeyOwner {
    /// Who.
    pub consumer: Arc<Consumer>,
    /// `X-Credential-Identifier`.
    pub credential: String,
}

/// All consumers of one loaded file.
#[derive(Debug, Default)]
pub struct Consumers {
    by_id: HashMap<String, Arc<Consumer>>,
    by_username: HashMap<String, Arc<Consumer>>,
    /// By the username in lower case; of several, the first declared.
    by_lower_username: HashMap<String, Arc<Consumer>>,
    by_custom_id: HashMap<String, Arc<Consumer>>,
    /// By the hash of the key: looking up a hash tells nothing about keys that are near.
    by_key: HashMap<[u8; 32], KeyOwner>,
    groups: HashSet<String>,
}

impl Consumers {
    pub(super) fn new(declared: Vec<DeclaredConsumer>, groups: Vec<String>) -> Self {
        let mut all = Self { groups: groups.into_iter().collect(), ..Self::default() };
        for DeclaredConsumer { consumer, keys } in declared {
            let consumer = Arc::new(consumer);
            all.by_id.insert(consumer.id.clone(), Arc::clone(&consumer));
            if let Some(name) = &consumer.username {
                all.by_username.insert(name.clone(), Arc::clone(&consumer));
                all.by_lower_username.entry(name.to_lowercase()).or_insert_with(|| Arc::clone(&consumer));
            }
            if let Some(custom_id) = &consumer.custom_id {
                all.by_custom_id.insert(custom_id.clone(), Arc::clone(&consumer));
            }
            for key in keys {
                let owner = KeyOwner { consumer: Arc::clone(&consumer), credential: key.id };
                all.by_key.insert(hash(key.key.expose_secret().as_bytes()), owner);
            }
        }
        all
    }

    /// The owner of an API key.
    #[must_use]
    pub fn owner_of(&self, key: &[u8]) -> Option<&KeyOwner> {
        self.by_key.get(&hash(key))
    }

    /// The consumer whose field has that value; case may be ignored in usernames only.
    #[must_use]
    pub fn find(&self, field: ConsumerField, value: &str, ignore_case: bool) -> Option<&Arc<Consumer>> {
        match field {
            ConsumerField::Username if ignore_case => self.by_lower_username.get(&value.to_lowercase()),
            ConsumerField::Username => self.by_username.get(value),
            ConsumerField::CustomId => self.by_custom_id.get(value),
            ConsumerField::Id => self.by_id.get(value),
        }
    }

    /// Whether a consumer group of that name is declared.
    #[must_use]
    pub fn has_group(&self, name: &str) -> bool {
        self.groups.contains(name)
    }

    /// The consumer that an `anonymous` member names: by id, else by username.
    #[must_use]
    pub fn anonymous(&self, name: &str) -> Option<&Arc<Consumer>> {
        self.by_id.get(name).or_else(|| self.by_username.get(name))
    }
}

fn hash(key: &[u8]) -> [u8; 32] {
    let hash = digest::digest(&digest::SHA256, key);
    hash.as_ref().first_chunk().copied().unwrap_or_default()
}
