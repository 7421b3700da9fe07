//! `kong-sso rbac`.

use std::process::ExitCode;

use super::{Common, output};

/// Not built yet.
#[must_use]
pub fn run(_common: &Common, _args: &super::ExplainArgs) -> ExitCode {
    output::log_line("error", "not built yet");
    ExitCode::FAILURE
}
