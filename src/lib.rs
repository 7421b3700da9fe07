//! kong-sso: single sign-on, RBAC and audit in front of the open-source Kong Gateway.

pub mod config;
pub mod domain;
pub mod http_client;
pub mod oidc;
pub mod sealing;
