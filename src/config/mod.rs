//! kong.conf-style settings: from text, environment and command line to typed [`Settings`] (kong-manager.md 1).

pub mod auth_conf;
pub mod settings;

pub use settings::Settings;
