//! The OpenID Connect gateway: routing, the reverse proxy, its plugins, and forward-auth.

mod access;
mod bearer;
mod forward_auth;
mod grants;
mod hostile;
mod introspection;
mod keys;
mod login;
mod logout;
mod pipeline;
mod plugins;
mod proxying;
mod reloading;
mod search;
mod streaming;
