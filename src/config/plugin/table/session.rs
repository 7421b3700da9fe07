//! Sessions.

use super::METHODS;
use crate::config::plugin::parameter::{Kind::*, Parameter, Preset::*, Status, Status::*};

const STORAGES: &[&str] = &["cookie", "database", "memcache", "memcached", "redis"];
const MEMCACHED: Status = Inert("sessions are not kept in memcached");
const INDEX: Status = Refused("an index of sessions");

/// Rows.
pub(super) const ROWS: &[Parameter] = super::table! {
    "session_storage": Word(STORAGES), Is("\"cookie\""), Except(&["memcache", "memcached"]), "Where sessions are kept. `database` is kong-sso's own store, which Kong does not know.";
    "session_secret": Text, Unset, Implemented, "Secret that protects the cookies; made and kept when unset.";
    "session_audience": Text, Is("\"default\""), Implemented, "The application that the session belongs to.";
    "session_idling_timeout": Number, Is("900"), Implemented, "Seconds without a request after which the session ends; 0 = never.";
    "session_rolling_timeout": Number, Is("3600"), Implemented, "Seconds after which the session ends unless it was renewed; 0 = never.";
    "session_absolute_timeout": Number, Is("86400"), Implemented, "Seconds after which the session ends; 0 = never.";
    "session_bind": Words(&["ip", "scheme", "user-agent"]), Unset, Implemented, "What of the client must stay the same.";
    "session_remember": Flag, Is("false"), Implemented, "Sets a second cookie that outlives the browser.";
    "session_remember_cookie_name": Text, Is("\"remember\""), Implemented, "Its name.";
    "session_remember_rolling_timeout": Number, Is("604800"), Implemented, "Seconds after which it ends unless it was renewed; 0 = never.";
    "session_remember_absolute_timeout": Number, Is("2592000"), Implemented, "Seconds after which it ends; 0 = never.";
    "disable_session": Words(METHODS), Unset, Implemented, "Methods that start no session; `session` = sessions are not renewed.";
    "refresh_tokens": Flag, Is("true"), Implemented, "Refreshes an access token that is about to expire.";
    "redis": Record(super::redis::SESSIONS), Unset, Implemented, "The Redis server, for `session_storage` = `redis`.";
    "session_store_metadata": Flag, Is("false"), INDEX, "Keeps an index of sessions by audience and subject.";
    "session_hash_subject": Flag, Is("false"), INDEX, "Keeps hashes of subjects in that index.";
    "session_enforce_same_subject": Flag, Is("false"), Refused("several audiences in one cookie"), "Demands that all audiences of a cookie have the same subject.";
    "session_hash_storage_key": Flag, Is("false"), Refused("hashing of storage keys by choice"), "Keeps sessions under the hash of their id.";
    "session_memcached_host": Text, Is("\"127.0.0.1\""), MEMCACHED, "memcached: host.";
    "session_memcached_port": Whole(0, 65_535), Is("11211"), MEMCACHED, "memcached: port.";
    "session_memcached_prefix": Text, Unset, MEMCACHED, "memcached: prefix of keys.";
    "session_memcached_socket": Text, Unset, MEMCACHED, "memcached: Unix socket.";
    "session_memcached_ssl": Flag, Unset, MEMCACHED, "memcached: speaks TLS.";
    "session_memcached_ssl_verify": Flag, Is("true"), MEMCACHED, "memcached: verifies the certificate.";
};
