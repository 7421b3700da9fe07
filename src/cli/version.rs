//! `kong-sso version`.

use std::process::ExitCode;

use super::{Common, output};

/// Prints the version; with `-v` also what it was built for.
pub(super) fn run(common: &Common) -> ExitCode {
    output::line(env!("CARGO_PKG_VERSION"));
    if common.verbosity() > 0 {
        output::line(format_args!("{} {}", std::env::consts::OS, std::env::consts::ARCH));
    }
    ExitCode::SUCCESS
}
