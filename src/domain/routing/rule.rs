//! What a route asks of a request.

use regex::{Regex, RegexBuilder};

/// Largest compiled regular expression, bytes.
const LARGEST_REGEX: usize = 1 << 20;

/// Why a criterion cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Neither a plain host nor one with a `*` at one end.
    #[error("is not a host name with at most one '*' as its first or last label")]
    Host,
    /// A prefix that does not begin with a slash.
    #[error("must begin with '/', or with '~' when it is a regular expression")]
    Path,
    /// An expression that does not compile, or is too large.
    #[error("is not a regular expression that this router can use (look-around and back-references are not available)")]
    Regex,
}

/// The criteria of one route; an empty list asks nothing.
#[derive(Clone, Debug, Default)]
pub struct RouteRule {
    /// `hosts`.
    pub hosts: Vec<HostRule>,
    /// `paths`.
    pub paths: Vec<PathRule>,
    /// `methods`, upper case.
    pub methods: Vec<String>,
    /// `headers`: all of them must match.
    pub headers: Vec<HeaderRule>,
    /// `regex_priority`.
    pub regex_priority: i64,
}

/// A host: plain, or with a `*` at one end. Without a port it fits any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostRule {
    /// `api.example.com`, `api.example.com:8443`
    Plain(String, Option<u16>),
    /// `*.example.com`: its end, with the dot.
    EndsWith(String, Option<u16>),
    /// `example.*`: its beginning, with the dot.
    StartsWith(String, Option<u16>),
}

impl HostRule {
    /// Reads a host.
    ///
    /// # Errors
    /// [`RuleError::Host`].
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let lower = text.to_ascii_lowercase();
        let (host, port) = split_port(&lower);
        let port = port.map(|port| port.parse::<u16>().map_err(|_| RuleError::Host)).transpose()?;
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:[]".contains(&b));
        match (host.strip_prefix('*'), host.strip_suffix('*')) {
            (Some(end), None) if end.starts_with('.') && is_name(without_root(end)) => {
                Ok(Self::EndsWith(without_root(end).to_owned(), port))
            }
            (None, Some(start)) if start.ends_with('.') && is_name(start) => {
                Ok(Self::StartsWith(start.to_owned(), port))
            }
            (None, None) if is_name(without_root(host)) => Ok(Self::Plain(without_root(host).to_owned(), port)),
            _ => Err(RuleError::Host),
        }
    }

    pub(super) const fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(..))
    }

    pub(super) fn fits(&self, host: &str, port: Option<u16>) -> bool {
        let (is_fit, wanted) = match self {
            Self::Plain(plain, wanted) => (plain == host, wanted),
            Self::EndsWith(end, wanted) => (host.len() > end.len() && host.ends_with(end.as_str()), wanted),
            Self::StartsWith(start, wanted) => (host.len() > start.len() && host.starts_with(start.as_str()), wanted),
        };
        is_fit && (wanted.is_none() || *wanted == port)
    }
}

/// A name without the dot of the root: `a.example.` is `a.example`.
pub(super) fn without_root(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

/// Host and port of an authority; an IPv6 literal keeps its brackets.
pub(super) fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') && (!host.contains(':') || host.ends_with(']')) => {
            (host, Some(port))
        }
        _ => (authority, None),
    }
}

/// A path.
#[derive(Clone, Debug)]
pub enum PathRule {
    /// The beginning of the normalized path.
    Prefix(String),
    /// `~...`: an expression that begins at the beginning of the path.
    Regex(Regex),
}

impl PathRule {
    /// Reads a path in Kong's form.
    ///
    /// # Errors
    /// [`RuleError::Path`], [`RuleError::Regex`].
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        match text.strip_prefix('~') {
            Some(pattern) => compiled(&format!("^(?:{pattern})"), false).map(Self::Regex),
            None if text.starts_with('/') => Ok(Self::Prefix(super::normalized(text).into_owned())),
            None => Err(RuleError::Path),
        }
    }

    /// How much of `path` it takes.
    pub(super) fn taken(&self, path: &str) -> Option<usize> {
        match self {
            Self::Prefix(prefix) => path.starts_with(prefix.as_str()).then_some(prefix.len()),
            Self::Regex(regex) => regex.find(path).map(|found| found.end()),
        }
    }
}

/// A header: its lower-case name, and what one of its lines must be.
#[derive(Clone, Debug)]
pub struct HeaderRule {
    /// Lower case.
    pub name: String,
    values: Vec<ValueRule>,
}

#[derive(Clone, Debug)]
enum ValueRule {
    Text(String),
    Regex(Regex),
}

impl HeaderRule {
    /// A header with its values; `~*` makes an expression of a value. Case does not count.
    ///
    /// # Errors
    /// [`RuleError::Regex`].
    pub fn parse(name: &str, values: &[String]) -> Result<Self, RuleError> {
        let parse = |value: &String| match value.strip_prefix("~*") {
            Some(pattern) => compiled(pattern, true).map(ValueRule::Regex),
            None => Ok(ValueRule::Text(value.clone())),
        };
        Ok(Self { name: name.to_ascii_lowercase(), values: values.iter().map(parse).collect::<Result<_, _>>()? })
    }

    pub(super) fn fits(&self, value: &[u8]) -> bool {
        self.values.iter().any(|rule| match rule {
            ValueRule::Text(text) => text.as_bytes().eq_ignore_ascii_case(value),
            ValueRule::Regex(regex) => std::str::from_utf8(value).is_ok_and(|text| regex.is_match(text)),
        })
    }
}

fn compiled(pattern: &str, ignores_case: bool) -> Result<Regex, RuleError> {
    let mut builder = RegexBuilder::new(pattern);
    builder.size_limit(LARGEST_REGEX).case_insensitive(ignores_case).build().map_err(|_| RuleError::Regex)
}
