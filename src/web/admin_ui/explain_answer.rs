//! An explanation as its page shows it.

use std::sync::Arc;

use super::extractors::AdminSession;
use super::grants::source_words;
use crate::domain::rbac::{Action, Grant, GrantedRule, LevelMatches, MatchedRule, WhyNot};
use crate::services::explain::Explanation;
use crate::services::page_data::role_pages::RolePages;

/// Actions as people read them.
const IN_ORDER: [Action; 4] = [Action::Read, Action::Create, Action::Update, Action::Delete];

/// An answer.
pub(super) struct Answer {
    pub(super) allowed: bool,
    pub(super) sentence: String,
    pub(super) notes: Vec<String>,
    pub(super) user: String,
    pub(super) user_url: String,
    pub(super) workspace: String,
    pub(super) endpoint: String,
    pub(super) action: String,
    pub(super) rule: Option<ExplainRule>,
    pub(super) levels: Vec<Level>,
    pub(super) others: Vec<ExplainRule>,
}

/// A rule, merged over the roles that have it.
pub(super) struct ExplainRule {
    pub(super) workspace: String,
    pub(super) endpoint: String,
    pub(super) actions: Vec<String>,
    pub(super) negative: bool,
    pub(super) outcome: String,
    pub(super) roles: Vec<ExplainRole>,
}

/// A role that has a rule, and how the user came to it.
pub(super) struct ExplainRole {
    pub(super) workspace: String,
    pub(super) role: String,
    pub(super) url: String,
    pub(super) tone: String,
    pub(super) source: String,
}

/// One of the four levels.
pub(super) struct Level {
    pub(super) number: u8,
    pub(super) title: String,
    pub(super) note: String,
    pub(super) hit: bool,
}

/// The answer to show.
pub(super) fn answer(visitor: &AdminSession, explanation: &Explanation, roles: &RolePages) -> Answer {
    let rows = Rows { visitor, roles };
    let trace = &explanation.trace;
    let others = trace.bystanders().into_iter().flat_map(|other| {
        let outcome = match other.why {
            WhyNot::LessSpecific => format!("a more specific endpoint of level {} decided", other.level.number()),
            WhyNot::EarlierLevel(level) => format!("level {} decided before", level.number()),
        };
        [false, true].into_iter().filter_map(move |negative| rows.row(&other.rule, negative, &outcome))
    });
    Answer {
        allowed: explanation.is_allowed(),
        sentence: explanation.sentence(),
        notes: notes(explanation),
        user: explanation.user.name.to_string(),
        user_url: visitor.url(&match explanation.user.admin_id {
            Some(admin) => format!("/admins/{admin}"),
            None => format!("/rbac-users/{}", explanation.user.id),
        }),
        workspace: explanation.workspace.to_string(),
        endpoint: explanation.endpoint.to_string(),
        action: explanation.action.to_string(),
        rule: explanation.rule().and_then(|rule| rows.deciding(rule, explanation.action)),
        levels: levels(explanation),
        others: others.collect(),
    }
}

/// What else matters.
fn notes(explanation: &Explanation) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(name) = &explanation.unknown_workspace {
        notes.push(format!("There is no workspace {name}: the path was judged as one of {}.", explanation.workspace));
    }
    if explanation.is_stale_for_tokens {
        let sentence = "A call with the RBAC token fares otherwise: roles of the identity provider are older than \
                        sso_idp_role_max_age allows.";
        notes.push(sentence.to_owned());
    }
    notes
}

fn levels(explanation: &Explanation) -> Vec<Level> {
    let workspace = &explanation.workspace;
    let titles = [
        format!("Rules for {workspace} and this endpoint"),
        "Rules for every workspace and this endpoint".to_owned(),
        format!("Rules for {workspace} and every endpoint"),
        "Rules for every workspace and every endpoint".to_owned(),
    ];
    let hit = explanation.trace.deciding_level();
    let level = |(LevelMatches { level, rules }, title): (&LevelMatches, String)| Level {
        number: level.number(),
        title,
        note: match rules.len() {
            0 => "no rule matches".to_owned(),
            1 => "1 rule matches".to_owned(),
            several => format!("{several} rules match"),
        },
        hit: hit == Some(*level),
    };
    explanation.trace.levels.iter().zip(titles).map(level).collect()
}

/// Makes rows of rules.
#[derive(Clone, Copy)]
struct Rows<'r> {
    visitor: &'r AdminSession,
    roles: &'r RolePages,
}

impl Rows<'_> {
    /// The part of the deciding rule that decided: its denials, if they name the action.
    fn deciding(&self, rule: &MatchedRule, action: Action) -> Option<ExplainRule> {
        let negative = rule.denied.has(action) || rule.allowed.is_empty();
        self.row(rule, negative, "")
    }

    /// The allowing or denying part of a rule; `None` when it has none.
    fn row(&self, rule: &MatchedRule, negative: bool, outcome: &str) -> Option<ExplainRule> {
        let actions = if negative { rule.denied } else { rule.allowed };
        if actions.is_empty() {
            return None;
        }
        let of_part = |granted: &&GrantedRule| granted.negative == negative;
        let mut grants: Vec<&Arc<Grant>> = rule.rules.iter().filter(of_part).map(|granted| &granted.grant).collect();
        grants.dedup();
        Some(ExplainRule {
            workspace: rule.workspace.to_string(),
            endpoint: rule.endpoint.to_string(),
            actions: IN_ORDER.into_iter().filter(|action| actions.has(*action)).map(|it| it.to_string()).collect(),
            negative,
            outcome: outcome.to_owned(),
            roles: grants.into_iter().map(|grant| self.role(grant)).collect(),
        })
    }

    fn role(&self, grant: &Grant) -> ExplainRole {
        let (source, tone) = source_words(&grant.source);
        ExplainRole {
            workspace: grant.role_workspace.to_string(),
            role: grant.role.to_string(),
            url: self.visitor.url(&self.roles.path(&grant.role_workspace, &grant.role)),
            tone: tone.to_owned(),
            source,
        }
    }
}
