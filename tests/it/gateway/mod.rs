//! The OpenID Connect gateway: routing, the reverse proxy, its plugins, and forward-auth.

mod access;
mod backchannel;
mod bearer;
mod forward_auth;
mod frontchannel;
mod grants;
mod hostile;
mod introspection;
mod keys;
mod kong_tokens;
mod login;
mod logout;
mod openid_connect;
mod pipeline;
mod plugins;
mod proxying;
mod real_proxies;
mod reloading;
mod search;
mod sessions;
mod shared_cache;
mod streaming;
mod switches;
