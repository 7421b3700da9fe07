//! The log: tracing events to standard error, as lines for people or as JSON. Called once, at start.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

use crate::config::settings::{LogFormat, LogLevel};

/// Starts the log.
///
/// # Errors
/// Another subscriber was installed before.
pub fn init(level: LogLevel, format: LogFormat) -> Result<(), TryInitError> {
    let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let layer = match format {
        LogFormat::Text => layer.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(layer.with_filter(targets(level))).try_init()
}

/// kong-sso's own events at the level asked for; libraries at warnings and above, because their finer events repeat
/// URLs and statements with secrets in them.
fn targets(level: LogLevel) -> Targets {
    let own = filter(level);
    Targets::new().with_default(own.min(LevelFilter::WARN)).with_target("kong_sso", own)
}

/// Kong's level in tracing's words; tracing has no `notice`.
fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Info | LogLevel::Notice => LevelFilter::INFO,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Error => LevelFilter::ERROR,
    }
}

/// An error with all its causes, for the log.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn libraries_never_log_below_warning() {
        let debug = targets(LogLevel::Debug);
        assert!(debug.would_enable("kong_sso::oidc", &Level::DEBUG));
        assert!(!debug.would_enable("reqwest", &Level::INFO) && debug.would_enable("reqwest", &Level::WARN));
        assert!(!targets(LogLevel::Error).would_enable("reqwest", &Level::WARN));
        assert!(!targets(LogLevel::Warn).would_enable("kong_sso", &Level::INFO));
    }
}
