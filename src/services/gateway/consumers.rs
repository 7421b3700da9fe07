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
    /// By the username in lower case, ASCII only: other letters fold onto each other in surprising ways; of several, the first declared.
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
                all.by_lower_username.entry(name.to_ascii_lowercase()).or_insert_with(|| Arc::clone(&consumer));
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
            ConsumerField::Username if ignore_case => {
                self.by_username.get(value).or_else(|| self.by_lower_username.get(&value.to_ascii_lowercase()))
            }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_exact_username_comes_before_one_in_another_case() {
        let of = |id: &str, name: &str| DeclaredConsumer {
            consumer: Consumer { id: id.to_owned(), username: Some(name.to_owned()), ..Consumer::default() },
            keys: Vec::new(),
        };
        let all = Consumers::new(vec![of("1", "Alice"), of("2", "alice"), of("3", "kim")], Vec::new());
        let id = |name: &str| all.find(ConsumerField::Username, name, true).map(|consumer| consumer.id.clone());
        assert_eq!(id("alice").unwrap(), "2");
        assert_eq!(id("Alice").unwrap(), "1");
        assert_eq!(id("ALICE").unwrap(), "1", "the first declared");
        assert_eq!(id("\u{212a}im"), None, "the Kelvin sign is no k");
    }
}
