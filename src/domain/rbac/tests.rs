#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
//! Tables of cases from the specification, and properties against a literal reading of the algorithm.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::domain::ids::{RoleName, WorkspaceName};
use crate::domain::role::{RoleSource, cluster_roles};

fn grant(role: &str) -> Arc<Grant> {
    Arc::new(Grant {
        role: RoleName::parse(role).unwrap(),
        role_workspace: WorkspaceName::default_workspace(),
        source: GrantSource::Own(RoleSource::Local),
    })
}

fn rule(workspace: &str, endpoint: &str, actions: &str, negative: bool) -> GrantedRule {
    GrantedRule {
        workspace: WorkspaceScope::parse(workspace).unwrap(),
        endpoint: EndpointPattern::parse(endpoint).unwrap(),
        actions: ActionSet::parse(actions.split(',')).unwrap(),
        negative,
        grant: grant("dev"),
    }
}

fn allows(rules: &[GrantedRule], workspace: &str, method: &str, path: &str) -> bool {
    let policy = Policy::compile(rules.to_vec());
    let workspace = WorkspaceName::parse(workspace).unwrap();
    policy.allows(&workspace, &Endpoint::of(path), Action::of_method(method).unwrap())
}

#[test]
fn km_055_a_trailing_slash_in_a_pattern_is_dropped_and_a_prefix_is_no_match() {
    let rules = [rule("default", "/services/", "*", false)];
    assert!(allows(&rules, "default", "POST", "/services"));
    assert!(!allows(&rules, "default", "GET", "/routes"));
    assert!(!allows(&rules, "default", "GET", "/services/foo"));
}

#[test]
fn km_056_a_star_is_exactly_one_segment() {
    let rules = [rule("default", "/services/*", "read", false)];
    assert!(allows(&rules, "default", "GET", "/services/foo"));
    assert!(!allows(&rules, "default", "GET", "/services/foo/plugins"));
    assert!(!allows(&rules, "default", "GET", "/services"));
}

#[test]
fn km_057_a_star_in_the_middle() {
    let rules = [rule("default", "/services/*/plugins", "create", false)];
    assert!(allows(&rules, "default", "POST", "/services/foo/plugins"));
    assert!(!allows(&rules, "default", "GET", "/services/foo/plugins"));
}

#[test]
fn km_058_a_denied_star_does_not_reach_deeper() {
    let rules = [rule("*", "*", "*", false), rule("*", "/rbac/*", "*", true)];
    assert!(!allows(&rules, "default", "GET", "/rbac/users"));
    assert!(allows(&rules, "default", "GET", "/rbac/users/x/roles"));
}

#[test]
fn km_059_the_admin_role_is_kept_from_rbac_and_groups() {
    let admin = cluster_roles().into_iter().find(|role| role.name == "admin").unwrap();
    let rules: Vec<_> = admin
        .rules
        .into_iter()
        .map(|(endpoint, actions, negative)| GrantedRule {
            workspace: WorkspaceScope::Any,
            endpoint,
            actions,
            negative,
            grant: grant("admin"),
        })
        .collect();
    for denied in [
        "/rbac/users",
        "/rbac/users/x/roles",
        "/rbac/roles/x/endpoints/default/services",
        "/groups",
        "/groups/x",
        "/groups/x/roles",
        "/admins/x/roles",
    ] {
        assert!(!allows(&rules, "default", "GET", denied), "{denied}");
    }
    for allowed in ["/services", "/admins", "/admins/x", "/workspaces", "/"] {
        assert!(allows(&rules, "default", "GET", allowed), "{allowed}");
    }
    assert!(allows(&rules, "default", "POST", "/services"));
}

#[test]
fn km_060_a_level_that_matches_does_not_fall_through() {
    let rules = [rule("*", "*", "*", false), rule("ws", "*", "read", false)];
    assert!(!allows(&rules, "ws", "POST", "/services"));
    assert!(allows(&rules, "default", "POST", "/services"));
    assert!(allows(&rules, "ws", "GET", "/services"));
}

#[test]
fn km_061_negative_beats_positive_on_one_pattern() {
    let rules = [rule("default", "/services", "read", false), rule("default", "/services", "read", true)];
    assert!(!allows(&rules, "default", "GET", "/services"));
}

#[test]
fn km_062_a_narrow_grant_removes_what_a_broad_one_gave() {
    let rules = [rule("ws", "/services", "create", false), rule("ws", "*", "read", false)];
    assert!(!allows(&rules, "ws", "GET", "/services"));
    assert!(allows(&rules, "ws", "GET", "/routes"));
}

#[test]
fn km_063_a_literal_segment_is_more_specific_than_a_star() {
    let rules = [rule("default", "/services/*", "*", true), rule("default", "/services/public", "read", false)];
    assert!(allows(&rules, "default", "GET", "/services/public"));
    assert!(!allows(&rules, "default", "GET", "/services/other"));
}

#[test]
fn km_064_put_is_an_update_and_head_a_read() {
    let rules = [rule("default", "/services/a", "create", false), rule("default", "/routes", "read", false)];
    assert!(!allows(&rules, "default", "PUT", "/services/a"));
    assert!(allows(&rules, "default", "HEAD", "/routes"));
    assert_eq!(Action::of_method("PURGE"), None);
}

#[test]
fn km_065_rights_in_one_workspace_end_there() {
    let rules = [rule("teamA", "*", "*", false)];
    assert!(allows(&rules, "teamA", "GET", "/services"));
    assert!(!allows(&rules, "teamB", "GET", "/services"));
    assert!(!allows(&rules, "default", "GET", "/services"));
}

#[test]
fn the_decision_names_level_and_roles() {
    let policy = Policy::compile([rule("*", "*", "*", false), rule("ws", "*", "read", false)]);
    let decision = policy.decide(&WorkspaceName::parse("ws").unwrap(), &Endpoint::of("/x"), Action::Create);
    assert!(matches!(decision.reason, Reason::Rule(Level::WorkspaceEvery, _)));
    assert_eq!(&*decision.label(), "* in ws: allow read, role default:dev (local)");
}

#[test]
fn nobody_grants_more_than_they_have() {
    let covers = |rules: &[GrantedRule], scope: &str, pattern: &str, actions: &str| {
        Policy::compile(rules.to_vec()).covers(
            &WorkspaceScope::parse(scope).unwrap(),
            &EndpointPattern::parse(pattern).unwrap(),
            ActionSet::parse(actions.split(',')).unwrap(),
        )
    };
    let team = [rule("teamA", "*", "*", false)];
    assert!(covers(&team, "teamA", "/services/*", "*"));
    assert!(!covers(&team, "*", "/services", "read"));
    assert!(!covers(&team, "teamB", "/services", "read"));
    let but = [rule("*", "*", "*", false), rule("*", "/rbac/*", "*", true)];
    assert!(covers(&but, "*", "/services", "*"));
    assert!(!covers(&but, "*", "*", "read"));
    assert!(!covers(&but, "teamA", "/*/users", "read"));
}

#[test]
fn a_removed_rule_lets_a_broader_one_speak() {
    let (every, denied, narrow) =
        (rule("*", "*", "*", false), rule("*", "/rbac/*", "*", true), rule("ws", "*", "read", false));
    let gains = |before: &[&GrantedRule], after: &[&GrantedRule]| {
        let policy = |rules: &[&GrantedRule]| Policy::compile(rules.iter().copied().cloned());
        let gains = policy(after).gains_over(&policy(before));
        gains.iter().map(|gain| format!("{} {} {}", gain.workspace, gain.endpoint, gain.actions)).collect::<Vec<_>>()
    };
    assert_eq!(gains(&[&every, &denied], &[&every]), ["* /rbac/* delete,create,update,read"]);
    assert_eq!(gains(&[&every, &narrow], &[&every]), ["ws * delete,create,update"]);
    assert_eq!(gains(&[&every], &[&every, &narrow]), [""; 0]);
    assert_eq!(gains(&[&narrow], &[]), [""; 0]);
    assert_eq!(gains(&[&every], &[&every, &denied]), [""; 0]);
}

#[test]
fn rights_everywhere_come_from_rules_for_every_workspace() {
    let everywhere = |rules: &[GrantedRule]| {
        Policy::compile(rules.to_vec()).allows_everywhere(&Endpoint::of("/workspaces"), Action::Create)
    };
    assert!(everywhere(&[rule("*", "*", "*", false), rule("default", "*", "read", false)]));
    assert!(!everywhere(&[rule("default", "*", "*", false)]));
    assert!(!everywhere(&[rule("*", "*", "*", false), rule("*", "/workspaces", "read", false)]));
    let governs = |rules: &[GrantedRule], scope: &str| {
        Policy::compile(rules.to_vec()).governs(&WorkspaceScope::parse(scope).unwrap())
    };
    assert!(governs(&[rule("*", "*", "read", false)], "*"));
    assert!(governs(&[rule("teamA", "*", "read", false)], "teamA"));
    assert!(!governs(&[rule("teamA", "*", "read", false)], "teamB"));
    assert!(!governs(&[rule("*", "/rbac/*", "*", false)], "teamA"));
}

// The specification, read literally and slowly: the reference for the compiled policy.
fn reference(rules: &[GrantedRule], workspace: &str, endpoint: &Endpoint, action: Action) -> bool {
    let levels: [(WorkspaceScope, bool); 4] = [
        (WorkspaceScope::parse(workspace).unwrap(), true),
        (WorkspaceScope::Any, true),
        (WorkspaceScope::parse(workspace).unwrap(), false),
        (WorkspaceScope::Any, false),
    ];
    for (scope, specific) in levels {
        let candidates: Vec<_> = rules
            .iter()
            .filter(|r| {
                r.workspace == scope
                    && (r.endpoint != EndpointPattern::Every) == specific
                    && r.endpoint.matches(endpoint)
            })
            .collect();
        let literal_first = |r: &&&GrantedRule| r.endpoint.to_string().split('/').map(|s| s == "*").collect::<Vec<_>>();
        if let Some(best) = candidates.iter().min_by_key(literal_first).map(|r| r.endpoint.clone()) {
            let same = candidates.iter().filter(|r| r.endpoint == best);
            let (denied, allowed): (Vec<&&GrantedRule>, Vec<&&GrantedRule>) = same.partition(|r| r.negative);
            return allowed.iter().any(|r| r.actions.has(action)) && !denied.iter().any(|r| r.actions.has(action));
        }
    }
    false
}

fn any_rule() -> impl Strategy<Value = GrantedRule> {
    let segment = prop_oneof![Just("*"), Just("a"), Just("b")];
    let path = proptest::collection::vec(segment, 0..4).prop_map(|parts| format!("/{}", parts.join("/")));
    let pattern = prop_oneof![1 => Just("*".to_owned()), 4 => path];
    let workspace = prop_oneof![Just("*"), Just("ws"), Just("default")];
    (workspace, pattern, 1i64..16, any::<bool>()).prop_map(|(workspace, pattern, bits, negative)| GrantedRule {
        actions: ActionSet::from_bits(bits),
        ..rule(workspace, &pattern, "read", negative)
    })
}

fn any_endpoint() -> impl Strategy<Value = Endpoint> {
    proptest::collection::vec(prop_oneof![Just("a"), Just("b"), Just("c")], 0..4).prop_map(Endpoint::from_segments)
}

proptest! {
    #[test]
    fn the_compiled_policy_decides_as_the_specification_reads(
        rules in proptest::collection::vec(any_rule(), 0..12), endpoint in any_endpoint(), action in 0usize..4,
    ) {
        let policy = Policy::compile(rules.clone());
        let action = Action::ALL[action];
        for workspace in ["ws", "default", "other"] {
            let name = WorkspaceName::parse(workspace).unwrap();
            prop_assert_eq!(policy.allows(&name, &endpoint, action), reference(&rules, workspace, &endpoint, action));
        }
    }

    #[test]
    fn an_explanation_agrees_with_the_decision_and_leaves_no_matching_rule_out(
        rules in proptest::collection::vec(any_rule(), 0..12), endpoint in any_endpoint(), action in 0usize..4,
    ) {
        let policy = Policy::compile(rules);
        let action = Action::ALL[action];
        for workspace in ["ws", "default", "other"] {
            let name = WorkspaceName::parse(workspace).unwrap();
            let trace = policy.explain(&name, &endpoint, action);
            let decision = policy.decide(&name, &endpoint, action);
            prop_assert_eq!(trace.decision.is_allowed, decision.is_allowed);
            let first = trace.levels.iter().find_map(|level| Some((level.level, level.rules.first()?)));
            match (&decision.reason, first) {
                (Reason::Rule(level, rule), Some((first_level, first_rule))) => {
                    prop_assert_eq!(*level, first_level);
                    prop_assert!(std::sync::Arc::ptr_eq(rule, first_rule));
                    prop_assert_eq!(trace.deciding_level(), Some(*level));
                }
                (Reason::NoRule, None) => prop_assert_eq!(trace.deciding_level(), None),
                other => prop_assert!(false, "{:?}", other),
            }
            let scope = WorkspaceScope::Named(name);
            let matching = policy.rules().filter(|rule| {
                (rule.workspace == WorkspaceScope::Any || rule.workspace == scope) && rule.endpoint.matches(&endpoint)
            });
            let bystanders = trace.bystanders();
            prop_assert_eq!(bystanders.len() + usize::from(first.is_some()), matching.count());
            for bystander in bystanders {
                let is_of_level = Some(bystander.level) == trace.deciding_level();
                prop_assert_eq!(bystander.why == WhyNot::LessSpecific, is_of_level);
            }
        }
    }

    #[test]
    fn the_order_of_rules_has_no_effect(mut rules in proptest::collection::vec(any_rule(), 0..10), endpoint in any_endpoint()) {
        let before = Policy::compile(rules.clone());
        rules.reverse();
        let after = Policy::compile(rules);
        let name = WorkspaceName::parse("ws").unwrap();
        for action in Action::ALL {
            prop_assert_eq!(before.allows(&name, &endpoint, action), after.allows(&name, &endpoint, action));
        }
    }

    #[test]
    fn whatever_is_covered_is_allowed(
        rules in proptest::collection::vec(any_rule(), 0..8), granted in any_rule(), endpoint in any_endpoint(),
    ) {
        let policy = Policy::compile(rules);
        if policy.covers(&granted.workspace, &granted.endpoint, granted.actions) && granted.endpoint.matches(&endpoint) {
            let workspaces = match &granted.workspace {
                WorkspaceScope::Any => vec!["ws", "default", "other"],
                WorkspaceScope::Named(name) => vec![name.as_str()],
            };
            for workspace in workspaces {
                for action in granted.actions.iter() {
                    prop_assert!(policy.allows(&WorkspaceName::parse(workspace).unwrap(), &endpoint, action));
                }
            }
        }
    }

    #[test]
    fn whoever_covers_all_gains_has_what_becomes_allowed(
        before in proptest::collection::vec(any_rule(), 0..6), after in proptest::collection::vec(any_rule(), 0..6),
        kept in proptest::collection::vec(any_rule(), 0..4), own in proptest::collection::vec(any_rule(), 0..4),
        endpoint in any_endpoint(),
    ) {
        let with = |rules: Vec<GrantedRule>| Policy::compile(rules.into_iter().chain(kept.clone()));
        let (before, after, own) = (with(before), with(after), Policy::compile(own));
        let gains = after.gains_over(&before);
        let is_covered = gains.iter().all(|gain| own.covers(&gain.workspace, &gain.endpoint, gain.actions));
        for workspace in ["ws", "default", "other"] {
            let name = WorkspaceName::parse(workspace).unwrap();
            for action in Action::ALL {
                if after.allows(&name, &endpoint, action) && !before.allows(&name, &endpoint, action) {
                    prop_assert!(gains.iter().any(|gain| gain.endpoint.matches(&endpoint) && gain.actions.has(action)));
                    prop_assert!(!is_covered || own.allows(&name, &endpoint, action));
                }
            }
        }
    }

    #[test]
    fn patterns_survive_printing(text in "(/[a-z*]{1}){0,5}|\\*") {
        if let Ok(pattern) = EndpointPattern::parse(&text) {
            prop_assert_eq!(EndpointPattern::parse(&pattern.to_string()).unwrap(), pattern);
        }
    }
}
