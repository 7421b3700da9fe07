//! Patterns as a tree of their segments. A lookup walks only branches that match, a literal before `*`, so what it costs
//! depends on the rules that begin like the endpoint and not on all rules of a user.

use std::collections::HashMap;
use std::sync::Arc;

use super::pattern::{Endpoint, Segment};
use super::policy::MatchedRule;

/// The patterns below one place of the tree.
#[derive(Debug, Default)]
pub(super) struct PatternTree {
    rule: Option<Arc<MatchedRule>>,
    literals: HashMap<Box<str>, Self>,
    one: Option<Box<Self>>,
}

impl PatternTree {
    /// Adds the rule of a pattern of these segments.
    pub(super) fn insert(&mut self, segments: &[Segment], rule: Arc<MatchedRule>) {
        match segments.split_first() {
            None => self.rule = Some(rule),
            Some((Segment::Literal(text), rest)) => self.literals.entry(text.clone()).or_default().insert(rest, rule),
            Some((Segment::One, rest)) => self.one.get_or_insert_default().insert(rest, rule),
        }
    }

    /// The most specific rule that matches: patterns compare segment by segment, a literal before `*`.
    pub(super) fn find(&self, endpoint: &Endpoint) -> Option<&Arc<MatchedRule>> {
        self.find_below(endpoint.segments())
    }

    fn find_below<'s>(&self, mut segments: impl Iterator<Item = &'s str> + Clone) -> Option<&Arc<MatchedRule>> {
        let Some(segment) = segments.next() else { return self.rule.as_ref() };
        let literal = self.literals.get(segment).and_then(|next| next.find_below(segments.clone()));
        literal.or_else(|| self.one.as_ref().and_then(|next| next.find_below(segments)))
    }
}
