//! All SQL: kong-sso's own tables on SQLite or PostgreSQL. Functions take a connection or transaction; services own begin
//! and commit. Called by `services` only.
//!
//! One SQL text serves both databases. Ids are UUIDs as text, times are seconds, booleans 0 and 1, JSON is text.
//! `find_` gives an `Option`, `get_` fails with [`StoreError::NotFound`], lists are paged by id or complete.

pub mod admins;
mod ambiguity;
pub mod application_credentials;
pub mod applications;
pub mod audit;
pub mod audit_objects;
pub mod audit_requests;
pub mod changes;
pub mod consumed_states;
pub mod contracts;
pub mod database;
pub mod developer_identities;
pub mod developers;
pub mod directory;
pub mod epochs;
pub mod error;
pub mod gateway_changes;
pub mod gateway_objects;
pub mod gateway_scans;
pub mod grants;
pub mod group_roles;
pub mod group_values;
pub mod groups;
pub mod held_roles;
pub mod login_sessions;
pub mod mails;
pub mod migrations;
pub mod openid_connect_issuers;
pub mod page;
pub mod pending_identities;
pub mod plugin_session_changes;
pub mod plugin_sessions;
pub mod portal_sessions;
pub mod portal_tokens;
pub mod published_apis;
pub mod rbac_users;
pub mod role_endpoints;
pub mod role_holders;
pub mod roles;
mod row;
pub mod secrets;
mod statement;
pub mod strategies;
pub mod strategy_keys;
pub mod team_groups;
pub mod team_members;
pub mod team_roles;
pub mod teams;
pub mod user_groups;
pub mod user_roles;
pub mod web_sessions;
pub mod workspace_contents;
pub mod workspaces;

pub use changes::Changes;
pub use database::{Connection, Store, Transaction};
pub use error::StoreError;
pub use page::{Page, Paged};
