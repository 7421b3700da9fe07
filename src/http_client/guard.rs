//! Where requests to addresses may go that people chose (dev-portal.md 1.4, 8.2): public ones over `https`, and what the
//! operator listed. Names are judged by what they resolve to at the moment of the connection, so that a name that changes
//! its address after a check reaches nothing inside the network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::config::settings::UpstreamRule;

/// The rules; clones share them.
#[derive(Clone, Debug)]
pub struct EgressGuard(Arc<[UpstreamRule]>);

impl EgressGuard {
    /// Public addresses, and what is listed.
    #[must_use]
    pub fn new(allowed: &[UpstreamRule]) -> Self {
        Self(allowed.into())
    }

    /// Checks what can be seen of a URL before its name is resolved.
    ///
    /// # Errors
    /// Why no request may go there.
    pub fn check(&self, url: &Url) -> Result<(), &'static str> {
        if self.0.iter().any(|rule| rule.admits(url)) {
            return Ok(());
        }
        if url.scheme() != "https" {
            return Err("it is not https, and its host is not listed in sso_portal_egress_allow");
        }
        match url.host() {
            Some(Host::Ipv4(address)) if self.may_reach(IpAddr::V4(address)) => Ok(()),
            Some(Host::Ipv6(address)) if self.may_reach(IpAddr::V6(address)) => Ok(()),
            // Its port is not the listed one, and its addresses were trusted for that one only.
            Some(Host::Domain(name)) if !self.names(name) => Ok(()),
            _ => Err("its address is not public, and not listed in sso_portal_egress_allow"),
        }
    }

    fn names(&self, name: &str) -> bool {
        self.0.iter().any(|rule| matches!(rule, UpstreamRule::Host(host, _) if name.eq_ignore_ascii_case(host)))
    }

    fn may_reach(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let is_listed =
            |rule: &UpstreamRule| matches!(rule, UpstreamRule::Network(network) if network.contains(&address));
        is_public(address) || self.0.iter().any(is_listed)
    }
}

impl Resolve for EgressGuard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let is_named = guard.names(name.as_str());
            let reached: Vec<SocketAddr> = found.filter(|it| is_named || guard.may_reach(it.ip())).collect();
            if reached.is_empty() {
                return Err("none of its addresses is public or listed in sso_portal_egress_allow".into());
            }
            Ok(Box::new(reached.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the public internet (IANA special-purpose registries); addresses that carry another one
/// count as that one.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = a == 0
        || a >= 240
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19));
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([one, two], [three, four]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(one, two, three, four))
    };
    match (a, b) {
        // NAT64: what stands behind the translation.
        (0x64, 0xff9b) => (c, d, e, f) == (0, 0, 0, 0) && embedded(g, h),
        // 6to4.
        (0x2002, _) => embedded(b, c),
        // Teredo and other protocol assignments, benchmarks, documentation.
        (0x2001, 0..0x200 | 0xdb8) => false,
        // Global unicast is 2000::/3; everything else is special.
        _ => a & 0xe000 == 0x2000 && (a != 0x3fff || b >= 0x1000),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn dp_096_only_public_addresses_are_public() {
        for inside in [
            "127.0.0.1",
            "127.9.9.9",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fec0::1",
            "64:ff9b:1::1",
            "3fff::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700::1111", "2a00:1450::1", "64:ff9b::808:808"] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn dp_096_urls_are_judged_by_what_is_listed() {
        let none = EgressGuard::new(&[]);
        let listed = EgressGuard::new(&[
            UpstreamRule::Host("idp.internal".into(), Some(8443)),
            UpstreamRule::Network("10.0.0.0/8".parse().unwrap()),
        ]);
        for (url, by_none, by_list) in [
            ("https://op.test/", true, true),
            ("http://op.test/", false, false),
            ("https://127.0.0.1/", false, false),
            ("https://0x7f.1/", false, false),
            ("https://[::ffff:169.254.169.254]/", false, false),
            ("https://10.1.1.1/", false, true),
            ("http://10.1.1.1/", false, true),
            ("http://idp.internal:8443/", false, true),
            ("https://idp.internal:9/", true, false),
        ] {
            let url = url.parse().unwrap();
            assert_eq!((none.check(&url).is_ok(), listed.check(&url).is_ok()), (by_none, by_list), "{url}");
        }
    }

    #[tokio::test]
    async fn dp_096_a_name_of_this_machine_is_not_reached() {
        let name = || "localhost".parse::<Name>().unwrap();
        assert!(EgressGuard::new(&[]).resolve(name()).await.is_err());
        assert!(EgressGuard::new(&[UpstreamRule::Host("localhost".into(), None)]).resolve(name()).await.is_ok());
        let loopback = ["127.0.0.0/8", "::1/128"].map(|network| UpstreamRule::Network(network.parse().unwrap()));
        assert!(EgressGuard::new(&loopback).resolve(name()).await.is_ok());
    }
}
