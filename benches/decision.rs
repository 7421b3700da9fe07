//! The RBAC decision: ten roles of twenty rules each, and how it grows with rules that match and rules that do not.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use kong_sso::domain::ids::{RoleName, WorkspaceName};
use kong_sso::domain::rbac::{
    Action, ActionSet, Endpoint, EndpointPattern, Grant, GrantSource, GrantedRule, Policy, WorkspaceScope,
};
use kong_sso::domain::role::RoleSource;

fn rule(role: usize, workspace: &str, endpoint: &str) -> GrantedRule {
    let grant = Grant {
        role: RoleName::parse(&format!("role-{role}")).unwrap(),
        role_workspace: WorkspaceName::default_workspace(),
        source: GrantSource::Own(RoleSource::Idp),
    };
    GrantedRule {
        workspace: WorkspaceScope::parse(workspace).unwrap(),
        endpoint: EndpointPattern::parse(endpoint).unwrap(),
        actions: ActionSet::READ,
        negative: false,
        grant: Arc::new(grant),
    }
}

/// `roles` roles of `rules` rules, as a platform team writes them: services by name, their plugins, a few wildcards.
fn policy(roles: usize, rules: usize) -> Policy {
    Policy::compile((0..roles).flat_map(|role| {
        (0..rules).map(move |index| match index % 4 {
            0 => rule(role, "payments", &format!("/services/service-{role}-{index}")),
            1 => rule(role, "payments", &format!("/services/service-{role}-{index}/plugins")),
            2 => rule(role, "*", &format!("/consumers/consumer-{role}-{index}")),
            _ => rule(role, "*", &format!("/routes/route-{role}-{index}/plugins/*")),
        })
    }))
}

/// `count` patterns that all match `/a/a/a/a/a/a/a/a`.
fn matching(count: usize) -> Policy {
    Policy::compile((0..count).map(|number| {
        let segment = |bit: usize| if number >> bit & 1 == 1 { "a" } else { "*" };
        let path: String = (0..8).flat_map(|bit| ["/", segment(bit)]).collect();
        rule(number, "payments", &path)
    }))
}

fn decide(criterion: &mut Criterion) {
    let workspace = WorkspaceName::parse("payments").unwrap();
    let mut group = criterion.benchmark_group("ten roles of twenty rules");
    let policy_of_200 = policy(10, 20);
    for (name, path) in [
        ("a service by name", "/services/service-9-16"),
        ("a plugin below a route", "/routes/route-9-19/plugins/abc"),
        ("nothing matches", "/services/another"),
    ] {
        let endpoint = Endpoint::of(path);
        group.bench_function(name, |bencher| {
            bencher.iter(|| policy_of_200.decide(black_box(&workspace), black_box(&endpoint), black_box(Action::Read)));
        });
    }
    group.finish();
}

fn growth(criterion: &mut Criterion) {
    let workspace = WorkspaceName::parse("payments").unwrap();
    let mut group = criterion.benchmark_group("rules that do not match");
    for roles in [10, 100, 1000] {
        let policy = policy(roles, 20);
        let endpoint = Endpoint::of("/services/another/plugins");
        group.bench_with_input(BenchmarkId::from_parameter(roles * 20), &roles, |bencher, _| {
            bencher.iter(|| policy.decide(black_box(&workspace), black_box(&endpoint), Action::Read));
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("rules that match");
    for count in [1, 16, 256] {
        let policy = matching(count);
        let endpoint = Endpoint::of("/a/a/a/a/a/a/a/a");
        group.bench_with_input(BenchmarkId::from_parameter(count), &count, |bencher, _| {
            bencher.iter(|| policy.decide(black_box(&workspace), black_box(&endpoint), Action::Read));
        });
    }
    group.finish();
}

criterion_group!(benches, decide, growth);
criterion_main!(benches);
