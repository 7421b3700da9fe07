//! The way to a Redis server: one connection that all requests share, made when it is first used and again whenever it was lost.
//! Used by the session storage and by the cache that nodes share.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{
    Client, Cmd, ConnectionAddr, FromRedisValue, IntoConnectionInfo as _, RedisConnectionInfo, TlsCertificates,
};
use secrecy::ExposeSecret as _;

use crate::config::plugin::RedisConf;
use crate::config::settings::EgressSettings;
use crate::oidc::engine::session::StorageError;

/// A connection; clones share it.
#[derive(Clone)]
pub(super) struct RedisConnection {
    manager: ConnectionManager,
    timeout: Duration,
}

impl From<redis::RedisError> for StorageError {
    fn from(error: redis::RedisError) -> Self {
        Self(format!("Redis: {error}"))
    }
}

impl RedisConnection {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// The configuration cannot be used.
    pub(super) fn new(conf: &RedisConf, egress: &EgressSettings) -> Result<Self, StorageError> {
        let (connect, respond) =
            (Duration::from_millis(conf.connect_timeout_ms), Duration::from_millis(conf.response_timeout_ms));
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_min_delay(Duration::from_millis(20))
            .set_max_delay(Duration::from_millis(200))
            .set_connection_timeout(Some(connect))
            .set_response_timeout(Some(respond));
        let manager = ConnectionManager::new_lazy_with_config(client(conf, egress)?, config)?;
        Ok(Self { manager, timeout: connect + respond })
    }

    /// What commands and scripts are sent by.
    pub(super) fn handle(&self) -> ConnectionManager {
        self.manager.clone()
    }

    /// The answer to a command that changes nothing.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StorageError> {
        let ask = || async { command.query_async::<T>(&mut self.handle()).await };
        let answered = self.within(async {
            match ask().await {
                // A server that is back is noticed by the first request, not by the second.
                Err(error) if error.is_io_error() && !error.is_timeout() => ask().await,
                answered => answered,
            }
        });
        answered.await
    }

    /// Bounded as a whole: waiting for a connection and for its answer.
    pub(super) async fn within<T>(&self, step: impl Future<Output = redis::RedisResult<T>>) -> Result<T, StorageError> {
        match tokio::time::timeout(self.timeout, step).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(StorageError(format!("Redis: no answer within {} ms", self.timeout.as_millis()))),
        }
    }
}

fn client(conf: &RedisConf, egress: &EgressSettings) -> Result<Client, StorageError> {
    let mut settings = RedisConnectionInfo::default().set_db(conf.database);
    if let Some(username) = &conf.username {
        settings = settings.set_username(username);
    }
    if let Some(password) = &conf.password {
        settings = settings.set_password(password.expose_secret());
    }
    let info = address(conf).into_connection_info()?.set_redis_settings(settings);
    if !conf.tls || conf.socket.is_some() {
        return Ok(Client::open(info)?);
    }
    // Redis takes either the system's authorities or these.
    let own_roots = (!egress.extra_roots.is_empty()).then(|| egress.extra_roots.join("\n").into_bytes());
    Ok(Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert: own_roots })?)
}

fn address(conf: &RedisConf) -> ConnectionAddr {
    match &conf.socket {
        Some(path) => ConnectionAddr::Unix(path.into()),
        None if conf.tls => {
            if conf.server_name.as_ref().is_some_and(|name| *name != conf.host) {
                tracing::warn!("redis.server_name is not used: certificates are checked for redis.host");
            }
            let (host, port) = (conf.host.clone(), conf.port);
            ConnectionAddr::TcpTls { host, port, insecure: !conf.tls_verify, tls_params: None }
        }
        None => ConnectionAddr::Tcp(conf.host.clone(), conf.port),
    }
}
