//! A decision with everything that was looked at on the way: what `rbac explain` and the page "Explain access" show.

use std::sync::Arc;

use super::action::Action;
use super::pattern::{Endpoint, EndpointPattern, WorkspaceScope};
use super::policy::{Decision, Level, MatchedRule, Policy, Reason, wildcards};
use crate::domain::ids::WorkspaceName;

/// The rules that match at one level.
#[derive(Clone, Debug)]
pub struct LevelMatches {
    /// The level.
    pub level: Level,
    /// The rules, most specific first.
    pub rules: Vec<Arc<MatchedRule>>,
}

/// Why a rule that matches did not decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyNot {
    /// Another pattern of the same level is more specific.
    LessSpecific,
    /// An earlier level has a rule that matches.
    EarlierLevel(Level),
}

/// A rule that matches and did not decide.
#[derive(Clone, Debug)]
pub struct Bystander {
    /// Its level.
    pub level: Level,
    /// The rule.
    pub rule: Arc<MatchedRule>,
    /// Why it did not decide.
    pub why: WhyNot,
}

/// A decision and its way.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The decision of [`Policy::decide`].
    pub decision: Decision,
    /// The four levels in the order in which they are tried.
    pub levels: [LevelMatches; 4],
}

impl Trace {
    /// The rules that match and did not decide, in the order in which they would have.
    #[must_use]
    pub fn bystanders(&self) -> Vec<Bystander> {
        let mut deciding = None;
        let mut bystanders = Vec::new();
        for LevelMatches { level, rules } in &self.levels {
            let why = deciding.map_or(WhyNot::LessSpecific, WhyNot::EarlierLevel);
            let skipped = usize::from(deciding.is_none());
            bystanders.extend(rules.iter().skip(skipped).map(|rule| Bystander {
                level: *level,
                rule: Arc::clone(rule),
                why,
            }));
            if deciding.is_none() && !rules.is_empty() {
                deciding = Some(*level);
            }
        }
        bystanders
    }

    /// The level that decided.
    #[must_use]
    pub const fn deciding_level(&self) -> Option<Level> {
        match self.decision.reason {
            Reason::Rule(level, _) => Some(level),
            Reason::NoRule | Reason::Unrestricted => None,
        }
    }
}

impl Policy {
    /// Decides as [`Policy::decide`] does, and tells every rule that matches.
    #[must_use]
    pub fn explain(&self, workspace: &WorkspaceName, endpoint: &Endpoint, action: Action) -> Trace {
        let levels = Level::ALL.map(|level| {
            let matches = |rule: &&Arc<MatchedRule>| is_at(level, rule, workspace) && rule.endpoint.matches(endpoint);
            let mut rules: Vec<_> = self.rules().filter(matches).map(Arc::clone).collect();
            rules.sort_by_cached_key(|rule| wildcards(&rule.endpoint));
            LevelMatches { level, rules }
        });
        Trace { decision: self.decide(workspace, endpoint, action), levels }
    }
}

fn is_at(level: Level, rule: &MatchedRule, workspace: &WorkspaceName) -> bool {
    let is_every = rule.endpoint == EndpointPattern::Every;
    match &rule.workspace {
        WorkspaceScope::Named(name) if name == workspace => {
            level == if is_every { Level::WorkspaceEvery } else { Level::WorkspaceSpecific }
        }
        WorkspaceScope::Named(_) => false,
        WorkspaceScope::Any => level == if is_every { Level::AnyEvery } else { Level::AnySpecific },
    }
}
