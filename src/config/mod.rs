//! kong.conf-style settings: from text, environment and command line to typed [`Settings`] (kong-manager.md 1).

pub mod auth_conf;
pub mod file;
pub mod settings;
pub mod sources;

pub use settings::Settings;
