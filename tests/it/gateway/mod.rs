//! The OpenID Connect gateway: routing, the reverse proxy, its plugins, and forward-auth.

mod forward_auth;
mod keys;
mod login;
mod logout;
mod openid_connect;
mod plugins;
mod proxying;
mod real_proxies;
mod reloading;
mod sessions;
mod streaming;
