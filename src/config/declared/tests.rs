#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use secrecy::ExposeSecret as _;

use super::*;

fn read(text: &str) -> Result<Declared, Vec<String>> {
    parse(text, &Surroundings::default()).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

const WHOLE: &str = r#"
_format_version: "3.0"
services:
  - name: orders
    url: https://orders.internal:8443/base
    read_timeout: 5000
    routes:
      - name: orders-v1
        hosts: [api.example.com, "*.example.org"]
        paths: [/v1, "~/v\\d+/x"]
        methods: [GET]
        headers: { x-version: [v1] }
        regex_priority: 3
        strip_path: false
        preserve_host: true
        protocols: [https]
        plugins:
          - name: acl
            config: { allow: [gold] }
          - name: key-auth
            enabled: false
    plugins:
      - name: openid-connect
        config: { issuer: "https://idp.example.com", auth_methods: [bearer] }
  - name: off
    enabled: false
    host: h
    routes: [{ paths: [/off] }]
routes:
  - service: { name: orders }
    paths: [/top]
consumer_groups: [{ name: gold-tier }]
consumers:
  - username: app
    custom_id: cid
    acls: [{ group: gold }]
    groups: [{ name: gold-tier }]
    keyauth_credentials: [{ key: s3cret }]
plugins:
  - name: key-auth
    service: orders
    config: { key_names: [apikey, x-key], anonymous: app }
  - name: acl
    config: { deny: [bad], hide_groups_header: true }
"#;

#[test]
fn a_whole_file_is_read() {
    let declared = read(WHOLE).unwrap();
    let service = &declared.services[0];
    assert_eq!(
        (service.is_tls, service.host.as_str(), service.port, service.path.as_str()),
        (true, "orders.internal", 8443, "/base")
    );
    assert_eq!((service.read_timeout, service.connect_timeout), (Duration::from_secs(5), Duration::from_secs(60)));
    assert_eq!(declared.services.len(), 1, "a service that is off is left out");
    let route = &declared.routes[0];
    assert_eq!((route.rule.hosts.len(), route.rule.paths.len(), route.rule.headers.len()), (2, 2, 1));
    assert!(route.needs_tls && route.preserve_host && !route.strip_path);
    assert_eq!(route.plugins.len(), 1, "a plugin that is off is left out");
    assert_eq!((declared.routes.len(), declared.routes[1].service), (2, 0));
    let names: Vec<_> = service.plugins.iter().map(|plugin| (plugin.place.as_str(), plugin.conf.name())).collect();
    assert_eq!(names, [("services[0].plugins[0]", "openid-connect"), ("plugins[0]", "key-auth")]);
    let consumer = &declared.consumers[0];
    assert_eq!((consumer.consumer.acl_groups.len(), consumer.keys[0].key.expose_secret()), (1, "s3cret"));
    assert_eq!(read(WHOLE).unwrap().consumers[0].consumer.id, consumer.consumer.id, "ids last over reloads");
    assert!(matches!(&declared.plugins[0].conf, PluginConf::Acl(acl) if !acl.is_allow && acl.hide_groups_header));
}

#[test]
fn json_is_read_too() {
    let text = r#"{"_format_version": "3.0", "services": [{"name": "a", "host": "h", "port": 81, "routes": [{"paths": ["/a"]}]}]}"#;
    let declared = read(text).unwrap();
    assert_eq!((declared.services[0].port, declared.routes[0].strip_path), (81, true));
}

#[test]
fn every_problem_is_reported_with_its_place() {
    let text = r#"
_format_version: "3.0"
upstreams: [{ name: u }]
services:
  - name: a
    url: grpc://h
    routes:
      - paths: [/a, b, "~/(x"]
        hosts: ["a.*.b"]
        methods: [get]
        protocols: [tcp]
        pahts: [/c]
      - name: none
    plugins:
      - name: rate-limiting
      - name: acl
        config: { allow: [a], deny: [b] }
      - name: key-auth
        config: { key_names: ["a b"], key_in_body: true, hide_credential: true }
  - name: a
    host: "h/x"
    tls_verify: false
consumers:
  - username: 1
  - username: x
    groups: [{ name: nope }]
    keyauth_credentials: [{ key: k, ttl: 5 }, { key: k }]
  - username: x
plugins:
  - name: openid-connect
    config: { client_secret: ["${{ env \"DECK_X\" }}", "{vault://env/nope}"] }
  - name: openid-connect
    route: nowhere
"#;
    let problems = read(text).unwrap_err();
    for expected in [
        "upstreams is not served by kong-sso",
        "services[0].url has the protocol 'grpc'",
        "services[0].routes[0].paths[1] must begin with '/'",
        "services[0].routes[0].paths[2] is not a regular expression",
        "services[0].routes[0].hosts[0] is not a host name",
        "services[0].routes[0].methods[0] is not a method",
        "services[0].routes[0].protocols[0] is a protocol",
        "services[0].routes[0].pahts is not known (did you mean 'paths'?)",
        "services[0].routes[1].paths is required",
        "services[0].plugins[0].name is 'rate-limiting', which kong-sso does not run",
        "services[0].plugins[1].config.allow or deny",
        "services[0].plugins[2].config.key_names[0] can only",
        "services[0].plugins[2].config.key_in_body is not available",
        "services[0].plugins[2].config.hide_credential is not known (did you mean 'hide_credentials'?)",
        "services[1].host is required",
        "services[1].tls_verify cannot be chosen",
        "services has 'a' more than once",
        "consumers[0].username is not a string: put it in quotes",
        "consumers[0].username or custom_id is required",
        "consumers[1].groups[0].name is not among the consumer_groups: 'nope'",
        "consumers[1].keyauth_credentials[0].ttl has no meaning",
        "consumers[1].keyauth_credentials belongs to another",
        "consumers[2].username belongs to another consumer already",
        "plugins[0].config.client_secret[0] holds a decK template",
        "plugins[0].config.client_secret[1] failed to dereference '{vault://env/nope}'",
        "plugins[1].route names none that is declared: 'nowhere'",
    ] {
        assert!(problems.iter().any(|problem| problem.starts_with(expected)), "{expected} is missing in {problems:#?}");
    }
    assert!(problems.iter().all(|problem| !problem.contains("DECK_X")), "{problems:#?}");
}

#[test]
fn a_key_that_stands_twice_and_a_file_without_its_version_are_refused() {
    let problems = read("_format_version: \"3.0\"\nservices: []\nservices: []\n").unwrap_err();
    assert!(problems[0].contains("duplicate"), "{problems:?}");
    let problems = read(r#"{"_format_version": "3.0", "a": 1, "a": 2}"#).unwrap_err();
    assert!(problems[0].contains("duplicate"), "{problems:?}");
    assert_eq!(read("services: []").unwrap_err(), ["_format_version is required: \"3.0\""]);
    assert_eq!(
        read("_format_version: 3.0").unwrap_err(),
        ["_format_version is none that kong-sso reads: \"3.0\", in quotes"]
    );
    assert_eq!(read("").unwrap_err(), ["is not an object"]);
    assert_eq!(read("- a").unwrap_err(), ["is not an object"]);
}

#[test]
fn bombs_end_early() {
    let mut laughs = String::from("_format_version: \"3.0\"\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        laughs.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    assert!(read(&laughs).is_err());
    assert!(read(&"[".repeat(100_000)).is_err());
    assert!(read(&format!("a: {}", "{b: ".repeat(100))).is_err());
    assert!(read(&"x".repeat(LARGEST_FILE + 1)).unwrap_err()[0].contains("larger than"));
}

#[test]
fn anchors_serve_as_in_kong_s_own_files() {
    let text = "_format_version: \"3.0\"\nservices:\n  - &s { name: a, host: h, port: 1 }\n  - { <<: *s, name: b }\n";
    let declared = read(text).unwrap();
    assert_eq!((declared.services[1].name.as_str(), declared.services[1].host.as_str()), ("b", "h"));
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in "[-:\\[\\]{}&*!|>'\"%@`#, \\na-c0-9_.~\\\\]{0,200}") {
        let _ = read(&text);
        let _ = read(&format!("_format_version: \"3.0\"\nservices: {text}"));
    }
}
