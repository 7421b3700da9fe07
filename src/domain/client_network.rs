//! Whom limits for one client count together.

use std::net::{IpAddr, Ipv6Addr};

/// The address that stands for a client: its own, or for IPv6 that of the network (/64) which one customer gets, who could
/// otherwise try again from as many addresses as there are.
#[must_use]
pub fn client_network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_of_one_customer_are_one_client() {
        let of = |text: &str| client_network(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!((of("192.0.2.7").as_str(), of("::ffff:192.0.2.7").as_str()), ("192.0.2.7", "192.0.2.7"));
    }
}
