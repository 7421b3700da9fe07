//! The cache that nodes share (openid-connect.md 10.4), in Redis: a hash for each token, which ends with its last answer.

use futures_util::FutureExt as _;
use redis::Script;

use crate::config::plugin::RedisConf;
use crate::config::settings::EgressSettings;
use crate::oidc::engine::session::StorageError;
use crate::oidc::engine::shared_answers::{SharedStore, Step};

use super::redis_connection::RedisConnection;

/// Keeps an answer; the hash lives as long as the longest answer in it.
const KEEP: &str = r"
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if redis.call('TTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
return 1
";

/// Redis as a store of shared answers.
pub struct RedisAnswers {
    connection: RedisConnection,
    prefix: String,
    keep: Script,
}

impl std::fmt::Debug for RedisAnswers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisAnswers").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl RedisAnswers {
    /// The store. Connects when it is first used.
    ///
    /// # Errors
    /// The configuration cannot be used.
    pub fn new(conf: &RedisConf, egress: &EgressSettings) -> Result<Self, StorageError> {
        let connection = RedisConnection::new(conf, egress)?;
        Ok(Self { connection, prefix: conf.prefix.clone(), keep: Script::new(KEEP) })
    }

    fn name(&self, about: &str) -> String {
        format!("{}:{about}", self.prefix)
    }
}

impl SharedStore for RedisAnswers {
    fn find<'s>(&'s self, about: &'s str, key: &'s str) -> Step<'s, Option<String>> {
        async move {
            let mut command = redis::cmd("HGET");
            command.arg(self.name(about)).arg(key);
            self.connection.ask(&command).await.map_err(|error| error.0)
        }
        .boxed()
    }

    fn keep<'s>(&'s self, about: &'s str, key: &'s str, sealed: &'s str, seconds: i64) -> Step<'s, ()> {
        async move {
            let mut call = self.keep.key(self.name(about));
            call.arg(key).arg(sealed).arg(seconds);
            let kept = self.connection.within(call.invoke_async::<i64>(&mut self.connection.handle())).await;
            kept.map(|_| ()).map_err(|error| error.0)
        }
        .boxed()
    }

    fn forget<'s>(&'s self, about: &'s str) -> Step<'s, ()> {
        async move {
            let mut command = redis::cmd("DEL");
            command.arg(self.name(about));
            let gone = self.connection.within(command.query_async::<i64>(&mut self.connection.handle())).await;
            gone.map(|_| ()).map_err(|error| error.0)
        }
        .boxed()
    }
}
