#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

struct Lines<'l>(&'l [(&'l str, &'l [u8])]);

impl HeaderLines for Lines<'_> {
    fn line(&self, name: &str, index: usize) -> Option<&[u8]> {
        self.0.iter().filter(|(known, _)| *known == name).nth(index).map(|(_, value)| *value)
    }
}

fn rule(hosts: &[&str], paths: &[&str], methods: &[&str]) -> RouteRule {
    RouteRule {
        hosts: hosts.iter().map(|host| HostRule::parse(host).unwrap()).collect(),
        paths: paths.iter().map(|path| PathRule::parse(path).unwrap()).collect(),
        methods: methods.iter().map(|&method| method.to_owned()).collect(),
        ..RouteRule::default()
    }
}

fn find(rules: &[RouteRule], method: &str, authority: &str, path: &str) -> Option<usize> {
    let request = RoutingRequest { method, authority, path, headers: &Lines(&[]) };
    Router::new(rules.iter().cloned()).find(&request).map(|found| found.route)
}

#[test]
fn more_kinds_of_criteria_win_whatever_the_order_of_declaration() {
    let rules = [
        rule(&[], &["/a"], &[]),
        rule(&["h"], &[], &[]),
        rule(&["h"], &["/a"], &[]),
        rule(&["h"], &["/a"], &["GET"]),
        rule(&[], &[], &["GET"]),
    ];
    for (method, host, path, expected) in [
        ("GET", "h", "/a/b", Some(3)),
        ("POST", "h", "/a/b", Some(2)),
        ("POST", "h", "/b", Some(1)),
        ("POST", "x", "/a", Some(0)),
        ("GET", "x", "/b", Some(4)),
        ("POST", "x", "/b", None),
    ] {
        assert_eq!(find(&rules, method, host, path), expected, "{method} {host} {path}");
    }
}

#[test]
fn plain_hosts_come_before_wildcards_and_a_port_counts_only_where_it_is_written() {
    let rules = [
        rule(&["*.example.com", "example.*"], &[], &[]),
        rule(&["api.example.com"], &[], &[]),
        rule(&["api.example.com:8443"], &[], &[]),
    ];
    for (host, expected) in [
        ("API.example.com", Some(1)),
        ("api.example.com.", Some(1)),
        ("api.example.com.:8443", Some(1)),
        ("b.example.com.", Some(0)),
        ("api.example.com:8000", Some(1)),
        ("a.b.example.com", Some(0)),
        ("example.org", Some(0)),
        ("example.com", Some(0)),
        (".example.com", None),
        ("badexample.com", None),
    ] {
        assert_eq!(find(&rules, "GET", host, "/"), expected, "{host}");
    }
    assert_eq!(find(&rules[2..], "GET", "api.example.com", "/"), None);
    assert_eq!(find(&rules[2..], "GET", "api.example.com:8443", "/"), Some(0));
    assert!(
        ["a.*.b", "*", "*a.com", "a b", "", "*.x.*", "a:99999", "*.", "."]
            .iter()
            .all(|host| HostRule::parse(host).is_err())
    );
    assert_eq!(find(&[rule(&["[::1]"], &[], &[])], "GET", "[::1]:80", "/"), Some(0));
}

#[test]
fn regex_paths_come_before_prefixes_by_priority_and_longer_prefixes_before_shorter() {
    let low = RouteRule { regex_priority: 1, ..rule(&[], &["~/v\\d+"], &[]) };
    let high = RouteRule { regex_priority: 5, ..rule(&[], &["~/v1"], &[]) };
    let rules = [rule(&[], &["/"], &[]), rule(&[], &["/v1/long", "/x"], &[]), low, high, rule(&[], &["/v1/lo"], &[])];
    for (path, expected) in [("/v1/long", 3), ("/v22", 2), ("/vx", 0), ("/x", 1)] {
        assert_eq!(find(&rules, "GET", "h", path), Some(expected), "{path}");
    }
    let rules = [rule(&[], &["/v1/lo"], &[]), rule(&[], &["/v1/long", "/x"], &[])];
    assert_eq!(find(&rules, "GET", "h", "/v1/longer"), Some(1));
    assert_eq!(find(&rules, "GET", "h", "/v1/lot"), Some(0));
    assert_eq!(find(&[rule(&[], &["~/b"], &[])], "GET", "h", "/a/b"), None, "an expression begins at the beginning");
}

#[test]
fn headers_match_one_of_their_values_in_any_case() {
    let headers = vec![
        HeaderRule::parse("X-Version", &["v1".into(), "v2".into()]).unwrap(),
        HeaderRule::parse("x-region", &["~*^eu-".into()]).unwrap(),
    ];
    let router = Router::new([RouteRule::default(), RouteRule { headers, ..RouteRule::default() }]);
    let found = |version: &'static [u8], region: &'static [u8]| {
        let lines = [("x-version", &b"v9"[..]), ("x-version", version), ("x-region", region)];
        let request = RoutingRequest { method: "GET", authority: "h", path: "/", headers: &Lines(&lines) };
        router.find(&request).unwrap().route
    };
    assert_eq!(found(b"V2", b"EU-west"), 1);
    assert_eq!(found(b"v3", b"eu-west"), 0);
    assert_eq!(found(b"v1", b"us-east"), 0);
    assert_eq!(found(b"v1", b"\xff"), 0);
}

#[test]
fn a_path_has_one_spelling() {
    for (raw, expected) in [
        ("/a/b", "/a/b"),
        ("/%61/%7e%2F", "/a/~%2F"),
        ("/a//b/./c/../d", "/a/b/d"),
        ("/a/%2e%2E/b", "/b"),
        ("/../..", "/"),
        ("/a/..", "/"),
        ("/a/.", "/a/"),
        ("/a/b/", "/a/b/"),
        ("", "/"),
        ("/a%zz%", "/a%25zz%25"),
        ("/é {", "/%C3%A9%20%7B"),
        ("/a\\b", "/a%5Cb"),
        ("/.well-known/x", "/.well-known/x"),
    ] {
        assert_eq!(normalized(raw), expected, "{raw}");
    }
}

#[test]
fn a_path_of_which_others_may_find_other_segments_is_known() {
    for plain in ["/", "/a/b", "/a/b/", "/%61%2f", "/a..b/.c", "/a%zz", "/a b", "/.../x", "/a;x=1"] {
        assert!(has_plain_segments(plain), "{plain}");
    }
    for other in [
        "",
        "a",
        "/a/../b",
        "/a/%2e%2E/b",
        "/a/.%2e",
        "/a/.",
        "/./a",
        "//a",
        "/a//b",
        "/a//",
        "/a#/../b",
        "/a\\b",
        "/a?b",
    ] {
        assert!(!has_plain_segments(other), "{other}");
    }
}

#[test]
fn what_cannot_be_used_is_refused() {
    assert_eq!(PathRule::parse("a").unwrap_err(), RuleError::Path);
    assert_eq!(PathRule::parse("~/(a").unwrap_err(), RuleError::Regex);
    assert_eq!(PathRule::parse("~/(?=a)").unwrap_err(), RuleError::Regex);
    assert_eq!(PathRule::parse("~/((a{1000}){1000}){1000}").unwrap_err(), RuleError::Regex);
}

proptest! {
    #[test]
    fn a_normal_path_is_normal(raw in "[/.%a-cA-F0-9é\\\\ ]{0,30}") {
        let once = normalized(&raw).into_owned();
        prop_assert_eq!(normalized(&once), once.as_str());
        prop_assert!(once.starts_with('/') && once.is_ascii() && !once.contains("//"));
        prop_assert!(!once.split('/').any(|segment| segment == "." || segment == ".."));
    }

    #[test]
    fn an_upstream_s_path_is_normal_whatever_a_route_takes(
        base in "/[ab]{0,2}/?", raw in "[/.%a-cA-F0-9]{0,20}", taken in prop::option::of(0usize..20),
    ) {
        let (base, path) = (normalized(&base), normalized(&raw));
        let joined = upstream_path(&base, &path, taken.filter(|taken| *taken <= path.len()));
        prop_assert!(joined.is_none_or(|joined| normalized(&joined) == joined));
    }

    #[test]
    fn whichever_route_is_found_fits_and_none_with_more_criteria_does(
        shapes in prop::collection::vec((any::<bool>(), prop::option::of("/[ab]{0,2}"), any::<bool>()), 1..8),
        host in any::<bool>(), path in "/[ab]{0,3}", method in any::<bool>(),
    ) {
        let rules: Vec<_> = shapes
            .iter()
            .map(|(host, path, method)| {
                let paths: Vec<&str> = path.as_deref().into_iter().collect();
                rule(if *host { &["h"] } else { &[] }, &paths, if *method { &["GET"] } else { &[] })
            })
            .collect();
        let (authority, verb) = (if host { "h" } else { "x" }, if method { "GET" } else { "POST" });
        let fits = |(wants_host, prefix, wants_method): &(bool, Option<String>, bool)| {
            (!wants_host || host) && (!wants_method || method) && prefix.as_ref().is_none_or(|p| path.starts_with(p))
        };
        let weight = |(host, path, method): &(bool, Option<String>, bool)| {
            usize::from(*host) + usize::from(path.is_some()) + usize::from(*method)
        };
        let best = shapes.iter().filter(|shape| fits(shape)).map(weight).max();
        let found = find(&rules, verb, authority, &path).map(|route| shapes.get(route).unwrap());
        prop_assert_eq!(found.map(weight), best);
        prop_assert!(found.is_none_or(fits));
    }
}
