//! Whose headers are believed, and which certificate authorities.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Builder;
use crate::config::settings::{EgressSettings, TrustedProxies};
use crate::config::{tls_files, vault};

impl Builder<'_> {
    pub(super) fn trusted_proxies(&mut self) -> TrustedProxies {
        const KEY: &str = "trusted_ips";
        let mut networks = Vec::new();
        for item in self.values.list(KEY) {
            match network(item) {
                Some(network) => networks.push(network),
                None if item == "unix:" || vault::is_reference(item) => {}
                None => {
                    let message = format!(
                        "{KEY} must be a comma separated list in the form of IPv4 or IPv6 address or CIDR block or 'unix:', got '{item}'"
                    );
                    self.error(KEY, message);
                }
            }
        }
        TrustedProxies {
            networks,
            real_ip_header: self.header_name("real_ip_header", "x-real-ip"),
            recursive: self.values.bool("real_ip_recursive"),
        }
    }

    pub(super) fn egress(&mut self) -> EgressSettings {
        const KEY: &str = "lua_ssl_trusted_certificate";
        let mut egress = EgressSettings::default();
        for item in self.values.list(KEY) {
            match item.as_str() {
                "system" => egress.system_roots = true,
                reference if vault::is_reference(reference) => {}
                value => match tls_files::load_certificates(value) {
                    Some((_, pem)) => egress.extra_roots.push(pem),
                    None => {
                        let message = format!("{KEY}: failed loading certificate from {}", tls_files::shown(value));
                        self.error(KEY, message);
                    }
                },
            }
        }
        egress
    }
}

fn network(item: &str) -> Option<IpNet> {
    item.parse::<IpNet>().ok().or_else(|| item.parse::<IpAddr>().ok().map(IpNet::from))
}
