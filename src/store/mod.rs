//! All SQL: kong-sso's own tables on SQLite or PostgreSQL. Functions take a connection or transaction; services own begin
//! and commit. Called by `services` only.

pub mod error;

pub use error::StoreError;
