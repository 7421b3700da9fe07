//! The developer portal's applications, contracts and keys, through the doors that people use, against a stand-in for Kong
//! that enforces keys and groups.

mod chaos;
mod clients;
mod contracts;
mod credentials;
mod decisions;
pub(crate) mod desk;
mod external;
mod gate;
mod journey;
mod pages;
mod registrations;
mod repair;
mod signing;
mod strategy_pages;
mod trail;
