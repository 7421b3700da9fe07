//! Routes.

use super::plugins::PluginReader;
use super::reader::{Object, made_id};
use super::{Declared, Route};
use crate::domain::routing::{HeaderRule, HostRule, PathRule, RouteRule};

/// Protocols of a route, and whether they are encrypted.
const PROTOCOLS: [(&str, bool); 4] = [("http", false), ("https", true), ("ws", false), ("wss", true)];
/// Values of `https_redirect_status_code`.
const REDIRECTS: [u16; 5] = [426, 301, 302, 307, 308];

/// A route at the top of the file names its service.
pub(super) fn read_top_level(mut object: Object<'_>, reader: &PluginReader<'_>, declared: &mut Declared) {
    let Some(name) = object.reference("service") else {
        object.problem("service", "is required: kong-sso serves no route without a service");
        return;
    };
    match declared.services.iter().position(|service| service.id == name || service.name == name) {
        Some(service) => read(object, service, reader, declared),
        None => object.problem("service", format!("names none that is declared and enabled: '{name}'")),
    }
}

/// Adds a route of the service at that index.
pub(super) fn read(mut object: Object<'_>, service: usize, reader: &PluginReader<'_>, declared: &mut Declared) {
    let (id, name) = (object.text("id"), object.text("name"));
    let id = id.unwrap_or_else(|| made_id("route", name.as_deref().unwrap_or(&object.place)));
    let rule = rule(&mut object);
    object.ignore(&["request_buffering", "response_buffering"]);
    object.refuse(&["snis", "sources", "destinations", "expression", "priority"], "is not matched by kong-sso");
    if object.text("path_handling").is_some_and(|handling| handling != "v0") {
        object.problem("path_handling", "can only be v0 in kong-sso");
    }
    let status = object.whole("https_redirect_status_code", 0, 999).and_then(|status| u16::try_from(status).ok());
    if status.is_some_and(|status| !REDIRECTS.contains(&status)) {
        object.problem("https_redirect_status_code", "is none of 426, 301, 302, 307 and 308");
    }
    let route = Route {
        name: name.unwrap_or_else(|| id.clone()),
        id,
        service,
        rule,
        needs_tls: needs_tls(&mut object),
        https_redirect_status: status.unwrap_or(426),
        strip_path: object.flag("strip_path", true),
        preserve_host: object.flag("preserve_host", false),
        plugins: object.objects("plugins").into_iter().filter_map(|plugin| reader.read(plugin)).collect(),
    };
    object.finish();
    declared.routes.push(route);
}

fn rule(object: &mut Object<'_>) -> RouteRule {
    let hosts = object.texts("hosts");
    let paths = object.texts("paths");
    let rule = RouteRule {
        hosts: parsed(object, "hosts", &hosts, HostRule::parse),
        paths: parsed(object, "paths", &paths, PathRule::parse),
        methods: methods(object),
        headers: headers(object),
        regex_priority: object.whole("regex_priority", 0, (1 << 46) - 1).unwrap_or_default(),
    };
    if hosts.is_empty() && paths.is_empty() && rule.methods.is_empty() && rule.headers.is_empty() {
        object.problem("paths", "is required: a route needs at least one of hosts, paths, methods and headers");
    }
    rule
}

fn parsed<T, E: std::fmt::Display>(
    object: &Object<'_>,
    name: &str,
    texts: &[String],
    parse: impl Fn(&str) -> Result<T, E>,
) -> Vec<T> {
    let mut rules = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        match parse(text) {
            Ok(rule) => rules.push(rule),
            Err(error) => object.problem(&format!("{name}[{index}]"), format!("{error}: '{text}'")),
        }
    }
    rules
}

fn methods(object: &mut Object<'_>) -> Vec<String> {
    let methods = object.texts("methods");
    for (index, method) in methods.iter().enumerate() {
        if !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            object.problem(&format!("methods[{index}]"), format!("is not a method in upper case: '{method}'"));
        }
    }
    methods
}

fn headers(object: &mut Object<'_>) -> Vec<HeaderRule> {
    let Some(headers) = object.object("headers") else { return Vec::new() };
    let mut rules = Vec::new();
    for name in headers.names() {
        if name.eq_ignore_ascii_case("host") {
            headers.problem(name, "cannot be matched as a header: use hosts");
        }
        let values = headers.value_of(name).map(|value| headers.texts_of(value, name)).unwrap_or_default();
        match HeaderRule::parse(name, &values) {
            Ok(rule) => rules.push(rule),
            Err(error) => headers.problem(name, error.to_string()),
        }
    }
    rules
}

/// Whether clear text is not among the protocols.
fn needs_tls(object: &mut Object<'_>) -> bool {
    let protocols = object.texts("protocols");
    let mut has_clear_text = protocols.is_empty();
    for (index, protocol) in protocols.iter().enumerate() {
        match PROTOCOLS.iter().find(|(name, _)| name == protocol) {
            Some((_, is_encrypted)) => has_clear_text |= !is_encrypted,
            None => {
                let message =
                    format!("is a protocol that kong-sso does not serve: '{protocol}' (http, https, ws and wss)");
                object.problem(&format!("protocols[{index}]"), message);
            }
        }
    }
    !has_clear_text
}
