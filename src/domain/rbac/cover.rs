//! Escalation guard: nobody grants more than they have (kong-manager.md 4.8).

use super::action::{Action, ActionSet};
use super::pattern::{Endpoint, EndpointPattern, WorkspaceScope};
use super::policy::{MatchedRule, Policy};
use crate::domain::ids::WorkspaceName;

impl Policy {
    /// Whether this policy allows `actions` on every endpoint that `pattern` matches, in every workspace of `scope`.
    ///
    /// Sound and deliberately strict: one rule must contain the whole pattern, and every rule that overlaps it must
    /// allow all the actions, so whichever rule decides about a concrete endpoint allows them.
    #[must_use]
    pub fn covers(&self, scope: &WorkspaceScope, pattern: &EndpointPattern, actions: ActionSet) -> bool {
        let allows = |rule: &MatchedRule| rule.allowed.minus(rule.denied).contains(actions);
        let overlapping =
            || self.rules().filter(|rule| scopes_overlap(&rule.workspace, scope) && rule.endpoint.overlaps(pattern));
        overlapping().any(|rule| scope_contains(&rule.workspace, scope) && rule.endpoint.contains(pattern))
            && overlapping().all(|rule| allows(rule))
    }

    /// Whether this policy allows something on `*`, every endpoint, in every workspace of `scope`: who has such a rule
    /// may write rules for other workspaces than the one at hand.
    #[must_use]
    pub fn governs(&self, scope: &WorkspaceScope) -> bool {
        self.rules().any(|rule| {
            rule.endpoint == EndpointPattern::Every
                && scope_contains(&rule.workspace, scope)
                && !rule.allowed.minus(rule.denied).is_empty()
        })
    }

    /// Whether the rules for `*`, every workspace, allow `action` on `endpoint`: the right to do what concerns all of
    /// them.
    #[must_use]
    pub fn allows_everywhere(&self, endpoint: &Endpoint, action: Action) -> bool {
        // No workspace has an empty name, so no rule of a single one is looked at.
        self.allows(&WorkspaceName::from_stored(String::new()), endpoint, action)
    }
}

pub(super) fn scopes_overlap(a: &WorkspaceScope, b: &WorkspaceScope) -> bool {
    match (a, b) {
        (WorkspaceScope::Named(a), WorkspaceScope::Named(b)) => a == b,
        _ => true,
    }
}

fn scope_contains(outer: &WorkspaceScope, inner: &WorkspaceScope) -> bool {
    match (outer, inner) {
        (WorkspaceScope::Any, _) => true,
        (WorkspaceScope::Named(a), WorkspaceScope::Named(b)) => a == b,
        (WorkspaceScope::Named(_), WorkspaceScope::Any) => false,
    }
}
