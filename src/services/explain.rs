//! Why a user may or may not make a call: `rbac explain` and the page "Explain access". It asks the functions that judge
//! requests, so an answer here is what a request would get.

use std::fmt;
use std::sync::Arc;

use super::access::{Access, AccessError};
use super::addressing;
use super::error::ServiceError;
use crate::config::settings::{RbacSettings, RootRead};
use crate::domain::admin::{AdminStatus, RbacUser};
use crate::domain::ids::WorkspaceName;
use crate::domain::rbac::{Action, Endpoint, MatchedRule, Policy, Reason, Trace};
use crate::kong::path::{CanonicalPath, PathError};
use crate::store::{Store, StoreError, admins, grants, rbac_users};

/// Who wants to do what.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// Name or id of an RBAC user or admin; an admin's e-mail or custom id works too.
    pub user: &'q str,
    /// HTTP method.
    pub method: &'q str,
    /// Path of the Admin API as a client would write it: with a workspace's prefix, if it is not `default`. A query is
    /// left out of account.
    pub path: &'q str,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// Nobody has that name or id.
    #[error("there is no user '{0}'")]
    UnknownUser(String),
    /// A method that the Admin API does not know.
    #[error("'{0}' is no method of the Admin API")]
    Method(String),
    /// A path that every call would be refused for.
    #[error("{0}")]
    Path(#[from] PathError),
    /// The store failed.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<StoreError> for ExplainError {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

/// Whether the user's credentials are accepted at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They are.
    Active,
    /// The user is disabled.
    Disabled,
    /// The admin has a status in which nobody may act.
    NotApproved(AdminStatus),
}

/// What a call is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// The user's rules.
    Rules,
    /// `enforce_rbac = off`.
    Unrestricted,
    /// A door that is open to every authenticated caller.
    OpenDoor,
    /// A door that needs no credentials.
    SignIn,
    /// No rule, but `sso_rbac_root_read = redacted`: Kong's root without its secrets.
    RedactedRoot,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Who.
    pub user: RbacUser,
    /// Whether that user's credentials are accepted.
    pub standing: Standing,
    /// In which workspace.
    pub workspace: WorkspaceName,
    /// What the path means instead, if a workspace that does not exist.
    pub unknown_workspace: Option<String>,
    /// Of what.
    pub endpoint: Endpoint,
    /// What.
    pub action: Action,
    /// What the call is judged by.
    pub ground: Ground,
    /// The rules that match, level by level, with their decision.
    pub trace: Trace,
    /// Whether a call with the user's RBAC token fares otherwise, because roles from the identity provider have outlived
    /// `sso_idp_role_max_age`.
    pub is_stale_for_tokens: bool,
}

impl Explanation {
    /// Whether the call would be let through.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        match self.ground {
            Ground::SignIn => true,
            _ if self.standing != Standing::Active => false,
            Ground::Unrestricted | Ground::OpenDoor | Ground::RedactedRoot => true,
            Ground::Rules => self.trace.decision.is_allowed,
        }
    }

    /// The rule that decided, if it was one.
    #[must_use]
    pub const fn rule(&self) -> Option<&Arc<MatchedRule>> {
        match (&self.ground, &self.trace.decision.reason) {
            (Ground::Rules, Reason::Rule(_, rule)) => Some(rule),
            _ => None,
        }
    }

    /// The reason in one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let name = &self.user.name;
        match (self.ground, self.standing) {
            (Ground::SignIn, _) => "Signing in and out needs no permission.".to_owned(),
            (_, Standing::Disabled) => format!("{name} is disabled: every call is answered with 401."),
            (_, Standing::NotApproved(status)) => {
                format!("{name} is an admin who is {}, not approved: every call is answered with 401.", status.word())
            }
            (Ground::Unrestricted, _) => {
                "enforce_rbac is off: everybody who is authenticated may do everything.".to_owned()
            }
            (Ground::OpenDoor, _) => "This endpoint is open to every authenticated caller.".to_owned(),
            (Ground::RedactedRoot, _) => {
                "No rule allows it, but sso_rbac_root_read = redacted shows Kong's root without its secrets.".to_owned()
            }
            (Ground::Rules, Standing::Active) => self.sentence_of_rules(),
        }
    }

    fn sentence_of_rules(&self) -> String {
        let action = self.action;
        let Reason::Rule(level, rule) = &self.trace.decision.reason else {
            return format!("No rule of {} matches, and what no rule allows is denied.", self.user.name);
        };
        let levels = self.trace.levels.len();
        let at = format!("level {} of {levels}", level.number());
        match (rule.denied.has(action), rule.allowed.has(action)) {
            (true, true) => format!("One role denies {action} at {at} and another allows it: deny wins."),
            (true, false) => format!("A deny rule covers {action} at {at}."),
            (false, true) => format!("An allow rule covers {action} at {at}."),
            (false, false) if usize::from(level.number()) == levels => {
                format!("The first rule that matches, at {at}, does not name {action}.")
            }
            (false, false) => {
                format!("The first rule that matches, at {at}, does not name {action}; later levels are not tried.")
            }
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active => f.write_str("active"),
            Self::Disabled => f.write_str("disabled"),
            Self::NotApproved(status) => f.write_str(status.word()),
        }
    }
}

/// Answers a question.
///
/// # Errors
/// See [`ExplainError`].
pub async fn explain(
    store: &Store,
    access: &Access,
    settings: &RbacSettings,
    question: &Question<'_>,
) -> Result<Explanation, ExplainError> {
    let method = question.method.to_ascii_uppercase();
    let action = Action::of_method(&method).ok_or_else(|| ExplainError::Method(question.method.to_owned()))?;
    let path = CanonicalPath::parse_of_admin_api(question.path.split(['?', '#']).next().unwrap_or_default())?;
    let user = find_user(store, question.user).await?;
    let workspaces = access.workspaces().await?;
    let is_sign_in = addressing::is_sign_in(&path);
    let addressed = addressing::address(&workspaces, path).ok_or(ServiceError::NotFound)?;
    let path = addressed.path;
    path.check_slashes()?;
    let subject = addressing::subject(&workspaces, addressed.workspace, &path);
    let (workspace, endpoint) = (subject.workspace.clone(), subject.endpoint);
    let Rights { standing, policy, of_token } = rights(store, access, &user).await?;
    let trace = policy.explain(&workspace, &endpoint, action);
    let ground = if is_sign_in { Ground::SignIn } else { ground(access, settings, &path, &method, action, &trace) };
    let is_stale_for_tokens = ground == Ground::Rules
        && of_token.is_some_and(|policy| policy.allows(&workspace, &endpoint, action) != trace.decision.is_allowed);
    let unknown_workspace = addressing::unknown_workspace(&path).map(str::to_owned);
    Ok(Explanation {
        user,
        standing,
        workspace,
        unknown_workspace,
        endpoint,
        action,
        ground,
        trace,
        is_stale_for_tokens,
    })
}

/// What a call is judged by, in the order in which `web::admin_api` asks.
fn ground(
    access: &Access,
    settings: &RbacSettings,
    path: &CanonicalPath,
    method: &str,
    action: Action,
    trace: &Trace,
) -> Ground {
    let reads_root = path.first().is_none() && matches!(method, "GET" | "HEAD");
    if addressing::is_open(path, action) || reads_root && settings.root_read == RootRead::Full {
        Ground::OpenDoor
    } else if !access.is_enforced() {
        Ground::Unrestricted
    } else if !trace.decision.is_allowed && reads_root && settings.root_read == RootRead::Redacted {
        Ground::RedactedRoot
    } else {
        Ground::Rules
    }
}

async fn find_user(store: &Store, name_or_id: &str) -> Result<RbacUser, ExplainError> {
    let mut connection = store.read().await?;
    if let Some(user) = rbac_users::find(&mut connection, name_or_id).await? {
        return Ok(user);
    }
    if let Some(admin) = admins::find(&mut connection, name_or_id).await?
        && let Some(user) = rbac_users::find_by_id(&mut connection, admin.rbac_user_id).await?
    {
        return Ok(user);
    }
    Err(ExplainError::UnknownUser(name_or_id.to_owned()))
}

/// The rules of a user, and whether they count.
struct Rights {
    standing: Standing,
    policy: Arc<Policy>,
    /// What counts for a call with the RBAC token, of a user whose credentials are accepted.
    of_token: Option<Arc<Policy>>,
}

async fn rights(store: &Store, access: &Access, user: &RbacUser) -> Result<Rights, ExplainError> {
    match access.principal(user.id).await {
        Ok(principal) => {
            let of_token = access.token_principal(user.id).await.ok().map(|principal| Arc::clone(&principal.policy));
            Ok(Rights { standing: Standing::Active, policy: Arc::clone(&principal.policy), of_token })
        }
        Err(AccessError::Service(error)) => Err(error.into()),
        Err(AccessError::Invalid | AccessError::TooManyFailures) => {
            let mut connection = store.read().await?;
            let admin = match user.admin_id {
                Some(id) if user.enabled => admins::find_by_id(&mut connection, id).await?,
                _ => None,
            };
            let standing = admin.map_or(Standing::Disabled, |admin| Standing::NotApproved(admin.status));
            let policy = Policy::compile(grants::load_rules(&mut connection, user.id).await?);
            Ok(Rights { standing, policy: Arc::new(policy), of_token: None })
        }
    }
}
