//! `kong-sso start`.

use std::process::ExitCode;

use super::{Common, output};

/// Not built yet.
#[must_use]
pub fn run(_common: &Common) -> ExitCode {
    output::log_line("error", "not built yet");
    ExitCode::FAILURE
}
