//! Plugin sessions in Redis (openid-connect.md 5.5): one server, or one address behind which its operator keeps one.
//! Each step that must be atomic is one script, so that two nodes never both win.
//!
//! ```text
//! PREFIX:KEY          hash: s(ealed) r(eplaced) t(ime of last use) e(nd) i(ssuer) u(ser) d(evice session)
//! PREFIX:lease:KEY    owner of the refresh, with its end
//! PREFIX:sub:HASH     set of keys of a subject; PREFIX:sid:HASH of a session of the provider
//! PREFIX:changes      sorted set of keys that ended or were replaced, by their number; PREFIX:changes:last the last number
//! ```

use futures_util::FutureExt as _;
use redis::Script;

use crate::config::plugin::RedisConf;
use crate::config::settings::EgressSettings;
use crate::domain::time::UnixSeconds;
use crate::oidc::engine::session::{Changes, LogoutName, Record, SessionStorage, Step, StorageError};
use crate::sealing::sha256_hex;
use crate::services::redis_connection::RedisConnection;

/// Stores a session and its entries in the indices, which live as long as the longest session in them.
const STORE: &str = r"
local function store(record, sub, sid, key, sealed, seen, ends, iss, subject, device)
  redis.call('HSET', record, 's', sealed, 'r', '0', 't', seen, 'e', ends, 'i', iss, 'u', subject, 'd', device)
  redis.call('EXPIREAT', record, ends)
  local now = tonumber(redis.call('TIME')[1])
  for _, index in ipairs({sub, sid}) do
    if index ~= '' then
      redis.call('SADD', index, key)
      if now + redis.call('TTL', index) < tonumber(ends) then redis.call('EXPIREAT', index, ends) end
    end
  end
end
";

/// Numbers a change, and forgets the oldest ones.
const NOTE: &str = r"
local function note(changes, key)
  redis.call('ZADD', changes, redis.call('INCR', changes .. ':last'), key)
  redis.call('ZREMRANGEBYRANK', changes, 0, -5001)
end
";

/// If the old key is still a session: the pointer in its place, and the new session.
const REPLACE: &str = r"
if redis.call('HGET', KEYS[1], 'r') ~= '0' then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[1], 's', ARGV[9], 'r', '1', 't', ARGV[3], 'e', ARGV[10])
redis.call('EXPIREAT', KEYS[1], ARGV[10])
for _, index in ipairs({ARGV[7], ARGV[8]}) do
  if index ~= '' then redis.call('SREM', index, ARGV[11]) end
end
store(KEYS[3], ARGV[7], ARGV[8], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[12])
note(KEYS[4], ARGV[11])
return 1
";

const CREATE: &str = r"
store(KEYS[1], ARGV[7], ARGV[8], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[9])
return 1
";

const TOUCH: &str = r"
if redis.call('HGET', KEYS[1], 'r') ~= '0' then return 0 end
if tonumber(redis.call('HGET', KEYS[1], 't')) >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 't', ARGV[1], 'e', ARGV[2])
redis.call('EXPIREAT', KEYS[1], ARGV[2])
return 1
";

/// Unless the key leads to a successor: it is gone, and its lease too. The entries of the indices lead nowhere from now on
/// and end with them.
const END: &str = r"
if redis.call('HGET', KEYS[1], 'r') == '1' then return 0 end
if redis.call('DEL', KEYS[1]) == 1 then note(KEYS[3], ARGV[1]) end
redis.call('DEL', KEYS[2])
return 1
";

/// The sessions in all of these indices, in one step: none of them is replaced meanwhile.
const END_NAMED: &str = r"
local ended = 0
for _, key in ipairs(redis.call('SINTER', unpack(KEYS))) do
  if redis.call('DEL', ARGV[1] .. ':' .. key) == 1 then
    ended = ended + 1
    note(ARGV[1] .. ':changes', key)
  end
  redis.call('DEL', ARGV[1] .. ':lease:' .. key)
  for _, index in ipairs(KEYS) do redis.call('SREM', index, key) end
end
return ended
";

/// The last number, and the keys after one.
const CHANGES: &str = r"
local last = tonumber(redis.call('GET', KEYS[1] .. ':last') or '0')
return {tostring(last), redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], last)}
";

const LEASE: &str = r"
if redis.call('HGET', KEYS[1], 'r') ~= '0' then return 0 end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
return 0
";

const RELEASE: &str = r"
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
";

/// Redis as a storage of sessions.
pub struct RedisSessions {
    connection: RedisConnection,
    prefix: String,
    create: Script,
    replace: Script,
    touch: Script,
    end: Script,
    end_named: Script,
    changes: Script,
    lease: Script,
    release: Script,
}

impl std::fmt::Debug for RedisSessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisSessions").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl RedisSessions {
    /// The storage. Connects when it is first used, and again whenever the connection was lost.
    ///
    /// # Errors
    /// The configuration cannot be used.
    pub fn new(conf: &RedisConf, egress: &EgressSettings) -> Result<Self, StorageError> {
        let connection = RedisConnection::new(conf, egress)?;
        let script = |body: &str| Script::new(&format!("{STORE}{NOTE}{body}"));
        Ok(Self {
            connection,
            prefix: conf.prefix.clone(),
            create: script(CREATE),
            replace: script(REPLACE),
            touch: Script::new(TOUCH),
            end: script(END),
            end_named: script(END_NAMED),
            changes: Script::new(CHANGES),
            lease: Script::new(LEASE),
            release: Script::new(RELEASE),
        })
    }

    fn record_name(&self, key: &str) -> String {
        format!("{}:{key}", self.prefix)
    }

    fn lease_name(&self, key: &str) -> String {
        format!("{}:lease:{key}", self.prefix)
    }

    fn changes_name(&self) -> String {
        format!("{}:changes", self.prefix)
    }

    /// The index of a subject and of a session of the provider; empty without one.
    fn indices(&self, name: Option<&LogoutName>) -> [String; 2] {
        let index = |kind: &str, value: Option<&String>| {
            let both = name.zip(value).map(|(name, value)| sha256_hex(format!("{}\n{value}", name.issuer).as_bytes()));
            both.map(|hash| format!("{}:{kind}:{hash}", self.prefix)).unwrap_or_default()
        };
        [
            index("sub", name.and_then(|name| name.subject.as_ref())),
            index("sid", name.and_then(|name| name.idp_session.as_ref())),
        ]
    }

    async fn delete_all(&self, name: &LogoutName) -> Result<u64, StorageError> {
        let mut connection = self.connection.handle();
        let [sub, sid] = self.indices(Some(name));
        let sets: Vec<String> = [sub, sid].into_iter().filter(|index| !index.is_empty()).collect();
        if sets.is_empty() {
            return Ok(0);
        }
        let mut call = self.end_named.arg(&self.prefix);
        for set in sets {
            call.key(set);
        }
        self.connection.within(call.invoke_async(&mut connection)).await
    }
}

impl SessionStorage for RedisSessions {
    fn load<'s>(&'s self, key: &'s str) -> Step<'s, Option<Record>> {
        async move {
            let mut command = redis::cmd("HMGET");
            command.arg(self.record_name(key)).arg(&["s", "r", "t", "e", "i", "u", "d"]);
            Ok(record(self.connection.ask(&command).await?))
        }
        .boxed()
    }

    fn create<'s>(&'s self, key: &'s str, record: &'s Record) -> Step<'s, ()> {
        async move {
            let [sub, sid] = self.indices(record.name.as_ref());
            let name = record.name.clone().unwrap_or_default();
            let mut call = self.create.key(self.record_name(key));
            call.arg(key).arg(&record.sealed).arg(record.last_seen_at.0).arg(record.expires_at.0);
            call.arg(name.issuer).arg(name.subject.unwrap_or_default()).arg(sub).arg(sid);
            call.arg(name.idp_session.unwrap_or_default());
            let _: i64 = self.connection.within(call.invoke_async(&mut self.connection.handle())).await?;
            Ok(())
        }
        .boxed()
    }

    fn replace<'s>(&'s self, old: &'s str, pointer: &'s Record, new: &'s str, record: &'s Record) -> Step<'s, bool> {
        async move {
            let [sub, sid] = self.indices(record.name.as_ref());
            let name = record.name.clone().unwrap_or_default();
            let mut call = self.replace.key(self.record_name(old));
            call.key(self.lease_name(old)).key(self.record_name(new)).key(self.changes_name());
            call.arg(new).arg(&record.sealed).arg(record.last_seen_at.0).arg(record.expires_at.0);
            call.arg(name.issuer).arg(name.subject.unwrap_or_default()).arg(sub).arg(sid);
            call.arg(&pointer.sealed).arg(pointer.expires_at.0).arg(old);
            call.arg(name.idp_session.unwrap_or_default());
            let done: i64 = self.connection.within(call.invoke_async(&mut self.connection.handle())).await?;
            Ok(done == 1)
        }
        .boxed()
    }

    fn touch<'s>(&'s self, key: &'s str, seen: UnixSeconds, expires_at: UnixSeconds) -> Step<'s, ()> {
        async move {
            let mut call = self.touch.key(self.record_name(key));
            call.arg(seen.0).arg(expires_at.0);
            let _: i64 = self.connection.within(call.invoke_async(&mut self.connection.handle())).await?;
            Ok(())
        }
        .boxed()
    }

    fn end<'s>(&'s self, key: &'s str) -> Step<'s, bool> {
        async move {
            let mut call = self.end.key(self.record_name(key));
            call.key(self.lease_name(key)).key(self.changes_name()).arg(key);
            let done: i64 = self.connection.within(call.invoke_async(&mut self.connection.handle())).await?;
            Ok(done == 1)
        }
        .boxed()
    }

    fn delete_named<'s>(&'s self, name: &'s LogoutName) -> Step<'s, u64> {
        self.delete_all(name).boxed()
    }

    fn changes_after(&self, number: i64) -> Step<'_, Changes> {
        async move {
            let mut call = self.changes.key(self.changes_name());
            call.arg(number);
            let (last, keys): (i64, Vec<String>) =
                self.connection.within(call.invoke_async(&mut self.connection.handle())).await?;
            Ok(Changes::of(number, last, keys))
        }
        .boxed()
    }

    fn lease<'s>(&'s self, key: &'s str, owner: &'s str, seconds: i64) -> Step<'s, bool> {
        async move {
            let mut call = self.lease.key(self.record_name(key));
            call.key(self.lease_name(key)).arg(owner).arg(seconds.saturating_mul(1000));
            let done: i64 = self.connection.within(call.invoke_async(&mut self.connection.handle())).await?;
            Ok(done == 1)
        }
        .boxed()
    }

    fn release<'s>(&'s self, key: &'s str, owner: &'s str) -> Step<'s, ()> {
        async move {
            let mut call = self.release.key(self.lease_name(key));
            call.arg(owner);
            let _: i64 = self.connection.within(call.invoke_async(&mut self.connection.handle())).await?;
            Ok(())
        }
        .boxed()
    }
}

fn record(fields: Vec<Option<String>>) -> Option<Record> {
    let mut fields = fields.into_iter();
    let mut next = || fields.next().flatten();
    let (sealed, replaced, seen, end) = (next()?, next()?, next()?, next()?);
    let mut text = || next().filter(|text| !text.is_empty());
    let (issuer, subject, idp_session) = (text(), text(), text());
    Some(Record {
        sealed,
        is_replaced: replaced == "1",
        name: issuer.map(|issuer| LogoutName { issuer, subject, idp_session }),
        last_seen_at: UnixSeconds(seen.parse().ok()?),
        expires_at: UnixSeconds(end.parse().ok()?),
    })
}
