//! The doors that Kong Enterprise has and open-source Kong lacks, through the listener, on both databases.

mod admins;
mod ambiguity;
mod audit;
mod discovery;
mod escalation;
pub mod gateway;
mod groups;
mod last_super_admin;
mod openid_connect;
mod rbac_users;
mod role_rules;
mod roles;
mod squatting;
mod super_admins;
mod workspaces;
