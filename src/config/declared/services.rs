//! Services.

use std::time::Duration;

use url::Url;

use super::plugins::PluginReader;
use super::reader::{Object, made_id};
use super::{Declared, Service, routes};
use crate::domain::routing::normalized;

/// Longest timeout of Kong's schema, milliseconds.
const LONGEST_MS: i64 = (1 << 31) - 2;
/// Kong's default of the three timeouts, milliseconds.
const DEFAULT_MS: i64 = 60_000;
const NO_CHOICE: &str =
    "cannot be chosen in kong-sso: upstream certificates are verified, and no client certificate is sent";

/// Where a service is.
struct Address {
    is_tls: bool,
    host: String,
    port: Option<u16>,
    path: Option<String>,
}

/// Adds the service with its routes; one that is not enabled is checked and left out.
pub(super) fn read(mut object: Object<'_>, reader: &PluginReader<'_>, declared: &mut Declared) {
    let (id, name) = (object.text("id"), object.text("name"));
    let id = id.unwrap_or_else(|| made_id("service", name.as_deref().unwrap_or(&object.place)));
    let is_enabled = object.flag("enabled", true);
    let address = address(&mut object);
    object.ignore(&["retries"]);
    object.refuse(&["client_certificate", "ca_certificates", "tls_verify_depth", "tls_sans"], NO_CHOICE);
    if !object.flag("tls_verify", true) {
        object.problem("tls_verify", NO_CHOICE);
    }
    let service = Service {
        name: name.unwrap_or_else(|| id.clone()),
        id,
        is_tls: address.as_ref().is_some_and(|address| address.is_tls),
        port: address.as_ref().map_or(80, |it| it.port.unwrap_or(if it.is_tls { 443 } else { 80 })),
        path: path(&object, address.as_ref().and_then(|address| address.path.as_deref())),
        host: address.map(|address| address.host).unwrap_or_default(),
        connect_timeout: timeout(&mut object, "connect_timeout"),
        write_timeout: timeout(&mut object, "write_timeout"),
        read_timeout: timeout(&mut object, "read_timeout"),
        plugins: object.objects("plugins").into_iter().filter_map(|plugin| reader.read(plugin)).collect(),
    };
    let routes = object.objects("routes");
    object.finish();
    // A service that is off is read into a place of its own, so that its problems are found all the same.
    let mut aside = Declared::default();
    let target = if is_enabled { declared } else { &mut aside };
    let index = target.services.len();
    target.services.push(service);
    for route in routes {
        routes::read(route, index, reader, target);
    }
}

/// `url`, or `protocol`, `host`, `port` and `path`.
fn address(object: &mut Object<'_>) -> Option<Address> {
    let url = object.text("url");
    let (protocol, host) = (object.text("protocol"), object.text("host"));
    let port = object.whole("port", 0, 65_535).and_then(|port| u16::try_from(port).ok());
    let path = object.text("path");
    let Some(url) = url else {
        let is_tls = is_tls(object, "protocol", protocol.as_deref().unwrap_or("http"))?;
        let host = host.filter(|host| is_host(host));
        if host.is_none() {
            object.problem(
                "host",
                "is required: a host name or address (or url in place of protocol, host, port and path)",
            );
        }
        return Some(Address { is_tls, host: host?, port, path });
    };
    if protocol.is_some() || host.is_some() || port.is_some() || path.is_some() {
        object.problem("url", "stands beside protocol, host, port or path: give one of the two forms");
    }
    let Ok(parsed) = Url::parse(&url) else {
        object.problem("url", "is not a URL");
        return None;
    };
    let is_plain = parsed.username().is_empty() && parsed.query().is_none() && parsed.fragment().is_none();
    if !is_plain || parsed.host_str().is_none() {
        object.problem("url", "must be a plain base URL, without user, query or fragment");
    }
    let is_tls = is_tls(object, "url", parsed.scheme())?;
    let path = Some(parsed.path().to_owned());
    Some(Address { is_tls, host: parsed.host_str()?.to_owned(), port: parsed.port(), path })
}

fn is_tls(object: &Object<'_>, member: &str, protocol: &str) -> Option<bool> {
    match protocol {
        "http" | "ws" => Some(false),
        "https" | "wss" => Some(true),
        other => {
            object.problem(
                member,
                format!("has the protocol '{other}', which kong-sso does not serve (http, https, ws and wss)"),
            );
            None
        }
    }
}

fn is_host(host: &str) -> bool {
    Url::parse(&format!("http://{host}/")).is_ok_and(|url| {
        url.port().is_none() && url.path() == "/" && url.username().is_empty() && url.query().is_none()
    }) && !host.contains(['/', '@', '#', '?'])
}

fn path(object: &Object<'_>, path: Option<&str>) -> String {
    let path = path.unwrap_or("/");
    if !path.starts_with('/') {
        object.problem("path", "must begin with '/'");
    }
    normalized(path).into_owned()
}

fn timeout(object: &mut Object<'_>, name: &'static str) -> Duration {
    let ms = object.whole(name, 1, LONGEST_MS).unwrap_or(DEFAULT_MS);
    Duration::from_millis(u64::try_from(ms).unwrap_or_default())
}
