//! `kong-sso migrations`.

use std::process::ExitCode;

use super::{Common, output};

/// Not built yet.
#[must_use]
pub fn run(_common: &Common, _command: super::MigrationsCommand) -> ExitCode {
    output::log_line("error", "not built yet");
    ExitCode::FAILURE
}
