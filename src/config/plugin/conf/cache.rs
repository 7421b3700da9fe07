//! What is remembered of tokens, and for how long.

use super::RedisConf;

/// Caches (openid-connect.md 2.4, 2.5, 2.7).
#[derive(Clone, Debug)]
pub struct CacheConf {
    /// `cache_introspection`.
    pub introspection: bool,
    /// `cache_tokens`.
    pub tokens: bool,
    /// `cache_user_info`.
    pub user_info: bool,
    /// `cache_tokens_salt`.
    pub salt: Option<String>,
    /// `token_cache_key_include_scope`.
    pub key_includes_scope: bool,
    /// `cache_ttl`, seconds.
    pub ttl: i64,
    /// `cache_ttl_min`, seconds.
    pub ttl_min: Option<i64>,
    /// `cache_ttl_max`, seconds.
    pub ttl_max: Option<i64>,
    /// `cache_ttl_neg`, seconds.
    pub ttl_neg: Option<i64>,
    /// `cache_ttl_resurrect`, seconds.
    pub ttl_resurrect: Option<i64>,
    /// `cluster_cache_redis`, where nodes share introspection answers; `None` = they do not.
    pub shared: Option<RedisConf>,
}
