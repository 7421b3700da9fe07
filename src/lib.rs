//! kong-sso: single sign-on, RBAC and audit in front of the open-source Kong Gateway.

pub mod app;
pub mod config;
pub mod domain;
pub mod kong;
pub mod services;
pub mod store;
pub mod web;
