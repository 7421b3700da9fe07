//! Where sessions of the `openid-connect` plugin are stored on the server: the database and Redis behind the engine's
//! trait (openid-connect.md 5.5).

pub mod database;
pub mod redis;

use std::sync::Arc;

use crate::config::plugin::SessionStorage as Configured;
use crate::config::settings::EgressSettings;
use crate::domain::time::Clock;
use crate::oidc::engine::session::{SessionStorage, StorageError};
use crate::store::Store;

/// The storage that a plugin is configured with; `None` = sessions live in their cookies. Connects to nothing yet.
///
/// # Errors
/// Redis is configured in a way that no connection could be made with.
pub fn of(
    conf: &Configured,
    store: &Store,
    clock: &Clock,
    egress: &EgressSettings,
) -> Result<Option<Arc<dyn SessionStorage>>, StorageError> {
    Ok(match conf {
        Configured::Cookie => None,
        Configured::Database => Some(Arc::new(database::DatabaseSessions::new(store.clone(), clock.clone()))),
        Configured::Redis(conf) => Some(Arc::new(redis::RedisSessions::new(conf, egress)?)),
    })
}
