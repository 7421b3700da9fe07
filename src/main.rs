//! The `kong-sso` command: reads the command line and runs it.

use std::process::ExitCode;

fn main() -> ExitCode {
    kong_sso::cli::run()
}
