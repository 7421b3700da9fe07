//! Integration tests: one binary, real listeners, real databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod admin_api;
mod applications;
mod architecture;
mod audit;
mod check_online;
mod config;
mod explain;
mod gateway;
mod oidc;
mod own_doors;
mod pages;
mod plugin_sessions;

mod portal;
mod process;
mod sign_in;
mod status;
mod store;
mod support;
mod teams;
mod tls;
