//! Escalation guard for rules that go away or change: a request that a rule decided falls to the next one, which may
//! allow more (kong-manager.md 4.4, 4.8).

use std::collections::{HashMap, HashSet};

use super::action::ActionSet;
use super::cover::scopes_overlap;
use super::pattern::{EndpointPattern, WorkspaceScope};
use super::policy::{MatchedRule, Policy};

/// Actions that may have become allowed on a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gain {
    /// Where.
    pub workspace: WorkspaceScope,
    /// On what.
    pub endpoint: EndpointPattern,
    /// Which; never empty.
    pub actions: ActionSet,
}

type Key<'p> = (&'p WorkspaceScope, &'p EndpointPattern);

impl Policy {
    /// Everything that this policy may allow although `before` did not. May name too much, never too little: a newly
    /// allowed request was decided by a rule that is gone or different, or is decided by one that is new or different.
    #[must_use]
    pub fn gains_over(&self, before: &Self) -> Vec<Gain> {
        let (now, then) = (by_key(self), by_key(before));
        let keys: HashSet<Key<'_>> = now.keys().chain(then.keys()).copied().collect();
        let verdict = |rule: Option<&&MatchedRule>| rule.map(|rule| (rule.allowed, rule.denied));
        let changed = keys.into_iter().filter(|key| verdict(now.get(key)) != verdict(then.get(key)));
        changed
            .filter_map(|(workspace, endpoint)| {
                let possible = match now.get(&(workspace, endpoint)) {
                    Some(rule) => rule.allowed.minus(rule.denied),
                    None => self.allowed_somewhere(workspace, endpoint),
                };
                let is_new = |action: &_| !before.covers(workspace, endpoint, ActionSet::of(&[*action]));
                let actions = ActionSet::of(&possible.iter().filter(is_new).collect::<Vec<_>>());
                let gain = Gain { workspace: workspace.clone(), endpoint: endpoint.clone(), actions };
                (!gain.actions.is_empty()).then_some(gain)
            })
            .collect()
    }

    /// The actions that some rule allows on a part of `endpoint` in a workspace of `scope`.
    fn allowed_somewhere(&self, scope: &WorkspaceScope, endpoint: &EndpointPattern) -> ActionSet {
        self.rules()
            .filter(|rule| scopes_overlap(&rule.workspace, scope) && rule.endpoint.overlaps(endpoint))
            .fold(ActionSet::NONE, |set, rule| set.union(rule.allowed.minus(rule.denied)))
    }
}

fn by_key(policy: &Policy) -> HashMap<Key<'_>, &MatchedRule> {
    policy.rules().map(|rule| ((&rule.workspace, &rule.endpoint), &**rule)).collect()
}
