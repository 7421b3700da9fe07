//! The RBAC decision: who may do what where (kong-manager.md 4.3 and 4.4).
//!
//! One policy function serves the proxy, the pages, `rbac explain` and the tests:
//! rules of all roles -> [`Policy::compile`] -> [`Policy::decide`] -> [`Decision`] with the rule that made it.

mod action;
mod cover;
mod explain;
mod gain;
mod pattern;
mod policy;
mod segment;
#[cfg(test)]
mod tests;
mod tree;

pub use action::{Action, ActionSet, ParseActionError};
pub use explain::{Bystander, LevelMatches, Trace, WhyNot};
pub use gain::Gain;
pub use pattern::{Endpoint, EndpointPattern, PatternError, WorkspaceScope};
pub use policy::{Decision, Grant, GrantSource, GrantedRule, Level, MatchedRule, Policy, Reason};
pub use segment::{SegmentError, canonical_segment};
