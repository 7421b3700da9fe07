//! Who the caller is for the gateway (openid-connect.md 7.4 to 7.7).

use std::sync::Arc;

use crate::config::plugin::ConsumerField;
use crate::domain::consumer::Consumer;

/// The gateway's consumers, in memory.
pub trait ConsumerDirectory: Send + Sync {
    /// The consumer whose `field` is `value`. `ignore_case` concerns usernames only.
    fn find(&self, field: ConsumerField, value: &str, ignore_case: bool) -> Option<Arc<Consumer>>;

    /// Whether there is a consumer group of that name.
    fn has_group(&self, name: &str) -> bool;
}
