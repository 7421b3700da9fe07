//! The methods that prove a credential (openid-connect.md 2), one file each. Each takes what the search found and gives
//! a [`Proof`](super::Proof) or a [`Refusal`](super::Refusal).

pub mod bearer;
pub mod grants;
pub mod introspection;
pub mod kong_oauth2;
pub mod user_info;
