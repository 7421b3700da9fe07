//! `kong-sso rbac explain`: exit code 0 for an allowed call, 1 for a denied one, 2 when there is no answer.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::{Common, ExplainArgs, output};
use crate::config::{LoadMode, Settings};
use crate::domain::rbac::{Bystander, Grant, GrantSource, MatchedRule, WhyNot};
use crate::domain::time::Clock;
use crate::services::access::Access;
use crate::services::explain::{self, ExplainError, Explanation, Ground, Question, Standing};
use crate::store::migrations::{self, State};
use crate::store::{Store, StoreError};
use crate::telemetry::chain;

/// There is no answer: wrong usage, an unknown user, or no store.
const NO_ANSWER: u8 = 2;

/// Why the store gives no answer.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("there is no database yet: start kong-sso once, or check prefix and sso_database")]
    NoDatabase,
    #[error("the database does not fit this kong-sso: see `kong-sso migrations list`")]
    Migrations,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Explain(#[from] ExplainError),
}

/// Answers the question of the command line.
#[must_use]
pub fn run(common: &Common, args: &ExplainArgs) -> ExitCode {
    let Ok(loaded) = common.load_or_report(LoadMode::Start) else { return ExitCode::from(NO_ANSWER) };
    match actix_web::rt::System::new().block_on(answer(&loaded.settings, args)) {
        Ok(explanation) => {
            match args.json {
                true => output::line(as_json(&explanation)),
                false => output::text(&as_text(&explanation)),
            }
            if explanation.is_allowed() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(failure) => {
            output::log_line("error", &chain(&failure));
            ExitCode::from(NO_ANSWER)
        }
    }
}

async fn answer(settings: &Settings, args: &ExplainArgs) -> Result<Explanation, Failure> {
    // Asking must not make a database.
    if !Store::is_made(&settings.database) {
        return Err(Failure::NoDatabase);
    }
    let store = Store::connect(&settings.database).await?;
    if migrations::state(&store).await? != State::Current {
        return Err(Failure::Migrations);
    }
    let access = Access::new(store.clone(), Clock::System, &settings.rbac);
    let question = Question { user: &args.user, method: &args.method, path: &args.path };
    let explained = explain::explain(&store, &access, &settings.rbac, &question).await;
    store.close().await;
    Ok(explained?)
}

fn as_text(explanation: &Explanation) -> String {
    let verdict = if explanation.is_allowed() { "allowed" } else { "denied" };
    let Explanation { user, action, endpoint, workspace, .. } = explanation;
    let mut lines = vec![
        format!("{verdict}: {} wants to {action} {endpoint} in workspace {workspace}", user.name),
        format!("  why     {}", explanation.sentence()),
    ];
    if let (Some(rule), Some(level)) = (explanation.rule(), explanation.trace.deciding_level()) {
        lines.push(format!("  level   {} of 4: {}", level.number(), level.title()));
        lines.push(format!("  rule    {}", rule_text(rule)));
        lines.extend(rule.grants().into_iter().map(|grant| format!("  from    {grant}")));
    }
    if let Some(name) = &explanation.unknown_workspace {
        lines.push(format!("  note    there is no workspace '{name}': the path was judged in {workspace}"));
    }
    if explanation.is_stale_for_tokens {
        lines.push(format!("  note    with the RBAC token it is {}: {}", opposite(explanation), STALE));
    }
    let others = others(explanation);
    if !others.is_empty() {
        lines.push("  other rules that match:".to_owned());
        lines.extend(others.iter().map(|other| {
            let grants: Vec<_> = other.rule.grants().into_iter().map(ToString::to_string).collect();
            let (number, why) = (other.level.number(), why_not(other));
            format!("    level {number}: {}, {}; {why}", rule_text(&other.rule), grants.join(", "))
        }));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

const STALE: &str = "roles from the identity provider have outlived sso_idp_role_max_age";

fn opposite(explanation: &Explanation) -> &'static str {
    if explanation.is_allowed() { "denied" } else { "allowed" }
}

/// Rules that match and did not decide. Where no rule was asked, none of them is worth telling.
fn others(explanation: &Explanation) -> Vec<Bystander> {
    if explanation.ground == Ground::Rules { explanation.trace.bystanders() } else { Vec::new() }
}

fn rule_text(rule: &MatchedRule) -> String {
    let mut text = format!("{} in {}", rule.endpoint, rule.workspace);
    for (effect, actions) in [("allow", rule.allowed), ("deny", rule.denied)] {
        if !actions.is_empty() {
            text.push_str(&format!(", {effect} {actions}"));
        }
    }
    text
}

fn why_not(other: &Bystander) -> String {
    match other.why {
        WhyNot::LessSpecific => "a more specific pattern decided".to_owned(),
        WhyNot::EarlierLevel(level) => format!("level {} decided", level.number()),
    }
}

fn as_json(explanation: &Explanation) -> Value {
    let Explanation { user, action, endpoint, workspace, .. } = explanation;
    json!({
        "allowed": explanation.is_allowed(),
        "reason": explanation.sentence(),
        "ground": match explanation.ground {
            Ground::Rules => "rules",
            Ground::Unrestricted => "unrestricted",
            Ground::OpenDoor => "open_door",
            Ground::SignIn => "sign_in",
            Ground::RedactedRoot => "redacted_root",
        },
        "user": { "id": user.id, "name": user.name, "state": explanation.standing.to_string() },
        "workspace": workspace,
        "unknown_workspace": explanation.unknown_workspace,
        "endpoint": endpoint.to_string(),
        "action": action.as_str(),
        "level": explanation.rule().and(explanation.trace.deciding_level()).map(|level| level.number()),
        "rule": explanation.rule().map(|rule| rule_json(rule)),
        "allowed_by_token": explanation.standing == Standing::Active
            && explanation.is_allowed() != explanation.is_stale_for_tokens,
        "levels": explanation.trace.levels.iter().map(|level| json!({
            "level": level.level.number(),
            "title": level.level.title(),
            "matching_rules": level.rules.len(),
            "decided": explanation.rule().is_some() && explanation.trace.deciding_level() == Some(level.level),
        })).collect::<Vec<_>>(),
        "others": others(explanation).iter().map(|other| {
            let mut rule = rule_json(&other.rule);
            if let Some(members) = rule.as_object_mut() {
                members.insert("level".to_owned(), json!(other.level.number()));
                members.insert("why_not".to_owned(), json!(why_not(other)));
            }
            rule
        }).collect::<Vec<_>>(),
    })
}

fn rule_json(rule: &MatchedRule) -> Value {
    json!({
        "workspace": rule.workspace,
        "endpoint": rule.endpoint,
        "allow": rule.allowed,
        "deny": rule.denied,
        "roles": rule.grants().into_iter().map(grant_json).collect::<Vec<_>>(),
    })
}

fn grant_json(grant: &Grant) -> Value {
    let (source, group) = match &grant.source {
        GrantSource::Own(source) => (source.as_str(), None),
        GrantSource::DefaultRole => ("own", None),
        GrantSource::Group(group) => ("group", Some(group)),
    };
    json!({ "role": grant.role, "workspace": grant.role_workspace, "source": source, "group": group })
}
