//! kong-sso: single sign-on, RBAC and audit in front of the open-source Kong Gateway.

pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod http_client;
pub mod kong;
pub mod metrics;
pub mod oidc;
pub mod sealing;
pub mod services;
pub mod store;
pub mod telemetry;
pub mod web;
