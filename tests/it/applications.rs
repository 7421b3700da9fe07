//! The developer portal's applications, contracts and keys, through the doors that people use, against a stand-in for Kong
//! that enforces keys and groups.

mod chaos;
mod contracts;
mod credentials;
mod decisions;
pub(crate) mod desk;
mod gate;
mod journey;
mod pages;
mod repair;
