//! `kong-sso start`.

use std::process::ExitCode;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::signal::unix::{SignalKind, signal};

use super::{Common, output};
use crate::app::{Node, StartError};
use crate::config::{LoadMode, Loaded, Settings};
use crate::domain::time::Clock;
use crate::telemetry;

/// Serves until SIGTERM or SIGINT; then lets running requests end.
#[must_use]
pub fn run(common: &Common) -> ExitCode {
    let Loaded { settings, warnings, .. } = match common.load(LoadMode::Start) {
        Ok(loaded) => loaded,
        // How to log is among what could not be read.
        Err(failure) => return super::report(&failure),
    };
    if telemetry::init(settings.log_level, settings.log_format).is_err() {
        output::log_line("error", "the log cannot be started twice");
        return ExitCode::FAILURE;
    }
    for warning in warnings {
        tracing::warn!("{}", output::one_line(&warning.message));
    }
    match actix_web::rt::System::new().block_on(serve(settings)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{}", output::one_line(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: Settings) -> Result<(), StartError> {
    let node = Node::build(settings, Clock::System).await?;
    let servers = node.bind()?;
    announce(&node.services().settings);
    node.spawn_workers();
    let handles: Vec<_> = servers.iter().map(actix_web::dev::Server::handle).collect();
    let running = actix_web::rt::spawn(join_all(servers));
    wait_for_end().await;
    tracing::info!("stopping");
    join_all(handles.iter().map(|handle| handle.stop(true))).await;
    // A worker that a client keeps busy does not hold up the end.
    let _ = tokio::time::timeout(Duration::from_secs(12), running).await;
    node.services().audit.close().await;
    node.services().store.close().await;
    Ok(())
}

fn announce(settings: &Settings) {
    let listeners = &settings.listeners;
    for (what, list) in [
        ("Admin API", &listeners.admin),
        ("Kong Manager and admin pages", &listeners.gui),
        ("OpenID Connect gateway", &listeners.proxy),
        ("developer portal", &listeners.portal_gui),
        ("developer portal (JSON API)", &listeners.portal_api),
        ("status", &listeners.status),
    ] {
        for listen in list {
            let scheme = if listen.ssl { "https" } else { "http" };
            tracing::info!("{what} at {scheme}://{}:{}/", listen.host, listen.port);
        }
    }
}

async fn wait_for_end() {
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        _ => {
            tracing::warn!("signals cannot be received; only killing the process ends it");
            std::future::pending::<()>().await;
        }
    }
}
