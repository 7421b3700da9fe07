//! The edge: listeners, guards, pages and the two proxies. Nothing imports this folder.

pub mod admin_api;
pub mod error;
pub mod peer;
pub mod proxy;
