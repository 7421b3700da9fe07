//! Which Admin APIs workspaces may name as their upstream (`sso_workspace_upstreams`, kong-manager.md 6.3): without the
//! list kong-sso would fetch from any address inside the network for whoever may edit a workspace.

use std::net::IpAddr;

use url::{Host, Url};

use super::settings::{UpstreamRule, UpstreamSettings};

impl UpstreamSettings {
    /// Whether a workspace may have `url` as its upstream.
    #[must_use]
    pub fn admits(&self, url: &Url) -> bool {
        self.workspace_upstreams.iter().any(|rule| rule.admits(url))
    }
}

impl UpstreamRule {
    /// Whether this entry names the host of `url`. Networks hold address literals only: what a name resolves to can
    /// change after it was checked.
    #[must_use]
    pub fn admits(&self, url: &Url) -> bool {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address).to_canonical()),
            Some(Host::Domain(_)) => None,
            None => return false,
        };
        match (self, address) {
            (Self::Network(network), Some(address)) => network.contains(&address),
            (Self::Network(_), None) => false,
            (Self::Host(host, port), address) => {
                let is_host = match address {
                    Some(address) => host.parse::<IpAddr>().is_ok_and(|listed| listed.to_canonical() == address),
                    None => url.host_str().is_some_and(|name| name.eq_ignore_ascii_case(host)),
                };
                is_host && port.is_none_or(|port| url.port_or_known_default() == Some(port))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn admits(rule: &UpstreamRule, urls: &[&str]) -> Vec<bool> {
        urls.iter().map(|url| rule.admits(&url.parse().unwrap())).collect()
    }

    #[test]
    fn km_093_a_host_is_compared_without_case_and_with_its_port() {
        let rule = UpstreamRule::Host("kong-a".into(), Some(8001));
        let urls = ["http://KONG-A:8001", "http://kong-a", "http://kong-a.evil:8001", "http://kong-a@evil:8001"];
        assert_eq!(admits(&rule, &urls), [true, false, false, false]);
        let any_port = UpstreamRule::Host("kong-a".into(), None);
        assert_eq!(admits(&any_port, &["https://kong-a", "http://kong-a:1", "http://kong-b"]), [true, true, false]);
        let by_default = UpstreamRule::Host("kong-a".into(), Some(443));
        assert_eq!(admits(&by_default, &["https://kong-a/", "http://kong-a/"]), [true, false]);
    }

    #[test]
    fn km_093_a_network_holds_addresses_in_every_spelling_and_no_names() {
        let rule = UpstreamRule::Network("10.1.0.0/16".parse().unwrap());
        let inside = ["http://10.1.2.3:8001", "http://[::ffff:10.1.2.3]", "http://0x0a010203/", "http://167838211/"];
        assert_eq!(admits(&rule, &inside), [true; 4]);
        assert_eq!(admits(&rule, &["http://10.2.0.1", "http://[::1]", "http://10.1.2.3.nip.io"]), [false; 3]);
    }

    #[test]
    fn km_093_an_address_literal_is_a_host() {
        let rule = UpstreamRule::Host("::1".into(), None);
        assert_eq!(admits(&rule, &["http://[::1]:8001", "http://[::2]"]), [true, false]);
    }
}
