//! The `kong-sso` command: reads the command line and runs it.

use std::process::ExitCode;

/// A tenth less processor time per request than the system's (docs/decisions.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    kong_sso::cli::run()
}
