//! What the tests run against.

pub mod browser;
pub mod database;
pub mod gateway;
pub mod kong;
pub mod node;
pub mod op;
pub mod op_grants;
pub mod op_keys;
mod op_routes;
pub mod page_browser;
pub mod plugin;
pub mod plugin_browser;
pub mod protected;
pub mod redis;
pub mod site;
