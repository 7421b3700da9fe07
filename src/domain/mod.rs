//! Pure values and decisions. Imports no other folder of the crate, does no input or output and never reads the clock.

pub mod access;
pub mod admin;
pub mod application;
pub mod audit;
pub mod catalogue;
pub mod claims;
pub mod consumer;
pub mod contract;
pub mod credential;
pub mod developer;
pub mod group;
pub mod group_claim;
pub mod identity;
pub mod ids;
pub mod meta_field;
pub mod method;
pub mod password;
pub mod portal_token;
pub mod rbac;
pub mod role;
pub mod routing;
pub mod session;
pub mod strategy;
pub mod sync;
pub mod time;
pub mod workspace;
