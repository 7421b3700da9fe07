//! The top of the file, and what its parts say of each other.

use std::cell::RefCell;

use serde_json::Value;

use super::consumers;
use super::plugins::{self, PluginReader};
use super::reader::{Object, Problem, Problems};
use super::{Declared, Route, Service, routes, services};
use crate::config::vault::Vaults;

/// Entities of Kong that kong-sso does not serve.
const NOT_SERVED: [&str; 11] = [
    "upstreams",
    "targets",
    "certificates",
    "ca_certificates",
    "snis",
    "vaults",
    "keys",
    "key_sets",
    "rbac_roles",
    "partials",
    "_plugin_configs",
];

pub(super) fn read(value: &Value, vaults: &Vaults<'_>, forbid_unverified: bool) -> Result<Declared, Vec<Problem>> {
    let problems = Problems::default();
    let reader = PluginReader { vaults, problems: &problems, forbid_unverified, warnings: RefCell::default() };
    let declared = Object::of(value, String::new(), &problems).map(|top| read_top(top, &reader));
    let warnings = reader.warnings.into_inner();
    let found = problems.into_vec();
    match declared {
        Some(declared) if found.is_empty() => Ok(Declared { warnings, ..declared }),
        _ => Err(found),
    }
}

fn read_top(mut top: Object<'_>, reader: &PluginReader<'_>) -> Declared {
    let PluginReader { vaults, problems, .. } = *reader;
    check_version(&mut top);
    top.ignore(&["_transform", "_konnect", "_workspace"]);
    if let Some(mut info) = top.object("_info") {
        info.ignore(&["select_tags"]);
        info.refuse(&["defaults"], "is not applied by kong-sso: write the values into the entities");
        info.finish();
    }
    top.refuse(&NOT_SERVED, "is not served by kong-sso");
    let mut declared = Declared::default();
    for service in top.objects("services") {
        services::read(service, reader, &mut declared);
    }
    for route in top.objects("routes") {
        routes::read_top_level(route, reader, &mut declared);
    }
    consumers::read(&mut top, vaults, problems, &mut declared);
    for plugin in top.objects("plugins") {
        read_plugin(plugin, reader, &mut declared);
    }
    top.finish();
    check_unique(&declared, problems);
    declared
}

fn check_version(top: &mut Object<'_>) {
    match top.get("_format_version").map(|version| version.as_str()) {
        Some(Some("3.0" | "1.1" | "2.1")) => {}
        None => top.problem("_format_version", "is required: \"3.0\""),
        Some(_) => top.problem("_format_version", "is none that kong-sso reads: \"3.0\", in quotes"),
    }
}

/// A plugin at the top of the file: for everything, or for the service or route that it names.
fn read_plugin(mut plugin: Object<'_>, reader: &PluginReader<'_>, declared: &mut Declared) {
    let (service, route) = (plugin.reference("service"), plugin.reference("route"));
    let found = match (&service, &route) {
        (None, None) => Some(&mut declared.plugins),
        (Some(name), None) => {
            declared.services.iter_mut().find(|it| it.id == *name || it.name == *name).map(|it| &mut it.plugins)
        }
        (None, Some(name)) => {
            declared.routes.iter_mut().find(|it| it.id == *name || it.name == *name).map(|it| &mut it.plugins)
        }
        (Some(_), Some(_)) => {
            plugin.problem("service", "and route cannot both be named by a plugin");
            return;
        }
    };
    match found {
        Some(list) => list.extend(reader.read(plugin)),
        None => {
            let member = if service.is_some() { "service" } else { "route" };
            plugin.problem(member, format!("names none that is declared: '{}'", service.or(route).unwrap_or_default()));
        }
    }
}

fn check_unique(declared: &Declared, problems: &Problems) {
    let services = declared.services.iter().map(|Service { id, name, .. }| ("services", id, name));
    let routes = declared.routes.iter().map(|Route { id, name, .. }| ("routes", id, name));
    let mut seen = std::collections::HashSet::new();
    for (kind, id, name) in services.chain(routes) {
        let is_new = seen.insert((kind, id.as_str())) && (id == name || seen.insert((kind, name.as_str())));
        if !is_new {
            problems.add(kind, format!("has '{name}' more than once"));
        }
    }
    plugins::check_unique(&declared.plugins, problems);
    declared.services.iter().for_each(|service| plugins::check_unique(&service.plugins, problems));
    declared.routes.iter().for_each(|route| plugins::check_unique(&route.plugins, problems));
}
