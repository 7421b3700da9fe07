//! A dry run of a sign-in for the status page: the claims, and what they would give.

use serde::{Deserialize, Serialize};

use super::Login;
use super::error::LoginError;
use super::group_sync::{self, GroupPlan};
use super::person::Person;
use crate::domain::time::UnixSeconds;
use crate::oidc::LoginOutcome;
use crate::services::Services;
use crate::store::group_roles;

/// Longest value of a claim that is shown, characters.
const LONGEST_CLAIM: usize = 2000;

/// The outcome of a dry run. Kept in the operator's own browser session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TestReport {
    /// When.
    pub at: UnixSeconds,
    /// The value of the admin claim; empty when it is missing.
    pub claim_value: String,
    /// Why a sign-in would be refused; `None` when it would succeed.
    pub refusal: Option<String>,
    /// Whether it would create an admin.
    pub would_create: bool,
    /// Roles as (workspace, role, reason).
    pub roles: Vec<(String, String, String)>,
    /// Values without effect, and why.
    pub ignored: Vec<(String, String)>,
    /// Claims as (source, name, JSON).
    pub claims: Vec<(String, String, String)>,
}

/// Makes the report.
pub(super) async fn report(
    services: &Services,
    login: &Login,
    outcome: &LoginOutcome,
) -> Result<TestReport, LoginError> {
    let identity = &outcome.identity;
    let mut report = TestReport {
        at: services.clock.now(),
        claim_value: String::new(),
        refusal: None,
        would_create: false,
        roles: Vec::new(),
        ignored: Vec::new(),
        claims: Vec::new(),
    };
    let sources = [
        ("ID token", Some(&identity.id_token_claims)),
        ("UserInfo", identity.user_info.as_ref()),
        ("access token", identity.access_token_claims.as_ref()),
    ];
    for (source, claims) in sources {
        for (name, value) in claims.and_then(|claims| claims.as_object()).into_iter().flatten() {
            let text: String = value.to_string().chars().take(LONGEST_CLAIM).collect();
            report.claims.push((source.to_owned(), name.clone(), text));
        }
    }
    let mut connection = services.store.read().await?;
    match Person::of(identity, &login.conf.mapping, login.settings.require_verified_email) {
        Err(refusal) => report.refusal = Some(refusal.to_string()),
        Ok(person) => {
            report.claim_value = person.claim_value().to_owned();
            match person.find(&mut connection, &login.conf.mapping).await {
                Ok(Some(_)) => {}
                Ok(None) if login.conf.mapping.auto_create => report.would_create = true,
                Ok(None) => report.refusal = Some(LoginError::Unknown(report.claim_value.clone()).to_string()),
                Err(LoginError::Service(error)) => return Err(error.into()),
                Err(refusal) => report.refusal = Some(refusal.to_string()),
            }
        }
    }
    match group_sync::values(identity, &login.conf.mapping) {
        Err(refusal) => report.refusal = Some(refusal.to_string()),
        Ok(values) => {
            let plan = GroupPlan::make(&mut connection, &values, &login.settings).await?;
            for direct in &plan.direct {
                let why = match direct.is_bootstrap {
                    true => format!("sso_bootstrap_groups names {}", direct.value),
                    false => format!("the value {} itself", direct.value),
                };
                report.roles.push((direct.workspace.to_string(), direct.role.name.to_string(), why));
            }
            for group in &plan.groups {
                for link in group_roles::list(&mut connection, group.id).await? {
                    let why = format!("group {}", group.name);
                    report.roles.push((link.workspace_name.to_string(), link.role_name.to_string(), why));
                }
            }
            report.ignored = plan.ignored.into_iter().map(|(value, why)| (value, why.to_owned())).collect();
        }
    }
    Ok(report)
}
