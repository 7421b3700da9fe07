//! What is remembered, and for how long.

use crate::config::plugin::parameter::{Kind::*, Parameter, Preset::*, Status::*};

/// Rows.
pub(super) const ROWS: &[Parameter] = super::table! {
    "cache_introspection": Flag, Is("true"), Implemented, "Remembers introspection answers.";
    "cache_tokens": Flag, Is("true"), Implemented, "Remembers tokens that credentials were exchanged for.";
    "cache_user_info": Flag, Is("true"), Implemented, "Remembers UserInfo answers.";
    "cache_tokens_salt": Text, Unset, Implemented, "Salt of the keys under which tokens are remembered; made when unset.";
    "token_cache_key_include_scope": Flag, Is("false"), Implemented, "Remembers tokens by scope.";
    "cache_ttl": Number, Is("3600"), Implemented, "Seconds for what says nothing about its end, and until discovery is refreshed.";
    "cache_ttl_min": Number, Unset, Implemented, "Seconds at least.";
    "cache_ttl_max": Number, Unset, Implemented, "Seconds at most.";
    "cache_ttl_neg": Number, Unset, Implemented, "Seconds for refusals.";
    "cache_ttl_resurrect": Number, Unset, Implemented, "Seconds for which an old answer serves while the provider gives none.";
    "cache_token_exchange": Flag, Is("true"), Inert("tokens are not exchanged"), "Remembers exchanged tokens.";
    "cluster_cache_strategy": Word(&["off", "redis"]), Is("\"off\""), Implemented, "Where nodes share what they remember.";
    "cluster_cache_items": Words(&["introspection", "tokens"]), Or(r#"["introspection"]"#), Except(&["tokens"]), "What they share, sealed by the session secret; an empty list is nothing.";
    "cluster_cache_redis": Record(super::redis::CLUSTER_CACHE), Unset, Implemented, "The Redis server of the shared cache. While it fails, each node asks the provider.";
};
