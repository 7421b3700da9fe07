//! What the admin pages read. Plain functions over the store; whether the visitor may see the result is decided before,
//! by the same function as for the Admin API. Changes go through the doors of the Admin API instead.

pub mod accounts;
pub mod groups;
pub mod history;
pub mod role_pages;
pub mod roles;
pub mod service_accounts;
pub mod workspaces;

pub use crate::store::directory::{Found, Window};
