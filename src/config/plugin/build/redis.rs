//! Redis servers: of sessions, and of the cache that nodes share.

use serde_json::{Map, Value};

use crate::config::plugin::members::Members;
use crate::config::plugin::{RedisConf, table};

/// The server in a record, which has its defaults when it is not given. Keys begin with `prefix` unless the record says
/// otherwise.
pub(super) fn redis(members: Members<'_>, record: &str, prefix: &str) -> Option<RedisConf> {
    if let Some(record) = members.record(record) {
        return server(record, prefix);
    }
    let rows = table::find(table::TABLE, record)?.kind.members();
    let defaults: Map<String, Value> = table::rows(rows).map(|row| (row.name.to_owned(), row.default())).collect();
    server(Members(&defaults), prefix)
}

fn server(record: Members<'_>, prefix: &str) -> Option<RedisConf> {
    Some(RedisConf {
        host: record.text("host"),
        port: u16::try_from(record.number("port")).ok()?,
        socket: record.some_text("socket"),
        database: record.number("database"),
        username: record.some_text("username"),
        password: record.secret("password"),
        prefix: record.some_text("prefix").unwrap_or_else(|| prefix.to_owned()),
        tls: record.flag("ssl"),
        tls_verify: record.flag("ssl_verify"),
        server_name: record.some_text("server_name"),
        connect_timeout_ms: record.millis("connect_timeout"),
        response_timeout_ms: record.millis("read_timeout").max(record.millis("send_timeout")),
    })
}
