//! Escalation guard: nobody grants more than they have (kong-manager.md 4.8).

use super::action::ActionSet;
use super::pattern::{EndpointPattern, WorkspaceScope};
use super::policy::{MatchedRule, Policy};

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
}

fn scopes_overlap(a: &WorkspaceScope, b: &WorkspaceScope) -> bool {
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
