//! The Redis record: of sessions, and of the cache that nodes share.

use crate::config::plugin::parameter::{Kind::*, Parameter, Preset::*, Rows, Status, Status::*};

/// `redis`.
pub(super) const SESSIONS: Rows = &[SHARED, OWN];
/// `cluster_cache_redis`.
pub(super) const CLUSTER_CACHE: Rows = &[SHARED];

const MOST: i64 = 2_147_483_646;
const CLUSTER: Status = Refused("Redis Cluster");
const SENTINEL: Status = Refused("Redis Sentinel");
const CLOUD: Status = Refused("sign-in to Redis through a cloud provider");
const POOL: Status = Inert("each node keeps one connection that all requests share");

const OWN: &[Parameter] = super::table! {
    "prefix": Text, Unset, Implemented, "What keys of sessions begin with; unset = `sessions`.";
    "socket": Text, Unset, Implemented, "Unix socket; before host and port.";
};

const SHARED: &[Parameter] = super::table! {
    "host": Text, Is("\"127.0.0.1\""), Implemented, "Host.";
    "port": Whole(0, 65_535), Is("6379"), Implemented, "Port.";
    "database": Whole(0, i64::MAX), Is("0"), Implemented, "Number of the database.";
    "username": Text, Unset, Implemented, "User.";
    "password": Text, Unset, Implemented, "Password.";
    "ssl": Flag, Is("false"), Implemented, "Speaks TLS.";
    "ssl_verify": Flag, Is("true"), Implemented, "Verifies the certificate.";
    "server_name": Text, Unset, Implemented, "Name in TLS; unset = the host.";
    "connect_timeout": Whole(0, MOST), Is("2000"), Implemented, "Milliseconds for connecting.";
    "read_timeout": Whole(0, MOST), Is("2000"), Implemented, "Milliseconds for an answer; the longer of this and `send_timeout` counts.";
    "send_timeout": Whole(0, MOST), Is("2000"), Implemented, "Milliseconds for sending.";
    "keepalive_pool_size": Whole(1, MOST), Is("256"), POOL, "Connections that are kept.";
    "keepalive_backlog": Whole(0, MOST), Unset, POOL, "Requests that may wait for a connection.";
    "connection_is_proxied": Flag, Is("false"), Refused("Redis behind a proxy"), "Says that a proxy stands before Redis.";
    "cluster_nodes": Records(&[CLUSTER_NODE]), Unset, CLUSTER, "Nodes of a cluster.";
    "cluster_max_redirections": Whole(0, i64::MAX), Is("5"), Inert("there is no Redis Cluster"), "Redirections that are followed in a cluster.";
    "sentinel_nodes": Records(&[SENTINEL_NODE]), Unset, SENTINEL, "Sentinels.";
    "sentinel_master": Text, Unset, SENTINEL, "Name of the master.";
    "sentinel_role": Word(&["any", "master", "slave"]), Unset, SENTINEL, "Which server to connect to.";
    "sentinel_username": Text, Unset, SENTINEL, "User at the Sentinels.";
    "sentinel_password": Text, Unset, SENTINEL, "Password at the Sentinels.";
    "cloud_authentication": Record(&[CLOUD_LOGIN]), Unset, CLOUD, "Sign-in to Redis through a cloud provider.";
};

const CLUSTER_NODE: &[Parameter] = super::table! {
    "ip": Text, Is("\"127.0.0.1\""), Within, "Host or address.";
    "port": Whole(0, 65_535), Is("6379"), Within, "Port.";
};

const SENTINEL_NODE: &[Parameter] = super::table! {
    "host": Text, Is("\"127.0.0.1\""), Within, "Host.";
    "port": Whole(0, 65_535), Is("6379"), Within, "Port.";
};

const CLOUD_LOGIN: &[Parameter] = super::table! {
    "auth_provider": Word(&["aws", "azure", "gcp"]), Unset, Within, "Cloud provider.";
    "aws_access_key_id": Text, Unset, Within, "AWS: access key.";
    "aws_assume_role_arn": Text, Unset, Within, "AWS: role to assume.";
    "aws_cache_name": Text, Unset, Within, "AWS: name of the cache.";
    "aws_is_serverless": Flag, Is("true"), Within, "AWS: whether the cache is serverless.";
    "aws_region": Text, Unset, Within, "AWS: region.";
    "aws_role_session_name": Text, Unset, Within, "AWS: name of the role's session.";
    "aws_secret_access_key": Text, Unset, Within, "AWS: secret.";
    "azure_client_id": Text, Unset, Within, "Azure: client.";
    "azure_client_secret": Text, Unset, Within, "Azure: secret.";
    "azure_tenant_id": Text, Unset, Within, "Azure: tenant.";
    "gcp_service_account_json": Text, Unset, Within, "Google: service account.";
};
