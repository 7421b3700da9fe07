//! All that knows Kong's Admin API: the canonical path, the entities behind it and what is cut from its answers.

pub mod body;
pub mod client;
pub mod headers;
pub mod origin;
pub mod path;
