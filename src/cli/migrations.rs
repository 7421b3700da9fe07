//! `kong-sso migrations bootstrap|up|list`.

use std::process::ExitCode;

use secrecy::SecretString;

use super::{Common, MigrationsCommand, output};
use crate::config::{LoadMode, Settings};
use crate::domain::time::Clock;
use crate::services::bootstrap::{self, KONG_ADMIN};
use crate::services::error::ServiceError;
use crate::store::migrations::{self, Entry};
use crate::store::{Store, StoreError};
use crate::telemetry::chain;

/// Variable with the first super-admin's token.
const PASSWORD: &str = "KONG_PASSWORD";

/// Runs the command and closes the store.
#[must_use]
pub fn run(common: &Common, command: MigrationsCommand) -> ExitCode {
    let settings = match common.load_or_report(LoadMode::Start) {
        Ok(loaded) => loaded.settings,
        Err(code) => return code,
    };
    match actix_web::rt::System::new().block_on(execute(&settings, command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::log_line("error", &chain(&error));
            ExitCode::FAILURE
        }
    }
}

async fn execute(settings: &Settings, command: MigrationsCommand) -> Result<(), ServiceError> {
    // Looking must not make a database.
    if matches!(command, MigrationsCommand::List) && !Store::is_made(&settings.database) {
        print(&migrations::list_pending());
        return Ok(());
    }
    let store = Store::connect(&settings.database).await?;
    match command {
        MigrationsCommand::Bootstrap => {
            up(&store).await?;
            make_first_admin(&store).await?;
        }
        MigrationsCommand::Up => up(&store).await?,
        MigrationsCommand::List => print(&migrations::list(&store).await?),
    }
    store.close().await;
    Ok(())
}

async fn up(store: &Store) -> Result<(), StoreError> {
    let waiting = migrations::list(store).await?.into_iter().filter(|entry| !entry.is_applied).count();
    migrations::up(store).await?;
    bootstrap::ensure_default(store, Clock::System.now()).await?;
    output::line(match waiting {
        0 => "the database is up to date".to_owned(),
        1 => "1 migration was run".to_owned(),
        many => format!("{many} migrations were run"),
    });
    Ok(())
}

async fn make_first_admin(store: &Store) -> Result<(), ServiceError> {
    let Some(password) = std::env::var(PASSWORD).ok().filter(|password| !password.is_empty()) else {
        output::line(format_args!("{PASSWORD} is not set: no admin was made"));
        return Ok(());
    };
    let is_made = bootstrap::first_super_admin(store, &SecretString::from(password), Clock::System.now()).await?;
    output::line(match is_made {
        true => format!("made the super-admin {KONG_ADMIN}; its RBAC token is the value of {PASSWORD}"),
        false => format!("the store has users already: {PASSWORD} changes nothing"),
    });
    Ok(())
}

fn print(entries: &[Entry]) {
    for entry in entries {
        let state = if entry.is_applied { "applied" } else { "pending" };
        output::line(format_args!("{}  {state}  {}", entry.version, entry.name));
    }
}
