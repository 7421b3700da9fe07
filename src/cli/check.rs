//! `kong-sso check [CONF]`: Kong's contract plus `--strict`, `--json` and `--online` (kong-manager.md 1.8).

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::{Common, output};
use crate::app::online;
use crate::config::finding::Finding;
use crate::config::load::{DEFAULT_PATH, no_file};
use crate::config::{LoadFailure, LoadMode, Loaded};

/// Options of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Settings file; default as for -c.
    #[arg(value_name = "CONF")]
    file: Option<PathBuf>,
    /// Also fail on what Kong itself would refuse or not understand.
    #[arg(long)]
    strict: bool,
    /// Also ask the identity provider for its discovery document and Kong for its status.
    #[arg(long)]
    online: bool,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// What was found.
#[derive(Serialize)]
struct Report {
    valid: bool,
    errors: Vec<Finding>,
    warnings: Vec<Finding>,
    /// Of `--online`: which parts answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    answers: Vec<String>,
}

/// Checks and reports.
pub(super) fn run(common: &Common, args: &CheckArgs) -> ExitCode {
    let common = Common { conf: args.file.clone().or_else(|| common.conf.clone()), ..common.clone() };
    let result = common.load(LoadMode::Check).and_then(|loaded| match loaded.path {
        Some(_) => Ok(loaded),
        None => Err(no_file(Path::new(DEFAULT_PATH))),
    });
    if let Ok(loaded) = &result {
        print_details(&common, loaded);
    }
    let path = result.as_ref().ok().and_then(|loaded| loaded.path.clone()).unwrap_or_default();
    let settings = result.as_ref().ok().filter(|_| args.online).map(|loaded| loaded.settings.clone());
    let mut report = report(result, args.strict);
    if let Some(settings) = settings.filter(|_| report.valid) {
        for answer in actix_web::rt::System::new().block_on(online::ask(&settings)) {
            match answer {
                Ok(line) => report.answers.push(line),
                Err(finding) => report.errors.push(finding),
            }
        }
        report.valid = report.errors.is_empty();
    }
    match args.json {
        true => output::line(serde_json::to_string(&report).unwrap_or_default()),
        false => print(&report, &path),
    }
    if report.valid { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn report(result: Result<Loaded, LoadFailure>, strict: bool) -> Report {
    let (mut errors, warnings) = match result {
        Ok(loaded) => (Vec::new(), loaded.warnings),
        Err(failure) => (failure.errors, failure.warnings),
    };
    let (raised, warnings): (Vec<_>, Vec<_>) = warnings.into_iter().partition(|warning| strict && warning.strict);
    errors.extend(raised);
    Report { valid: errors.is_empty(), errors, warnings, answers: Vec::new() }
}

fn print(report: &Report, path: &Path) {
    output::findings("warn", &report.warnings);
    output::findings("error", &report.errors);
    for answer in &report.answers {
        output::line(answer);
    }
    if report.valid {
        output::line(format_args!("configuration at {} is valid", path.display()));
    }
}

/// `-v`: notes; `-vv`: the effective configuration.
fn print_details(common: &Common, loaded: &Loaded) {
    if common.verbosity() >= 1 {
        output::findings("info", &loaded.notes);
    }
    if common.verbosity() >= 2 {
        for key in &loaded.effective {
            output::log_line("debug", &format!("{} = {}", key.name, key.shown_value.as_deref().unwrap_or_default()));
        }
    }
}
