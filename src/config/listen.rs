//! Kong's listen syntax (kong-manager.md 1.5).

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::settings::Listen;

/// An address with the flags that kong-sso reads past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ParsedListen {
    pub(super) listen: Listen,
    /// Flags without effect here, as written.
    pub(super) ignored: Vec<String>,
}

/// Addresses of a listen key; an empty list for `off`. `None` when the text has another form.
pub(super) fn parse(text: &str) -> Option<Vec<ParsedListen>> {
    let mut entries = text.split(',').map(str::trim_ascii).filter(|entry| !entry.is_empty()).peekable();
    match entries.peek() {
        None => None,
        Some(&"off") => Some(Vec::new()),
        Some(_) => entries.map(parse_entry).collect(),
    }
}

/// The error text for a listen key.
pub(super) fn form_message(key: &str) -> String {
    format!(
        "{key} must be of form: [off] | <ip>:<port> [ssl] [http2] [proxy_protocol] [deferred] [bind] [reuseport] \
         [backlog=%d+] [ipv6only=on] [ipv6only=off] [so_keepalive=on] [so_keepalive=off] \
         [so_keepalive=%w*:%w*:%d*], [... next entry ...]"
    )
}

fn parse_entry(entry: &str) -> Option<ParsedListen> {
    let mut words = entry.split_ascii_whitespace();
    let (host, port) = parse_address(words.next()?)?;
    let listen = Listen { host, port, ssl: false, http2: false, reuseport: false, backlog: None, ipv6only: None };
    let mut parsed = ParsedListen { listen, ignored: Vec::new() };
    words.try_for_each(|flag| apply_flag(&mut parsed, flag))?;
    Some(parsed)
}

fn parse_address(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port.bytes().all(|byte| byte.is_ascii_digit()).then(|| port.parse().ok())??;
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => Some((address.parse::<Ipv6Addr>().ok()?.to_string(), port)),
        None => is_host(host).then(|| (host.to_owned(), port)),
    }
}

/// An IPv4 address or a name; a name of digits and dots only is a broken address.
fn is_host(host: &str) -> bool {
    if host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return host.parse::<Ipv4Addr>().is_ok();
    }
    host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

fn apply_flag(parsed: &mut ParsedListen, flag: &str) -> Option<()> {
    let listen = &mut parsed.listen;
    match flag.split_once('=') {
        None => match flag {
            "ssl" => listen.ssl = true,
            "http2" => listen.http2 = true,
            "reuseport" => listen.reuseport = true,
            "proxy_protocol" | "deferred" | "bind" => parsed.ignored.push(flag.to_owned()),
            _ => return None,
        },
        Some(("backlog", value)) => listen.backlog = Some(value.parse().ok()?),
        Some(("ipv6only", "on")) => listen.ipv6only = Some(true),
        Some(("ipv6only", "off")) => listen.ipv6only = Some(false),
        Some(("so_keepalive", value)) if is_keepalive(value) => parsed.ignored.push(flag.to_owned()),
        Some(_) => return None,
    }
    Some(())
}

/// `on`, `off` or `idle:interval:count`.
fn is_keepalive(value: &str) -> bool {
    let parts: Vec<&str> = value.split(':').collect();
    match parts.as_slice() {
        ["on" | "off"] => true,
        [idle, interval, count] => {
            let is_time = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
            is_time(idle) && is_time(interval) && count.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    }
}

impl fmt::Display for Listen {
    /// The address in listen syntax.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port)?,
            false => write!(f, "{}:{}", self.host, self.port)?,
        }
        for (is_set, word) in [(self.ssl, " ssl"), (self.http2, " http2"), (self.reuseport, " reuseport")] {
            f.write_str(if is_set { word } else { "" })?;
        }
        if let Some(backlog) = self.backlog {
            write!(f, " backlog={backlog}")?;
        }
        match self.ipv6only {
            Some(true) => f.write_str(" ipv6only=on"),
            Some(false) => f.write_str(" ipv6only=off"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn km_018_an_empty_list_is_not_off() {
        assert_eq!(parse(""), None);
        assert_eq!(parse(" , "), None);
        assert_eq!(parse("off"), Some(vec![]));
        assert!(form_message("admin_listen").starts_with("admin_listen must be of form: [off] | <ip>:<port> [ssl]"));
    }

    #[test]
    fn addresses_and_flags_are_read() {
        let text =
            "0.0.0.0:8002 reuseport backlog=16384, [::1]:8445 ssl http2 ipv6only=on so_keepalive=30m::10 deferred";
        let parsed = parse(text).unwrap();
        assert_eq!(parsed[0].listen.backlog, Some(16384));
        assert_eq!((parsed[1].listen.host.as_str(), parsed[1].listen.port, parsed[1].listen.ssl), ("::1", 8445, true));
        assert_eq!(parsed[1].ignored, ["so_keepalive=30m::10", "deferred"]);
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "8001",
            "1.2.3:80",
            "host:99999",
            "host:",
            ":80 x",
            "::1:80",
            "a:1 tls",
            "a:1 backlog=x",
            "a:1, b",
            "a:+1",
            "[1.2.3.4]:1",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(
            host in prop_oneof!["[a-z][a-z0-9.-]{0,20}", any::<Ipv4Addr>().prop_map(|ip| ip.to_string()), any::<Ipv6Addr>().prop_map(|ip| ip.to_string())],
            port in any::<u16>(), ssl in any::<bool>(), http2 in any::<bool>(), reuseport in any::<bool>(),
            backlog in any::<Option<u32>>(), ipv6only in any::<Option<bool>>(),
        ) {
            prop_assume!(host != "off");
            let listen = Listen { host, port, ssl, http2, reuseport, backlog, ipv6only };
            let read = parse(&listen.to_string()).unwrap();
            prop_assert_eq!(&read[0].listen, &listen);
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,60}") {
            parse(&text);
        }
    }
}
