//! kong.conf-style settings: from text, environment and command line to typed [`Settings`] (kong-manager.md 1).
//!
//! The way of a value: `file` (lines) and `sources` (precedence) give raw text; `values` resolves vault references and
//! parses each key by its row in `keys`; `build` makes [`Settings`] of it. `load` runs the steps and collects every error.

pub mod auth_conf;
mod build;
pub mod declared;
pub mod document;
mod file;
pub mod finding;
pub mod keys;
mod listen;
pub mod load;
mod mask;
pub mod plugin;
pub mod portal;
pub mod settings;
pub mod sources;
mod tls_files;
mod types;
mod upstream_rule;
mod values;
mod vault;

pub use load::{LoadFailure, LoadMode, LoadOptions, Loaded, load, load_text};
pub use settings::Settings;
