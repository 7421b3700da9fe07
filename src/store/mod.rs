//! All SQL: kong-sso's own tables on SQLite or PostgreSQL. Functions take a connection or transaction; services own begin
//! and commit. Called by `services` only.

pub mod database;
pub mod epochs;
pub mod error;
pub mod grants;
pub mod migrations;
pub mod page;
pub mod rbac_users;
pub mod role_endpoints;
pub mod roles;
mod row;
pub mod user_roles;
pub mod workspaces;

pub use database::{Connection, Store, Transaction};
pub use error::StoreError;
pub use page::{Page, Paged};
