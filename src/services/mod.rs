//! Use cases. A service owns begin and commit of its transaction; it knows no request and no page.

pub mod access;
pub mod error;
pub mod token;
