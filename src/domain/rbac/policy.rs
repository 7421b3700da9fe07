//! Compiling rules and deciding, most specific level first.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::action::{Action, ActionSet};
use super::pattern::{Endpoint, EndpointPattern, Segment, WorkspaceScope};
use super::tree::PatternTree;
use crate::domain::ids::{GroupName, RoleName, WorkspaceName};
use crate::domain::role::RoleSource;

/// How the user came to a role.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case", tag = "via", content = "name")]
pub enum GrantSource {
    /// Assigned to the user.
    Own(RoleSource),
    /// The hidden role of the user itself.
    DefaultRole,
    /// A group the last login put the user in.
    Group(GroupName),
}

/// A role in the hands of a user.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Grant {
    /// The role.
    pub role: RoleName,
    /// The role's workspace.
    pub role_workspace: WorkspaceName,
    /// How it came to the user.
    pub source: GrantSource,
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "role {}:{}", self.role_workspace, self.role)?;
        match &self.source {
            GrantSource::Own(source) => write!(f, " ({})", source.as_str()),
            GrantSource::DefaultRole => f.write_str(" (own)"),
            GrantSource::Group(group) => write!(f, " (group {group})"),
        }
    }
}

/// One rule of one role of a user: the input of [`Policy::compile`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedRule {
    /// Where it applies.
    pub workspace: WorkspaceScope,
    /// What it matches.
    pub endpoint: EndpointPattern,
    /// The actions it speaks of.
    pub actions: ActionSet,
    /// Whether it denies them.
    pub negative: bool,
    /// The role it belongs to.
    pub grant: Arc<Grant>,
}

/// All rules of one (workspace, pattern): positive and negative actions of every role together.
#[derive(Debug, PartialEq, Eq)]
pub struct MatchedRule {
    /// Where it applies.
    pub workspace: WorkspaceScope,
    /// What it matches.
    pub endpoint: EndpointPattern,
    /// Actions that some role allows.
    pub allowed: ActionSet,
    /// Actions that some role denies; they win.
    pub denied: ActionSet,
    /// The rules that were merged.
    pub rules: Vec<GrantedRule>,
    label: Arc<str>,
}

impl MatchedRule {
    /// Whether this rule lets `action` through.
    #[must_use]
    pub const fn allows(&self, action: Action) -> bool {
        self.allowed.has(action) && !self.denied.has(action)
    }

    /// The roles that its rules come from, each once.
    #[must_use]
    pub fn grants(&self) -> Vec<&Grant> {
        let mut grants: Vec<&Grant> = Vec::new();
        for rule in &self.rules {
            if !grants.contains(&&*rule.grant) {
                grants.push(&rule.grant);
            }
        }
        grants
    }

    /// One line that names the rule and its roles, made once at compile time: fit for an audit record.
    #[must_use]
    pub const fn label(&self) -> &Arc<str> {
        &self.label
    }
}

/// The four levels of kong-manager.md 4.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Level {
    /// Current workspace, specific pattern.
    WorkspaceSpecific = 1,
    /// Any workspace, specific pattern.
    AnySpecific = 2,
    /// Current workspace, `*`.
    WorkspaceEvery = 3,
    /// Any workspace, `*`.
    AnyEvery = 4,
}

impl Level {
    /// All four, in the order in which they are tried.
    pub const ALL: [Self; 4] = [Self::WorkspaceSpecific, Self::AnySpecific, Self::WorkspaceEvery, Self::AnyEvery];

    /// 1 to 4.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// What its rules have in common.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::WorkspaceSpecific => "this workspace, a path",
            Self::AnySpecific => "every workspace (*), a path",
            Self::WorkspaceEvery => "this workspace, every endpoint (*)",
            Self::AnyEvery => "every workspace (*), every endpoint (*)",
        }
    }
}

/// Why a decision fell as it did.
#[derive(Clone, Debug)]
pub enum Reason {
    /// This rule was the first that matched.
    Rule(Level, Arc<MatchedRule>),
    /// No rule of the user matches.
    NoRule,
    /// `enforce_rbac = off`: nobody's rights are checked.
    Unrestricted,
}

/// The outcome of [`Policy::decide`].
#[derive(Clone, Debug)]
pub struct Decision {
    /// Whether the request may pass.
    pub is_allowed: bool,
    /// Why.
    pub reason: Reason,
}

impl Decision {
    /// Everything is allowed because RBAC is off.
    #[must_use]
    pub const fn unrestricted() -> Self {
        Self { is_allowed: true, reason: Reason::Unrestricted }
    }

    /// One line for an audit record.
    #[must_use]
    pub fn label(&self) -> Arc<str> {
        match &self.reason {
            Reason::Rule(_, rule) => Arc::clone(rule.label()),
            Reason::NoRule => Arc::from("no rule matches"),
            Reason::Unrestricted => Arc::from("enforce_rbac is off"),
        }
    }
}

/// The rules of one workspace scope.
#[derive(Debug, Default)]
struct Scope {
    specific: Vec<Arc<MatchedRule>>,
    tree: PatternTree,
    every: Option<Arc<MatchedRule>>,
}

/// All rules of a user, ready to decide.
#[derive(Debug, Default)]
pub struct Policy {
    named: HashMap<WorkspaceName, Scope>,
    any: Scope,
}

impl Policy {
    /// Merges and orders the rules of every role of a user. Order of the input has no effect on decisions.
    #[must_use]
    pub fn compile(rules: impl IntoIterator<Item = GrantedRule>) -> Self {
        let mut merged: BTreeMap<(WorkspaceScope, EndpointPattern), Vec<GrantedRule>> = BTreeMap::new();
        for rule in rules {
            merged.entry((rule.workspace.clone(), rule.endpoint.clone())).or_default().push(rule);
        }
        let mut policy = Self::default();
        for ((workspace, endpoint), rules) in merged {
            policy.add(merge(workspace, endpoint, rules));
        }
        policy
    }

    fn add(&mut self, rule: MatchedRule) {
        let scope = match &rule.workspace {
            WorkspaceScope::Any => &mut self.any,
            WorkspaceScope::Named(name) => self.named.entry(name.clone()).or_default(),
        };
        let rule = Arc::new(rule);
        match &rule.endpoint {
            EndpointPattern::Every => scope.every = Some(rule),
            EndpointPattern::Path(segments) => {
                scope.tree.insert(segments, Arc::clone(&rule));
                scope.specific.push(rule);
            }
        }
    }

    /// Decides whether `action` on `endpoint` of `workspace` is allowed. The first of the four levels with a matching
    /// rule decides; within it the most specific pattern, compared segment by segment, a literal before `*`.
    #[must_use]
    pub fn decide(&self, workspace: &WorkspaceName, endpoint: &Endpoint, action: Action) -> Decision {
        let named = self.named.get(workspace);
        let found = named
            .and_then(|scope| scope.tree.find(endpoint))
            .map(|rule| (Level::WorkspaceSpecific, rule))
            .or_else(|| self.any.tree.find(endpoint).map(|rule| (Level::AnySpecific, rule)))
            .or_else(|| named.and_then(|scope| scope.every.as_ref()).map(|rule| (Level::WorkspaceEvery, rule)))
            .or_else(|| self.any.every.as_ref().map(|rule| (Level::AnyEvery, rule)));
        match found {
            Some((level, rule)) => {
                Decision { is_allowed: rule.allows(action), reason: Reason::Rule(level, Arc::clone(rule)) }
            }
            None => Decision { is_allowed: false, reason: Reason::NoRule },
        }
    }

    /// Shorthand for a decision whose reason does not matter.
    #[must_use]
    pub fn allows(&self, workspace: &WorkspaceName, endpoint: &Endpoint, action: Action) -> bool {
        self.decide(workspace, endpoint, action).is_allowed
    }

    /// Every merged rule, those of named workspaces first.
    pub fn rules(&self) -> impl Iterator<Item = &Arc<MatchedRule>> {
        self.named.values().chain([&self.any]).flat_map(|scope| scope.specific.iter().chain(&scope.every))
    }

    /// Whether some rule speaks of `workspace` or of every workspace: such a workspace shows in lists.
    #[must_use]
    pub fn reaches(&self, workspace: &WorkspaceName) -> bool {
        self.reaches_any() || self.named.get(workspace).is_some_and(grants_something)
    }

    /// Whether some rule speaks of every workspace.
    #[must_use]
    pub fn reaches_any(&self) -> bool {
        grants_something(&self.any)
    }

    /// Whether there is no rule at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules().next().is_none()
    }
}

fn grants_something(scope: &Scope) -> bool {
    scope.specific.iter().chain(&scope.every).any(|rule| !rule.allowed.minus(rule.denied).is_empty())
}

/// `false` for a literal and `true` for `*`, per segment: the natural order puts the most specific pattern first.
pub(super) fn wildcards(pattern: &EndpointPattern) -> Vec<bool> {
    match pattern {
        EndpointPattern::Every => Vec::new(),
        EndpointPattern::Path(segments) => segments.iter().map(|segment| *segment == Segment::One).collect(),
    }
}

fn merge(workspace: WorkspaceScope, endpoint: EndpointPattern, rules: Vec<GrantedRule>) -> MatchedRule {
    let of = |negative| {
        rules.iter().filter(|rule| rule.negative == negative).fold(ActionSet::NONE, |set, rule| set.union(rule.actions))
    };
    let (allowed, denied) = (of(false), of(true));
    let mut label = format!("{endpoint} in {workspace}: allow {}", words(allowed));
    if !denied.is_empty() {
        label.push_str(&format!(", deny {}", words(denied)));
    }
    for rule in &rules {
        let grant = rule.grant.to_string();
        if !label.contains(&grant) {
            label.push_str(", ");
            label.push_str(&grant);
        }
    }
    MatchedRule { workspace, endpoint, allowed, denied, label: label.into(), rules }
}

/// A set of actions for people.
fn words(actions: ActionSet) -> String {
    if actions == ActionSet::ALL {
        "all".to_owned()
    } else if actions.is_empty() {
        "nothing".to_owned()
    } else {
        actions.to_string()
    }
}
