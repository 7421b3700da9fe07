//! `kong-sso portal sync`: exit code 0 when Kong is what it should be, 1 when it differs (dry run) or still differs
//! afterwards, 2 when there is no answer.

use std::process::ExitCode;

use serde_json::json;

use super::{Common, SyncArgs, output};
use crate::app::Node;
use crate::config::{LoadMode, Settings};
use crate::domain::time::Clock;
use crate::domain::workspace::Workspace;
use crate::services::gateway_sync::{self, Report};
use crate::services::{Services, portal_representation};
use crate::store::Store;
use crate::telemetry::chain;

/// There is no answer.
const NO_ANSWER: u8 = 2;

/// Compares Kong with what it should be; without `--dry-run` also puts it right.
pub(super) fn run(common: &Common, args: &SyncArgs) -> ExitCode {
    let Ok(loaded) = common.load_or_report(LoadMode::Start) else { return ExitCode::from(NO_ANSWER) };
    if !Store::is_made(&loaded.settings.database) {
        output::log_line("error", "there is no database yet: start kong-sso once, or check prefix and sso_database");
        return ExitCode::from(NO_ANSWER);
    }
    match actix_web::rt::System::new().block_on(sync(loaded.settings, args)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            output::log_line("error", &error);
            ExitCode::from(NO_ANSWER)
        }
    }
}

async fn sync(settings: Settings, args: &SyncArgs) -> Result<bool, String> {
    let node = Node::build(settings, Clock::System).await.map_err(|error| chain(&error))?;
    let services = node.services();
    let workspaces = services.access.workspaces().await.map_err(|error| chain(&error))?;
    let wanted = |workspace: &&Workspace| args.workspace.as_deref().is_none_or(|name| workspace.is_called(name));
    let chosen: Vec<&Workspace> = workspaces.iter().filter(wanted).collect();
    if chosen.is_empty() {
        return Err(format!("there is no workspace {}", args.workspace.as_deref().unwrap_or_default()));
    }
    let mut is_equal = true;
    for workspace in chosen {
        let report = compare(services, workspace, args.dry_run).await?;
        match args.json {
            true => output::line(json!({
                "workspace": workspace.name, "report": portal_representation::report(&report),
            })),
            false => output::text(&as_text(workspace, &report)),
        }
        is_equal &= is_settled(services, workspace, &report, args.dry_run).await?;
    }
    services.audit.close().await;
    Ok(is_equal)
}

async fn compare(services: &Services, workspace: &Workspace, is_dry: bool) -> Result<Report, String> {
    let report = match is_dry {
        true => gateway_sync::dry_run(services, workspace.id).await,
        false => gateway_sync::scan_now(services, workspace.id).await,
    };
    report.map_err(|error| format!("workspace {}: {}", workspace.name, chain(&error)))
}

/// Whether nothing is left to do.
async fn is_settled(services: &Services, workspace: &Workspace, report: &Report, is_dry: bool) -> Result<bool, String> {
    if is_dry {
        return Ok(report.subjects.iter().all(|it| it.steps.is_empty() && it.conflicts.is_empty()));
    }
    gateway_sync::run_due(services).await;
    let left = gateway_sync::dry_run(services, workspace.id).await.map_err(|error| chain(&error))?;
    Ok(left.subjects.iter().all(|it| it.steps.is_empty() && it.conflicts.is_empty()))
}

fn as_text(workspace: &Workspace, report: &Report) -> String {
    let mut lines = vec![format!("workspace {}: {} compared", workspace.name, report.compared)];
    for planned in &report.subjects {
        lines.push(format!("  {}", planned.subject));
        lines.extend(planned.steps.iter().map(|step| format!("    {step}")));
        lines.extend(planned.conflicts.iter().map(|conflict| format!("    conflict: {conflict}")));
        lines.extend(planned.notices.iter().map(|notice| format!("    note: {notice}")));
    }
    lines.extend(report.orphans.iter().map(|path| format!("  orphan {path}")));
    if report.subjects.is_empty() && report.orphans.is_empty() {
        lines.push("  nothing to do".to_owned());
    }
    lines.join("\n")
}
