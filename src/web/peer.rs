//! Where a request came from: client address and public origin, believing forwarded headers only from `trusted_ips`.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, HeaderMap, HeaderValue};

use crate::config::settings::TrustedProxies;

/// The far end of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Address of the TCP peer.
    pub connection: IpAddr,
    /// Address of the client, after forwarded headers of trusted peers.
    pub client: IpAddr,
    /// `http` or `https` as the client sees it.
    pub scheme: &'static str,
    /// Host and port as the client sees them.
    pub authority: String,
    /// Whether the TCP peer is trusted.
    pub is_trusted: bool,
}

impl Peer {
    /// Reads the peer of `request`.
    #[must_use]
    pub fn of(request: &HttpRequest, proxies: &TrustedProxies) -> Self {
        let connection = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
        let is_trusted = proxies.trusts(connection);
        let host = || request.headers().get(HOST).and_then(|value| value.to_str().ok()).map(str::trim);
        let forwarded = |name: &str| {
            let last = is_trusted.then(|| entries_from_right(request.headers(), name).next().flatten()).flatten();
            last.filter(|value| !value.is_empty())
        };
        let is_tls = match forwarded("x-forwarded-proto") {
            Some("https") => true,
            Some("http") => false,
            _ => request.app_config().secure(),
        };
        let own = request.uri().authority().map(|authority| authority.as_str()).or_else(host);
        let authority = forwarded("x-forwarded-host").or(own).filter(|host| is_authority(host)).unwrap_or("localhost");
        Self {
            connection,
            client: if is_trusted { client_behind(connection, proxies, request.headers()) } else { connection },
            scheme: if is_tls { "https" } else { "http" },
            authority: authority.to_owned(),
            is_trusted,
        }
    }

    /// The line of the request that says `authority`, if it says nothing else.
    #[must_use]
    pub fn authority_line(&self, request: &HttpRequest) -> Option<HeaderValue> {
        request.headers().get(HOST).filter(|line| line.as_bytes() == self.authority.as_bytes()).cloned()
    }

    /// Whether every host that the request names is one, and none is there twice; else nothing may be decided by
    /// `authority`.
    #[must_use]
    pub fn is_host_clear(&self, request: &HttpRequest) -> bool {
        is_host_clear(request, self.is_trusted)
    }

    /// `scheme://authority`, as browsers write it in `Origin`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }
}

/// An address as text; for the usual ones without a formatter's detour.
#[must_use]
pub fn text_of(address: IpAddr) -> String {
    let IpAddr::V4(address) = address else { return address.to_string() };
    let mut text = String::with_capacity("255.255.255.255".len());
    for (place, octet) in address.octets().into_iter().enumerate() {
        if place > 0 {
            text.push('.');
        }
        for (least, divisor) in [(100, 100), (10, 10), (0, 1)] {
            if octet >= least {
                text.push(char::from(b'0' + octet / divisor % 10));
            }
        }
    }
    text
}

/// Letters that a host with port may have; anything else could leave the place it is written into.
fn is_authority(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 255
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']'))
}

fn is_host_clear(request: &HttpRequest, is_trusted: bool) -> bool {
    let is_clear = |host: Option<&str>| host.is_some_and(|host| host.is_empty() || is_host_and_port(host));
    let mut lines = request.headers().get_all(HOST);
    let is_own_clear = lines.next().is_none_or(|line| is_clear(line.to_str().ok().map(str::trim)));
    let told = is_trusted.then(|| entries_from_right(request.headers(), "x-forwarded-host").next()).flatten();
    is_own_clear
        && lines.next().is_none()
        && request.uri().authority().is_none_or(|authority| is_clear(Some(authority.as_str())))
        && told.is_none_or(is_clear)
}

/// Whether `text` is one name or address with at most one port, so that all readers find the same host in it.
fn is_host_and_port(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((literal, rest)) if rest.is_empty() || rest.starts_with(':') => (literal, rest.trim_start_matches(':')),
        Some(_) => return false,
        None => text.split_once(':').unwrap_or((text, "")),
    };
    let is_name = !host.contains(['[', ']']) && !host.contains("..") && (text.starts_with('[') || !host.contains(':'));
    is_authority(text) && !host.is_empty() && is_name && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// The entries of a list header from the right, over all its lines: a proxy may append a line of its own instead of
/// extending the client's. An unreadable line is one `None`, so that nothing to its left is believed.
fn entries_from_right<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = Option<&'h str>> {
    let lines: Vec<_> = headers.get_all(name).collect();
    lines.into_iter().rev().flat_map(|line| match line.to_str() {
        Ok(list) => list.rsplit(',').map(|entry| Some(entry.trim())).collect(),
        Err(_) => vec![None],
    })
}

/// Walks the configured header from the right past trusted addresses; stops at what is no address.
fn client_behind(connection: IpAddr, proxies: &TrustedProxies, headers: &HeaderMap) -> IpAddr {
    let name = if proxies.real_ip_header.is_empty() { "x-real-ip" } else { proxies.real_ip_header.as_str() };
    let mut client = connection;
    for entry in entries_from_right(headers, name) {
        let Some(address) = entry.and_then(parse_address) else { break };
        client = address;
        if !(proxies.recursive && proxies.trusts(address)) {
            break;
        }
    }
    client
}

fn parse_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use actix_web::test::TestRequest;

    fn proxies(recursive: bool) -> TrustedProxies {
        TrustedProxies {
            networks: vec!["10.0.0.0/8".parse().unwrap()],
            real_ip_header: "x-forwarded-for".into(),
            recursive,
        }
    }

    fn request(peer: &str) -> TestRequest {
        TestRequest::get()
            .peer_addr(format!("{peer}:1").parse().unwrap())
            .insert_header(("x-forwarded-for", "6.6.6.6, 1.2.3.4, 10.0.0.9"))
            .insert_header(("x-forwarded-proto", "https"))
            .insert_header(("x-forwarded-host", "kong.example.com"))
            .insert_header(("host", "127.0.0.1:9002"))
    }

    #[test]
    fn forwarded_headers_of_strangers_are_not_believed() {
        let peer = Peer::of(&request("192.0.2.1").to_http_request(), &proxies(true));
        assert_eq!((peer.client.to_string().as_str(), peer.origin().as_str()), ("192.0.2.1", "http://127.0.0.1:9002"));
    }

    #[test]
    fn the_list_is_walked_from_the_right_past_trusted_proxies() {
        let peer = Peer::of(&request("10.0.0.1").to_http_request(), &proxies(true));
        assert_eq!((peer.client.to_string().as_str(), peer.origin().as_str()), ("1.2.3.4", "https://kong.example.com"));
        let peer = Peer::of(&request("10.0.0.1").to_http_request(), &proxies(false));
        assert_eq!(peer.client.to_string(), "10.0.0.9");
    }

    #[test]
    fn a_line_that_the_client_sent_first_is_not_believed() {
        let request = TestRequest::get()
            .peer_addr("10.0.0.1:1".parse().unwrap())
            .append_header(("x-forwarded-for", "6.6.6.6"))
            .append_header(("x-forwarded-for", "1.2.3.4"))
            .append_header(("x-forwarded-proto", "https"))
            .append_header(("x-forwarded-proto", "http"))
            .append_header(("x-forwarded-host", "evil.example"))
            .append_header(("x-forwarded-host", "kong.example.com"));
        let peer = Peer::of(&request.to_http_request(), &proxies(true));
        assert_eq!((peer.client.to_string().as_str(), peer.origin().as_str()), ("1.2.3.4", "http://kong.example.com"));
    }

    #[test]
    fn a_host_that_readers_may_read_differently_is_not_clear() {
        let is_clear = |host: &str| {
            let request = TestRequest::get().uri("/").insert_header(("host", host)).to_http_request();
            Peer::of(&request, &proxies(false)).is_host_clear(&request)
        };
        for host in ["a.example", "a.example:80", "a.example.", "[::1]", "[::1]:80", "a_b", ""] {
            assert!(is_clear(host), "{host}");
        }
        for host in
            ["x@a.example", "a.example:1:2", "a.example..", "a b", "a/b", "a%2eb", "[::1", "::1", "[::1]x", ":80"]
        {
            assert!(!is_clear(host), "{host}");
        }
        let twice = TestRequest::get().append_header(("host", "a")).append_header(("host", "b")).to_http_request();
        assert!(!Peer::of(&twice, &proxies(false)).is_host_clear(&twice));
    }

    #[test]
    fn an_address_is_written_as_everywhere() {
        for address in ["0.0.0.0", "127.0.0.1", "255.255.255.255", "10.20.100.9", "192.168.101.110", "::1", "fe80::1"] {
            assert_eq!(text_of(address.parse().unwrap()), address);
        }
    }

    #[test]
    fn a_host_that_could_break_out_of_its_place_is_dropped() {
        let peer =
            Peer::of(&TestRequest::get().insert_header(("host", "a\"</script>")).to_http_request(), &proxies(false));
        assert_eq!(peer.authority, "localhost");
    }
}
