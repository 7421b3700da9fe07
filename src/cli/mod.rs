//! The command line: one file per command. Exit codes: 0 fine, 1 the thing checked or started is wrong, 2 wrong usage.

mod check;
mod config_dump;
pub mod migrations;
pub mod output;
mod portal;
pub mod rbac;
pub mod start;
mod version;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::config::{self, LoadFailure, LoadMode, LoadOptions, Loaded};

const EXAMPLES: &str = "\
Examples:
  kong-sso check /etc/kong/kong.conf
  kong-sso start -c /etc/kong-sso/kong-sso.conf
  kong-sso start --set log_level=debug --set sso_gui_listen=127.0.0.1:9102
  kong-sso config dump
  KONG_PASSWORD=... kong-sso migrations bootstrap

Each command has its own --help.";

/// Single sign-on, RBAC and audit for the open-source Kong Gateway.
#[derive(Debug, Parser)]
#[command(name = "kong-sso", version, after_help = EXAMPLES)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// Settings file; without it /etc/kong-sso/kong-sso.conf, /etc/kong/kong.conf and /etc/kong.conf are tried.
    #[arg(short, long, global = true, value_name = "PATH")]
    pub conf: Option<PathBuf>,
    /// Set a key; beats environment and file. May be repeated.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = parse_override)]
    pub overrides: Vec<(String, String)>,
    /// Say more; twice (-vv or --vv) for debugging.
    #[arg(short = 'v', long = "v", global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// The same as -vv.
    #[arg(long = "vv", global = true, hide = true)]
    pub debug: bool,
}

impl Common {
    /// 0 = normal, 1 = verbose, 2 = debug.
    #[must_use]
    pub fn verbosity(&self) -> u8 {
        if self.debug { 2 } else { self.verbose.min(2) }
    }

    /// Loads the settings of this command line and the process's environment.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn load(&self, mode: LoadMode) -> Result<Loaded, LoadFailure> {
        config::load(&LoadOptions::from_process(self.conf.clone(), self.overrides.clone(), mode))
    }

    /// Loads the settings; prints warnings, and errors when there are any.
    ///
    /// # Errors
    /// The exit code after the errors were printed.
    pub fn load_or_report(&self, mode: LoadMode) -> Result<Loaded, ExitCode> {
        match self.load(mode) {
            Ok(loaded) => {
                output::findings("warn", &loaded.warnings);
                Ok(loaded)
            }
            Err(failure) => Err(report(&failure)),
        }
    }
}

/// Prints why settings cannot be used.
fn report(failure: &LoadFailure) -> ExitCode {
    output::findings("warn", &failure.warnings);
    output::findings("error", &failure.errors);
    ExitCode::FAILURE
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve until stopped.
    #[command(after_help = "Examples:\n  kong-sso start\n  kong-sso start -c kong.conf --set log_level=debug")]
    Start,
    /// Say whether a settings file is valid.
    #[command(
        after_help = "Examples:\n  kong-sso check\n  kong-sso check kong.conf --strict\n  kong-sso check kong.conf --online\n  \
                      kong-sso check kong.conf --json"
    )]
    Check(check::CheckArgs),
    /// Look at the settings.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Prepare the database.
    #[command(subcommand)]
    Migrations(MigrationsCommand),
    /// Ask the access rules.
    #[command(subcommand)]
    Rbac(RbacCommand),
    /// Look after the developer portal.
    #[command(subcommand)]
    Portal(PortalCommand),
    /// Print the version.
    #[command(after_help = "Example:\n  kong-sso version")]
    Version,
}

/// `config ...`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every key with its value and where it came from; secrets are masked.
    #[command(after_help = "Examples:\n  kong-sso config dump\n  kong-sso config dump -c kong.conf --json")]
    Dump {
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Print an example of a settings file.
    #[command(hide = true)]
    Example,
    /// Print the tables of all keys in Markdown.
    #[command(hide = true)]
    Keys,
    /// Print the manual of the openid-connect plugin's parameters in Markdown.
    #[command(hide = true)]
    Parameters,
}

/// `migrations ...`
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum MigrationsCommand {
    /// Create the tables; with KONG_PASSWORD set, also the first super-admin of an empty store.
    #[command(after_help = "Example:\n  KONG_PASSWORD=... kong-sso migrations bootstrap")]
    Bootstrap,
    /// Run migrations that have not run yet.
    #[command(after_help = "Example:\n  kong-sso migrations up -c kong.conf")]
    Up,
    /// List migrations and whether they have run.
    #[command(after_help = "Example:\n  kong-sso migrations list")]
    List,
}

/// `rbac ...`
#[derive(Debug, Subcommand)]
pub enum RbacCommand {
    /// Say whether a user may make a call, and which rule of which role says so.
    #[command(after_help = "Examples:\n  kong-sso rbac explain --user ann --method GET /services/foo\n  \
                            kong-sso rbac explain --user ci --method POST /team-a/routes --json")]
    Explain(ExplainArgs),
}

/// `rbac explain ...`
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// Name of the admin or RBAC user.
    #[arg(long, value_name = "NAME")]
    pub user: String,
    /// HTTP method.
    #[arg(long, default_value = "GET")]
    pub method: String,
    /// Print a JSON object.
    #[arg(long)]
    pub json: bool,
    /// Path of the Admin API.
    pub path: String,
}

/// `portal ...`
#[derive(Debug, Subcommand)]
pub enum PortalCommand {
    /// Compare Kong with what applications and published APIs should be there, and put it right.
    #[command(
        after_help = "Examples:\n  kong-sso portal sync --dry-run\n  kong-sso portal sync --workspace team-a --json"
    )]
    Sync(SyncArgs),
}

/// `portal sync ...`
#[derive(Clone, Debug, Args)]
pub struct SyncArgs {
    /// Print what would be changed, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Only this workspace, by name or id.
    #[arg(long, value_name = "NAME")]
    pub workspace: Option<String>,
    /// Print a JSON object for each workspace.
    #[arg(long)]
    pub json: bool,
}

/// Reads the process's command line and runs the command.
#[must_use]
pub fn run() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => dispatch(cli),
        Err(error) => {
            let _ = error.print();
            u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
        }
    }
}

fn dispatch(cli: Cli) -> ExitCode {
    let common = &cli.common;
    match cli.command {
        Command::Start => start::run(common),
        Command::Check(args) => check::run(common, &args),
        Command::Config(ConfigCommand::Dump { json }) => config_dump::run(common, json),
        Command::Config(ConfigCommand::Example) => config_dump::example(),
        Command::Config(ConfigCommand::Keys) => config_dump::keys(),
        Command::Config(ConfigCommand::Parameters) => config_dump::parameters(),
        Command::Migrations(command) => migrations::run(common, command),
        Command::Rbac(RbacCommand::Explain(args)) => rbac::run(common, &args),
        Command::Portal(PortalCommand::Sync(args)) => portal::run(common, &args),
        Command::Version => version::run(common),
    }
}

/// `key=value`; everything after the first `=` is the value.
fn parse_override(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn verbosity_has_kongs_spellings() {
        let cases: [(&[&str], u8); 5] = [(&[], 0), (&["-v"], 1), (&["--v"], 1), (&["-vv"], 2), (&["--vv"], 2)];
        for (flags, level) in cases {
            let cli = Cli::try_parse_from(["kong-sso", "version"].iter().chain(flags)).unwrap();
            assert_eq!(cli.common.verbosity(), level, "{flags:?}");
        }
    }

    #[test]
    fn an_override_keeps_later_equal_signs() {
        assert_eq!(parse_override("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert!(parse_override("a").is_err() && parse_override("=b").is_err());
    }
}
